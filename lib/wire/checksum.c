/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum, eight bytes at a time, or 32 where the machine has AVX2.
 *
 * A sum modulo 2^64-1 is also one modulo 2^16-1, since the latter divides the former; so wide words are added with the
 * carry brought round, and folded only in the end.  Byte order does not matter until then (RFC 1071 section 2), and
 * turning a sum by 8 bits gives the sum of the same bytes at places of the other parity.
 */
#include "lib/wire/checksum.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define WIDE_BYTES_MIN 192 /* where the wide loop begins to win */

static inline uint64_t add_around(uint64_t sum, uint64_t value)
{
	uint64_t total;
	bool carry = __builtin_add_overflow(sum, value, &total);

	return total + carry;
}

/* Up to 7 bytes, as if zeros followed. */
static inline uint64_t last_word(const uint8_t *data, uint32_t bytes)
{
	uint64_t word = 0;

	if (bytes & 4) {
		uint32_t part;

		memcpy(&part, data, 4);
		word = part;
		data += 4;
	}
	if (bytes & 2) {
		uint16_t part;

		memcpy(&part, data, 2);
		word += part;
		data += 2;
	}
	return bytes & 1 ? word + *data : word;
}

static uint64_t add_words(uint64_t sum, const uint8_t *data, uint32_t bytes)
{
	for (; bytes >= 32; data += 32, bytes -= 32) {
		sum = add_around(sum, le64_at(data));
		sum = add_around(sum, le64_at(data + 8));
		sum = add_around(sum, le64_at(data + 16));
		sum = add_around(sum, le64_at(data + 24));
	}
	for (; bytes >= 8; data += 8, bytes -= 8)
		sum = add_around(sum, le64_at(data));
	return add_around(sum, last_word(data, bytes));
}

#if defined(__x86_64__)
/*
 * Four 64-bit lanes, twice; each adds the low and the high half of its word, which takes 2^31 words to overflow: more than
 * `bytes` can count.
 */
__attribute__((target("avx2"))) static uint64_t add_words_avx2(uint64_t sum, const uint8_t *data, uint32_t bytes)
{
	const __m256i low = _mm256_set1_epi64x(UINT32_MAX);
	__m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
	uint64_t lane[4];

	for (; bytes >= 64; data += 64, bytes -= 64) {
		__m256i x = _mm256_loadu_si256((const __m256i_u *)(const void *)data);
		__m256i y = _mm256_loadu_si256((const __m256i_u *)(const void *)(data + 32));

		a = _mm256_add_epi64(a, _mm256_and_si256(x, low));
		b = _mm256_add_epi64(b, _mm256_srli_epi64(x, 32));
		c = _mm256_add_epi64(c, _mm256_and_si256(y, low));
		d = _mm256_add_epi64(d, _mm256_srli_epi64(y, 32));
	}
	a = _mm256_add_epi64(_mm256_add_epi64(a, b), _mm256_add_epi64(c, d));
	_mm256_storeu_si256((__m256i_u *)(void *)lane, a);
	for (int i = 0; i < 4; i++)
		sum = add_around(sum, lane[i]);
	return add_words(sum, data, bytes);
}
#endif

uint64_t checksum_add(uint64_t sum, const void *data, uint32_t bytes)
{
#if defined(__x86_64__)
	if (bytes >= WIDE_BYTES_MIN && __builtin_cpu_supports("avx2"))
		return add_words_avx2(sum, data, bytes);
#endif
	return add_words(sum, data, bytes);
}

uint64_t checksum_add_pseudo(uint64_t sum, const struct ip *source, const struct ip *destination, uint8_t protocol,
			     uint32_t l4_bytes)
{
	struct be32 last[2] = {be32_from(l4_bytes), be32_from(protocol)};

	/* The zeros and ones in front of an IPv4 address are not of its pseudo-header. */
	if (ip_is_ipv4(source)) {
		sum = checksum_add(sum, source->byte + 12, 4);
		sum = checksum_add(sum, destination->byte + 12, 4);
	} else {
		sum = checksum_add(sum, source, sizeof(*source));
		sum = checksum_add(sum, destination, sizeof(*destination));
	}
	return checksum_add(sum, last, sizeof(last));
}

uint64_t checksum_add_packet(uint64_t sum, const struct rte_mbuf *packet, uint32_t offset, uint32_t bytes)
{
	uint32_t done = 0;

	for (; packet && bytes > done; packet = packet->next) {
		const uint8_t *data = (const uint8_t *)packet->buf_addr + packet->data_off;
		uint32_t part;
		uint64_t part_sum;

		if (offset >= packet->data_len) {
			offset -= packet->data_len;
			continue;
		}
		part = packet->data_len - offset < bytes - done ? packet->data_len - offset : bytes - done;
		if (part == bytes)
			return checksum_add(sum, data + offset, bytes);
		part_sum = checksum_add(0, data + offset, part);
		sum = add_around(sum, done & 1 ? part_sum << 8 | part_sum >> 56 : part_sum);
		done += part;
		offset = 0;
	}
	return sum;
}

uint16_t checksum_finish(uint64_t sum)
{
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	return (uint16_t)~sum;
}
