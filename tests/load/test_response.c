/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Responses: what is right, at every split; and everything that a strict client refuses.
 */
#include "app/load/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\n"

/* A copy of exactly `count` bytes, so that reading past them is caught. */
static char *exact(const char *text, size_t count)
{
	char *copy = malloc(count + !count);

	memcpy(copy, text, count);
	return copy;
}

static struct response_head reads(const char *text)
{
	struct response_head head = {0};
	char *copy = exact(text, strlen(text));

	if (response_head_read(copy, (uint32_t)strlen(text), 0, &head) != (int32_t)strlen(text))
		fail_msg("not read whole: %s", text);
	free(copy);
	return head;
}

static void refuses_bytes(const char *text, size_t count)
{
	struct response_head head;
	char *copy = exact(text, count);

	if (response_head_read(copy, (uint32_t)count, 0, &head) != RESPONSE_BAD)
		fail_msg("not refused: %s", text);
	free(copy);
}

static void refuses(const char *text)
{
	refuses_bytes(text, strlen(text));
}

static void test_framing(void **state)
{
	struct response_head head = reads(OK "Content-Length: 12\r\n\r\n");

	(void)state;
	assert_int_equal(head.status, 200);
	assert_int_equal(head.body, RESPONSE_BODY_LENGTH);
	assert_int_equal(head.content_bytes, 12);
	assert_true(head.keep_alive);
	assert_false(head.is_interim);
	head = reads(OK "transfer-encoding: CHUNKED\r\n\r\n");
	assert_int_equal(head.body, RESPONSE_BODY_CHUNKED);
	assert_true(head.keep_alive);
	head = reads(OK "Server: x\r\n\r\n");
	assert_int_equal(head.body, RESPONSE_BODY_UNTIL_CLOSE);
	assert_false(head.keep_alive);
	head = reads(OK "Content-Length:\t9223372036854775799 \r\n\r\n");
	assert_int_equal(head.content_bytes, INT64_C(9223372036854775799));
}

static void test_statuses_without_a_body(void **state)
{
	(void)state;
	assert_int_equal(reads("HTTP/1.1 204 No Content\r\n\r\n").body, RESPONSE_BODY_LENGTH);
	assert_int_equal(reads("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n").content_bytes, 0);
	assert_true(reads("HTTP/1.1 100 Continue\r\n\r\n").is_interim);
	assert_true(reads("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n").is_interim);
	assert_int_equal(reads("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n").status, 404);
}

