/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run: phases, limits, timeouts and stopping; and a long one against servers that misbehave in every way, each
 * attempt's outcome foretold.
 */
#include "app/load/load.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/load/load_scene.h"

static enum load_phase phase(struct load_scene *scene)
{
	load_scene_counts(scene);
	return scene->results.phase;
}

/* One connection's whole life. */
static void live(struct load_scene *scene, struct fake_conn *conn)
{
	load_scene_opened(scene, conn);
	load_scene_arrive(scene, conn, SCENE_RESPONSE);
	load_scene_closed(scene, conn, SLUICE_REASON_FINISHED);
}

static void test_phases_follow_the_clock(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.warm_up_ns = 100 * SCENE_MS;
	scene.config.duration_ns = 200 * SCENE_MS;
	load_scene_begin(&scene);
	assert_int_equal(phase(&scene), LOAD_PHASE_WARM_UP);
	assert_int_equal(load_window(scene.load), LOAD_WINDOW_BEFORE);
	live(&scene, load_scene_conn(0));
	load_scene_wait(&scene, 100 * SCENE_MS);
	assert_int_equal(phase(&scene), LOAD_PHASE_MEASURE);
	assert_int_equal(load_window(scene.load), LOAD_WINDOW_OPEN);
	live(&scene, load_scene_conn(1));
	load_scene_wait(&scene, 199 * SCENE_MS);
	assert_int_equal(phase(&scene), LOAD_PHASE_MEASURE);
	live(&scene, load_scene_conn(2));
	load_scene_wait(&scene, 1 * SCENE_MS);
	assert_int_equal(phase(&scene), LOAD_PHASE_DRAIN);
	live(&scene, load_scene_conn(3));
	load_scene_wait(&scene, 1 * SCENE_MS);
	assert_int_equal(phase(&scene), LOAD_PHASE_FINISHED);
	assert_true(load_is_finished(scene.load));
	assert_int_equal(fake.conn_count, 4);
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 4, 4);
	assert_int_equal(scene.results.end_ns - scene.results.begin_ns, 200 * SCENE_MS);
	assert_int_equal(scene.results.begin.connections.outcome[LOAD_OUTCOME_SUCCESS], 1);
	assert_int_equal(scene.results.end.connections.outcome[LOAD_OUTCOME_SUCCESS], 3);
	assert_int_equal(histogram_total(load_histogram(scene.load, LOAD_TIME_REQUEST)), 2);
	load_scene_close(&scene);
}

static void test_a_count_ends_the_run(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.count = 5;
	scene.config.concurrency = 2;
	load_scene_begin(&scene);
	for (uint32_t i = 0; i < 5; i++) {
		live(&scene, load_scene_conn(i));
		load_scene_wait(&scene, SCENE_MS);
	}
	assert_true(load_is_finished(scene.load));
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 5, 5);
	assert_int_equal(fake.conn_count, 5);
	assert_int_equal(histogram_total(load_histogram(scene.load, LOAD_TIME_HANDSHAKE)), 5);
	assert_true(scene.results.end_ns > scene.results.begin_ns);
	load_scene_close(&scene);
}

static void test_a_count_of_requests(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.count = 7;
	scene.config.pipeline = 4;
	load_scene_begin(&scene);
	load_scene_opened(&scene, load_scene_conn(0));
	for (uint32_t i = 0; i < 7; i++)
		load_scene_arrive(&scene, load_scene_conn(0), SCENE_RESPONSE);
	assert_int_equal(load_scene_conn(0)->sent_bytes, 7 * strlen(SCENE_REQUEST));
	assert_true(load_scene_conn(0)->is_closing);
	load_scene_closed(&scene, load_scene_conn(0), SLUICE_REASON_FINISHED);
	load_scene_wait(&scene, SCENE_MS);
	assert_true(load_is_finished(scene.load));
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 1, 7);
	load_scene_close(&scene);
}

static void test_opens_are_bounded_per_turn(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.concurrency = 10;
	scene.config.opens_per_turn = 4;
	load_scene_begin(&scene);
	assert_int_equal(fake.conn_count, 4);
	assert_int_equal(phase(&scene), LOAD_PHASE_RAMP);
	load_turn(scene.load);
	assert_int_equal(fake.conn_count, 8);
	load_turn(scene.load);
	load_turn(scene.load);
	assert_int_equal(fake.conn_count, 10);
	assert_int_equal(phase(&scene), LOAD_PHASE_WARM_UP);
	load_scene_close(&scene);
}

