/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet pools: one per NUMA node, shared by the node's ports, so that a packet may cross from one port to another.
 * Without EAL hugepages the packets lie in a mapping of our own, on transparent hugepages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "lib/port/memory.h"

#define POOL_CACHE_PACKETS 512 /* per lcore */
#define POOL_FLUSH_PACKETS 768 /* what a cache holds at most: 1.5 times that */

struct pool {
	struct rte_mempool *mempool; /* NULL: none */
	struct memory memory;        /* where the packets are, if not in EAL's heap */
	int node;
	uint32_t count;
};

struct pool_wish {
	uint32_t index; /* among the process's pools: names it */
	uint32_t count; /* packets */
	int node;       /* -1: any */
	bool in_eal_memory;
	bool has_shared_cpus; /* a thread may be preempted inside the pool's ring: use one that does not mind */
};

/* Bytes of one packet with everything around it. */
size_t pool_packet_bytes(void);

/* 0, or a negative errno; says nothing. */
int pool_make(struct pool *pool, const struct pool_wish *wish);

/* Frees it, and returns how many packets had not come back. */
uint32_t pool_free(struct pool *pool);
