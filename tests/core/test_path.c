/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record of a path: taken with the second segment on the way, given back after a silence of an RTO, with the window that a
 * silence leaves (RFC 5681 section 4.1).
 */
#include "lib/core/path.h"

#include "lib/core/rtt.h"
#include "tests/core/scene.h"

#define MSS 1000U

static void acks(struct scene *scene, uint32_t ack)
{
	arrives(scene, (struct segment){.seq = 1, .ack = ack, .flags = TCP_ACK});
}

static void test_one_segment_needs_none(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, MSS, 0);
	assert_null(path_of(scene->tcp, conn));
	assert_int_equal(path_pipe_bytes(scene->tcp, conn), MSS);
	sends_bytes(scene, conn, MSS, 0);
	assert_non_null(path_of(scene->tcp, conn));
	assert_int_equal(path_pipe_bytes(scene->tcp, conn), 2 * MSS);
	forget_sent(scene);
	scene_free(scene);
}

static void test_given_back_when_idle(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	uint32_t initial_bytes = conn->cwnd_bytes;

	(void)state;
	sends_bytes(scene, conn, initial_bytes, 0);
	passes_ms(scene, 10);
	acks(scene, 1 + initial_bytes);
	assert_true(conn->cwnd_bytes > initial_bytes);
	assert_int_equal(scene->tcp->paths.used_count, 1);
	passes_ms(scene, scene->tcp->config.rto_min_ms / 2);
	assert_int_equal(scene->tcp->paths.used_count, 1); /* what was learned is not forgotten between two answers */
	passes_ms(scene, 2 * rtt_base_rto_us(&scene->tcp->config, conn) / 1000 + scene->tcp->config.rto_initial_ms);
	assert_int_equal(scene->tcp->paths.used_count, 0);
	assert_int_equal(conn->cwnd_bytes, initial_bytes);
	forget_sent(scene);
	scene_free(scene);
}

/* An application's timer hours ahead does not keep it, nor what was learned that long ago. */
static void test_given_back_under_a_timer(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 7200000000000ULL);
	sends_bytes(scene, conn, 2 * MSS, 0);
	passes_ms(scene, 10);
	acks(scene, 1 + 2 * MSS);
	assert_int_equal(scene->tcp->paths.used_count, 1);
	passes_ms(scene, 3000);
	assert_int_equal(scene->tcp->paths.used_count, 0);
	assert_true(conn->timer_deadline != 0);
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

/* A silence that the timer has not come to yet counts as well. */
static void test_restarts_without_the_timer(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	struct tcp_path *path;

	(void)state;
	sends_bytes(scene, conn, 2 * MSS, 0);
	acks(scene, 1 + 2 * MSS);
	path = path_at(scene->tcp, conn);
	conn->cwnd_bytes = 1 << 20;
	path_restart_idle(scene->tcp, conn);
	assert_int_equal(conn->cwnd_bytes, 1 << 20);
	path->sent_tick = scene->tcp->now_tick - ticks_from_us(rtt_base_rto_us(&scene->tcp->config, conn));
	path_restart_idle(scene->tcp, conn);
	assert_true(conn->cwnd_bytes < 1 << 20);
	forget_sent(scene);
	scene_free(scene);
}

/* Where none is free, one segment goes at a time, and all arrive. */
static void test_none_left(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	while (pool_take(&scene->tcp->paths) != POOL_NONE)
		;
	sends_bytes(scene, conn, 3 * MSS, 0);
	for (uint32_t i = 0; i < 3; i++) {
		expect(scene, {.seq = 1 + i * MSS, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
		expect_nothing(scene);
		acks(scene, 1 + (i + 1) * MSS);
	}
	for (uint32_t i = 0; i < scene->tcp->paths.capacity_count; i++)
		pool_give(&scene->tcp->paths, i);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_segment_needs_none),
		cmocka_unit_test(test_given_back_when_idle),
		cmocka_unit_test(test_given_back_under_a_timer),
		cmocka_unit_test(test_restarts_without_the_timer),
		cmocka_unit_test(test_none_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
