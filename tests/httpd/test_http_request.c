/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser against the corpus, whole and at every split; limits; and what it finds in a request.
 */
#include "app/httpd/http_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/httpd/http_corpus.h"

static const struct http_limits limits = {.target_max_bytes = 64, .header_max_bytes = 512, .header_max_fields = 8};

/* A copy that ends where its block ends, so that reading past it is caught. */
static uint8_t *copy_of(const char *text, uint32_t bytes)
{
	uint8_t *data = malloc(bytes + !bytes);

	memcpy(data, text, bytes);
	return data;
}

/* Parses with all bytes up to `first` there at first, then up to `second`, then all; each time somewhere else. */
static enum http_parse parse_split(struct http_request *request, const char *text, uint32_t bytes, uint32_t first,
				   uint32_t second)
{
	const uint32_t ends[] = {first, second, bytes};
	enum http_parse result = HTTP_PARSE_INCOMPLETE;

	http_request_begin(request);
	for (unsigned i = 0; i < 3 && result == HTTP_PARSE_INCOMPLETE; i++) {
		uint8_t *data = copy_of(text, ends[i]);

		result = http_request_parse(request, &limits, data, ends[i]);
		free(data);
	}
	return result;
}

static enum http_parse parse(struct http_request *request, const char *text)
{
	uint32_t bytes = (uint32_t)strlen(text);

	return parse_split(request, text, bytes, bytes, bytes);
}

/* Whatever is told apart by a request, in the order in which it is declared. */
static void expect_same(const struct http_request *a, const struct http_request *b)
{
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->field_count, b->field_count);
	assert_int_equal(a->seen, b->seen);
	assert_int_equal(a->repeated, b->repeated);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->method, b->method);
	assert_int_equal(a->minor, b->minor);
	assert_int_equal(a->form, b->form);
	assert_int_equal(a->content_length, b->content_length);
	assert_memory_equal(&a->target, &b->target, sizeof(a->target));
	if (a->status)
		return;
	assert_memory_equal(&a->path, &b->path, sizeof(a->path));
	assert_memory_equal(&a->query, &b->query, sizeof(a->query));
	for (enum http_field field = 0; field < HTTP_FIELD_KEPT_COUNT; field++)
		if (http_request_has(a, field))
			assert_memory_equal(&a->field[field], &b->field[field], sizeof(a->field[field]));
}

static void test_every_rule(void **state)
{
	struct http_request request;

	(void)state;
	for (uint32_t i = 0; i < http_corpus_count; i++) {
		const struct http_corpus_row *row = &http_corpus[i];
		enum http_parse result = parse(&request, row->head);

		if (request.status != row->status || result != (row->status ? HTTP_PARSE_REFUSED : HTTP_PARSE_READY))
			fail_msg("%s: status %u, not %u", row->rule, request.status, row->status);
		if (!row->status)
			assert_int_equal(request.at, strlen(row->head));
	}
}

static void test_every_split(void **state)
{
	struct http_request whole, split;

	(void)state;
	for (uint32_t i = 0; i < http_corpus_count; i++) {
		const struct http_corpus_row *row = &http_corpus[i];
		uint32_t bytes = (uint32_t)strlen(row->head);
		enum http_parse result = parse(&whole, row->head);

		for (uint32_t first = 0; first <= bytes; first++) {
			for (uint32_t second = first; second <= bytes; second += 1 + bytes / 16) {
				assert_int_equal(parse_split(&split, row->head, bytes, first, second), result);
				expect_same(&whole, &split);
			}
		}
	}
}

/* One byte at a time, no byte is looked at twice: the place never moves back, and a prefix is never an answer. */
static void test_byte_by_byte(void **state)
{
	struct http_request request;

	(void)state;
	for (uint32_t i = 0; i < http_corpus_count; i++) {
		const struct http_corpus_row *row = &http_corpus[i];
		uint32_t bytes = (uint32_t)strlen(row->head), last = 0;

		if (row->status)
			continue;
		http_request_begin(&request);
		for (uint32_t end = 1; end < bytes; end++) {
			uint8_t *data = copy_of(row->head, end);

			assert_int_equal(http_request_parse(&request, &limits, data, end), HTTP_PARSE_INCOMPLETE);
			assert_in_range(request.at, last, end);
			last = request.at;
			free(data);
		}
	}
}

