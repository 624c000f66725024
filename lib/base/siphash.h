/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash: a keyed hash that strangers cannot steer.  1-3 spreads connections over table buckets; 2-4 makes
 * cookies, timestamps offsets and port choices, where forging must stay as hard as guessing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

/* SipHash-1-3 and SipHash-2-4 of `bytes` bytes. */
uint64_t siphash_1_3(struct siphash_key key, const void *data, size_t bytes);
uint64_t siphash_2_4(struct siphash_key key, const void *data, size_t bytes);

/* SipHash-1-3 of 12 bytes that are at hand as numbers, little-endian: an IPv4 tuple, without a detour through memory. */
uint64_t siphash_1_3_of_12(struct siphash_key key, uint64_t first_8, uint32_t last_4);