static void test_connection(void **state)
{
	(void)state;
	assert_false(reads(OK "Content-Length: 0\r\nConnection: close\r\n\r\n").keep_alive);
	assert_false(reads(OK "Content-Length: 0\r\nConnection: x , Close\r\n\r\n").keep_alive);
	assert_false(reads(OK "Content-Length: 0\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
	assert_true(reads(OK "Content-Length: 0\r\nConnection: closed\r\n\r\n").keep_alive);
	assert_false(reads("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
	assert_true(reads("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

static void test_refused_status_lines(void **state)
{
	(void)state;
	refuses("HTTP/1.1 200\r\n\r\n"); /* RFC 9112 section 4: the blank is not optional */
	refuses("HTTP/1.1  200 OK\r\n\r\n");
	refuses("HTTP/1.1 20 OK\r\n\r\n");
	refuses("HTTP/1.1 2000 OK\r\n\r\n");
	refuses("HTTP/1.1 099 OK\r\n\r\n");
	refuses("HTTP/1.1 600 OK\r\n\r\n");
	refuses("HTTP/1.1 2x0 OK\r\n\r\n");
	refuses("HTTP/1.1\t200 OK\r\n\r\n");
	refuses("HTTP/1.x 200 OK\r\n\r\n");
	refuses("HTTP/2.0 200 OK\r\n\r\n");
	refuses("http/1.1 200 OK\r\n\r\n");
	refuses("HTTP/1.1 200 O\rK\r\n\r\n");
	refuses("HTTP/1.1 101 Switching Protocols\r\n\r\n");
	refuses_bytes("HTTP/1.1 200 O\0K\r\n\r\n", 20);
	refuses("\r\n" OK "\r\n");
	refuses("SSH-2.0-OpenSSH_9.2\r\n");
	refuses("H2");
}

static void test_refused_fields(void **state)
{
	(void)state;
	refuses(OK "Name : value\r\n\r\n");
	refuses(OK ": value\r\n\r\n");
	refuses(OK "no colon\r\n\r\n");
	refuses(OK "Na me: value\r\n\r\n");
	refuses(OK "Name: a\r\n folded\r\n\r\n");
	refuses(OK " Leading: blank\r\n\r\n");
	refuses(OK "Name: a\rb\r\n\r\n");
	refuses(OK "Name: a\x01\r\n\r\n");
	refuses(OK "Name: a\x7f\r\n\r\n");
	refuses("HTTP/1.1 200 OK\n\n");
	refuses(OK "Name: a\n\r\n");
	refuses(OK "\n");
	refuses_bytes(OK "Na\0me: v\r\n\r\n", strlen(OK) + 12);
	refuses_bytes(OK "Name: \0\r\n\r\n", strlen(OK) + 11);
	reads(OK "Name:\r\nOther: \x80\xff\t x\r\n\r\n");
}

static void test_refused_framing(void **state)
{
	(void)state;
	refuses(OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\n");
	refuses(OK "Content-Length: 1, 1\r\n\r\n");
	refuses(OK "Content-Length:\r\n\r\n");
	refuses(OK "Content-Length: -1\r\n\r\n");
	refuses(OK "Content-Length: +1\r\n\r\n");
	refuses(OK "Content-Length: 0x1\r\n\r\n");
	refuses(OK "Content-Length: 9999999999999999999\r\n\r\n");
	refuses(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
	refuses(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n");
	refuses(OK "Transfer-Encoding: gzip, chunked\r\n\r\n");
	refuses(OK "Transfer-Encoding: identity\r\n\r\n");
	refuses("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	refuses("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n");
}

/* Every shorter piece asks for more, and says the same whether or not an earlier call has scanned some of it. */
static void test_heads_at_every_split(void **state)
{
	static const char text[] = OK "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 3\r\nA: b\r\n\r\nabc";
	const uint32_t length = (uint32_t)strlen(text) - 3;
	struct response_head head;

	(void)state;
	for (uint32_t count = 0; count <= sizeof(text) - 1; count++) {
		char *copy = exact(text, count);
		uint32_t scanned_most = count < length ? count : length - 1;

		for (uint32_t scanned = 0; scanned <= scanned_most; scanned++)
			assert_int_equal(response_head_read(copy, count, scanned, &head),
					 count < length ? RESPONSE_MORE : (int32_t)length);
		free(copy);
	}
	assert_int_equal(head.content_bytes, 3);
}

static void test_chunk_lines(void **state)
{
	uint64_t size = 7;

	(void)state;
	assert_int_equal(response_chunk_read("0\r\n", 3, &size), 3);
	assert_int_equal(size, 0);
	assert_int_equal(response_chunk_read("1aF;name=\"v\"\r\nxyz", 17, &size), 14);
	assert_int_equal(size, 0x1af);
	assert_int_equal(response_chunk_read("000000000000010\r\n", 17, &size), 17);
	assert_int_equal(size, 16);
	assert_int_equal(response_chunk_read("5 \t;x\r\n", 7, &size), 7);
	for (uint32_t count = 0; count < 14; count++) {
		char *copy = exact("1aF;name=\"v\"\r\n", count);

		assert_int_equal(response_chunk_read(copy, count, &size), RESPONSE_MORE);
		free(copy);
	}
}

static void test_refused_chunks(void **state)
{
	static const char *const bad[] = {"\r\n",
					  "x\r\n",
					  "-1\r\n",
					  "0x5\r\n",
					  "5\n",
					  "5x\r\n",
					  " 5\r\n",
					  ";x\r\n",
					  "5;\x01\r\n",
					  "5\rx\r\n",
					  "1234567890123456\r\n"};
	uint64_t size;

	(void)state;
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (response_chunk_read(bad[i], (uint32_t)strlen(bad[i]), &size) != RESPONSE_BAD)
			fail_msg("not refused: %s", bad[i]);
	}
	assert_int_equal(response_chunk_read("1234567890123456", 16, &size), RESPONSE_BAD); /* without waiting */
	assert_int_equal(response_chunk_read("", 0, &size), RESPONSE_MORE);
}

static void test_chunk_ends(void **state)
{
	(void)state;
	assert_int_equal(response_chunk_end_read("\r\nx", 3), 2);
	assert_int_equal(response_chunk_end_read("\r", 1), RESPONSE_MORE);
	assert_int_equal(response_chunk_end_read("", 0), RESPONSE_MORE);
	assert_int_equal(response_chunk_end_read("\n", 1), RESPONSE_BAD);
	assert_int_equal(response_chunk_end_read("\rx", 2), RESPONSE_BAD);
	assert_int_equal(response_chunk_end_read("xx", 2), RESPONSE_BAD);
}

static void test_trailers(void **state)
{
	(void)state;
	assert_int_equal(response_trailer_read("\r\n", 2, 0), 2);
	assert_int_equal(response_trailer_read("A: b\r\nC: d\r\n\r\nHTTP", 18, 0), 14);
	for (uint32_t count = 0; count < 14; count++) {
		for (uint32_t scanned = 0; scanned <= count; scanned++)
			assert_int_equal(response_trailer_read("A: b\r\nC: d\r\n\r\n", count, scanned), RESPONSE_MORE);
	}
	assert_int_equal(response_trailer_read("Content-Length: 5\r\n\r\n", 21, 0), RESPONSE_BAD);
	assert_int_equal(response_trailer_read("Transfer-Encoding: chunked\r\n\r\n", 30, 0), RESPONSE_BAD);
	assert_int_equal(response_trailer_read("nonsense\r\n\r\n", 12, 0), RESPONSE_BAD);
	assert_int_equal(response_trailer_read("\n", 1, 0), RESPONSE_BAD);
}

/* Any bytes: the readers end, stay inside, and never claim more than there is. */
static void test_noise(void **state)
{
	static const char alphabet[] = "HTP/1.20 OK\r\n\r\n:;,\t \0chunkedClose-Length5aF\x80\x01";
	uint64_t random = 1, size;
	struct response_head head;

	(void)state;
	for (uint32_t round = 0; round < 200000; round++) {
		char text[64] = "HTTP/1.1 200 OK\r\n";
		uint32_t count = (uint32_t)(random >> 33) % sizeof(text);
		uint32_t kept = round & 1 ? 17 : 0;
		char *copy;

		for (uint32_t i = kept; i < count; i++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			text[i] = alphabet[(random >> 40) % (sizeof(alphabet) - 1)];
		}
		random = random * 6364136223846793005 + 1442695040888963407;
		copy = exact(text, count);
		assert_in_range(response_head_read(copy, count, 0, &head) + 1, 0, count + 1);
		assert_in_range(response_chunk_read(copy, count, &size) + 1, 0, count + 1);
		assert_in_range(response_trailer_read(copy, count, 0) + 1, 0, count + 1);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_statuses_without_a_body),
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_refused_status_lines),
		cmocka_unit_test(test_refused_fields),
		cmocka_unit_test(test_refused_framing),
		cmocka_unit_test(test_heads_at_every_split),
		cmocka_unit_test(test_chunk_lines),
		cmocka_unit_test(test_refused_chunks),
		cmocka_unit_test(test_chunk_ends),
		cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
