/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Date follows the clock, and is written once a second.
 */
#include "app/httpd/httpd_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/httpd/fake_sluice.h"

#define HELLO "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"

static const char *date_of(struct fake *fake, int conn)
{
	static char date[30];

	fake_forget_output(fake, conn);
	fake_say(fake, conn, HELLO);
	snprintf(date, sizeof(date), "%s", strstr(fake_output(fake, conn), "Date: ") + 6);
	return date;
}

static void test_date_follows_the_workers_clock(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	assert_string_equal(date_of(fake, conn), "Sun, 06 Nov 1994 08:49:37 GMT");
	fake_wait_ms(fake, 999);
	assert_string_equal(date_of(fake, conn), "Sun, 06 Nov 1994 08:49:37 GMT");
	fake_wait_ms(fake, 1);
	assert_string_equal(date_of(fake, conn), "Sun, 06 Nov 1994 08:49:38 GMT");
	fake_wait_ms(fake, 23000);
	assert_string_equal(date_of(fake, conn), "Sun, 06 Nov 1994 08:50:01 GMT");
	fake_close(fake);
}

static unsigned wall_calls;

static uint64_t wall_ns(void *user)
{
	wall_calls++;
	return *(uint64_t *)user;
}

static void test_the_wall_clock_is_asked_once_a_second(void **state)
{
	struct httpd_config config = fake_config();
	uint64_t now_ns = UINT64_C(951782400999000000); /* 1 ms before a second ends */
	struct fake *fake;
	int conn;

	(void)state;
	config.wall_ns = wall_ns;
	config.wall_user = &now_ns;
	wall_calls = 0;
	fake = fake_open(&config);
	conn = fake_connect(fake);
	assert_string_equal(date_of(fake, conn), "Tue, 29 Feb 2000 00:00:00 GMT");
	assert_int_equal(wall_calls, 1);
	now_ns += 1000000;
	fake_wait_ms(fake, 1);
	assert_string_equal(date_of(fake, conn), "Tue, 29 Feb 2000 00:00:01 GMT");
	for (unsigned i = 0; i < 100; i++) {
		fake_wait_ms(fake, 9);
		date_of(fake, conn);
	}
	assert_int_equal(wall_calls, 2);
	fake_close(fake);
}

/* 32-bit milliseconds wrap after 49 days: deadlines do not care. */
static void test_deadlines_after_many_days(void **state)
{
	struct fake *fake = fake_open(NULL);
	struct httpd_statistics statistics;
	int conn;

	(void)state;
	fake_wait_ms(fake, UINT64_C(4294967296) - 30000);
	conn = fake_connect(fake);
	fake_say(fake, conn, HELLO);
	fake_wait_ms(fake, 59000); /* across the wrap */
	assert_false(fake_is_shut(fake, conn));
	fake_wait_ms(fake, 1010);
	assert_true(fake_is_shut(fake, conn));
	httpd_statistics(fake->httpd, &statistics);
	assert_int_equal(statistics.timeouts_idle, 1);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_date_follows_the_workers_clock),
		cmocka_unit_test(test_the_wall_clock_is_asked_once_a_second),
		cmocka_unit_test(test_deadlines_after_many_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
