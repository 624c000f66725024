/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing of text into a buffer whose room the caller has made sure of.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#define HTTPD_TEXT_NUMBER_BYTES     20 /* digits of UINT64_MAX */

/* Appends a string literal and returns where the next byte goes. */
#define HTTPD_TEXT_PUT(at, literal) httpd_text_put(at, literal, sizeof(literal) - 1)

static inline uint8_t *httpd_text_put(uint8_t *at, const void *data, size_t bytes)
{
	memcpy(at, data, bytes);
	return at + bytes;
}

static inline uint8_t *httpd_text_put_string(uint8_t *at, const char *text)
{
	return httpd_text_put(at, text, strlen(text));
}

static inline uint8_t *httpd_text_put_number(uint8_t *at, uint64_t number)
{
	uint8_t digits[HTTPD_TEXT_NUMBER_BYTES];
	unsigned first = sizeof(digits);

	do {
		digits[--first] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number);
	return httpd_text_put(at, digits + first, sizeof(digits) - first);
}

static inline uint8_t *httpd_text_put_hex(uint8_t *at, uint64_t number)
{
	uint8_t digits[16];
	unsigned first = sizeof(digits);

	do {
		digits[--first] = (uint8_t) "0123456789abcdef"[number & 15];
		number >>= 4;
	} while (number);
	return httpd_text_put(at, digits + first, sizeof(digits) - first);
}

static inline unsigned httpd_text_number_bytes(uint64_t number)
{
	unsigned bytes = 1;

	while (number >= 10) {
		number /= 10;
		bytes++;
	}
	return bytes;
}
