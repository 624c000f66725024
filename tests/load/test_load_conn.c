/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection and every way it can end: the outcome of it and of its requests, and that the books balance.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/load/load_scene.h"

static void test_connect_request_response_close(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_open(&scene, LOAD_MODE_CPS);
	conn = load_scene_conn(0);
	assert_int_equal(conn->sent_bytes, 0);
	load_scene_opened(&scene, conn);
	assert_int_equal(conn->sent_bytes, strlen(SCENE_REQUEST));
	assert_memory_equal(conn->sent, SCENE_REQUEST, strlen(SCENE_REQUEST));
	load_scene_arrive(&scene, conn, SCENE_RESPONSE);
	assert_true(conn->is_closing);
	load_scene_closed(&scene, conn, SLUICE_REASON_FINISHED);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 1, 1);
	load_turn(scene.load); /* and the next */
	assert_int_equal(fake.conn_count, 2);
	load_scene_close(&scene);
}

static void test_the_server_may_close_first(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.closer = LOAD_CLOSER_SERVER;
	load_scene_begin(&scene);
	conn = load_scene_conn(0);
	load_scene_opened(&scene, conn);
	assert_non_null(strstr(conn->sent, "\r\nConnection: close\r\n\r\n"));
	load_scene_arrive(&scene, conn, SCENE_RESPONSE);
	assert_false(conn->is_closing);
	load_scene_event(&scene, conn, SLUICE_PEER_CLOSED, SLUICE_REASON_NONE);
	assert_true(conn->is_closing);
	load_scene_closed(&scene, conn, SLUICE_REASON_FINISHED);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 1, 1);
	load_scene_close(&scene);
}

/* Response and FIN in one event, and a body that only the FIN ends. */
static void test_fin_with_the_response(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_open(&scene, LOAD_MODE_RPS);
	conn = load_scene_conn(0);
	load_scene_opened(&scene, conn);
	fake_arrive(conn, "HTTP/1.1 200 OK\r\n\r\nuntil the end", 32);
	load_scene_event(&scene, conn, SLUICE_READABLE | SLUICE_PEER_CLOSED, SLUICE_REASON_NONE);
	assert_true(conn->is_closing);
	assert_int_equal(conn->sent_bytes, strlen(SCENE_REQUEST));
	load_scene_closed(&scene, conn, SLUICE_REASON_FINISHED);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 1, 1);
	assert_int_equal(load_scene_counts(&scene)->body_bytes, 13);
	load_scene_close(&scene);
}

static void test_requests_follow_each_other(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.requests_per_connection = 3;
	load_scene_begin(&scene);
	conn = load_scene_conn(0);
	load_scene_opened(&scene, conn);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(conn->sent_bytes, i * strlen(SCENE_REQUEST));
		assert_false(conn->is_closing);
		load_scene_arrive(&scene, conn, SCENE_RESPONSE);
	}
	assert_true(conn->is_closing);
	load_scene_closed(&scene, conn, SLUICE_REASON_CLOSED_LOCALLY);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 1, 3);
	load_scene_close(&scene);
}

static void test_a_pipeline_stays_full(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.pipeline = 4;
	load_scene_begin(&scene);
	conn = load_scene_conn(0);
	load_scene_opened(&scene, conn);
	assert_int_equal(conn->sent_bytes, 4 * strlen(SCENE_REQUEST));
	load_scene_arrive(&scene, conn, SCENE_RESPONSE SCENE_RESPONSE);
	assert_int_equal(conn->sent_bytes, 6 * strlen(SCENE_REQUEST));
	for (uint32_t i = 0; i < 6; i++)
		assert_memory_equal(conn->sent + i * strlen(SCENE_REQUEST), SCENE_REQUEST, strlen(SCENE_REQUEST));
	assert_int_equal(load_scene_counts(&scene)->requests.in_progress, 4);
	load_scene_close(&scene);
}

