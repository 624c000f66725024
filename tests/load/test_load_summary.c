/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adding up: figures of the window, sums of workers, and what counts as a failure.
 */
#include "app/load/load_summary.h"

#include <math.h>

#include "tests/load/run_scene.h"

static struct run_scene scene;
static struct load_summary summary;
static struct histogram histogram;

static void test_the_figure_is_successes_per_second_of_the_window(void **state)
{
	struct load_results results;
	double expected;

	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=cps", "--duration=20ms", "--warm-up=5ms", "--concurrency=2");
	assert_int_equal(load_run_all(&scene.run), 0);
	load_summary_make(&summary, &scene.run);
	load_results(scene.run.worker[1].load, &results);
	expected = (double)(results.end.connections.outcome[LOAD_OUTCOME_SUCCESS] -
			    results.begin.connections.outcome[LOAD_OUTCOME_SUCCESS]) /
		   0.020;
	assert_true(expected > 0);
	assert_true(fabs(load_summary_figure(&summary, LOAD_MODE_CPS) - expected) < 1);
	assert_true(fabs(load_summary_figure(&summary, LOAD_MODE_RPS) - summary.requests_per_second) < 1);
	assert_true(fabs(summary.window_seconds - 0.020) < 1e-9);
	assert_int_equal(summary.phase, LOAD_PHASE_FINISHED);
	assert_false(load_summary_has_failures(&summary));
	load_summary_histogram(&scene.run, LOAD_TIME_HANDSHAKE, &histogram);
	assert_int_equal(histogram_total(&histogram), summary.window.opened);
	run_scene_close(&scene);
}

static void test_sides_are_told_apart(void **state)
{
	struct sluice_statistics loads, servers;

	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=rps", "--duration=10ms", "--warm-up=1ms", "--concurrency=2");
	assert_int_equal(load_run_all(&scene.run), 0);
	loads = load_summary_statistics(&scene.run, false);
	servers = load_summary_statistics(&scene.run, true);
	assert_int_equal(loads.counter[SLUICE_COUNTER_packets_sent], 1000);
	assert_true(loads.counter[SLUICE_COUNTER_time_wait_recycled] > 0);
	assert_int_equal(servers.counter[SLUICE_COUNTER_time_wait_recycled], 0);
	assert_int_equal(servers.busy_cycles, servers.total_cycles / 2);
	assert_int_equal(loads.busy_cycles, loads.total_cycles / 4);
	run_scene_close(&scene);
}

static void test_failures_are_failures(void **state)
{
	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=cps", "--count=10", "--warm-up=0", "--concurrency=2");
	fake_run.is_refusing = true;
	assert_int_equal(load_run_all(&scene.run), 0);
	load_summary_make(&summary, &scene.run);
	assert_int_equal(summary.total.connections.outcome[LOAD_OUTCOME_REFUSED], 10);
	assert_true(load_summary_has_failures(&summary));
	run_scene_close(&scene);
	summary = (struct load_summary){.total.connections = {.attempted = 3, .outcome = {[LOAD_OUTCOME_STOPPED] = 3}}};
	assert_false(load_summary_has_failures(&summary));
	summary.total.requests.attempted = 1;
	assert_true(load_summary_has_failures(&summary));
}

static void test_since(void **state)
{
	struct load_counts earlier = {.opened = 3, .connections.attempted = 5}, later = {.opened = 10};
	struct load_counts since;

	(void)state;
	later.connections.attempted = 9;
	later.connections.outcome[LOAD_OUTCOME_RESET] = 2;
	since = load_summary_since(&later, &earlier);
	assert_int_equal(since.opened, 7);
	assert_int_equal(since.connections.attempted, 4);
	assert_int_equal(since.connections.outcome[LOAD_OUTCOME_RESET], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_figure_is_successes_per_second_of_the_window),
		cmocka_unit_test(test_sides_are_told_apart),
		cmocka_unit_test(test_failures_are_failures),
		cmocka_unit_test(test_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
