/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The request's bytes, and what may stand in them.
 */
#include "app/load/load_request.h"

#include <errno.h>

#include "tests/load/load_scene.h"

static void makes(struct load_config *config, const char *target, const char *expected)
{
	struct load_request request;

	assert_int_equal(sluice_address_parse(target, &config->target), 0);
	assert_int_equal(load_request_make(&request, config), 0);
	assert_int_equal(request.length, strlen(expected));
	assert_int_equal(request.copies, config->pipeline + 1);
	for (uint32_t i = 0; i < request.copies; i++)
		assert_memory_equal(request.bytes + i * request.length, expected, request.length);
	load_request_free(&request);
}

#define AGENT "User-Agent: sluice-load/" SLUICE_VERSION "\r\n"

static void test_hosts(void **state)
{
	struct load_config config;

	(void)state;
	load_config_defaults(&config);
	makes(&config, "198.18.0.1:80", "GET / HTTP/1.1\r\nHost: 198.18.0.1\r\n" AGENT "\r\n");
	makes(&config, "198.18.0.1:8080", "GET / HTTP/1.1\r\nHost: 198.18.0.1:8080\r\n" AGENT "\r\n");
	makes(&config, "[2001:2::1]:80", "GET / HTTP/1.1\r\nHost: [2001:2::1]\r\n" AGENT "\r\n");
	makes(&config, "[2001:2::1]:81", "GET / HTTP/1.1\r\nHost: [2001:2::1]:81\r\n" AGENT "\r\n");
	config.host = "example.com";
	config.path = "/a?b=c";
	config.pipeline = 5;
	makes(&config, "198.18.0.1:80", "GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n" AGENT "\r\n");
}

static void test_asking_the_server_to_close(void **state)
{
	struct load_config config;

	(void)state;
	load_config_defaults(&config);
	config.mode = LOAD_MODE_CPS;
	config.closer = LOAD_CLOSER_SERVER;
	makes(&config, "198.18.0.1:80", "GET / HTTP/1.1\r\nHost: 198.18.0.1\r\n" AGENT "Connection: close\r\n\r\n");
}

static void test_what_may_not_stand_in_a_request(void **state)
{
	struct load_request request;
	struct load_config config;
	static char longest[6000];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	assert_null(load_request_check_path("/a%20b?c"));
	assert_non_null(load_request_check_path(""));
	assert_non_null(load_request_check_path("a"));
	assert_non_null(load_request_check_path("/a b"));
	assert_non_null(load_request_check_path("/a\r\nX: y"));
	assert_non_null(load_request_check_path("/\x80"));
	assert_non_null(load_request_check_path(longest));
	assert_null(load_request_check_host("example.com:81"));
	assert_non_null(load_request_check_host(""));
	assert_non_null(load_request_check_host("a b"));
	assert_non_null(load_request_check_host("a/b"));
	assert_non_null(load_request_check_host("a\r\nb"));
	load_config_defaults(&config);
	config.path = "nowhere";
	assert_int_equal(load_request_make(&request, &config), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_asking_the_server_to_close),
		cmocka_unit_test(test_what_may_not_stand_in_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
