/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small seeded generator (SplitMix64) for choices that must repeat with their seed.  Not for secrets: those are
 * SipHash keys, injected.
 */
#pragma once

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Uniform in 0…bound-1; bound at least 1. */
static inline uint32_t random_below(struct random *random, uint32_t bound)
{
	return (uint32_t)((random_next(random) >> 32) * bound >> 32);
}
