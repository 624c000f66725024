/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields one by one; the rules between them are in the corpus of test_http_request.c.
 */
#include "app/httpd/http_field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Gives one field line to the parser; returns its verdict. */
static uint16_t take(struct http_request *request, const char *name, const char *value)
{
	uint8_t data[256];
	struct http_span name_span = {.bytes = (uint32_t)strlen(name)};
	struct http_span value_span = {.at = name_span.bytes, .bytes = (uint32_t)strlen(value)};

	memcpy(data, name, name_span.bytes);
	memcpy(data + value_span.at, value, value_span.bytes);
	return http_field_take(request, data, name_span, value_span);
}

static void test_names_are_known_in_any_case(void **state)
{
	static const struct {
		const char *name, *value;
		enum http_field field;
	} rows[] = {
		{"host", "a", HTTP_FIELD_HOST},
		{"HOST", "a", HTTP_FIELD_HOST},
		{"If-Match", "*", HTTP_FIELD_IF_MATCH},
		{"If-None-Match", "*", HTTP_FIELD_IF_NONE_MATCH},
		{"if-modified-since", "x", HTTP_FIELD_IF_MODIFIED_SINCE},
		{"If-Unmodified-Since", "x", HTTP_FIELD_IF_UNMODIFIED_SINCE},
		{"If-Range", "x", HTTP_FIELD_IF_RANGE},
		{"rAnGe", "x", HTTP_FIELD_RANGE},
		{"Accept-Encoding", "x", HTTP_FIELD_ACCEPT_ENCODING},
		{"Content-Length", "1", HTTP_FIELD_CONTENT_LENGTH},
		{"Transfer-Encoding", "chunked", HTTP_FIELD_TRANSFER_ENCODING},
		{"Connection", "x", HTTP_FIELD_CONNECTION},
		{"Expect", "100-continue", HTTP_FIELD_EXPECT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request request = {0};

		assert_int_equal(take(&request, rows[i].name, rows[i].value), 0);
		assert_int_equal(request.seen, 1 << rows[i].field);
	}
}

static void test_names_that_are_nearly_known(void **state)
{
	static const char *const names[] = {"hos",
					    "hostt",
					    "h\x0fst",
					    "content_length",
					    "content-lengtH2",
					    "x",
					    "range-",
					    "a-name-of-quite-some-length-indeed"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct http_request request = {0};

		assert_int_equal(take(&request, names[i], "5"), 0);
		assert_int_equal(request.seen, 0);
	}
}

static void test_repetition_is_noted(void **state)
{
	struct http_request request = {0};

	(void)state;
	assert_int_equal(take(&request, "Range", "bytes=0-1"), 0);
	assert_int_equal(request.repeated, 0);
	assert_int_equal(take(&request, "Range", "bytes=2-3"), 0);
	assert_int_equal(request.repeated, 1 << HTTP_FIELD_RANGE);
}

static void test_expectations(void **state)
{
	struct http_request request = {0};

	(void)state;
	take(&request, "Expect", "100-Continue");
	assert_int_equal(request.flags, HTTP_FLAG_CONTINUE);
	take(&request, "Expect", "something");
	assert_int_equal(request.flags, HTTP_FLAG_CONTINUE | HTTP_FLAG_EXPECT_OTHER);
	request = (struct http_request){0};
	take(&request, "Expect", "");
	assert_int_equal(request.flags, 0);
}

static void test_hosts(void **state)
{
	(void)state;
	assert_true(http_host_is_valid(http_view_of("")));
	assert_true(http_host_is_valid(http_view_of("a.b-c_d~e")));
	assert_true(http_host_is_valid(http_view_of("%41")));
	assert_true(http_host_is_valid(http_view_of("[::ffff:198.18.0.1]:1")));
	assert_false(http_host_is_valid(http_view_of("a[b]")));
	assert_false(http_host_is_valid(http_view_of("[a[b]")));
	assert_false(http_host_is_valid(http_view_of("[a]]")));
	assert_false(http_host_is_valid(http_view_of("a\\b")));
	assert_false(http_host_is_valid(http_view_of("[")));
}

static void test_finish(void **state)
{
	struct http_request request = {.minor = 1};

	(void)state;
	assert_int_equal(http_field_finish(&request), 400);
	take(&request, "Host", "a");
	assert_int_equal(http_field_finish(&request), 0);
	take(&request, "Transfer-Encoding", "gzip");
	assert_int_equal(http_field_finish(&request), 400);
	take(&request, "Transfer-Encoding", "chunked");
	assert_int_equal(http_field_finish(&request), 501);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_known_in_any_case),
		cmocka_unit_test(test_names_that_are_nearly_known),
		cmocka_unit_test(test_repetition_is_noted),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