static void expect_span(const char *text, struct http_span span, const char *expected)
{
	assert_int_equal(span.bytes, strlen(expected));
	assert_memory_equal(text + span.at, expected, span.bytes);
}

static void test_what_is_found(void **state)
{
	static const char text[] = "POST /a/b?c=d HTTP/1.1\r\nHost: x:80\r\nRange:bytes=0-1\r\nIf-Range: \"e\" \r\n"
				   "Content-Length: 12\r\nIF-NONE-MATCH: *\r\nConnection: Foo , Close\r\n\r\nGET /";
	struct http_request request;

	(void)state;
	assert_int_equal(parse(&request, text), HTTP_PARSE_READY);
	assert_int_equal(request.at, sizeof(text) - 1 - 5);
	assert_int_equal(request.method, HTTP_METHOD_POST);
	assert_int_equal(request.minor, 1);
	assert_int_equal(request.field_count, 6);
	assert_int_equal(request.content_length, 12);
	assert_int_equal(request.flags, HTTP_FLAG_CLOSE);
	expect_span(text, request.method_text, "POST");
	expect_span(text, request.target, "/a/b?c=d");
	expect_span(text, request.path, "/a/b");
	expect_span(text, request.query, "c=d");
	expect_span(text, request.field[HTTP_FIELD_HOST], "x:80");
	expect_span(text, request.field[HTTP_FIELD_RANGE], "bytes=0-1");
	expect_span(text, request.field[HTTP_FIELD_IF_RANGE], "\"e\"");
	expect_span(text, request.field[HTTP_FIELD_IF_NONE_MATCH], "*");
	assert_false(http_request_has(&request, HTTP_FIELD_IF_MATCH));
	assert_true(http_request_has_body(&request));
	assert_false(http_request_is_persistent(&request));
}

static void test_forms(void **state)
{
	struct http_request request;
	const char *text;

	(void)state;
	text = "GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n";
	assert_int_equal(parse(&request, text), HTTP_PARSE_READY);
	assert_int_equal(request.form, HTTP_FORM_ABSOLUTE);
	expect_span(text, request.authority, "b:81");
	expect_span(text, request.path, "/p");
	expect_span(text, request.query, "q");
	text = "GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n";
	assert_int_equal(parse(&request, text), HTTP_PARSE_READY);
	expect_span(text, request.path, "");
	text = "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
	assert_int_equal(parse(&request, text), HTTP_PARSE_READY);
	assert_int_equal(request.form, HTTP_FORM_ASTERISK);
	text = "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n";
	assert_int_equal(parse(&request, text), HTTP_PARSE_READY);
	assert_int_equal(request.form, HTTP_FORM_AUTHORITY);
	expect_span(text, request.authority, "b:443");
}

static void expect_persistence(const char *version, const char *connection, bool expected)
{
	char text[256];
	struct http_request request;

	snprintf(text, sizeof(text), "GET / HTTP/%s\r\nHost: a\r\n%s\r\n", version, connection);
	assert_int_equal(parse(&request, text), HTTP_PARSE_READY);
	if (http_request_is_persistent(&request) != expected)
		fail_msg("HTTP/%s with %s", version, connection);
}

