/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses as text: there and back, and what is no address is refused and changes nothing.
 */
#include <errno.h>

#include "lib/base/random.h"
#include "lib/sluice.h"
#include "tests/wire/frames.h"

static const struct {
	const char *text, *written;
} good[] = {
	{"198.18.0.1", "198.18.0.1"},
	{"198.18.0.1:80", "198.18.0.1:80"},
	{"0.0.0.0:65535", "0.0.0.0:65535"},
	{"255.255.255.255", "255.255.255.255"},
	{"2001:2::1", "2001:2::1"},
	{"[2001:2::1]", "2001:2::1"},
	{"[2001:2::1]:80", "[2001:2::1]:80"},
	{"[2001:0002:0:0:0:0:0:1]:443", "[2001:2::1]:443"},
	{"::", "::"},
	{"*", "::"},
	{"*:8080", "[::]:8080"},
	{"::ffff:198.18.0.1", "198.18.0.1"},
	{"[::ffff:198.18.0.1]:1", "198.18.0.1:1"},
	{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	{"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	{"198.18.0.1:0", "198.18.0.1"},
};

static void test_good(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char text[SLUICE_ADDRESS_TEXT_BYTES];
		struct sluice_address address, again;

		assert_int_equal(sluice_address_parse(good[i].text, &address), 0);
		assert_ptr_equal(sluice_address_format(&address, text), text);
		assert_string_equal(text, good[i].written);
		assert_int_equal(sluice_address_parse(text, &again), 0);
		assert_memory_equal(address.ip, again.ip, 16);
		assert_int_equal(address.port, again.port);
	}
}

static const char *const bad[] = {
	"",
	" ",
	":",
	"::1:",
	":80",
	"80",
	"198.18.0",
	"198.18.0.1.",
	"198.18.0.256",
	"198.18.0.1:",
	"198.18.0.1:65536",
	"198.18.0.1:8a",
	"198.18.0.1: 80",
	"198.18.0.1:+80",
	"198.18.0.1:-1",
	"198.18.0.1/15",
	" 198.18.0.1",
	"198.18.0.1 ",
	"198.18.0.1:99999999999999999999",
	"[2001:2::1",
	"2001:2::1]",
	"[2001:2::1]80",
	"[2001:2::1]:",
	"[2001:2::1]:x",
	"[198.18.0.1]:80",
	"[]",
	"[]:80",
	"[*]:80",
	"*80",
	"**",
	"*:",
	"*:x",
	"2001:2:::1",
	"2001:2::1%eth0",
	"localhost",
	"localhost:80",
	"1:2:3:4:5:6:7:8:9",
	"12345::",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

static void test_bad(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sluice_address address = {.port = 4711}, before = address;

		if (sluice_address_parse(bad[i], &address) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
		assert_memory_equal(&address, &before, sizeof(address));
	}
}

static void test_values(void **state)
{
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 198, 18, 0, 1}, zero[16] = {0};
	struct sluice_address address;

	(void)state;
	assert_int_equal(sluice_address_parse("198.18.0.1:80", &address), 0);
	assert_memory_equal(address.ip, mapped, 16);
	assert_int_equal(address.port, 80);
	assert_true(sluice_address_is_ipv4(&address));
	assert_int_equal(sluice_address_parse("*:1", &address), 0);
	assert_memory_equal(address.ip, zero, 16);
	assert_false(sluice_address_is_ipv4(&address));
}

static void test_random_round_trips(void **state)
{
	struct random random = {1};

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		char text[SLUICE_ADDRESS_TEXT_BYTES];
		struct sluice_address address = {.port = (uint16_t)random_next(&random)}, again;

		for (uint32_t k = 0; k < 16; k++)
			address.ip[k] = random_below(&random, 2) ? (uint8_t)random_next(&random) : 0;
		if (i % 2)
			memcpy(address.ip, (uint8_t[12]){[10] = 0xff, 0xff}, 12);
		assert_int_equal(sluice_address_parse(sluice_address_format(&address, text), &again), 0);
		assert_memory_equal(address.ip, again.ip, 16);
		assert_int_equal(address.port, again.port);
	}
}

static void expect_subnet(const char *text, int result, const char *ip, uint32_t prefix_bits)
{
	struct sluice_subnet subnet = {.prefix_bits = 77};
	struct sluice_address address;

	if (sluice_subnet_parse(text, &subnet) != result)
		fail_msg("%s", text);
	assert_int_equal(subnet.prefix_bits, result ? 77 : prefix_bits);
	if (result)
		return;
	assert_int_equal(sluice_address_parse(ip, &address), 0);
	assert_memory_equal(subnet.ip, address.ip, 16);
}

static void test_subnets(void **state)
{
	(void)state;
	expect_subnet("198.18.0.1/15", 0, "198.18.0.1", 15);
	expect_subnet("198.18.0.1", 0, "198.18.0.1", 32);
	expect_subnet("198.18.0.1/0", 0, "198.18.0.1", 0);
	expect_subnet("198.18.0.1/32", 0, "198.18.0.1", 32);
	expect_subnet("2001:2::1/48", 0, "2001:2::1", 48);
	expect_subnet("2001:2::1", 0, "2001:2::1", 128);
	expect_subnet("2001:2::1/128", 0, "2001:2::1", 128);
	expect_subnet("198.18.0.1/33", -EINVAL, NULL, 0);
	expect_subnet("2001:2::1/129", -EINVAL, NULL, 0);
	expect_subnet("198.18.0.1/", -EINVAL, NULL, 0);
	expect_subnet("198.18.0.1/x", -EINVAL, NULL, 0);
	expect_subnet("198.18.0.1/1 ", -EINVAL, NULL, 0);
	expect_subnet("/15", -EINVAL, NULL, 0);
	expect_subnet("", -EINVAL, NULL, 0);
	expect_subnet("198.18.0.1:80/15", -EINVAL, NULL, 0);
	expect_subnet("[2001:2::1]/48", -EINVAL, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),    cmocka_unit_test(test_bad),
		cmocka_unit_test(test_values),  cmocka_unit_test(test_random_round_trips),
		cmocka_unit_test(test_subnets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
