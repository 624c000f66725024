/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options: defaults, what contradicts, and the example file.
 */
#include "app/httpd/httpd_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct options options;
static struct httpd_options program;
static char *said;
static size_t said_bytes;

/* Reads a command line; what is said on stderr is in `said`, freed by give_up(). */
#define READS(...) reads((const char *[]){"sluice-httpd", __VA_ARGS__, NULL})
#define NETWORK    "--port", "ring:a", "--address", "198.18.0.1/15"

static enum options_result reads(const char **arguments)
{
	FILE *kept = stderr;
	enum options_result result;
	int count = 0;

	while (arguments[count])
		count++;
	stderr = open_memstream(&said, &said_bytes);
	result = httpd_options_read(&program, &options, count, (char **)(uintptr_t)arguments);
	fclose(stderr);
	fputs(said, kept);
	stderr = kept;
	return result;
}

static void give_up(void)
{
	options_release(&options);
	free(said);
}

static void test_defaults(void **state)
{
	struct httpd_config defaults;

	(void)state;
	httpd_config_defaults(&defaults);
	assert_int_equal(READS(NETWORK), OPTIONS_RUN);
	assert_int_equal(program.config.listen_count, 0);
	assert_int_equal(program.config.header_max_bytes, defaults.header_max_bytes);
	assert_int_equal(program.config.connections, program.endpoint.config.connections);
	assert_int_equal(program.config.log_records, 0);
	assert_null(program.config.root);
	assert_true(program.config.wall_ns(NULL) > UINT64_C(1000000000) * 1500000000);
	assert_null(httpd_config_problem(&program.config));
	give_up();
}

static void test_every_field_has_its_option(void **state)
{
	(void)state;
	assert_int_equal(READS(NETWORK, "--listen", "198.18.0.1:8080", "--listen", "[::]:81", "--root", "/srv",
			       "--content-max", "5Mi", "--endpoints", "off", "--drain", "3s", "--target-max", "1Ki",
			       "--header-max", "8Ki", "--header-fields", "7", "--body-max", "1Mi", "--discard-max",
			       "2Ki", "--linger-max", "3Ki", "--requests-max", "9", "--header-timeout", "1s",
			       "--idle-timeout", "2s", "--progress-timeout", "3s", "--min-rate", "4",
			       "--linger-timeout", "5s", "--exchanges", "6", "--buffers", "8", "--access-log", "-",
			       "--access-log-format", "json", "--log-records", "32", "--interval", "500ms", "--json",
			       "x.json", "--connections", "77", "--age-max", "7s", "--connections-per-address", "11",
			       "--address-prefix-ipv4", "24", "--address-prefix-ipv6", "56", "--exempt",
			       "198.18.0.0/24", "--exempt", "2001:2::9"),
			 OPTIONS_RUN);
	assert_int_equal(program.config.listen_count, 2);
	assert_int_equal(program.config.listen[0].port, 8080);
	assert_int_equal(program.config.listen[1].port, 81);
	assert_string_equal(program.config.root, "/srv");
	assert_int_equal(program.config.content_max_bytes, 5 << 20);
	assert_false(program.config.endpoints);
	assert_int_equal(program.drain_ns, UINT64_C(3000000000));
	assert_int_equal(program.config.target_max_bytes, 1024);
	assert_int_equal(program.config.header_max_bytes, 8192);
	assert_int_equal(program.config.header_max_fields, 7);
	assert_int_equal(program.config.body_max_bytes, 1 << 20);
	assert_int_equal(program.config.discard_max_bytes, 2048);
	assert_int_equal(program.config.linger_max_bytes, 3072);
	assert_int_equal(program.config.requests_max, 9);
	assert_int_equal(program.config.header_timeout_ms, 1000);
	assert_int_equal(program.config.idle_timeout_ms, 2000);
	assert_int_equal(program.config.progress_timeout_ms, 3000);
	assert_int_equal(program.config.min_bytes_per_second, 4);
	assert_int_equal(program.config.linger_timeout_ms, 5000);
	assert_int_equal(program.config.exchanges, 6);
	assert_int_equal(program.config.buffers, 8);
	assert_string_equal(program.access_log, "-");
	assert_int_equal(program.access_log_format, HTTPD_LOG_JSON);
	assert_int_equal(program.config.log_records, 32);
	assert_int_equal(program.interval_ns, 500000000);
	assert_string_equal(program.json_path, "x.json");
	assert_int_equal(program.config.connections, 77);
	assert_int_equal(program.config.age_max_ms, 7000);
	assert_int_equal(program.config.connections_per_address, 11);
	assert_int_equal(program.config.address_prefix_bits_ipv4, 24);
	assert_int_equal(program.config.address_prefix_bits_ipv6, 56);
	assert_int_equal(program.config.exempt_count, 2);
	assert_int_equal(program.config.exempt[0].prefix_bits, 24);
	assert_int_equal(program.config.exempt[0].ip[13], 18);
	assert_int_equal(program.config.exempt[1].prefix_bits, 128);
	give_up();
}

