/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start-up table says what was granted and what was not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/port/cpus.h"
#include "lib/port/open.h"
#include "lib/port/table.h"
#include "tests/port/scene.h"

static void assert_said(const char *text)
{
	if (!strstr(scene_lines(), text))
		fail_msg("\"%s\" is not in:\n%s", text, scene_lines());
}

static void test_table(void **state)
{
	struct sluice_config config = scene_config();
	struct sluice *sluice = NULL;
	struct cpus cpus;
	char sums[256];

	(void)state;
	config.checksum_offload = true; /* a ring has none */
	config.congestion = SLUICE_CONGESTION_NONE;
	cpus_read(&cpus);
	if (sluice_open(&config, &sluice) != 0)
		fail_msg("%s", scene_lines());
	assert_said("port 0: ring:scene (net_ring), MAC 02:73:6c:75:69:01, MTU 1500, queues of 1024 in, 1024 out");
	assert_said("port 1: ring:scene (net_ring), MAC 02:73:6c:75:69:02");
	snprintf(sums, sizeof(sums), "worker 1 on CPU %u\n", cpus.allowed[0]); /* the lowest comes last */
	if (cpus.allowed_count == 2)
		assert_said(sums);
	assert_said("port 0: offloads: tx-chains; missing: rx-ipv4-checksum rx-tcp-checksum tx-ipv4-checksum "
		    "tx-tcp-checksum; steering: one queue, one worker");
	assert_said("MiB of memory: 15360 packets 36 + worker 0 3 + worker 1 3; packets on ");
	assert_said("WARNING: no congestion control: ");
	assert_int_equal(sluice_worker(sluice, 0)->io.flags, 0);
	table_sums(sluice, sums, sizeof(sums));
	assert_int_equal(strncmp(sums, "42 MiB of memory: ", 18), 0);
	sluice_close_all(sluice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
