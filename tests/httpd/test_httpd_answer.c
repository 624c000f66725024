/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of answers, for every kind of plan.
 */
#include "app/httpd/httpd_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/httpd.h"
#include "tests/httpd/site.h"

static struct httpd_content *content;
static struct httpd_stamp stamp;

#define STAMP "Server: x\r\nDate: y\r\n"

static int set_up(void **state)
{
	(void)state;
	content = site_open();
	stamp.status_bytes = 17;
	stamp.bytes = 17 + sizeof(STAMP) - 1;
	memcpy(stamp.text, "HTTP/1.1 200 OK\r\n" STAMP, stamp.bytes);
	return content ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	site_close(content);
	return 0;
}

/* The answer to a request in full, as a string; tags are blanked out. */
static const char *answer_to(const char *text, bool last)
{
	static uint8_t out[HTTPD_RESPONSE_BYTES + 1];
	static const struct http_limits limits = {
		.target_max_bytes = 4096, .header_max_bytes = 8192, .header_max_fields = 32};
	struct httpd_plan_rules rules = {.content = content, .endpoints = true, .now_s = 1750000000};
	struct http_request request;
	struct httpd_plan plan;
	struct httpd_answer answer = {.stamp = &stamp, .request = &request, .plan = &plan, .last = last, .at = out};
	char *tag;

	http_request_begin(&request);
	if (http_request_parse(&request, &limits, (const uint8_t *)text, (uint32_t)strlen(text)) != HTTP_PARSE_READY)
		fail_msg("malformed: %s", text);
	answer.data = (const uint8_t *)text;
	answer.head = request.method == HTTP_METHOD_HEAD;
	httpd_plan_make(&plan, &rules, &request, answer.data);
	httpd_answer_write(&answer);
	assert_true(answer.at < out + sizeof(out));
	*answer.at = '\0';
	tag = strstr((char *)out, "ETag: \"");
	if (tag)
		memset(tag + 7, '#', 16);
	return (char *)out;
}

#define ETAG     "ETag: \"################\"\r\n"
#define MODIFIED "Last-Modified: " SITE_DATE "\r\n"
#define TEXT     "Content-Type: text/plain; charset=utf-8\r\n"
#define HOST     " HTTP/1.1\r\nHost: a\r\n"

static void test_whole(void **state)
{
	(void)state;
	assert_string_equal(answer_to("GET /sub/" HOST "\r\n", false),
			    "HTTP/1.1 200 OK\r\n" STAMP ETAG MODIFIED
			    "Accept-Ranges: bytes\r\nContent-Type: text/html; charset=utf-8\r\n"
			    "Content-Length: 13\r\n\r\n" SITE_SUB_INDEX);
	assert_string_equal(answer_to("HEAD /plaintext" HOST "\r\n", false),
			    "HTTP/1.1 200 OK\r\n" STAMP "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\n");
}

static void test_connection(void **state)
{
	(void)state;
	assert_string_equal(answer_to("GET /plaintext" HOST "\r\n", true),
			    "HTTP/1.1 200 OK\r\n" STAMP "Connection: close\r\n"
			    "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!");
	assert_string_equal(answer_to("GET /plaintext HTTP/1.0\r\n\r\n", false),
			    "HTTP/1.1 200 OK\r\n" STAMP "Connection: keep-alive\r\n"
			    "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!");
}

static void test_unchanged(void **state)
{
	(void)state;
	assert_string_equal(answer_to("GET /style.css" HOST "If-None-Match: *\r\n\r\n", false),
			    "HTTP/1.1 304 Not Modified\r\n" STAMP ETAG MODIFIED "Vary: Accept-Encoding\r\n\r\n");
}

static void test_range(void **state)
{
	(void)state;
	assert_string_equal(answer_to("GET /style.css" HOST "Range: bytes=3-8\r\nAccept-Encoding: br\r\n\r\n", false),
			    "HTTP/1.1 206 Partial Content\r\n" STAMP ETAG MODIFIED
			    "Vary: Accept-Encoding\r\nAccept-Ranges: bytes\r\nContent-Encoding: br\r\n"
			    "Content-Type: text/css; charset=utf-8\r\nContent-Range: bytes 3-8/13\r\n"
			    "Content-Length: 6\r\n\r\ntli of");
	assert_string_equal(answer_to("GET /style.css" HOST "Range: bytes=18-\r\n\r\n", false),
			    "HTTP/1.1 416 Range Not Satisfiable\r\n" STAMP "Content-Range: bytes */18\r\n" TEXT
			    "Content-Length: 26\r\n\r\n416 Range Not Satisfiable\n");
}

