/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash: a keyed hash that strangers cannot steer.  1-3 spreads connections over table buckets; 2-4 makes
 * cookies, timestamps offsets and port choices, where forging must stay as hard as guessing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/bytes.h"

struct siphash_key {
	uint64_t k0, k1;
};

/* SipHash-1-3 and SipHash-2-4 of `bytes` bytes. */
uint64_t siphash_1_3(struct siphash_key key, const void *data, size_t bytes);
uint64_t siphash_2_4(struct siphash_key key, const void *data, size_t bytes);

/* SipHash-1-3 of 12 bytes that are at hand as numbers, little-endian: an IPv4 tuple, without a detour through memory. */
uint64_t siphash_1_3_of_12(struct siphash_key key, uint64_t first_8, uint32_t last_4);

/*
 * A hash of 64-bit words, begun once and finished as often as wanted from copies: hashes of one key that begin alike
 * share the work, and those that end apart run side by side.  What is hashed must tell its length in the last word's top byte,
 * as SipHash of bytes does, and then differs from everything of another length.
 */
struct siphash {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash_rotate(uint64_t value, unsigned count)
{
	return value << count | value >> (64 - count);
}

static inline void siphash_rounds(struct siphash *hash, int count)
{
	for (int i = 0; i < count; i++) {
		hash->v0 += hash->v1;
		hash->v2 += hash->v3;
		hash->v1 = siphash_rotate(hash->v1, 13) ^ hash->v0;
		hash->v3 = siphash_rotate(hash->v3, 16) ^ hash->v2;
		hash->v0 = siphash_rotate(hash->v0, 32);
		hash->v2 += hash->v1;
		hash->v0 += hash->v3;
		hash->v1 = siphash_rotate(hash->v1, 17) ^ hash->v2;
		hash->v3 = siphash_rotate(hash->v3, 21) ^ hash->v0;
		hash->v2 = siphash_rotate(hash->v2, 32);
	}
}

static inline struct siphash siphash_start(struct siphash_key key)
{
	return (struct siphash){
		.v0 = key.k0 ^ 0x736f6d6570736575,
		.v1 = key.k1 ^ 0x646f72616e646f6d,
		.v2 = key.k0 ^ 0x6c7967656e657261,
		.v3 = key.k1 ^ 0x7465646279746573,
	};
}

static inline void siphash_word(struct siphash *hash, uint64_t word, int rounds)
{
	hash->v3 ^= word;
	siphash_rounds(hash, rounds);
	hash->v0 ^= word;
}

static inline uint64_t siphash_finish(struct siphash *hash, int rounds)
{
	hash->v2 ^= 0xff;
	siphash_rounds(hash, rounds);
	return hash->v0 ^ hash->v1 ^ hash->v2 ^ hash->v3;
}
