/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN-SENT (RFC 9293 section 3.10.7.3), and what two SYNs agree on.
 */
#include "lib/core/answer.h"
#include "lib/core/cc.h"
#include "lib/core/ecn.h"
#include "lib/core/inflight.h"
#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/segment.h"
#include "lib/core/timer.h"
#include "lib/core/window.h"
#include "lib/core/work.h"

void segment_negotiate(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_options *options, uint32_t retransmits)
{
	bool timestamps = options->present & TCP_HAS_TIMESTAMPS && tcp->config.timestamps;
	uint32_t peer_mss_bytes = options->present & TCP_HAS_MSS ? options->mss_bytes : 0;

	if (timestamps) {
		conn->flags |= CONN_TIMESTAMPS;
		conn->ts_recent = options->tsval;
		conn->ts_recent_512s = (uint16_t)(tcp->now_s / 512);
	}
	if (options->present & TCP_HAS_SACK_PERMITTED && tcp->config.sack)
		conn->flags |= CONN_SACK;
	conn->is_scaled = (options->present & TCP_HAS_WINDOW_SCALE) != 0;
	if (conn->is_scaled) {
		conn->snd_shift = cc_min(options->window_shift, WINDOW_SHIFT_MAX) & 15U;
		conn->rcv_shift = tcp->config.window_shift & 15U;
	} else {
		conn->snd_shift = 0;
		conn->rcv_shift = 0;
	}
	conn->mss_bytes = output_mss(conn->mss_bytes, tcp_conn_is_ipv4(conn), peer_mss_bytes, timestamps);
	pmtu_opens(tcp, conn);
	conn->cwnd_bytes = retransmits > 1 ? conn->mss_bytes
					   : cc_initial_window(conn->mss_bytes, tcp->config.initial_window_segments);
}

/* The peer's SYN: from here on we know what it sends next. */
static void syn_sent_take_syn(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	segment_negotiate(tcp, conn, &frame->options,
			  conn->inflight.retransmits == INFLIGHT_UNSENT ? 0 : conn->inflight.retransmits);
	conn->rcv_nxt = seq_add(frame->seq, 1);
	conn->last_ack_sent = conn->rcv_nxt;
	conn->rcv_measure_seq = conn->rcv_nxt;
	conn->rcv_wnd_raw = (uint16_t)(window_syn(conn->rcv_buffer_bytes, tcp->config.window_shift) >> conn->rcv_shift);
	conn->snd_wnd_bytes = frame->window; /* never scaled on a SYN */
	conn->snd_wl1 = frame->seq;
	conn->max_wnd_raw = (uint16_t)((frame->window >> conn->snd_shift) + 1);
}

/* First step; true: finished with. */
static bool syn_sent_check_ack(struct tcp *tcp, const struct tcp_conn *conn, const struct frame *frame)
{
	if (!(frame->flags & TCP_ACK))
		return false;
	if (seq_after(frame->ack, conn->snd_una) && seq_at_or_before(frame->ack, conn->snd_nxt))
		return false;
	COUNT(tcp, drop_tcp_syn_sent_ack);
	answer_reset(tcp, frame);
	return true;
}

/* Text or FIN that came with the SYN. */
static bool syn_sent_take_rest(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	frame->seq = conn->rcv_nxt;
	segment_trim(tcp, conn, frame);
	return segment_take_text(tcp, conn, frame);
}

/* SYN-ACK: established. */
static bool syn_sent_open(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	if (ecn_is_granted(tcp, frame))
		ecn_turn_on(conn);
	segment_acked(tcp, conn, frame);
	life_open(tcp, conn);
	conn->flags |= CONN_ACK_NOW;
	work_output(tcp, conn);
	return syn_sent_take_rest(tcp, conn, frame);
}

/* SYN alone: a simultaneous open (MUST-10); our SYN goes again, now with an ACK. */
static bool syn_sent_cross(struct tcp *tcp, struct tcp_conn *conn)
{
	tcp_enter(tcp, conn, SLUICE_STATE_SYN_RECEIVED);
	inflight_mark_lost(tcp, conn, &conn->inflight);
	conn->backoff_count = 0;
	conn->timeouts_count = 0;
	timer_stop_retransmit(conn);
	work_output(tcp, conn);
	return false;
}

bool segment_arrives_syn_sent(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	if (syn_sent_check_ack(tcp, conn, frame))
		return false;
	if (frame->flags & TCP_RST) {
		if (!(frame->flags & TCP_ACK)) {
			COUNT(tcp, drop_tcp_rst);
			return false;
		}
		COUNT(tcp, connections_refused);
		life_end(tcp, conn, SLUICE_REASON_REFUSED);
		return false;
	}
	if (!(frame->flags & TCP_SYN)) {
		COUNT(tcp, drop_tcp_syn_sent_other);
		return false;
	}
	conn->peer_mac = *frame_source_mac(frame);
	conn->flags |= CONN_HAS_MAC;
	syn_sent_take_syn(tcp, conn, frame);
	return frame->flags & TCP_ACK ? syn_sent_open(tcp, conn, frame) : syn_sent_cross(tcp, conn);
}
