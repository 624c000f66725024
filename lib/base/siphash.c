/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash (Aumasson and Bernstein, 2012), both variants from one body, so that the vectors that prove one prove the
 * other.  No table and no branch on the data: the time tells nothing about the key.
 */
#include "lib/base/siphash.h"

#include <string.h>

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