static void test_a_smaller_head_brings_a_smaller_target(void **state)
{
	(void)state;
	assert_int_equal(READS(NETWORK, "--header-max", "2Ki"), OPTIONS_RUN);
	assert_int_equal(program.config.target_max_bytes, 1024);
	give_up();
}

static void test_what_contradicts_is_refused(void **state)
{
	(void)state;
	assert_int_equal(READS(NETWORK, "--header-max", "1Ki", "--target-max", "2Ki"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "target-max must be less than header-max"));
	give_up();
	assert_int_equal(READS(NETWORK, "--access-log", "-", "--log-records", "33"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "power of two"));
	give_up();
	assert_int_equal(READS(NETWORK, "--listen", "nowhere"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "is not an address and port"));
	give_up();
	assert_int_equal(READS(NETWORK, "--exempt", "nobody"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "is not a subnet"));
	give_up();
}

#define TWO_PORTS "--port", "a", "--port", "b", "--address", "198.18.0.1/15@0", "--address", "198.18.0.2/15@1"

static void test_each_port_listens_on_its_own(void **state)
{
	struct httpd_config share;

	(void)state;
	assert_int_equal(READS(TWO_PORTS, "--listen", "198.18.0.1:81", "--listen", "198.18.0.2", "--listen", "[::]:90"),
			 OPTIONS_RUN);
	share = httpd_options_share(&program, 0);
	assert_int_equal(share.listen_count, 2);
	assert_int_equal(share.listen[0].port, 81);
	assert_int_equal(share.listen[1].port, 90);
	share = httpd_options_share(&program, 1);
	assert_int_equal(share.listen_count, 2);
	assert_int_equal(share.listen[0].ip[15], 2);
	assert_int_equal(share.listen[0].port, 80);
	give_up();
	assert_int_equal(READS(TWO_PORTS, "--listen", "0.0.0.0:80"), OPTIONS_RUN);
	assert_int_equal(httpd_options_share(&program, 1).listen_count, 1);
	give_up();
}

/* What these two add to two ports with an address each is refused with `words`. */
static void refuses_listen(const char *listen, const char *second, const char *words)
{
	assert_int_equal(READS(TWO_PORTS, "--listen", listen, "--listen", second), OPTIONS_WRONG);
	assert_non_null(strstr(said, words));
	give_up();
}

static void test_where_nobody_could_connect_is_refused(void **state)
{
	(void)state;
	refuses_listen("198.18.0.9:80", "[::]:80", "'198.18.0.9:80' is no port's address");
	refuses_listen("198.18.0.1:80", "198.18.0.1:81", "port 1 has none of these addresses");
	refuses_listen("[::]:80", "[::]", "'[::]' is given twice");
}

static void test_the_example_file_is_right(void **state)
{
	(void)state;
	assert_int_equal(READS("--config", EXAMPLE_FILE), OPTIONS_RUN);
	assert_int_equal(program.config.listen_count, 1);
	give_up();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_field_has_its_option),
		cmocka_unit_test(test_a_smaller_head_brings_a_smaller_target),
		cmocka_unit_test(test_what_contradicts_is_refused),
		cmocka_unit_test(test_each_port_listens_on_its_own),
		cmocka_unit_test(test_where_nobody_could_connect_is_refused),
		cmocka_unit_test(test_the_example_file_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
