/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trouble is timed from its first timeout, in units that fit 16 bits.
 */
#include "lib/core/give_up.h"

#include "lib/core/life.h"
#include "lib/core/output.h"

static uint16_t give_up_clock(const struct tcp *tcp)
{
	return (uint16_t)(tcp->now_ms / TROUBLE_MS);
}

static uint32_t give_up_trouble_ms(const struct tcp *tcp, const struct tcp_conn *conn)
{
	uint16_t units = (uint16_t)(give_up_clock(tcp) - conn->trouble);

	return units ? (units - 1U) * TROUBLE_MS : 0; /* the first was under way when trouble began: never too early */
}

static uint32_t give_up_after_ms(const struct tcp *tcp, const struct tcp_conn *conn)
{
	if (conn->r2_s)
		return conn->r2_s * 1000U;
	return conn->flags & CONN_SYN_UNACKED ? tcp->config.syn_r2_ms : tcp->config.r2_ms;
}

uint32_t give_up_left_ms(const struct tcp *tcp, const struct tcp_conn *conn)
{
	uint32_t after_ms = give_up_after_ms(tcp, conn), trouble_ms = give_up_trouble_ms(tcp, conn);

	return trouble_ms < after_ms ? after_ms - trouble_ms : 0;
}

bool give_up_is_due(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->timeouts_count == 0)
		conn->trouble = give_up_clock(tcp);
	return give_up_left_ms(tcp, conn) == 0;
}

uint32_t give_up_deadline(const struct tcp *tcp, const struct tcp_conn *conn)
{
	if (!conn->is_user_timeout || conn->timeouts_count == 0)
		return 0;
	return tick_after(tcp->now_tick, ticks_from_ms(give_up_left_ms(tcp, conn)));
}

/* Of anything that a connection which cannot send holds. */
static bool give_up_is_pressed(const struct tcp *tcp)
{
	return pressure_is_severe(&tcp->pressure, SLUICE_RESOURCE_CONNECTIONS) ||
	       pressure_is_severe(&tcp->pressure, SLUICE_RESOURCE_SENDING);
}

void give_up_probe_answered(const struct tcp *tcp, struct tcp_conn *conn)
{
	if (!conn->is_user_timeout && !(conn->flags & CONN_ORPHAN) && !give_up_is_pressed(tcp))
		conn->trouble = give_up_clock(tcp);
}

void give_up(struct tcp *tcp, struct tcp_conn *conn)
{
	enum sluice_reason reason = SLUICE_REASON_TIMED_OUT;

	COUNT(tcp, connections_timed_out);
	if (conn->inflight.flags & INFLIGHT_PROBE) {
		COUNT(tcp, connections_stuck);
		output_reset(tcp, conn);
		if (!conn->is_user_timeout && !(conn->flags & CONN_ORPHAN) && give_up_is_pressed(tcp))
			reason = SLUICE_REASON_NO_MEMORY;
	}
	life_end(tcp, conn, reason);
}
