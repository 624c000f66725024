/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection's deadlines and its one entry in the wheel.  An ACK only writes a deadline; the wheel is touched when a deadline
 * moves earlier than the entry.
 */
#pragma once

#include "lib/core/give_up.h"
#include "lib/core/keepalive.h"
#include "lib/core/tcp.h"

/* Of two deadlines, either of which may be none. */
static inline uint32_t timer_earlier(uint32_t a, uint32_t b)
{
	return a && (!b || (int32_t)(a - b) < 0) ? a : b;
}

/* Sees to it that the connection is looked at by then; where it would be earlier by its entry, that is one store. */
static inline void timer_file_by(struct tcp *tcp, struct tcp_conn *conn, uint32_t deadline)
{
	if (wheel_is_filed(&conn->wheel_link)) {
		if ((int32_t)(conn->wheel_link.deadline - deadline) <= 0) {
			wheel_postpone(&conn->wheel_link, deadline);
			return;
		}
		wheel_unfile(&tcp->wheel, tcp_conn_index(tcp, conn));
	}
	wheel_file(&tcp->wheel, tcp_conn_index(tcp, conn), deadline);
}

/* Files the connection under the earliest of its deadlines. */
static inline void timer_file(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t deadline = conn->flags & CONN_KEEPALIVE ? keepalive_deadline(conn) : 0;

	deadline = timer_earlier(deadline, conn->retransmit_deadline);
	deadline = timer_earlier(deadline, conn->timer_deadline);
	if (conn->is_user_timeout)
		deadline = timer_earlier(deadline, give_up_deadline(tcp, conn));
	if (deadline)
		timer_file_by(tcp, conn, deadline);
}

/* The retransmission timer, or the persist timer. */
static inline void timer_arm_retransmit(struct tcp *tcp, struct tcp_conn *conn, uint32_t delay_us)
{
	conn->flags &= ~(uint32_t)CONN_EARLY & 0xffffff;
	conn->retransmit_deadline = tick_after(tcp->now_tick, ticks_from_us(delay_us));
	timer_file(tcp, conn);
}

/* In its place: what looks for a loss before the RTO does. */
static inline void timer_arm_early(struct tcp *tcp, struct tcp_conn *conn, uint32_t delay_us)
{
	timer_arm_retransmit(tcp, conn, delay_us);
	conn->flags |= CONN_EARLY;
}

static inline void timer_stop_retransmit(struct tcp_conn *conn)
{
	conn->retransmit_deadline = 0;
	conn->flags &= ~(uint32_t)CONN_EARLY & 0xffffff;
}

/* Nothing is on the way any more; a keep-alive may be due before the timer that stops would have been. */
static inline void timer_rest(struct tcp *tcp, struct tcp_conn *conn)
{
	timer_stop_retransmit(conn);
	if (conn->flags & CONN_KEEPALIVE)
		timer_file(tcp, conn);
}

/* Something is on the way: arms the tail probe (RFC 8985 section 7.2) or else the RTO (RFC 6298 section 5.1). */
void timer_arm_loss(struct tcp *tcp, struct tcp_conn *conn);

/* A tail probe is armed and something new was sent: it counts from that, but comes no later than the RTO of the oldest. */
void timer_postpone_probe(struct tcp *tcp, struct tcp_conn *conn);

static inline void timer_disarm(struct tcp *tcp, struct tcp_conn *conn)
{
	conn->retransmit_deadline = 0;
	conn->timer_deadline = 0;
	if (wheel_is_filed(&conn->wheel_link))
		wheel_unfile(&tcp->wheel, tcp_conn_index(tcp, conn));
}

/* An ACK is owed: it leaves when the delay has passed, if nothing carries it before.  False: the FIFO is full. */
bool timer_delay_ack(struct tcp *tcp, struct tcp_conn *conn);
