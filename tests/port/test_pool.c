/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools in our memory and in EAL's: the same packets, each on its own bytes, all accounted for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "config/limits.h"
#include "lib/port/pool.h"
#include "tests/port/scene.h"

static struct ports ports; /* for EAL */

static int open_scene(void **state)
{
	(void)state;
	scene_open(&ports);
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	return (int)ports_destroy(&ports);
}

static struct pool_wish wish_of(uint32_t index, bool in_eal_memory)
{
	struct pool_wish wish = {.index = index, .count = 2000, .node = 0, .in_eal_memory = in_eal_memory};

	return wish;
}

/* Fills every packet with its number, then looks whether anybody wrote over another. */
static void check_packets(struct pool *pool)
{
	struct rte_mbuf *packet[2000];

	for (uint32_t i = 0; i < 2000; i++) {
		packet[i] = rte_pktmbuf_alloc(pool->mempool);
		assert_non_null(packet[i]);
		assert_int_equal(rte_pktmbuf_headroom(packet[i]), PACKET_HEADROOM_BYTES);
		assert_int_equal(rte_pktmbuf_tailroom(packet[i]), PACKET_ROOM_BYTES);
		assert_int_equal((uintptr_t)packet[i] % 64, 0);
		memset(packet[i]->buf_addr, (int)(i % 251), packet[i]->buf_len);
		memset(rte_mbuf_to_priv(packet[i]), (int)(i % 241), PACKET_PRIVATE_BYTES);
	}
	assert_null(rte_pktmbuf_alloc(pool->mempool));
	for (uint32_t i = 0; i < 2000; i++) {
		const uint8_t *bytes = packet[i]->buf_addr, *own = rte_mbuf_to_priv(packet[i]);

		assert_true(bytes[0] == i % 251 && memcmp(bytes, bytes + 1, packet[i]->buf_len - 1U) == 0);
		assert_true(own[0] == i % 241 && memcmp(own, own + 1, PACKET_PRIVATE_BYTES - 1) == 0);
	}
	rte_pktmbuf_free_bulk(packet, 2000);
}

static void test_packets_in_our_memory(void **state)
{
	struct pool_wish wish = wish_of(10, false);
	struct pool pool;

	(void)state;
	assert_int_equal(pool_make(&pool, &wish), 0);
	check_packets(&pool);
	assert_int_equal(pool_free(&pool), 0);
	assert_null(pool.memory.address);
}

static void test_packets_in_eals_memory(void **state)
{
	struct pool_wish wish = wish_of(11, true);
	struct pool pool;

	(void)state;
	assert_int_equal(pool_make(&pool, &wish), 0);
	assert_null(pool.memory.address);
	check_packets(&pool);
	assert_int_equal(pool_free(&pool), 0);
}

static void test_packets_for_shared_cpus(void **state)
{
	struct pool_wish wish = wish_of(12, false);
	struct pool pool;

	(void)state;
	wish.has_shared_cpus = true;
	assert_int_equal(pool_make(&pool, &wish), 0);
	check_packets(&pool);
	assert_int_equal(pool_free(&pool), 0);
}

static void test_missing_packets_are_counted(void **state)
{
	struct pool_wish wish = wish_of(13, false);
	struct pool pool;

	(void)state;
	assert_int_equal(pool_make(&pool, &wish), 0);
	assert_non_null(rte_pktmbuf_alloc(pool.mempool));
	assert_non_null(rte_pktmbuf_alloc(pool.mempool));
	assert_int_equal(pool_free(&pool), 2);
}

static void test_too_many_packets_are_refused(void **state)
{
	struct pool_wish wish = wish_of(14, true);
	struct pool pool;

	(void)state;
	wish.count = 100000000;
	assert_true(pool_make(&pool, &wish) < 0);
	assert_null(pool.mempool);
	assert_int_equal(pool_free(&pool), 0);
}

static void test_sums_know_the_packets_size(void **state)
{
	(void)state;
	assert_in_range(pool_packet_bytes(), 128 + 64 + 128 + 2048, 128 + 64 + 128 + 2048 + 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets_in_our_memory),        cmocka_unit_test(test_packets_in_eals_memory),
		cmocka_unit_test(test_packets_for_shared_cpus),      cmocka_unit_test(test_missing_packets_are_counted),
		cmocka_unit_test(test_too_many_packets_are_refused), cmocka_unit_test(test_sums_know_the_packets_size),
	};

	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
