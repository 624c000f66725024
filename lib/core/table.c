/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connection table's writing half.  An entry lies in the first bucket on its way that had room, and every full one
 * before it counts it; taking it out counts back over the same way.
 */
#include "lib/core/table.h"

#include <string.h>

/* A slot, or none when .bucket is NULL. */
struct table_place {
	struct table_bucket *bucket;
	uint32_t slot, steps; /* buckets between home and here */
};

static bool is_prime(uint32_t number)
{
	for (uint32_t divisor = 2; (uint64_t)divisor * divisor <= number; divisor++) {
		if (number % divisor == 0)
			return false;
	}
	return true;
}

void table_make(struct table *table, struct arena *arena, uint32_t entries)
{
	uint64_t slots = ((uint64_t)entries * 100 + TABLE_FILL_PERCENT - 1) / TABLE_FILL_PERCENT;
	uint32_t bucket_count = (uint32_t)((slots + TABLE_SLOTS - 1) / TABLE_SLOTS);

	while (!is_prime(bucket_count))
		bucket_count++;
	*table = (struct table){
		.bucket = arena_take(arena, bucket_count, sizeof(struct table_bucket)),
		.bucket_count = bucket_count,
		.entries = entries,
	};
	if (table->bucket)
		memset(table->bucket, 0, bucket_count * sizeof(struct table_bucket));
}

uint64_t table_hash(struct siphash_key key, const struct tuple *tuple)
{
	uint64_t addresses;

	if (!ip_is_ipv4(&tuple->local))
		return siphash_1_3(key, tuple, sizeof(*tuple));
	addresses = le64_at(tuple->local.byte + 8) >> 32 | (le64_at(tuple->remote.byte + 8) & 0xffffffff00000000);
	return siphash_1_3_of_12(key, addresses, (uint32_t)tuple->remote_port << 16 | tuple->local_port);
}

/* Counts `by` in `steps` buckets from home on. */
static void table_count_passed(struct table *table, uint64_t hash, uint32_t steps, uint32_t by)
{
	for (uint32_t bucket = table_home(table, hash); steps; steps--) {
		table->bucket[bucket].passed += by;
		bucket = table_after(table, hash, bucket);
	}
}

static struct table_place table_free_place(struct table *table, uint64_t hash)
{
	uint32_t bucket = table_home(table, hash), left = table_buckets_max(table);

	for (uint32_t steps = 0; steps < left; steps++) {
		uint32_t free_slots = table_match(&table->bucket[bucket], 0);

		if (free_slots)
			return (struct table_place){&table->bucket[bucket], (uint32_t)__builtin_ctz(free_slots), steps};
		bucket = table_after(table, hash, bucket);
	}
	return (struct table_place){0};
}

static struct table_place table_place_of(struct table *table, uint64_t hash, uint32_t value)
{
	uint32_t bucket = table_home(table, hash), left = table_buckets_max(table);

	for (uint32_t steps = 0; steps < left; steps++) {
		struct table_bucket *here = &table->bucket[bucket];

		for (uint32_t matches = table_match(here, table_tag(hash)); matches; matches &= matches - 1) {
			uint32_t slot = (uint32_t)__builtin_ctz(matches);

			if (here->value[slot] == value)
				return (struct table_place){here, slot, steps};
		}
		if (!here->passed)
			break;
		bucket = table_after(table, hash, bucket);
	}
	return (struct table_place){0};
}

bool table_insert(struct table *table, uint64_t hash, uint32_t value)
{
	struct table_place place;

	if (table->count == table->entries)
		return false;
	place = table_free_place(table, hash);
	if (!place.bucket)
		return false;
	place.bucket->tag[place.slot] = table_tag(hash);
	place.bucket->value[place.slot] = value;
	table_count_passed(table, hash, place.steps, 1);
	table->count++;
	return true;
}

bool table_remove(struct table *table, uint64_t hash, uint32_t value)
{
	struct table_place place = table_place_of(table, hash, value);

	if (!place.bucket)
		return false;
	place.bucket->tag[place.slot] = 0;
	table_count_passed(table, hash, place.steps, UINT32_MAX); /* one less */
	table->count--;
	return true;
}

bool table_replace(struct table *table, uint64_t hash, uint32_t old_value, uint32_t new_value)
{
	struct table_place place = table_place_of(table, hash, old_value);

	if (!place.bucket)
		return false;
	place.bucket->value[place.slot] = new_value;
	return true;
}
