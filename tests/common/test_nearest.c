/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Distances between words, and which of them is worth suggesting.
 */
#include "app/common/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_edits_are_counted(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("", ""), 0);
	assert_int_equal(nearest_distance("abc", "abc"), 0);
	assert_int_equal(nearest_distance("", "abc"), 3);
	assert_int_equal(nearest_distance("abc", ""), 3);
	assert_int_equal(nearest_distance("abc", "abd"), 1);
	assert_int_equal(nearest_distance("abc", "ab"), 1);
	assert_int_equal(nearest_distance("abc", "xabc"), 1);
	assert_int_equal(nearest_distance("paht", "path"), 1); /* a swap is one edit */
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
	assert_int_equal(nearest_distance("ca", "abc"), 3); /* nothing is edited twice */
}

static void test_a_word_too_long_is_far_away(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("a-very-long-word-that-is-longer-than-forty-eight-letters", "a"), UINT32_MAX);
}

static void test_the_nearest_word_wins(void **state)
{
	struct nearest nearest = {.typed = "concurency"};

	(void)state;
	nearest_offer(&nearest, "currency");
	nearest_offer(&nearest, "concurrency");
	nearest_offer(&nearest, "connections");
	assert_string_equal(nearest.word, "concurrency");
	assert_int_equal(nearest.distance, 1);
}

static void test_an_unfinished_word_is_finished(void **state)
{
	struct nearest unfinished = {.typed = "loop"}, mistyped = {.typed = "time-waits"}, short_one = {.typed = "lo"};

	(void)state;
	nearest_offer(&unfinished, "mtu");
	nearest_offer(&unfinished, "loopback");
	nearest_offer(&unfinished, "loopback-addresses");
	assert_string_equal(unfinished.word, "loopback");
	nearest_offer(&unfinished, "look");
	assert_string_equal(unfinished.word, "look"); /* one letter wrong is nearer */
	nearest_offer(&mistyped, "time-waits-for-nobody");
	nearest_offer(&mistyped, "time-wait");
	assert_string_equal(mistyped.word, "time-wait");
	nearest_offer(&short_one, "loopback");
	assert_null(short_one.word);
}

static void test_nothing_near_nothing_said(void **state)
{
	struct nearest nearest = {.typed = "xyzzy"};

	(void)state;
	nearest_offer(&nearest, "mtu");
	nearest_offer(&nearest, "address");
	assert_null(nearest.word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits_are_counted),         cmocka_unit_test(test_a_word_too_long_is_far_away),
		cmocka_unit_test(test_the_nearest_word_wins),     cmocka_unit_test(test_an_unfinished_word_is_finished),
		cmocka_unit_test(test_nothing_near_nothing_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
