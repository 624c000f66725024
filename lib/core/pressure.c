/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The marks are sixteenths of a pool.  Packets have lower ones than records: a packet that a connection holds is missing where
 * all others receive.
 */
#include "lib/core/pressure.h"

#include "lib/core/cc.h"
#include "lib/core/receive_queue.h"
#include "lib/core/tcp.h"

#define SIXTEENTHS 16

static enum sluice_pressure pressure_of(enum sluice_pressure before, uint64_t used_count, uint64_t capacity_count,
					uint32_t some, uint32_t severe)
{
	uint64_t used = used_count * SIXTEENTHS;

	if (capacity_count == 0)
		return SLUICE_PRESSURE_NONE; /* nobody counts on it */
	if (before == SLUICE_PRESSURE_SEVERE)
		severe -= PRESSURE_GAP;
	if (before != SLUICE_PRESSURE_NONE)
		some -= PRESSURE_GAP;
	if (used >= capacity_count * severe)
		return SLUICE_PRESSURE_SEVERE;
	return used >= capacity_count * some ? SLUICE_PRESSURE_SOME : SLUICE_PRESSURE_NONE;
}

static void pressure_pool(struct pressure *pressure, enum pressure_pool pool, const struct pool *records)
{
	pressure->pool[pool] = pressure_of(pressure->pool[pool], records->used_count, records->capacity_count,
					   PRESSURE_RECORDS_SOME, PRESSURE_RECORDS_SEVERE);
}

/* The port gave less than was asked for: it has no more, whoever has them.  Over as soon as it gives again. */
static enum sluice_pressure pressure_stash(const struct stash *stash)
{
	if (stash->missing_count == 0 || stash->fresh_count >= STASH_LOW_PACKETS)
		return SLUICE_PRESSURE_NONE;
	return stash->fresh_count >= 2 * STASH_RESERVE_PACKETS ? SLUICE_PRESSURE_SOME : SLUICE_PRESSURE_SEVERE;
}

/* Time goes by the level that was: the turn just ended is the first to know better. */
static void pressure_count(struct tcp *tcp)
{
	struct pressure *pressure = &tcp->pressure;
	uint32_t passed_ms = tcp->now_ms - pressure->judged_ms;

	pressure->judged_ms = tcp->now_ms;
	if (pressure->level[SLUICE_RESOURCE_ANY] == SLUICE_PRESSURE_SOME)
		COUNT_MANY(tcp, pressure_some_ms, passed_ms);
	if (pressure->level[SLUICE_RESOURCE_ANY] == SLUICE_PRESSURE_SEVERE)
		COUNT_MANY(tcp, pressure_severe_ms, passed_ms);
}

static uint32_t pressure_worst(const struct pressure *pressure, enum pressure_pool first, enum pressure_pool last)
{
	enum sluice_pressure worst = SLUICE_PRESSURE_NONE;

	for (uint32_t i = first; i <= last; i++)
		if (pressure->pool[i] > worst)
			worst = pressure->pool[i];
	return worst;
}

static void pressure_level(struct pressure *pressure, enum sluice_resource resource, enum pressure_pool first,
			   enum pressure_pool last)
{
	__atomic_store_n(&pressure->level[resource], pressure_worst(pressure, first, last), __ATOMIC_RELAXED);
}

/*
 * What is out of order may never become whole, and only its sender could say.  It has it still (RFC 2018 section 8), so it goes
 * first: of each connection what came last, round after round, until there is room again.
 */
static void pressure_relieve(struct tcp *tcp)
{
	uint32_t known_count = tcp->conns.fresh_count, count = cc_min(known_count, PRESSURE_CONNECTIONS_PER_TURN);

	if (!pressure_is_severe(&tcp->pressure, SLUICE_RESOURCE_PACKETS))
		return;
	for (uint32_t i = 0; i < count && tcp->ooo_packets; i++) {
		uint32_t index = tcp->pressure.relieved_index < known_count ? tcp->pressure.relieved_index : 0;

		receive_queue_drop_newest(tcp, tcp_conn_at(tcp, index));
		tcp->pressure.relieved_index = index + 1;
	}
}

void pressure_judge(struct tcp *tcp)
{
	struct pressure *pressure = &tcp->pressure;

	pressure_count(tcp);
	pressure->pool[PRESSURE_POOL_HELD] =
		pressure_of(pressure->pool[PRESSURE_POOL_HELD], tcp->packets_held, tcp->config.packets,
			    PRESSURE_PACKETS_SOME, PRESSURE_PACKETS_SEVERE);
	pressure->pool[PRESSURE_POOL_STASH] = pressure_stash(&tcp->stash);
	pressure_pool(pressure, PRESSURE_POOL_DESCRIPTORS, &tcp->descriptors);
	pressure_pool(pressure, PRESSURE_POOL_CHUNKS_SMALL, &tcp->chunks_small);
	pressure_pool(pressure, PRESSURE_POOL_CHUNKS_LARGE, &tcp->chunks_large);
	pressure_pool(pressure, PRESSURE_POOL_CONNECTIONS, &tcp->conns);
	pressure_level(pressure, SLUICE_RESOURCE_PACKETS, PRESSURE_POOL_HELD, PRESSURE_POOL_STASH);
	pressure_level(pressure, SLUICE_RESOURCE_SENDING, PRESSURE_POOL_DESCRIPTORS, PRESSURE_POOL_CHUNKS_LARGE);
	pressure_level(pressure, SLUICE_RESOURCE_CONNECTIONS, PRESSURE_POOL_CONNECTIONS, PRESSURE_POOL_CONNECTIONS);
	pressure_level(pressure, SLUICE_RESOURCE_ANY, PRESSURE_POOL_HELD, PRESSURE_POOL_CONNECTIONS);
	pressure_relieve(tcp);
}
