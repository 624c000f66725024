/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where EAL's arguments end.
 */
#include "app/common/eal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char program[] = "prog", lcores[] = "-l", one[] = "1", dashes[] = "--", flag[] = "--flag";

static void test_without_dashes_all_is_the_programs(void **state)
{
	char *argv[] = {program, flag, lcores, NULL};
	struct eal_split split = eal_split(3, argv);

	(void)state;
	assert_null(split.eal_arguments);
	assert_int_equal(split.eal_argument_count, 0);
	assert_int_equal(split.argument_count, 2);
	assert_ptr_equal(split.arguments[0], flag);
}

static void test_before_the_dashes_is_eals(void **state)
{
	char *argv[] = {program, lcores, one, dashes, flag, NULL};
	struct eal_split split = eal_split(5, argv);

	(void)state;
	assert_int_equal(split.eal_argument_count, 2);
	assert_ptr_equal(split.eal_arguments[0], lcores);
	assert_ptr_equal(split.eal_arguments[1], one);
	assert_int_equal(split.argument_count, 1);
	assert_ptr_equal(split.arguments[0], flag);
}

static void test_the_first_dashes_count(void **state)
{
	char *argv[] = {program, lcores, dashes, flag, dashes, one, NULL};
	struct eal_split split = eal_split(6, argv);

	(void)state;
	assert_int_equal(split.eal_argument_count, 1);
	assert_int_equal(split.argument_count, 3);
}

static void test_nothing_on_either_side(void **state)
{
	char *bare[] = {program, NULL}, *leading[] = {program, dashes, flag, NULL},
	     *trailing[] = {program, one, dashes, NULL};
	struct eal_split split = eal_split(1, bare);

	(void)state;
	assert_int_equal(split.argument_count, 0);
	assert_null(split.eal_arguments);
	split = eal_split(3, leading);
	assert_null(split.eal_arguments);
	assert_int_equal(split.argument_count, 1);
	split = eal_split(3, trailing);
	assert_int_equal(split.eal_argument_count, 1);
	assert_int_equal(split.argument_count, 0);
	split = eal_split(0, bare + 1);
	assert_int_equal(split.argument_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_dashes_all_is_the_programs),
		cmocka_unit_test(test_before_the_dashes_is_eals),
		cmocka_unit_test(test_the_first_dashes_count),
		cmocka_unit_test(test_nothing_on_either_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
