/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What kind of address an address is, at the edges of every range.
 */
#include "lib/wire/address.h"

#include "tests/wire/frames.h"

#include "lib/sluice.h"

static struct ip ip_of(const char *text)
{
	struct sluice_address address;
	struct ip ip;

	assert_int_equal(sluice_address_parse(text, &address), 0);
	memcpy(&ip, address.ip, sizeof(ip));
	return ip;
}

enum { HOST = 1, UNSPECIFIED = 2, MULTICAST = 4, LINK_LOCAL = 8 };

static const struct {
	const char *text;
	unsigned kinds;
} addresses[] = {
	{"0.0.0.0", UNSPECIFIED},
	{"0.0.0.1", 0},
	{"0.255.255.255", 0},
	{"1.0.0.0", HOST},
	{"126.255.255.255", HOST},
	{"127.0.0.0", 0},
	{"127.255.255.255", 0},
	{"128.0.0.0", HOST},
	{"169.253.255.255", HOST},
	{"169.254.0.0", HOST | LINK_LOCAL},
	{"169.254.255.255", HOST | LINK_LOCAL},
	{"169.255.0.0", HOST},
	{"198.18.0.1", HOST},
	{"223.255.255.255", HOST},
	{"224.0.0.0", MULTICAST},
	{"239.255.255.255", MULTICAST},
	{"240.0.0.0", 0},
	{"255.255.255.255", 0},
	{"::", UNSPECIFIED},
	{"::1", 0},
	{"::2", 0},
	{"::198.18.0.1", 0},
	{"0:0:0:1::", HOST},
	{"64:ff9b::1", HOST},
	{"2001:2::1", HOST},
	{"fe7f:ffff::", HOST},
	{"fe80::", HOST | LINK_LOCAL},
	{"febf:ffff::", HOST | LINK_LOCAL},
	{"fec0::", HOST},
	{"feff::", HOST},
	{"ff00::", MULTICAST},
	{"ff02::1", MULTICAST},
};

static void test_kinds(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct ip ip = ip_of(addresses[i].text);
		unsigned kinds = (ip_can_be_host(&ip) ? HOST : 0U) | (ip_is_unspecified(&ip) ? UNSPECIFIED : 0U) |
				 (ip_is_multicast(&ip) ? MULTICAST : 0U) | (ip_is_link_local(&ip) ? LINK_LOCAL : 0U);

		if (kinds != addresses[i].kinds)
			fail_msg("%s: 0x%x", addresses[i].text, kinds);
	}
}

/* By turning each bit: exactly those of the prefix matter. */
static void test_prefix(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		uint32_t bits = ipv6 ? 128 : 32;
		struct ip network = ip_of(ipv6 ? "2001:2::1" : "198.18.5.1");

		for (uint32_t prefix = 0; prefix <= bits; prefix++) {
			assert_true(ip_in_prefix(&network, &network, (uint8_t)prefix));
			for (uint32_t bit = 0; bit < bits; bit++) {
				struct ip ip = network;
				uint32_t place = 128 - bits + bit;

				ip.byte[place / 8] ^= (uint8_t)(0x80 >> place % 8);
				assert_int_equal(ip_in_prefix(&ip, &network, (uint8_t)prefix), bit >= prefix);
			}
		}
	}
}

static void test_families_do_not_mix(void **state)
{
	struct ip ipv4 = ip_of("198.18.0.1"), ipv6 = ip_of("2001:2::1");

	(void)state;
	assert_true(ip_is_ipv4(&ipv4));
	assert_false(ip_is_ipv4(&ipv6));
	assert_false(ip_in_prefix(&ipv4, &ipv6, 0));
	assert_false(ip_in_prefix(&ipv6, &ipv4, 0));
}

static void expect_broadcast(const char *text, const char *local, uint8_t prefix_bits, bool expected)
{
	struct ip ip = ip_of(text), ours = ip_of(local);

	if (ip_is_broadcast(&ip, &ours, prefix_bits) != expected)
		fail_msg("%s of %s/%u", text, local, prefix_bits);
}

static void test_broadcast(void **state)
{
	(void)state;
	expect_broadcast("255.255.255.255", "198.18.0.1", 15, true);
	expect_broadcast("198.19.255.255", "198.18.0.1", 15, true);
	expect_broadcast("198.18.0.0", "198.18.0.1", 15, true);
	expect_broadcast("198.18.255.255", "198.18.0.1", 15, false);
	expect_broadcast("198.18.255.255", "198.18.0.1", 16, true);
	expect_broadcast("198.18.0.3", "198.18.0.1", 30, true);
	expect_broadcast("198.18.0.1", "198.18.0.0", 31, false);
	expect_broadcast("198.18.0.1", "198.18.0.1", 32, false);
	expect_broadcast("198.18.7.255", "198.18.0.1", 24, false);
	expect_broadcast("2001:2::ffff", "2001:2::1", 112, false);
}

static void test_equality_sees_every_bit(void **state)
{
	struct tuple tuple = {
		.local = test_ip(true, 1), .remote = test_ip(true, 2), .local_port = 80, .remote_port = 9};
	struct tuple other = tuple;

	(void)state;
	assert_true(tuple_equal(&tuple, &other));
	for (uint32_t bit = 0; bit < 8 * sizeof(tuple); bit++) {
		((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(tuple_equal(&tuple, &other));
		assert_true(bit >= 128 || !ip_equal(&tuple.local, &other.local));
		other = tuple;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_families_do_not_mix),
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_equality_sees_every_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
