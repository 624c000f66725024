/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests as bombs: more of everything than anybody means, and what two recipients could read differently.  The answer is a 4xx and
 * the end, after no more memory than one honest request takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

/* Everything that was sent is one answer with this status, and the connection is at its end. */
static void refused(struct fake *fake, int conn, int status)
{
	struct answers answers;

	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	answers_expect_one(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn), status);
	answers_end(&answers);
	assert_true(fake_is_shut(fake, conn) || fake_is_aborted(fake, conn));
}

/* Says the same piece again and again until the server has had enough; how many it took. */
static uint32_t says_until_refused(struct fake *fake, int conn, const char *piece, uint32_t most)
{
	uint32_t count = 0;

	while (count < most && !fake_is_shut(fake, conn) && !fake_is_gone(fake, conn)) {
		fake_say(fake, conn, piece);
		count++;
	}
	return count;
}

/* A server whose memory is counted: how much it has borrowed. */
static uint64_t borrowed(const struct fake *fake)
{
	struct httpd_statistics statistics;

	httpd_statistics(fake->httpd, &statistics);
	return statistics.buffers_used + statistics.exchanges_used;
}

static void test_a_million_header_fields(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_say(fake, conn, "GET / HTTP/1.1\r\nHost: a\r\n");
	assert_in_range(says_until_refused(fake, conn, "A: b\r\n", 1000000), 50, 101);
	refused(fake, conn, 431);
	fake_close(fake);
}

