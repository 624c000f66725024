/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC against RFC 9438's formulas, which are computed here again in double, in segments and seconds. ACK by ACK both must have
 * the same window within a segment.
 */
#include "lib/core/cubic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/random.h"
#include "tests/claims/claims.h"

#define MSS        1448U
#define SECOND_US  1000000U
#define HUGE_BYTES (1U << 30)

/* The RFC's variables (section 4.1), in segments and seconds. */
struct model {
	double cwnd, w_max, k, t, w_est, cwnd_prior;
};

static double model_w_cubic(const struct model *model, double t)
{
	return 0.4 * pow(t - model->k, 3) + model->w_max;
}

/* Sections 4.2 and 4.10; W_max of 0 is undefined. */
static struct model model_epoch(double cwnd, double w_max, double cwnd_prior)
{
	struct model model = {.cwnd = cwnd, .w_max = w_max, .w_est = cwnd, .cwnd_prior = cwnd_prior};

	if (w_max <= cwnd)
		model.w_max = cwnd;
	if (cwnd_prior <= 0)
		model.cwnd_prior = cwnd;
	model.k = cbrt((model.w_max - cwnd) / 0.4);
	return model;
}

/* Sections 4.2 to 4.5, at time t of the epoch. */
static void model_acked(struct model *model, double t, double segments, double rtt)
{
	double alpha = model->w_est >= model->cwnd_prior ? 1 : 3 * (1 - 0.7) / (1 + 0.7), target;

	model->w_est += alpha * segments / model->cwnd;
	if (model_w_cubic(model, t) < model->w_est) {
		model->cwnd = fmax(model->cwnd, model->w_est);
		return;
	}
	target = fmin(fmax(model_w_cubic(model, t + rtt), model->cwnd), 1.5 * model->cwnd);
	model->cwnd += (target - model->cwnd) / model->cwnd * segments;
}

/* Both, side by side: a window of ACKs spread over each round trip. */
struct pair {
	struct cubic cubic;
	struct model model;
	uint32_t cwnd_bytes, mss_bytes, rtt_us, now_us;
	uint32_t begun_us; /* the epoch's first ACK */
};

static struct pair pair_after_loss(uint32_t w_max_segments, uint32_t mss_bytes, uint32_t rtt_us, uint32_t now_us)
{
	struct pair pair = {.mss_bytes = mss_bytes, .rtt_us = rtt_us, .now_us = now_us, .begun_us = now_us};
	uint32_t w_max_bytes = w_max_segments * mss_bytes;

	pair.cwnd_bytes = cubic_lost(&pair.cubic, w_max_bytes, w_max_bytes, mss_bytes).cwnd_bytes;
	pair.model = model_epoch((double)pair.cwnd_bytes / mss_bytes, w_max_segments, w_max_segments);
	return pair;
}

static void pair_acked(struct pair *pair, uint32_t acked_bytes)
{
	if (!pair->cubic.w_est_bytes)
		pair->begun_us = pair->now_us;
	model_acked(&pair->model, (double)(pair->now_us - pair->begun_us) / SECOND_US,
		    (double)acked_bytes / pair->mss_bytes, (double)pair->rtt_us / SECOND_US);
	pair->cwnd_bytes =
		cubic_grow(&pair->cubic, pair->cwnd_bytes, acked_bytes, pair->mss_bytes, pair->rtt_us, pair->now_us);
}

static void assert_within_a_segment(const struct pair *pair)
{
	double difference = (double)pair->cwnd_bytes / pair->mss_bytes - pair->model.cwnd;

	if (fabs(difference) > 1)
		fail_msg("t %.3f K %.3f: cwnd %.2f segments, the RFC's %.2f",
			 (double)(pair->now_us - pair->begun_us) / SECOND_US, pair->model.k,
			 (double)pair->cwnd_bytes / pair->mss_bytes, pair->model.cwnd);
}

