/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is due: retransmission, persist, the application's timer, delayed ACKs; and what other files keep time for themselves.
 */
#include "lib/core/timer.h"

#include "lib/core/inflight.h"
#include "lib/core/cc.h"
#include "lib/core/life.h"
#include "lib/core/path.h"
#include "lib/core/rack.h"
#include "lib/core/recovery.h"
#include "lib/core/rtt.h"
#include "lib/core/user.h"
#include "lib/core/work.h"

#define R1_TIMEOUTS 3 /* RFC 9293 SHLD-10 */

bool timer_delay_ack(struct tcp *tcp, struct tcp_conn *conn)
{
	struct ack_fifo *fifo = &tcp->ack_fifo;

	conn->flags |= CONN_ACK_DELAYED;
	if (conn->flags & CONN_ACK_IN_FIFO)
		return true;
	if (fifo->end - fifo->first == fifo->capacity_count)
		return false;
	conn->flags |= CONN_ACK_IN_FIFO;
	fifo->entry[fifo->end++ & (fifo->capacity_count - 1)] = (struct ack_fifo_entry){
		tcp_conn_index(tcp, conn), tick_after(tcp->now_tick, ticks_from_ms(tcp->config.delayed_ack_ms))};
	return true;
}

static void timer_acks(struct tcp *tcp)
{
	struct ack_fifo *fifo = &tcp->ack_fifo;

	for (uint32_t i = 0; i < TIMERS_PER_TURN_MAX && fifo->first != fifo->end; i++) {
		struct ack_fifo_entry *entry = &fifo->entry[fifo->first & (fifo->capacity_count - 1)];
		struct tcp_conn *conn = tcp_conn_at(tcp, entry->conn_index);

		if (!tick_reached(entry->due_tick, tcp->now_tick))
			return;
		fifo->first++;
		conn->flags &= ~(uint32_t)CONN_ACK_IN_FIFO & 0xffffff;
		if (!(conn->flags & CONN_ACK_DELAYED))
			continue;
		COUNT(tcp, acks_delayed);
		COUNT(tcp, timers_fired);
		conn->flags |= CONN_ACK_NOW;
		work_output(tcp, conn);
	}
}

void timer_arm_loss(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t rto_us = rtt_rto_us(&tcp->config, conn);
	uint32_t probe_us = rack_probe_delay_us(tcp, conn);

	if (probe_us)
		timer_arm_early(tcp, conn, cc_min(probe_us, rto_us));
	else
		timer_arm_retransmit(tcp, conn, rto_us);
}

void timer_postpone_probe(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t rto_us = rtt_rto_us(&tcp->config, conn), age_us = tcp->now_us - conn->inflight.sent_us;
	uint32_t latest_tick = tick_after(tcp->now_tick, ticks_from_us(rto_us - cc_min(age_us, rto_us)));
	uint32_t probe_tick = tick_after(tcp->now_tick, ticks_from_us(rack_probe_delay_us(tcp, conn)));

	if ((int32_t)(latest_tick - conn->retransmit_deadline) < 0)
		latest_tick = conn->retransmit_deadline; /* an ACK since has begun the time anew */
	conn->retransmit_deadline = (int32_t)(probe_tick - latest_tick) < 0 ? probe_tick : latest_tick;
	timer_file(tcp, conn);
}

/* A SYN, a window probe, or what has not left yet is no sign of congestion. */
static void timer_retransmit(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & CONN_SYN_UNACKED || conn->inflight.flags & INFLIGHT_PROBE)
		inflight_mark_all_lost(tcp, conn);
	else
		recovery_timed_out(tcp, conn);
	work_output(tcp, conn);
}

static void timer_backed_off(struct tcp_conn *conn)
{
	if (conn->backoff_count < BACKOFF_MAX)
		conn->backoff_count = (conn->backoff_count + 1) & 31;
	if (conn->timeouts_count < TIMEOUTS_MAX)
		conn->timeouts_count = (conn->timeouts_count + 1) & 7;
}

/* Before the RTO: what may be lost is looked for, or asked after; with no record to do it with, the RTO is waited for. */
static void timer_early(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_need(tcp, conn);

	if (!path) {
		timer_arm_retransmit(tcp, conn, rtt_rto_us(&tcp->config, conn));
		return;
	}
	if (path->sacked_count || conn->flags & (CONN_RECOVERY | CONN_TIMEOUT)) {
		recovery_waited(tcp, conn);
		return;
	}
	path->flags |= PATH_PROBE_DUE;
	work_output(tcp, conn);
}

