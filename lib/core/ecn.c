/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks that arrive, echoes that are owed, reductions that follow.
 */
#include "lib/core/ecn.h"

#include "lib/core/congestion.h"
#include "lib/core/work.h"

/* Section 6.1.3: the echo lasts until the sender says that it has reduced its window; a mark after that begins another. */
static void ecn_receive(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	if (frame->flags & TCP_CWR)
		conn->is_ece_owed = 0;
	if ((frame->dscp_ecn & ECN_MASK) != ECN_CE)
		return;
	COUNT(tcp, ecn_marks_received);
	if (!conn->is_ece_owed && frame->text_bytes) {
		conn->flags |= CONN_ACK_NOW;
		work_output(tcp, conn);
	}
	conn->is_ece_owed = 1;
}

/* Section 6.1.2: as for a lost segment, but nothing is sent again; at most once for what was on the way. */
static void ecn_obey(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_need(tcp, conn);

	COUNT(tcp, ecn_echoes_received);
	if (!path || conn->flags & (CONN_RECOVERY | CONN_TIMEOUT | CONN_SYN_UNACKED))
		return;
	if (path->flags & PATH_ECN_ROUND && seq_at_or_before(conn->snd_una, path->ecn_round))
		return;
	path->flags |= PATH_ECN_ROUND;
	path->ecn_round = conn->snd_nxt;
	congestion_marked(tcp, conn);
	COUNT(tcp, ecn_reductions);
}

void ecn_arrived(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	if (!ecn_is_on(conn))
		return;
	ecn_receive(tcp, conn, frame);
	if (frame->flags & TCP_ECE)
		ecn_obey(tcp, conn);
}

uint8_t ecn_flags(struct tcp *tcp, struct tcp_conn *conn, uint8_t flags, bool is_capable, uint8_t *dscp_ecn)
{
	*dscp_ecn = conn->dscp_ecn;
	/* Sent again, a SYN goes without: something on the way may dislike it (section 6.1.1.1). */
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && tcp->config.ecn == SLUICE_ECN_ASK &&
	    conn->inflight.retransmits == INFLIGHT_UNSENT)
		flags |= TCP_ECE | TCP_CWR;
	if (!ecn_is_on(conn))
		return flags;
	if (!is_capable)
		*dscp_ecn &= (uint8_t)~ECN_MASK;
	if (flags & (TCP_SYN | TCP_RST))
		return flags;
	if (conn->is_ece_owed)
		flags |= TCP_ECE;
	if (conn->is_cwr_owed && is_capable) {
		flags |= TCP_CWR;
		conn->is_cwr_owed = 0;
	}
	return flags;
}
