/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Media types by ending.
 */
#include "app/httpd/httpd_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_endings(void **state)
{
	(void)state;
	assert_string_equal(httpd_type_of("/index.html"), "text/html; charset=utf-8");
	assert_string_equal(httpd_type_of("/a/b.CSS"), "text/css; charset=utf-8");
	assert_string_equal(httpd_type_of("/x.min.js"), "text/javascript; charset=utf-8");
	assert_string_equal(httpd_type_of("/x.svg"), "image/svg+xml");
	assert_string_equal(httpd_type_of("/x.woff2"), "font/woff2");
	assert_string_equal(httpd_type_of("/x.tar.gz"), "application/gzip");
	assert_string_equal(httpd_type_of("/7z.7z"), "application/x-7z-compressed");
	assert_string_equal(httpd_type_of("/z.zst"), "application/zstd");
}

static void test_without_a_known_ending(void **state)
{
	static const char *const paths[] = {"/README", "/x.unknown", "/", "/a.b/c", "/x.", "/html", "/x.htmlx"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_string_equal(httpd_type_of(paths[i]), "application/octet-stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_endings),
					   cmocka_unit_test(test_without_a_known_ending)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
