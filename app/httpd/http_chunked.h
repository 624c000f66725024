/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The chunked transfer coding of RFC 9112 section 7.1, taken apart in place: framing is eaten, content is pointed to.
 * Pure and resumable at every byte.  Extensions and trailer fields are checked, bounded and thrown away.
 */
#pragma once

#include "app/httpd/http_text.h"

#define HTTP_CHUNKED_LINE_MAX_BYTES    256  /* a chunk's size line */
#define HTTP_CHUNKED_TRAILER_MAX_BYTES 4096 /* all trailer fields together */
#define HTTP_CHUNKED_DIGITS_MAX        15   /* so that no size can overflow */

struct http_chunked {
	uint64_t left;       /* of the chunk being read */
	uint32_t line_bytes; /* of the size line, or of the trailer section */
	uint8_t digits;      /* of the size */
	bool begun;          /* the name or value being read has a first byte */
	uint8_t phase;
};

struct http_chunked_step {
	uint32_t framing_bytes; /* eaten from the front */
	uint32_t content_bytes; /* that follow them and are content */
	uint16_t status;        /* 0, or why the body is refused */
	bool done;              /* the last byte eaten ended the body */
};

static inline void http_chunked_begin(struct http_chunked *chunked)
{
	*chunked = (struct http_chunked){0};
}

/* Eats framing up to the next content, the end, or the last byte given. */
struct http_chunked_step http_chunked_next(struct http_chunked *chunked, const uint8_t *data, uint32_t bytes);

/* Says that this much of the content shown was taken. */
static inline void http_chunked_take(struct http_chunked *chunked, uint32_t bytes)
{
	chunked->left -= bytes;
}
