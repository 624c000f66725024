/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run from open to close: served, drained, and cut when that lasts too long.
 */
#include "app/httpd/httpd_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "app/common/stop.h"
#include "tests/httpd/answers.h"
#include "tests/httpd/fake_run.h"

/* One run only: a stop that was asked for stays so. */
static struct httpd_options program;
static struct httpd_run run;
static int conn;
static bool answered, cut;

static void set_up(void)
{
	memset(&program, 0, sizeof(program));
	program.config = fake_config();
	program.drain_ns = 2000000000;
}

/* Turn 0 asks for a page and holds on to the connection; turn 5 asks for the stop. */
static void script(struct fake *fake, unsigned turn)
{
	if (turn == 0) {
		conn = fake_connect(fake);
		fake_say(fake, conn,
			 "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\nGET /bytes/9999 HTTP/1.1\r\nHost: a\r\n\r\n");
		fake_limit(fake, conn, 1000);
	}
	if (turn == 5) {
		struct answers answers;

		answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
		answered = answers_next(&answers, false) && strcmp(answers.body, "Hello, World!") == 0;
		answers_end(&answers);
		stop_ask();
	}
	if (turn > 6)
		cut |= fake_is_aborted(fake, conn);
}

static void test_a_run(void **state)
{
	struct httpd_statistics statistics;

	(void)state;
	set_up();
	fake_run_script = script;
	assert_int_equal(httpd_run_open(&run, &program), 0);
	assert_int_equal(run.worker_count, 1);
	assert_non_null(run.worker[0].httpd); /* it listens before it says so */
	assert_int_equal(httpd_run_serve(&run), 0);
	assert_true(answered);
	assert_true(cut); /* the peer took nothing for two seconds */
	statistics = httpd_run_statistics(&run);
	assert_int_equal(statistics.requests, 2);
	assert_int_equal(statistics.aborts, 1);
	assert_int_equal(statistics.connections_open, 0);
	httpd_run_close(&run);
}

static void test_open_fails(void **state)
{
	(void)state;
	set_up();
	program.config.root = "/nowhere/at/all";
	assert_int_equal(httpd_run_open(&run, &program), -ENOENT);
	program.config.root = NULL;
	fake_run_open_result = -ENODEV;
	assert_int_equal(httpd_run_open(&run, &program), -ENODEV);
	fake_run_open_result = 0;
}

static void test_listening_fails(void **state)
{
	(void)state;
	set_up();
	program.config.listen_count = 1;
	program.config.listen[0].port = 1; /* which the fake refuses */
	assert_int_equal(httpd_run_open(&run, &program), -EADDRNOTAVAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_run),
		cmocka_unit_test(test_open_fails),
		cmocka_unit_test(test_listening_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
