/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connections that this turn touched, in two lists: those with something to tell the application, and those that may have
 * something to send.  A connection has one link and is on one list at most: what is told goes on to the other, what was
 * looked at for sending and has news comes back.
 */
#pragma once

#include "lib/core/tcp.h"

static inline void work_push(struct tcp *tcp, struct work_list *list, struct tcp_conn *conn)
{
	uint32_t index;

	if (conn->flags & CONN_LISTED)
		return;
	index = tcp_conn_index(tcp, conn);
	conn->flags |= CONN_LISTED;
	conn->work_next = INDEX_NONE;
	if (list->first == INDEX_NONE)
		list->first = index;
	else
		tcp_conn_at(tcp, list->last)->work_next = index;
	list->last = index;
}

static inline struct tcp_conn *work_pop(struct tcp *tcp, struct work_list *list)
{
	struct tcp_conn *conn = tcp_conn_at(tcp, list->first);

	list->first = conn->work_next;
	conn->flags &= ~(uint32_t)CONN_LISTED & 0xffffff;
	return conn;
}

/* Something to tell the application: SLUICE_* kinds. */
static inline void work_raise(struct tcp *tcp, struct tcp_conn *conn, uint32_t mask)
{
	if (conn->flags & CONN_ORPHAN)
		mask &= SLUICE_CLOSED;
	conn->event_mask |= (uint8_t)mask;
	if (mask)
		work_push(tcp, &tcp->to_tell, conn);
}

/* Flush must look at it. */
static inline void work_output(struct tcp *tcp, struct tcp_conn *conn)
{
	conn->flags |= CONN_DIRTY;
	work_push(tcp, &tcp->to_send, conn);
}
