/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control's arithmetic against the formulas of RFC 5681, 3465, 6582 and 6928.
 */
#include "lib/core/cc.h"
#include "tests/claims/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MSS 1000U

/* RFC 6928 (1): min(10 MSS, max(2 MSS, 14600)). */
CLAIMS(RFC6928_2)
static void test_initial_window_rfc6928(void **state)
{
	static const struct {
		uint32_t mss, window;
	} row[] = {{216, 2160}, {536, 5360}, {1220, 12200}, {1448, 14480}, {1460, 14600}, {2000, 14600}, {8960, 17920}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(cc_initial_window(row[i].mss, 10), row[i].window);
	assert_int_equal(cc_initial_window(1460, 1), 1460);
	assert_int_equal(cc_initial_window(1460, 4), 5840);
}

/* RFC 5681 (2) and RFC 3465 section 2.2: by what was acknowledged, at most L segments of it. */
CLAIMS(RFC5681_3_1)
static void test_slow_start_counts_bytes_rfc3465(void **state)
{
	(void)state;
	assert_int_equal(cc_grow(10 * MSS, 100 * MSS, MSS, MSS), 11 * MSS);
	assert_int_equal(cc_grow(10 * MSS, 100 * MSS, 1, MSS), 10 * MSS + 1); /* ACK splitting gains nothing */
	assert_int_equal(cc_grow(10 * MSS, 100 * MSS, 2 * MSS, MSS), 12 * MSS);
	assert_int_equal(cc_grow(10 * MSS, 1000 * MSS, 500 * MSS, MSS), 10 * MSS + CC_SLOW_START_SEGMENTS_MAX * MSS);
}

/* Every byte of a window acknowledged once doubles it. */
static void test_slow_start_doubles_in_a_round_trip(void **state)
{
	uint32_t cwnd = 16 * MSS;

	(void)state;
	for (uint32_t acked = 0; acked < 16 * MSS; acked += 2 * MSS)
		cwnd = cc_grow(cwnd, UINT32_MAX, 2 * MSS, MSS);
	assert_int_equal(cwnd, 32 * MSS);
}

/* RFC 5681 (3): a window of acknowledged bytes adds about one segment, however the ACKs are cut. */
static void test_avoidance_adds_a_segment_in_a_round_trip(void **state)
{
	static const uint32_t step[] = {MSS, 2 * MSS, 5 * MSS, 40 * MSS};

	(void)state;
	for (uint32_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		uint32_t cwnd = 40 * MSS;

		for (uint32_t acked = 0; acked < 40 * MSS; acked += step[i])
			cwnd = cc_grow(cwnd, 20 * MSS, step[i], MSS);
		assert_in_range(cwnd, 41 * MSS - MSS / 20, 41 * MSS);
	}
}

/* "Fall back to 1 byte" where the division says 0; and one ACK of more than a window counts one window. */
static void test_avoidance_at_its_ends(void **state)
{
	(void)state;
	assert_int_equal(cc_grow(1U << 24, 1U << 20, MSS, MSS), (1U << 24) + 1);
	assert_int_equal(cc_grow(1U << 24, 1U << 20, 1, MSS), 1U << 24); /* but not for slices of a segment */
	assert_int_equal(cc_grow(10 * MSS, 10 * MSS, 1000 * MSS, MSS), 11 * MSS);
	assert_int_equal(cc_grow(1U << 30, 1U << 20, MSS, MSS), 1U << 30);
	assert_int_equal(cc_grow((1U << 30) - 1, UINT32_MAX, 8 * MSS, MSS), 1U << 30);
}

/* RFC 5681 (4): max(FlightSize / 2, 2 SMSS), never cwnd / 2. */
CLAIMS(RFC5681_3_1a)
static void test_ssthresh_rfc5681(void **state)
{
	(void)state;
	assert_int_equal(cc_ssthresh(20 * MSS, MSS), 10 * MSS);
	assert_int_equal(cc_ssthresh(4 * MSS, MSS), 2 * MSS);
	assert_int_equal(cc_ssthresh(3 * MSS, MSS), 2 * MSS);
	assert_int_equal(cc_ssthresh(0, MSS), 2 * MSS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initial_window_rfc6928),
		cmocka_unit_test(test_slow_start_counts_bytes_rfc3465),
		cmocka_unit_test(test_slow_start_doubles_in_a_round_trip),
		cmocka_unit_test(test_avoidance_adds_a_segment_in_a_round_trip),
		cmocka_unit_test(test_avoidance_at_its_ends),
		cmocka_unit_test(test_ssthresh_rfc5681),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
