/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening, draining, cutting, and figures read from outside.
 */
#include "app/httpd/httpd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

#define HELLO "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"

static void test_open_says_what_is_wrong(void **state)
{
	struct fake *fake = fake_open(NULL);
	struct httpd_config config = fake_config();
	struct httpd *httpd;

	(void)state;
	config.exchanges = 0;
	assert_int_equal(httpd_open(&config, fake->worker, &httpd), -EINVAL);
	config = fake_config();
	config.listen_count = 1;
	config.listen[0].port = 1; /* which the fake refuses */
	assert_int_equal(httpd_open(&config, fake->worker, &httpd), -EADDRNOTAVAIL);
	config = fake_config();
	config.root = "/nowhere/at/all";
	assert_int_equal(httpd_open(&config, fake->worker, &httpd), -ENOENT);
	fake_close(fake);
}

static void test_whose_listener(void **state)
{
	struct fake *fake = fake_open(NULL);

	(void)state;
	assert_true(fake_is_listening(fake));
	assert_true(httpd_owns_listener(fake->httpd, 0));
	assert_false(httpd_owns_listener(fake->httpd, 1));
	assert_false(httpd_owns_listener(fake->httpd, SLUICE_NO_LISTENER));
	fake_close(fake);
}

static void test_draining_closes_what_is_idle(void **state)
{
	struct fake *fake = fake_open(NULL);
	int used = fake_connect(fake), fresh = fake_connect(fake);

	(void)state;
	fake_say(fake, used, HELLO);
	assert_false(httpd_is_drained(fake->httpd));
	httpd_drain(fake->httpd);
	assert_false(fake_is_listening(fake));
	assert_true(fake_is_shut(fake, used));
	assert_true(fake_is_shut(fake, fresh));
	assert_false(fake_is_aborted(fake, used));
	assert_false(httpd_is_drained(fake->httpd));
	fake_peer_closes(fake, used);
	fake_peer_closes(fake, fresh);
	assert_true(httpd_is_drained(fake->httpd));
	fake_close(fake);
}

static void test_draining_finishes_what_is_in_progress(void **state)
{
	struct fake *fake = fake_open(NULL);
	int head = fake_connect(fake), body = fake_connect(fake), response = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_say(fake, head, "GET /plaintext HT");
	fake_say(fake, body, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
	fake_limit(fake, response, 1000);
	fake_say(fake, response, "GET /bytes/3000 HTTP/1.1\r\nHost: a\r\n\r\n");
	httpd_drain(fake->httpd);
	assert_false(fake_is_shut(fake, head) || fake_is_shut(fake, body) || fake_is_shut(fake, response));
	fake_say(fake, head, "TP/1.1\r\nHost: a\r\n\r\n");
	answers_expect_one(&answers, fake_output(fake, head), fake_output_bytes(fake, head), 200);
	assert_string_equal(answers_field(&answers, "Connection"), "close");
	answers_end(&answers);
	fake_say(fake, body, "llo");
	answers_expect_one(&answers, fake_output(fake, body), fake_output_bytes(fake, body), 200);
	assert_string_equal(answers.body, "hello");
	answers_end(&answers);
	fake_limit(fake, response, SIZE_MAX);
	fake_run(fake);
	answers_expect_one(&answers, fake_output(fake, response), fake_output_bytes(fake, response), 200);
	answers_end(&answers);
	assert_true(fake_is_shut(fake, head) && fake_is_shut(fake, body) && fake_is_shut(fake, response));
	fake_wait_ms(fake, 6000); /* peers that never close are not waited for */
	assert_true(httpd_is_drained(fake->httpd));
	fake_close(fake);
}

static void test_cut(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_limit(fake, conn, 1000);
	fake_say(fake, conn, "GET /bytes/3000 HTTP/1.1\r\nHost: a\r\n\r\n");
	httpd_drain(fake->httpd);
	httpd_cut(fake->httpd);
	assert_true(fake_is_aborted(fake, conn));
	fake_run(fake);
	assert_true(httpd_is_drained(fake->httpd));
	fake_close(fake);
}

static void test_statistics_add_up(void **state)
{
	struct httpd_statistics one = {.requests = 3, .connections_open = 1}, sum = {.requests = 4, .log_lost = 2};

	(void)state;
	httpd_statistics_add(&sum, &one);
	assert_int_equal(sum.requests, 7);
	assert_int_equal(sum.connections_open, 1);
	assert_int_equal(sum.log_lost, 2);
}

/* The worker's own timer is an event too, and none of a connection. */
static void test_events_of_no_connection(void **state)
{
	struct fake *fake = fake_open(NULL);
	struct sluice_event timer = {.mask = SLUICE_TIMER};
	struct sluice_event stray = {.conn = {1}, .mask = SLUICE_CLOSED}; /* of one that was turned away */

	(void)state;
	httpd_handle(fake->httpd, &timer);
	httpd_handle(fake->httpd, &stray);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_says_what_is_wrong),
		cmocka_unit_test(test_whose_listener),
		cmocka_unit_test(test_draining_closes_what_is_idle),
		cmocka_unit_test(test_draining_finishes_what_is_in_progress),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_statistics_add_up),
		cmocka_unit_test(test_events_of_no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
