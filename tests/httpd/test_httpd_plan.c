/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is planned for a request: routes, methods, codings, conditions, ranges, one row a case.
 */
#include "app/httpd/httpd_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/httpd_content.h"

#include "tests/httpd/site.h"

#define NOW_S UINT64_C(1750000000)

static struct httpd_content *content;
static const struct http_limits limits = {.target_max_bytes = 4096, .header_max_bytes = 8192, .header_max_fields = 32};

static int set_up(void **state)
{
	(void)state;
	content = site_open();
	return content ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	site_close(content);
	return 0;
}

/* "METHOD target" and fields, as HTTP/1.1 with a Host. */
static struct httpd_plan plan_of(const char *line, const char *fields)
{
	static char text[8192];
	struct httpd_plan_rules rules = {
		.content = content, .endpoints = true, .body_max_bytes = 1000000, .now_s = NOW_S};
	struct http_request request;
	struct httpd_plan plan;

	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: a\r\n%s\r\n", line, fields);
	http_request_begin(&request);
	if (http_request_parse(&request, &limits, (const uint8_t *)text, (uint32_t)strlen(text)) != HTTP_PARSE_READY)
		fail_msg("malformed: %s", text);
	httpd_plan_make(&plan, &rules, &request, (const uint8_t *)text);
	return plan;
}

static void expect(const char *line, const char *fields, uint16_t status, enum httpd_plan_kind kind)
{
	struct httpd_plan plan = plan_of(line, fields);

	if (plan.status != status || plan.kind != kind)
		fail_msg("%s, %s: %u of kind %u, not %u of %u", line, fields, plan.status, plan.kind, status, kind);
}

