/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams of responses through the generator, cut at every place, against what they must come to.
 */
#include <stdlib.h>

#include "tests/load/load_scene.h"

#define CHUNKED                                                                                                \
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: " \
	"t\r\n\r\n"

/* What the stream holds, and what the generator must have made of it. */
struct stream {
	const char *text;
	uint64_t successes, failures, body_bytes, interim;
};

static const struct stream streams[] = {
	{SCENE_RESPONSE, 1, 0, 5, 0},
	{SCENE_RESPONSE SCENE_RESPONSE SCENE_RESPONSE, 3, 0, 15, 0},
	{CHUNKED, 1, 0, 11, 0},
	{CHUNKED SCENE_RESPONSE CHUNKED, 3, 0, 27, 0},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" SCENE_RESPONSE, 1, 0, 5, 2},
	{"HTTP/1.1 204 No Content\r\n\r\n" SCENE_RESPONSE, 2, 0, 5, 0},
	{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno" SCENE_RESPONSE, 1, 1, 7, 0},
};

static void expect_stream(struct load_scene *scene, const struct stream *stream)
{
	const struct load_counts *counts = load_scene_counts(scene);

	assert_int_equal(counts->requests.outcome[LOAD_OUTCOME_SUCCESS], stream->successes);
	assert_int_equal(counts->requests.outcome[LOAD_OUTCOME_STATUS], stream->failures);
	assert_int_equal(counts->body_bytes, stream->body_bytes);
	assert_int_equal(counts->interim, stream->interim);
	assert_int_equal(counts->requests.attempted, stream->successes + stream->failures + 8); /* always refilled */
	assert_int_equal(counts->connections.in_progress, 1);
}

static struct fake_conn *stream_begin(struct load_scene *scene)
{
	load_scene_make(scene, LOAD_MODE_RPS);
	scene->config.pipeline = 8;
	load_scene_begin(scene);
	load_scene_opened(scene, load_scene_conn(0));
	return load_scene_conn(0);
}

static void arrive(struct load_scene *scene, struct fake_conn *conn, const char *bytes, size_t count)
{
	fake_arrive(conn, bytes, count);
	load_scene_event(scene, conn, SLUICE_READABLE, SLUICE_REASON_NONE);
}

static void test_cut_in_two_everywhere(void **state)
{
	struct load_scene scene;

	(void)state;
	for (uint32_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		size_t length = strlen(streams[i].text);

		for (size_t cut = 0; cut <= length; cut++) {
			struct fake_conn *conn = stream_begin(&scene);

			arrive(&scene, conn, streams[i].text, cut);
			arrive(&scene, conn, streams[i].text + cut, length - cut);
			expect_stream(&scene, &streams[i]);
			load_scene_close(&scene);
		}
	}
}

/* The two pieces arrive in one turn: what is split lies in two slices. */
static void test_cut_in_three_slices_everywhere(void **state)
{
	struct load_scene scene;

	(void)state;
	for (uint32_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		size_t length = strlen(streams[i].text);

		for (size_t first = 1; first < length; first += 3) {
			for (size_t second = first + 1; second < length; second += 7) {
				struct fake_conn *conn = stream_begin(&scene);

				fake_arrive(conn, streams[i].text, first);
				fake_arrive(conn, streams[i].text + first, second - first);
				arrive(&scene, conn, streams[i].text + second, length - second);
				expect_stream(&scene, &streams[i]);
				load_scene_close(&scene);
			}
		}
	}
}

static void test_byte_by_byte(void **state)
{
	struct load_scene scene;

	(void)state;
	for (uint32_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct fake_conn *conn = stream_begin(&scene);

		for (const char *at = streams[i].text; *at; at++)
			arrive(&scene, conn, at, 1);
		expect_stream(&scene, &streams[i]);
		load_scene_close(&scene);
	}
}

/* More pieces than are looked at in one go, all at once. */
static void test_many_small_slices(void **state)
{
	struct load_scene scene;

	(void)state;
	for (uint32_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct fake_conn *conn = stream_begin(&scene);

		for (const char *at = streams[i].text; *at; at++)
			fake_arrive(conn, at, 1);
		load_scene_event(&scene, conn, SLUICE_READABLE, SLUICE_REASON_NONE);
		expect_stream(&scene, &streams[i]);
		load_scene_close(&scene);
	}
}

static void test_equal_heads_are_recognised(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn = stream_begin(&scene);

	(void)state;
	load_scene_arrive(&scene, conn, SCENE_RESPONSE SCENE_RESPONSE);
	assert_int_equal(load_scene_counts(&scene)->heads_cached, 1);
	load_scene_arrive(&scene, conn, SCENE_RESPONSE);
	assert_int_equal(load_scene_counts(&scene)->heads_cached, 2);
	load_scene_arrive(&scene, conn, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!");
	load_scene_arrive(&scene, conn, SCENE_RESPONSE);
	assert_int_equal(load_scene_counts(&scene)->heads_cached, 2);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 0, 5);
	load_scene_close(&scene);
}

static void test_garbage_cuts_the_connection(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn = stream_begin(&scene);

	(void)state;
	load_scene_arrive(&scene, conn, SCENE_RESPONSE "garbage");
	assert_true(conn->is_aborted);
	load_scene_closed(&scene, conn, SLUICE_REASON_ABORTED);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 0, 1);
	load_scene_expect(&scene, LOAD_OUTCOME_BAD_RESPONSE, 1, 7);
	load_scene_close(&scene);
}

