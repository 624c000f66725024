/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dates in all three formats of RFC 9110 section 5.6.7, against libc's calendar over six centuries.
 */
#include "app/httpd/http_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#define EXAMPLE_S 784111777            /* of the RFC */
#define NOW_S     UINT64_C(1750000000) /* June 2025 */

static void expect_time(const char *text, uint64_t expected_s)
{
	uint64_t time_s = 1;

	if (!http_date_parse(http_view_of(text), NOW_S, &time_s) || time_s != expected_s)
		fail_msg("\"%s\" is %llu", text, (unsigned long long)time_s);
}

static void expect_none(const char *text)
{
	uint64_t time_s;

	if (http_date_parse(http_view_of(text), NOW_S, &time_s))
		fail_msg("\"%s\" was taken for %llu", text, (unsigned long long)time_s);
}

static void test_the_rfcs_examples(void **state)
{
	char text[HTTP_DATE_BYTES];

	(void)state;
	http_date_format(EXAMPLE_S, text);
	assert_memory_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_BYTES);
	expect_time("Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_S);
	expect_time("Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE_S);
	expect_time("Sun Nov  6 08:49:37 1994", EXAMPLE_S);
	expect_time("Wed Nov 16 08:49:37 1994", EXAMPLE_S + 10 * 86400);
}

/* A step that is prime to days and years, so that every place of the calendar is met. */
static void test_agrees_with_libc(void **state)
{
	(void)state;
	for (uint64_t time_s = 0; time_s < UINT64_C(20000000000); time_s += 999983) {
		time_t libc_s = (time_t)time_s;
		struct tm calendar;
		char expected[64], text[HTTP_DATE_BYTES];
		uint64_t back_s = 0;

		gmtime_r(&libc_s, &calendar);
		strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &calendar);
		http_date_format(time_s, text);
		assert_memory_equal(text, expected, HTTP_DATE_BYTES);
		assert_true(
			http_date_parse((struct http_view){(const uint8_t *)text, HTTP_DATE_BYTES}, NOW_S, &back_s));
		assert_int_equal(back_s, time_s);
	}
}

static void test_two_digits_mean_the_nearest_past(void **state)
{
	(void)state;
	expect_time("Thursday, 01-Jan-70 00:00:00 GMT", 3155760000);  /* 2070 is less than 50 ahead */
	expect_time("Wednesday, 01-Jan-75 00:00:00 GMT", 3313526400); /* 2075: exactly 50 years ahead */
	expect_time("Thursday, 01-Jan-76 00:00:00 GMT", 189302400);   /* 1976 */
	expect_time("Tuesday, 01-Jan-30 00:00:00 GMT", 1893456000);   /* 2030 */
}

static void test_leap_days(void **state)
{
	(void)state;
	expect_time("Thu, 29 Feb 2024 00:00:00 GMT", 1709164800);
	expect_time("Tue, 29 Feb 2000 00:00:00 GMT", 951782400);
	expect_none("Wed, 29 Feb 2023 00:00:00 GMT");
	expect_none("Mon, 29 Feb 2100 00:00:00 GMT");
	expect_time("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800); /* a leap second */
}

static void test_what_is_no_date(void **state)
{
	static const char *const texts[] = {
		"",
		"Sun",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:00 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Wed, 31 Dec 1969 23:59:59 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT",
		"784111777",
		"*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_none(texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_rfcs_examples),
		cmocka_unit_test(test_agrees_with_libc),
		cmocka_unit_test(test_two_digits_mean_the_nearest_past),
		cmocka_unit_test(test_leap_days),
		cmocka_unit_test(test_what_is_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