/* The retransmission timer, or the persist timer, fired. */
static void timer_expired(struct tcp *tcp, struct tcp_conn *conn)
{
	bool is_early = conn->flags & CONN_EARLY;

	timer_stop_retransmit(conn);
	if (is_early) {
		timer_early(tcp, conn);
		return;
	}
	if (conn->flags & CONN_PERSIST) {
		conn->flags = (conn->flags | CONN_PERSIST_DUE) & ~(uint32_t)CONN_PERSIST & 0xffffff;
		if (conn->flags & CONN_SHORT && conn->snd_queued_bytes == 0) {
			conn->flags &= ~(uint32_t)(CONN_SHORT | CONN_PERSIST_DUE) & 0xffffff;
			work_raise(tcp, conn, SLUICE_WRITABLE);
			work_output(tcp, conn); /* a FIN may be waiting, too */
			return;
		}
		work_output(tcp, conn);
		return;
	}
	if (give_up_is_due(tcp, conn)) {
		give_up(tcp, conn);
		return;
	}
	if (conn->timeouts_count >= R1_TIMEOUTS - 1 && conn->flags & CONN_HAS_MAC)
		neighbour_suspect(tcp, conn);
	pmtu_timed_out(tcp, conn);
	timer_retransmit(tcp, conn);
	timer_backed_off(conn);
	if (conn->timeouts_count == R1_TIMEOUTS && conn->wants_reports && !(conn->flags & CONN_SYN_UNACKED))
		work_raise(tcp, conn, SLUICE_TROUBLE);
}

/* A path that is idle is given back an RTO later; what fires here for nothing is the entry of an RTO that an ACK disarmed. */
static void timer_look_at_path(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t idle_tick = path_look(tcp, conn);

	if (idle_tick && (!wheel_is_filed(&conn->wheel_link) || (int32_t)(conn->wheel_link.deadline - idle_tick) > 0))
		timer_file_by(tcp, conn, idle_tick);
}

/* The application's own; or, once it has let go, the time that it gave the close. */
static void timer_of_user(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & CONN_ORPHAN)
		user_abort(tcp, conn);
	else
		work_raise(tcp, conn, SLUICE_TIMER);
}

/* Retransmissions back off; the user's time does not. */
static void timer_check_user_timeout(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t deadline = give_up_deadline(tcp, conn);

	if (!deadline || !tick_reached(deadline, tcp->now_tick))
		return;
	COUNT(tcp, timers_fired);
	give_up(tcp, conn);
}

static void timer_conn(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->timer_deadline && tick_reached(conn->timer_deadline, tcp->now_tick)) {
		conn->timer_deadline = 0;
		COUNT(tcp, timers_fired);
		timer_of_user(tcp, conn);
	}
	if (conn->retransmit_deadline && tick_reached(conn->retransmit_deadline, tcp->now_tick)) {
		COUNT(tcp, timers_fired);
		timer_expired(tcp, conn);
	} else if (conn->is_user_timeout) {
		timer_check_user_timeout(tcp, conn);
	}
	if (conn->flags & CONN_KEEPALIVE)
		keepalive_look(tcp, conn);
	timer_file(tcp, conn);
	timer_look_at_path(tcp, conn);
}

void tcp_timers(struct tcp *tcp)
{
	uint32_t due[TIMERS_PER_TURN_MAX];
	uint32_t count = wheel_advance(&tcp->wheel, tcp->now_tick, due, TIMERS_PER_TURN_MAX);

	if (count == TIMERS_PER_TURN_MAX || tcp->wheel.now != tcp->now_tick)
		COUNT(tcp, timers_bound_hit);
	for (uint32_t i = 0; i < count; i++)
		timer_conn(tcp, tcp_conn_at(tcp, due[i]));
	timer_acks(tcp);
	half_open_timers(tcp);
	time_wait_timers(tcp);
	neighbour_timers(tcp);
}

static uint64_t timer_sooner(const struct tcp *tcp, uint64_t deadline_ns, uint32_t tick)
{
	int32_t ahead = (int32_t)(tick - tcp->now_tick);
	uint64_t tick_ns = ahead <= 0 ? tcp->now_ns : (tcp->now_ns / TICK_NS + (uint64_t)ahead) * TICK_NS;

	return tick_ns < deadline_ns ? tick_ns : deadline_ns;
}

uint64_t tcp_next_deadline_ns(const struct tcp *tcp)
{
	const struct ack_fifo *fifo = &tcp->ack_fifo;
	uint64_t deadline_ns = UINT64_MAX;
	uint32_t tick;

	if (tcp->transmit.count)
		return tcp->now_ns + 10000; /* the port refused: it is asked again soon */
	if (tcp->to_tell.first != INDEX_NONE || tcp->to_send.first != INDEX_NONE)
		return tcp->now_ns;
	if (wheel_next(&tcp->wheel, &tick))
		deadline_ns = timer_sooner(tcp, deadline_ns, tick);
	if (fifo->first != fifo->end)
		deadline_ns =
			timer_sooner(tcp, deadline_ns, fifo->entry[fifo->first & (fifo->capacity_count - 1)].due_tick);
	if (half_open_next(tcp, &tick))
		deadline_ns = timer_sooner(tcp, deadline_ns, tick);
	if (time_wait_next(tcp, &tick))
		deadline_ns = timer_sooner(tcp, deadline_ns, tick);
	if (tcp->neighbours.asked_count)
		deadline_ns = timer_sooner(tcp, deadline_ns,
					   tcp->now_tick + ticks_from_ms(tcp->neighbours.due_ms - tcp->now_ms) + 4);
	if (tcp->worker_timer)
		deadline_ns = timer_sooner(tcp, deadline_ns, tcp->worker_timer);
	return deadline_ns;
}
