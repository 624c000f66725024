/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Big-endian numbers as structs, so that a missing byte swap does not compile.  Bytes, not words, inside: a
 * header may lie at any address.
 */
#pragma once

#include <stdint.h>
#include <string.h>

struct be16 {
	uint8_t byte[2];
};

struct be32 {
	uint8_t byte[4];
};

static inline struct be16 be16_from(uint16_t value)
{
	struct be16 out;

	value = __builtin_bswap16(value);
	memcpy(&out, &value, sizeof(out));
	return out;
}

static inline uint16_t be16_value(struct be16 in)
{
	uint16_t value;

	memcpy(&value, &in, sizeof(value));
	return __builtin_bswap16(value);
}

static inline struct be32 be32_from(uint32_t value)
{
	struct be32 out;

	value = __builtin_bswap32(value);
	memcpy(&out, &value, sizeof(out));
	return out;
}

static inline uint32_t be32_value(struct be32 in)
{
	uint32_t value;

	memcpy(&value, &in, sizeof(value));
	return __builtin_bswap32(value);
}

static inline struct be16 be16_at(const void *at)
{
	struct be16 out;

	memcpy(&out, at, sizeof(out));
	return out;
}

static inline struct be32 be32_at(const void *at)
{
	struct be32 out;

	memcpy(&out, at, sizeof(out));
	return out;
}

static inline uint64_t le64_at(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}
