/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Last in, first out: the item borrowed next is the one most likely still in the cache.
 */
#include "app/httpd/httpd_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int httpd_pool_open(struct httpd_pool *pool, uint32_t item_bytes, uint32_t item_count)
{
	*pool = (struct httpd_pool){.item_bytes = item_bytes, .item_count = item_count, .free = HTTPD_POOL_NONE};
	pool->memory = calloc(item_count, item_bytes);
	return pool->memory ? 0 : -ENOMEM;
}

void httpd_pool_close(struct httpd_pool *pool)
{
	free(pool->memory);
	pool->memory = NULL;
}

uint32_t httpd_pool_borrow(struct httpd_pool *pool)
{
	uint32_t index = pool->free;

	if (index != HTTPD_POOL_NONE)
		memcpy(&pool->free, httpd_pool_item(pool, index), sizeof(pool->free));
	else if (pool->fresh < pool->item_count)
		index = pool->fresh++;
	else
		return HTTPD_POOL_NONE;
	__atomic_store_n(&pool->used_count, pool->used_count + 1, __ATOMIC_RELAXED);
	return index;
}

void httpd_pool_give_back(struct httpd_pool *pool, uint32_t index)
{
	memcpy(httpd_pool_item(pool, index), &pool->free, sizeof(pool->free));
	pool->free = index;
	__atomic_store_n(&pool->used_count, pool->used_count - 1, __ATOMIC_RELAXED);
}
