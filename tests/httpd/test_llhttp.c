/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser against llhttp (Debian's node-llhttp, compiled strictly), an independent reading of the same RFCs.  Where
 * the two differ on the corpus is written in the corpus; on random requests we never accept what llhttp refuses but for
 * two reasons (a method that it does not know, a minor version above 1), and what both accept they frame alike.
 */
#include "app/httpd/http_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/http_chunked.h"
#include "tests/httpd/http_corpus.h"

#define SKIPPED 77 /* what meson takes for a skip */

#ifdef HAVE_LLHTTP
#include <llhttp.h>

#define TEXT_MAX_BYTES 1024
#define ROUNDS         300000

static const struct http_limits limits = {
	.target_max_bytes = 512, .header_max_bytes = TEXT_MAX_BYTES, .header_max_fields = 64};

/* What llhttp made of a request. */
struct verdict {
	bool head, whole, persistent;
	uint8_t method;
	bool chunked, has_length;
	uint64_t content_length;
	uint32_t target_bytes, body_bytes;
	char target[TEXT_MAX_BYTES], body[TEXT_MAX_BYTES];
};

static int on_url(llhttp_t *llhttp, const char *at, size_t bytes)
{
	struct verdict *verdict = llhttp->data;

	memcpy(verdict->target + verdict->target_bytes, at, bytes);
	verdict->target_bytes += (uint32_t)bytes;
	return 0;
}

static int on_headers_complete(llhttp_t *llhttp)
{
	struct verdict *verdict = llhttp->data;

	verdict->head = true;
	verdict->persistent = llhttp_should_keep_alive(llhttp);
	verdict->method = llhttp->method;
	verdict->chunked = (llhttp->flags & F_CHUNKED) != 0;
	verdict->has_length = (llhttp->flags & F_CONTENT_LENGTH) != 0;
	verdict->content_length = llhttp->content_length;
	return 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t bytes)
{
	struct verdict *verdict = llhttp->data;

	memcpy(verdict->body + verdict->body_bytes, at, bytes);
	verdict->body_bytes += (uint32_t)bytes;
	return 0;
}

static int on_message_complete(llhttp_t *llhttp)
{
	struct verdict *verdict = llhttp->data;

	verdict->whole = true;
	return HPE_PAUSED;
}

static void ask_llhttp(struct verdict *verdict, const char *text, size_t bytes)
{
	llhttp_settings_t settings;
	llhttp_t llhttp;
	llhttp_errno_t result;

	memset(verdict, 0, offsetof(struct verdict, target));
	llhttp_settings_init(&settings);
	settings.on_url = on_url;
	settings.on_headers_complete = on_headers_complete;
	settings.on_body = on_body;
	settings.on_message_complete = on_message_complete;
	llhttp_init(&llhttp, HTTP_REQUEST, &settings);
	llhttp.data = verdict;
	result = llhttp_execute(&llhttp, text, bytes);
	if (result != HPE_OK && result != HPE_PAUSED && result != HPE_PAUSED_UPGRADE)
		verdict->head = verdict->whole = false;
}

static enum http_parse ask_us(struct http_request *request, const char *text, size_t bytes)
{
	http_request_begin(request);
	return http_request_parse(request, &limits, (const uint8_t *)text, (uint32_t)bytes);
}

static bool is_tunnel(const struct http_request *request)
{
	return request->method == HTTP_METHOD_CONNECT;
}

/* Both accept: they must agree on everything that frames and routes. */
static void expect_agreement(const char *text, const struct http_request *request, const struct verdict *verdict)
{
	const char *method = llhttp_method_name(verdict->method);

	if (request->method != HTTP_METHOD_OTHER && strcmp(method, http_method_text(request->method)) != 0)
		fail_msg("method %s in: %s", method, text);
	if (request->target.bytes != verdict->target_bytes ||
	    memcmp(text + request->target.at, verdict->target, verdict->target_bytes) != 0)
		fail_msg("target in: %s", text);
	if (verdict->chunked != ((request->flags & HTTP_FLAG_CHUNKED) != 0))
		fail_msg("chunked or not: %s", text);
	if (verdict->has_length && verdict->content_length != request->content_length)
		fail_msg("length in: %s", text);
	if (!is_tunnel(request) && verdict->persistent != http_request_is_persistent(request))
		fail_msg("persistent or not: %s", text);
}

static void test_corpus(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < http_corpus_count; i++) {
		const struct http_corpus_row *row = &http_corpus[i];
		struct http_request request;
		struct verdict verdict;
		bool ours = ask_us(&request, row->head, strlen(row->head)) == HTTP_PARSE_READY;

		ask_llhttp(&verdict, row->head, strlen(row->head));
		if ((ours != verdict.head) != (row->llhttp_differs != NULL))
			fail_msg("%s: %s, llhttp %s; noted: %s", row->rule, ours ? "accepted" : "refused",
				 verdict.head ? "accepts" : "refuses",
				 row->llhttp_differs ? row->llhttp_differs : "no difference");
		if (ours && verdict.head)
			expect_agreement(row->head, &request, &verdict);
	}
}

