/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control as arithmetic (RFC 5681, RFC 3465, RFC 6928): numbers in, numbers out, so that it is tested without
 * a packet.
 */
#pragma once

#include <stdint.h>

#define CC_SLOW_START_SEGMENTS_MAX \
	16 /* counted per ACK: where the peer merges what it receives, one ACK answers a whole initial window */

#define DUPLICATE_ACKS      3          /* RFC 5681 section 3.2 */
#define SSTHRESH_NONE_BYTES (1U << 30) /* of who never lost anything; no window is larger (RFC 7323 section 2.3) */

static inline uint32_t cc_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint64_t cc_min64(uint64_t a, uint64_t b)
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
			cc_max(acked_bytes >= mss_bytes,
			       (uint32_t)((uint64_t)mss_bytes * cc_min(acked_bytes, cwnd_bytes) / cwnd_bytes));
	return grown > SSTHRESH_NONE_BYTES ? SSTHRESH_NONE_BYTES : (uint32_t)grown;
}

/* RFC 5681 equation (4). */
static inline uint32_t cc_ssthresh(uint32_t flight_bytes, uint32_t mss_bytes)
{
	return cc_max(flight_bytes / 2, 2 * mss_bytes);
}