static void test_bytes_that_nobody_asked_for(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_open(&scene, LOAD_MODE_CPS);
	load_scene_opened(&scene, load_scene_conn(0));
	load_scene_arrive(&scene, load_scene_conn(0), SCENE_RESPONSE "x");
	assert_true(load_scene_conn(0)->is_aborted);
	load_scene_closed(&scene, load_scene_conn(0), SLUICE_REASON_ABORTED);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 0, 1);
	load_scene_expect(&scene, LOAD_OUTCOME_BAD_RESPONSE, 1, 0);
	load_scene_close(&scene);
}

/* A head that never ends is refused at its bound, whether it comes whole or in pieces. */
static void test_endless_heads(void **state)
{
	static const char line[] = "X-Padding: 0123456789012345678901234567890123456789012345678901\r\n";
	struct load_scene scene;
	struct fake_conn *conn = stream_begin(&scene);
	uint32_t sent = 0;

	(void)state;
	load_scene_arrive(&scene, conn, "HTTP/1.1 200 OK\r\n");
	while (!conn->is_aborted && sent < 2 * LOAD_HEAD_BYTES_MAX) {
		load_scene_arrive(&scene, conn, line);
		sent += sizeof(line) - 1;
	}
	assert_true(conn->is_aborted);
	assert_in_range(sent, LOAD_HEAD_BYTES_MAX - 200, LOAD_HEAD_BYTES_MAX + 200);
	load_scene_closed(&scene, conn, SLUICE_REASON_ABORTED);
	load_scene_expect(&scene, LOAD_OUTCOME_BAD_RESPONSE, 1, 8);
	load_scene_close(&scene);
}

static void test_a_large_body_is_counted(void **state)
{
	static char block[100000];
	struct load_scene scene;
	struct fake_conn *conn = stream_begin(&scene);

	(void)state;
	load_scene_arrive(&scene, conn, "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n");
	for (uint32_t i = 0; i < 100; i++)
		arrive(&scene, conn, block, sizeof(block));
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 0, 1);
	assert_int_equal(load_scene_counts(&scene)->body_bytes, 10000000);
	load_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_in_two_everywhere),
		cmocka_unit_test(test_cut_in_three_slices_everywhere),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_many_small_slices),
		cmocka_unit_test(test_equal_heads_are_recognised),
		cmocka_unit_test(test_garbage_cuts_the_connection),
		cmocka_unit_test(test_bytes_that_nobody_asked_for),
		cmocka_unit_test(test_endless_heads),
		cmocka_unit_test(test_a_large_body_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
