/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash (Aumasson and Bernstein, 2012), both variants from one body, so that the vectors that prove one prove the
 * other.  No table and no branch on the data: the time tells nothing about the key.
 */
#include "lib/base/siphash.h"

#include <string.h>

#include "lib/base/bytes.h"

struct siphash {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t value, unsigned count)
{
	return value << count | value >> (64 - count);
}

static inline void siphash_rounds(struct siphash *hash, int count)
{
	for (int i = 0; i < count; i++) {
		hash->v0 += hash->v1;
		hash->v2 += hash->v3;
		hash->v1 = rotate_left(hash->v1, 13) ^ hash->v0;
		hash->v3 = rotate_left(hash->v3, 16) ^ hash->v2;
		hash->v0 = rotate_left(hash->v0, 32);
		hash->v2 += hash->v1;
		hash->v0 += hash->v3;
		hash->v1 = rotate_left(hash->v1, 17) ^ hash->v2;
		hash->v3 = rotate_left(hash->v3, 21) ^ hash->v0;
		hash->v2 = rotate_left(hash->v2, 32);
	}
}

static inline void siphash_word(struct siphash *hash, uint64_t word, int rounds)
{
	hash->v3 ^= word;
	siphash_rounds(hash, rounds);
	hash->v0 ^= word;
}

/* Up to 7 bytes and, on top, the whole length's low byte.  In halves: each load finds what one store has written. */
static inline uint64_t siphash_last_word(const uint8_t *data, size_t bytes)
{
	uint64_t word = (uint64_t)bytes << 56;
	unsigned shift = 0;

	if (bytes & 4) {
		uint32_t part;

		memcpy(&part, data, sizeof(part));
		word |= part;
		data += sizeof(part);
		shift = 32;
	}
	for (size_t i = 0; i < bytes % 4; i++, shift += 8)
		word |= (uint64_t)data[i] << shift;
	return word;
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

static inline uint64_t siphash_finish(struct siphash *hash, int rounds)
{
	hash->v2 ^= 0xff;
	siphash_rounds(hash, rounds);
	return hash->v0 ^ hash->v1 ^ hash->v2 ^ hash->v3;
}

static inline __attribute__((always_inline)) uint64_t siphash(struct siphash_key key, const void *data, size_t bytes,
							      int word_rounds, int last_rounds)
{
	struct siphash hash = siphash_start(key);
	const uint8_t *byte = data, *end = byte + (bytes & ~(size_t)7);

	for (; byte != end; byte += 8)
		siphash_word(&hash, le64_at(byte), word_rounds);
	siphash_word(&hash, siphash_last_word(byte, bytes), word_rounds);
	return siphash_finish(&hash, last_rounds);
}

uint64_t siphash_1_3(struct siphash_key key, const void *data, size_t bytes)
{
	return siphash(key, data, bytes, 1, 3);
}

uint64_t siphash_1_3_of_12(struct siphash_key key, uint64_t first_8, uint32_t last_4)
{
	struct siphash hash = siphash_start(key);

	siphash_word(&hash, first_8, 1);
	siphash_word(&hash, (uint64_t)12 << 56 | last_4, 1);
	return siphash_finish(&hash, 3);
}

uint64_t siphash_2_4(struct siphash_key key, const void *data, size_t bytes)
{
	return siphash(key, data, bytes, 2, 4);
}
