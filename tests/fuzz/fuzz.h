/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An input of a fuzzer as a script: a target takes one decision after another from it, and when it is used up every further one
 * is 0, so that any prefix of an input is an input too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What each target is: runs one input from nothing, and leaves nothing behind.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	const uint8_t *at, *end;
};

static inline struct fuzz fuzz_begin(const uint8_t *data, size_t size)
{
	return (struct fuzz){data, data + size};
}

static inline uint32_t fuzz_left(const struct fuzz *fuzz)
{
	return (uint32_t)(fuzz->end - fuzz->at);
}

static inline uint8_t fuzz_8(struct fuzz *fuzz)
{
	return fuzz->at < fuzz->end ? *fuzz->at++ : 0;
}

static inline uint16_t fuzz_16(struct fuzz *fuzz)
{
	uint32_t high = fuzz_8(fuzz);

	return (uint16_t)(high << 8 | fuzz_8(fuzz));
}

static inline uint32_t fuzz_32(struct fuzz *fuzz)
{
	uint32_t high = fuzz_16(fuzz);

	return high << 16 | fuzz_16(fuzz);
}

/* 0 to below-1. */
static inline uint32_t fuzz_below(struct fuzz *fuzz, uint32_t below)
{
	return (below > 256 ? fuzz_16(fuzz) : fuzz_8(fuzz)) % below;
}

/* A little before or after: -128 to 127, for a number that wraps. */
static inline uint32_t fuzz_near(struct fuzz *fuzz)
{
	int32_t offset = (int8_t)fuzz_8(fuzz);

	return (uint32_t)offset;
}

/* The next bytes, at most `max`. */
static inline const uint8_t *fuzz_take(struct fuzz *fuzz, uint32_t max, uint32_t *count)
{
	const uint8_t *at = fuzz->at;

	*count = fuzz_left(fuzz) < max ? fuzz_left(fuzz) : max;
	fuzz->at += *count;
	return at;
}

/* Stops with what was not so: the fuzzer keeps the input, the replay names it. */
#define FUZZ_REQUIRE(condition, ...)                                                            \
	do {                                                                                    \
		if (__builtin_expect(!(condition), 0)) {                                        \
			fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__);                                           \
			fprintf(stderr, "\n");                                                  \
			abort();                                                                \
		}                                                                               \
	} while (0)
