/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HyStart++ against RFC 9406 section 4: rounds of ACKs with the round trips that the test says.
 */
#include "lib/core/hystart.h"
#include "tests/claims/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MSS 1000U

/* Slow start of a window of whole segments; each round acknowledges the window that was sent in the round before. */
struct flow {
	struct hystart hystart;
	struct seq snd_una, snd_nxt;
	uint32_t cwnd_bytes;
	uint32_t round_bytes; /* what the last round acknowledged */
	bool is_over;
};

static struct flow flow_of(uint32_t segments, uint32_t first)
{
	struct flow flow = {.snd_una = seq_of(first), .cwnd_bytes = segments * MSS};

	hystart_begin(&flow.hystart, flow.snd_una);
	flow.snd_nxt = seq_add(flow.snd_una, flow.cwnd_bytes);
	assert_false(hystart_acked(&flow.hystart, flow.snd_una, flow.snd_nxt)); /* the first round begins with data */
	return flow;
}

/* One ACK; what it lets go leaves at once. Returns whether it said that slow start is over. */
static bool acks(struct flow *flow, uint32_t acked_bytes, uint32_t rtt_us)
{
	flow->snd_una = seq_add(flow->snd_una, acked_bytes);
	hystart_sample(&flow->hystart, rtt_us);
	flow->cwnd_bytes += hystart_grow(&flow->hystart, acked_bytes, MSS);
	flow->is_over |= hystart_acked(&flow->hystart, flow->snd_una, flow->snd_nxt);
	flow->snd_nxt = seq_add(flow->snd_una, flow->cwnd_bytes);
	return flow->is_over;
}

/* A whole round whose ACKs of a segment all take as long; returns by how much it grew. */
static uint32_t round_trip(struct flow *flow, uint32_t rtt_us)
{
	struct seq end = hystart_is_on(&flow->hystart) ? flow->hystart.window_end : flow->snd_nxt;
	uint32_t before_bytes = flow->cwnd_bytes;

	flow->round_bytes = seq_distance(end, flow->snd_una);
	while (seq_before(flow->snd_una, end)) {
		uint32_t left_bytes = seq_distance(end, flow->snd_una);

		acks(flow, left_bytes < MSS ? left_bytes : MSS, rtt_us);
	}
	return flow->cwnd_bytes - before_bytes;
}

