/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a connection goes on, and the ways it ends: close rules, lingering, limits, memory that runs out.
 */
#include "app/httpd/httpd_conn.h"

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

#define HELLO       "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"
#define HELLO_CLOSE "GET /plaintext HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static struct httpd_statistics statistics_of(const struct fake *fake)
{
	struct httpd_statistics statistics;

	httpd_statistics(fake->httpd, &statistics);
	return statistics;
}

/* One answer, and whether the connection goes on after it; then what its Connection field says (NULL: nothing). */
static void expect_end(const char *request, bool goes_on, const char *field)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	fake_say(fake, conn, request);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	if (goes_on == fake_is_shut(fake, conn))
		fail_msg("%s: %s", request, goes_on ? "closed" : "goes on");
	if (field)
		assert_string_equal(answers_field(&answers, "Connection"), field);
	else
		assert_null(answers_field(&answers, "Connection"));
	answers_end(&answers);
	fake_close(fake);
}

/* RFC 9112 section 9.3. */
static void test_rules_of_each_version(void **state)
{
	(void)state;
	expect_end(HELLO, true, NULL);
	expect_end(HELLO_CLOSE, false, "close");
	expect_end("GET /plaintext HTTP/1.0\r\n\r\n", false, "close");
	expect_end("GET /plaintext HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, "keep-alive");
	expect_end("GET /plaintext HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false, "close");
	expect_end("GET /plaintext HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", true, NULL);
}

static void test_close_at_once_when_the_client_asked(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, HELLO_CLOSE);
	assert_true(fake_is_closed(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	fake_close(fake);
}

/* It said close and sent more: a reset could overtake the answer, so that the rest is read and thrown away. */
static void test_linger_when_the_client_sent_more(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, conn, HELLO_CLOSE HELLO);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	assert_true(fake_is_shut(fake, conn));
	assert_false(fake_is_closed(fake, conn));
	assert_int_equal(fake_unread(fake, conn), 0);
	fake_peer_closes(fake, conn);
	assert_true(fake_is_gone(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

static void test_after_an_error_what_comes_is_thrown_away(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	size_t bytes;

	(void)state;
	fake_say(fake, conn, "nonsense\r\n");
	bytes = fake_output_bytes(fake, conn);
	fake_say(fake, conn, HELLO);
	fake_say(fake, conn, "more\r\n");
	assert_int_equal(fake_output_bytes(fake, conn), bytes);
	assert_int_equal(fake_unread(fake, conn), 0);
	assert_false(fake_is_aborted(fake, conn));
	fake_close(fake);
}

static void test_lingering_is_bounded_in_bytes(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	char *junk = calloc(1, 4096);
	int conn;

	(void)state;
	config.linger_max_bytes = 8192;
	fake = fake_open(&config);
	conn = fake_connect(fake);
	fake_say(fake, conn, "nonsense\r\n");
	fake_limit(fake, conn, 1 << 20); /* so that it does not end by itself */
	fake_feed(fake, conn, junk, 4096);
	fake_feed(fake, conn, junk, 4096);
	assert_false(fake_is_closed(fake, conn));
	fake_feed(fake, conn, junk, 64);
	assert_true(fake_is_closed(fake, conn));
	free(junk);
	fake_close(fake);
}

static void test_lingering_is_bounded_in_time(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "nonsense\r\n");
	fake_wait_ms(fake, 4990);
	assert_false(fake_is_closed(fake, conn));
	fake_wait_ms(fake, 20);
	assert_true(fake_is_closed(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	assert_int_equal(statistics_of(fake).timeouts_linger, 1);
	fake_close(fake);
}

static void test_lingering_with_nothing_acknowledged_ends_in_a_reset(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_limit(fake, conn, 1 << 20);
	fake_say(fake, conn, "nonsense\r\n");
	fake_wait_ms(fake, 5010);
	assert_true(fake_is_aborted(fake, conn));
	assert_true(fake_is_gone(fake, conn));
	fake_close(fake);
}

static void test_requests_max(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	struct answers answers;
	int conn;

	(void)state;
	config.requests_max = 2;
	fake = fake_open(&config);
	conn = fake_connect(fake);
	fake_say(fake, conn, HELLO HELLO HELLO);
	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	assert_true(answers_next(&answers, false));
	assert_null(answers_field(&answers, "Connection"));
	assert_true(answers_next(&answers, false));
	assert_string_equal(answers_field(&answers, "Connection"), "close");
	assert_false(answers_next(&answers, false));
	assert_true(fake_is_shut(fake, conn));
	fake_close(fake);
}

static void test_the_peer_closes_between_requests(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, HELLO);
	fake_peer_closes(fake, conn);
	assert_true(fake_is_gone(fake, conn));
	assert_false(fake_is_aborted(fake, conn));
	fake_close(fake);
}

static void test_a_request_that_comes_with_the_peers_fin_is_answered(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_closes_with_next(fake, conn);
	fake_say(fake, conn, HELLO HELLO "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	assert_true(answers_next(&answers, false) && answers_next(&answers, false) && answers_next(&answers, false));
	assert_int_equal(answers.body_bytes, 100000);
	assert_true(fake_is_gone(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

static void test_the_peer_closes_inside_a_head(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "GET / HT");
	fake_peer_closes(fake, conn);
	assert_true(fake_is_gone(fake, conn));
	assert_int_equal(fake_output_bytes(fake, conn), 0);
	fake_close(fake);
}

static void test_a_reset_gives_everything_back(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_limit(fake, conn, 1000);
	fake_say(fake, conn, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(statistics_of(fake).exchanges_used, 1);
	fake_peer_resets(fake, conn);
	assert_int_equal(statistics_of(fake).exchanges_used, 0);
	assert_int_equal(statistics_of(fake).connections_open, 0);
	fake_close(fake);
}

/* Too many from one address: reset, without a word; the others are served, and so is it when one has gone. */
static void test_connections_per_address(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int conn[3];

	(void)state;
	config.connections_per_address = 2;
	fake = fake_open(&config);
	for (unsigned i = 0; i < 3; i++)
		conn[i] = fake_connect_from(fake, i < 2 ? "2001:2::1" : "2001:2::ffff");
	assert_true(fake_is_aborted(fake, conn[2]));
	assert_int_equal(fake_output_bytes(fake, conn[2]), 0);
	assert_int_equal(statistics_of(fake).connections_limited, 1);
	assert_int_equal(statistics_of(fake).connections, 2);
	assert_int_equal(statistics_of(fake).connections_open, 2);
	assert_false(fake_is_aborted(fake, fake_connect_from(fake, "2001:2:0:1::1")));
	assert_false(fake_is_aborted(fake, fake_connect_from(fake, "198.18.0.2")));
	fake_peer_resets(fake, conn[0]);
	assert_false(fake_is_aborted(fake, fake_connect_from(fake, "2001:2::1")));
	assert_true(fake_is_aborted(fake, fake_connect_from(fake, "2001:2::1")));
	fake_close(fake);
}

static void test_without_a_record_503(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	struct answers answers;
	int second;

	(void)state;
	config.connections = 1;
	fake = fake_open(&config);
	fake_connect(fake);
	second = fake_connect(fake);
	answers_expect_one(&answers, fake_output(fake, second), fake_output_bytes(fake, second), 503);
	assert_string_equal(answers_field(&answers, "Connection"), "close");
	assert_true(fake_is_shut(fake, second));
	assert_int_equal(statistics_of(fake).connections_refused, 1);
	answers_end(&answers);
	fake_peer_closes(fake, second);
	assert_true(fake_is_gone(fake, second) && !fake_is_aborted(fake, second));
	fake_close(fake);
}

/* Its request comes as the answer goes, and must not be met with a reset, which would overtake that; there is an end to it. */
static void test_without_a_record_it_lingers(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int second;

	(void)state;
	config.connections = 1;
	fake = fake_open(&config);
	fake_connect(fake);
	second = fake_connect(fake);
	for (uint32_t i = 0; i < 9; i++) {
		fake_say(fake, second, HELLO);
		assert_int_equal(fake_unread(fake, second), 0);
		assert_false(fake_is_closed(fake, second));
		fake_wait_ms(fake, 500);
	}
	fake_wait_ms(fake, 600);
	assert_true(fake_is_gone(fake, second) && !fake_is_aborted(fake, second));
	assert_int_equal(statistics_of(fake).requests, 0);
	fake_close(fake);
}

/* Someone holds the only memory, and at a pace that is allowed: the other waits, and is told in the end. */
static void test_waiting_for_memory_ends_in_503(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	struct answers answers;
	int first, second;

	(void)state;
	config.exchanges = 1;
	fake = fake_open(&config);
	first = fake_connect(fake);
	fake_limit(fake, first, 1000);
	fake_say(fake, first, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	second = fake_connect(fake);
	fake_say(fake, second, "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(fake_output_bytes(fake, second), 0);
		fake_ack(fake, first, 110);
		fake_wait_ms(fake, 1001);
	}
	answers_expect_one(&answers, fake_output(fake, second), fake_output_bytes(fake, second), 503);
	assert_true(fake_is_shut(fake, second));
	answers_end(&answers);
	fake_close(fake);
}

static void test_those_that_wait_go_on_in_order_and_may_leave(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int conn[5];

	(void)state;
	config.exchanges = 1;
	fake = fake_open(&config);
	for (unsigned i = 0; i < 5; i++) {
		conn[i] = fake_connect(fake);
		fake_limit(fake, conn[i], 1000);
		fake_say(fake, conn[i], "GET /bytes/3000 HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	fake_peer_resets(fake, conn[2]); /* from the middle of the list */
	for (unsigned i = 0; i < 5; i++) {
		if (i == 2)
			continue;
		assert_int_equal(fake_output_bytes(fake, conn[i]), 1000);
		for (unsigned later = i + 1; later < 5; later++)
			assert_int_equal(fake_output_bytes(fake, conn[later]), 0);
		fake_limit(fake, conn[i], SIZE_MAX);
		fake_run(fake);
		assert_true(fake_output_bytes(fake, conn[i]) > 3000);
		fake_wait_ms(fake, 3);
	}
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_of_each_version),
		cmocka_unit_test(test_close_at_once_when_the_client_asked),
		cmocka_unit_test(test_linger_when_the_client_sent_more),
		cmocka_unit_test(test_after_an_error_what_comes_is_thrown_away),
		cmocka_unit_test(test_lingering_is_bounded_in_bytes),
		cmocka_unit_test(test_lingering_is_bounded_in_time),
		cmocka_unit_test(test_lingering_with_nothing_acknowledged_ends_in_a_reset),
		cmocka_unit_test(test_requests_max),
		cmocka_unit_test(test_the_peer_closes_between_requests),
		cmocka_unit_test(test_a_request_that_comes_with_the_peers_fin_is_answered),
		cmocka_unit_test(test_the_peer_closes_inside_a_head),
		cmocka_unit_test(test_a_reset_gives_everything_back),
		cmocka_unit_test(test_connections_per_address),
		cmocka_unit_test(test_without_a_record_503),
		cmocka_unit_test(test_without_a_record_it_lingers),
		cmocka_unit_test(test_waiting_for_memory_ends_in_503),
		cmocka_unit_test(test_those_that_wait_go_on_in_order_and_may_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
