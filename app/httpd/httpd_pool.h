/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fixed number of equal items, borrowed and given back, named by 32-bit index.  Memory that was never borrowed is
 * never touched, so that a pool sized for the worst day costs what the usual one needs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HTTPD_POOL_NONE UINT32_MAX

struct httpd_pool {
	uint8_t *memory;
	uint32_t item_bytes, item_count;
	uint32_t used_count; /* read by other threads, relaxed */
	uint32_t fresh;      /* items from here on were never borrowed */
	uint32_t free;       /* last given back; the next one's index lies in its first bytes */
};

/* item_bytes is at least 4 and a multiple of 8.  0 or -ENOMEM. */
int httpd_pool_open(struct httpd_pool *pool, uint32_t item_bytes, uint32_t item_count);
void httpd_pool_close(struct httpd_pool *pool);

/* HTTPD_POOL_NONE: all are borrowed. */
uint32_t httpd_pool_borrow(struct httpd_pool *pool);
void httpd_pool_give_back(struct httpd_pool *pool, uint32_t index);

static inline bool httpd_pool_is_empty(const struct httpd_pool *pool)
{
	return pool->free == HTTPD_POOL_NONE && pool->fresh == pool->item_count;
}

static inline void *httpd_pool_item(const struct httpd_pool *pool, uint32_t index)
{
	return pool->memory + (uint64_t)index * pool->item_bytes;
}

/* The index of an item that httpd_pool_item() returned. */
static inline uint32_t httpd_pool_index(const struct httpd_pool *pool, const void *item)
{
	return (uint32_t)((uint64_t)((const uint8_t *)item - pool->memory) / pool->item_bytes);
}
