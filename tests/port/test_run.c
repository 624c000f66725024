/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sluice_run(): every loop once, on its own CPU, with its own argument; results; the caller's thread unpinned after.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include <rte_lcore.h>

#include "lib/port/cpus.h"
#include "lib/port/open.h"
#include "tests/port/scene.h"

static struct sluice *sluice;
static struct cpus allowed;

static int open_scene(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	cpus_read(&allowed);
	if (sluice_open(&config, &sluice) != 0)
		fail_msg("%s", scene_lines());
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	sluice_close_all(sluice);
	return 0;
}

/* Both must run at once: each waits for the other. */
static int meet(struct sluice_worker *worker, void *argument)
{
	static _Atomic unsigned here;

	here++;
	while (here < 2)
		sched_yield();
	worker->looped_on_cpu = sched_getcpu();
	return *(int *)argument;
}

static int leave(struct sluice_worker *worker, void *argument)
{
	(void)worker;
	return *(int *)argument;
}

static void test_workers_run_at_once_on_their_cpus(void **state)
{
	int zero = 0, seven = 7;
	void *const arguments[2] = {&zero, &seven};
	const sluice_loop loops[2] = {meet, meet};
	int cpu[2];

	(void)state;
	assert_int_equal(sluice_run(sluice, loops, arguments), 7);
	for (uint32_t i = 0; i < 2; i++)
		cpu[i] = sluice_worker(sluice, i)->looped_on_cpu;
	if (allowed.allowed_count >= 2)
		assert_int_not_equal(cpu[0], cpu[1]);
}

static void test_first_result_that_is_not_zero(void **state)
{
	int zero = 0, three = 3, minus = -4;
	void *const first[2] = {&minus, &three}, *const none[2] = {&zero, &zero};
	const sluice_loop loops[2] = {leave, leave};

	(void)state;
	assert_int_equal(sluice_run(sluice, loops, first), -4);
	assert_int_equal(sluice_run(sluice, loops, none), 0);
}

static void test_callers_thread_is_not_left_pinned(void **state)
{
	struct cpus now;

	(void)state;
	cpus_read(&now);
	assert_int_equal(now.allowed_count, allowed.allowed_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers_run_at_once_on_their_cpus),
		cmocka_unit_test(test_first_result_that_is_not_zero),
		cmocka_unit_test(test_callers_thread_is_not_left_pinned),
	};

	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