/* At most 65 ACKs a round trip, of whole segments. */
static void pair_round_trip(struct pair *pair)
{
	uint32_t segments = pair->cwnd_bytes / pair->mss_bytes, each = (segments + 63) / 64;
	uint32_t gap_us = (uint32_t)((uint64_t)pair->rtt_us * each / segments);

	for (uint32_t left = segments; left; left -= each) {
		each = left < each ? left : each;
		pair->now_us += gap_us;
		pair_acked(pair, each * pair->mss_bytes);
		assert_within_a_segment(pair);
	}
}

/* C (t - K)^3, odd in t - K, and never the other way. */
CLAIMS(RFC9438_4_1)
static void test_curve_is_the_cube(void **state)
{
	static const uint32_t mss[] = {1, 88, 536, 1448, 8960, 65495};

	(void)state;
	for (uint32_t i = 0; i < sizeof(mss) / sizeof(mss[0]); i++) {
		int64_t before = 0;

		for (double us = 1; us < INT32_MAX; us *= 1.01) {
			int64_t bytes = cubic_curve_bytes((int32_t)us, mss[i]);
			double exact = fmin(0.4 * pow((int32_t)us / 1e6, 3) * mss[i], 1U << 31);

			assert_true(fabs((double)bytes - exact) <= fmax(8, 0.4 * mss[i]));
			assert_true(bytes >= before);
			assert_int_equal(cubic_curve_bytes(-(int32_t)us, mss[i]), -bytes);
			before = bytes;
		}
	}
	assert_int_equal(cubic_curve_bytes(0, MSS), 0);
	assert_true(cubic_curve_bytes(INT32_MAX, 1) >= HUGE_BYTES);
	assert_int_equal(cubic_curve_bytes(INT32_MIN, UINT32_MAX), -(1LL << 31));
}

/* K = cbrt((W_max - cwnd_epoch) / C): the curve goes through the window that the epoch begins with. */
static void test_k_puts_the_epoch_on_the_curve(void **state)
{
	static const uint32_t mss[] = {88, 536, 1448, 8960};

	(void)state;
	for (uint32_t i = 0; i < sizeof(mss) / sizeof(mss[0]); i++) {
		for (double segments = 10; segments * mss[i] < HUGE_BYTES; segments *= 1.7) {
			struct pair pair = pair_after_loss((uint32_t)segments, mss[i], 50000, 7);
			double w_0 = (double)pair.cubic.w_max_bytes;

			cubic_grow(&pair.cubic, pair.cwnd_bytes, 1, mss[i], pair.rtt_us, pair.now_us);
			w_0 += (double)cubic_curve_bytes(pair.cubic.from_k_us, mss[i]);
			assert_true(fabs(w_0 - pair.cwnd_bytes) < mss[i]);
			assert_true(fabs(-pair.cubic.from_k_us / 1e6 - pair.model.k) < 0.001 + pair.model.k / 100000);
		}
	}
}

/* From the loss through the plateau to twice K, whatever the product of bandwidth and delay. */
CLAIMS(MAY_18)
static void test_trace_is_that_of_the_rfc(void **state)
{
	static const uint32_t segments[] = {10, 40, 100, 700, 5000, 60000}, rtt_us[] = {1000, 20000, 100000, 400000};

	(void)state;
	for (uint32_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		for (uint32_t j = 0; j < sizeof(rtt_us) / sizeof(rtt_us[0]); j++) {
			struct pair pair = pair_after_loss(segments[i], MSS, rtt_us[j], 12345);
			uint32_t end_us = pair.begun_us + (uint32_t)(2 * pair.model.k * SECOND_US);

			while (pair.now_us < end_us)
				pair_round_trip(&pair);
			assert_true(pair.cwnd_bytes > segments[i] * MSS);
		}
	}
}

