/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests as they come: alone, in a row, in pieces; each way must be answered alike.
 */
#include "app/httpd/httpd_server.h"

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

/* Requests of every kind in one stream; the last one closes. */
static const char stream[] = HELLO "GET /json?x=y HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
				   "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
				   "HEAD /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"
				   "GET /bytes/3000 HTTP/1.1\r\nHost: a\r\n\r\n"
				   "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
				   "chunked\r\n\r\n3\r\nabc\r\n4;x\r\ndefg\r\n0\r\nT: u\r\n\r\n"
				   "GET /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"
				   "\r\nDELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n"
				   "GET /status/204 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/* What must come back, whatever way the stream went in. */
static void expect_answers(const struct fake *fake, int conn)
{
	struct answers answers;

	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	assert_true(answers_next(&answers, false));
	assert_string_equal(answers.body, "Hello, World!");
	assert_true(answers_next(&answers, false));
	assert_string_equal(answers.body, "{\"message\":\"Hello, World!\"}");
	assert_true(answers_next(&answers, false));
	assert_string_equal(answers.body, "hello");
	assert_true(answers_next(&answers, true));
	assert_int_equal(answers.status, 200);
	assert_true(answers_next(&answers, false));
	assert_int_equal(answers.body_bytes, 3000);
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal((uint8_t)answers.body[i], httpd_pattern_at(i));
	assert_true(answers_next(&answers, false));
	assert_string_equal(answers.body, "abcdefg");
	assert_true(answers_next(&answers, false));
	assert_int_equal(answers.status, 404);
	assert_true(answers_next(&answers, false));
	assert_int_equal(answers.status, 200);
	assert_true(answers_next(&answers, false));
	assert_int_equal(answers.status, 204);
	assert_string_equal(answers_field(&answers, "Connection"), "close");
	assert_false(answers_next(&answers, false));
	assert_int_equal(answers.left, 0);
	assert_true(fake_is_closed(fake, conn));
	answers_end(&answers);
}

static void test_one_request(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, HELLO);
	assert_string_equal(fake_output(fake, conn), "HTTP/1.1 200 OK\r\nServer: Sluice\r\n"
						     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
						     "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\n"
						     "Hello, World!");
	assert_int_equal(fake_unread(fake, conn), 0);
	assert_false(fake_is_shut(fake, conn));
	fake_close(fake);
}

static void test_a_whole_request_borrows_nothing(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int conn;

	(void)state;
	config.exchanges = config.buffers = 1;
	fake = fake_open(&config);
	fake_say(fake, fake_connect(fake), "GET / HT"); /* has the only ones */
	conn = fake_connect(fake);
	fake_say(fake, conn, HELLO);
	assert_int_equal(fake_output_bytes(fake, conn) > 0, 1);
	fake_close(fake);
}

static void test_all_at_once_is_one_stream(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, stream);
	expect_answers(fake, conn);
	fake_close(fake);
}

static void test_every_piece_size_in_events_of_their_own(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);

		fake_say_split(fake, conn, stream, piece);
		expect_answers(fake, conn);
		fake_close(fake);
	}
}

static void test_every_piece_size_in_slices_of_one_event(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);

		fake_say_slices(fake, conn, stream, piece);
		expect_answers(fake, conn);
		fake_close(fake);
	}
}

static void test_every_split_into_two(void **state)
{
	(void)state;
	for (size_t split = 1; split < sizeof(stream) - 1; split++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);

		fake_feed(fake, conn, stream, split);
		fake_feed(fake, conn, stream + split, sizeof(stream) - 1 - split);
		expect_answers(fake, conn);
		fake_close(fake);
	}
}

/* Short answers of one event leave in one send. */
static void test_pipelined_answers_share_a_send(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;
	unsigned count = 0;

	(void)state;
	fake_say(fake, conn, HELLO HELLO HELLO HELLO HELLO HELLO HELLO HELLO);
	assert_int_equal(fake_sends(fake, conn), 1);
	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	while (answers_next(&answers, false))
		count++;
	assert_int_equal(count, 8);
	fake_close(fake);
}

