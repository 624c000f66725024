/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How short memory is, judged once a turn, so that what a segment meets costs one comparison.  A level is reached at one mark and
 * left at a lower one: what stands at a mark does not flap.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/sluice.h"

struct tcp;

/* Pools that are judged each for itself; what the application is told of is the worst of a resource's. */
enum pressure_pool {
	PRESSURE_POOL_HELD,  /* packets that connections hold */
	PRESSURE_POOL_STASH, /* packets that the port still gives */
	PRESSURE_POOL_DESCRIPTORS,
	PRESSURE_POOL_CHUNKS_SMALL,
	PRESSURE_POOL_CHUNKS_LARGE,
	PRESSURE_POOL_CONNECTIONS,
	PRESSURE_POOL_COUNT,
};

struct pressure {
	uint32_t judged_ms;      /* when */
	uint32_t relieved_index; /* the connection that is next to give something up */
	enum sluice_pressure pool[PRESSURE_POOL_COUNT];
	uint32_t level[SLUICE_RESOURCE_COUNT]; /* the same, as read from other threads */
};

static inline bool pressure_is_some(const struct pressure *pressure, enum sluice_resource resource)
{
	return pressure->level[resource] != SLUICE_PRESSURE_NONE;
}

static inline bool pressure_is_severe(const struct pressure *pressure, enum sluice_resource resource)
{
	return pressure->level[resource] == SLUICE_PRESSURE_SEVERE;
}

/* A turn is over: judges every pool anew, and counts the time since the last judgement to the level that was.  Where packets are
 * severely short, a few connections give up what they hold out of order. */
void pressure_judge(struct tcp *tcp);