static uint64_t random_next(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

/* Writes random stretches of the corpus's bytes over each other. */
static size_t mutate(char *text, uint64_t *random)
{
	const struct http_corpus_row *base = &http_corpus[random_next(random) % http_corpus_count];
	size_t bytes = strlen(base->head);

	memcpy(text, base->head, bytes);
	for (unsigned changes = 0; changes < 1 + random_next(random) % 3; changes++) {
		const char *other = http_corpus[random_next(random) % http_corpus_count].head;
		size_t other_bytes = strlen(other), from = random_next(random) % other_bytes;
		size_t length = 1 + random_next(random) % 12, to = random_next(random) % bytes;

		if (from + length > other_bytes)
			length = other_bytes - from;
		if (to + length > bytes)
			length = bytes - to;
		memcpy(text + to, other + from, length);
	}
	text[bytes] = '\0';
	return bytes;
}

static bool may_be_stricter(const char *text, const struct http_request *request)
{
	const char *version = memchr(text + request->target.at + request->target.bytes, '.', 8);

	return request->method == HTTP_METHOD_OTHER || (version && version[1] > '1');
}

static void test_random_heads(void **state)
{
	uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
	unsigned both = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char text[TEXT_MAX_BYTES];
		size_t bytes = mutate(text, &random);
		struct http_request request;
		struct verdict verdict;

		if (ask_us(&request, text, bytes) != HTTP_PARSE_READY)
			continue;
		ask_llhttp(&verdict, text, request.at);
		if (verdict.head) {
			expect_agreement(text, &request, &verdict);
			both++;
		} else if (!may_be_stricter(text, &request)) {
			fail_msg("llhttp refuses what we accept: %s", text);
		}
	}
	assert_in_range(both, ROUNDS / 50, ROUNDS); /* the comparison compared something */
}

/* Our decoder over a whole body. */
static bool decode(const char *text, uint32_t bytes, char *content, uint32_t *content_bytes)
{
	struct http_chunked chunked;
	uint32_t at = 0;

	http_chunked_begin(&chunked);
	*content_bytes = 0;
	while (at < bytes) {
		struct http_chunked_step step = http_chunked_next(&chunked, (const uint8_t *)text + at, bytes - at);

		memcpy(content + *content_bytes, text + at + step.framing_bytes, step.content_bytes);
		*content_bytes += step.content_bytes;
		at += step.framing_bytes + step.content_bytes;
		http_chunked_take(&chunked, step.content_bytes);
		if (step.status || step.done)
			return step.done && at == bytes;
	}
	return false;
}

/* No spaces: RFC 9112 section 7.1.1 has us accept them around an extension's ';', and llhttp does not. */
static void test_random_chunks(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const char body[] =
		"5\r\nhello\r\na;b=c\r\n0123456789\r\n0A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\nA: b\r\n\r\n";
	static const char alphabet[] = "0123456789abcdefABCDEF\r\n\r\n;=:x\x01\xff";
	uint64_t random = UINT64_C(0x123456789abcdef1);
	unsigned both = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char text[TEXT_MAX_BYTES], content[TEXT_MAX_BYTES];
		size_t head_bytes = sizeof(head) - 1, body_bytes = sizeof(body) - 1;
		uint32_t content_bytes;
		struct verdict verdict;

		memcpy(text, head, head_bytes);
		memcpy(text + head_bytes, body, body_bytes);
		for (unsigned changes = 0; changes < 1 + random_next(&random) % 2; changes++)
			text[head_bytes + random_next(&random) % body_bytes] =
				alphabet[random_next(&random) % (sizeof(alphabet) - 1)];
		if (!decode(text + head_bytes, (uint32_t)body_bytes, content, &content_bytes))
			continue;
		ask_llhttp(&verdict, text, head_bytes + body_bytes);
		if (!verdict.whole)
			fail_msg("llhttp refuses: %.*s", (int)body_bytes, text + head_bytes);
		assert_int_equal(content_bytes, verdict.body_bytes);
		assert_memory_equal(content, verdict.body, content_bytes);
		both++;
	}
	assert_in_range(both, ROUNDS / 50, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_random_heads),
		cmocka_unit_test(test_random_chunks),
	};

	if (LLHTTP_VERSION_MAJOR != 8) {
		printf("skipped: the differences noted are those of llhttp 8, this is %d\n", LLHTTP_VERSION_MAJOR);
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	printf("skipped: no llhttp; apt-get install node-llhttp\n");
	return SKIPPED;
}

#endif
