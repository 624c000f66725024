/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SEND, RECEIVE, CLOSE, ABORT, STATUS.
 */
#include "lib/core/user.h"

#include <errno.h>

#include "lib/core/cc.h"
#include "lib/core/ecn.h"
#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/receive_queue.h"
#include "lib/core/rtt.h"
#include "lib/core/send_queue.h"
#include "lib/core/timer.h"
#include "lib/core/window.h"
#include "lib/core/work.h"
#include "lib/wire/ip.h"

#define SHORT_RETRY_US 10000
#define LINGER_MAX_MS  (6 * 86400 * 1000U) /* of ticks, half of whose range may lie ahead */

uint32_t user_peek(const struct tcp_conn *conn, struct sluice_slice *slice, uint32_t max)
{
	struct rte_mbuf *packet = conn->rcv_tail;
	uint32_t count = 0;

	while (packet && count < max) {
		packet = packet_of(packet)->next;
		slice[count++] = (struct sluice_slice){packet_bytes(packet), packet->data_len, packet};
		if (packet == conn->rcv_tail)
			break;
	}
	return count;
}

/*
 * Is an ACK due that says nothing but that the window has opened?  By two segments at least, and to twice what the peer still
 * has: one that has more is not waiting for it, and will be told with its next segment's ACK.
 */
static bool user_opens_window(const struct tcp *tcp, const struct tcp_conn *conn)
{
	uint32_t left_bytes = seq_distance(tcp_conn_rcv_edge(conn), conn->rcv_nxt);
	bool is_severe = pressure_is_severe(&tcp->pressure, SLUICE_RESOURCE_PACKETS); /* two are all that is offered */
	uint32_t least_bytes = cc_min(conn->rcv_buffer_bytes / 2, (is_severe ? 1U : 2U) * conn->mss_bytes);

	return STATE_IN(conn->state, STATES_RECEIVING) && window_is_worth_opening(tcp, conn) &&
	       window_gain_bytes(tcp, conn) >= (int32_t)cc_max(least_bytes, left_bytes);
}

void user_consume(struct tcp *tcp, struct tcp_conn *conn, uint32_t bytes)
{
	receive_queue_consume(tcp, conn, cc_min(bytes, conn->readable_bytes));
	window_consumed(tcp, conn);
	if (conn->flags & CONN_DETACHED) {
		if (!(conn->event_mask & SLUICE_CLOSED))
			life_check_told(tcp, conn);
		return;
	}
	if (user_opens_window(tcp, conn)) {
		conn->flags |= CONN_ACK_NOW;
		work_output(tcp, conn);
	}
}

static enum tcp_descriptor_kind user_kind(unsigned flags)
{
	if (flags & SLUICE_SEND_STATIC)
		return DESCRIPTOR_STATIC;
	return flags & SLUICE_SEND_BORROW ? DESCRIPTOR_BORROW : DESCRIPTOR_SMALL;
}

static bool user_may_send(const struct tcp_conn *conn)
{
	return STATE_IN(conn->state, STATES_SENDING) && !(conn->flags & (CONN_FIN_QUEUED | CONN_DETACHED));
}

/* WRITABLE follows an ACK; where a pool was exhausted and nothing is queued none will come, and a timer stands in. */
static void user_was_short(struct tcp *tcp, struct tcp_conn *conn)
{
	conn->flags |= CONN_SHORT;
	if (conn->snd_queued_bytes || conn->retransmit_deadline)
		return;
	conn->flags |= CONN_PERSIST;
	timer_arm_retransmit(tcp, conn, SHORT_RETRY_US);
}

uint32_t user_send(struct tcp *tcp, struct tcp_conn *conn, const struct sluice_slice *slice, uint32_t count,
		   unsigned flags)
{
	uint32_t room_bytes, taken_bytes = 0;
	uint64_t wanted_bytes = 0;

	if (!user_may_send(conn))
		return 0;
	room_bytes = send_queue_room(conn);
	for (uint32_t i = 0; i < count; i++)
		wanted_bytes += slice[i].bytes;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t bytes = cc_min(slice[i].bytes, room_bytes - taken_bytes);
		uint32_t taken = send_queue_append(tcp, conn, slice[i].data, bytes, user_kind(flags));

		taken_bytes += taken;
		if (taken < slice[i].bytes)
			break;
	}
	if (flags & SLUICE_SEND_MORE)
		conn->flags |= CONN_MORE;
	else
		conn->flags &= ~(uint32_t)CONN_MORE & 0xffffff;
	if (taken_bytes < wanted_bytes)
		user_was_short(tcp, conn);
	else if (flags & SLUICE_SEND_FIN)
		user_shutdown(tcp, conn);
	work_output(tcp, conn);
	return taken_bytes;
}

