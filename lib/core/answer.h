/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments that belong to no connection: SYN-ACKs of half-open entries, ACKs of TIME-WAIT, RSTs.  They go back to the MAC
 * that asked and start no resolution.
 */
#pragma once

#include "lib/core/tcp.h"
#include "lib/wire/build.h"

struct answer {
	const struct tuple *tuple;
	const struct mac *mac;
	struct seq seq, ack;
	uint16_t window;
	uint8_t flags;
	const struct listener *listener; /* whose TTL and DSCP it has; NULL: the usual ones */
	struct tcp_options options;      /* tsval is filled in, but for SYN-ACKs */
};

/* False: no packet, or no room. */
bool answer_send(struct tcp *tcp, struct answer *answer);

/* In the packet that asks, which is kept; answer->tuple and answer->mac may not lie in it. */
void answer_send_in_place(struct tcp *tcp, struct answer *answer, struct rte_mbuf *packet);

/* Our timestamp clock towards a peer, in ms. */
uint32_t answer_clock_ms(const struct tcp *tcp, const struct tuple *tuple);

/* May another answer to no connection leave?  A token bucket per worker, jittered so that a stranger cannot count it. */
bool answer_is_allowed(struct tcp *tcp);

/* RFC 9293 section 3.10.7.1: the RST that a segment to nothing deserves, within the limit. */
void answer_reset(struct tcp *tcp, const struct frame *frame);
