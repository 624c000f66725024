/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each deadline: not before it, and at it.  The clock of these tests is late by up to a tick, as the real one.
 */
#include "app/httpd/httpd_deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/httpd_server.h"
#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

#define HELLO "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"

static struct httpd_statistics statistics_of(const struct fake *fake)
{
	struct httpd_statistics statistics;

	httpd_statistics(fake->httpd, &statistics);
	return statistics;
}

static void test_silence_after_the_open(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_wait_ms(fake, 9990);
	assert_false(fake_is_shut(fake, conn));
	fake_wait_ms(fake, 20);
	assert_true(fake_is_shut(fake, conn));
	assert_int_equal(fake_output_bytes(fake, conn), 0); /* there was no request to answer */
	assert_int_equal(statistics_of(fake).timeouts_header, 1);
	fake_close(fake);
}

static void test_a_head_that_drips(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	for (const char *at = "GET / HTT"; *at; at++) {
		fake_feed(fake, conn, at, 1);
		fake_wait_ms(fake, 1050); /* each byte in time, and the whole not */
	}
	assert_false(fake_is_shut(fake, conn));
	fake_wait_ms(fake, 1000);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 408);
	assert_true(fake_is_shut(fake, conn));
	assert_int_equal(statistics_of(fake).timeouts_header, 1);
	answers_end(&answers);
	fake_close(fake);
}

static void test_a_later_head_has_its_own_time(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, HELLO);
	fake_wait_ms(fake, 50000);
	fake_forget_output(fake, conn);
	fake_say(fake, conn, "GET /");
	fake_wait_ms(fake, 9990);
	assert_int_equal(fake_output_bytes(fake, conn), 0);
	fake_wait_ms(fake, 20);
	assert_memory_equal(fake_output(fake, conn), "HTTP/1.1 408 ", 13);
	fake_close(fake);
}

static void test_an_empty_line_is_no_request_to_answer(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "\r\n");
	fake_wait_ms(fake, 10010);
	assert_true(fake_is_shut(fake, conn));
	assert_int_equal(fake_output_bytes(fake, conn), 0);
	fake_close(fake);
}

static void test_idle_time_starts_anew_with_each_request(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		fake_say(fake, conn, HELLO);
		fake_wait_ms(fake, 59000);
		assert_false(fake_is_shut(fake, conn));
	}
	fake_wait_ms(fake, 1010);
	assert_true(fake_is_shut(fake, conn));
	assert_int_equal(statistics_of(fake).timeouts_idle, 1);
	fake_close(fake);
}

/* A busy connection does not touch its timer for a request. */
static void test_the_timer_is_lazy(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	unsigned before = fake_timers_set(fake, conn);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		fake_say(fake, conn, HELLO);
	assert_int_equal(fake_timers_set(fake, conn), before);
	for (unsigned i = 0; i < 1000; i++) {
		fake_say(fake, conn, HELLO);
		fake_wait_ms(fake, 100);
	}
	assert_in_range(fake_timers_set(fake, conn), before + 1, before + 5); /* 100 s: one a minute, and the first */
	fake_close(fake);
}

