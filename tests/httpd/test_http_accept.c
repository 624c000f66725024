/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accept-Encoding by RFC 9110 section 12.5.3: a value, what is at hand, what is sent.
 */
#include "app/httpd/http_accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GZIP   (1U << HTTP_CODING_GZIP)
#define BROTLI (1U << HTTP_CODING_BROTLI)

static const struct {
	const char *value;
	unsigned at_hand; /* identity is always */
	enum http_coding sent;
} rows[] = {
	{"gzip", GZIP, HTTP_CODING_GZIP},
	{"gzip", BROTLI, HTTP_CODING_IDENTITY},
	{"GZip", GZIP, HTTP_CODING_GZIP},
	{"x-gzip", GZIP, HTTP_CODING_GZIP},
	{"gzip, deflate, br", GZIP | BROTLI, HTTP_CODING_BROTLI},
	{"gzip, deflate, br", GZIP, HTTP_CODING_GZIP},
	{"br;q=0.5, gzip", GZIP | BROTLI, HTTP_CODING_GZIP},
	{"br;q=0.5, gzip;q=0.6", GZIP | BROTLI, HTTP_CODING_GZIP},
	{"br ; q=1.000 , gzip;q=0.999", GZIP | BROTLI, HTTP_CODING_BROTLI},
	{"gzip;q=0", GZIP, HTTP_CODING_IDENTITY},
	{"gzip;q=0.000", GZIP, HTTP_CODING_IDENTITY},
	{"gzip;q=0.001", GZIP, HTTP_CODING_GZIP},
	{"gzip;q=0.5, identity", GZIP, HTTP_CODING_IDENTITY},
	{"gzip;q=0.5, identity;q=0.4", GZIP, HTTP_CODING_GZIP},
	{"*", GZIP | BROTLI, HTTP_CODING_BROTLI},
	{"*;q=0.5, br;q=0", GZIP | BROTLI, HTTP_CODING_GZIP},
	{"*;q=0", GZIP | BROTLI, HTTP_CODING_IDENTITY}, /* rather than 406 */
	{"identity;q=0", GZIP, HTTP_CODING_IDENTITY},
	{"identity;q=0, gzip", GZIP, HTTP_CODING_GZIP},
	{"", GZIP | BROTLI, HTTP_CODING_IDENTITY},
	{",,gzip,,", GZIP, HTTP_CODING_GZIP},
	{"gzip;q=1.001", GZIP, HTTP_CODING_IDENTITY}, /* malformed: says nothing */
	{"gzip;q=2", GZIP, HTTP_CODING_IDENTITY},
	{"gzip;q=0.1234", GZIP, HTTP_CODING_IDENTITY},
	{"gzip;q=", GZIP, HTTP_CODING_IDENTITY},
	{"gzip;level=9", GZIP, HTTP_CODING_IDENTITY},
	{"gzipped", GZIP, HTTP_CODING_IDENTITY},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_accept accept = http_accept_parse(http_view_of(rows[i].value));

		if (http_accept_choose(&accept, 1 | rows[i].at_hand) != rows[i].sent)
			fail_msg("\"%s\" chose %d", rows[i].value, http_accept_choose(&accept, 1 | rows[i].at_hand));
	}
}

static void test_without_the_field_identity_is_sent(void **state)
{
	struct http_accept accept = http_accept_none();

	(void)state;
	assert_int_equal(http_accept_choose(&accept, 1 | GZIP | BROTLI), HTTP_CODING_IDENTITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_without_the_field_identity_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
