/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /echo: any method, both framings, and back-pressure in both directions.
 */
#include "app/httpd/httpd_echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

#define LENGTH_HEAD  "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n"
#define CHUNKED_HEAD "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define BODY_BYTES   20000

static char byte_at(size_t offset)
{
	return (char)(offset * 131 % 251);
}

static char *body_of(size_t bytes)
{
	char *body = malloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		body[i] = byte_at(i);
	return body;
}

static void expect_body(const struct fake *fake, int conn, size_t bytes)
{
	struct answers answers;

	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_int_equal(answers.body_bytes, bytes);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(answers.body[i], byte_at(i));
	answers_end(&answers);
}

/* Feeds the body in pieces, chunked or not; returns nothing until all is fed. */
static void feed_body(struct fake *fake, int conn, size_t bytes, size_t piece, bool chunked)
{
	char *body = body_of(bytes), head[128];

	if (chunked)
		snprintf(head, sizeof(head), CHUNKED_HEAD);
	else
		snprintf(head, sizeof(head), LENGTH_HEAD, bytes);
	fake_say(fake, conn, head);
	for (size_t at = 0; at < bytes; at += piece) {
		size_t part = piece < bytes - at ? piece : bytes - at;

		snprintf(head, sizeof(head), "%zx\r\n", part);
		if (chunked)
			fake_say(fake, conn, head);
		fake_feed(fake, conn, body + at, part);
		if (chunked)
			fake_say(fake, conn, "\r\n");
	}
	if (chunked)
		fake_say(fake, conn, "0\r\n\r\n");
	free(body);
}

static void test_bodies_come_back(void **state)
{
	static const size_t pieces[] = {1000, 1448, 4096, BODY_BYTES};

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);

		feed_body(fake, conn, BODY_BYTES, pieces[i / 2], i % 2);
		expect_body(fake, conn, BODY_BYTES);
		assert_false(fake_is_shut(fake, conn));
		fake_close(fake);
	}
}

/* TCP takes a few bytes at a time: what it does not take is not consumed, and nothing is lost, doubled or reframed. */
static void test_back_pressure(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < 40; limit += limit < 12 ? 1 : 7) {
		for (unsigned chunked = 0; chunked < 2; chunked++) {
			struct fake *fake = fake_open(NULL);
			int conn = fake_connect(fake);
			size_t before;

			fake_limit(fake, conn, limit);
			feed_body(fake, conn, 300, 70, chunked);
			assert_true(fake_unread(fake, conn) > 0);
			do {
				before = fake_output_bytes(fake, conn);
				assert_true(before + fake_unread(fake, conn) >= 300);
				fake_ack(fake, conn, limit);
			} while (fake_output_bytes(fake, conn) > before);
			assert_int_equal(fake_unread(fake, conn), 0);
			expect_body(fake, conn, 300);
			fake_close(fake);
		}
	}
}

static void test_a_body_is_returned_as_it_arrives(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
	assert_int_equal(fake_output_bytes(fake, conn), 0); /* the answer begins with the body */
	fake_say(fake, conn, "abc");
	assert_string_equal(strstr(fake_output(fake, conn), "\r\n\r\n"), "\r\n\r\nabc");
	fake_say(fake, conn, "def");
	assert_string_equal(strstr(fake_output(fake, conn), "\r\n\r\n"), "\r\n\r\nabcdef");
	fake_close(fake);
}

static void expect_answer(const char *request, int status, const char *body)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	fake_say(fake, conn, request);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), status);
	if (body)
		assert_string_equal(answers.body, body);
	answers_end(&answers);
	fake_close(fake);
}

static void test_methods_and_empty_bodies(void **state)
{
	(void)state;
	expect_answer("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 200, "");
	expect_answer("GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 200, "hi");
	expect_answer("DELETE /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 200, "hi");
	expect_answer("PATCH /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200, "");
	expect_answer("POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", 200, "hi");
	expect_answer(CHUNKED_HEAD "0\r\n\r\n", 200, "");
	expect_answer("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", 411, NULL);
	expect_answer("BREW /echo HTTP/1.1\r\nHost: a\r\n\r\n", 501, NULL);
}

/* Nothing has been sent yet: an error can be said. */
static void test_a_bad_first_chunk_is_400(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, CHUNKED_HEAD "zz\r\n");
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 400);
	assert_true(fake_is_shut(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

/* Too late for that: the client must see that something is missing. */
static void test_a_bad_later_chunk_cuts_the_answer_short(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, CHUNKED_HEAD "2\r\nhi\r\n");
	fake_say(fake, conn, "zz\r\n");
	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	assert_false(answers_next(&answers, false));
	assert_true(fake_is_shut(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

static void test_the_peer_closes_inside_the_body(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
	fake_peer_closes(fake, conn);
	assert_true(fake_is_gone(fake, conn));
	assert_string_equal(strstr(fake_output(fake, conn), "\r\n\r\n"), "\r\n\r\nabc");
	fake_close(fake);
}

/* The client closed its side while we could not send: what it sent is returned all the same. */
static void test_half_close_with_back_pressure(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_limit(fake, conn, 50);
	feed_body(fake, conn, 300, 300, true);
	fake_peer_closes(fake, conn);
	assert_false(fake_is_shut(fake, conn));
	while (!fake_is_gone(fake, conn) && fake_output_bytes(fake, conn) < 2000)
		fake_ack(fake, conn, 50);
	assert_true(fake_is_gone(fake, conn));
	expect_body(fake, conn, 300);
	fake_close(fake);
}

static void test_chunked_bodies_have_a_limit(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int conn;

	(void)state;
	config.body_max_bytes = 10;
	fake = fake_open(&config);
	conn = fake_connect(fake);
	fake_say(fake, conn, CHUNKED_HEAD "b\r\n01234567890\r\n0\r\n\r\n");
	assert_memory_equal(fake_output(fake, conn), "HTTP/1.1 413 ", 13);
	assert_true(fake_is_shut(fake, conn));
	conn = fake_connect(fake);
	fake_say(fake, conn, CHUNKED_HEAD "a\r\n0123456789\r\n0\r\n\r\n");
	assert_memory_equal(fake_output(fake, conn), "HTTP/1.1 200 ", 13);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies_come_back),
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_a_body_is_returned_as_it_arrives),
		cmocka_unit_test(test_methods_and_empty_bodies),
		cmocka_unit_test(test_a_bad_first_chunk_is_400),
		cmocka_unit_test(test_a_bad_later_chunk_cuts_the_answer_short),
		cmocka_unit_test(test_the_peer_closes_inside_the_body),
		cmocka_unit_test(test_half_close_with_back_pressure),
		cmocka_unit_test(test_chunked_bodies_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
