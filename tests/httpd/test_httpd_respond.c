/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How answers go out: 100 Continue, HEAD, the log, what is counted.
 */
#include "app/httpd/httpd_respond.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/httpd_log.h"
#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

#define EXPECT_HEAD "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
#define CONTINUE    "HTTP/1.1 100 Continue\r\n\r\n"

static void test_continue_is_said_when_the_client_waits(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, EXPECT_HEAD);
	assert_string_equal(fake_output(fake, conn), CONTINUE);
	fake_forget_output(fake, conn);
	fake_say(fake, conn, "hello");
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_string_equal(answers.body, "hello");
	answers_end(&answers);
	fake_close(fake);
}

static void test_continue_is_not_said_when_the_body_is_there(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, EXPECT_HEAD "he");
	fake_say(fake, conn, "llo");
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_string_equal(answers.body, "hello");
	answers_end(&answers);
	fake_close(fake);
}

static void test_continue_is_not_for_1_0(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "POST /echo HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(fake_output_bytes(fake, conn), 0);
	fake_close(fake);
}

/* The client may send the body, or not: it cannot be told where the next request begins. */
static void test_a_final_answer_to_expect_closes(void **state)
{
	static const struct {
		const char *head;
		int status;
	} rows[] = {
		{"POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", 404},
		{"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: x\r\n\r\n", 417},
		{"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000000\r\nExpect: 100-continue\r\n\r\n", 413},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);
		struct answers answers;

		fake_say(fake, conn, rows[i].head);
		answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), rows[i].status);
		assert_string_equal(answers_field(&answers, "Connection"), "close");
		assert_true(fake_is_shut(fake, conn));
		answers_end(&answers);
		fake_close(fake);
	}
}

/* HEAD says what GET says, and no more: for every kind of answer. */
static void test_head_is_get_without_the_body(void **state)
{
	static const char *const targets[] = {"/",           "/plaintext",  "/bytes/5",    "/bytes/100000", "/none",
					      "/status/418", "/status/204", "/status/205", "/echo"};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct fake *fake = fake_open(NULL);
		int get = fake_connect(fake), head = fake_connect(fake);
		struct answers get_answers, head_answers;
		char text[128];

		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i]);
		fake_say(fake, get, text);
		snprintf(text, sizeof(text), "HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i]);
		fake_say(fake, head, text);
		answers_begin(&get_answers, fake_output(fake, get), fake_output_bytes(fake, get));
		answers_begin(&head_answers, fake_output(fake, head), fake_output_bytes(fake, head));
		assert_true(answers_next(&get_answers, false));
		assert_true(answers_next(&head_answers, true));
		assert_string_equal(get_answers.head, head_answers.head);
		assert_int_equal(head_answers.left, 0);
		answers_end(&get_answers);
		fake_close(fake);
	}
}

static void expect_line(struct fake *fake, const char *expected)
{
	struct httpd_log_record record;
	char line[HTTPD_LOG_LINE_BYTES];
	size_t bytes;

	assert_int_equal(httpd_log_take(fake->httpd, &record, 1), 1);
	bytes = httpd_log_line(&record, HTTPD_LOG_COMMON, line);
	line[bytes] = '\0';
	assert_string_equal(line, expected);
}

#define PEER "198.18.0.2 - - [06/Nov/1994:08:49:37 +0000] "

