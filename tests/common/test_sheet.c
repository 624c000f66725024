/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Columns that align, numbers that read.
 */
#include "app/common/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_columns_align(void **state)
{
	struct sheet sheet;
	char *text;
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	(void)state;
	sheet_begin(&sheet, "what|count|p50");
	sheet_row(&sheet);
	sheet_cell(&sheet, "requests");
	sheet_cell(&sheet, "%d", 1234567);
	sheet_row(&sheet);
	sheet_cell(&sheet, "x");
	sheet_cell(&sheet, "7");
	sheet_cell(&sheet, "%.1f ms", 2.5);
	sheet_print(&sheet, file);
	fclose(file);
	assert_string_equal(text, "  what        count     p50\n"
				  "  requests  1234567        \n"
				  "  x               7  2.5 ms\n");
	free(text);
}

static void test_counts_have_separators(void **state)
{
	char text[SHEET_NUMBER_BYTES];

	(void)state;
	assert_string_equal(sheet_count(0, text), "0");
	assert_string_equal(sheet_count(999, text), "999");
	assert_string_equal(sheet_count(1000, text), "1,000");
	assert_string_equal(sheet_count(1234567, text), "1,234,567");
	assert_string_equal(sheet_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

static void test_times_have_units(void **state)
{
	char text[SHEET_NUMBER_BYTES];

	(void)state;
	assert_string_equal(sheet_time(0, text), "0 ns");
	assert_string_equal(sheet_time(999, text), "999 ns");
	assert_string_equal(sheet_time(1500, text), "1.50 us");
	assert_string_equal(sheet_time(15000, text), "15.0 us");
	assert_string_equal(sheet_time(1234567, text), "1.23 ms");
	assert_string_equal(sheet_time(150e6, text), "150 ms");
	assert_string_equal(sheet_time(2e9, text), "2.00 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_align),
		cmocka_unit_test(test_counts_have_separators),
		cmocka_unit_test(test_times_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