static void user_queue_fin(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & (CONN_FIN_QUEUED | CONN_DETACHED))
		return;
	conn->flags |= CONN_FIN_QUEUED;
	conn->flags &= ~(uint32_t)CONN_MORE & 0xffffff;
	if (conn->flags & CONN_SYN_UNACKED)
		return; /* life_open() goes on from here */
	tcp_enter(tcp, conn, conn->state == SLUICE_STATE_CLOSE_WAIT ? SLUICE_STATE_LAST_ACK : SLUICE_STATE_FIN_WAIT_1);
	work_output(tcp, conn);
}

/* Before OPENED there is no direction to close: what is told of a connection begins with that. */
void user_shutdown(struct tcp *tcp, struct tcp_conn *conn)
{
	if (STATE_IN(conn->state, STATES_SENDING))
		user_queue_fin(tcp, conn);
}

void user_abort(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & CONN_DETACHED) {
		conn->flags |= CONN_ORPHAN;
		life_check_told(tcp, conn);
		return;
	}
	if (conn->state != SLUICE_STATE_SYN_SENT)
		output_reset(tcp, conn);
	COUNT(tcp, connections_aborted);
	life_end(tcp, conn, SLUICE_REASON_ABORTED);
}

void user_close(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & CONN_DETACHED || conn->readable_bytes || conn->state == SLUICE_STATE_SYN_SENT) {
		user_abort(tcp, conn); /* SHLD-3: unread bytes mean RST */
		return;
	}
	if (conn->flags & CONN_ORPHAN)
		return;
	user_queue_fin(tcp, conn);
	conn->flags |= CONN_ORPHAN;
	conn->timer_deadline = 0;
	conn->event_mask &= SLUICE_CLOSED;
	conn->acked_bytes = 0;
	receive_queue_drop_out_of_order(tcp, conn);
	if (conn->state == SLUICE_STATE_FIN_WAIT_2)
		life_leave_fin_wait_2(tcp, conn);
}

void user_close_within(struct tcp *tcp, struct tcp_conn *conn, uint32_t ms)
{
	if (ms == 0) {
		user_abort(tcp, conn);
		return;
	}
	user_close(tcp, conn);
	if (conn->flags & CONN_DETACHED)
		return;
	conn->timer_deadline = tick_after(tcp->now_tick, ticks_from_ms(cc_min(ms, LINGER_MAX_MS)) + 1);
	timer_file(tcp, conn);
}

uint32_t user_tick(const struct tcp *tcp, uint64_t deadline_ns)
{
	uint64_t ahead = deadline_ns > tcp->now_ns ? (deadline_ns + TICK_NS - 1) / TICK_NS - tcp->now_ns / TICK_NS : 0;

	return tick_after(tcp->now_tick, ahead > INT32_MAX ? INT32_MAX : (uint32_t)ahead);
}

void user_set_timer(struct tcp *tcp, struct tcp_conn *conn, uint64_t deadline_ns)
{
	if (conn->flags & CONN_ORPHAN || conn->event_mask & SLUICE_CLOSED)
		return;
	conn->timer_deadline = deadline_ns ? user_tick(tcp, deadline_ns) : 0;
	timer_file(tcp, conn);
}

static int user_set_keepalive(struct tcp *tcp, struct tcp_conn *conn, enum sluice_option option, uint64_t value)
{
	uint64_t value_s = value / 1000 + (value % 1000 != 0);

	if (option == SLUICE_OPTION_KEEPALIVE && value <= 1) {
		conn->flags = (conn->flags & ~(uint32_t)CONN_KEEPALIVE & 0xffffff) | (value ? CONN_KEEPALIVE : 0);
		keepalive_heard(tcp, conn);
	} else if (option == SLUICE_OPTION_KEEPALIVE_MS && value >= 1000 && value_s <= KEEPALIVE_MAX_S) {
		conn->keepalive_idle_s = (uint16_t)value_s;
	} else if (option == SLUICE_OPTION_KEEPALIVE_INTERVAL_MS && value >= 1000 &&
		   value_s <= KEEPALIVE_INTERVAL_MAX_S) {
		conn->keepalive_interval_s = value_s & 0xfff;
	} else if (option == SLUICE_OPTION_KEEPALIVE_PROBES && value >= 1 && value <= KEEPALIVE_PROBES_MAX) {
		conn->keepalive_count = value & 15;
	} else {
		return -EINVAL;
	}
	timer_file(tcp, conn);
	return 0;
}

