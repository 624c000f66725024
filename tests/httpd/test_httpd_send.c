/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What TCP does not take at once waits, in order, and nothing is answered in between.
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

static void test_short_sends_of_a_batch(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < 400; limit += 13) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);
		struct answers answers;
		size_t before;
		unsigned count = 0;

		fake_limit(fake, conn, limit);
		fake_say(fake, conn, HELLO HELLO HELLO HELLO "GET /plaintext HTTP/1.1\r\nHo");
		assert_int_equal(fake_output_bytes(fake, conn), limit);
		fake_say(fake, conn, "st: a\r\nConnection: close\r\n\r\n");
		do {
			before = fake_output_bytes(fake, conn);
			fake_ack(fake, conn, limit);
		} while (fake_output_bytes(fake, conn) > before);
		answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
		while (answers_next(&answers, false)) {
			assert_string_equal(answers.body, "Hello, World!");
			count++;
		}
		assert_int_equal(count, 5);
		assert_int_equal(answers.left, 0);
		assert_true(fake_is_closed(fake, conn));
		fake_close(fake);
	}
}

static void test_an_error_that_does_not_fit_is_sent_before_the_fin(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers answers;

	(void)state;
	fake_limit(fake, conn, 10);
	fake_say(fake, conn, "nonsense\r\n");
	assert_false(fake_is_shut(fake, conn));
	for (unsigned i = 0; i < 100 && !fake_is_shut(fake, conn); i++)
		fake_ack(fake, conn, 10);
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), 400);
	assert_true(fake_is_shut(fake, conn));
	answers_end(&answers);
	fake_close(fake);
}

/* Neither TCP nor the pools have room: that connection ends, the others do not notice. */
static void test_no_room_anywhere(void **state)
{
	struct httpd_config config = fake_config();
	struct httpd_statistics statistics;
	struct fake *fake;
	int first, second;

	(void)state;
	config.exchanges = 1;
	fake = fake_open(&config);
	first = fake_connect(fake);
	second = fake_connect(fake);
	fake_limit(fake, first, 10);
	fake_say(fake, first, HELLO);
	fake_limit(fake, second, 10);
	fake_say(fake, second, HELLO);
	assert_true(fake_is_aborted(fake, second));
	assert_false(fake_is_aborted(fake, first));
	httpd_statistics(fake->httpd, &statistics);
	assert_int_equal(statistics.aborts, 1);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_sends_of_a_batch),
		cmocka_unit_test(test_an_error_that_does_not_fit_is_sent_before_the_fin),
		cmocka_unit_test(test_no_room_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
