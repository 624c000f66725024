/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In-flight records: append, acknowledge, mark.
 */
#include "lib/core/inflight.h"

void inflight_append(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight record)
{
	struct tcp_inflight *last = &conn->inflight;
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
	if (conn->inflight_last != INDEX_NONE)
		last = pool_at(&tcp->inflight, conn->inflight_last);
	last->next = index;
	conn->inflight_last = index;
	*(struct tcp_inflight *)pool_at(&tcp->inflight, index) = record;
}

/* Of the oldest, `bytes` go. */
static void inflight_unmark(struct tcp *tcp, struct tcp_conn *conn, uint32_t bytes)
{
	struct tcp_path *path = path_of(tcp, conn);

	if (path && conn->inflight.flags & INFLIGHT_LOST)
		path->lost_bytes -= bytes;
}

/* Removes the oldest; the next one moves into the connection. */
static void inflight_pop(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t next = conn->inflight.next;

	inflight_unmark(tcp, conn, conn->inflight.bytes);
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

	inflight_unmark(tcp, conn, cut);
	conn->inflight.seq = ack;
	conn->inflight.bytes = (uint16_t)(conn->inflight.bytes - cut);
}

uint32_t inflight_acked(struct tcp *tcp, struct tcp_conn *conn, struct seq ack)
{
	uint32_t rtt_us = 0;
	bool is_clear = true; /* Karn: what was sent again, or waited for it, says nothing of the path */

	while (!inflight_is_empty(conn) && seq_at_or_after(ack, seq_add(conn->inflight.seq, conn->inflight.bytes))) {
		is_clear &= conn->inflight.retransmits == 0 && !(conn->inflight.flags & INFLIGHT_LOST);
		rtt_us = tcp->now_us - conn->inflight.sent_us + 1;
		inflight_pop(tcp, conn);
	}
	if (!inflight_is_empty(conn) && seq_after(ack, conn->inflight.seq))
		inflight_trim(tcp, conn, ack);
	return is_clear ? rtt_us : 0;
}

void inflight_mark_all_lost(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_inflight *record = inflight_is_empty(conn) ? NULL : &conn->inflight;

	for (; record; record = inflight_next(tcp, record))
		inflight_mark_lost(tcp, conn, record);
}

void inflight_drop(struct tcp *tcp, struct tcp_conn *conn)
{
	while (!inflight_is_empty(conn))
		inflight_pop(tcp, conn);
}
