/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths are decoded once, and what a file system could read differently is refused.
 */
#include "app/httpd/http_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *path, const char *decoded)
{
	struct http_path result;

	http_target_decode(http_view_of(path), &result);
	if (result.status || result.bytes != strlen(decoded) || memcmp(result.data, decoded, result.bytes) != 0)
		fail_msg("\"%s\": status %u, \"%.*s\"", path, result.status, result.bytes, (const char *)result.data);
}

static void expect_status(const char *path, uint16_t status)
{
	struct http_path result;

	http_target_decode(http_view_of(path), &result);
	if (result.status != status)
		fail_msg("\"%s\": status %u, not %u", path, result.status, status);
}

static void test_decoding(void **state)
{
	(void)state;
	expect("/", "/");
	expect("", "/"); /* "http://host" has no path */
	expect("/a/b.css", "/a/b.css");
	expect("/a%20b", "/a b");
	expect("/%61", "/a");
	expect("/%C3%bc", "/\xc3\xbc");
	expect("/a+b", "/a+b");
	expect("/a..b", "/a..b");
	expect("/a.", "/a.");
	expect("//", "//");
}

static void test_decoded_once_and_no_more(void **state)
{
	(void)state;
	expect("/%2561", "/%61");
	expect("/%252e%252e/", "/%2e%2e/");
	expect("/%25", "/%");
}

static void test_bad_escapes(void **state)
{
	(void)state;
	expect_status("/%", 400);
	expect_status("/%4", 400);
	expect_status("/%4g", 400);
	expect_status("/%g4", 400);
	expect_status("/%%41", 400);
	expect_status("/% 41", 400);
}

static void test_nul_and_controls(void **state)
{
	(void)state;
	expect_status("/%00", 400);
	expect_status("/a%00.html", 400);
	expect_status("/%0a", 400);
	expect_status("/%1f", 400);
	expect_status("/%7f", 400);
}

static void test_the_way_up(void **state)
{
	static const char *const paths[] = {
		"/..",     "/../",        "/a/..", "/a/../b", "/%2e%2e/b", "/.%2e/b", "/a/%2e./b",
		"/..%2fb", "/a%2f..%2fb", "/\\..", "/a\\b",   "/a%5cb",    "/..%5c",  "/.hidden/..",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		expect_status(paths[i], 400);
}

static void test_dotfiles(void **state)
{
	(void)state;
	expect_status("/.git/config", 404);
	expect_status("/a/.htaccess", 404);
	expect_status("/%2egit", 404);
	expect_status("/a%2f.b", 404);
	expect_status("/./a", 404);
	expect_status("/...", 404);
}

static void test_length(void **state)
{
	char path[HTTP_PATH_MAX_BYTES + 2];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[HTTP_PATH_MAX_BYTES] = '\0';
	expect_status(path, 0);
	path[HTTP_PATH_MAX_BYTES] = 'a';
	path[HTTP_PATH_MAX_BYTES + 1] = '\0';
	expect_status(path, 404);
}

static void test_segments(void **state)
{
	(void)state;
	assert_int_equal(http_target_check_segment((const uint8_t *)"index.html", 10), 0);
	assert_int_equal(http_target_check_segment((const uint8_t *)"", 0), 0);
	assert_int_equal(http_target_check_segment((const uint8_t *)".x", 2), 404);
	assert_int_equal(http_target_check_segment((const uint8_t *)"..", 2), 400);
	assert_int_equal(http_target_check_segment((const uint8_t *)"a\nb", 3), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoding),    cmocka_unit_test(test_decoded_once_and_no_more),
		cmocka_unit_test(test_bad_escapes), cmocka_unit_test(test_nul_and_controls),
		cmocka_unit_test(test_the_way_up),  cmocka_unit_test(test_dotfiles),
		cmocka_unit_test(test_length),      cmocka_unit_test(test_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
