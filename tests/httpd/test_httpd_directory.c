/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of a folder is loaded, and what is left out.
 */
#include "app/httpd/httpd_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "app/httpd/httpd_content.h"
#include "tests/httpd/site.h"

static const struct httpd_resource *find(const struct httpd_content *content, const char *path)
{
	return httpd_content_find(content, (const uint8_t *)path, (uint32_t)strlen(path));
}

static void test_what_is_served(void **state)
{
	static const char *const served[] = {"/",    "/index.html", "/style.css",      "/a b.txt",   "/empty",
					     "/sub", "/sub/",       "/sub/index.html", "/inside.txt"};
	struct httpd_content *content = site_open();

	(void)state;
	for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++)
		if (!find(content, served[i]))
			fail_msg("%s", served[i]);
	assert_memory_equal(find(content, "/inside.txt")->entity[0].body, SITE_SUB_INDEX, strlen(SITE_SUB_INDEX));
	assert_int_equal(find(content, "/empty")->entity[0].body_bytes, 0);
	assert_true(find(content, "/sub")->is_directory);
	site_close(content);
}

static void test_what_is_not(void **state)
{
	static const char *const hidden[] = {
		"/.hidden", "/sub/.hidden",       "/.git",     "/.git/config", "/back\\slash",   "/outside.txt",
		"/around",  "/around/index.html", "/dangling", "/pipe",        "/../secret.txt", "/secret.txt",
		""};
	struct httpd_content *content = site_open();

	(void)state;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (find(content, hidden[i]))
			fail_msg("%s", hidden[i]);
	site_close(content);
}

static void test_a_root_that_is_too_large(void **state)
{
	struct httpd_content *content = NULL;

	(void)state;
	assert_int_equal(httpd_content_open(site_make(), 20, false, &content), -EFBIG);
	assert_null(content);
	site_remove();
}

static void test_a_root_that_is_none(void **state)
{
	struct httpd_content *content = NULL;
	char path[128];

	(void)state;
	assert_int_equal(httpd_content_open("/nowhere/at/all", 1000, false, &content), -ENOENT);
	snprintf(path, sizeof(path), "%s/index.html", site_make());
	assert_int_equal(httpd_content_open(path, 1000, false, &content), -ENOTDIR);
	site_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_served),
		cmocka_unit_test(test_what_is_not),
		cmocka_unit_test(test_a_root_that_is_too_large),
		cmocka_unit_test(test_a_root_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