static void test_a_response_that_nobody_reads_is_cut(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_limit(fake, conn, 10000);
	fake_say(fake, conn, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	fake_wait_ms(fake, 29990);
	assert_false(fake_is_aborted(fake, conn));
	fake_wait_ms(fake, 20);
	assert_true(fake_is_aborted(fake, conn));
	assert_int_equal(statistics_of(fake).timeouts_progress, 1);
	assert_int_equal(statistics_of(fake).truncated, 1);
	fake_close(fake);
}

/* 100 bytes a second are asked for: 3,000 in each half minute. */
static void test_a_slow_reader_must_keep_the_pace(void **state)
{
	struct fake *fake = fake_open(NULL);
	int good = fake_connect(fake), bad = fake_connect(fake);

	(void)state;
	fake_limit(fake, good, 5000);
	fake_limit(fake, bad, 5000);
	fake_say(fake, good, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	fake_say(fake, bad, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	for (unsigned i = 0; i < 10; i++) {
		fake_ack(fake, good, 1100);
		if (!fake_is_gone(fake, bad))
			fake_ack(fake, bad, 900);
		fake_wait_ms(fake, 10000);
	}
	assert_false(fake_is_aborted(fake, good));
	assert_true(fake_is_aborted(fake, bad));
	fake_close(fake);
}

static void test_a_body_that_stops_is_answered_408(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
	fake_wait_ms(fake, 30010);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 408);
	assert_true(fake_is_shut(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

/* What TCP is told to end by itself: answers that were handed over, and that nobody acknowledges. */
static void test_tcp_waits_no_longer_for_an_acknowledgment(void **state)
{
	struct fake *fake = fake_open(NULL);

	(void)state;
	assert_int_equal(fake_user_timeout_ms(fake, fake_connect(fake)), fake_config().progress_timeout_ms);
	fake_close(fake);
}

static struct fake *open_with_age(uint32_t age_max_ms)
{
	struct httpd_config config = fake_config();

	config.age_max_ms = age_max_ms;
	return fake_open(&config);
}

/* Between requests: closed when its time is up, neither before nor when the idle time is. */
static void test_age_of_an_idle_connection(void **state)
{
	struct fake *fake = open_with_age(25000);
	int conn = fake_connect(fake);

	(void)state;
	for (unsigned i = 0; i < 25; i++) {
		fake_say(fake, conn, HELLO);
		fake_wait_ms(fake, i < 24 ? 1000 : 990);
		assert_false(fake_is_shut(fake, conn));
	}
	fake_wait_ms(fake, 20);
	assert_true(fake_is_shut(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	assert_int_equal(statistics_of(fake).timeouts_age, 1);
	assert_int_equal(statistics_of(fake).responses_2xx, 25);
	fake_close(fake);
}

/* In the middle of a response: it is completed, and is the last. */
static void test_age_of_a_busy_connection(void **state)
{
	struct fake *fake = open_with_age(25000);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_wait_ms(fake, 9000);
	fake_limit(fake, conn, 50000);
	fake_say(fake, conn, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	fake_wait_ms(fake, 16500);
	assert_int_equal(statistics_of(fake).timeouts_age, 1);
	assert_false(fake_is_shut(fake, conn));
	fake_limit(fake, conn, SIZE_MAX);
	fake_ack(fake, conn, 50000);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_true(fake_is_shut(fake, conn));
	assert_int_equal(statistics_of(fake).timeouts_age, 1);
	answers_end(&answers);
	fake_close(fake);
}

/* A head that is not whole yet: it is answered, and the answer says that it is the last. */
static void test_age_within_a_head(void **state)
{
	struct fake *fake = open_with_age(5000);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, "GET /plaintext HTTP/1.1\r\n");
	fake_wait_ms(fake, 5010);
	assert_int_equal(statistics_of(fake).timeouts_age, 1);
	fake_say(fake, conn, "Host: a\r\n\r\n");
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_string_equal(answers_field(&answers, "Connection"), "close");
	assert_true(fake_is_shut(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

/* One that is leaving for another reason is not counted as old. */
static void test_age_while_lingering(void **state)
{
	struct fake *fake = open_with_age(12000);
	int conn = fake_connect(fake);

	(void)state;
	fake_wait_ms(fake, 10010); /* header-timeout: our FIN */
	assert_true(fake_is_shut(fake, conn));
	fake_wait_ms(fake, 4000);
	assert_false(fake_is_closed(fake, conn));
	assert_int_equal(statistics_of(fake).timeouts_age, 0);
	fake_close(fake);
}

/* Closed in order, with its answer in TCP's queue, a peer that acknowledges a byte now and then still has its least rate. */
static void test_closing_is_bounded_in_time(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_limit(fake, conn, 20000);
	fake_say(fake, conn, "GET /bytes/10000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	assert_true(fake_is_closed(fake, conn));
	for (uint32_t i = 0; i < 6; i++) {
		fake_ack(fake, conn, 600);
		fake_wait_ms(fake, 20000);
		assert_false(fake_is_gone(fake, conn));
	}
	fake_wait_ms(fake, 30000); /* 10,000 bytes at 100 a second, and the time without progress */
	assert_true(fake_is_aborted(fake, conn) && fake_is_gone(fake, conn));
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence_after_the_open),
		cmocka_unit_test(test_a_head_that_drips),
		cmocka_unit_test(test_a_later_head_has_its_own_time),
		cmocka_unit_test(test_an_empty_line_is_no_request_to_answer),
		cmocka_unit_test(test_idle_time_starts_anew_with_each_request),
		cmocka_unit_test(test_the_timer_is_lazy),
		cmocka_unit_test(test_a_response_that_nobody_reads_is_cut),
		cmocka_unit_test(test_a_slow_reader_must_keep_the_pace),
		cmocka_unit_test(test_a_body_that_stops_is_answered_408),
		cmocka_unit_test(test_tcp_waits_no_longer_for_an_acknowledgment),
		cmocka_unit_test(test_age_of_an_idle_connection),
		cmocka_unit_test(test_age_of_a_busy_connection),
		cmocka_unit_test(test_age_within_a_head),
		cmocka_unit_test(test_age_while_lingering),
		cmocka_unit_test(test_closing_is_bounded_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