/* RttThresh = max(4 ms, min(lastRoundMinRTT / 8, 16 ms)). */
static void test_threshold(void **state)
{
	static const struct {
		uint32_t last_us, thresh_us;
	} row[] = {{1, 4000}, {31999, 4000}, {32000, 4000}, {40000, 5000}, {128000, 16000}, {1000000, 16000}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(hystart_thresh_us(row[i].last_us), row[i].thresh_us);
}

/* The same round trip every time: slow start goes on, and doubles. */
static void test_steady_delay_stays_in_slow_start(void **state)
{
	struct flow flow = flow_of(10, 0);

	(void)state;
	for (uint32_t round = 0; round < 10; round++) {
		uint32_t grown_bytes = round_trip(&flow, 50000);

		assert_int_equal(grown_bytes, flow.round_bytes);
		assert_int_equal(flow.hystart.phase, HYSTART_SLOW_START);
	}
}

/* The eighth sample of a round decides, and a microsecond below the threshold is none. */
CLAIMS(RFC9406_4_2)
static void test_enters_css_at_the_eighth_slow_sample(void **state)
{
	struct flow flow = flow_of(20, 0), faster;

	(void)state;
	round_trip(&flow, 40000);
	faster = flow;
	for (uint32_t i = 0; i < 7; i++)
		acks(&flow, MSS, 45000);
	assert_int_equal(flow.hystart.phase, HYSTART_SLOW_START);
	acks(&flow, MSS, 45000);
	assert_int_equal(flow.hystart.phase, HYSTART_CSS);
	assert_int_equal(flow.hystart.css_baseline_min_rtt_us, 45000);
	round_trip(&faster, 44999);
	assert_int_equal(faster.hystart.phase, HYSTART_SLOW_START);
}

/* The least of the round counts: one fast sample before the eighth, and there is no increase. */
static void test_minimum_of_the_round_counts(void **state)
{
	struct flow flow = flow_of(20, 0);

	(void)state;
	round_trip(&flow, 40000);
	acks(&flow, MSS, 41000);
	round_trip(&flow, 90000);
	assert_int_equal(flow.hystart.phase, HYSTART_SLOW_START);
}

/* Fewer than N_RTT_SAMPLE samples in a round say nothing. */
static void test_seven_samples_say_nothing(void **state)
{
	struct flow flow = flow_of(7, 0);

	(void)state;
	round_trip(&flow, 40000);
	flow.snd_nxt = seq_add(flow.snd_una, 7 * MSS);
	flow.hystart.window_end = flow.snd_nxt;
	for (uint32_t i = 0; i < 7; i++)
		acks(&flow, MSS, 400000);
	assert_int_equal(flow.hystart.phase, HYSTART_SLOW_START);
}

/* A first round has nothing to be compared with, nor has one after a round without a sample. */
static void test_no_last_round_says_nothing(void **state)
{
	struct flow flow = flow_of(20, 0);

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		acks(&flow, MSS, 40000 + i * 10000);
	assert_int_equal(flow.hystart.phase, HYSTART_SLOW_START);
	assert_false(hystart_acked(&flow.hystart, flow.hystart.window_end, seq_add(flow.hystart.window_end, 1)));
	assert_false(hystart_acked(&flow.hystart, flow.hystart.window_end, seq_add(flow.snd_nxt, 100 * MSS)));
	for (uint32_t i = 0; i < 20; i++)
		hystart_sample(&flow.hystart, 400000);
	assert_int_equal(flow.hystart.phase, HYSTART_SLOW_START);
}

/* Section 4.2: a quarter of the growth, for five rounds with the partial one that it began in; then ssthresh is cwnd. */
static void test_five_rounds_of_css_end_slow_start(void **state)
{
	struct flow flow = flow_of(20, 0);
	uint32_t rounds = 1;

	(void)state;
	round_trip(&flow, 40000);
	round_trip(&flow, 60000);
	assert_int_equal(flow.hystart.phase, HYSTART_CSS);
	for (; !flow.is_over; rounds++) {
		uint32_t grown_bytes = round_trip(&flow, 60000 + rounds);

		assert_in_range(grown_bytes, flow.round_bytes / 4, flow.round_bytes / 4 + 1);
	}
	assert_int_equal(rounds, HYSTART_CSS_ROUNDS);
	assert_false(hystart_is_on(&flow.hystart));
	flow.is_over = false;
	round_trip(&flow, 90000);
	assert_false(flow.is_over);
}

/* "The round's minimum drops below the baseline": it was jitter, and slow start resumes in full. */
static void test_css_that_was_wrong_resumes_slow_start(void **state)
{
	struct flow flow = flow_of(20, 0);
	uint32_t grown_bytes;

	(void)state;
	round_trip(&flow, 40000);
	round_trip(&flow, 60000);
	round_trip(&flow, 60000); /* not below */
	assert_int_equal(flow.hystart.phase, HYSTART_CSS);
	for (uint32_t i = 0; i < 7; i++)
		acks(&flow, MSS, 41000);
	assert_int_equal(flow.hystart.phase, HYSTART_CSS);
	acks(&flow, MSS, 41000);
	assert_int_equal(flow.hystart.phase, HYSTART_SLOW_START);
	assert_int_equal(flow.hystart.css_baseline_min_rtt_us, HYSTART_RTT_UNKNOWN);
	round_trip(&flow, 41000);
	grown_bytes = round_trip(&flow, 41000);
	assert_int_equal(grown_bytes, flow.round_bytes);

	round_trip(&flow, 60000); /* and once more: five whole rounds again */
	assert_int_equal(flow.hystart.phase, HYSTART_CSS);
	for (uint32_t round = 1; round < HYSTART_CSS_ROUNDS; round++) {
		assert_false(flow.is_over);
		round_trip(&flow, 60000);
	}
	assert_true(flow.is_over);
}

/* min(N, L * SMSS), and a quarter of that in CSS, where no byte is lost to the division. */
static void test_growth(void **state)
{
	struct hystart hystart;
	uint32_t grown_bytes = 0;

	(void)state;
	hystart_begin(&hystart, seq_of(0));
	assert_int_equal(hystart_grow(&hystart, 1, MSS), 1);
	assert_int_equal(hystart_grow(&hystart, HYSTART_L * MSS, MSS), HYSTART_L * MSS);
	assert_int_equal(hystart_grow(&hystart, (HYSTART_L + 1) * MSS, MSS), HYSTART_L * MSS);
	hystart.phase = HYSTART_CSS;
	assert_int_equal(hystart_grow(&hystart, 100 * MSS, MSS), HYSTART_L / 4 * MSS);
	for (uint32_t i = 0; i < 4000; i++)
		grown_bytes += hystart_grow(&hystart, 1, MSS);
	assert_int_equal(grown_bytes, 1000);
	hystart_end(&hystart);
	assert_int_equal(hystart_grow(&hystart, 4, MSS), 4);
}

/* Sections 4.2 and 4.3: a loss ends it, in slow start and in CSS, and nothing starts it again. */
static void test_loss_ends_it(void **state)
{
	struct flow flow = flow_of(20, 0), css;

	(void)state;
	round_trip(&flow, 40000);
	css = flow;
	round_trip(&css, 60000);
	hystart_end(&flow.hystart);
	hystart_end(&css.hystart);
	for (uint32_t round = 0; round < 7; round++) {
		round_trip(&flow, 60000);
		round_trip(&css, 20000);
	}
	assert_false(flow.is_over || css.is_over || hystart_is_on(&flow.hystart) || hystart_is_on(&css.hystart));
}

/* Rounds are counted where numbers wrap as anywhere else. */
static void test_rounds_cross_the_wrap(void **state)
{
	struct flow flow = flow_of(20, 0), wrapping = flow_of(20, UINT32_MAX - 100 * MSS);

	(void)state;
	for (uint32_t round = 0; round < 9; round++) {
		uint32_t rtt_us = round < 3 ? 40000 : 60000;

		assert_int_equal(round_trip(&flow, rtt_us), round_trip(&wrapping, rtt_us));
		assert_int_equal(flow.hystart.phase, wrapping.hystart.phase);
		assert_int_equal(flow.is_over, round >= 7);
	}
	assert_true(wrapping.snd_una.value < flow.snd_una.value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threshold),
		cmocka_unit_test(test_steady_delay_stays_in_slow_start),
		cmocka_unit_test(test_enters_css_at_the_eighth_slow_sample),
		cmocka_unit_test(test_minimum_of_the_round_counts),
		cmocka_unit_test(test_seven_samples_say_nothing),
		cmocka_unit_test(test_no_last_round_says_nothing),
		cmocka_unit_test(test_five_rounds_of_css_end_slow_start),
		cmocka_unit_test(test_css_that_was_wrong_resumes_slow_start),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_loss_ends_it),
		cmocka_unit_test(test_rounds_cross_the_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
