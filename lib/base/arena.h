/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory carved once, at start, from one block that somebody else allocated.  An arena with no block only
 * measures: the same code that carves tells how much it will take.  Nothing is ever given back.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cache.h"

struct arena {
	uint8_t *block;    /* NULL: measuring */
	size_t size_bytes; /* of the block */
	size_t used_bytes; /* or what would be */
};

/* A cache-line-aligned part of the block; NULL while measuring, or when the block is too small. */
static inline void *arena_take(struct arena *arena, size_t count, size_t each_bytes)
{
	size_t start = (arena->used_bytes + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);

	arena->used_bytes = start + count * each_bytes;
	if (!arena->block || arena->used_bytes > arena->size_bytes)
		return NULL;
	return arena->block + start;
}