int user_set_option(struct tcp *tcp, struct tcp_conn *conn, enum sluice_option option, uint64_t value)
{
	switch (option) {
	case SLUICE_OPTION_NODELAY:
		if (value > 1)
			return -EINVAL;
		conn->flags = (conn->flags & ~(uint32_t)CONN_NODELAY & 0xffffff) | (value ? CONN_NODELAY : 0);
		work_output(tcp, conn);
		return 0;
	case SLUICE_OPTION_R2_MS:
		if (value == 0 || value > R2_MAX_S * 1000ULL)
			return -EINVAL;
		conn->r2_s = (uint16_t)((value + 999) / 1000);
		return 0;
	case SLUICE_OPTION_SEND_QUEUE_BYTES:
		if (value < 1024 || value > 65535ULL * 1024)
			return -EINVAL;
		conn->snd_queue_kib = (uint16_t)(value / 1024);
		return 0;
	case SLUICE_OPTION_RECEIVE_MAX_BYTES:
		if (value < 1024 || value > 65535ULL * 1024)
			return -EINVAL;
		conn->rcv_max_kib = (uint16_t)(value / 1024);
		return 0;
	case SLUICE_OPTION_DSCP:
		if (value > DSCP_MAX)
			return -EINVAL;
		conn->dscp_ecn = (uint8_t)(value << 2 | (conn->dscp_ecn & ECN_MASK));
		return 0;
	case SLUICE_OPTION_TTL:
		if (value == 0 || value > 255)
			return -EINVAL;
		conn->ttl = (uint8_t)value;
		return 0;
	case SLUICE_OPTION_KEEPALIVE:
	case SLUICE_OPTION_KEEPALIVE_MS:
	case SLUICE_OPTION_KEEPALIVE_INTERVAL_MS:
	case SLUICE_OPTION_KEEPALIVE_PROBES:
		return user_set_keepalive(tcp, conn, option, value);
	case SLUICE_OPTION_USER_TIMEOUT_MS:
		if (value > R2_MAX_S * 1000ULL)
			return -EINVAL;
		conn->r2_s = (uint16_t)((value + 999) / 1000);
		conn->is_user_timeout = value != 0;
		timer_file(tcp, conn);
		return 0;
	case SLUICE_OPTION_REPORTS:
		if (value > 1)
			return -EINVAL;
		conn->wants_reports = value & 1;
		return 0;
	}
	return -EINVAL;
}

static void user_info_icmp(const struct note *note, struct sluice_conn_info *info)
{
	if (!note || !note->has_icmp)
		return;
	info->has_icmp = true;
	info->icmp_type = note->icmp_type;
	info->icmp_code = note->icmp_code;
}

void user_info(const struct tcp *tcp, const struct tcp_conn *conn, struct sluice_conn_info *info)
{
	*info = (struct sluice_conn_info){
		.state = conn->state,
		.srtt_us = conn->srtt_us,
		.rttvar_us = conn->rttvar_us,
		.rto_us = rtt_rto_us(&tcp->config, conn),
		.cwnd_bytes = conn->cwnd_bytes,
		.ssthresh_bytes = conn->ssthresh_bytes,
		.mss_bytes = conn->mss_bytes,
		.path_mtu_bytes = pmtu_of(tcp, conn),
		.send_window_bytes = conn->snd_wnd_bytes,
		.receive_window_bytes = seq_distance(tcp_conn_rcv_edge(conn), conn->rcv_nxt),
		.queued_bytes = conn->snd_queued_bytes,
		.inflight_bytes = seq_distance(conn->snd_nxt, conn->snd_una),
		.readable_bytes = conn->readable_bytes,
		.out_of_order_packets = conn->ooo_count,
		.retransmits_timeout = conn->retransmits_timeout,
		.retransmits_fast = conn->retransmits_fast,
		.window_probes = conn->probes_count,
		.timestamps = conn->flags & CONN_TIMESTAMPS,
		.sack = conn->flags & CONN_SACK,
		.send_shift = conn->snd_shift,
		.receive_shift = conn->rcv_shift,
	};
	user_info_icmp(note_of(tcp, conn), info);
}
