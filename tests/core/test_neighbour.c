/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which addresses a port may have.
 */
#include "lib/core/neighbour.h"

#include "tests/core/instance.h"

/* What is said of a port with this address, and this gateway unless NULL. */
static const char *refused(const char *subnet, const char *gateway)
{
	struct sluice_port_config port = {.subnet_count = 1};
	struct sluice_address address;

	assert_int_equal(sluice_subnet_parse(subnet, &port.subnet[0]), 0);
	if (gateway) {
		assert_int_equal(sluice_address_parse(gateway, &address), 0);
		memcpy(sluice_address_is_ipv4(&address) ? port.gateway_ipv4 : port.gateway_ipv6, address.ip, 16);
	}
	return neighbour_refuse(&port);
}

static void test_addresses_are_a_hosts(void **state)
{
	static const char *const wrong[] = {"224.0.0.1/15",       "198.18.0.0/15", "198.19.255.255/15", "0.0.0.0/0",
					    "255.255.255.255/32", "127.0.0.1/8",   "::1/128",           "ff02::1/64"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!refused(wrong[i], NULL))
			fail_msg("%s was taken", wrong[i]);
	}
	assert_null(refused("198.18.0.1/15", NULL));
	assert_null(refused("198.18.0.0/31", NULL)); /* RFC 3021: both are hosts */
	assert_null(refused("198.18.0.0/32", NULL));
	assert_null(refused("2001:2::1/48", NULL));
	assert_null(refused("2001:2::/128", NULL));
}

static void test_gateways_are_on_the_link(void **state)
{
	(void)state;
	assert_null(refused("198.18.0.1/15", "198.19.0.254"));
	assert_non_null(refused("198.18.0.1/15", "198.20.0.1"));
	assert_non_null(refused("198.18.0.1/15", "2001:2::1")); /* no address of its family */
	assert_null(refused("2001:2::1/48", "2001:2::fe"));
	assert_null(refused("2001:2::1/48", "fe80::1"));
	assert_non_null(refused("2001:2::1/48", "2001:3::fe"));
}

static void test_an_instance_is_refused(void **state)
{
	static const struct sluice_io io = {.mac = {2, 0, 0, 0, 0, 1}, .mtu_bytes = 1500};
	struct sluice_config config = instance_config();
	struct tcp *measured = calloc(1, sizeof(*measured));
	struct arena arena = {0};

	(void)state;
	config.port[0].subnet_count = 1;
	assert_int_equal(sluice_subnet_parse("198.18.0.0/15", &config.port[0].subnet[0]), 0);
	assert_non_null(tcp_make(measured, &arena, &config, 0, &io, INSTANCE_NOW_NS));
	free(measured);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_a_hosts),
		cmocka_unit_test(test_gateways_are_on_the_link),
		cmocka_unit_test(test_an_instance_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
