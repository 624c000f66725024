/* SPDX-License-Identifier: BSD-3-Clause */
/* What was taken from each host is remembered here, by pool. */
#include "tests/sim/hoard.h"

#include <stdlib.h>

#include "config/limits.h"
#include "lib/worker/worker.h"
#include "tests/sim/violation.h"

#define POOLS 8

struct hoarded {
	struct pool *pool;
	uint32_t *index;
	uint32_t count;
};

static struct hoard {
	struct hoarded pool[POOLS];
	uint32_t pool_count;
	struct sluice_config config; /* as it was */
	uint32_t time_wait_limit;
	uint64_t dry_until_ns;
	uint32_t packets;
} hoards[WORLD_HOSTS];

const char *hoard_name(enum hoard_kind kind)
{
	static const char *const names[] = {"nothing",      "stash",        "connections", "half-open", "descriptors",
					    "small chunks", "large chunks", "chunks",      "in-flight", "paths",
					    "out of order", "held",         "TIME-WAIT",   "everything"};

	return names[kind];
}

static void take_records(struct hoard *hoard, struct pool *pool, uint32_t left)
{
	uint32_t free_count = pool->capacity_count - pool->used_count;
	struct hoarded *hoarded = &hoard->pool[hoard->pool_count++];

	*hoarded = (struct hoarded){.pool = pool};
	if (free_count <= left)
		return;
	hoarded->index = malloc((free_count - left) * sizeof(uint32_t));
	if (!hoarded->index)
		abort();
	while (hoarded->count < free_count - left)
		hoarded->index[hoarded->count++] = pool_take(pool);
}

static void take_stash(struct host *host, struct hoard *hoard, uint32_t left)
{
	struct stash *stash = &host->worker->tcp.stash;

	for (; stash->fresh_count > left; hoard->packets++)
		packet_pool_give(&host->pool, stash->fresh[--stash->fresh_count]);
	host->dry_until_ns = host->world->now_ns + 1;
}

static void give_stash_back(struct host *host, struct hoard *hoard)
{
	struct stash *stash = &host->worker->tcp.stash;

	for (; hoard->packets && stash->fresh_count < STASH_PACKETS_MAX; hoard->packets--) {
		struct rte_mbuf *packet = packet_pool_take(&host->pool);

		if (!packet)
			break;
		stash->fresh[stash->fresh_count++] = packet;
	}
	stash->missing_count = 0;
}

/* What is bounded by a number, not by a pool. */
static void take_bound(struct tcp *tcp, enum hoard_kind kind, uint32_t left)
{
	if (kind == HOARD_OUT_OF_ORDER || kind == HOARD_ALL)
		tcp->config.out_of_order = tcp->ooo_packets + left;
	if (kind == HOARD_HELD || kind == HOARD_ALL)
		tcp->config.packets = tcp->packets_held + left;
	if ((kind == HOARD_TIME_WAIT || kind == HOARD_ALL) &&
	    tcp->time_wait.live_count + left < tcp->time_wait.limit_count)
		tcp->time_wait.limit_count = tcp->time_wait.live_count + left ? tcp->time_wait.live_count + left : 1;
}

static bool is_of(enum hoard_kind kind, enum hoard_kind pool)
{
	bool is_chunk = pool == HOARD_CHUNKS_SMALL || pool == HOARD_CHUNKS_LARGE;

	return kind == pool || kind == HOARD_ALL || (kind == HOARD_CHUNKS && is_chunk);
}

void hoard_take(struct host *host, enum hoard_kind kind, uint32_t left)
{
	struct hoard *hoard = &hoards[host->index];
	struct tcp *tcp = &host->worker->tcp;
	const struct {
		enum hoard_kind kind;
		struct pool *pool;
	} pools[POOLS] = {
		{HOARD_CONNECTIONS, &tcp->conns},         {HOARD_HALF_OPEN, &tcp->half_open.ipv4},
		{HOARD_HALF_OPEN, &tcp->half_open.ipv6},  {HOARD_DESCRIPTORS, &tcp->descriptors},
		{HOARD_CHUNKS_SMALL, &tcp->chunks_small}, {HOARD_CHUNKS_LARGE, &tcp->chunks_large},
		{HOARD_INFLIGHT, &tcp->inflight},         {HOARD_PATHS, &tcp->paths},
	};

	*hoard = (struct hoard){.config = tcp->config,
				.time_wait_limit = tcp->time_wait.limit_count,
				.dry_until_ns = host->dry_until_ns};
	for (uint32_t i = 0; i < POOLS; i++)
		if (is_of(kind, pools[i].kind))
			take_records(hoard, pools[i].pool, left);
	if (kind == HOARD_STASH || kind == HOARD_ALL)
		take_stash(host, hoard, left);
	take_bound(tcp, kind, left);
}

void hoard_give_back(struct host *host)
{
	struct hoard *hoard = &hoards[host->index];
	struct tcp *tcp = &host->worker->tcp;

	for (uint32_t i = 0; i < hoard->pool_count; i++) {
		struct hoarded *hoarded = &hoard->pool[i];

		while (hoarded->count)
			pool_give(hoarded->pool, hoarded->index[--hoarded->count]);
		free(hoarded->index);
	}
	hoard->pool_count = 0;
	if (host->dry_until_ns != hoard->dry_until_ns)
		give_stash_back(host, hoard);
	tcp->config = hoard->config;
	tcp->time_wait.limit_count = hoard->time_wait_limit;
	host->dry_until_ns = hoard->dry_until_ns;
}
