/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what was agreed to a connection.
 */
#include "lib/core/passive.h"

#include "lib/core/ecn.h"
#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/rtt.h"
#include "lib/core/segment.h"
#include "lib/core/window.h"

uint16_t passive_window(const struct tcp *tcp, uint8_t listener, const struct handshake *agreed)
{
	uint32_t receive_bytes = tcp->listeners.listener[listener].receive_bytes;

	return window_syn(receive_bytes ? receive_bytes : tcp->config.receive_bytes,
			  agreed->shift != HANDSHAKE_NO_SHIFT ? tcp->config.window_shift : 0);
}

uint16_t passive_mss(const struct tcp *tcp, uint8_t listener, bool ipv6)
{
	uint16_t wanted_bytes = tcp->listeners.listener[listener].mss_bytes;
	uint16_t most_bytes = output_our_mss(tcp, !ipv6);

	return wanted_bytes && wanted_bytes < most_bytes ? wanted_bytes : most_bytes;
}

/* As if the peer's SYN were still at hand. */
static struct tcp_options passive_peer_options(const struct handshake *agreed)
{
	return (struct tcp_options){
		.mss_bytes = agreed->mss_bytes,
		.window_shift = agreed->shift,
		.tsval = agreed->ts_recent,
		.present = (uint8_t)((agreed->mss_bytes ? TCP_HAS_MSS : 0) |
				     (agreed->shift != HANDSHAKE_NO_SHIFT ? TCP_HAS_WINDOW_SCALE : 0) |
				     (agreed->sack ? TCP_HAS_SACK_PERMITTED : 0) |
				     (agreed->timestamps ? TCP_HAS_TIMESTAMPS : 0)),
	};
}

struct tcp_conn *passive_new(struct tcp *tcp, const struct passive *passive, const struct frame *frame)
{
	const struct handshake *agreed = &passive->agreed;
	struct tcp_options options = passive_peer_options(agreed);
	struct tcp_conn *conn = life_new(tcp, &frame->tuple);

	if (!conn)
		return NULL;
	listen_opened(&tcp->listeners.listener[passive->listener], conn);
	conn->mss_bytes = passive_mss(tcp, passive->listener, frame->ipv6);
	segment_negotiate(tcp, conn, &options, passive->repeats);
	if (agreed->ecn)
		ecn_turn_on(conn);
	conn->listener = passive->listener;
	conn->peer_mac = *frame_source_mac(frame);
	conn->flags |= CONN_HAS_MAC | (passive->repeats ? CONN_SYN_AGAIN : 0);
	conn->snd_una = seq_add(passive->iss, 1);
	conn->snd_nxt = conn->snd_una;
	conn->rcv_nxt = seq_add(passive->irs, 1);
	conn->last_ack_sent = conn->rcv_nxt;
	conn->rcv_measure_seq = conn->rcv_nxt;
	conn->rcv_wnd_raw = (uint16_t)(passive_window(tcp, passive->listener, agreed) >> conn->rcv_shift);
	conn->snd_wl1 = seq_add(frame->seq, UINT32_MAX);
	conn->state = SLUICE_STATE_SYN_RECEIVED;
	if (passive->round_trip_ms)
		rtt_measured(conn, passive->round_trip_ms * 1000);
	return conn;
}

bool passive_open(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	life_open(tcp, conn);
	return segment_arrives_slowly(tcp, conn, frame);
}
