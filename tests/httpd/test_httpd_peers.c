/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts by address: the limit is where it was set, prefixes are one address, the exempt are not counted, and nothing is lost
 * over any sequence, against counts in a plain array.
 */
#include "app/httpd/httpd_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

static struct httpd_peers peers;
static struct httpd_config config;

static int set_up(void **state)
{
	(void)state;
	httpd_config_defaults(&config);
	config.connections = 1000;
	config.connections_per_address = 3;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	httpd_peers_close(&peers);
	return 0;
}

static void ip_of(const char *text, uint8_t ip[16])
{
	memcpy(ip, (const uint8_t[16]){[10] = 0xff, 0xff}, 16);
	assert_true(inet_pton(AF_INET, text, ip + 12) == 1 || inet_pton(AF_INET6, text, ip) == 1);
}

static uint32_t enter(const char *text)
{
	uint8_t ip[16];

	ip_of(text, ip);
	return httpd_peers_enter(&peers, ip);
}

/* It takes this many more from there; they leave again. */
static void expect_room(const char *text, uint32_t room)
{
	uint32_t place[16], count = 0;

	for (; count < 16; count++) {
		place[count] = enter(text);
		if (place[count] == HTTPD_PEERS_REFUSED)
			break;
	}
	assert_int_equal(count, room);
	while (count > 0)
		httpd_peers_leave(&peers, place[--count]);
}

static void exempt(const char *subnet, uint8_t bits)
{
	struct sluice_subnet *more = &config.exempt[config.exempt_count++];

	ip_of(subnet, more->ip);
	more->prefix_bits = bits;
}

static void test_the_limit(void **state)
{
	uint32_t place;

	(void)state;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	expect_room("198.18.0.2", 3);
	place = enter("198.18.0.2");
	assert_int_equal(enter("198.18.0.2"), place);
	assert_int_equal(enter("198.18.0.2"), place);
	assert_int_equal(enter("198.18.0.2"), HTTPD_PEERS_REFUSED);
	expect_room("198.18.0.3", 3);
	httpd_peers_leave(&peers, place);
	expect_room("198.18.0.2", 1);
}

static void test_one_prefix_is_one_address(void **state)
{
	(void)state;
	config.address_prefix_bits_ipv4 = 31;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	assert_int_equal(enter("2001:2::1"), enter("2001:2::ffff:ffff:ffff:ffff"));
	expect_room("2001:2::2", 1);
	expect_room("2001:2:0:1::1", 3);
	assert_int_equal(enter("198.18.0.2"), enter("198.18.0.3"));
	expect_room("198.18.0.3", 1);
	expect_room("198.18.0.4", 3);
	expect_room("198.18.0.1", 3);
}

/* Prefixes of no bits: all of a family are one, and families stay apart. */
static void test_prefix_zero(void **state)
{
	(void)state;
	config.address_prefix_bits_ipv4 = config.address_prefix_bits_ipv6 = 0;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	assert_int_equal(enter("198.18.0.2"), enter("203.0.113.1"));
	assert_int_equal(enter("2001:2::1"), enter("fe80::1"));
	expect_room("192.0.2.1", 1);
	expect_room("::1", 1);
}

static void test_the_exempt(void **state)
{
	(void)state;
	exempt("198.18.128.0", 17);
	exempt("2001:2:5::", 48);
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	expect_room("198.18.128.1", 16);
	expect_room("198.18.255.255", 16);
	expect_room("198.18.127.255", 3);
	expect_room("2001:2:5:9::1", 16);
	expect_room("2001:2:6::1", 3);
	assert_int_equal(enter("198.18.128.1"), HTTPD_PEERS_UNCOUNTED);
	assert_int_equal(peers.pool.used_count, 0);
}

static void test_no_limit_costs_nothing(void **state)
{
	(void)state;
	config.connections_per_address = 0;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	expect_room("198.18.0.2", 16);
	assert_null(peers.bucket);
	assert_null(peers.pool.memory);
}

/* Every connection from somewhere else: the table is never full, and empty again in the end. */
static void test_room_for_all(void **state)
{
	uint32_t place[1000];
	char text[32];

	(void)state;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "198.18.%u.%u", i >> 8, i & 255);
		place[i] = enter(text);
		assert_true(place[i] < 1000);
	}
	for (uint32_t i = 0; i < 1000; i++)
		httpd_peers_leave(&peers, place[i * 7 % 1000]);
	assert_int_equal(peers.pool.used_count, 0);
	for (uint32_t i = 0; i <= peers.bucket_mask; i++)
		assert_int_equal(peers.bucket[i], 0);
}

/* Few buckets, so that chains are long and links change in their middles. */
static void test_against_plain_counts(void **state)
{
	uint32_t counts[64] = {0}, place[64][3], random = 12345;

	(void)state;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	peers.bucket_mask = 3;
	for (uint32_t round = 0; round < 100000; round++) {
		char text[32];
		uint32_t who, found;

		random = random * 1664525 + 1013904223;
		who = random >> 26;
		snprintf(text, sizeof(text), "2001:2:%x::1", who);
		if (random >> 20 & 1 && counts[who] > 0) {
			httpd_peers_leave(&peers, place[who][--counts[who]]);
			continue;
		}
		found = enter(text);
		assert_int_equal(found == HTTPD_PEERS_REFUSED, counts[who] == 3);
		if (found != HTTPD_PEERS_REFUSED)
			place[who][counts[who]++] = found;
	}
	for (uint32_t who = 0; who < 64; who++)
		while (counts[who] > 0)
			httpd_peers_leave(&peers, place[who][--counts[who]]);
	assert_int_equal(peers.pool.used_count, 0);
}

/* What a stranger cannot know differs from one server to the next, or he could make chains that are long. */
static void test_each_has_a_key_of_its_own(void **state)
{
	uint64_t key[2];

	(void)state;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	memcpy(key, peers.key, sizeof(key));
	httpd_peers_close(&peers);
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	assert_memory_not_equal(key, peers.key, sizeof(key));
}

/* Neighbouring addresses, as an attacker's are: no bucket has many more than its share. */
static void test_chains_are_short(void **state)
{
	uint32_t longest = 0;
	char text[32];

	(void)state;
	assert_int_equal(httpd_peers_open(&peers, &config), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "2001:2:0:%x::1", i);
		enter(text);
	}
	for (uint32_t i = 0; i <= peers.bucket_mask; i++) {
		uint32_t length = 0;

		for (uint32_t at = peers.bucket[i] - 1; at != HTTPD_POOL_NONE; length++)
			at = ((struct httpd_peer *)httpd_pool_item(&peers.pool, at))->next;
		longest = length > longest ? length : longest;
	}
	assert_in_range(longest, 2, 12); /* one above: once in 10^9 */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_the_limit),
		CASE(test_one_prefix_is_one_address),
		CASE(test_prefix_zero),
		CASE(test_the_exempt),
		CASE(test_no_limit_costs_nothing),
		CASE(test_room_for_all),
		CASE(test_against_plain_counts),
		CASE(test_each_has_a_key_of_its_own),
		CASE(test_chains_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
