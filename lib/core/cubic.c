/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC in integers. C = 0.4, beta_cubic = 0.7, and so alpha_cubic = 3 (1 - 0.7) / (1 + 0.7) = 9/17. The curve is counted in bytes,
 * with seconds as multiples of 2^-20, so that a window of 2^30 bytes and half an hour fit 64 bits.
 */
#include "lib/core/cubic.h"

#include <stdbool.h>

#define CURVE_BYTES_MAX (1ULL << 31)
#define INVERSE_SHIFT   26

static uint32_t smaller(uint32_t a, uint64_t b)
{
	return b < a ? (uint32_t)b : a;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The cube of the magnitude is 2^63.3 at most, in 2^-30 s^3; what overflows with the segment is far beyond the limit. */
int64_t cubic_curve_bytes(int32_t from_k_us, uint32_t mss_bytes)
{
	uint64_t us = (uint64_t)(from_k_us < 0 ? -(int64_t)from_k_us : from_k_us);
	uint64_t seconds = us + us * 759 / 15625; /* 2^20 / 10^6 = 1 + 759 / 15625 */
	uint64_t square = seconds * seconds >> 30;
	uint64_t bytes = CURVE_BYTES_MAX, product;

	if (!__builtin_mul_overflow(square * seconds, 2ULL * mss_bytes, &product) && product / 5 >> 30 < bytes)
		bytes = product / 5 >> 30;
	return from_k_us < 0 ? -(int64_t)bytes : (int64_t)bytes;
}

/* K (section 4.2) from the curve itself, by bisection: so W_cubic(0) is cwnd_epoch, whatever the curve rounds. */
static int32_t curve_root_us(uint32_t bytes, uint32_t mss_bytes)
{
	int32_t root_us = 0;

	for (int32_t bit = 1 << 30; bit; bit >>= 1) {
		if (cubic_curve_bytes(root_us + bit - 1, mss_bytes) < bytes)
			root_us += bit;
	}
	return root_us;
}

/* At the plateau if there is no W_max: after a timeout (section 4.8), or slow start that ended without a loss (section 4.10). */
static void begin_epoch(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t mss_bytes, uint32_t now_us)
{
	if (!cubic->cwnd_prior_bytes)
		cubic->cwnd_prior_bytes = cwnd_bytes;
	cubic->w_max_bytes = larger(cubic->w_max_bytes, cwnd_bytes);
	cubic->from_k_us = -curve_root_us(cubic->w_max_bytes - cwnd_bytes, mss_bytes);
	cubic->w_est_bytes = cwnd_bytes;
	cubic->updated_us = now_us;
}

/* A step back, or of more than 35 minutes without an ACK, counts nothing. */
static void advance(struct cubic *cubic, uint32_t now_us)
{
	int32_t step_us = (int32_t)(now_us - cubic->updated_us);

	if (step_us > 0 && __builtin_add_overflow(cubic->from_k_us, step_us, &cubic->from_k_us))
		cubic->from_k_us = INT32_MAX;
	cubic->updated_us = now_us;
}

static int64_t w_cubic(const struct cubic *cubic, uint32_t ahead_us, uint32_t mss_bytes)
{
	int64_t from_k_us = (int64_t)cubic->from_k_us + ahead_us;

	return cubic->w_max_bytes +
	       cubic_curve_bytes(from_k_us > INT32_MAX ? INT32_MAX : (int32_t)from_k_us, mss_bytes);
}

/* What acked_bytes add at so many 2^-32 of a byte for each; what does not make a whole byte is kept for the next ACK. */
static uint32_t grow_by(uint32_t window_bytes, uint16_t *fraction, uint64_t rate, uint32_t acked_bytes)
{
	uint64_t grown = rate * acked_bytes + ((uint64_t)*fraction << 16);

	*fraction = (uint16_t)(grown >> 16);
	return smaller(CUBIC_WINDOW_BYTES_MAX, window_bytes + (grown >> 32));
}

/* Section 4.3: what Reno would have. */
static void grow_w_est(struct cubic *cubic, uint64_t inverse, uint32_t acked_bytes, uint32_t mss_bytes)
{
	bool is_alpha_one = cubic->w_est_bytes >= cubic->cwnd_prior_bytes;
	uint64_t rate = (is_alpha_one ? mss_bytes * inverse : mss_bytes * 9ULL * inverse / 17) >> INVERSE_SHIFT;

	cubic->w_est_bytes = grow_by(cubic->w_est_bytes, &cubic->w_est_fraction, rate, acked_bytes);
}

/* Sections 4.4 and 4.5: of the way to where the curve is a round trip from now, at most half a window (section 4.2). */
static uint32_t grow_to_curve(struct cubic *cubic, uint32_t cwnd_bytes, uint64_t inverse, uint32_t acked_bytes,
			      int64_t target_bytes)
{
	uint64_t way_bytes;

	if (target_bytes <= cwnd_bytes)
		return cwnd_bytes;
	way_bytes = smaller(cwnd_bytes / 2, (uint64_t)target_bytes - cwnd_bytes);
	return grow_by(cwnd_bytes, &cubic->cwnd_fraction, way_bytes * inverse >> INVERSE_SHIFT, acked_bytes);
}

uint32_t cubic_grow(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t acked_bytes, uint32_t mss_bytes,
		    uint32_t srtt_us, uint32_t now_us)
{
	uint64_t inverse = (1ULL << (32 + INVERSE_SHIFT)) / cwnd_bytes; /* the one division of an ACK */

	mss_bytes = smaller(mss_bytes, cwnd_bytes);     /* so that nine of it times the inverse fit 64 bits */
	acked_bytes = smaller(acked_bytes, cwnd_bytes); /* more was sent before cwnd was reduced */
	if (!cubic->w_est_bytes)
		begin_epoch(cubic, cwnd_bytes, mss_bytes, now_us);
	advance(cubic, now_us);
	grow_w_est(cubic, inverse, acked_bytes, mss_bytes);
	if (w_cubic(cubic, 0, mss_bytes) < cubic->w_est_bytes)
		return larger(cwnd_bytes, cubic->w_est_bytes);
	return grow_to_curve(cubic, cwnd_bytes, inverse, acked_bytes, w_cubic(cubic, srtt_us, mss_bytes));
}

void cubic_app_limited(struct cubic *cubic, uint32_t now_us)
{
	cubic->updated_us = now_us;
}

static void end_epoch(struct cubic *cubic)
{
	cubic->w_est_bytes = 0;
	cubic->cwnd_fraction = 0;
	cubic->w_est_fraction = 0;
}

/* Section 4.6, and before it section 4.7: who has less than last time leaves room for somebody new. */
static struct cubic_window reduce(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t flight_bytes, uint32_t floor_bytes,
				  uint32_t mss_bytes)
{
	bool is_less = cwnd_bytes < cubic->w_max_bytes;
	uint32_t kept_bytes = (uint32_t)(flight_bytes * 7ULL / 10);

	cubic->w_max_bytes = is_less ? (uint32_t)(cwnd_bytes * 17ULL / 20) : cwnd_bytes;
	cubic->cwnd_prior_bytes = cwnd_bytes;
	end_epoch(cubic);
	return (struct cubic_window){.cwnd_bytes = larger(kept_bytes, floor_bytes),
				     .ssthresh_bytes = larger(kept_bytes, 2 * mss_bytes)};
}

struct cubic_window cubic_lost(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t flight_bytes, uint32_t mss_bytes)
{
	return reduce(cubic, cwnd_bytes, flight_bytes, 2 * mss_bytes, mss_bytes);
}

struct cubic_window cubic_marked(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t flight_bytes, uint32_t mss_bytes)
{
	return reduce(cubic, cwnd_bytes, flight_bytes, mss_bytes, mss_bytes);
}

struct cubic_window cubic_timed_out(struct cubic *cubic, uint32_t cwnd_bytes, uint32_t flight_bytes, uint32_t mss_bytes)
{
	struct cubic_window window = reduce(cubic, cwnd_bytes, flight_bytes, 2 * mss_bytes, mss_bytes);

	cubic->w_max_bytes = 0;
	window.cwnd_bytes = mss_bytes;
	return window;
}

void cubic_restart(struct cubic *cubic)
{
	end_epoch(cubic);
}

struct cubic_undo cubic_save(const struct cubic *cubic, uint32_t cwnd_bytes, uint32_t ssthresh_bytes)
{
	return (struct cubic_undo){.cubic = *cubic, .window = {cwnd_bytes, ssthresh_bytes}};
}

struct cubic_window cubic_restore(struct cubic *cubic, const struct cubic_undo *undo, uint32_t cwnd_bytes)
{
	struct cubic_window window = undo->window;

	if (cwnd_bytes > window.cwnd_bytes)
		window.cwnd_bytes = cwnd_bytes;
	else
		*cubic = undo->cubic;
	return window;
}
