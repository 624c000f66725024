/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock agrees with the kernel's, never goes back, and its multiplication is exact enough for years.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/port/clock.h"
#include "tests/port/scene.h"

static struct ports ports; /* EAL measures the counter */

static int open_scene(void **state)
{
	(void)state;
	scene_open(&ports);
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	return (int)ports_destroy(&ports);
}

static void test_agrees_with_the_kernel(void **state)
{
	struct clock clock;

	(void)state;
	clock_make(&clock);
	for (int i = 0; i < 5; i++) {
		int64_t apart_ns;

		usleep(20000);
		apart_ns = (int64_t)(clock_now_ns(&clock) - clock_kernel_ns());
		/* 1 % of what has passed, and a millisecond in which we were not running */
		assert_true(llabs(apart_ns) < (i + 1) * 200000 + 1000000);
	}
}

static void test_multiplier_is_exact(void **state)
{
	struct clock clock = {0};
	const uint64_t hz = 2499998760, year_s = 365 * 86400ULL;

	(void)state;
	clock.multiplier = clock_multiplier(hz);
	assert_int_equal(clock_ns_of_cycles(&clock, hz), 999999999); /* rounded down */
	assert_in_range(clock_ns_of_cycles(&clock, 30 * year_s * hz), 30 * year_s * 1000000000 - 1000,
			30 * year_s * 1000000000);
	assert_int_equal(clock_multiplier(99999999), 0); /* too coarse: the kernel is asked */
	clock.multiplier = clock_multiplier(100000000);
	assert_in_range(clock_ns_of_cycles(&clock, 1000000), 9999999, 10000000);
}

static void test_never_goes_back(void **state)
{
	struct clock clock;

	(void)state;
	clock_make(&clock);
	clock.last_ns += 3600000000000; /* as if read on a core an hour ahead */
	assert_int_equal(clock_now_ns(&clock), clock.last_ns);
	assert_int_equal(clock_now_ns(&clock), clock.last_ns);
}

static void test_without_a_counter_asks_the_kernel(void **state)
{
	struct clock clock;
	uint64_t before_ns = clock_kernel_ns(), now_ns;

	(void)state;
	clock_make(&clock);
	clock.multiplier = 0;
	now_ns = clock_now_ns(&clock);
	assert_in_range(now_ns, before_ns, clock_kernel_ns());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_kernel),
		cmocka_unit_test(test_multiplier_is_exact),
		cmocka_unit_test(test_never_goes_back),
		cmocka_unit_test(test_without_a_counter_asks_the_kernel),
	};

	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
