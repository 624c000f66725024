/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's connection table: from the hash of a tuple to the 32-bit values filed under it.  It knows no keys: the
 * caller hashes, and verifies each candidate in its own record.
 *
 * A bucket is one cache line: ten 16-bit tags that one vector compare searches, ten values, and the count of entries that
 * found it full and went on.  Each hash has its own way through the buckets (double hashing; their number is prime, so
 * every way meets all of them).  A search ends at the first bucket that nobody went past, so that nothing has to be left
 * behind where an entry was removed.  Owned by one thread; carved once, never resized.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "lib/base/arena.h"
#include "lib/base/cache.h"
#include "lib/base/siphash.h"
#include "lib/wire/address.h"

#define TABLE_SLOTS        10
#define TABLE_FILL_PERCENT 85 /* at most, when every entry is in use */
#define TABLE_BUCKETS_MAX  64 /* looked at in one search: at that fill, one in 2^68 entries would need more */

struct table_bucket {
	alignas(CACHE_LINE_BYTES) uint16_t tag[TABLE_SLOTS]; /* 0: free */
	uint32_t passed;                                     /* entries that lie further on because this was full */
	uint32_t value[TABLE_SLOTS];
};

static_assert(sizeof(struct table_bucket) == CACHE_LINE_BYTES, "a bucket is a line");

struct table {
	struct table_bucket *bucket;
	uint32_t bucket_count;
	uint32_t entries; /* that it was made for; table_insert() takes no more */
	uint32_t count;   /* of values filed */
};

/* What a value refers to: the table itself does not look. */
enum table_kind { TABLE_CONNECTION, TABLE_HALF_OPEN, TABLE_TIME_WAIT };

#define TABLE_INDEX_BITS 30

static inline uint32_t table_value(enum table_kind kind, uint32_t index)
{
	return (uint32_t)kind << TABLE_INDEX_BITS | index;
}

static inline enum table_kind table_kind(uint32_t value)
{
	return (enum table_kind)(value >> TABLE_INDEX_BITS);
}

static inline uint32_t table_index(uint32_t value)
{
	return value & ((1U << TABLE_INDEX_BITS) - 1);
}

/* Carves an empty table for up to `entries` (at least 1) values.  The arena tells when it was too small. */
void table_make(struct table *table, struct arena *arena, uint32_t entries);

/* Keyed, so that nobody else can tell which tuples meet in a bucket. */
uint64_t table_hash(struct siphash_key key, const struct tuple *tuple);

/* Files a value; the same hash may have several.  False when the table is full. */
bool table_insert(struct table *table, uint64_t hash, uint32_t value);

/* Takes a value out again; false when it is not there under that hash. */
bool table_remove(struct table *table, uint64_t hash, uint32_t value);

/* Puts another value in its place; false when the old one is not there.  Cursors stay good. */
bool table_replace(struct table *table, uint64_t hash, uint32_t old_value, uint32_t new_value);

/*
 * The values that may be filed under a hash:
 *
 *      for (struct table_cursor cursor = table_find(table, hash); table_next(table, &cursor, &value);)
 *              if (the record of `value` has the key)
 *                      return value;
 *
 * Each value filed under it comes once, and one in some ten thousand times a stranger.
 */
struct table_cursor {
	uint64_t hash;
	uint32_t bucket;  /* that `matches` is of */
	uint32_t matches; /* slots not yet shown */
	uint32_t left;    /* buckets that may still be looked at */
};

/* The low half of the hash chooses the first bucket, its top the tag, what lies between the way onwards. */
static inline uint32_t table_home(const struct table *table, uint64_t hash)
{
	return (uint32_t)((uint64_t)(uint32_t)hash * table->bucket_count >> 32);
}

static inline uint16_t table_tag(uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 48);

	return tag ? tag : 1;
}

static inline uint32_t table_buckets_max(const struct table *table)
{
	return table->bucket_count < TABLE_BUCKETS_MAX ? table->bucket_count : TABLE_BUCKETS_MAX;
}

/* The next bucket on the way of a hash. */
static inline uint32_t table_after(const struct table *table, uint64_t hash, uint32_t bucket)
{
	uint32_t steps_less_one = (uint32_t)((uint64_t)(uint32_t)(hash >> 16) * (table->bucket_count - 1) >> 32);
	uint32_t room = table->bucket_count - bucket;

	return steps_less_one + 1 < room ? bucket + steps_less_one + 1 : steps_less_one + 1 - room;
}

/* Which slots of a bucket have the tag, as bits. */
static inline uint32_t table_match(const struct table_bucket *bucket, uint16_t tag)
{
#if defined(__SSE2__)
	/* Slots 0-7 and 2-9: two loads that overlap, since ten tags are no vector. */
	const __m128i wanted = _mm_set1_epi16((short)tag);
	const __m128i low = _mm_loadu_si128((const __m128i_u *)(const void *)&bucket->tag[0]);
	const __m128i high = _mm_loadu_si128((const __m128i_u *)(const void *)&bucket->tag[2]);
	const __m128i both = _mm_packs_epi16(_mm_cmpeq_epi16(low, wanted), _mm_cmpeq_epi16(high, wanted));
	const uint32_t bits = (uint32_t)_mm_movemask_epi8(both);

	return (bits & 0xff) | (bits >> 6 & 0x300);
#else
	uint32_t bits = 0;

	for (uint32_t slot = 0; slot < TABLE_SLOTS; slot++)
		bits |= (uint32_t)(bucket->tag[slot] == tag) << slot;
	return bits;
#endif
}

static inline void table_prefetch(const struct table *table, uint64_t hash)
{
	prefetch(&table->bucket[table_home(table, hash)]);
}

static inline struct table_cursor table_find(const struct table *table, uint64_t hash)
{
	uint32_t home = table_home(table, hash);

	return (struct table_cursor){
		.hash = hash,
		.bucket = home,
		.matches = table_match(&table->bucket[home], table_tag(hash)),
		.left = table_buckets_max(table) - 1,
	};
}

static inline bool table_next(const struct table *table, struct table_cursor *cursor, uint32_t *value)
{
	while (!cursor->matches) {
		if (__builtin_expect(!table->bucket[cursor->bucket].passed || !cursor->left, 1))
			return false;
		cursor->left--;
		cursor->bucket = table_after(table, cursor->hash, cursor->bucket);
		cursor->matches = table_match(&table->bucket[cursor->bucket], table_tag(cursor->hash));
	}
	*value = table->bucket[cursor->bucket].value[__builtin_ctz(cursor->matches)];
	cursor->matches &= cursor->matches - 1;
	return true;
}