/* Sections 4.4 and 4.5: ever slower up to W_max, ever faster beyond. A window of ACKs at once, ten times a second. */
static void test_concave_then_convex(void **state)
{
	struct pair pair = pair_after_loss(10000, MSS, 100000, 0);
	uint32_t slowest = UINT32_MAX, before = UINT32_MAX, grown;

	(void)state;
	for (double t = 0; t < 2 * pair.model.k; t += 0.1) {
		uint32_t cwnd_bytes = pair.cwnd_bytes;

		pair_acked(&pair, cwnd_bytes);
		pair.now_us += pair.rtt_us;
		grown = pair.cwnd_bytes - cwnd_bytes;
		if (t > 0.3 && t < pair.model.k - 2)
			assert_true(grown < before && pair.cwnd_bytes < 10000 * MSS);
		else if (t > pair.model.k + 2)
			assert_true(grown > before && pair.cwnd_bytes > 10000 * MSS);
		slowest = grown < slowest ? grown : slowest;
		before = grown;
	}
	assert_true(slowest < MSS && before > 40 * MSS);
}

/* Section 4.3: with alpha_cubic and a loss every so often the mean window is that of Reno, sqrt(3 / 2p) segments. */
CLAIMS(RFC9438_4_3)
static void test_low_product_of_bandwidth_and_delay_is_reno(void **state)
{
	struct cubic cubic = {0};
	uint32_t cwnd_bytes = 30 * MSS, now_us = 0, acked = 0;
	double sum = 0, rounds = 0, reno = sqrt(3.0 / 2 * 400);

	(void)state;
	for (uint32_t round = 0; round < 2000; round++) {
		for (uint32_t left = cwnd_bytes / MSS; left; left--) {
			now_us += 1000 * MSS / cwnd_bytes;
			cwnd_bytes = cubic_grow(&cubic, cwnd_bytes, MSS, MSS, 1000, now_us);
			if (++acked % 400 == 0)
				cwnd_bytes = cubic_lost(&cubic, cwnd_bytes, cwnd_bytes, MSS).cwnd_bytes;
		}
		sum += cwnd_bytes / (double)MSS;
		rounds++;
	}
	assert_true(fabs(sum / rounds / reno - 1) < 0.1);
}

/* "alpha_cubic is 1 once W_est >= cwnd_prior": a segment a round trip then, and 9/17 of one before. */
static void test_reno_friendly_growth(void **state)
{
	struct pair pair = pair_after_loss(60, MSS, 1000, 0);

	(void)state;
	for (uint32_t round = 0; round < 80; round++) {
		uint32_t w_est_bytes = pair.cubic.w_est_bytes ? pair.cubic.w_est_bytes : pair.cwnd_bytes;
		bool is_late = w_est_bytes >= 60 * MSS, is_early = w_est_bytes < 59 * MSS;

		pair_round_trip(&pair);
		assert_int_equal(pair.cwnd_bytes, pair.cubic.w_est_bytes);
		if (is_late)
			assert_in_range(pair.cwnd_bytes - w_est_bytes, MSS * 95 / 100, MSS);
		if (is_early)
			assert_in_range(pair.cwnd_bytes - w_est_bytes, MSS * 49 / 100, MSS * 9 / 17 + 1);
	}
	assert_true(pair.cwnd_bytes > 70 * MSS);
}

/* Section 4.6: 0.7 of what was on the way; two segments remain after a loss, one after an echo, ssthresh has two. */
CLAIMS(RFC9438_4_6)
static void test_reduction(void **state)
{
	struct cubic cubic = {0};
	struct cubic_window window = cubic_lost(&cubic, 100 * MSS, 90 * MSS, MSS);

	(void)state;
	assert_int_equal(window.cwnd_bytes, 63 * MSS);
	assert_int_equal(window.ssthresh_bytes, 63 * MSS);
	assert_int_equal(cubic.w_max_bytes, 100 * MSS);
	assert_int_equal(cubic.cwnd_prior_bytes, 100 * MSS);
	window = cubic_lost(&cubic, 10 * MSS, MSS, MSS);
	assert_int_equal(window.cwnd_bytes, 2 * MSS);
	assert_int_equal(window.ssthresh_bytes, 2 * MSS);
	window = cubic_marked(&cubic, 2 * MSS, MSS, MSS);
	assert_int_equal(window.cwnd_bytes, MSS);
	assert_int_equal(window.ssthresh_bytes, 2 * MSS);
	window = cubic_marked(&cubic, 100 * MSS, 90 * MSS, MSS);
	assert_int_equal(window.cwnd_bytes, 63 * MSS);
	window = cubic_lost(&cubic, HUGE_BYTES, HUGE_BYTES, 65495);
	assert_int_equal(window.cwnd_bytes, HUGE_BYTES / 10 * 7 + 2);
}

