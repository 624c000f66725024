/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The defaults will do; each bound is kept.
 */
#include "app/httpd/httpd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct httpd_config config;

static int set_up(void **state)
{
	(void)state;
	httpd_config_defaults(&config);
	return 0;
}

#define REFUSED(field, value)                                   \
	do {                                                    \
		httpd_config_defaults(&config);                 \
		config.field = (value);                         \
		assert_non_null(httpd_config_problem(&config)); \
	} while (0)

static void test_defaults(void **state)
{
	(void)state;
	assert_null(httpd_config_problem(&config));
	config.log_records = 1 << 16;
	assert_null(httpd_config_problem(&config));
}

static void test_bounds(void **state)
{
	(void)state;
	REFUSED(connections, 0);
	REFUSED(exchanges, 0);
	REFUSED(buffers, 0);
	REFUSED(log_records, 3);
	REFUSED(header_max_bytes, 255);
	REFUSED(header_max_bytes, (1 << 20) + 1);
	REFUSED(target_max_bytes, 0);
	REFUSED(target_max_bytes, config.header_max_bytes);
	REFUSED(header_max_fields, 0);
	REFUSED(header_max_fields, 65535);
	REFUSED(linger_max_bytes, 4194241);
	REFUSED(requests_max, 65536);
	REFUSED(header_timeout_ms, 0);
	REFUSED(idle_timeout_ms, 86400001);
	REFUSED(progress_timeout_ms, 0);
	REFUSED(linger_timeout_ms, 0);
	REFUSED(age_max_ms, 86400001);
	REFUSED(address_prefix_bits_ipv4, 33);
	REFUSED(address_prefix_bits_ipv6, 129);
	REFUSED(exempt_count, HTTPD_EXEMPT_MAX + 1);
	REFUSED(listen_count, HTTPD_LISTEN_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, set_up),
		cmocka_unit_test_setup(test_bounds, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
