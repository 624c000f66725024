/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection's deadlines and its one entry in the wheel.  An ACK only writes a deadline; the wheel is touched when a deadline
 * moves earlier than the entry.
 */
#pragma once

#include "lib/core/tcp.h"

/* Files the connection under the earlier of its deadlines; where that moved later, this is one store. */
static inline void timer_file(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t deadline = conn->retransmit_deadline;

	if (conn->timer_deadline && (!deadline || (int32_t)(conn->timer_deadline - deadline) < 0))
		deadline = conn->timer_deadline;
	if (!deadline)
		return;
	if (wheel_is_filed(&conn->wheel_link)) {
		if ((int32_t)(conn->wheel_link.deadline - deadline) <= 0) {
			wheel_postpone(&conn->wheel_link, deadline);
			return;
		}
		wheel_unfile(&tcp->wheel, tcp_conn_index(tcp, conn));
	}
	wheel_file(&tcp->wheel, tcp_conn_index(tcp, conn), deadline);
}

static inline void timer_arm_retransmit(struct tcp *tcp, struct tcp_conn *conn, uint32_t delay_us)
{
	conn->retransmit_deadline = tick_after(tcp->now_tick, ticks_from_us(delay_us));
	timer_file(tcp, conn);
}

static inline void timer_disarm(struct tcp *tcp, struct tcp_conn *conn)
{
	conn->retransmit_deadline = 0;
	conn->timer_deadline = 0;
	if (wheel_is_filed(&conn->wheel_link))
		wheel_unfile(&tcp->wheel, tcp_conn_index(tcp, conn));
}

/* An ACK is owed: it leaves when the delay has passed, if nothing carries it before.  False: the FIFO is full. */
bool timer_delay_ack(struct tcp *tcp, struct tcp_conn *conn);
