/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From options to a configuration: addresses find their ports, and what cannot be is refused with its remedy.
 */
#include "app/common/endpoint.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/common/endpoint_scene.h"

static void test_addresses_find_their_ports(void **state)
{
	struct endpoint_scene scene;
	const struct sluice_port_config *port = scene.endpoint.config.port;

	(void)state;
	ENDPOINT_SCENE(&scene, "--address", "198.18.0.1/15@1", "--port", "a", "--port", "b", "--address",
		       "2001:2::1/48", "--gateway", "198.18.0.254@0", "--gateway", "2001:2::fe", "--mtu", "9000",
		       "--address", "198.18.0.9/15@0");
	assert_int_equal(scene.status, 0);
	assert_int_equal(scene.endpoint.config.port_count, 2);
	assert_string_equal(port[0].device, "a");
	assert_string_equal(port[1].device, "b");
	assert_int_equal(port[0].subnet_count, 2);
	assert_int_equal(port[1].subnet_count, 2);
	assert_int_equal(port[0].subnet[0].prefix_bits, 48);
	assert_int_equal(port[0].subnet[1].ip[15], 9);
	assert_int_equal(port[1].subnet[0].ip[15], 1);
	assert_int_equal(port[0].gateway_ipv4[15], 254);
	assert_int_equal(port[1].gateway_ipv4[15], 0);
	assert_int_equal(port[1].gateway_ipv6[15], 0xfe);
	assert_int_equal(port[1].mtu_bytes, 9000);
	endpoint_scene_close(&scene);
}

static void test_ports_of_the_programs_own_stay(void **state)
{
	struct endpoint endpoint;
	struct options options = {.program = "prog"};
	struct eal_split split = {0};

	(void)state;
	endpoint_defaults(&endpoint);
	endpoint.config.port_count = 1;
	endpoint.config.port[0] = (struct sluice_port_config){.device = "ring:x", .subnet_count = 1};
	assert_int_equal(endpoint_finish(&endpoint, &split, &options), 0);
	assert_string_equal(endpoint.config.port[0].device, "ring:x");
	assert_int_equal(endpoint.config.port[0].mtu_bytes, 1500);
	assert_non_null(endpoint.config.print);
	endpoint.quiet = true;
	assert_int_equal(endpoint_finish(&endpoint, &split, &options), 0);
	assert_null(endpoint.config.print);
}

static void test_messages(void **state)
{
	(void)state;
	ENDPOINT_REFUSES("prog: no port: give one with --port, as in --port net_tap0,iface=tap0\n", "--quiet");
	ENDPOINT_REFUSES("prog: port 0 has no address: give one with --address, as in 198.18.0.1/15\n", "--port", "a");
	ENDPOINT_REFUSES("prog: port 1 has no address: give one with --address, as in 198.18.0.1/15\n", "--port", "a",
			 "--port", "b", "--address", "198.18.0.1/15@0");
	ENDPOINT_REFUSES("prog: --address: '198.18.0.1/15@2' is for port 2, and the last is 0\n", "--port", "a",
			 "--address", "198.18.0.1/15@2");
	ENDPOINT_REFUSES("prog: --address: '198.18.0.1/16' is given twice\n", "--port", "a", "--address",
			 "198.18.0.1/15", "--address", "198.18.0.1/16");
	ENDPOINT_REFUSES("prog: --gateway: '198.18.0.3' is the second gateway of its family on the port\n", "--port",
			 "a", "--address", "198.18.0.1/15", "--gateway", "198.18.0.2", "--gateway", "198.18.0.3");
	ENDPOINT_REFUSES("prog: --port: 'a' is given twice\n", "--port", "a", "--port", "a");
	ENDPOINT_REFUSES("prog: --port: 9 ports, of 8 at most\n", "--port=1", "--port=2", "--port=3", "--port=4",
			 "--port=5", "--port=6", "--port=7", "--port=8", "--port=9");
	ENDPOINT_REFUSES("prog: --receive-window is above --receive-window-max\n", "--port", "a", "--address",
			 "198.18.0.1/15", "--receive-window", "64Ki", "--receive-window-max", "32Ki");
	ENDPOINT_REFUSES("prog: --rto-min and --rto-initial may not be above --rto-max\n", "--port", "a", "--address",
			 "198.18.0.1/15", "--rto-min", "2s", "--rto-max", "1s");
}

static void test_two_ends_of_a_ring_are_no_mistake(void **state)
{
	struct endpoint_scene scene;

	(void)state;
	ENDPOINT_SCENE(&scene, "--port", "ring:x", "--port", "ring:x", "--address", "198.18.0.1/15@0", "--address",
		       "198.18.0.2/15@1");
	assert_int_equal(scene.status, 0);
	endpoint_scene_close(&scene);
}

static void secret_write(size_t bytes, mode_t mode)
{
	FILE *file = fopen("secret", "w");

	for (size_t i = 0; i < bytes; i++)
		fputc((int)('A' + i % 26), file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod("secret", mode), 0);
}

#define WITH_SECRET "--port", "a", "--address", "198.18.0.1/15", "--secret-file", "secret"

static void test_a_secret_is_read_and_guarded(void **state)
{
	struct endpoint_scene scene;

	(void)state;
	secret_write(64, 0600);
	ENDPOINT_SCENE(&scene, WITH_SECRET);
	assert_int_equal(scene.status, 0);
	assert_memory_equal(scene.endpoint.config.secret, "ABCDEFGH", 8);
	assert_int_equal(scene.endpoint.config.secret[63], 'A' + 63 % 26);
	endpoint_scene_close(&scene);
	secret_write(63, 0600);
	ENDPOINT_REFUSES("prog: --secret-file: 'secret' must hold exactly 64 bytes\n", WITH_SECRET);
	secret_write(65, 0600);
	ENDPOINT_REFUSES("prog: --secret-file: 'secret' must hold exactly 64 bytes\n", WITH_SECRET);
	secret_write(64, 0640);
	ENDPOINT_REFUSES("prog: --secret-file: others may read 'secret'; run chmod 600 on it\n", WITH_SECRET);
	unlink("secret");
	ENDPOINT_REFUSES("prog: --secret-file: cannot read 'secret': No such file or directory\n", WITH_SECRET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_find_their_ports),
		cmocka_unit_test(test_ports_of_the_programs_own_stay),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_two_ends_of_a_ring_are_no_mistake),
		cmocka_unit_test(test_a_secret_is_read_and_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
