/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The built-in pages are there, and point at nothing that is not.
 */
#include "app/httpd/httpd_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/httpd_content.h"
#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

static void test_built_in(void **state)
{
	struct httpd_content *content;

	(void)state;
	assert_int_equal(httpd_content_open(NULL, 0, true, &content), 0);
	assert_int_equal(httpd_content_count(content), 4);
	assert_non_null(httpd_content_find(content, (const uint8_t *)"/", 1));
	assert_non_null(httpd_content_find(content, (const uint8_t *)"/plaintext", 10));
	httpd_content_close(content);
	assert_int_equal(httpd_content_open(NULL, 0, false, &content), 0);
	assert_int_equal(httpd_content_count(content), 2);
	httpd_content_close(content);
}

/* Follows every link of the page. */
static void test_links(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	struct answers page;
	unsigned links = 0;

	(void)state;
	fake_say(fake, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	answers_expect_one(&page, fake_output(fake, conn), fake_output_bytes(fake, conn), 200);
	for (const char *at = page.body; (at = strstr(at, "href=\"/")); links++) {
		struct answers answers;
		char text[128];

		at += 6;
		snprintf(text, sizeof(text), "GET %.*s HTTP/1.1\r\nHost: a\r\n\r\n", (int)strcspn(at, "\""), at);
		fake_forget_output(fake, conn);
		fake_say(fake, conn, text);
		answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
		assert_true(answers_next(&answers, false));
		assert_true(answers.status == 200 || answers.status == 418);
		answers_end(&answers);
	}
	assert_int_equal(links, 4);
	answers_end(&page);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_built_in), cmocka_unit_test(test_links)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
