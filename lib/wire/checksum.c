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

#define WIDE_BYTES_MIN 96 /* where the wide loop begins to win */

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
		sum = checksum_add_word(sum, le64_at(data));
		sum = checksum_add_word(sum, le64_at(data + 8));
		sum = checksum_add_word(sum, le64_at(data + 16));
		sum = checksum_add_word(sum, le64_at(data + 24));
	}
	for (; bytes >= 8; data += 8, bytes -= 8)
		sum = checksum_add_word(sum, le64_at(data));
	return checksum_add_word(sum, last_word(data, bytes));
}

#if defined(__x86_64__)
/*
 * Four words at a time, twice.  `all` adds whole words and overflows, `high` adds their upper halves and does not, before
 * 2^31 words: more than `bytes` can count.  What `all` then has to hold beyond `high` is the sum of the lower halves.
 */
__attribute__((target("avx2"))) static uint64_t add_words_avx2(uint64_t sum, const uint8_t *data, uint32_t bytes)
{
	__m256i all = _mm256_setzero_si256(), high = all, all_2 = all, high_2 = all;
	uint64_t lane[8];

	for (; bytes >= 64; data += 64, bytes -= 64) {
		__m256i x = _mm256_loadu_si256((const __m256i_u *)(const void *)data);
		__m256i y = _mm256_loadu_si256((const __m256i_u *)(const void *)(data + 32));

		all = _mm256_add_epi64(all, x);
		high = _mm256_add_epi64(high, _mm256_srli_epi64(x, 32));
		all_2 = _mm256_add_epi64(all_2, y);
		high_2 = _mm256_add_epi64(high_2, _mm256_srli_epi64(y, 32));
	}
	high = _mm256_add_epi64(high, high_2);
	all = _mm256_sub_epi64(_mm256_add_epi64(all, all_2), _mm256_slli_epi64(high, 32));
	_mm256_storeu_si256((__m256i_u *)(void *)lane, all);
	_mm256_storeu_si256((__m256i_u *)(void *)(lane + 4), high);
	for (int i = 0; i < 8; i++)
		sum = checksum_add_word(sum, lane[i]);
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
		sum = checksum_add_word(sum, done & 1 ? part_sum << 8 | part_sum >> 56 : part_sum);
		done += part;
		offset = 0;
	}
	return sum;
}
