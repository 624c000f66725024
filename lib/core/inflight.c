/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In-flight records: append, split, acknowledge, mark; and the sums that go with the marks.
 */
#include "lib/core/inflight.h"

#include "lib/core/rack.h"

void inflight_append(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight record)
{
	uint32_t index;

	ASSERT(record.bytes > 0);
	record.next = INDEX_NONE;
	if (inflight_is_empty(conn)) {
		conn->inflight = record;
		conn->inflight_last = INDEX_NONE;
		return;
	}
	path_need(tcp, conn);
	index = pool_take(&tcp->inflight);
	ASSERT(index != POOL_NONE && conn->path != INDEX_NONE);
	inflight_last(tcp, conn)->next = index;
	conn->inflight_last = index;
	*(struct tcp_inflight *)pool_at(&tcp->inflight, index) = record;
}

bool inflight_split(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record, uint16_t bytes)
{
	struct tcp_inflight second = *record;
	uint32_t index;

	ASSERT(bytes > 0 && bytes < record->bytes);
	if (!path_need(tcp, conn))
		return false;
	index = pool_take(&tcp->inflight);
	if (index == POOL_NONE)
		return false;
	second.seq = seq_add(record->seq, bytes);
	second.bytes = (uint16_t)(record->bytes - bytes);
	*(struct tcp_inflight *)pool_at(&tcp->inflight, index) = second;
	if (second.next == INDEX_NONE)
		conn->inflight_last = index;
	record->bytes = bytes;
	record->flags &= (uint8_t) ~(INFLIGHT_FIN | INFLIGHT_PUSH);
	record->next = index;
	if (record->flags & INFLIGHT_SACKED)
		path_at(tcp, conn)->sacked_count++;
	return true;
}

/* Of a record, `bytes` go; of the sums, too. */
static void inflight_unmark(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_inflight *record, uint32_t bytes)
{
	struct tcp_path *path = path_of(tcp, conn);

	if (path && record->flags & INFLIGHT_LOST)
		path->lost_bytes -= bytes;
	if (path && record->flags & INFLIGHT_SACKED) {
		path->sacked_bytes -= bytes;
		path->sacked_count -= bytes == record->bytes;
	}
}

/* Without SACK, nobody knows which have arrived: not more than are not lost. */
static void inflight_bound_told(const struct tcp_conn *conn, struct tcp_path *path)
{
	uint32_t others_bytes = seq_distance(conn->snd_nxt, conn->snd_una) - path->lost_bytes;

	if (!(conn->flags & CONN_SACK) && path->sacked_bytes > others_bytes)
		path->sacked_bytes = others_bytes;
}

bool inflight_shift(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record, uint16_t bytes)
{
	struct tcp_inflight *next = inflight_next(tcp, record);
	uint16_t tail_bytes = (uint16_t)(record->bytes - bytes);

	if (!next || (record->flags | next->flags) & INFLIGHT_SACKED || next->bytes + tail_bytes > UINT16_MAX)
		return false;
	inflight_unmark(tcp, conn, record, tail_bytes);
	inflight_unmark(tcp, conn, next, next->bytes);
	record->bytes = bytes;
	record->flags &= (uint8_t)~INFLIGHT_PUSH;
	next->seq = seq_add(record->seq, bytes);
	next->bytes = (uint16_t)(next->bytes + tail_bytes);
	next->flags &= (uint8_t)~INFLIGHT_LOST;
	inflight_mark_lost(tcp, conn, next);
	return true;
}

void inflight_mark_lost(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record)
{
	struct tcp_path *path = path_of(tcp, conn);

	ASSERT(!(record->flags & INFLIGHT_SACKED));
	if (path && !(record->flags & INFLIGHT_LOST)) {
		path->lost_bytes += record->bytes;
		inflight_bound_told(conn, path);
	}
	record->flags |= INFLIGHT_LOST;
}

/* The first news of a record that it has arrived. */
static void inflight_delivered(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_inflight *record,
			       struct delivery *delivery)
{
	struct tcp_path *path = path_of(tcp, conn);

	delivery->bytes += record->bytes;
	if (!path)
		return;
	delivery->is_original |= record->retransmits == 0 && seq_at_or_before(inflight_end(record), path->recover);
	rack_delivered(tcp, conn, record, delivery);
}