/* RFC 9112 section 9.3. */
static void test_persistence(void **state)
{
	(void)state;
	expect_persistence("1.1", "", true);
	expect_persistence("1.1", "Connection: close\r\n", false);
	expect_persistence("1.1", "Connection: CLOSE\r\n", false);
	expect_persistence("1.1", "Connection: keep-alive\r\n", true);
	expect_persistence("1.1", "Connection: keep-alive, close\r\n", false);
	expect_persistence("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false);
	expect_persistence("1.1", "Connection: closed\r\n", true);
	expect_persistence("1.0", "", false);
	expect_persistence("1.0", "Connection: keep-alive\r\n", true);
	expect_persistence("1.0", "Connection: Keep-Alive, x\r\n", true);
	expect_persistence("1.0", "Connection: keep-alive, close\r\n", false);
}

static void test_length_cannot_overflow(void **state)
{
	struct http_request request;

	(void)state;
	assert_int_equal(parse(&request, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n"),
			 HTTP_PARSE_READY);
	assert_int_equal(request.content_length, UINT64_MAX); /* which no limit admits */
}

static void test_nul_bytes(void **state)
{
	static const char name[] = "GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n",
			  value[] = "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n";
	static const char target[] = "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_request request;

	(void)state;
	assert_int_equal(parse_split(&request, name, sizeof(name) - 1, 9, 9), HTTP_PARSE_REFUSED);
	assert_int_equal(request.status, 400);
	assert_int_equal(parse_split(&request, value, sizeof(value) - 1, 9, 9), HTTP_PARSE_REFUSED);
	assert_int_equal(request.status, 400);
	assert_int_equal(parse_split(&request, target, sizeof(target) - 1, 9, 9), HTTP_PARSE_REFUSED);
	assert_int_equal(request.status, 400);
}

/* A head of this shape is refused, or not, the same however it is split. */
static void expect_at_every_split(const char *text, uint16_t status)
{
	uint32_t bytes = (uint32_t)strlen(text);
	struct http_request request;

	for (uint32_t split = 0; split <= bytes; split++) {
		parse_split(&request, text, bytes, split, split);
		if (request.status != status)
			fail_msg("%.40s… at %u: status %u, not %u", text, split, request.status, status);
	}
}

static void test_long_targets(void **state)
{
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", 63, 0);
	expect_at_every_split(text, 0);
	snprintf(text, sizeof(text), "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", 64, 0);
	expect_at_every_split(text, 414);
	snprintf(text, sizeof(text), "GET /%0*d\x01", 100, 0); /* the limit comes before the odd byte */
	expect_at_every_split(text, 414);
}

static void test_long_heads(void **state)
{
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nB: %0*d\r\n\r\n", 512 - 25 - 3 - 4, 0);
	assert_int_equal(strlen(text), 512);
	expect_at_every_split(text, 0);
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nB: %0*d\r\n\r\n", 512 - 25 - 3 - 3, 0);
	expect_at_every_split(text, 431);
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%0*d", 800, 0); /* a name without end */
	expect_at_every_split(text, 431);
}

static void test_many_fields(void **state)
{
	(void)state;
	expect_at_every_split("GET / HTTP/1.1\r\nHost: a\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nH:\r\n\r\n", 0);
	expect_at_every_split("GET / HTTP/1.1\r\nHost: a\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nH:\r\nI:\r\n\r\n", 431);
}

static void test_method_names(void **state)
{
	(void)state;
	assert_string_equal(http_method_text(HTTP_METHOD_GET), "GET");
	assert_string_equal(http_method_text(HTTP_METHOD_OPTIONS), "OPTIONS");
}

/* Random bytes, often of those that matter, never do harm, and every split of them agrees with the whole. */
static void test_noise(void **state)
{
	static const char alphabet[] =
		"GET / HTTP/1.1\r\n\r\nHost: a\r\n:,;\t chunkedTransfer-Encoding: 0123\x7f\x01\xff#?*";
	uint64_t random = 88172645463325252ULL;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		char text[160] = "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: x\r\n\r\n";
		uint32_t bytes = (uint32_t)strlen(text);
		struct http_request whole, split;
		enum http_parse result;

		for (unsigned changes = 0; changes < 1 + round % 4; changes++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			text[random % bytes] = alphabet[(random >> 32) % sizeof(alphabet)];
		}
		result = parse_split(&whole, text, bytes, bytes, bytes);
		assert_int_equal(parse_split(&split, text, bytes, (uint32_t)(random >> 8) % bytes, bytes), result);
		expect_same(&whole, &split);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule),
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_what_is_found),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_persistence),
		cmocka_unit_test(test_length_cannot_overflow),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_long_targets),
		cmocka_unit_test(test_long_heads),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_method_names),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