/* Section 4.7: with less than last time, W_max is (1 + 0.7) / 2 of what there was; cwnd_prior is all of it. */
CLAIMS(RFC9438_4_7)
static void test_fast_convergence(void **state)
{
	struct cubic cubic = {0};

	(void)state;
	cubic_lost(&cubic, 100 * MSS, 100 * MSS, MSS);
	cubic_lost(&cubic, 80 * MSS, 80 * MSS, MSS);
	assert_int_equal(cubic.w_max_bytes, 68 * MSS);
	assert_int_equal(cubic.cwnd_prior_bytes, 80 * MSS);
	cubic_lost(&cubic, 68 * MSS, 68 * MSS, MSS);
	assert_int_equal(cubic.w_max_bytes, 68 * MSS);
	cubic_lost(&cubic, 200 * MSS, 200 * MSS, MSS);
	assert_int_equal(cubic.w_max_bytes, 200 * MSS);
}

/* Section 4.2: the target is at most 1.5 cwnd, so a window's acknowledgment is at most half a window's growth. */
static void test_growth_is_at_most_half_a_window(void **state)
{
	struct cubic cubic = {0};
	uint32_t cwnd_bytes = 100 * MSS;

	(void)state;
	cubic_grow(&cubic, cwnd_bytes, MSS, MSS, 100000, 0);
	for (uint32_t now_us = 1000 * SECOND_US; cwnd_bytes < HUGE_BYTES; now_us += SECOND_US / 10) {
		uint32_t grown = cubic_grow(&cubic, cwnd_bytes, cwnd_bytes, MSS, 100000, now_us);

		assert_in_range(grown, cwnd_bytes / 2 * 3 - 1 < HUGE_BYTES ? cwnd_bytes / 2 * 3 - 1 : HUGE_BYTES,
				cwnd_bytes / 2 * 3 + 1);
		cwnd_bytes = grown;
	}
	assert_int_equal(cubic_grow(&cubic, cwnd_bytes, 1000 * MSS, MSS, 100000, 0), HUGE_BYTES);
	assert_int_equal(cubic_grow(&cubic, 10 * MSS, 10000 * MSS, MSS, 100000, 0), 15 * MSS);
}

/* Section 4.8: K is 0, W_max and W_est are the window that congestion avoidance begins with. */
static void test_timeout(void **state)
{
	struct cubic cubic = {0};
	struct cubic_window window;
	struct pair pair = {.mss_bytes = MSS, .rtt_us = 50000};

	(void)state;
	cubic_lost(&cubic, 500 * MSS, 500 * MSS, MSS);
	window = cubic_timed_out(&cubic, 400 * MSS, 300 * MSS, MSS);
	assert_int_equal(window.cwnd_bytes, MSS);
	assert_int_equal(window.ssthresh_bytes, 210 * MSS);
	pair.cubic = cubic;
	pair.cwnd_bytes = window.ssthresh_bytes;
	pair.model = model_epoch(210, 0, 400);
	assert_true(pair.model.k < 1e-9);
	while (pair.now_us < 20 * SECOND_US)
		pair_round_trip(&pair);
	assert_true(pair.cwnd_bytes > 2000 * MSS);
}

