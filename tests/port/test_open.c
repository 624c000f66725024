/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sluice_open(): workers in zeroed memory of their own, secrets drawn, refusals with their reason and sums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "lib/port/open.h"
#include "tests/port/scene.h"

static void test_refused_worker(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	fake_worker_refused = 1;
	assert_int_equal(scene_open_in_child(&config, 0), -EINVAL);
	fake_worker_refused = -1;
	assert_string_equal(scene_lines(), "port 1: the fake refuses\n");
}

static void test_what_cannot_fit_is_refused_with_its_sums(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	fake_worker_bytes = (size_t)1 << 50;
	assert_int_equal(scene_open_in_child(&config, 0), -ENOMEM);
	fake_worker_bytes = FAKE_WORKER_BYTES;
	assert_non_null(strstr(scene_lines(), "MiB of memory: 15360 packets "));
	assert_non_null(strstr(scene_lines(), " + worker 0 1073741824 + worker 1 1073741824, and "));
}

static void test_opens_and_closes(void **state)
{
	struct sluice_config config = scene_config();
	struct sluice *sluice = NULL;
	static const uint8_t none[sizeof(config.secret)];

	(void)state;
	if (sluice_open(&config, &sluice) != 0)
		fail_msg("%s", scene_lines());
	assert_int_equal(sluice_worker_count(sluice), 2);
	assert_null(sluice_worker(sluice, 2));
	for (uint32_t i = 0; i < 2; i++) {
		struct sluice_worker *worker = sluice_worker(sluice, i);

		assert_int_equal(worker->index, i);
		assert_ptr_equal(worker->io.user, &sluice->ports.port[i].io);
		assert_int_equal(worker->io.mtu_bytes, 1500);
	}
	assert_memory_equal(config.secret, none, sizeof(none)); /* the caller's copy stays as it was */
	assert_memory_not_equal(sluice->config.secret, none, sizeof(none));
	sluice_close_all(sluice);
	assert_int_equal(fake_workers_closed, 2);
	assert_null(strstr(scene_lines(), "not given back"));
	sluice_close_all(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_worker),
		cmocka_unit_test(test_what_cannot_fit_is_refused_with_its_sums),
		cmocka_unit_test(test_opens_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
