/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control as arithmetic (RFC 5681, RFC 6582, RFC 3465, RFC 6928): numbers in, numbers out, so that it is tested without
 * a packet.
 */
#pragma once

#include <stdint.h>

#define CC_SLOW_START_SEGMENTS_MAX \
	8 /* counted per ACK: one ACK may answer a whole turn's burst (RFC 9406 section 4.2) */

#define DUPLICATE_ACKS 3 /* RFC 5681 section 3.2 */

static inline uint32_t cc_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t cc_max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* RFC 6928 section 2, with the number of segments configurable. */
static inline uint32_t cc_initial_window(uint32_t mss_bytes, uint32_t segments)
{
	return cc_min(segments * mss_bytes, cc_max(2 * mss_bytes, segments * 1460));
}

/* After an ACK of acked_bytes that found the window in use (RFC 5681 section 3.1, counted in bytes). */
static inline uint32_t cc_grow(uint32_t cwnd_bytes, uint32_t ssthresh_bytes, uint32_t acked_bytes, uint32_t mss_bytes)
{
	uint64_t grown;

	if (cwnd_bytes < ssthresh_bytes)
		grown = (uint64_t)cwnd_bytes + cc_min(acked_bytes, CC_SLOW_START_SEGMENTS_MAX * mss_bytes);
	else
		grown = cwnd_bytes +
			cc_max(1, (uint32_t)((uint64_t)mss_bytes * cc_min(acked_bytes, cwnd_bytes) / cwnd_bytes));
	return grown > 1U << 30 ? 1U << 30 : (uint32_t)grown;
}

/* RFC 5681 equation (4). */
static inline uint32_t cc_ssthresh(uint32_t flight_bytes, uint32_t mss_bytes)
{
	return cc_max(flight_bytes / 2, 2 * mss_bytes);
}

/* RFC 3042: each of the first duplicates says that a segment left the network, and lets one follow. */
static inline uint32_t cc_limited(uint32_t duplicate_acks, uint32_t mss_bytes)
{
	return duplicate_acks < DUPLICATE_ACKS ? duplicate_acks * mss_bytes : 0;
}

/* RFC 6582 section 3.2 step 2: the three segments that left the network are let in. */
static inline uint32_t cc_recovery_window(uint32_t ssthresh_bytes, uint32_t mss_bytes)
{
	return ssthresh_bytes + 3 * mss_bytes;
}

/* RFC 6582 section 3.2 step 3, another duplicate: one more segment left the network; never more than are on the way. */
static inline uint32_t cc_inflate(uint32_t cwnd_bytes, uint32_t ssthresh_bytes, uint32_t flight_bytes,
				  uint32_t mss_bytes)
{
	return cc_max(cwnd_bytes, cc_min(cwnd_bytes + mss_bytes, ssthresh_bytes + flight_bytes));
}

/* RFC 6582 section 3.2 step 3, partial acknowledgment: deflate by what was acknowledged, add back one segment. */
static inline uint32_t cc_partial(uint32_t cwnd_bytes, uint32_t acked_bytes, uint32_t mss_bytes)
{
	uint32_t deflated = cwnd_bytes > acked_bytes ? cwnd_bytes - acked_bytes : 0;

	if (acked_bytes >= mss_bytes)
		deflated += mss_bytes;
	return cc_max(deflated, mss_bytes);
}

/* RFC 6582 section 3.2 step 3, full acknowledgment, the form that sends no burst. */
static inline uint32_t cc_recovered(uint32_t ssthresh_bytes, uint32_t flight_bytes, uint32_t mss_bytes)
{
	return cc_min(ssthresh_bytes, cc_max(flight_bytes, mss_bytes) + mss_bytes);
}