static void times_out(bool is_opened, uint64_t requests)
{
	struct load_scene scene;
	struct fake_conn *conn;
	uint64_t waited_ns = 0;

	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.connect_timeout_ns = 80 * SCENE_MS;
	scene.config.response_timeout_ns = 80 * SCENE_MS;
	load_scene_begin(&scene);
	conn = load_scene_conn(0);
	if (is_opened)
		load_scene_opened(&scene, conn);
	for (; !conn->is_aborted && waited_ns < 1000 * SCENE_MS; waited_ns += SCENE_MS)
		load_scene_wait(&scene, SCENE_MS);
	assert_in_range(waited_ns, 80 * SCENE_MS, 100 * SCENE_MS); /* and a sweep's interval */
	load_scene_closed(&scene, conn, SLUICE_REASON_ABORTED);
	load_scene_expect(&scene, LOAD_OUTCOME_TIMED_OUT, 1, requests);
	load_scene_close(&scene);
}

static void test_silence_times_out(void **state)
{
	(void)state;
	times_out(false, 0);
	times_out(true, 1);
}

static void test_stop_drains_and_then_cuts(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.concurrency = 2;
	scene.config.drain_ns = 50 * SCENE_MS;
	load_scene_begin(&scene);
	load_scene_opened(&scene, load_scene_conn(0));
	load_scene_opened(&scene, load_scene_conn(1));
	load_stop(scene.load);
	load_scene_arrive(&scene, load_scene_conn(0), SCENE_RESPONSE);
	assert_true(load_scene_conn(0)->is_closing);
	load_scene_closed(&scene, load_scene_conn(0), SLUICE_REASON_FINISHED);
	load_scene_wait(&scene, 49 * SCENE_MS);
	assert_false(load_scene_conn(1)->is_aborted);
	load_scene_wait(&scene, 1 * SCENE_MS);
	assert_true(load_scene_conn(1)->is_aborted);
	assert_false(load_is_finished(scene.load));
	load_scene_closed(&scene, load_scene_conn(1), SLUICE_REASON_ABORTED);
	load_scene_wait(&scene, 1 * SCENE_MS);
	assert_true(load_is_finished(scene.load));
	load_scene_expect(&scene, LOAD_OUTCOME_SUCCESS, 1, 1);
	load_scene_expect(&scene, LOAD_OUTCOME_STOPPED, 1, 1);
	load_scene_close(&scene);
}

static void test_a_stop_cuts_a_counted_run_short(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.count = 1;
	scene.config.drain_ns = 10 * SCENE_MS;
	load_scene_begin(&scene);
	assert_int_equal(phase(&scene), LOAD_PHASE_DRAIN);
	load_stop(scene.load);
	load_scene_wait(&scene, 10 * SCENE_MS);
	assert_true(load_scene_conn(0)->is_aborted);
	load_scene_closed(&scene, load_scene_conn(0), SLUICE_REASON_ABORTED);
	load_scene_wait(&scene, 1 * SCENE_MS);
	assert_true(load_is_finished(scene.load));
	load_scene_expect(&scene, LOAD_OUTCOME_STOPPED, 1, 0);
	load_scene_close(&scene);
}

/* The timer names the next thing to do, so that a sleeping worker, or virtual time, does not pass it by. */
static void test_the_worker_is_woken(void **state)
{
	struct sluice_event timer = {.mask = SLUICE_TIMER};
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.warm_up_ns = 100 * SCENE_MS;
	load_scene_begin(&scene);
	assert_true(fake.timer_ns > fake.now_ns);
	while (phase(&scene) != LOAD_PHASE_MEASURE) {
		assert_true(fake.timer_ns > fake.now_ns);
		assert_true(fake.timer_ns <= UINT64_C(1000000000) + 100 * SCENE_MS);
		fake.now_ns = fake.timer_ns;
		load_handle(scene.load, &timer);
		load_turn(scene.load);
	}
	assert_int_equal(fake.now_ns, UINT64_C(1000000000) + 100 * SCENE_MS);
	load_scene_close(&scene);
}

static void test_times_are_measured(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_open(&scene, LOAD_MODE_CPS);
	fake.now_ns += 300;
	load_scene_opened(&scene, load_scene_conn(0));
	fake.now_ns += 500;
	load_scene_arrive(&scene, load_scene_conn(0), "HTTP/1.1 200 OK\r\nContent-");
	fake.now_ns += 700;
	load_scene_arrive(&scene, load_scene_conn(0), "Length: 1\r\n\r\nx");
	assert_int_equal(histogram_max_ns(load_histogram(scene.load, LOAD_TIME_HANDSHAKE)), 300);
	assert_int_equal(histogram_max_ns(load_histogram(scene.load, LOAD_TIME_FIRST_BYTE)), 500);
	assert_int_equal(histogram_max_ns(load_histogram(scene.load, LOAD_TIME_REQUEST)), 1200);
	load_scene_close(&scene);
}

