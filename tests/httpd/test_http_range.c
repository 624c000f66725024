/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Range values against lengths: RFC 9110 section 14, and the policy of http_range.h.
 */
#include "app/httpd/http_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

/* "0-9,20-29" of a length, or "ignored", "unsatisfiable". */
static void expect(const char *value, uint64_t whole_bytes, const char *expected)
{
	struct http_ranges ranges;
	char text[1024] = "";
	size_t at = 0;

	switch (http_range_parse(http_view_of(value), whole_bytes, &ranges)) {
	case HTTP_RANGES_IGNORED:
		snprintf(text, sizeof(text), "ignored");
		break;
	case HTTP_RANGES_UNSATISFIABLE:
		snprintf(text, sizeof(text), "unsatisfiable");
		break;
	case HTTP_RANGES_SATISFIABLE:
		for (uint32_t i = 0; i < ranges.count; i++)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%llu-%llu", i ? "," : "",
					       (unsigned long long)ranges.range[i].first,
					       (unsigned long long)ranges.range[i].last);
		break;
	}
	if (strcmp(text, expected) != 0)
		fail_msg("\"%s\" of %llu: %s, not %s", value, (unsigned long long)whole_bytes, text, expected);
}

static void test_one_range(void **state)
{
	(void)state;
	expect("bytes=0-499", 10000, "0-499");
	expect("bytes=500-999", 10000, "500-999");
	expect("bytes=-500", 10000, "9500-9999");
	expect("bytes=9500-", 10000, "9500-9999");
	expect("bytes=0-0", 10000, "0-0");
	expect("bytes=-1", 10000, "9999-9999");
	expect("bytes=0-", 10000, "0-9999");
	expect("BYTES=0-1", 10000, "0-1");
}

static void test_ends_beyond_the_whole_are_cut(void **state)
{
	(void)state;
	expect("bytes=9990-20000", 10000, "9990-9999");
	expect("bytes=-20000", 10000, "0-9999");
	expect("bytes=0-18446744073709551615", 10000, "0-9999");
	expect("bytes=0-99999999999999999999999", 10000, "0-9999");
}

static void test_several_ranges_keep_their_order(void **state)
{
	(void)state;
	expect("bytes=0-0,-1", 10000, "0-0,9999-9999");
	expect("bytes= 500-600 , 0-9", 10000, "500-600,0-9");
	expect("bytes=0-9,,20-29", 10000, "0-9,20-29");
	expect("bytes=0-9,10000-", 10000, "0-9"); /* one of them is satisfiable */
}

static void test_none_is_satisfiable(void **state)
{
	(void)state;
	expect("bytes=10000-", 10000, "unsatisfiable");
	expect("bytes=10000-10001", 10000, "unsatisfiable");
	expect("bytes=-0", 10000, "unsatisfiable");
	expect("bytes=0-", 0, "unsatisfiable");
	expect("bytes=-5", 0, "unsatisfiable");
	expect("bytes=99999999999999999999999-", 10000, "unsatisfiable");
}

static void test_malformed_is_ignored(void **state)
{
	static const char *const values[] = {
		"",           "bytes",      "bytes=",     "bytes=-",       "bytes=a-b",     "bytes=1",
		"bytes=5-4",  "bytes=1-2x", "items=0-1",  "bytes 0-1",     "bytes=0-1;2-3", "bytes=--1",
		"bytes=+1-2", "bytes=,",    "bytes=1- 2", "bytes=0-1,5-4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		expect(values[i], 10000, "ignored");
}

/* RFC 9110 section 14.2: many or overlapping ranges are how a small request asks for a huge answer. */
static void test_the_policy(void **state)
{
	(void)state;
	expect("bytes=0-,0-", 10000, "ignored");
	expect("bytes=0-9999,0-0", 10000, "ignored");
	expect("bytes=0-4999,5000-9999", 10000, "0-4999,5000-9999");
	expect("bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15", 10000,
	       "0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15");
	expect("bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16", 10000,
	       "ignored");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_range),
		cmocka_unit_test(test_ends_beyond_the_whole_are_cut),
		cmocka_unit_test(test_several_ranges_keep_their_order),
		cmocka_unit_test(test_none_is_satisfiable),
		cmocka_unit_test(test_malformed_is_ignored),
		cmocka_unit_test(test_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