/* A send queue that takes a few bytes at a time: the stream of requests stays exact. */
static void test_short_sends(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;
	size_t length = strlen(SCENE_REQUEST);

	(void)state;
	for (uint32_t room = 1; room < 2 * length; room += 5) {
		load_scene_make(&scene, LOAD_MODE_RPS);
		scene.config.pipeline = 3;
		load_scene_begin(&scene);
		conn = load_scene_conn(0);
		conn->room_bytes = room;
		load_scene_opened(&scene, conn);
		while (conn->sent_bytes < 3 * length) {
			assert_int_equal(conn->sent_bytes, conn->room_bytes);
			conn->room_bytes += room;
			load_scene_event(&scene, conn, SLUICE_WRITABLE, SLUICE_REASON_NONE);
		}
		assert_int_equal(conn->sent_bytes, 3 * length);
		for (uint32_t i = 0; i < 3; i++)
			assert_memory_equal(conn->sent + i * length, SCENE_REQUEST, length);
		load_scene_close(&scene);
	}
}

/* Opens a connection, does nothing with it, and has it closed. */
static void closed_while_connecting(enum sluice_reason reason, enum load_outcome outcome)
{
	struct load_scene scene;

	load_scene_open(&scene, LOAD_MODE_CPS);
	load_scene_closed(&scene, load_scene_conn(0), reason);
	load_scene_expect(&scene, outcome, 1, 0);
	load_scene_close(&scene);
}

static void closed_while_waiting(enum sluice_reason reason, enum load_outcome outcome)
{
	struct load_scene scene;

	load_scene_open(&scene, LOAD_MODE_CPS);
	load_scene_opened(&scene, load_scene_conn(0));
	load_scene_closed(&scene, load_scene_conn(0), reason);
	load_scene_expect(&scene, outcome, 1, 1);
	load_scene_close(&scene);
}

static void test_every_reason_is_an_outcome(void **state)
{
	(void)state;
	closed_while_connecting(SLUICE_REASON_REFUSED, LOAD_OUTCOME_REFUSED);
	closed_while_connecting(SLUICE_REASON_RESET, LOAD_OUTCOME_RESET);
	closed_while_connecting(SLUICE_REASON_TIMED_OUT, LOAD_OUTCOME_TIMED_OUT);
	closed_while_connecting(SLUICE_REASON_UNREACHABLE, LOAD_OUTCOME_UNREACHABLE);
	closed_while_connecting(SLUICE_REASON_ICMP, LOAD_OUTCOME_UNREACHABLE);
	closed_while_connecting(SLUICE_REASON_NO_MEMORY, LOAD_OUTCOME_NO_MEMORY);
	closed_while_waiting(SLUICE_REASON_RESET, LOAD_OUTCOME_RESET);
	closed_while_waiting(SLUICE_REASON_TIMED_OUT, LOAD_OUTCOME_TIMED_OUT);
	closed_while_waiting(SLUICE_REASON_FINISHED, LOAD_OUTCOME_CLOSED_EARLY);
	closed_while_waiting(SLUICE_REASON_NO_MEMORY, LOAD_OUTCOME_NO_MEMORY);
}

static void connect_fails(int error, enum load_outcome outcome)
{
	struct load_scene scene;

	load_scene_make(&scene, LOAD_MODE_CPS);
	fake.connect_error = error;
	load_scene_begin(&scene);
	load_scene_expect(&scene, outcome, 1, 0);
	load_turn(scene.load); /* not again at once */
	load_scene_expect(&scene, outcome, 1, 0);
	load_scene_wait(&scene, 2 * SCENE_MS);
	load_scene_expect(&scene, outcome, 2, 0);
	load_scene_close(&scene);
}

static void test_connects_that_fail_at_once(void **state)
{
	(void)state;
	connect_fails(-EADDRNOTAVAIL, LOAD_OUTCOME_NO_LOCAL_PORT);
	connect_fails(-ENETUNREACH, LOAD_OUTCOME_UNREACHABLE);
	connect_fails(-EINVAL, LOAD_OUTCOME_UNREACHABLE);
	connect_fails(-ENOBUFS, LOAD_OUTCOME_NO_MEMORY);
}

static void test_source_addresses_take_turns(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.concurrency = 5;
	scene.config.local_count = 3;
	for (uint32_t i = 0; i < 3; i++)
		scene.config.local[i].ip[15] = (uint8_t)(2 + i);
	load_scene_begin(&scene);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(load_scene_conn(i)->local.ip[15], 2 + i % 3);
	load_scene_close(&scene);
}