static void test_ranges(void **state)
{
	const char *text =
		answer_to("GET /style.css" HOST "Range: bytes=0-1,3-4\r\nAccept-Encoding: br\r\n\r\n", false);

	(void)state;
	assert_memory_equal(text, "HTTP/1.1 206 Partial Content\r\n", 30);
	assert_non_null(strstr(text, "Content-Encoding: br\r\nContent-Type: multipart/byteranges; boundary="));
	assert_null(strstr(text, "text/css"));
	assert_null(strstr(text, "\r\nContent-Range"));
}

/* What Content-Length promises is what the parts come to. */
static void test_length_of_parts(void **state)
{
	const struct httpd_resource *style = httpd_content_find(content, (const uint8_t *)"/style.css", 10);
	const struct httpd_entity *entity = &style->entity[HTTP_CODING_IDENTITY];
	struct http_ranges ranges = {.count = 2, .range = {{0, 9}, {10, 17}}};
	uint8_t part[HTTPD_PART_BYTES];
	uint64_t bytes = 18;

	(void)state;
	for (uint32_t i = 0; i <= 2; i++)
		bytes += httpd_answer_part(entity, &ranges, i, part);
	assert_int_equal(httpd_answer_parts_bytes(entity, &ranges), bytes);
}

static void test_errors(void **state)
{
	(void)state;
	assert_string_equal(answer_to("GET /none" HOST "\r\n", false),
			    "HTTP/1.1 404 Not Found\r\n" STAMP TEXT "Content-Length: 14\r\n\r\n404 Not Found\n");
	assert_string_equal(answer_to("DELETE /" HOST "\r\n", false),
			    "HTTP/1.1 405 Method Not Allowed\r\n" STAMP "Allow: GET, HEAD, OPTIONS\r\n" TEXT
			    "Content-Length: 23\r\n\r\n405 Method Not Allowed\n");
	assert_string_equal(answer_to("HEAD /none" HOST "\r\n", false),
			    "HTTP/1.1 404 Not Found\r\n" STAMP TEXT "Content-Length: 14\r\n\r\n");
}

static void test_empty(void **state)
{
	(void)state;
	assert_string_equal(answer_to("OPTIONS /" HOST "\r\n", false),
			    "HTTP/1.1 204 No Content\r\n" STAMP "Allow: GET, HEAD, OPTIONS\r\n\r\n");
	assert_string_equal(answer_to("GET /status/204" HOST "\r\n", false),
			    "HTTP/1.1 204 No Content\r\n" STAMP "\r\n");
	assert_string_equal(answer_to("GET /status/205" HOST "\r\n", false),
			    "HTTP/1.1 205 Reset Content\r\n" STAMP "Content-Length: 0\r\n\r\n");
}

/* Relative, as the client wrote it: no way to be sent to another host. */
static void test_redirect(void **state)
{
	(void)state;
	assert_string_equal(answer_to("GET /s%75b?q" HOST "\r\n", false),
			    "HTTP/1.1 301 Moved Permanently\r\n" STAMP "Location: ./s%75b/\r\n" TEXT
			    "Content-Length: 22\r\n\r\n301 Moved Permanently\n");
}

static void test_bytes_and_echo(void **state)
{
	const char *text = answer_to("GET /bytes/4" HOST "\r\n", false);

	(void)state;
	text = strstr(text, "\r\n\r\n") + 4;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal((uint8_t)text[i], httpd_pattern_at(i));
	assert_string_equal(answer_to("GET /echo" HOST "\r\n", false),
			    "HTTP/1.1 200 OK\r\n" STAMP
			    "Content-Type: application/octet-stream\r\nContent-Length: 0\r\n\r\n");
}

static void test_overload(void **state)
{
	uint8_t out[HTTPD_RESPONSE_BYTES];
	uint8_t *end = httpd_answer_overload(&stamp, out);

	(void)state;
	*end = '\0';
	assert_string_equal(out, "HTTP/1.1 503 Service Unavailable\r\n" STAMP
				 "Connection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),     cmocka_unit_test(test_connection),
		cmocka_unit_test(test_unchanged), cmocka_unit_test(test_range),
		cmocka_unit_test(test_ranges),    cmocka_unit_test(test_length_of_parts),
		cmocka_unit_test(test_errors),    cmocka_unit_test(test_empty),
		cmocka_unit_test(test_redirect),  cmocka_unit_test(test_bytes_and_echo),
		cmocka_unit_test(test_overload),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