/* A connection that asks for a great deal gives way to others, and is answered in full all the same. */
static void test_a_thousand_pipelined(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;
	struct httpd_statistics statistics;
	char *text = malloc(1000 * sizeof(HELLO));
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		memcpy(text + i * (sizeof(HELLO) - 1), HELLO, sizeof(HELLO));
	fake_say(fake, conn, text);
	fake_wait_ms(fake, 10);
	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	while (answers_next(&answers, false))
		count++;
	assert_int_equal(count, 1000);
	httpd_statistics(fake->httpd, &statistics);
	assert_int_equal(statistics.requests, 1000);
	assert_int_equal(statistics.waits, 15); /* after 64, 128 and so on */
	free(text);
	fake_close(fake);
}

static void test_without_memory_a_head_in_pieces_waits_its_turn(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int first, second;

	(void)state;
	config.exchanges = config.buffers = 1;
	fake = fake_open(&config);
	first = fake_connect(fake);
	second = fake_connect(fake);
	fake_say(fake, first, "GET /plaintext HT");
	fake_say(fake, second, "GET /plaintext HTTP/1.1\r\nHo");
	assert_int_equal(fake_unread(fake, second), 27); /* back-pressure */
	fake_say(fake, second, "st: b\r\n\r\n");
	assert_int_equal(fake_output_bytes(fake, second), 0);
	fake_say(fake, first, "TP/1.1\r\nHost: a\r\n\r\n"); /* gives its memory back */
	assert_true(fake_output_bytes(fake, first) > 0);
	fake_wait_ms(fake, 2);
	assert_int_equal(fake_output_bytes(fake, second), fake_output_bytes(fake, first));
	fake_close(fake);
}

static void expect_refused(const char *text, int status)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	fake_say(fake, conn, text);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), status);
	assert_string_equal(answers_field(&answers, "Connection"), "close");
	assert_true(fake_is_shut(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	assert_int_equal(fake_unread(fake, conn), 0);
	answers_end(&answers);
	fake_close(fake);
}

static void test_what_is_refused_closes(void **state)
{
	(void)state;
	expect_refused("GET / HTTP/1.1\r\n\r\n", 400);
	expect_refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
	expect_refused("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501);
	expect_refused("\x16\x03\x01", 400);
	/* What follows an error is not answered: where it begins is not known. */
	expect_refused("GET /\r\n\r\n" HELLO HELLO, 400);
}

static void test_an_answer_before_the_error_is_sent(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, HELLO "BAD\r\n\r\n" HELLO);
	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	assert_true(answers_next(&answers, false));
	assert_int_equal(answers.status, 200);
	assert_true(answers_next(&answers, false));
	assert_int_equal(answers.status, 400);
	assert_false(answers_next(&answers, false));
	fake_close(fake);
}

static void test_long_heads(void **state)
{
	char *text = malloc(40000);

	(void)state;
	snprintf(text, 40000, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", 5000, 0);
	expect_refused(text, 414);
	snprintf(text, 40000, "GET / HTTP/1.1\r\nHost: a\r\nA: %0*d\r\n\r\n", 20000, 0);
	expect_refused(text, 431);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_request),
		cmocka_unit_test(test_a_whole_request_borrows_nothing),
		cmocka_unit_test(test_all_at_once_is_one_stream),
		cmocka_unit_test(test_every_piece_size_in_events_of_their_own),
		cmocka_unit_test(test_every_piece_size_in_slices_of_one_event),
		cmocka_unit_test(test_every_split_into_two),
		cmocka_unit_test(test_pipelined_answers_share_a_send),
		cmocka_unit_test(test_a_thousand_pipelined),
		cmocka_unit_test(test_without_memory_a_head_in_pieces_waits_its_turn),
		cmocka_unit_test(test_what_is_refused_closes),
		cmocka_unit_test(test_an_answer_before_the_error_is_sent),
		cmocka_unit_test(test_long_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
