/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turns a plan into bytes.  Pure: it writes into the buffer it is given.  A short body follows its head at once; of a
 * longer one only the head is written, and where the body lies is left in the answer.
 */
#pragma once

#include <assert.h>

#include "app/httpd/httpd_plan.h"

#define HTTPD_RESPONSE_BYTES 2048 /* room that any head with a short body fits */
#define HTTPD_INLINE_BYTES   1024 /* bodies up to this follow their head at once */
#define HTTPD_STAMP_BYTES    96
#define HTTPD_PART_BYTES     320 /* header lines of a part */

static_assert(HTTPD_INLINE_BYTES + HTTPD_ENTITY_FIELDS_MAX_BYTES + HTTPD_STAMP_BYTES + 64 <= HTTPD_RESPONSE_BYTES,
	      "an entity's head and an inline body must fit");

/* What answers have in common for a second: the status line of a 200, Server and Date. */
struct httpd_stamp {
	uint8_t text[HTTPD_STAMP_BYTES];
	uint32_t bytes, status_bytes; /* whole, and of the status line */
};

/* An answer that is being written. */
struct httpd_answer {
	const struct httpd_stamp *stamp;
	const struct http_request *request; /* NULL: refused before there was one */
	const uint8_t *data;                /* what its spans refer to */
	const struct httpd_plan *plan;
	bool head;   /* HEAD: fields without body */
	bool last;   /* Connection: close */
	uint8_t *at; /* where it goes; moves on */

	/* What the body is, when it has been written. */
	const uint8_t *body;
	uint64_t body_at, body_bytes;
	uint32_t body_period; /* the memory repeats; 0: it does not */
};

/* Writes at most HTTPD_RESPONSE_BYTES. */
void httpd_answer_write(struct httpd_answer *answer);

/* Whether a body remains to be sent after that, which somebody must keep account of. */
bool httpd_answer_needs_exchange(const struct httpd_plan *plan, bool head);

/* A 503 for a connection that has no record; returns its end. */
uint8_t *httpd_answer_overload(const struct httpd_stamp *stamp, uint8_t *at);

/* Multipart: writes the header lines of a part (or the end, for part == count) and returns their bytes. */
uint32_t httpd_answer_part(const struct httpd_entity *entity, const struct http_ranges *ranges, uint32_t part,
			   uint8_t *at);

/* Bytes of the whole multipart body. */
uint64_t httpd_answer_parts_bytes(const struct httpd_entity *entity, const struct http_ranges *ranges);
