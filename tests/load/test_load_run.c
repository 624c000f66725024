/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run as a whole: who does what, in which order things begin and end, and what a failure leaves behind.
 */
#include "app/load/load_run.h"

#include <errno.h>

#include "app/common/stop.h"
#include "tests/load/run_scene.h"

static struct run_scene scene;

static void test_the_loopback_serves_and_loads(void **state)
{
	struct load_results results;

	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=cps", "--count=100", "--concurrency=4", "--warm-up=0");
	assert_int_equal(scene.run.worker_count, 2);
	assert_int_equal(scene.run.load_count, 1);
	assert_true(scene.run.worker[0].is_server);
	assert_int_equal(load_run_all(&scene.run), 0);
	load_results(scene.run.worker[1].load, &results);
	assert_int_equal(results.phase, LOAD_PHASE_FINISHED);
	assert_int_equal(results.total.connections.outcome[LOAD_OUTCOME_SUCCESS], 100);
	assert_int_equal(fake_run.httpd_opened, 1);
	assert_int_equal(fake_run.httpd_drained, 1);
	run_scene_close(&scene);
	assert_int_equal(fake_run.httpd_closed, 1);
}

/* Counters are read when the window begins and ends, of the load's worker and of the server's. */
static void test_counters_belong_to_the_window(void **state)
{
	struct load_results results;

	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=cps", "--duration=20ms", "--warm-up=5ms", "--concurrency=2");
	assert_int_equal(load_run_all(&scene.run), 0);
	load_results(scene.run.worker[1].load, &results);
	assert_int_equal(results.end_ns - results.begin_ns, 20 * SCENE_MS);
	for (uint32_t i = 0; i < 2; i++) {
		const struct load_worker *worker = &scene.run.worker[i];

		assert_int_equal(worker->begin.total_cycles, results.begin_ns);
		assert_int_equal(worker->end.total_cycles, results.end_ns);
	}
	run_scene_close(&scene);
}

static void test_a_server_that_cannot_start_ends_the_run(void **state)
{
	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=cps", "--count=100");
	fake_run.httpd_error = -EADDRINUSE;
	assert_int_equal(load_run_all(&scene.run), -EADDRINUSE);
	run_scene_close(&scene);
	assert_int_equal(fake_run.httpd_closed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_loopback_serves_and_loads),
		cmocka_unit_test(test_counters_belong_to_the_window),
		cmocka_unit_test(test_a_server_that_cannot_start_ends_the_run), /* last: it asks the process to stop */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
