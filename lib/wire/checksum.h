/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071), as a running sum: add parts, fold once at the end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf_core.h>

#include "lib/wire/address.h"

/* Adds `bytes` bytes that start at an even place of what is summed.  Sums are in host order, not folded. */
uint64_t checksum_add(uint64_t sum, const void *data, uint32_t bytes);

/* Adds bytes `offset`… of a packet, over all its buffers, whatever their lengths. */
uint64_t checksum_add_packet(uint64_t sum, const struct rte_mbuf *packet, uint32_t offset, uint32_t bytes);

/* Adds eight bytes, or fewer as if zeros followed, or another sum. */
static inline uint64_t checksum_add_word(uint64_t sum, uint64_t word)
{
	uint64_t total;
	bool carry = __builtin_add_overflow(sum, word, &total);

	return total + carry;
}

/*
 * Adds the pseudo-header of either family (RFC 9293 section 3.1, RFC 8200 section 8.1): not the zeros and ones that stand in
 * front of an IPv4 address here.
 */
static inline uint64_t checksum_add_pseudo(uint64_t sum, const struct ip *source, const struct ip *destination,
					   uint8_t protocol, uint32_t l4_bytes)
{
	sum = checksum_add_word(sum, (uint64_t)__builtin_bswap32(l4_bytes) + ((uint32_t)protocol << 24));
	if (!ip_is_ipv4(source)) {
		sum = checksum_add_word(sum, le64_at(source->byte));
		sum = checksum_add_word(sum, le64_at(source->byte + 8));
		sum = checksum_add_word(sum, le64_at(destination->byte));
		return checksum_add_word(sum, le64_at(destination->byte + 8));
	}
	sum = checksum_add_word(sum, le64_at(source->byte + 8) >> 32);
	return checksum_add_word(sum, le64_at(destination->byte + 8) >> 32);
}

/*
 * Folds to 16 bits and complements: the value to store (as it lies in memory), or 0 when the sum included a right checksum.
 * A number added to itself with its halves swapped has their sum, carry brought round, in the upper half.
 */
static inline uint16_t checksum_finish(uint64_t sum)
{
	uint32_t half;

	sum += sum >> 32 | sum << 32;
	half = (uint32_t)(sum >> 32);
	half += half >> 16 | half << 16;
	return (uint16_t) ~(half >> 16);
}

/* A header of five words, as nearly all of IPv4's are. */
static inline uint64_t checksum_add_20(uint64_t sum, const void *data)
{
	const uint8_t *at = data;
	uint32_t last;

	memcpy(&last, at + 16, sizeof(last));
	return checksum_add_word(checksum_add_word(checksum_add_word(sum, le64_at(at)), le64_at(at + 8)), last);
}
