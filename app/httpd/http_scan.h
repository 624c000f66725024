/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the first byte of a stretch that does not belong: 16 bytes a step where the machine has SSE2, else by the
 * table.  Never reads past `end`.
 */
#pragma once

#include "app/httpd/http_text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline uint32_t http_scan_table(const uint8_t *data, uint32_t at, uint32_t end, unsigned class)
{
	while (at < end && http_text_is(data[at], class))
		at++;
	return at;
}

#ifdef __SSE2__

/* Control characters other than HTAB, and DEL: one bit a byte. */
static inline unsigned http_scan_value_mask(const uint8_t *data)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)data);
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
	__m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
	__m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del));
}

/* Anything but visible ASCII, and '#'. */
static inline unsigned http_scan_target_mask(const uint8_t *data)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)data);
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x20)), bytes);
	__m128i high = _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(0x7f)), bytes);
	__m128i hash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#'));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, high), hash));
}

static inline uint32_t http_scan_value(const uint8_t *data, uint32_t at, uint32_t end)
{
	for (; end - at >= 16; at += 16) {
		unsigned mask = http_scan_value_mask(data + at);

		if (mask)
			return at + (uint32_t)__builtin_ctz(mask);
	}
	return http_scan_table(data, at, end, HTTP_CLASS_VALUE);
}

static inline uint32_t http_scan_target(const uint8_t *data, uint32_t at, uint32_t end)
{
	for (; end - at >= 16; at += 16) {
		unsigned mask = http_scan_target_mask(data + at);

		if (mask)
			return at + (uint32_t)__builtin_ctz(mask);
	}
	return http_scan_table(data, at, end, HTTP_CLASS_TARGET);
}

#else

static inline uint32_t http_scan_value(const uint8_t *data, uint32_t at, uint32_t end)
{
	return http_scan_table(data, at, end, HTTP_CLASS_VALUE);
}

static inline uint32_t http_scan_target(const uint8_t *data, uint32_t at, uint32_t end)
{
	return http_scan_table(data, at, end, HTTP_CLASS_TARGET);
}

#endif
