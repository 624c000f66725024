/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conditions of RFC 9110 section 13, one row a case: fields, and what they come to for one representation.
 */
#include "app/httpd/http_condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#define NOW_S      UINT64_C(1750000000)
#define MODIFIED_S UINT64_C(784111777)

#define SAME       "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE     "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER      "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct http_limits limits = {.target_max_bytes = 64, .header_max_bytes = 1024, .header_max_fields = 16};

static struct http_validators validators(void)
{
	return (struct http_validators){.etag = http_view_of("\"tag\""), .modified_s = MODIFIED_S};
}

static void parse(struct http_request *request, char text[1024], const char *fields)
{
	snprintf(text, 1024, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
	http_request_begin(request);
	assert_int_equal(http_request_parse(request, &limits, (const uint8_t *)text, (uint32_t)strlen(text)),
			 HTTP_PARSE_READY);
}

static const struct {
	const char *fields;
	enum http_condition expected;
} rows[] = {
	{"", HTTP_CONDITION_HOLDS},

	{"If-None-Match: \"tag\"\r\n", HTTP_CONDITION_NOT_MODIFIED},
	{"If-None-Match: W/\"tag\"\r\n", HTTP_CONDITION_NOT_MODIFIED}, /* compared weakly */
	{"If-None-Match: \"other\"\r\n", HTTP_CONDITION_HOLDS},
	{"If-None-Match: \"a\", \"tag\" , \"b\"\r\n", HTTP_CONDITION_NOT_MODIFIED},
	{"If-None-Match: \"a,\"tag\"\r\n", HTTP_CONDITION_HOLDS},
	{"If-None-Match: *\r\n", HTTP_CONDITION_NOT_MODIFIED},
	{"If-None-Match: tag\r\n", HTTP_CONDITION_HOLDS},
	{"If-None-Match:\r\n", HTTP_CONDITION_HOLDS},
	{"If-None-Match: \"tag\"\r\nIf-None-Match: \"tag\"\r\n", HTTP_CONDITION_HOLDS}, /* twice: not evaluated */

	{"If-Modified-Since: " SAME "\r\n", HTTP_CONDITION_NOT_MODIFIED},
	{"If-Modified-Since: " AFTER "\r\n", HTTP_CONDITION_NOT_MODIFIED},
	{"If-Modified-Since: " BEFORE "\r\n", HTTP_CONDITION_HOLDS},
	{"If-Modified-Since: yesterday\r\n", HTTP_CONDITION_HOLDS},
	{"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", HTTP_CONDITION_NOT_MODIFIED},
	/* If-None-Match alone counts when both are there. */
	{"If-None-Match: \"other\"\r\nIf-Modified-Since: " SAME "\r\n", HTTP_CONDITION_HOLDS},
	{"If-None-Match: \"tag\"\r\nIf-Modified-Since: " BEFORE "\r\n", HTTP_CONDITION_NOT_MODIFIED},

	{"If-Match: \"tag\"\r\n", HTTP_CONDITION_HOLDS},
	{"If-Match: W/\"tag\"\r\n", HTTP_CONDITION_FAILED}, /* compared strongly */
	{"If-Match: *\r\n", HTTP_CONDITION_HOLDS},
	{"If-Match: \"a\", \"b\"\r\n", HTTP_CONDITION_FAILED},
	{"If-Unmodified-Since: " SAME "\r\n", HTTP_CONDITION_HOLDS},
	{"If-Unmodified-Since: " BEFORE "\r\n", HTTP_CONDITION_FAILED},
	{"If-Unmodified-Since: never\r\n", HTTP_CONDITION_HOLDS},
	{"If-Match: \"tag\"\r\nIf-Unmodified-Since: " BEFORE "\r\n", HTTP_CONDITION_HOLDS},
	/* Both steps in their order. */
	{"If-Match: \"other\"\r\nIf-None-Match: \"tag\"\r\n", HTTP_CONDITION_FAILED},
	{"If-Match: \"tag\"\r\nIf-None-Match: \"tag\"\r\n", HTTP_CONDITION_NOT_MODIFIED},
};

static void test_rows(void **state)
{
	struct http_validators ours = validators();
	struct http_request request;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parse(&request, text, rows[i].fields);
		if (http_condition_check(&request, (const uint8_t *)text, &ours, NOW_S) != rows[i].expected)
			fail_msg("%s is not %d", rows[i].fields, rows[i].expected);
	}
}

static void test_without_a_date_dates_do_not_count(void **state)
{
	struct http_validators ours = {.etag = http_view_of("\"tag\"")};
	struct http_request request;
	char text[1024];

	(void)state;
	parse(&request, text, "If-Modified-Since: " AFTER "\r\n");
	assert_int_equal(http_condition_check(&request, (const uint8_t *)text, &ours, NOW_S), HTTP_CONDITION_HOLDS);
	parse(&request, text, "If-Unmodified-Since: " BEFORE "\r\n");
	assert_int_equal(http_condition_check(&request, (const uint8_t *)text, &ours, NOW_S), HTTP_CONDITION_HOLDS);
}

static const struct {
	const char *fields;
	bool allowed;
} range_rows[] = {
	{"", false},
	{"Range: bytes=0-1\r\n", true},
	{"Range: bytes=0-1\r\nRange: bytes=0-1\r\n", false},
	{"Range: bytes=0-1\r\nIf-Range: \"tag\"\r\n", true},
	{"Range: bytes=0-1\r\nIf-Range: \"other\"\r\n", false},
	{"Range: bytes=0-1\r\nIf-Range: W/\"tag\"\r\n", false},
	{"Range: bytes=0-1\r\nIf-Range: " SAME "\r\n", true},
	{"Range: bytes=0-1\r\nIf-Range: " AFTER "\r\n", false}, /* exactly, not at most */
	{"Range: bytes=0-1\r\nIf-Range: " BEFORE "\r\n", false},
	{"Range: bytes=0-1\r\nIf-Range: nonsense\r\n", false},
	{"Range: bytes=0-1\r\nIf-Range: \"tag\"\r\nIf-Range: \"tag\"\r\n", false},
};

static void test_if_range(void **state)
{
	struct http_validators ours = validators();
	struct http_request request;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(range_rows) / sizeof(range_rows[0]); i++) {
		parse(&request, text, range_rows[i].fields);
		if (http_condition_allows_range(&request, (const uint8_t *)text, &ours, NOW_S) != range_rows[i].allowed)
			fail_msg("%s is not %d", range_rows[i].fields, range_rows[i].allowed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_without_a_date_dates_do_not_count),
		cmocka_unit_test(test_if_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