/* In a pipeline each request has its own start. */
static void test_times_in_a_pipeline(void **state)
{
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.pipeline = 2;
	load_scene_begin(&scene);
	load_scene_opened(&scene, load_scene_conn(0)); /* two at 0 */
	fake.now_ns += 100;
	load_scene_arrive(&scene, load_scene_conn(0), SCENE_RESPONSE); /* 100, and the third begins */
	fake.now_ns += 1000;
	load_scene_arrive(&scene, load_scene_conn(0), SCENE_RESPONSE SCENE_RESPONSE); /* 1100 and 1000 */
	assert_int_equal(histogram_total(load_histogram(scene.load, LOAD_TIME_REQUEST)), 3);
	assert_int_equal(histogram_min_ns(load_histogram(scene.load, LOAD_TIME_REQUEST)), 100);
	assert_int_equal(histogram_percentile_ns(load_histogram(scene.load, LOAD_TIME_REQUEST), 50), 1000);
	assert_int_equal(histogram_max_ns(load_histogram(scene.load, LOAD_TIME_REQUEST)), 1100);
	load_scene_close(&scene);
}

static void test_configurations_that_cannot_be(void **state)
{
	struct load_scene scene;
	struct load *load;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.pipeline = 2;
	assert_int_equal(load_open(&scene.config, fake_worker(), &load), -EINVAL);
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.concurrency = 0;
	assert_int_equal(load_open(&scene.config, fake_worker(), &load), -EINVAL);
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.target.port = 0;
	assert_int_equal(load_open(&scene.config, fake_worker(), &load), -EINVAL);
	load_scene_make(&scene, LOAD_MODE_RPS);
	scene.config.path = "no slash";
	assert_int_equal(load_open(&scene.config, fake_worker(), &load), -EINVAL);
	fake_free();
}

/* ---- Servers of every kind ---- */

enum plan {
	PLAN_GOOD,
	PLAN_GOOD_IN_PIECES,
	PLAN_UNTIL_CLOSE,
	PLAN_STATUS,
	PLAN_GARBAGE,
	PLAN_EXCESS,
	PLAN_CLOSE_EARLY,
	PLAN_RESET,
	PLAN_RESET_AT_CLOSE,
	PLAN_SILENT,
	PLAN_REFUSED,
	PLAN_UNREACHABLE,
	PLAN_NO_ANSWER,
	PLAN_COUNT
};

/* How the connection, and its request if there was one, must be booked. */
static const struct {
	enum load_outcome connection, request;
	bool has_request;
} expected[PLAN_COUNT] = {
	[PLAN_GOOD] = {LOAD_OUTCOME_SUCCESS, LOAD_OUTCOME_SUCCESS, true},
	[PLAN_GOOD_IN_PIECES] = {LOAD_OUTCOME_SUCCESS, LOAD_OUTCOME_SUCCESS, true},
	[PLAN_UNTIL_CLOSE] = {LOAD_OUTCOME_SUCCESS, LOAD_OUTCOME_SUCCESS, true},
	[PLAN_STATUS] = {LOAD_OUTCOME_STATUS, LOAD_OUTCOME_STATUS, true},
	[PLAN_GARBAGE] = {LOAD_OUTCOME_BAD_RESPONSE, LOAD_OUTCOME_BAD_RESPONSE, true},
	[PLAN_EXCESS] = {LOAD_OUTCOME_BAD_RESPONSE, LOAD_OUTCOME_SUCCESS, true},
	[PLAN_CLOSE_EARLY] = {LOAD_OUTCOME_CLOSED_EARLY, LOAD_OUTCOME_CLOSED_EARLY, true},
	[PLAN_RESET] = {LOAD_OUTCOME_RESET, LOAD_OUTCOME_RESET, true},
	[PLAN_RESET_AT_CLOSE] = {LOAD_OUTCOME_RESET, LOAD_OUTCOME_SUCCESS, true},
	[PLAN_SILENT] = {LOAD_OUTCOME_TIMED_OUT, LOAD_OUTCOME_TIMED_OUT, true},
	[PLAN_REFUSED] = {LOAD_OUTCOME_REFUSED, 0, false},
	[PLAN_UNREACHABLE] = {LOAD_OUTCOME_UNREACHABLE, 0, false},
	[PLAN_NO_ANSWER] = {LOAD_OUTCOME_TIMED_OUT, 0, false},
};

enum { STEP_CONNECTING, STEP_OPEN, STEP_ANSWERED, STEP_CLOSED };

