/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The chunked coding: every framing rule of RFC 9112 section 7.1, and every way to split what it accepts.
 */
#include "app/httpd/http_chunked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct outcome {
	uint16_t status;
	bool done;
	uint32_t used;
	uint32_t content_bytes;
	char content[8192];
};

/* Decodes data[0, bytes) given in pieces that end at `first` and `second`, taking content `most` bytes at a time. */
static void decode(struct outcome *outcome, const char *data, uint32_t bytes, uint32_t first, uint32_t second,
		   uint32_t most)
{
	struct http_chunked chunked;

	memset(outcome, 0, offsetof(struct outcome, content));
	http_chunked_begin(&chunked);
	while (outcome->used < bytes && !outcome->done && !outcome->status) {
		uint32_t end = outcome->used < first ? first : outcome->used < second ? second : bytes;
		uint8_t *piece = malloc(end - outcome->used);
		struct http_chunked_step step;
		uint32_t taken;

		memcpy(piece, data + outcome->used, end - outcome->used);
		step = http_chunked_next(&chunked, piece, end - outcome->used);
		taken = step.content_bytes < most ? step.content_bytes : most;
		memcpy(outcome->content + outcome->content_bytes, piece + step.framing_bytes, taken);
		http_chunked_take(&chunked, taken);
		free(piece);
		outcome->content_bytes += taken;
		outcome->used += step.framing_bytes + taken;
		outcome->status = step.status;
		outcome->done = step.done;
	}
}

static void expect_content(const char *data, const char *content)
{
	uint32_t bytes = (uint32_t)strlen(data);
	struct outcome outcome;

	for (uint32_t first = 1; first <= bytes; first++) {
		for (uint32_t second = first; second <= bytes; second++) {
			decode(&outcome, data, bytes, first, second, second % 3 ? 3 : UINT32_MAX);
			if (outcome.status || !outcome.done || outcome.used != bytes)
				fail_msg("\"%s\" at %u, %u: status %u, %u bytes used", data, first, second,
					 outcome.status, outcome.used);
			assert_int_equal(outcome.content_bytes, strlen(content));
			assert_memory_equal(outcome.content, content, outcome.content_bytes);
		}
	}
}

/* Refused, at the same byte however it is split. */
static void expect_refusal(const char *data, uint16_t status)
{
	uint32_t bytes = (uint32_t)strlen(data);
	struct outcome outcome, whole;

	decode(&whole, data, bytes, bytes, bytes, UINT32_MAX);
	if (whole.status != status)
		fail_msg("\"%s\": status %u, not %u", data, whole.status, status);
	for (uint32_t split = 1; split < bytes; split++) {
		decode(&outcome, data, bytes, split, split, UINT32_MAX);
		assert_int_equal(outcome.status, status);
		assert_int_equal(outcome.used, whole.used);
	}
}

static void test_bodies_at_every_split(void **state)
{
	(void)state;
	expect_content("0\r\n\r\n", "");
	expect_content("5\r\nhello\r\n0\r\n\r\n", "hello");
	expect_content("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world");
	expect_content("00000A\r\n0123456789\r\n000\r\n\r\n", "0123456789");
	expect_content("a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n");
	expect_content("1;a;a2=3\r\nx\r\n1 ; b=c\r\ny\r\n1\t;d=\"e;\\\"\"\r\nz\r\n0;f\r\n\r\n", "xyz");
	expect_content("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", "x");
}

static void test_bytes_after_the_end_are_not_touched(void **state)
{
	struct outcome outcome;

	(void)state;
	decode(&outcome, "0\r\n\r\nGET /", 10, 10, 10, UINT32_MAX);
	assert_true(outcome.done);
	assert_int_equal(outcome.used, 5);
}

static void test_sizes_that_are_none(void **state)
{
	(void)state;
	expect_refusal("\r\n", 400);
	expect_refusal("g\r\n", 400);
	expect_refusal("-1\r\n", 400);
	expect_refusal("+1\r\n", 400);
	expect_refusal("0x1\r\n", 400);
	expect_refusal(" 1\r\n", 400);
	expect_refusal("1 \r\n", 400); /* white space with no extension after it */
	expect_refusal("1,1\r\n", 400);
	expect_refusal(";a\r\n", 400);
}

