/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walks over IPv4 options and IPv6 extension headers.  What they walk over lies at the very end of its block.
 */
#include "lib/wire/ip.h"

#include "lib/base/random.h"
#include "tests/claims/claims.h"
#include "tests/wire/frames.h"

static enum ip_verdict options_verdict(const uint8_t *bytes, uint32_t count)
{
	uint8_t *block = exact_copy(bytes, count);
	enum ip_verdict verdict = ipv4_options_check(block, count);

	free(block);
	return verdict;
}

static struct ipv6_walk walk_of(uint8_t next_header, const uint8_t *bytes, uint32_t readable, uint32_t count)
{
	uint8_t *block = exact_copy(bytes, readable);
	struct ipv6_walk walk = ipv6_extensions_walk(block, next_header, count, readable);

	free(block);
	return walk;
}

static void test_ipv4_every_kind_and_length(void **state)
{
	(void)state;
	for (uint32_t kind = 2; kind < 256; kind++) {
		for (uint32_t length = 0; length < 256; length++) {
			uint8_t options[40] = {(uint8_t)kind, (uint8_t)length};
			enum ip_verdict expected = length < 2 || length > 40    ? IP_MALFORMED
						   : kind == 131 || kind == 137 ? IP_SOURCE_ROUTE
										: IP_PASS;

			assert_int_equal(options_verdict(options, 40), expected);
		}
	}
}

static void test_ipv4_cut_and_ended(void **state)
{
	static const uint8_t route_after_end[8] = {0, 131, 3, 4}, route_after_nops[8] = {1, 1, 1, 131, 3, 4};
	static const uint8_t kind_alone[4] = {1, 1, 1, 7};

	(void)state;
	assert_int_equal(options_verdict(route_after_end, 8), IP_PASS);
	assert_int_equal(options_verdict(route_after_nops, 8), IP_SOURCE_ROUTE);
	assert_int_equal(options_verdict(kind_alone, 4), IP_MALFORMED);
	assert_int_equal(options_verdict(kind_alone, 0), IP_PASS);
}

static void test_ipv6_no_extension(void **state)
{
	struct ipv6_walk walk = walk_of(6, NULL, 0, 20);

	(void)state;
	assert_int_equal(walk.verdict, IP_PASS);
	assert_int_equal(walk.protocol, 6);
	assert_int_equal(walk.bytes, 0);
}

/* `count` destination options headers of 8 bytes, then TCP. */
static struct ipv6_walk walk_over_many(uint32_t count)
{
	uint8_t chain[8 * 17] = {0};

	for (uint32_t i = 0; i < count; i++) {
		chain[8 * i] = i + 1 == count ? 6 : 60;
		chain[8 * i + 2] = 1;
		chain[8 * i + 3] = 4;
	}
	return walk_of(60, chain, 8 * count, 8 * count + 20);
}

static void test_ipv6_number_is_bounded(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= 16; count++) {
		struct ipv6_walk walk = walk_over_many(count);

		assert_int_equal(walk.verdict, count <= IPV6_EXTENSIONS_MAX ? IP_PASS : IP_MALFORMED);
		if (walk.verdict == IP_PASS) {
			assert_int_equal(walk.bytes, 8 * count);
			assert_int_equal(walk.protocol, 6);
		}
	}
}

static void test_ipv6_lengths(void **state)
{
	uint8_t header[64] = {6, 3, 1, 28};

	(void)state;
	assert_int_equal(walk_of(60, header, 32, 32).verdict, IP_PASS);
	assert_int_equal(walk_of(60, header, 32, 31).verdict, IP_MALFORMED);
	assert_int_equal(walk_of(60, header, 7, 7).verdict, IP_MALFORMED);
	for (uint32_t readable = 0; readable < 32; readable++)
		assert_int_equal(walk_of(60, header, readable, 52).verdict, IP_CUT_SHORT);
	header[3] = 29;
	assert_int_equal(walk_of(60, header, 32, 52).verdict, IP_MALFORMED);
}

CLAIMS(RFC6946_4)
static void test_ipv6_kinds(void **state)
{
	static const uint8_t pads[8] = {6, 0, 0, 0, 0, 0, 0, 0}, unknown_skipped[8] = {6, 0, 0x1e, 4};
	static const uint8_t unknown_refused[8] = {6, 0, 0x5e, 4}, jumbo[8] = {6, 0, 0xc2, 4, 0, 1, 0, 0};
	static const uint8_t two_hops[16] = {0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4};
	static const uint8_t first[8] = {6, 0, 0, 1}, last[8] = {6, 0, 0, 8}, whole[8] = {6, 9, 0, 6};
	static const uint8_t routing_0[8] = {6, 0, 0, 0}, routing_4_done[8] = {6, 0, 4, 0}, routing_4[8] = {6, 0, 4, 1};

	(void)state;
	assert_int_equal(walk_of(0, pads, 8, 8).verdict, IP_PASS);
	assert_int_equal(walk_of(60, unknown_skipped, 8, 8).verdict, IP_PASS);
	assert_int_equal(walk_of(60, unknown_refused, 8, 8).verdict, IP_MALFORMED);
	assert_int_equal(walk_of(0, jumbo, 8, 8).verdict, IP_MALFORMED);
	assert_int_equal(walk_of(0, two_hops, 16, 16).verdict, IP_MALFORMED);
	assert_int_equal(walk_of(43, routing_0, 8, 8).verdict, IP_SOURCE_ROUTE);
	assert_int_equal(walk_of(43, routing_4_done, 8, 8).verdict, IP_PASS);
	assert_int_equal(walk_of(43, routing_4, 8, 8).verdict, IP_SOURCE_ROUTE);
	assert_int_equal(walk_of(44, first, 8, 8).verdict, IP_FRAGMENT);
	assert_int_equal(walk_of(44, last, 8, 8).verdict, IP_FRAGMENT);
	assert_int_equal(walk_of(44, whole, 8, 8).verdict, IP_PASS); /* RFC 6946 */
	assert_true(walk_of(44, whole, 8, 8).is_atomic);
	assert_int_equal(walk_of(44, whole, 8, 8).bytes, 8);
	assert_int_equal(walk_of(44, whole, 7, 8).verdict, IP_CUT_SHORT);
	assert_int_equal(walk_of(44, whole, 7, 7).verdict, IP_MALFORMED);
}

static void test_random_bytes(void **state)
{
	static const uint8_t kinds[] = {0, 43, 44, 60, 6, 1, 2, 4, 131};
	struct random random = {1};

	(void)state;
	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t count = random_below(&random, 100), readable = random_below(&random, count + 1);
		uint8_t bytes[100];
		struct ipv6_walk walk;

		for (uint32_t k = 0; k < count; k++)
			bytes[k] = random_below(&random, 2) ? kinds[random_below(&random, sizeof(kinds))]
							    : (uint8_t)random_below(&random, 4);
		walk = walk_of(kinds[random_below(&random, 4)], bytes, readable, count);
		if (walk.verdict == IP_PASS)
			assert_true(walk.bytes <= readable);
		options_verdict(bytes, count < 40 ? count : 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_every_kind_and_length),
		cmocka_unit_test(test_ipv4_cut_and_ended),
		cmocka_unit_test(test_ipv6_no_extension),
		cmocka_unit_test(test_ipv6_number_is_bounded),
		cmocka_unit_test(test_ipv6_lengths),
		cmocka_unit_test(test_ipv6_kinds),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
