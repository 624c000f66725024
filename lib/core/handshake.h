/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a peer's SYN and our SYN-ACK agree on, and how much of it a cookie can hold: five bits in our ISN and, with
 * timestamps, six more in our TSval, which come back in TSecr.  What is restored is what was agreed, rounded down.
 *
 *   code, no timestamps     MSS of 8 values (3 bits) | nothing; SACK; SACK and scale below 8; SACK and scale 8 or more (2)
 *   code, timestamps        MSS of 32 values (5 bits)
 *   TSval                   clock's upper 26 bits | ECN (1) | SACK (1) | scale, 15: none (4)
 *
 * Pure: no state, no time.
 */
#pragma once

#include "lib/core/cc.h"
#include "lib/core/ecn.h"
#include "lib/core/tcp.h"

#define HANDSHAKE_NO_SHIFT 15 /* the SYN had no window scale; those it may have end at 14 */
static_assert(WINDOW_SHIFT_MAX < HANDSHAKE_NO_SHIFT, "no scale is none of the scales");

struct handshake {
	uint32_t ts_recent; /* the peer's TSval, if timestamps */
	uint16_t mss_bytes; /* the peer's; 0: it named none */
	uint8_t shift;      /* the peer's window scale; HANDSHAKE_NO_SHIFT: no scaling either way */
	bool sack, timestamps, ecn;
};

/* What a SYN asks for, as far as the configuration grants it.  Inline, as the next: as a value returned it would be put together from
 * bytes that were just written, and wait for them. */
static inline struct handshake handshake_of_syn(const struct tcp *tcp, const struct frame *syn);

/*
 * What a SYN-ACK without an entry grants: not what no cookie would restore, which is ECN without timestamps and scale with
 * neither timestamps nor SACK; nor a scale that would be restored as 0 and is none: a window of 64 KiB that is seen whole beats one
 * of which a part in 128 is seen.
 */
static inline struct handshake handshake_cut(struct handshake asked);

/* The code of its cookie; COOKIE_CODE_NONE: it agrees on more than a cookie holds, and only an entry can remember it. */
uint32_t handshake_code(const struct handshake *agreed, bool ipv6);

/* The TSval of its SYN-ACK: at most `clock_ms`, and less than 64 before it. */
uint32_t handshake_tsval(const struct handshake *agreed, uint32_t clock_ms);

/* What a cookie's code and the timestamps of the segment that returned it restore. */
struct handshake handshake_restore(const struct tcp *tcp, uint32_t code, const struct tcp_options *options);

/* The options of the SYN-ACK that grants it, but for MSS and TSval. */
struct tcp_options handshake_options(const struct tcp *tcp, const struct handshake *agreed);

static inline struct handshake handshake_of_syn(const struct tcp *tcp, const struct frame *syn)
{
	const struct tcp_options *options = &syn->options;
	struct handshake asked = {
		.shift = HANDSHAKE_NO_SHIFT,
		.sack = options->present & TCP_HAS_SACK_PERMITTED && tcp->config.sack,
		.timestamps = options->present & TCP_HAS_TIMESTAMPS && tcp->config.timestamps,
		.ecn = ecn_is_asked(tcp, syn),
	};

	if (options->present & TCP_HAS_MSS)
		asked.mss_bytes = options->mss_bytes;
	if (options->present & TCP_HAS_WINDOW_SCALE)
		asked.shift = (uint8_t)cc_min(options->window_shift, WINDOW_SHIFT_MAX);
	if (asked.timestamps)
		asked.ts_recent = options->tsval;
	return asked;
}

static inline struct handshake handshake_cut(struct handshake asked)
{
	if (asked.timestamps)
		return asked;
	asked.ecn = false;
	if (!asked.sack || (asked.shift > 0 && asked.shift < 8))
		asked.shift = HANDSHAKE_NO_SHIFT;
	return asked;
}
