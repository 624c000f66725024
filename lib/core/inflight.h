/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of what is sent and not acknowledged.  The oldest lies in the connection itself; more come from the worker's pool.
 */
#pragma once

#include "lib/core/path.h"

static inline bool inflight_is_empty(const struct tcp_conn *conn)
{
	return conn->inflight.bytes == 0;
}

/* The record after `record`; NULL: it was the newest. */
static inline struct tcp_inflight *inflight_next(const struct tcp *tcp, const struct tcp_inflight *record)
{
	return record->next == INDEX_NONE ? NULL : pool_at(&tcp->inflight, record->next);
}

/* Is there room to append? */
static inline bool inflight_has_room(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return inflight_is_empty(conn) ||
	       (tcp->inflight.used_count < tcp->inflight.capacity_count && path_is_possible(tcp, conn));
}

/* Records a segment just sent; inflight_has_room() was true. */
void inflight_append(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight record);

/* Marks a record to be sent again. */
static inline void inflight_mark_lost(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record)
{
	struct tcp_path *path = path_of(tcp, conn);

	if (path && !(record->flags & INFLIGHT_LOST))
		path->lost_bytes += record->bytes;
	record->flags |= INFLIGHT_LOST;
}

/* Removes what `ack` covers.  Returns the round-trip time of the newest record covered, in µs; 0: none, or one of them was lost. */
uint32_t inflight_acked(struct tcp *tcp, struct tcp_conn *conn, struct seq ack);

void inflight_mark_all_lost(struct tcp *tcp, struct tcp_conn *conn);

void inflight_drop(struct tcp *tcp, struct tcp_conn *conn);
