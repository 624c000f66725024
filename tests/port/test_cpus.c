/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs: all different, only allowed ones, CPU 0 last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include "lib/port/cpus.h"

static const int nowhere[4] = {-1, -1, -1, -1};

static void test_reads_the_affinity_mask(void **state)
{
	struct cpus cpus;
	cpu_set_t before, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	cpus_read(&cpus);
	assert_int_equal(cpus.allowed_count, CPU_COUNT(&before));
	CPU_ZERO(&one);
	CPU_SET(cpus.allowed[cpus.allowed_count - 1], &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	cpus_read(&cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(cpus.allowed_count, 1);
	assert_true(CPU_ISSET(cpus.allowed[0], &one));
}

static void test_zero_comes_last(void **state)
{
	struct cpus cpus = {.allowed_count = 2, .allowed = {0, 1}};
	uint16_t chosen[4];

	(void)state;
	assert_int_equal(cpus_choose(&cpus, nowhere, 1, chosen), 1);
	assert_int_equal(chosen[0], 1);
	assert_int_equal(cpus_choose(&cpus, nowhere, 2, chosen), 2);
	assert_int_equal(chosen[0], 1);
	assert_int_equal(chosen[1], 0);
}

static void test_finds_no_more_than_allowed(void **state)
{
	/* CPUs beyond any machine's: nothing is known about them, and each is taken once */
	struct cpus cpus = {.allowed_count = 3, .allowed = {1001, 1005, 1009}};
	uint16_t chosen[4];

	(void)state;
	assert_int_equal(cpus_choose(&cpus, nowhere, 4, chosen), 3);
	assert_int_equal(chosen[0], 1001);
	assert_int_equal(chosen[1], 1005);
	assert_int_equal(chosen[2], 1009);
	cpus.allowed_count = 0;
	assert_int_equal(cpus_choose(&cpus, nowhere, 1, chosen), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_the_affinity_mask),
		cmocka_unit_test(test_zero_comes_last),
		cmocka_unit_test(test_finds_no_more_than_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
