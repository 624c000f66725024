/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's arguments for every sort of machine, and the refusals; EAL itself is not started.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/port/eal.h"
#include "tests/port/scene.h"

static struct eal_arguments arguments;

static struct eal_facts facts_of(uint32_t cpu_count, size_t hugepages_mib)
{
	struct eal_facts facts = {
		.cpus = {.allowed_count = cpu_count, .allowed = {0, 1, 2, 3}},
		.packet_bytes = (size_t)100 << 20,
		.packet_count = 40000,
		.hugepages_free_bytes = hugepages_mib << 20,
		.process = 77,
	};

	return facts;
}

static const char *joined(void)
{
	static char text[4096];

	text[0] = '\0';
	for (int i = 0; i < arguments.count; i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof(text) - length, "%s ", arguments.argument[i]);
	}
	return text;
}

static const char *chosen(const struct sluice_config *config, uint32_t cpu_count, size_t hugepages_mib)
{
	struct eal_facts facts = facts_of(cpu_count, hugepages_mib);

	assert_int_equal(eal_arguments_choose(config, &facts, &arguments), 0);
	assert_null(arguments.argument[arguments.count]);
	return joined();
}

static void test_without_hugepages(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	assert_string_equal(
		chosen(&config, 4, 0),
		"sluice --file-prefix=sluice-77 --no-telemetry --log-level=error --no-huge --no-shconf -m 97 "
		"--lcores=0@1,1@2 --no-pci --iova-mode=va ");
}

static void test_with_hugepages(void **state)
{
	struct sluice_config config = scene_config();
	const char *text = chosen(&config, 4, 400);

	(void)state;
	assert_non_null(strstr(text, "--in-memory"));
	assert_null(strstr(text, "--no-huge"));
	text = chosen(&config, 4, 150); /* too few */
	assert_null(strstr(text, "--in-memory"));
	assert_non_null(strstr(text, "--no-huge"));
}

static void test_packets_that_others_read_are_eals(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.port_count = 1;
	config.port[0].device = "net_virtio_user0,path=/dev/vhost-net";
	assert_non_null(strstr(chosen(&config, 4, 0), "-m 254 ")); /* a page of 4 KiB for each packet */
}

static void test_hardware_is_probed_by_name(void **state)
{
	struct sluice_config config = scene_config();
	struct eal_facts none = facts_of(4, 0);
	const char *text;

	(void)state;
	config.port_count = 1;
	config.port[0].device = "0000:81:00.0,some=argument";
	text = chosen(&config, 4, 4000);
	assert_non_null(strstr(text, "-a 0000:81:00.0,some=argument "));
	assert_null(strstr(text, "--no-pci"));
	scene_forget_lines();
	assert_int_equal(eal_arguments_choose(&config, &none, &arguments), -ENOMEM);
	assert_non_null(strstr(scene_lines(), "vm.nr_hugepages"));
}

static void test_too_few_cpus(void **state)
{
	struct sluice_config config = scene_config();
	struct eal_facts one = facts_of(1, 0);

	(void)state;
	config.idle = SLUICE_IDLE_BUSY;
	scene_forget_lines();
	assert_int_equal(eal_arguments_choose(&config, &one, &arguments), -EAGAIN);
	assert_non_null(strstr(scene_lines(), "2 workers need 2 CPUs, and this process may use 1"));
	assert_non_null(strstr(scene_lines(), "--idle sleep"));
	config.idle = SLUICE_IDLE_SLEEP;
	assert_non_null(strstr(chosen(&config, 1, 0), "--lcores=(0-1)@(0) "));
	assert_true(arguments.has_shared_cpus);
	config.port_count = 1;
	assert_non_null(strstr(chosen(&config, 1, 0), "--lcores=0@0 "));
	assert_false(arguments.has_shared_cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_hugepages),
		cmocka_unit_test(test_with_hugepages),
		cmocka_unit_test(test_packets_that_others_read_are_eals),
		cmocka_unit_test(test_hardware_is_probed_by_name),
		cmocka_unit_test(test_too_few_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