/* One attempt tries every source before it is without a port. */
static void test_all_sources_are_tried(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.local_count = 3;
	fake.connect_error = -EADDRNOTAVAIL;
	load_scene_begin(&scene);
	assert_int_equal(fake.connects, 3);
	load_scene_expect(&scene, LOAD_OUTCOME_NO_LOCAL_PORT, 1, 0);
	load_scene_close(&scene);
}

static void test_a_bad_status_is_no_success(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_open(&scene, LOAD_MODE_CPS);
	conn = load_scene_conn(0);
	load_scene_opened(&scene, conn);
	load_scene_arrive(&scene, conn, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
	assert_true(conn->is_closing);
	load_scene_closed(&scene, conn, SLUICE_REASON_FINISHED);
	load_scene_expect(&scene, LOAD_OUTCOME_STATUS, 1, 1);
	load_scene_close(&scene);
}

static void test_a_fin_too_early(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_open(&scene, LOAD_MODE_CPS);
	conn = load_scene_conn(0);
	load_scene_opened(&scene, conn);
	fake_arrive(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 41);
	load_scene_event(&scene, conn, SLUICE_READABLE | SLUICE_PEER_CLOSED, SLUICE_REASON_NONE);
	assert_true(conn->is_aborted);
	load_scene_closed(&scene, conn, SLUICE_REASON_ABORTED);
	load_scene_expect(&scene, LOAD_OUTCOME_CLOSED_EARLY, 1, 1);
	load_scene_close(&scene);
	load_scene_open(&scene, LOAD_MODE_CPS);
	conn = load_scene_conn(0);
	load_scene_event(&scene, conn, SLUICE_OPENED | SLUICE_PEER_CLOSED, SLUICE_REASON_NONE);
	assert_true(conn->is_aborted);
	load_scene_closed(&scene, conn, SLUICE_REASON_ABORTED);
	load_scene_expect(&scene, LOAD_OUTCOME_CLOSED_EARLY, 1, 0);
	load_scene_close(&scene);
}

/* "Connection: close" on the first of a pipeline: the others will not be answered. */
static void test_the_server_ends_a_pipeline(void **state)
{
	struct load_scene scene;
	struct fake_conn *conn;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.pipeline = 4;
	load_scene_begin(&scene);
	conn = load_scene_conn(0);
	load_scene_opened(&scene, conn);
	load_scene_arrive(&scene, conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	assert_true(conn->is_closing);
	load_scene_closed(&scene, conn, SLUICE_REASON_FINISHED);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 0, 1);
	load_scene_expect(&scene, LOAD_OUTCOME_CLOSED_EARLY, 1, 3);
	load_scene_close(&scene);
}

static void test_a_reset_while_closing(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_open(&scene, LOAD_MODE_CPS);
	load_scene_opened(&scene, load_scene_conn(0));
	load_scene_arrive(&scene, load_scene_conn(0), SCENE_RESPONSE);
	load_scene_closed(&scene, load_scene_conn(0), SLUICE_REASON_RESET);
	load_scene_expect(&scene, LOAD_OUTCOME_RESET, 1, 0);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 0, 1);
	load_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect_request_response_close),
		cmocka_unit_test(test_the_server_may_close_first),
		cmocka_unit_test(test_fin_with_the_response),
		cmocka_unit_test(test_requests_follow_each_other),
		cmocka_unit_test(test_a_pipeline_stays_full),
		cmocka_unit_test(test_short_sends),
		cmocka_unit_test(test_every_reason_is_an_outcome),
		cmocka_unit_test(test_connects_that_fail_at_once),
		cmocka_unit_test(test_source_addresses_take_turns),
		cmocka_unit_test(test_all_sources_are_tried),
		cmocka_unit_test(test_a_bad_status_is_no_success),
		cmocka_unit_test(test_a_fin_too_early),
		cmocka_unit_test(test_the_server_ends_a_pipeline),
		cmocka_unit_test(test_a_reset_while_closing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