bool inflight_mark_sacked(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record,
			  struct delivery *delivery)
{
	struct tcp_path *path = path_at(tcp, conn);

	if (record->flags & INFLIGHT_SACKED || record->retransmits == INFLIGHT_UNSENT)
		return false;
	inflight_unmark(tcp, conn, record, record->bytes);
	record->flags = (uint8_t)((record->flags & ~INFLIGHT_LOST) | INFLIGHT_SACKED);
	path->sacked_bytes += record->bytes;
	path->sacked_count++;
	delivery->sacked_bytes += record->bytes;
	if (record->retransmits == 0)
		delivery->sack_rtt_us = tcp->now_us - record->sent_us + 1;
	inflight_delivered(tcp, conn, record, delivery);
	return true;
}

void inflight_clear_sacked(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_of(tcp, conn);

	for (struct tcp_inflight *record = inflight_first(conn); record; record = inflight_next(tcp, record))
		record->flags &= (uint8_t)~INFLIGHT_SACKED;
	if (path) {
		path->sacked_bytes = 0;
		path->sacked_count = 0;
	}
}

void inflight_clear_lost(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_of(tcp, conn);

	for (struct tcp_inflight *record = inflight_first(conn); record; record = inflight_next(tcp, record))
		record->flags &= (uint8_t)~INFLIGHT_LOST;
	if (path)
		path->lost_bytes = 0;
}

/* Removes the oldest; the next one moves into the connection. */
static void inflight_pop(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t next = conn->inflight.next;

	inflight_unmark(tcp, conn, &conn->inflight, conn->inflight.bytes);
	if (next == INDEX_NONE) {
		conn->inflight.bytes = 0;
		return;
	}
	conn->inflight = *(struct tcp_inflight *)pool_at(&tcp->inflight, next);
	pool_give(&tcp->inflight, next);
	if (conn->inflight_last == next)
		conn->inflight_last = INDEX_NONE;
}

static void inflight_trim(struct tcp *tcp, struct tcp_conn *conn, struct seq ack)
{
	uint16_t cut = (uint16_t)seq_distance(ack, conn->inflight.seq);
	bool went_in_part = inflight_is_too_big(conn, &conn->inflight) && conn->inflight.retransmits;

	inflight_unmark(tcp, conn, &conn->inflight, cut);
	conn->inflight.seq = ack;
	conn->inflight.bytes = (uint16_t)(conn->inflight.bytes - cut);
	if (went_in_part && !(conn->inflight.flags & INFLIGHT_SACKED))
		inflight_mark_lost(tcp, conn, &conn->inflight);
}

void inflight_acked(struct tcp *tcp, struct tcp_conn *conn, struct seq ack, struct delivery *delivery)
{
	bool is_clear = true; /* Karn: what was sent again, or waited for it, says nothing of the path */
	uint32_t rtt_us = 0;

	while (!inflight_is_empty(conn) && seq_at_or_after(ack, inflight_end(&conn->inflight))) {
		if (!(conn->inflight.flags & INFLIGHT_SACKED)) {
			is_clear &= conn->inflight.retransmits == 0 && !(conn->inflight.flags & INFLIGHT_LOST);
			rtt_us = tcp->now_us - conn->inflight.sent_us + 1;
			inflight_delivered(tcp, conn, &conn->inflight, delivery);
		}
		inflight_pop(tcp, conn);
	}
	if (!inflight_is_empty(conn) && seq_after(ack, conn->inflight.seq)) {
		is_clear &= conn->inflight.retransmits == 0;
		if (!(conn->inflight.flags & INFLIGHT_SACKED))
			delivery->bytes += seq_distance(ack, conn->inflight.seq);
		inflight_trim(tcp, conn, ack);
	}
	if (is_clear)
		delivery->rtt_us = rtt_us;
}

void inflight_mark_all_lost(struct tcp *tcp, struct tcp_conn *conn)
{
	for (struct tcp_inflight *record = inflight_first(conn); record; record = inflight_next(tcp, record))
		if (!(record->flags & INFLIGHT_SACKED))
			inflight_mark_lost(tcp, conn, record);
}

void inflight_drop(struct tcp *tcp, struct tcp_conn *conn)
{
	while (!inflight_is_empty(conn))
		inflight_pop(tcp, conn);
}
