/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explicit congestion notification (RFC 3168): agreed on by the SYNs, told by routers in the IP header, echoed by the receiver,
 * obeyed by the sender.  A connection that agreed has ECT(0) in its dscp_ecn.
 */
#pragma once

#include "lib/core/tcp.h"

#define ECN_MASK 3U /* of dscp_ecn */
#define ECN_ECT0 2U
#define ECN_CE   3U

static inline bool ecn_is_on(const struct tcp_conn *conn)
{
	return conn->dscp_ecn & ECN_MASK;
}

/* Does the segment say anything of congestion?  The fast path leaves it to ecn_arrived(). */
static inline bool ecn_is_told(const struct frame *frame)
{
	return frame->flags & (TCP_ECE | TCP_CWR) || (frame->dscp_ecn & ECN_MASK) == ECN_CE;
}

/* Section 6.1.1: does this SYN ask for it, and do we grant it?  Not one that carries a codepoint: something writes over them. */
static inline bool ecn_is_asked(const struct tcp *tcp, const struct frame *syn)
{
	return tcp->config.ecn != SLUICE_ECN_OFF && !(syn->dscp_ecn & ECN_MASK) &&
	       (syn->flags & (TCP_SYN | TCP_ACK | TCP_ECE | TCP_CWR)) == (TCP_SYN | TCP_ECE | TCP_CWR);
}

/* Does this SYN-ACK grant what our SYN asked for? */
static inline bool ecn_is_granted(const struct tcp *tcp, const struct frame *syn_ack)
{
	return tcp->config.ecn == SLUICE_ECN_ASK &&
	       (syn_ack->flags & (TCP_SYN | TCP_ACK | TCP_ECE | TCP_CWR)) == (TCP_SYN | TCP_ACK | TCP_ECE);
}

static inline void ecn_turn_on(struct tcp_conn *conn)
{
	conn->dscp_ecn |= ECN_ECT0;
}

/* A segment that is acceptable, its acknowledgment taken: what it says as a receiver and as a sender. */
void ecn_arrived(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame);

/* The flags of a segment that goes out, and its codepoint: `is_capable` only for new text (section 6.1.5, 6.1.6). */
uint8_t ecn_flags(struct tcp *tcp, struct tcp_conn *conn, uint8_t flags, bool is_capable, uint8_t *dscp_ecn);

/* The window was reduced, for whatever reason: the peer is told so. */
static inline void ecn_reduced(struct tcp_conn *conn)
{
	conn->is_cwr_owed = ecn_is_on(conn);
}