static void answer(struct load_scene *scene, struct fake_conn *conn)
{
	conn->step = STEP_ANSWERED;
	switch ((enum plan)conn->plan) {
	case PLAN_GOOD:
	case PLAN_RESET_AT_CLOSE:
		load_scene_arrive(scene, conn, SCENE_RESPONSE);
		break;
	case PLAN_GOOD_IN_PIECES:
		load_scene_arrive(scene, conn, "HTTP/1.1 200 OK\r\nTransfer-Enc");
		load_scene_arrive(scene, conn, "oding: chunked\r\n\r\n3\r\nab");
		load_scene_arrive(scene, conn, "c\r\n0\r\n\r\n");
		break;
	case PLAN_UNTIL_CLOSE:
		load_scene_arrive(scene, conn, "HTTP/1.1 200 OK\r\n\r\nabc");
		load_scene_event(scene, conn, SLUICE_PEER_CLOSED, SLUICE_REASON_NONE);
		break;
	case PLAN_STATUS:
		load_scene_arrive(scene, conn, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
		break;
	case PLAN_GARBAGE:
		load_scene_arrive(scene, conn, "HTTP/1.1 200 OK\nContent-Length: 0\n\n");
		break;
	case PLAN_EXCESS:
		load_scene_arrive(scene, conn, SCENE_RESPONSE SCENE_RESPONSE);
		break;
	case PLAN_CLOSE_EARLY:
		load_scene_event(scene, conn, SLUICE_PEER_CLOSED, SLUICE_REASON_NONE);
		break;
	case PLAN_RESET:
		load_scene_closed(scene, conn, SLUICE_REASON_RESET);
		conn->step = STEP_CLOSED;
		break;
	case PLAN_SILENT:
	case PLAN_REFUSED:
	case PLAN_UNREACHABLE:
	case PLAN_NO_ANSWER:
	case PLAN_COUNT:
		break;
	}
}

static void serve(struct load_scene *scene, struct fake_conn *conn)
{
	if (conn->is_aborted || conn->is_closing) {
		bool is_reset = conn->plan == PLAN_RESET_AT_CLOSE && !conn->is_aborted;

		load_scene_closed(scene, conn,
				  is_reset           ? SLUICE_REASON_RESET
				  : conn->is_aborted ? SLUICE_REASON_ABORTED
						     : SLUICE_REASON_FINISHED);
		conn->step = STEP_CLOSED;
	} else if (conn->step == STEP_CONNECTING && conn->plan == PLAN_REFUSED) {
		load_scene_closed(scene, conn, SLUICE_REASON_REFUSED);
		conn->step = STEP_CLOSED;
	} else if (conn->step == STEP_CONNECTING && conn->plan == PLAN_UNREACHABLE) {
		load_scene_closed(scene, conn, SLUICE_REASON_UNREACHABLE);
		conn->step = STEP_CLOSED;
	} else if (conn->step == STEP_CONNECTING && conn->plan != PLAN_NO_ANSWER) {
		load_scene_opened(scene, conn);
		conn->step = STEP_OPEN;
	} else if (conn->step == STEP_OPEN) {
		answer(scene, conn);
	}
}

static void test_servers_of_every_kind(void **state)
{
	uint64_t connections[LOAD_OUTCOME_COUNT] = {0}, requests[LOAD_OUTCOME_COUNT] = {0}, random = 42;
	uint32_t planned = 0;
	struct load_scene scene;

	(void)state;
	load_scene_make(&scene, LOAD_MODE_CPS);
	scene.config.count = 3000;
	scene.config.concurrency = 100;
	scene.config.connect_timeout_ns = 40 * SCENE_MS;
	scene.config.response_timeout_ns = 40 * SCENE_MS;
	load_scene_begin(&scene);
	for (uint32_t turn = 0; turn < 100000 && !load_is_finished(scene.load); turn++) {
		for (; planned < fake.conn_count; planned++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			fake.conn[planned]->plan = (uint32_t)(random >> 33) % PLAN_COUNT;
			connections[expected[fake.conn[planned]->plan].connection]++;
			requests[expected[fake.conn[planned]->plan].request] +=
				expected[fake.conn[planned]->plan].has_request;
		}
		for (uint32_t i = 0; i < planned; i++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			if (fake.conn[i]->step != STEP_CLOSED && random >> 63)
				serve(&scene, fake.conn[i]);
		}
		load_scene_wait(&scene, SCENE_MS / 2);
	}
	assert_true(load_is_finished(scene.load));
	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++)
		load_scene_expect(&scene, (enum load_outcome)i, connections[i], requests[i]);
	assert_int_equal(load_scene_counts(&scene)->connections.attempted, 3000);
	load_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phases_follow_the_clock),
		cmocka_unit_test(test_a_count_ends_the_run),
		cmocka_unit_test(test_a_count_of_requests),
		cmocka_unit_test(test_opens_are_bounded_per_turn),
		cmocka_unit_test(test_silence_times_out),
		cmocka_unit_test(test_stop_drains_and_then_cuts),
		cmocka_unit_test(test_a_stop_cuts_a_counted_run_short),
		cmocka_unit_test(test_the_worker_is_woken),
		cmocka_unit_test(test_times_are_measured),
		cmocka_unit_test(test_times_in_a_pipeline),
		cmocka_unit_test(test_configurations_that_cannot_be),
		cmocka_unit_test(test_servers_of_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
