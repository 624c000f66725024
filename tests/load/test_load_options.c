/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's options: what follows from them, what contradicts, and that the example file is right.
 */
#include "app/load/load_options.h"

#include <stdlib.h>

#include "tests/load/load_scene.h"

static struct load_options program;
static struct options options;

static enum options_result reads(int count, const char *const *arguments)
{
	static char *copies[32];

	memcpy(copies, arguments, (size_t)count * sizeof(*copies));
	return load_options_read(&program, &options, count, copies);
}

#define READS(...)                                                                          \
	reads((int)(sizeof((const char *[]){"sluice-load", __VA_ARGS__}) / sizeof(char *)), \
	      (const char *[]){"sluice-load", __VA_ARGS__})

static void test_the_loopback_brings_everything(void **state)
{
	const struct sluice_config *config = &program.endpoint.config;

	(void)state;
	assert_int_equal(READS("--loopback", "--mode", "cps"), OPTIONS_RUN);
	assert_int_equal(config->port_count, 2);
	assert_string_equal(config->port[0].device, config->port[1].device);
	assert_int_equal(config->port[0].subnet_count, 1);
	assert_int_equal(config->port[1].subnet_count, 8);
	assert_int_equal(config->port[1].subnet[7].ip[15], 9);
	assert_int_equal(config->port[1].subnet[0].prefix_bits, 15);
	assert_int_equal(config->port[1].mtu_bytes, 1500);
	assert_int_equal(program.load.target.port, 80);
	assert_memory_equal(program.load.target.ip, config->port[0].subnet[0].ip, 16);
	assert_true(sluice_address_is_ipv4(&program.load.target));
	assert_string_equal(program.load.path, "/plaintext");
	assert_null(config->eal_arguments);
	options_release(&options);
}

static void test_the_loopback_over_ipv6(void **state)
{
	(void)state;
	assert_int_equal(READS("--loopback", "--family=6", "--loopback-addresses=3", "--path=/x", "--time-wait=9"),
			 OPTIONS_RUN);
	assert_false(sluice_address_is_ipv4(&program.load.target));
	assert_int_equal(program.endpoint.config.port[1].subnet_count, 3);
	assert_int_equal(program.endpoint.config.port[1].subnet[0].prefix_bits, 48);
	assert_string_equal(program.load.path, "/x");
	assert_int_equal(program.endpoint.config.time_wait, 9);
	options_release(&options);
}

static void test_a_target_of_ones_own(void **state)
{
	(void)state;
	assert_int_equal(READS("-l", "1", "--", "--target", "198.18.0.9", "--port", "net_tap0", "--address",
			       "198.18.0.1/15", "--concurrency", "5000", "--count", "10"),
			 OPTIONS_RUN);
	assert_int_equal(program.endpoint.config.eal_argument_count, 2);
	assert_int_equal(program.load.target.port, 80);
	assert_int_equal(program.endpoint.config.connections, 6024); /* room for them all */
	assert_int_equal(program.load.duration_ns, 0);
	options_release(&options);
}

static void test_records_follow_concurrency(void **state)
{
	const struct sluice_config *config = &program.endpoint.config;
	struct sluice_config usual;

	(void)state;
	sluice_config_defaults(&usual);
	assert_int_equal(READS("--loopback", "--concurrency", "100k"), OPTIONS_RUN);
	assert_true(config->connections > 100000);
	assert_int_equal(config->chunks_small, 100000); /* every answer may be in flight */
	assert_int_equal(config->chunks_large, usual.chunks_large);
	options_release(&options);
	assert_int_equal(READS("--loopback", "--concurrency", "5k", "--pipeline", "64"), OPTIONS_RUN);
	assert_int_equal(config->chunks_large, 5000 * 64 * 256 / 2048);
	options_release(&options);
	assert_int_equal(READS("--loopback", "--concurrency", "100k", "--connections", "9", "--chunks-small", "8"),
			 OPTIONS_RUN);
	assert_int_equal(config->connections, 9); /* as was asked for */
	assert_int_equal(config->chunks_small, 8);
	options_release(&options);
	assert_int_equal(READS("--loopback", "--concurrency", "1"), OPTIONS_RUN); /* one of the workers serves */
	assert_int_equal(config->connections, 1 + 1024);                          /* one, and those that still close */
	options_release(&options);
}

static void test_workers_share(void **state)
{
	struct load_config share;
	uint64_t connections = 0, count = 0;

	(void)state;
	assert_int_equal(READS("--target=198.18.0.9", "--port=a", "--port=b", "--port=c", "--address=198.18.0.1/15@0",
			       "--address=198.18.0.2/15@1", "--address=198.18.0.3/15@2", "--address=2001:2::1/48",
			       "--address=198.18.0.4/15@2", "--concurrency=10", "--count=11"),
			 OPTIONS_RUN);
	for (uint32_t i = 0; i < 3; i++) {
		share = load_options_share(&program, i, i, 3);
		connections += share.concurrency;
		count += share.count;
		assert_int_equal(share.local_count, i == 2 ? 2 : 1); /* of the target's family */
		assert_int_equal(share.local[0].ip[15], 1 + i);
	}
	assert_int_equal(connections, 10);
	assert_int_equal(count, 11);
	options_release(&options);
}

/* Reads and expects a refusal.  Messages go to stderr; the exact words are the options' tests' matter. */
#define REFUSES(...)                                                 \
	do {                                                         \
		assert_int_equal(READS(__VA_ARGS__), OPTIONS_WRONG); \
		options_release(&options);                           \
	} while (0)

static void test_what_contradicts_is_refused(void **state)
{
	(void)state;
	REFUSES("--mode", "cps");
	REFUSES("--loopback", "--target", "198.18.0.1");
	REFUSES("--loopback", "--port", "net_tap0");
	REFUSES("--loopback", "--address", "198.18.0.1/15");
	REFUSES("--loopback", "--mode", "cps", "--pipeline", "2");
	REFUSES("--loopback", "--mode", "cps", "--requests-per-connection", "2");
	REFUSES("--loopback", "--mode", "rps", "--close", "server");
	REFUSES("--target", "198.18.0.9", "--port", "a", "--port", "b", "--address", "198.18.0.1/15", "--concurrency",
		"1");
	REFUSES("--loopback", "--path", "no-slash");
	REFUSES("--loopback", "--host", "a b");
	REFUSES("--loopback", "--pipeline", "65");
	REFUSES("--target", "198.18.0.1", "--port", "a");
}

static void test_the_example_file_is_right(void **state)
{
	(void)state;
	assert_int_equal(READS("--config", EXAMPLE_FILE), OPTIONS_RUN);
	assert_true(program.is_loopback);
	options_release(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_loopback_brings_everything),
		cmocka_unit_test(test_the_loopback_over_ipv6),
		cmocka_unit_test(test_a_target_of_ones_own),
		cmocka_unit_test(test_workers_share),
		cmocka_unit_test(test_records_follow_concurrency),
		cmocka_unit_test(test_what_contradicts_is_refused),
		cmocka_unit_test(test_the_example_file_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