/* Section 4.10: slow start that ended without a loss leaves W_max and cwnd_prior undefined. */
static void test_slow_start_that_ended_without_a_loss(void **state)
{
	struct pair pair = {
		.mss_bytes = MSS, .rtt_us = 50000, .cwnd_bytes = 300 * MSS, .model = model_epoch(300, 0, 0)};

	(void)state;
	while (pair.now_us < 20 * SECOND_US)
		pair_round_trip(&pair);
	assert_int_equal(pair.cubic.cwnd_prior_bytes, 300 * MSS);
	assert_true(pair.cwnd_bytes > 2000 * MSS);
}

/* After idleness cwnd was lowered and slow start led to ssthresh again: a new epoch, under the W_max of the old. */
static void test_restart_begins_a_new_epoch(void **state)
{
	struct pair pair = pair_after_loss(1000, MSS, 50000, 0);

	(void)state;
	while (pair.now_us < 3 * SECOND_US)
		pair_round_trip(&pair);
	cubic_restart(&pair.cubic);
	pair.now_us = 100 * SECOND_US;
	pair.cwnd_bytes = 700 * MSS;
	pair.model = model_epoch(700, 1000, 1000);
	while (pair.now_us < 110 * SECOND_US)
		pair_round_trip(&pair);
	assert_in_range(pair.cwnd_bytes, 990 * MSS, 1010 * MSS);
}

static uint32_t trace_from(uint32_t now_us, uint32_t pause_us, bool is_told)
{
	struct pair pair = pair_after_loss(2000, MSS, 50000, now_us);

	for (uint32_t i = 0; i < 400; i++) {
		pair.now_us += 50000;
		if (i % 40 == 20) {
			pair.now_us += pause_us;
			if (is_told)
				cubic_app_limited(&pair.cubic, pair.now_us);
			pair.now_us += 50000;
		}
		pair.cwnd_bytes = cubic_grow(&pair.cubic, pair.cwnd_bytes, pair.cwnd_bytes, MSS, 50000, pair.now_us);
	}
	return pair.cwnd_bytes;
}

/* 32 bits of microseconds are 71 minutes. */
static void test_clock_may_wrap(void **state)
{
	uint32_t from_zero = trace_from(0, 0, true);

	(void)state;
	assert_true(from_zero > 2100 * MSS);
	for (uint32_t before_us = 1; before_us < 40 * SECOND_US; before_us += SECOND_US / 3)
		assert_int_equal(trace_from(-before_us, 0, true), from_zero);
}

/* Section 5.8: what the application paused for is no time, if it was an hour and longer than the clock. */
static void test_pauses_of_the_application_do_not_count(void **state)
{
	uint32_t without = trace_from(0, 0, true);

	(void)state;
	assert_int_equal(trace_from(0, SECOND_US, true), without);
	assert_int_equal(trace_from(0, 3000U * SECOND_US, true), without);
	assert_int_equal(trace_from(99, 4294U * SECOND_US, true), without);
	assert_true(trace_from(0, 60 * SECOND_US, false) > 10 * without);
}

/* For five hours, an ACK a second, at the limit: never less, and never more than there can be. */
static void test_epoch_may_last_for_hours(void **state)
{
	struct pair pair = pair_after_loss(10000, MSS, 200000, 0);

	(void)state;
	for (uint32_t second = 0; second < 5 * 3600; second++) {
		uint32_t cwnd_bytes = pair.cwnd_bytes;

		pair.now_us += SECOND_US;
		pair.cwnd_bytes = cubic_grow(&pair.cubic, cwnd_bytes, MSS, MSS, pair.rtt_us, pair.now_us);
		assert_in_range(pair.cwnd_bytes, cwnd_bytes, HUGE_BYTES);
	}
	assert_int_equal(pair.cubic.from_k_us, INT32_MAX);
	assert_in_range(pair.cwnd_bytes, 10000 * MSS + 3600 * 5 / 2 * MSS / 2, HUGE_BYTES);
}

