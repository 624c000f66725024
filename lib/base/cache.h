/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache lines: their size, the proof that a field lies on the line we think, and prefetches.
 */
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE_BYTES 64

/* Proves that `field` is the first of cache line `line` of struct `type`. */
#define STARTS_LINE(type, field, line) \
	static_assert(offsetof(struct type, field) == (line)*CACHE_LINE_BYTES, #field " does not start its line")

/* Proves that `field` lies on cache line `line` of struct `type`. */
#define ON_LINE(type, field, line) \
	static_assert(offsetof(struct type, field) / CACHE_LINE_BYTES == (line), #field " is on another line")

#define BIT(n) (1U << (n))

static inline void prefetch(const void *address)
{
	__builtin_prefetch(address, 0, 3);
}

static inline void prefetch_write(const void *address)
{
	__builtin_prefetch(address, 1, 3);
}
