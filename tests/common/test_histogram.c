/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Histograms against sorted arrays of what was recorded.
 */
#include "app/common/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SAMPLES 20000

static struct histogram histogram, other;
static uint64_t samples[SAMPLES];

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static int forget(void **state)
{
	(void)state;
	histogram_reset(&histogram);
	histogram_reset(&other);
	return 0;
}

static void test_every_value_lies_in_its_bucket(void **state)
{
	(void)state;
	for (uint64_t value = 0; value <= HISTOGRAM_HIGHEST_NS; value += 1 + value / 3000) {
		uint32_t index = histogram_index(value);

		assert_in_range(index, 0, HISTOGRAM_BUCKET_COUNT - 1);
		assert_in_range(value, histogram_bucket_first_ns(index), histogram_bucket_last_ns(index));
	}
}

static void test_buckets_meet_without_gap(void **state)
{
	(void)state;
	assert_int_equal(histogram_bucket_first_ns(0), 0);
	for (uint32_t i = 1; i < HISTOGRAM_BUCKET_COUNT; i++) {
		assert_int_equal(histogram_bucket_first_ns(i), histogram_bucket_last_ns(i - 1) + 1);
		assert_int_equal(histogram_index(histogram_bucket_first_ns(i)), i);
		assert_int_equal(histogram_index(histogram_bucket_last_ns(i)), i);
	}
}

/* Three significant digits: a bucket is no wider than a thousandth of where it lies. */
static void test_buckets_are_narrow(void **state)
{
	(void)state;
	for (uint32_t i = 2048; i < HISTOGRAM_BUCKET_COUNT; i++) {
		uint64_t first = histogram_bucket_first_ns(i), last = histogram_bucket_last_ns(i);

		assert_true((last - first) * 1000 <= first);
	}
}

/* Spread over all magnitudes, or crowded in one. */
static void percentiles_compare(uint64_t seed, bool is_spread)
{
	static const uint32_t parts[] = {0,    1,    100,  1000, 2500, 5000,
					 7500, 9000, 9900, 9990, 9999, 10000}; /* of 10,000 */
	double sum = 0;

	histogram_reset(&histogram);
	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint64_t value = next_random(&seed) >> (is_spread ? 23 + next_random(&seed) % 40 : 40);

		samples[i] = value > HISTOGRAM_HIGHEST_NS ? HISTOGRAM_HIGHEST_NS : value;
		histogram_record(&histogram, value);
		sum += (double)samples[i];
	}
	qsort(samples, SAMPLES, sizeof(samples[0]), compare);
	for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint32_t rank = (parts[i] * SAMPLES + 9999) / 10000;
		uint64_t exact = samples[rank ? rank - 1 : 0];
		uint64_t found = histogram_percentile_ns(&histogram, parts[i] / 100.0);

		assert_true(found >= exact);
		assert_true(found - exact <= exact / 1000);
	}
	assert_int_equal(histogram_total(&histogram), SAMPLES);
	assert_int_equal(histogram_min_ns(&histogram), samples[0]);
	assert_int_equal(histogram_max_ns(&histogram), samples[SAMPLES - 1]);
	assert_true(histogram_mean_ns(&histogram) > sum / SAMPLES * 0.999);
	assert_true(histogram_mean_ns(&histogram) < sum / SAMPLES * 1.001);
}

static void test_percentiles_against_a_sorted_array(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		percentiles_compare(seed, true);
		percentiles_compare(seed, false);
	}
}

static void test_an_empty_one_says_zero(void **state)
{
	(void)state;
	assert_int_equal(histogram_total(&histogram), 0);
	assert_int_equal(histogram_percentile_ns(&histogram, 50), 0);
	assert_int_equal(histogram_min_ns(&histogram), 0);
	assert_int_equal(histogram_max_ns(&histogram), 0);
	assert_true(histogram_mean_ns(&histogram) == 0);
}

static void test_beyond_an_hour_is_an_hour(void **state)
{
	(void)state;
	histogram_record(&histogram, UINT64_MAX);
	assert_int_equal(histogram_total(&histogram), 1);
	assert_int_equal(histogram_max_ns(&histogram), HISTOGRAM_HIGHEST_NS);
	assert_int_equal(histogram_percentile_ns(&histogram, 100), HISTOGRAM_HIGHEST_NS);
}

static void test_merging_is_recording_into_one(void **state)
{
	static struct histogram whole;
	uint64_t seed = 7;

	(void)state;
	histogram_reset(&whole);
	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint64_t value = next_random(&seed) >> 30;

		histogram_record(&whole, value);
		histogram_record(i % 3 ? &histogram : &other, value);
	}
	histogram_merge(&histogram, &other);
	assert_memory_equal(&whole, &histogram, sizeof(whole));
}

static void test_a_difference_is_what_came_between(void **state)
{
	static struct histogram earlier, between, expected;
	uint64_t seed = 9;

	(void)state;
	histogram_reset(&expected);
	histogram_record(&histogram, 5);
	histogram_copy(&earlier, &histogram);
	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint64_t value = 100 + (next_random(&seed) >> 40);

		histogram_record(&histogram, value);
		histogram_record(&expected, value);
	}
	histogram_difference(&between, &histogram, &earlier);
	assert_memory_equal(between.count, expected.count, sizeof(expected.count));
	assert_in_range(histogram_min_ns(&between), histogram_min_ns(&expected) * 999 / 1000,
			histogram_min_ns(&expected));
	assert_int_equal(histogram_max_ns(&between), histogram_max_ns(&expected));
}

static void test_a_reset_between_is_survived(void **state)
{
	static struct histogram earlier, between;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		histogram_record(&histogram, 1000);
	histogram_copy(&earlier, &histogram);
	histogram_reset(&histogram);
	for (uint32_t i = 0; i < 3; i++)
		histogram_record(&histogram, 1000);
	histogram_difference(&between, &histogram, &earlier);
	assert_int_equal(histogram_total(&between), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_value_lies_in_its_bucket, forget),
		cmocka_unit_test_setup(test_buckets_meet_without_gap, forget),
		cmocka_unit_test_setup(test_buckets_are_narrow, forget),
		cmocka_unit_test_setup(test_percentiles_against_a_sorted_array, forget),
		cmocka_unit_test_setup(test_an_empty_one_says_zero, forget),
		cmocka_unit_test_setup(test_beyond_an_hour_is_an_hour, forget),
		cmocka_unit_test_setup(test_merging_is_recording_into_one, forget),
		cmocka_unit_test_setup(test_a_difference_is_what_came_between, forget),
		cmocka_unit_test_setup(test_a_reset_between_is_survived, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
