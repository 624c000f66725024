/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of connections that this turn touched: what the application must be told is collected from it, and what must be
 * sent is built from it.  One link per connection, oldest first.
 */
#pragma once

#include "lib/core/tcp.h"

static inline void work_push(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t index;

	if (conn->flags & CONN_ON_WORK)
		return;
	index = tcp_conn_index(tcp, conn);
	conn->flags |= CONN_ON_WORK;
	conn->work_next = INDEX_NONE;
	if (tcp->work_first == INDEX_NONE)
		tcp->work_first = index;
	else
		tcp_conn_at(tcp, tcp->work_last)->work_next = index;
	tcp->work_last = index;
}

static inline struct tcp_conn *work_pop(struct tcp *tcp)
{
	struct tcp_conn *conn = tcp_conn_at(tcp, tcp->work_first);

	tcp->work_first = conn->work_next;
	conn->flags &= ~(uint32_t)CONN_ON_WORK & 0xffffff;
	return conn;
}

/* Something to tell the application: SLUICE_* kinds. */
static inline void work_raise(struct tcp *tcp, struct tcp_conn *conn, uint32_t mask)
{
	if (conn->flags & CONN_ORPHAN)
		mask &= SLUICE_CLOSED;
	conn->event_mask |= (uint8_t)mask;
	if (mask)
		work_push(tcp, conn);
}

/* Flush must look at it. */
static inline void work_output(struct tcp *tcp, struct tcp_conn *conn)
{
	conn->flags |= CONN_DIRTY;
	work_push(tcp, conn);
}
