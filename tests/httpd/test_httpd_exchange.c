/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bodies larger than what TCP takes at once, multipart bodies, and request bodies that nobody wants.
 */
#include "app/httpd/httpd_exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

#define HELLO "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"

static void expect_pattern(const struct answers *answers, size_t bytes)
{
	assert_int_equal(answers->body_bytes, bytes);
	for (size_t i = 0; i < bytes; i++)
		if ((uint8_t)answers->body[i] != httpd_pattern_at(i))
			fail_msg("byte %zu", i);
}

static void test_generated_bytes_at_once(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, "GET /bytes/3000000 HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	assert_true(answers_next(&answers, false));
	expect_pattern(&answers, 3000000);
	assert_true(answers_next(&answers, false));
	assert_string_equal(answers.body, "Hello, World!");
	answers_end(&answers);
	fake_close(fake);
}

/* Whatever TCP takes at a time, the same bytes come out, and the next request waits its turn. */
static void test_generated_bytes_with_little_room(void **state)
{
	static const size_t limits[] = {1, 2, 3, 50, 300, 1448, 65521, 70000};

	(void)state;
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);
		size_t bytes = limits[i] < 300 ? 2000 : 200000, before;
		char text[256];
		struct answers answers;

		fake_limit(fake, conn, limits[i]);
		snprintf(text, sizeof(text), "GET /bytes/%zu HTTP/1.1\r\nHost: a\r\n\r\n" HELLO, bytes);
		fake_say(fake, conn, text);
		do {
			before = fake_output_bytes(fake, conn);
			fake_ack(fake, conn, limits[i]);
		} while (fake_output_bytes(fake, conn) > before);
		answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
		assert_true(answers_next(&answers, false));
		expect_pattern(&answers, bytes);
		assert_true(answers_next(&answers, false));
		assert_string_equal(answers.body, "Hello, World!");
		assert_int_equal(answers.left, 0);
		answers_end(&answers);
		fake_close(fake);
	}
}

static void test_a_gibibyte_is_the_most(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "HEAD /bytes/1073741824 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_non_null(strstr(fake_output(fake, conn), "Content-Length: 1073741824\r\n\r\n"));
	fake_forget_output(fake, conn);
	fake_say(fake, conn, "GET /bytes/1073741825 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_memory_equal(fake_output(fake, conn), "HTTP/1.1 404 ", 13);
	fake_close(fake);
}

/* The built-in page, in two parts, put together again. */
static void expect_parts(size_t limit)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers, whole;
	const char *at;
	char line[64], expected[1024];

	fake_say(fake, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	answers_begin(&whole, fake_output(fake, conn), fake_output_bytes(fake, conn));
	assert_true(answers_next(&whole, false));
	fake_forget_output(fake, conn);
	fake_limit(fake, conn, limit);
	fake_say(fake, conn, "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=10-19,5-6,-3\r\n\r\n");
	for (size_t before = SIZE_MAX; before != fake_output_bytes(fake, conn);) {
		before = fake_output_bytes(fake, conn);
		fake_ack(fake, conn, limit);
	}
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 206);
	at = answers_field(&answers, "Content-Type");
	assert_memory_equal(at, "multipart/byteranges; boundary=", 31);
	snprintf(line, sizeof(line), "%.60s", at + 31);
	snprintf(expected, sizeof(expected),
		 "--%s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Range: bytes 10-19/%zu\r\n\r\n%.10s"
		 "\r\n--%s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Range: bytes 5-6/%zu\r\n\r\n%.2s"
		 "\r\n--%s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Range: bytes %zu-%zu/%zu\r\n\r\n%.3s"
		 "\r\n--%s--\r\n",
		 line, whole.body_bytes, whole.body + 10, line, whole.body_bytes, whole.body + 5, line,
		 whole.body_bytes - 3, whole.body_bytes - 1, whole.body_bytes, whole.body + whole.body_bytes - 3, line);
	assert_string_equal(answers.body, expected);
	answers_end(&answers);
	answers_end(&whole);
	fake_close(fake);
}

static void test_parts(void **state)
{
	(void)state;
	expect_parts(SIZE_MAX - 1);
	expect_parts(1);
	expect_parts(7);
	expect_parts(100);
}

/* The answer is there before the body is; both are done before the next request. */
static void test_an_unwanted_body_is_thrown_away(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;
	char *junk = calloc(1, 5000);

	(void)state;
	fake_say(fake, conn, "GET /plaintext HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n");
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	fake_feed(fake, conn, junk, 4000);
	fake_forget_output(fake, conn);
	fake_feed(fake, conn, junk, 1000);
	fake_say(fake, conn, HELLO);
	answers_end(&answers);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_false(fake_is_shut(fake, conn));
	answers_end(&answers);
	free(junk);
	fake_close(fake);
}

static void test_an_unwanted_body_is_read_while_the_answer_is_stuck(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	char *junk = calloc(1, 50000);

	(void)state;
	fake_limit(fake, conn, 1000);
	fake_say(fake, conn, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
	fake_feed(fake, conn, junk, 50000);
	assert_int_equal(fake_unread(fake, conn), 0);
	free(junk);
	fake_close(fake);
}

static void expect_closed_after(const char *head, int status)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	fake_say(fake, conn, head);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), status);
	assert_string_equal(answers_field(&answers, "Connection"), "close");
	assert_true(fake_is_shut(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

static void test_bodies_that_are_too_large(void **state)
{
	(void)state;
	/* Not worth reading: the connection closes instead. */
	expect_closed_after("GET /plaintext HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 200);
	expect_closed_after("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741825\r\n\r\n", 413);
	expect_closed_after("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413);
}

static void test_an_unwanted_chunked_body_without_end_closes(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	char *junk = calloc(1, 70000);

	(void)state;
	fake_say(fake, conn, "DELETE /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n");
	assert_memory_equal(fake_output(fake, conn), "HTTP/1.1 404 ", 13);
	fake_feed(fake, conn, junk, 60000);
	assert_false(fake_is_shut(fake, conn));
	fake_feed(fake, conn, junk, 10000);
	assert_true(fake_is_shut(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	free(junk);
	fake_close(fake);
}

static void test_a_bad_unwanted_body_closes(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, "GET /plaintext HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nbad" HELLO);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_true(fake_is_shut(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated_bytes_at_once),
		cmocka_unit_test(test_generated_bytes_with_little_room),
		cmocka_unit_test(test_a_gibibyte_is_the_most),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_an_unwanted_body_is_thrown_away),
		cmocka_unit_test(test_an_unwanted_body_is_read_while_the_answer_is_stuck),
		cmocka_unit_test(test_bodies_that_are_too_large),
		cmocka_unit_test(test_an_unwanted_chunked_body_without_end_closes),
		cmocka_unit_test(test_a_bad_unwanted_body_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
