/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening as users do it wrong: each mistake ends in one line that names the remedy, and leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/port/scene.h"

#define NOBODY 65534

static void assert_refused(const struct sluice_config *config, unsigned user, int error, const char *line)
{
	assert_int_equal(scene_open_in_child(config, user), error);
	if (!strstr(scene_lines(), line))
		fail_msg("\"%s\" is not in: %s", line, scene_lines());
	assert_ptr_equal(strchr(scene_lines(), '\n'), strrchr(scene_lines(), '\n')); /* one line */
}

static void test_no_ports(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.port_count = 0;
	assert_refused(&config, 0, -EINVAL, "name between 1 and 8");
	config.port_count = SLUICE_PORTS_MAX + 1;
	assert_refused(&config, 0, -EINVAL, "name between 1 and 8");
	config.port_count = 2;
	config.port[1].device = NULL;
	assert_refused(&config, 0, -EINVAL, "port 1 has no device");
}

static void test_unknown_devices(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.port_count = 1;
	config.port[0].device = "net_nonsense0";
	assert_refused(&config, 0, geteuid() ? -EPERM : -ENODEV, "cannot make \"net_nonsense0\" (DPDK: ");
	config.port[0].device = "net_af_packet0,iface=there-is-none";
	assert_refused(&config, 0, geteuid() ? -EPERM : -ENODEV, "there-is-none");
}

static void test_hardware_without_hugepages(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.port_count = 1;
	config.port[0].device = "0000:00:00.0"; /* the host bridge */
	if (memory_hugepages_free_bytes() > 0 || access("/sys/bus/pci/devices/0000:00:00.0", F_OK))
		skip();
	assert_refused(&config, 0, -ENOMEM, "vm.nr_hugepages");
}

static void test_hardware_that_is_not_there(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.port_count = 1;
	config.port[0].device = "nonsense";
	assert_refused(&config, 0, -ENODEV, "port 0: no device \"nonsense\" on this machine");
	if (access("/sys/bus/pci/devices", F_OK))
		return;
	config.port[0].device = "0000:ff:1f.7";
	assert_refused(&config, 0, -ENODEV, "port 0: no device \"0000:ff:1f.7\"");
	config.port[0].device = "ff:1f.7,some=argument";
	assert_refused(&config, 0, -ENODEV, "port 0: no device \"ff:1f.7\"");
}

static void test_mtu_beyond_a_packet(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.port[1].mtu_bytes = 9000;
	assert_refused(&config, 0, -EINVAL, "port 1: MTU 9000 is more than 2030, the most that fits a packet buffer");
}

static void test_refused_eal_arguments(void **state)
{
	char *arguments[] = {(char[]){"--no-huge"}, (char[]){"--in-memory"}, (char[]){"--log-level=0"}};
	struct sluice_config config = scene_config();

	(void)state;
	config.eal_arguments = arguments;
	config.eal_argument_count = 3;
	assert_int_equal(scene_open_in_child(&config, 0), -EINVAL);
	assert_non_null(strstr(scene_lines(), "EAL did not start"));
}

static void test_too_few_lcores(void **state)
{
	char *arguments[] = {(char[]){"--no-huge"},    (char[]){"--no-shconf"},       (char[]){"--no-pci"},
			     (char[]){"--lcores=0@0"}, (char[]){"--log-level=error"}, (char[]){"-m"},
			     (char[]){"256"}};
	struct sluice_config config = scene_config();

	(void)state;
	config.eal_arguments = arguments;
	config.eal_argument_count = 7;
	assert_refused(&config, 0, -EAGAIN, "2 workers need 2 lcores, and EAL has 1");
	arguments[3] = (char[]){"--lcores=(0-1)@(0)"};
	assert_int_equal(scene_open_in_child(&config, 0), 0);
}

static void test_ordinary_user(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	if (geteuid() != 0)
		skip(); /* every other test has shown it */
	if (scene_open_in_child(&config, NOBODY) != 0)
		fail_msg("%s", scene_lines());
	config.port_count = 1;
	config.port[0].device = "net_tap0,iface=sluicetest";
	assert_refused(&config, NOBODY, -EPERM, "needs CAP_NET_ADMIN: run as root, or use ring:NAME");
}

/* The run-time folder that EAL makes for a process goes with it. */
static void test_leaves_no_folder(void **state)
{
	struct sluice_config config = scene_config();
	char path[64];

	(void)state;
	assert_int_equal(scene_open_in_child(&config, 0), 0);
	snprintf(path, sizeof(path), "/var/run/dpdk/sluice-%d", scene_last_child);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(scene_open_in_child(&config, geteuid() ? 0 : NOBODY), 0);
	snprintf(path, sizeof(path), "/tmp/dpdk/sluice-%d", scene_last_child);
	assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_ports),
		cmocka_unit_test(test_unknown_devices),
		cmocka_unit_test(test_hardware_without_hugepages),
		cmocka_unit_test(test_hardware_that_is_not_there),
		cmocka_unit_test(test_mtu_beyond_a_packet),
		cmocka_unit_test(test_refused_eal_arguments),
		cmocka_unit_test(test_too_few_lcores),
		cmocka_unit_test(test_ordinary_user),
		cmocka_unit_test(test_leaves_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
