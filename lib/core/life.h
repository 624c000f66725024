/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection's record from birth to death: taken, filed in the table, detached from it, told CLOSED, freed.
 */
#pragma once

#include "lib/core/tcp.h"

/* The worker in the top byte, then the generation, then the index. */
static inline sluice_conn life_handle(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return (sluice_conn){(uint64_t)tcp->worker_index << 56 | (uint64_t)conn->generation << 32 |
			     tcp_conn_index(tcp, conn)};
}

/* The connection of a handle; NULL: stale, or never ours. */
static inline struct tcp_conn *life_conn(const struct tcp *tcp, sluice_conn handle)
{
	uint32_t index = (uint32_t)handle.id;
	struct tcp_conn *conn;

	if (index >= tcp->conns.fresh_count || handle.id >> 56 != tcp->worker_index)
		return NULL;
	conn = tcp_conn_at(tcp, index);
	return conn->generation == (handle.id >> 32 & 0xffffff) && conn->generation ? conn : NULL;
}

static inline bool life_is_used(const struct tcp_conn *conn)
{
	return conn->state != SLUICE_STATE_CLOSED || conn->flags & CONN_DETACHED;
}

/* A blank record for a tuple, not yet in the table; NULL: none is free. */
struct tcp_conn *life_new(struct tcp *tcp, const struct tuple *tuple);

uint64_t life_hash(const struct tcp *tcp, const struct tcp_conn *conn);

/* Its handshake is complete: OPENED; and closing at once, if that was asked meanwhile. */
void life_open(struct tcp *tcp, struct tcp_conn *conn);

/* Takes the connection out of the table, forgets what it would send, and tells CLOSED: at once, or once the application has
 * read what came before an orderly end. */
void life_end(struct tcp *tcp, struct tcp_conn *conn, enum sluice_reason reason);

/* The same, leaving a TIME-WAIT (or, after close, FIN-WAIT-2) record behind. */
void life_leave_time_wait(struct tcp *tcp, struct tcp_conn *conn);
void life_leave_fin_wait_2(struct tcp *tcp, struct tcp_conn *conn);

/* Of a detached connection: CLOSED is told when nothing is left to read. */
void life_check_told(struct tcp *tcp, struct tcp_conn *conn);

/* Gives the record back. */
void life_free(struct tcp *tcp, struct tcp_conn *conn);
