/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reason phrases.
 */
#include "app/httpd/http_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_known(void **state)
{
	(void)state;
	assert_string_equal(http_status_text(200), "OK");
	assert_string_equal(http_status_text(206), "Partial Content");
	assert_string_equal(http_status_text(431), "Request Header Fields Too Large");
	assert_string_equal(http_status_text(505), "HTTP Version Not Supported");
}

static void test_unknown(void **state)
{
	(void)state;
	assert_string_equal(http_status_text(299), "Unknown");
	assert_string_equal(http_status_text(0), "Unknown");
	assert_string_equal(http_status_text(600), "Unknown");
	assert_string_equal(http_status_text(UINT16_MAX), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_unknown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
