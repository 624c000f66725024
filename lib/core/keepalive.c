/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes, and the end of a peer that answers none.
 */
#include "lib/core/keepalive.h"

#include "lib/core/life.h"
#include "lib/core/output.h"

/* MUST-29: only a row of probes without an answer means anything.  The RST is for a peer that came back as somebody else. */
static void keepalive_fail(struct tcp *tcp, struct tcp_conn *conn)
{
	COUNT(tcp, keepalives_failed);
	COUNT(tcp, connections_timed_out);
	output_reset(tcp, conn);
	life_end(tcp, conn, SLUICE_REASON_TIMED_OUT);
}

void keepalive_look(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t deadline = keepalive_deadline(conn);

	if (!deadline || !tick_reached(deadline, tcp->now_tick))
		return;
	COUNT(tcp, timers_fired);
	if (keepalive_sent_count(conn) == conn->keepalive_count) {
		keepalive_fail(tcp, conn);
	} else if (output_keepalive(tcp, conn)) {
		conn->heard_tick++;
		COUNT(tcp, keepalives_sent);
	}
}