static void test_routes(void **state)
{
	(void)state;
	expect("GET /", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET /index.html", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET /?a=/../b", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET http://b/style.css", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET http://b", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET /sub", "", 301, HTTPD_PLAN_REDIRECT);
	expect("GET /sub/", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET /s%75b/", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET /a%20b.txt", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET /none", "", 404, HTTPD_PLAN_PAGE);
	expect("GET //index.html", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /index.html/", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /bytes/7", "", 200, HTTPD_PLAN_BYTES);
	expect("GET /bytes/", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /bytes/7x", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /bytes/99999999999999999999999", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /echo", "", 200, HTTPD_PLAN_ECHO);
	expect("GET /echo/", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /status/418", "", 418, HTTPD_PLAN_PAGE);
	expect("GET /status/204", "", 204, HTTPD_PLAN_EMPTY);
	expect("GET /status/304", "", 304, HTTPD_PLAN_EMPTY);
	expect("GET /status/100", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /status/600", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /status/0200", "", 404, HTTPD_PLAN_PAGE);
	expect("OPTIONS *", "", 204, HTTPD_PLAN_EMPTY);
}

/* A file whose name has an escape in it is reached by the escape of the escape, and by nothing else. */
static void test_decoded_once(void **state)
{
	(void)state;
	expect("GET /per%2541cent.txt", "", 200, HTTPD_PLAN_WHOLE);
	expect("GET /per%41cent.txt", "", 404, HTTPD_PLAN_PAGE);
}

static void test_refused_paths(void **state)
{
	(void)state;
	expect("GET /../secret", "", 400, HTTPD_PLAN_PAGE);
	expect("GET /sub/../index.html", "", 400, HTTPD_PLAN_PAGE);
	expect("GET /%2e%2e/secret", "", 400, HTTPD_PLAN_PAGE);
	expect("GET /..%5csecret", "", 400, HTTPD_PLAN_PAGE);
	expect("GET /index.html%00", "", 400, HTTPD_PLAN_PAGE);
	expect("GET /.hidden", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /sub/.hidden", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /%2ehidden", "", 404, HTTPD_PLAN_PAGE);
	expect("GET /outside.txt", "", 404, HTTPD_PLAN_PAGE); /* a link that leads out of the root */
	expect("GET /inside.txt", "", 200, HTTPD_PLAN_WHOLE); /* one that does not */
}

static void test_methods(void **state)
{
	struct httpd_plan plan;

	(void)state;
	expect("HEAD /", "", 200, HTTPD_PLAN_WHOLE);
	expect("POST /", "Content-Length: 0\r\n", 405, HTTPD_PLAN_PAGE);
	expect("DELETE /bytes/1", "", 405, HTTPD_PLAN_PAGE);
	expect("POST /none", "Content-Length: 0\r\n", 404, HTTPD_PLAN_PAGE);
	expect("OPTIONS /none", "", 404, HTTPD_PLAN_PAGE);
	expect("TRACE /", "", 501, HTTPD_PLAN_PAGE);
	expect("CONNECT a:1", "", 501, HTTPD_PLAN_PAGE);
	expect("BREW /", "", 501, HTTPD_PLAN_PAGE);
	expect("POST /status/200", "Content-Length: 0\r\n", 200, HTTPD_PLAN_PAGE);
	plan = plan_of("OPTIONS /", "");
	assert_int_equal(plan.status, 204);
	assert_string_equal(plan.allow, "GET, HEAD, OPTIONS");
	plan = plan_of("PUT /", "Content-Length: 0\r\n");
	assert_int_equal(plan.status, 405);
	assert_string_equal(plan.allow, "GET, HEAD, OPTIONS");
	plan = plan_of("OPTIONS /echo", "");
	assert_string_equal(plan.allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
	plan = plan_of("OPTIONS *", "");
	assert_string_equal(plan.allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
	plan = plan_of("GET /", "");
	assert_null(plan.allow);
}

static void test_length_required(void **state)
{
	struct httpd_plan plan;

	(void)state;
	expect("POST /echo", "", 411, HTTPD_PLAN_PAGE);
	expect("PUT /echo", "", 411, HTTPD_PLAN_PAGE);
	expect("PATCH /status/200", "", 411, HTTPD_PLAN_PAGE);
	expect("DELETE /echo", "", 200, HTTPD_PLAN_ECHO);
	expect("POST /echo", "Transfer-Encoding: chunked\r\n", 200, HTTPD_PLAN_ECHO);
	plan = plan_of("POST /echo", "");
	assert_false(plan.framing_in_doubt); /* in 1.1 there is no body then */
}

static void test_body_limits_and_expectations(void **state)
{
	(void)state;
	expect("POST /echo", "Content-Length: 1000000\r\n", 200, HTTPD_PLAN_ECHO);
	expect("POST /echo", "Content-Length: 1000001\r\n", 413, HTTPD_PLAN_PAGE);
	expect("POST /echo", "Content-Length: 1\r\nExpect: 100-continue\r\n", 200, HTTPD_PLAN_ECHO);
	expect("GET /", "Expect: something\r\n", 417, HTTPD_PLAN_PAGE);
	assert_true(plan_of("POST /echo", "Content-Length: 1000001\r\n").framing_in_doubt);
	assert_true(plan_of("POST /echo", "Content-Length: 1\r\nExpect: x\r\n").framing_in_doubt);
	assert_false(plan_of("GET /", "Expect: x\r\n").framing_in_doubt);
	assert_true(plan_of("POST /echo", "Content-Length: 1\r\n").wants_body);
	assert_false(plan_of("GET /", "Content-Length: 1\r\n").wants_body);
}

static void expect_coding(const char *fields, const char *body)
{
	struct httpd_plan plan = plan_of("GET /style.css", fields);

	assert_int_equal(plan.status, 200);
	assert_int_equal(plan.entity->body_bytes, strlen(body));
	assert_memory_equal(plan.entity->body, body, strlen(body));
}

static void test_codings(void **state)
{
	(void)state;
	expect_coding("", SITE_STYLE);
	expect_coding("Accept-Encoding: gzip\r\n", SITE_STYLE_GZIP);
	expect_coding("Accept-Encoding: gzip, br\r\n", SITE_STYLE_BROTLI);
	expect_coding("Accept-Encoding: br;q=0.1, gzip;q=0.2\r\n", SITE_STYLE_GZIP);
	expect_coding("Accept-Encoding: gzip;q=0\r\n", SITE_STYLE);
	expect_coding("Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n", SITE_STYLE); /* twice: not evaluated */
}

/* Conditions and ranges are about the representation that would be sent. */
static void test_validators_are_the_representations_own(void **state)
{
	struct httpd_plan plain = plan_of("GET /style.css", ""),
			  gzip = plan_of("GET /style.css", "Accept-Encoding: gzip\r\n");
	char fields[256];

	(void)state;
	assert_memory_not_equal(plain.entity->validators.etag.data, gzip.entity->validators.etag.data, 18);
	snprintf(fields, sizeof(fields), "If-None-Match: %.18s\r\n", (const char *)plain.entity->validators.etag.data);
	expect("GET /style.css", fields, 304, HTTPD_PLAN_UNCHANGED);
	snprintf(fields, sizeof(fields), "Accept-Encoding: gzip\r\nIf-None-Match: %.18s\r\n",
		 (const char *)plain.entity->validators.etag.data);
	expect("GET /style.css", fields, 200, HTTPD_PLAN_WHOLE);
}

static void test_conditions(void **state)
{
	(void)state;
	expect("GET /", "If-None-Match: *\r\n", 304, HTTPD_PLAN_UNCHANGED);
	expect("HEAD /", "If-None-Match: *\r\n", 304, HTTPD_PLAN_UNCHANGED);
	expect("GET /", "If-Match: \"none\"\r\n", 412, HTTPD_PLAN_PAGE);
	expect("GET /", "If-Modified-Since: " SITE_DATE "\r\n", 304, HTTPD_PLAN_UNCHANGED);
	expect("GET /plaintext", "If-None-Match: *\r\n", 200, HTTPD_PLAN_WHOLE); /* has no validators */
	expect("GET /none", "If-Match: *\r\n", 404, HTTPD_PLAN_PAGE);
}

static void test_ranges(void **state)
{
	struct httpd_plan plan;

	(void)state;
	expect("GET /style.css", "Range: bytes=1-2\r\n", 206, HTTPD_PLAN_RANGE);
	expect("GET /style.css", "Range: bytes=1-2,4-5\r\n", 206, HTTPD_PLAN_RANGES);
	expect("GET /style.css", "Range: bytes=1-2,99999-\r\n", 206, HTTPD_PLAN_RANGE);
	expect("GET /style.css", "Range: bytes=99999-\r\n", 416, HTTPD_PLAN_PAGE);
	expect("GET /style.css", "Range: pages=1-2\r\n", 200, HTTPD_PLAN_WHOLE);
	expect("HEAD /style.css", "Range: bytes=1-2\r\n", 200, HTTPD_PLAN_WHOLE); /* defined for GET alone */
	expect("GET /style.css", "Range: bytes=1-2\r\nIf-Range: \"none\"\r\n", 200, HTTPD_PLAN_WHOLE);
	expect("GET /style.css", "Range: bytes=1-2\r\nIf-Range: " SITE_DATE "\r\n", 206, HTTPD_PLAN_RANGE);
	expect("GET /style.css", "Range: bytes=1-2\r\nIf-None-Match: *\r\n", 304, HTTPD_PLAN_UNCHANGED);
	expect("GET /plaintext", "Range: bytes=1-2\r\n", 200, HTTPD_PLAN_WHOLE);
	plan = plan_of("GET /style.css", "Range: bytes=99999-\r\n");
	assert_int_equal(plan.bytes, strlen(SITE_STYLE));
}

static void test_without_endpoints(void **state)
{
	static const char text[] = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
	struct httpd_plan_rules rules = {.content = content};
	struct http_request request;
	struct httpd_plan plan;

	(void)state;
	http_request_begin(&request);
	http_request_parse(&request, &limits, (const uint8_t *)text, sizeof(text) - 1);
	httpd_plan_make(&plan, &rules, &request, (const uint8_t *)text);
	assert_int_equal(plan.status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_decoded_once),
		cmocka_unit_test(test_refused_paths),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_length_required),
		cmocka_unit_test(test_body_limits_and_expectations),
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_validators_are_the_representations_own),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_without_endpoints),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
