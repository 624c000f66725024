/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet pools, in EAL's memory or in ours.
 */
#include "lib/port/pool.h"

#include <errno.h>
#include <stdio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include "config/limits.h"

#define POOL_ROOM_BYTES    (PACKET_HEADROOM_BYTES + PACKET_ROOM_BYTES)
#define POOL_ELEMENT_BYTES (sizeof(struct rte_mbuf) + PACKET_PRIVATE_BYTES + POOL_ROOM_BYTES)

static_assert(RTE_PKTMBUF_HEADROOM == PACKET_HEADROOM_BYTES, "DPDK was built with another headroom");
static_assert(PACKET_PRIVATE_BYTES % RTE_MBUF_PRIV_ALIGN == 0, "DPDK wants the private area aligned");
static_assert(POOL_FLUSH_PACKETS == POOL_CACHE_PACKETS * 3 / 2, "DPDK flushes at 1.5 times");

size_t pool_packet_bytes(void)
{
	return rte_mempool_calc_obj_size(POOL_ELEMENT_BYTES, 0, NULL);
}

static const char *pool_ring_kind(const struct pool_wish *wish)
{
	return wish->has_shared_cpus ? "ring_mt_rts" : "ring_mp_mc";
}

static struct rte_mempool *pool_make_in_eal(const char *name, const struct pool_wish *wish, int node)
{
	return rte_pktmbuf_pool_create_by_ops(name, wish->count, POOL_CACHE_PACKETS, PACKET_PRIVATE_BYTES,
					      POOL_ROOM_BYTES, node, pool_ring_kind(wish));
}

/* Hands our own mapping to the pool, as one piece that no device addresses. */
static int pool_fill(struct pool *pool)
{
	size_t page_bytes = MEMORY_HUGEPAGE_BYTES, least, alignment;
	ssize_t bytes = rte_mempool_op_calc_mem_size_helper(pool->mempool, pool->count, 0, 0, &least, &alignment);
	rte_iova_t iova;
	int placed;

	if (bytes < 0 || memory_map(&pool->memory, (size_t)bytes + page_bytes, pool->node) != 0)
		return -ENOMEM;
	iova = rte_eal_iova_mode() == RTE_IOVA_VA ? (rte_iova_t)(uintptr_t)pool->memory.address : RTE_BAD_IOVA;
	placed = rte_mempool_populate_iova(pool->mempool, pool->memory.address, iova, pool->memory.bytes, NULL, NULL);
	return placed == (int)pool->count ? 0 : -ENOMEM;
}

/* No device addresses these packets, so they may cross the 4 KiB pages that DPDK would fit each into. */
static int pool_make_in_ours(struct pool *pool, const char *name, const struct pool_wish *wish)
{
	struct rte_pktmbuf_pool_private layout = {
		.mbuf_data_room_size = POOL_ROOM_BYTES,
		.mbuf_priv_size = PACKET_PRIVATE_BYTES,
	};
	int error;

	pool->mempool = rte_mempool_create_empty(name, wish->count, POOL_ELEMENT_BYTES, POOL_CACHE_PACKETS,
						 sizeof(layout), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (!pool->mempool)
		return -rte_errno;
	error = rte_mempool_set_ops_byname(pool->mempool, pool_ring_kind(wish), NULL);
	if (error)
		return error;
	rte_pktmbuf_pool_init(pool->mempool, &layout);
	error = pool_fill(pool);
	if (error)
		return error;
	rte_mempool_obj_iter(pool->mempool, rte_pktmbuf_init, NULL);
	return 0;
}

int pool_make(struct pool *pool, const struct pool_wish *wish)
{
	int node = wish->node >= 0 ? wish->node : SOCKET_ID_ANY;
	char name[RTE_MEMPOOL_NAMESIZE];
	int error = 0;

	*pool = (struct pool){.node = wish->node, .count = wish->count};
	snprintf(name, sizeof(name), "packets%u", wish->index);
	if (wish->in_eal_memory || rte_eal_has_hugepages()) {
		pool->mempool = pool_make_in_eal(name, wish, node);
		if (!pool->mempool && node != SOCKET_ID_ANY)
			pool->mempool = pool_make_in_eal(name, wish, SOCKET_ID_ANY);
		if (!pool->mempool)
			error = -rte_errno;
	} else {
		error = pool_make_in_ours(pool, name, wish);
	}
	if (error)
		pool_free(pool);
	return error;
}

uint32_t pool_free(struct pool *pool)
{
	uint32_t missing = 0;

	if (pool->mempool) {
		missing = rte_mempool_in_use_count(pool->mempool);
		rte_mempool_free(pool->mempool);
	}
	pool->mempool = NULL;
	memory_unmap(&pool->memory);
	return missing;
}