/* An old clock and one that jumped by more than half its range move nothing. */
static void test_clock_that_steps_back_counts_nothing(void **state)
{
	struct pair pair = pair_after_loss(1000, MSS, 50000, SECOND_US);
	int32_t from_k_us;

	(void)state;
	pair_acked(&pair, MSS);
	from_k_us = pair.cubic.from_k_us;
	pair.now_us -= 1000;
	pair.cwnd_bytes = cubic_grow(&pair.cubic, pair.cwnd_bytes, MSS, MSS, 50000, pair.now_us);
	assert_int_equal(pair.cubic.from_k_us, from_k_us);
	pair.now_us += 1U << 31;
	pair.cwnd_bytes = cubic_grow(&pair.cubic, pair.cwnd_bytes, MSS, MSS, 50000, pair.now_us);
	assert_int_equal(pair.cubic.from_k_us, from_k_us);
}

/* However small the parts that ACKs come in, they add up to the same. */
static void test_nothing_is_lost_to_division(void **state)
{
	static const uint32_t segments[] = {20, 20000};

	(void)state;
	for (uint32_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		struct pair whole = pair_after_loss(segments[i], MSS, 50000, 0), parts = whole;

		for (uint32_t ack = 0; ack < 2000; ack++) {
			whole.now_us += 100;
			pair_acked(&whole, MSS);
			parts.now_us = whole.now_us;
			for (uint32_t byte = 0; byte < MSS; byte++)
				parts.cwnd_bytes =
					cubic_grow(&parts.cubic, parts.cwnd_bytes, 1, MSS, 50000, parts.now_us);
			assert_true(labs((long)whole.cwnd_bytes - (long)parts.cwnd_bytes) < MSS / 8);
		}
		assert_within_a_segment(&whole);
	}
}

/* Section 4.9: the state, cwnd and ssthresh from before the reduction; a cwnd that has outgrown the old one stands. */
static void test_undo(void **state)
{
	struct pair pair = pair_after_loss(1000, MSS, 50000, 0), without;
	struct cubic_undo undo;
	struct cubic_window window;

	(void)state;
	while (pair.now_us < 2 * SECOND_US)
		pair_round_trip(&pair);
	without = pair;
	undo = cubic_save(&pair.cubic, pair.cwnd_bytes, 700 * MSS);
	window = cubic_lost(&pair.cubic, pair.cwnd_bytes, pair.cwnd_bytes, MSS);
	window = cubic_timed_out(&pair.cubic, window.cwnd_bytes, window.cwnd_bytes, MSS);
	window = cubic_restore(&pair.cubic, &undo, window.cwnd_bytes);
	assert_int_equal(window.ssthresh_bytes, 700 * MSS);
	pair.cwnd_bytes = window.cwnd_bytes;
	pair_round_trip(&pair);
	pair_round_trip(&without);
	assert_int_equal(pair.cwnd_bytes, without.cwnd_bytes);

	undo = cubic_save(&pair.cubic, pair.cwnd_bytes, 700 * MSS);
	cubic_lost(&pair.cubic, pair.cwnd_bytes, pair.cwnd_bytes, MSS);
	window = cubic_restore(&pair.cubic, &undo, 2000 * MSS);
	assert_int_equal(window.cwnd_bytes, 2000 * MSS);
	assert_int_equal(pair.cubic.w_est_bytes, 0);
}

struct chance {
	uint32_t cwnd_bytes, mss_bytes, now_us;
};

