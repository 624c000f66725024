/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of connections are taken and given back here and nowhere else.
 */
#include "lib/core/life.h"

#include "lib/core/cc.h"
#include "lib/core/cookie.h"
#include "lib/core/inflight.h"
#include "lib/core/output.h"
#include "lib/core/path.h"
#include "lib/core/receive_queue.h"
#include "lib/core/send_queue.h"
#include "lib/core/timer.h"
#include "lib/core/work.h"
#include "lib/wire/ip.h"

void tcp_stepped(struct tcp *tcp, enum sluice_state from, enum sluice_state to)
{
	ASSERT(state_successors[from] & BIT(to));
	tcp->transitions[from][to]++;
}

void tcp_enter(struct tcp *tcp, struct tcp_conn *conn, enum sluice_state next)
{
	tcp_stepped(tcp, conn->state, next);
	conn->state = (uint8_t)next;
}

struct tcp_conn *life_new(struct tcp *tcp, const struct tuple *tuple)
{
	uint32_t index = pool_take(&tcp->conns);
	struct tcp_conn *conn;
	uint32_t generation, kept;

	if (index == POOL_NONE)
		return NULL;
	conn = tcp_conn_at(tcp, index);
	generation = conn->generation ? conn->generation : 1;
	kept = conn->flags & CONN_ACK_IN_FIFO;
	*conn = (struct tcp_conn){
		.tuple = *tuple,
		.flags = kept & 0xffffff,
		.generation = generation & 0xffffff,
		.inflight_last = INDEX_NONE,
		.path = INDEX_NONE,
		.descriptor_last = DESCRIPTOR_NONE,
		.listener = LISTENER_NONE,
		.ttl = IP_TTL_DEFAULT,
		.quick_acks = QUICK_ACKS,
		.ssthresh_bytes = SSTHRESH_NONE_BYTES,
		.ts_offset = cookie_timestamp_offset(tcp->keys.cookie, tuple) + tcp->stamp_ms,
		.rcv_buffer_bytes = tcp->config.receive_bytes & CONN_RCV_BUFFER_MAX,
		.rcv_max_kib = (uint16_t)(tcp->config.receive_max_bytes / 1024),
		.snd_queue_kib = (uint16_t)(tcp->config.send_queue_bytes / 1024),
		.keepalive_idle_s = (uint16_t)(tcp->config.keepalive_ms / 1000),
		.keepalive_interval_s = tcp->config.keepalive_interval_ms / 1000 & 0xfff,
		.keepalive_count = tcp->config.keepalive_probes & 15,
		.rcv_measure_ms = (uint16_t)tcp->now_ms,
	};
	wheel_link_reset(&conn->wheel_link);
	if (tcp->config.nodelay)
		conn->flags |= CONN_NODELAY;
	if (tcp->config.keepalive)
		conn->flags |= CONN_KEEPALIVE;
	return conn;
}

uint64_t life_hash(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return table_hash(tcp->keys.table, &conn->tuple);
}

void life_open(struct tcp *tcp, struct tcp_conn *conn)
{
	tcp_enter(tcp, conn, SLUICE_STATE_ESTABLISHED);
	if (conn->listener == LISTENER_NONE)
		COUNT(tcp, active_opens);
	else
		COUNT(tcp, passive_opens);
	work_raise(tcp, conn, SLUICE_OPENED);
	keepalive_heard(tcp, conn);
	timer_file(tcp, conn);
	if (conn->flags & CONN_FIN_QUEUED)
		tcp_enter(tcp, conn, SLUICE_STATE_FIN_WAIT_1);
}

/* Forgets what would be sent and what is out of order; what can still be read stays. */
static void life_detach(struct tcp *tcp, struct tcp_conn *conn)
{
	conn->retransmit_deadline = 0;
	inflight_drop(tcp, conn);
	path_drop(tcp, conn);
	send_queue_drop(tcp, conn);
	receive_queue_drop_out_of_order(tcp, conn);
	conn->flags =
		(conn->flags | CONN_DETACHED) & ~(uint32_t)(CONN_ACK_NOW | CONN_ACK_DELAYED | CONN_DIRTY) & 0xffffff;
}

void life_check_told(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->readable_bytes && !(conn->flags & CONN_ORPHAN) &&
	    (conn->reason == SLUICE_REASON_FINISHED || conn->reason == SLUICE_REASON_CLOSED_LOCALLY))
		return;
	receive_queue_drop(tcp, conn);
	timer_disarm(tcp, conn);
	conn->event_mask &= (uint8_t)~SLUICE_READABLE;
	work_raise(tcp, conn, SLUICE_CLOSED);
}

void life_end(struct tcp *tcp, struct tcp_conn *conn, enum sluice_reason reason)
{
	table_remove(&tcp->table, life_hash(tcp, conn), table_value(TABLE_CONNECTION, tcp_conn_index(tcp, conn)));
	tcp_enter(tcp, conn, SLUICE_STATE_CLOSED);
	conn->reason = (uint32_t)reason & 31U;
	life_detach(tcp, conn);
	life_check_told(tcp, conn);
}

/* What the record that remains must not forget to say. */
static void life_send_owed_ack(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & (CONN_ACK_NOW | CONN_ACK_DELAYED) || conn->unacked_count)
		output_ack(tcp, conn);
}

/* A small record goes on in its place. */
static void life_leave(struct tcp *tcp, struct tcp_conn *conn, enum sluice_reason reason)
{
	life_send_owed_ack(tcp, conn);
	time_wait_take_over(tcp, conn, reason == SLUICE_REASON_CLOSED_LOCALLY);
	conn->reason = (uint32_t)reason & 31U;
	life_detach(tcp, conn);
	life_check_told(tcp, conn);
}

void life_leave_time_wait(struct tcp *tcp, struct tcp_conn *conn)
{
	tcp_enter(tcp, conn, SLUICE_STATE_TIME_WAIT);
	life_leave(tcp, conn, SLUICE_REASON_FINISHED);
}

void life_leave_fin_wait_2(struct tcp *tcp, struct tcp_conn *conn)
{
	life_leave(tcp, conn, SLUICE_REASON_CLOSED_LOCALLY);
}

void life_free(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t generation = (conn->generation + 1) & 0xffffff;

	receive_queue_drop(tcp, conn);
	timer_disarm(tcp, conn);
	conn->generation = (generation ? generation : 1) & 0xffffff;
	conn->state = SLUICE_STATE_CLOSED;
	conn->flags &= CONN_ACK_IN_FIFO;
	conn->event_mask = 0;
	pool_give(&tcp->conns, tcp_conn_index(tcp, conn));
}
