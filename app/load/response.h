/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP/1.1 responses as a client must read them: strictly (RFC 9112), since a response that is taken for another one
 * makes every figure behind it wrong.  Pure functions over bytes; a piece that is not whole yet is asked for again
 * with more.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum response_body {
	RESPONSE_BODY_LENGTH, /* content_bytes of them, maybe 0 */
	RESPONSE_BODY_CHUNKED,
	RESPONSE_BODY_UNTIL_CLOSE,
};

struct response_head {
	uint64_t content_bytes;
	uint16_t status;
	uint8_t body;    /* enum response_body */
	bool keep_alive; /* the server will take another request */
	bool is_interim; /* 1xx: the real one follows */
};

/* What the readers return besides a length: the piece is not whole yet; it can never become a right one. */
#define RESPONSE_MORE 0
#define RESPONSE_BAD  (-1)

/*
 * Reads the status line and fields at the start of `bytes`, up to and with the empty line.  `scanned` is the count
 * that an earlier call found too few, or 0: that many are not searched again.  Returns the head's length, MORE or BAD.
 */
int32_t response_head_read(const char *bytes, uint32_t count, uint32_t scanned, struct response_head *head);

/* Reads a chunk's size line, extensions skipped.  A last chunk has size 0.  Returns its length, MORE or BAD. */
int32_t response_chunk_read(const char *bytes, uint32_t count, uint64_t *chunk_bytes);

/* Reads the line end after a chunk's data.  Returns 2, MORE or BAD. */
int32_t response_chunk_end_read(const char *bytes, uint32_t count);

/* Reads the trailer section after the last chunk, up to and with the empty line.  As response_head_read(). */
int32_t response_trailer_read(const char *bytes, uint32_t count, uint32_t scanned);
