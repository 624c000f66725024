/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC (RFC 9438) as arithmetic: bytes and microseconds in, bytes out; it knows no packet and reads no clock.
 *
 *	cwnd        W_max - - - - - - .--'      t - K < 0: concave, towards the window that was too much
 *	          .---'''                       t - K > 0: convex, away from it
 *	        /
 *	       ' 0.7 W_max
 *	       t = 0            t = K
 *
 * The clock may wrap: only steps between ACKs are taken from it, and their sum stays at the top once it is there, where the curve
 * is long beyond every window. So an epoch may last for days.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

#define CUBIC_WINDOW_BYTES_MAX (1U << 30) /* RFC 7323 section 2.3: no window is larger */

/* Names are the RFC's (section 4.1). All zero is that of a connection which never lost anything. */
struct cubic {
	uint32_t w_max_bytes;      /* W_max; 0: undefined, the next epoch begins at its plateau */
	uint32_t cwnd_prior_bytes; /* cwnd when ssthresh was last set; 0: never */
	uint32_t w_est_bytes;      /* W_est; 0: the epoch has not begun */
	int32_t from_k_us;         /* t - K */
	uint32_t updated_us;       /* the clock when t was last moved */
	uint16_t cwnd_fraction;    /* what cwnd and W_est have grown beyond whole bytes, in 1/65536 of a byte */
	uint16_t w_est_fraction;
};

static_assert(sizeof(struct cubic) <= 24, "kept for each connection that sends in bulk");

struct cubic_window {
	uint32_t cwnd_bytes, ssthresh_bytes;
};

/* What a reduction took away, to be put back if it was spurious (section 4.9). */
struct cubic_undo {
	struct cubic cubic;
	struct cubic_window window;
};

/*
 * One ACK in congestion avoidance, for acked_bytes, which found the window in use: the new cwnd, never less than the old. The
 * first one after any of the calls below begins an epoch (t = 0).
 */
uint32_t cubic_grow(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t acked_bytes, uint32_t mss_bytes,
		    uint32_t srtt_us, uint32_t now_us);

/*
 * t stands still while the application and not the window is the limit (section 5.8). Called for an ACK that found the window not
 * in use, and when sending begins again with nothing on the way.
 */
void cubic_app_limited(struct cubic *cubic, uint32_t now_us);

/* A loss was found by anything but a timeout: once a recovery. Of flight_bytes 0.7 remain, at least two segments. */
struct cubic_window cubic_lost(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t flight_bytes, uint32_t mss_bytes);

/* The peer echoes congestion: as above, but cwnd may go down to one segment (section 4.6). */
struct cubic_window cubic_marked(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t flight_bytes, uint32_t mss_bytes);

/* The first timeout of a segment (section 4.8); RFC 5681 holds ssthresh for its later ones, so they are not told. */
struct cubic_window cubic_timed_out(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t flight_bytes,
				    uint32_t mss_bytes);

/* Somebody else lowered cwnd, because of idleness for one: what follows slow start is a new epoch under the old W_max. */
void cubic_restart(struct cubic *cubic);

/* Before the first reduction of an episode; a second one (a timeout in recovery, say) keeps what was saved at the first. */
struct cubic_undo cubic_save(const struct cubic *cubic, uint32_t cwnd_bytes, uint32_t ssthresh_bytes);

/*
 * It was spurious. The RFC lets a cwnd stand that has grown beyond the old one since, and then the curve it grew by stands too;
 * ssthresh comes back either way.
 */
struct cubic_window cubic_restore(struct cubic *cubic, const struct cubic_undo *undo, uint32_t cwnd_bytes);

/* C (t - K)^3 in bytes for a t - K in us; at most 2^31 either way, beyond every window. */
int64_t cubic_curve_bytes(int32_t from_k_us, uint32_t mss_bytes);
