/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records sent again: what is lost, what asks for an answer, the SYN, a window probe that has become a segment.
 */
#include "lib/core/retransmit.h"

#include "lib/core/cc.h"
#include "lib/core/recovery.h"
#include "lib/core/rtt.h"
#include "lib/core/timer.h"
#include "lib/core/transmit.h"

/* What the byte of a probe takes along now that the window is open. */
static uint32_t retransmit_growth_bytes(const struct tcp_conn *conn, const struct tcp_inflight *record)
{
	uint32_t room_bytes = cc_min(conn->mss_bytes, conn->snd_wnd_bytes);

	if (!(record->flags & INFLIGHT_GROWS) || room_bytes <= record->bytes)
		return 0;
	return cc_min(output_unsent_bytes(conn), room_bytes - record->bytes);
}

enum output_result retransmit_record(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record)
{
	bool is_part = inflight_is_too_big(conn, record);
	bool is_syn = record->flags & INFLIGHT_SYN, is_fin = record->flags & INFLIGHT_FIN && !is_part;
	uint32_t growth_bytes = retransmit_growth_bytes(conn, record);
	struct output_segment segment = {
		.seq = record->seq,
		.text_bytes = record->bytes + growth_bytes - (uint32_t)is_syn - (uint32_t)is_fin,
		.flags = TCP_ACK,
		.is_probe = record->flags & INFLIGHT_PROBE,
		.is_plain = true,
	};

	if (is_part)
		segment.text_bytes = conn->mss_bytes;
	if (is_syn)
		segment.flags = conn->state == SLUICE_STATE_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK;
	if (is_fin)
		segment.flags |= TCP_FIN;
	if (segment.text_bytes && (record->flags & (INFLIGHT_PUSH | INFLIGHT_PROBE) || growth_bytes))
		segment.flags |= TCP_PSH;
	if (!output_segment(tcp, conn, segment))
		return OUTPUT_BLOCKED;
	if (conn->path != INDEX_NONE && record->flags & INFLIGHT_LOST)
		path_at(tcp, conn)->lost_bytes -= record->bytes;
	record->flags &= (uint8_t) ~(INFLIGHT_LOST | INFLIGHT_GROWS);
	record->bytes = (uint16_t)(record->bytes + growth_bytes);
	record->sent_us = tcp->now_us;
	conn->snd_nxt = seq_add(conn->snd_nxt, growth_bytes);
	COUNT_MANY(tcp, text_bytes_sent, growth_bytes);
	recovery_sent(tcp, conn, record, record->retransmits != INFLIGHT_UNSENT);
	if (record->retransmits == INFLIGHT_UNSENT)
		record->retransmits = 0;
	else if (record->retransmits < INFLIGHT_UNSENT - 1)
		record->retransmits++;
	return OUTPUT_SENT;
}

void retransmit_count(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_inflight *record)
{
	if (record->flags & INFLIGHT_SYN) {
		conn->flags |= CONN_SYN_AGAIN;
		COUNT(tcp, retransmits_syn);
	} else if (record->flags & INFLIGHT_PROBE) {
		conn->probes_count++;
		COUNT(tcp, window_probes);
	} else if (conn->flags & CONN_RECOVERY) {
		conn->retransmits_fast++;
		COUNT(tcp, retransmits_fast);
	} else {
		conn->retransmits_timeout++;
		COUNT(tcp, retransmits_timeout);
	}
}

/* The first record from there on that is marked lost; NULL: none. */
static struct tcp_inflight *retransmit_next(const struct tcp *tcp, const struct tcp_conn *conn,
					    struct tcp_inflight *record)
{
	if (path_lost_bytes(tcp, conn) == 0)
		return NULL;
	while (record && !(record->flags & INFLIGHT_LOST))
		record = inflight_next(tcp, record);
	return record;
}

/* Before a record goes again it is cut to what may go now: the path may have become narrower. */
static bool retransmit_cut(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record)
{
	return !inflight_is_too_big(conn, record) || inflight_split(tcp, conn, record, conn->mss_bytes) ||
	       inflight_shift(tcp, conn, record, conn->mss_bytes);
}

enum output_result retransmit_lost(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight **from)
{
	struct tcp_inflight *record = retransmit_next(tcp, conn, *from);
	const struct tcp_path *path = path_of(tcp, conn);

	if (!record || (path && path->frto == FRTO_SECOND))
		return OUTPUT_NOTHING;
	if (record != &conn->inflight &&
	    (path_pipe_bytes(tcp, conn) + record->bytes > conn->cwnd_bytes || (path && path->frto)))
		return OUTPUT_NOTHING;
	if (!retransmit_cut(tcp, conn, record) && record != &conn->inflight)
		return OUTPUT_NOTHING; /* an ACK will bring records back; the first goes in part, or none would come */
	if (!transmit_has_room_for_text(tcp) || retransmit_record(tcp, conn, record) == OUTPUT_BLOCKED)
		return OUTPUT_BLOCKED;
	*from = record;
	retransmit_count(tcp, conn, record);
	if (!conn->retransmit_deadline || (record == &conn->inflight && !(conn->flags & CONN_EARLY)))
		timer_arm_retransmit(tcp, conn, rtt_rto_us(&tcp->config, conn));
	return OUTPUT_SENT;
}

bool retransmit_last(struct tcp *tcp, struct tcp_conn *conn)
{
	if (!retransmit_cut(tcp, conn, inflight_last(tcp, conn)))
		return true; /* no record to cut it with: the RTO will see to it */
	if (retransmit_record(tcp, conn, inflight_last(tcp, conn)) == OUTPUT_BLOCKED)
		return false;
	conn->retransmits_fast++;
	COUNT(tcp, retransmits_probe);
	return true;
}
