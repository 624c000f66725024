/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report holds what it promises, and its ledgers balance.
 */
#include "app/load/load_json.h"

#include "tests/load/run_scene.h"

static struct run_scene scene;

static json_int_t ledger_sum(const json_t *ledger)
{
	json_int_t sum = json_integer_value(json_object_get(ledger, "in_progress"));
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(ledger, "outcomes"), key, value) sum += json_integer_value(value);
	return sum;
}

static void ledgers_balance(const json_t *counts)
{
	static const char *const names[] = {"connections", "requests"};

	for (uint32_t i = 0; i < 2; i++) {
		const json_t *ledger = json_object_get(counts, names[i]);

		assert_int_equal(json_object_size(json_object_get(ledger, "outcomes")), LOAD_OUTCOME_COUNT);
		assert_int_equal(ledger_sum(ledger), json_integer_value(json_object_get(ledger, "attempted")));
	}
}

static void test_connections(void **state)
{
	json_t *root;

	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=cps", "--duration=20ms", "--warm-up=5ms", "--concurrency=2");
	assert_int_equal(load_run_all(&scene.run), 0);
	root = load_json(&scene.run);
	assert_string_equal(json_string_value(json_object_get(root, "mode")), "cps");
	assert_string_equal(json_string_value(json_object_get(root, "version")), SLUICE_VERSION);
	assert_true(json_real_value(json_object_get(json_object_get(root, "figures"), "connections_per_second")) > 0);
	assert_true(json_real_value(json_object_get(root, "packets_per_connection")) > 0);
	assert_int_equal(json_integer_value(json_object_get(root, "time_wait_recycled")), 2000);
	assert_string_equal(json_string_value(json_object_get(json_object_get(root, "busy_fraction"), "busier")),
			    "server");
	ledgers_balance(json_object_get(root, "total"));
	assert_int_equal(json_object_size(json_object_get(root, "times_ns")), LOAD_TIME_COUNT);
	assert_int_equal(json_array_size(json_object_get(root, "workers")), 2);
	assert_true(json_integer_value(json_object_get(json_object_get(root, "machine"), "cores")) > 0);
	assert_true(json_boolean_value(json_object_get(json_object_get(root, "settings"), "loopback")));
	json_decref(root);
	run_scene_close(&scene);
}

static void test_requests(void **state)
{
	json_t *root;

	(void)state;
	RUN_SCENE(&scene, "--loopback", "--mode=rps", "--count=500", "--pipeline=1", "--concurrency=2", "--family=6");
	assert_int_equal(load_run_all(&scene.run), 0);
	root = load_json(&scene.run);
	assert_true(json_real_value(json_object_get(json_object_get(root, "figures"), "requests_per_second")) > 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "settings"), "family")), 6);
	ledgers_balance(json_object_get(root, "total"));
	json_decref(root);
	run_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