static void test_every_answer_is_logged(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	struct httpd_log_record record;
	int conn;

	(void)state;
	config.log_records = 16;
	fake = fake_open(&config);
	conn = fake_connect(fake);
	fake_say(fake, conn,
		 "GET /plaintext?a HTTP/1.1\r\nHost: a\r\n\r\nHEAD /json HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	expect_line(fake, PEER "\"GET /plaintext?a HTTP/1.1\" 200 13\n");
	expect_line(fake, PEER "\"HEAD /json HTTP/1.0\" 200 0\n");
	fake_say(fake, conn, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
	assert_int_equal(httpd_log_take(fake->httpd, &record, 1), 0); /* it is not over */
	fake_say(fake, conn, "0\r\n\r\n");
	expect_line(fake, PEER "\"POST /echo HTTP/1.1\" 200 5\n");
	fake_say(fake, conn, "GET /bytes/70000 HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_line(fake, PEER "\"GET /bytes/70000 HTTP/1.1\" 200 70000\n");
	fake_say(fake, conn, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n!");
	expect_line(fake, PEER "\"-\" 400 16\n");
	conn = fake_connect(fake);
	fake_say(fake, conn, "GET /x HTTP/1.1\r\n\r\n");
	expect_line(fake, PEER "\"GET /x HTTP/1.1\" 400 16\n");
	conn = fake_connect(fake);
	fake_say(fake, conn, "nonsense\r\n");
	expect_line(fake, PEER "\"-\" 400 16\n");
	assert_int_equal(httpd_log_take(fake->httpd, &record, 1), 0);
	fake_close(fake);
}

static void test_what_was_cut_is_logged_with_what_was_sent(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	struct httpd_log_record record;
	int conn;

	(void)state;
	config.log_records = 16;
	fake = fake_open(&config);
	conn = fake_connect(fake);
	fake_limit(fake, conn, 1000);
	fake_say(fake, conn, "GET /bytes/70000 HTTP/1.1\r\nHost: a\r\n\r\n");
	fake_wait_ms(fake, 2000);
	fake_peer_resets(fake, conn);
	assert_int_equal(httpd_log_take(fake->httpd, &record, 1), 1);
	assert_in_range(record.bytes, 800, 999); /* without the head */
	assert_in_range(record.duration_us, 1900000, 2100000);
	fake_close(fake);
}

static void test_lost_lines_are_counted(void **state)
{
	struct httpd_config config = fake_config();
	struct httpd_statistics statistics;
	struct fake *fake;
	int conn;

	(void)state;
	config.log_records = 4;
	fake = fake_open(&config);
	conn = fake_connect(fake);
	for (unsigned i = 0; i < 6; i++)
		fake_say(fake, conn, "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n");
	httpd_statistics(fake->httpd, &statistics);
	assert_int_equal(statistics.log_records, 4);
	assert_int_equal(statistics.log_lost, 2);
	fake_close(fake);
}

static void test_answers_are_counted_by_class(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct httpd_statistics statistics;

	(void)state;
	fake_say(fake, conn,
		 "GET /status/201 HTTP/1.1\r\nHost: a\r\n\r\nGET /status/302 HTTP/1.1\r\nHost: a\r\n\r\n"
		 "GET /status/404 HTTP/1.1\r\nHost: a\r\n\r\nGET /status/503 HTTP/1.1\r\nHost: a\r\n\r\n");
	fake_say(fake, conn, EXPECT_HEAD);
	fake_say(fake, conn, "hello");
	httpd_statistics(fake->httpd, &statistics);
	assert_int_equal(statistics.requests, 5);
	assert_int_equal(statistics.responses_1xx, 1);
	assert_int_equal(statistics.responses_2xx, 2);
	assert_int_equal(statistics.responses_3xx, 1);
	assert_int_equal(statistics.responses_4xx, 1);
	assert_int_equal(statistics.responses_5xx, 1);
	assert_int_equal(statistics.bytes_sent, fake_output_bytes(fake, conn));
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_continue_is_said_when_the_client_waits),
		cmocka_unit_test(test_continue_is_not_said_when_the_body_is_there),
		cmocka_unit_test(test_continue_is_not_for_1_0),
		cmocka_unit_test(test_a_final_answer_to_expect_closes),
		cmocka_unit_test(test_head_is_get_without_the_body),
		cmocka_unit_test(test_every_answer_is_logged),
		cmocka_unit_test(test_what_was_cut_is_logged_with_what_was_sent),
		cmocka_unit_test(test_lost_lines_are_counted),
		cmocka_unit_test(test_answers_are_counted_by_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
