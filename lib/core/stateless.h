/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handshakes that are remembered nowhere (RFC 4987 section 3.6): a SYN is answered in its own packet, and the connection is made
 * when the number we chose comes back.  Nothing is allocated, inserted or resolved on the way, so spoofed SYNs cannot use
 * anything up.
 */
#pragma once

#include "lib/core/tcp.h"

/* Answers a SYN in place.  The packet is kept. */
void stateless_syn(struct tcp *tcp, struct frame *syn, uint8_t listener);

enum stateless_verdict {
	STATELESS_COOKIE, /* the ACK returns a cookie that counts now */
	STATELESS_MAYBE, /* text, and its number is like ours, but not with this SEG.SEQ: what returns the cookie may be late */
	STATELESS_NONE, /* no cookie of ours, or none that counts; it is counted why */
};

enum stateless_verdict stateless_judge(struct tcp *tcp, const struct frame *frame);

/*
 * A segment with ACK, and neither SYN nor RST, that no record is for: it opens its connection; is dropped for want of room or
 * tokens, or as text ahead of the cookie, so that it may come again; or is answered with RST.  Returns whether the packet was
 * kept.
 */
bool stateless_ack(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t listener);