static void test_extensions_that_are_none(void **state)
{
	(void)state;
	expect_refusal("1;\r\nx\r\n", 400);
	expect_refusal("1;=a\r\nx\r\n", 400);
	expect_refusal("1;a=\r\nx\r\n", 400);
	expect_refusal("1;a b\r\nx\r\n", 400);
	expect_refusal("1;a=b c\r\nx\r\n", 400);
	expect_refusal("1;a=\"b\r\nx\r\n", 400);
	expect_refusal("1;a=\"b\"c\r\nx\r\n", 400);
	expect_refusal("1;a\xff\r\nx\r\n", 400);
	expect_refusal("1;;a\r\nx\r\n", 400);
}

static void test_a_size_cannot_overflow(void **state)
{
	(void)state;
	expect_refusal("fffffffffffffffff\r\n", 400);
	expect_refusal("10000000000000000\r\n", 400);
	expect_refusal("0000000000000001\r\n", 400); /* 16 digits */
}

static void test_line_ends(void **state)
{
	(void)state;
	expect_refusal("1\nx\r\n", 400);
	expect_refusal("1\rx", 400);
	expect_refusal("1\r\nx\n", 400);
	expect_refusal("1\r\nxy\r\n", 400); /* more content than announced */
	expect_refusal("1\r\nx\rz", 400);
	expect_refusal("1;a\nx\r\n", 400);
	expect_refusal("0\r\n\n", 400);
	expect_refusal("0\r\n\rx", 400);
	expect_refusal("0\n\r\n", 400);
}

static void test_trailers(void **state)
{
	(void)state;
	expect_refusal("0\r\nA : b\r\n\r\n", 400);
	expect_refusal("0\r\n: b\r\n\r\n", 400);
	expect_refusal("0\r\nA: b\r\n c\r\n\r\n", 400); /* a fold */
	expect_refusal("0\r\nA\r\n\r\n", 400);
	expect_refusal("0\r\nA: b\n\r\n", 400);
	expect_refusal("0\r\nA: \x01\r\n\r\n", 400);
}

/* "1;aaa…" with `bytes` in its line, line end included. */
static void fill_line(char *data, uint32_t bytes)
{
	memset(data, 'a', bytes);
	memcpy(data, "1;", 2);
	memcpy(data + bytes - 2, "\r\nx\r\n0\r\n\r\n", 11);
}

static void test_long_extensions(void **state)
{
	char data[HTTP_CHUNKED_LINE_MAX_BYTES + 16];

	(void)state;
	fill_line(data, HTTP_CHUNKED_LINE_MAX_BYTES);
	expect_content(data, "x");
	fill_line(data, HTTP_CHUNKED_LINE_MAX_BYTES + 1);
	expect_refusal(data, 400);
}

static void test_long_trailers(void **state)
{
	static char data[HTTP_CHUNKED_TRAILER_MAX_BYTES + 16];
	struct outcome outcome;
	uint32_t bytes = HTTP_CHUNKED_TRAILER_MAX_BYTES;

	(void)state;
	memset(data, 'a', sizeof(data));
	memcpy(data, "0\r\nA:", 5);
	memcpy(data + 3 + bytes - 4, "\r\n\r\n", 5);
	decode(&outcome, data, 3 + bytes, 3 + bytes, 3 + bytes, UINT32_MAX);
	assert_true(outcome.done);
	data[3 + bytes - 4] = 'a';
	memcpy(data + 3 + bytes - 3, "\r\n\r\n", 5);
	decode(&outcome, data, 4 + bytes, 4 + bytes, 4 + bytes, UINT32_MAX);
	assert_int_equal(outcome.status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies_at_every_split),
		cmocka_unit_test(test_bytes_after_the_end_are_not_touched),
		cmocka_unit_test(test_sizes_that_are_none),
		cmocka_unit_test(test_extensions_that_are_none),
		cmocka_unit_test(test_a_size_cannot_overflow),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_long_extensions),
		cmocka_unit_test(test_long_trailers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