/* One line without an end, a gigabyte if it is let. */
static void test_a_header_line_of_a_gigabyte(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	char piece[4097];

	(void)state;
	memset(piece, 'a', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	fake_say(fake, conn, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	assert_in_range(says_until_refused(fake, conn, piece, 262144), 2, 5);
	refused(fake, conn, 431);
	fake_close(fake);
}

static void test_a_target_of_a_gigabyte(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	char piece[1025];

	(void)state;
	memset(piece, 'a', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	fake_say(fake, conn, "GET /");
	assert_in_range(says_until_refused(fake, conn, piece, 1000000), 2, 6);
	refused(fake, conn, 414);
	fake_close(fake);
}

/* Sizes that are no 64-bit number, or no number: refused before anything is done. */
static void test_chunk_sizes_that_overflow(void **state)
{
	static const char *const sizes[] = {"10000000000000000",
					    "fffffffffffffffff",
					    "1ffffffffffffffffffffffffffffffff",
					    "-1",
					    "+5",
					    "0x5",
					    "5 5",
					    "5h"};

	(void)state;
	for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);
		char text[256];

		snprintf(text, sizeof(text),
			 "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\nhello\r\n",
			 sizes[i]);
		fake_say(fake, conn, text);
		refused(fake, conn, 400);
		fake_close(fake);
	}
}

/* Sizes that are numbers, and larger than any body may be: what comes is taken up to the limit, and sums do not wrap. */
static void test_chunk_sizes_beyond_the_limit(void **state)
{
	static const char *const sizes[] = {
		"3e9", "100000000", "ffffffff", "7fffffffffffffff", "8000000000000000", "ffffffffffffffff"};
	char content[4096];

	(void)state;
	memset(content, 'a', sizeof(content));
	for (uint32_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct httpd_config config = fake_config();
		struct fake *fake;
		char head[256];
		int conn;

		config.body_max_bytes = 1000;
		fake = fake_open(&config);
		conn = fake_connect(fake);
		/* On its own, and after another chunk: ffffffffffffffff and 5 make 4. */
		snprintf(head, sizeof(head),
			 "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%s%s\r\n",
			 i & 1 ? "5\r\nhello\r\n" : "", sizes[i / 2]);
		fake_say(fake, conn, head);
		fake_feed(fake, conn, content, sizeof(content));
		assert_true(fake_is_shut(fake, conn) || fake_is_aborted(fake, conn));
		assert_true(fake_output_bytes(fake, conn) < 1000 + 400);
		fake_close(fake);
	}
}

/* Requests that a proxy in front might cut in another place: each refused, the rest of the connection thrown away. */
static void test_smuggling(void **state)
{
	static const struct {
		const char *fields;
		int status;
	} row[] = {
		{"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
		{"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
		{"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
		{"Content-Length: 5, 6\r\n", 400},
		{"Content-Length: +5\r\n", 400},
		{"Content-Length: 0x5\r\n", 400},
		{"Content-Length: 5 5\r\n", 400},
		{"Content-Length: 18446744073709551621\r\n", 413},
		{"Content-Length : 5\r\n", 400},
		{" Content-Length: 5\r\n", 400},
		{"Transfer-Encoding: xchunked\r\n", 400},
		{"Transfer-Encoding: chunked, identity\r\n", 400},
		{"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
		{"Transfer-Encoding:\x0b"
		 "chunked\r\n",
		 400},
		{"X: a\nContent-Length: 5\r\n", 400},
		{"X: a\rContent-Length: 5\r\n", 400},
		{"X: a\r\n Content-Length: 5\r\n", 400},
		{"Host: b\r\n", 400},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);
		char text[512];

		snprintf(text, sizeof(text),
			 "POST /echo HTTP/1.1\r\nHost: a\r\n%s\r\nhelloGET /status/200 HTTP/1.1\r\nHost: a\r\n\r\n",
			 row[i].fields);
		fake_say(fake, conn, text);
		refused(fake, conn, row[i].status);
		fake_close(fake);
	}
}

/* NUL anywhere in a head. */
static void test_nul_bytes(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";

	(void)state;
	for (size_t at = 0; at < sizeof(request) - 1; at++) {
		struct fake *fake = fake_open(NULL);
		int conn = fake_connect(fake);
		char copy[sizeof(request)];

		memcpy(copy, request, sizeof(request));
		copy[at] = '\0';
		fake_feed(fake, conn, copy, sizeof(request) - 1);
		refused(fake, conn, strncmp(fake_output(fake, conn), "HTTP/1.1 505", 12) == 0 ? 505 : 400);
		fake_close(fake);
	}
}

/* A hundred thousand requests before the first answer is read: each answered, in order, and memory for one at a time. */
static void test_a_hundred_thousand_pipelined(void **state)
{
	static const char request[] = "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n";
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	uint32_t count = 0, answered = 0;
	char burst[sizeof(request) * 100];

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		memcpy(burst + i * (sizeof(request) - 1), request, sizeof(request) - 1);
	while (count < 100000) {
		struct answers answers;

		fake_feed(fake, conn, burst, 100 * (sizeof(request) - 1));
		count += 100;
		assert_true(borrowed(fake) <= 2);
		answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
		for (; answers_next(&answers, false); answered++)
			assert_int_equal(answers.status, 200);
		answers_end(&answers);
		fake_forget_output(fake, conn);
	}
	assert_int_equal(answered, count);
	assert_false(fake_is_shut(fake, conn));
	fake_close(fake);
}

#define GREEDY 40

/* What the server has answered on the connection since the last look. */
static uint32_t answered_now(struct fake *fake, int conn)
{
	struct answers answers;
	uint32_t count = 0;

	answers_begin(&answers, fake_output(fake, conn), fake_output_bytes(fake, conn));
	while (answers_next(&answers, false))
		count++;
	answers_end(&answers);
	fake_forget_output(fake, conn);
	return count;
}

static void turn(struct fake *fake)
{
	struct sluice_event event[FAKE_CONNS_MAX];
	uint32_t count = fake_poll(fake, event, FAKE_CONNS_MAX);

	for (uint32_t i = 0; i < count; i++)
		httpd_handle(fake->httpd, &event[i]);
	httpd_turn(fake->httpd);
}

/*
 * Forty peers with two thousand requests each, all there at once, and one that asks for one thing at a time.  It is answered in the turn
 * in which it asks, no turn answers more than its share, and of the forty none gets ahead of another.
 */
static void test_pipelines_leave_room_for_one_request(void **state)
{
	static const char request[] = "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n";
	struct fake *fake = fake_open(NULL);
	int greedy[GREEDY], modest = fake_connect(fake);
	uint32_t total[GREEDY] = {0}, most = 0, left = 2000 * GREEDY;
	char *text = malloc(2000 * sizeof(request));

	(void)state;
	for (uint32_t i = 0; i < 2000; i++)
		memcpy(text + i * (sizeof(request) - 1), request, sizeof(request));
	for (uint32_t i = 0; i < GREEDY; i++)
		greedy[i] = fake_connect(fake);
	for (uint32_t i = 0; i < GREEDY; i++)
		fake_put(fake, greedy[i], text, strlen(text));
	for (uint32_t round = 0; left > 0; round++) {
		uint32_t sum = 0, least = UINT32_MAX;

		fake_put(fake, modest, request, strlen(request));
		turn(fake);
		assert_int_equal(answered_now(fake, modest), 1);
		for (uint32_t i = 0; i < GREEDY; i++) {
			uint32_t count = answered_now(fake, greedy[i]);

			total[i] += count;
			sum += count;
			least = total[i] < least ? total[i] : least;
			most = total[i] > most ? total[i] : most;
		}
		assert_true(sum <= (round ? 600 : 600 + 64 * GREEDY));
		assert_true(most - least <= 64);
		left -= sum;
		assert_true(round < 200);
	}
	free(text);
	fake_close(fake);
}

/* The same from a peer that reads nothing: what it says waits unread, and back-pressure is all it gets. */
static void test_pipelined_by_a_peer_that_never_reads(void **state)
{
	static const char request[] = "GET /bytes/5000 HTTP/1.1\r\nHost: a\r\n\r\n";
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);

	(void)state;
	fake_limit(fake, conn, 20000);
	for (uint32_t i = 0; i < 2000; i++)
		fake_say(fake, conn, request);
	assert_true(fake_output_bytes(fake, conn) <= 20000);
	assert_true(fake_unread(fake, conn) > 1900 * strlen(request));
	assert_true(borrowed(fake) <= 2);
	fake_peer_resets(fake, conn);
	fake_close(fake);
}

/* Bodies without end to where nobody wants them: a little is read away, then the connection goes. */
static void test_a_body_without_end(void **state)
{
	struct fake *fake = fake_open(NULL);
	int conn = fake_connect(fake);
	char piece[4097];
	uint32_t taken;

	(void)state;
	memset(piece, 'a', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	fake_say(fake, conn, "POST /plaintext HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n");
	taken = says_until_refused(fake, conn, piece, 100000);
	assert_true(taken <= fake_config().discard_max_bytes / 4096 + 2);
	assert_int_equal(strncmp(fake_output(fake, conn), "HTTP/1.1 4", 10), 0);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_million_header_fields),
		cmocka_unit_test(test_a_header_line_of_a_gigabyte),
		cmocka_unit_test(test_a_target_of_a_gigabyte),
		cmocka_unit_test(test_chunk_sizes_that_overflow),
		cmocka_unit_test(test_chunk_sizes_beyond_the_limit),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_a_hundred_thousand_pipelined),
		cmocka_unit_test(test_pipelines_leave_room_for_one_request),
		cmocka_unit_test(test_pipelined_by_a_peer_that_never_reads),
		cmocka_unit_test(test_a_body_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
