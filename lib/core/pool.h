/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fixed-size records by 32-bit index, with a free list through the records themselves, newest first, so that what was
 * just freed, and is warm, is used again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/assert.h"

#define POOL_NONE UINT32_MAX

struct pool {
	uint8_t *records;
	uint32_t stride_bytes;
	uint32_t capacity_count, used_count;
	uint32_t fresh_count; /* records never used yet start here: the list need not be built at start */
	uint32_t free_first;
};

/* The record's first four bytes are the free list's while it is free. */
static inline void pool_make(struct pool *pool, struct arena *arena, uint32_t count, uint32_t stride_bytes)
{
	*pool = (struct pool){
		.records = arena_take(arena, count, stride_bytes),
		.stride_bytes = stride_bytes,
		.capacity_count = count,
		.free_first = POOL_NONE,
	};
}

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
	ASSERT(index < pool->capacity_count);
	return pool->records + (size_t)index * pool->stride_bytes;
}

static inline uint32_t pool_index(const struct pool *pool, const void *record)
{
	return (uint32_t)((size_t)((const uint8_t *)record - pool->records) / pool->stride_bytes);
}

static inline bool pool_is_exhausted(const struct pool *pool)
{
	return pool->used_count == pool->capacity_count;
}

/* POOL_NONE when the pool is exhausted. */
static inline uint32_t pool_take(struct pool *pool)
{
	uint32_t index = pool->free_first;

	if (index == POOL_NONE) {
		if (pool->fresh_count == pool->capacity_count)
			return POOL_NONE;
		index = pool->fresh_count++;
	} else {
		memcpy(&pool->free_first, pool_at(pool, index), sizeof(uint32_t));
	}
	pool->used_count++;
	return index;
}

static inline void pool_give(struct pool *pool, uint32_t index)
{
	ASSERT(pool->used_count > 0);
	memcpy(pool_at(pool, index), &pool->free_first, sizeof(uint32_t));
	pool->free_first = index;
	pool->used_count--;
}
