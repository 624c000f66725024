/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stretches of received bytes, and the character classes of RFC 9110 section 5.6.  Spans are offsets, not pointers,
 * because the bytes of a request may move while it is still incomplete.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct http_span {
	uint32_t at; /* from the first byte of the request */
	uint32_t bytes;
};

/* A span together with what it is an offset into. */
struct http_view {
	const uint8_t *data;
	uint32_t bytes;
};

enum {
	HTTP_CLASS_TOKEN = 1,  /* RFC 9110 section 5.6.2: tchar */
	HTTP_CLASS_VALUE = 2,  /* field-vchar, obs-text, SP and HTAB */
	HTTP_CLASS_TARGET = 4, /* visible ASCII without '#' */
	HTTP_CLASS_HOST = 8,   /* RFC 3986 section 3.2.2 and port: reg-name, IP-literal, ':' */
	HTTP_CLASS_ETAG = 16,  /* RFC 9110 section 8.8.3: etagc */
};

extern const uint8_t http_text_class[256];

static inline bool http_text_is(uint8_t byte, unsigned class)
{
	return (http_text_class[byte] & class) != 0;
}

static inline struct http_view http_view(const uint8_t *data, struct http_span span)
{
	return (struct http_view){.data = data + span.at, .bytes = span.bytes};
}

static inline struct http_view http_view_of(const char *text)
{
	return (struct http_view){.data = (const uint8_t *)text, .bytes = (uint32_t)strlen(text)};
}

/* 0–9, else 10 or more. */
static inline unsigned http_text_digit(uint8_t byte)
{
	return (unsigned)byte - '0';
}

/* 0–15, or -1. */
int http_text_hex(uint8_t byte);

/* `lower` holds small letters, digits and '-' only, and as many bytes as `data`, which is a token. */
static inline bool http_text_same(const uint8_t *data, const char *lower, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		if ((data[i] | 0x20) != (uint8_t)lower[i])
			return false;
	return true;
}

/* The same when the lengths may differ. */
static inline bool http_view_is(struct http_view view, const char *lower)
{
	return view.bytes == strlen(lower) && http_text_same(view.data, lower, view.bytes);
}

/* Without SP and HTAB at both ends. */
struct http_view http_view_trim(struct http_view view);

/*
 * Cuts the next element off a comma-separated list (RFC 9110 section 5.6.1) and trims it; commas inside quoted strings
 * do not count.  false when the list is at its end.  Elements may be empty.
 */
bool http_view_next(struct http_view *list, struct http_view *element);

/* 1*DIGIT of at most UINT64_MAX; larger numbers become UINT64_MAX.  false: not a number. */
bool http_view_number(struct http_view view, uint64_t *number);