/* One call drawn at random; growth is judged, and everything else may only stay within the limits. */
static void chance_step(struct chance *chance, struct cubic *cubic, struct random *random)
{
	uint32_t cwnd_bytes = chance->cwnd_bytes, mss_bytes = chance->mss_bytes, die = random_below(random, 200);

	chance->now_us += random_below(random, 1U << random_below(random, 32));
	if (die == 0)
		chance->cwnd_bytes =
			cubic_lost(cubic, cwnd_bytes, random_below(random, cwnd_bytes), mss_bytes).cwnd_bytes;
	else if (die == 1)
		chance->cwnd_bytes = cubic_marked(cubic, cwnd_bytes, cwnd_bytes, mss_bytes).cwnd_bytes;
	else if (die == 2)
		chance->cwnd_bytes = cubic_timed_out(cubic, cwnd_bytes, cwnd_bytes, mss_bytes).ssthresh_bytes;
	else if (die < 10)
		cubic_app_limited(cubic, chance->now_us);
	else {
		uint32_t acked_bytes = 1 + random_below(random, 1U << random_below(random, 31));
		uint32_t srtt_us = random_below(random, 1U << random_below(random, 32));
		uint32_t grown = cubic_grow(cubic, cwnd_bytes, acked_bytes, mss_bytes, srtt_us, chance->now_us);
		uint64_t most = cwnd_bytes + cwnd_bytes / 2 + 1;

		if (grown != cubic->w_est_bytes)
			assert_in_range(grown, cwnd_bytes, most < HUGE_BYTES ? most : HUGE_BYTES);
		assert_in_range(grown, cwnd_bytes, HUGE_BYTES);
		assert_in_range(cubic->w_est_bytes, 1, HUGE_BYTES);
		chance->cwnd_bytes = grown;
	}
}

/* Segments of 1 byte to 64 KiB, windows to 2^30, any step of the clock: it only grows, and never too much. */
static void test_any_numbers(void **state)
{
	struct random random = {20260101};

	(void)state;
	for (uint32_t life = 0; life < 300; life++) {
		struct cubic cubic = {0};
		struct chance chance = {.mss_bytes = 1 + random_below(&random, 1U << random_below(&random, 17))};

		chance.cwnd_bytes = chance.mss_bytes * (1 + random_below(&random, HUGE_BYTES / chance.mss_bytes));
		for (uint32_t i = 0; i < 1000; i++)
			chance_step(&chance, &cubic, &random);
	}
}

/* Losses, echoes, timeouts and growth at random, ACK by ACK, as the RFC has them. */
static void test_any_life_is_that_of_the_rfc(void **state)
{
	struct random random = {20260101};

	(void)state;
	for (uint32_t life = 0; life < 200; life++) {
		struct pair pair =
			pair_after_loss(10 + random_below(&random, 20000), 88 + random_below(&random, 9000),
					1000 + random_below(&random, 300000), (uint32_t)random_next(&random));

		for (uint32_t epoch = 0; epoch < 5; epoch++) {
			double w_max = pair.model.w_max, cwnd = pair.model.cwnd;
			struct cubic_window window;

			for (uint32_t round = random_below(&random, 60); round; round--)
				pair_round_trip(&pair);
			cwnd = pair.model.cwnd;
			window = cubic_lost(&pair.cubic, pair.cwnd_bytes, pair.cwnd_bytes, pair.mss_bytes);
			pair.cwnd_bytes = window.cwnd_bytes;
			pair.now_us += pair.rtt_us;
			pair.model = model_epoch(fmax(0.7 * cwnd, 2), cwnd < w_max ? cwnd * 1.7 / 2 : cwnd, cwnd);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curve_is_the_cube),
		cmocka_unit_test(test_k_puts_the_epoch_on_the_curve),
		cmocka_unit_test(test_trace_is_that_of_the_rfc),
		cmocka_unit_test(test_concave_then_convex),
		cmocka_unit_test(test_low_product_of_bandwidth_and_delay_is_reno),
		cmocka_unit_test(test_reno_friendly_growth),
		cmocka_unit_test(test_reduction),
		cmocka_unit_test(test_fast_convergence),
		cmocka_unit_test(test_growth_is_at_most_half_a_window),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_slow_start_that_ended_without_a_loss),
		cmocka_unit_test(test_restart_begins_a_new_epoch),
		cmocka_unit_test(test_clock_may_wrap),
		cmocka_unit_test(test_pauses_of_the_application_do_not_count),
		cmocka_unit_test(test_epoch_may_last_for_hours),
		cmocka_unit_test(test_clock_that_steps_back_counts_nothing),
		cmocka_unit_test(test_nothing_is_lost_to_division),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_any_numbers),
		cmocka_unit_test(test_any_life_is_that_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
