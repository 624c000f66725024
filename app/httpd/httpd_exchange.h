/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection borrows while a request is incomplete, a body is read, or a response does not fit what TCP takes at
 * once.  A whole request with a short answer never has one.
 */
#pragma once

#include "app/httpd/http_chunked.h"
#include "app/httpd/http_request.h"
#include "app/httpd/httpd_answer.h"
#include "app/httpd/httpd_log.h"

struct httpd;
struct httpd_conn;
struct httpd_entity;

enum httpd_body_framing {
	HTTPD_BODY_ENDED,   /* nothing left to read */
	HTTPD_BODY_LENGTH,  /* `body_left` bytes */
	HTTPD_BODY_CHUNKED, /* as `chunked` says */
};

struct httpd_exchange {
	/* The request's body. */
	uint8_t framing; /* enum httpd_body_framing */
	bool echo;       /* returned; otherwise thrown away */
	bool echo_begun; /* the response's head is on its way */
	bool parts;      /* several ranges follow each other */
	bool gathering;  /* the head is incomplete and lies in `buffer` */
	bool logs;       /* `log` is to be written when all is done */
	uint8_t minor;   /* of the request: HTTP/1.minor */
	struct http_chunked chunked;
	uint64_t body_left;  /* framing LENGTH */
	uint64_t body_bytes; /* taken so far */

	/* The response, in the order in which it is sent: buffer, small, stretch, and again for each part. */
	uint32_t buffer;                  /* index, HTTPD_POOL_NONE: none borrowed */
	uint32_t buffer_at, buffer_bytes; /* what of it waits to be sent; while gathering, at is 0 */
	uint16_t small_at, small_bytes;
	uint8_t small[HTTPD_PART_BYTES]; /* or a chunk's size line */
	const uint8_t *stretch;          /* static memory */
	uint64_t stretch_at, stretch_left;
	uint32_t stretch_period;           /* the memory repeats; 0: it does not */
	uint64_t chunk_left;               /* echo: of the chunk that was announced */
	const struct httpd_entity *entity; /* parts */
	uint32_t part;                     /* next to be sent */
	struct http_ranges ranges;

	uint64_t moved_bytes; /* received and acknowledged since the deadline was set */
	uint64_t begun_ns;
	struct http_request request; /* gathering */
	struct httpd_log_record log;
};

/* Borrows one for the connection; false: none is free.  It has no body to read and nothing to send. */
bool httpd_exchange_borrow(struct httpd *httpd, struct httpd_conn *conn);

/* Nothing to read, nothing to send; a buffer is kept. */
void httpd_exchange_reset(struct httpd_exchange *exchange);

/* Borrows its buffer too, if it has none. */
bool httpd_exchange_borrow_buffer(struct httpd *httpd, struct httpd_exchange *exchange);

/* Gives everything back; a connection without one is left alone. */
void httpd_exchange_give_back(struct httpd *httpd, struct httpd_conn *conn);

/* The connection's exchange, which it must have. */
struct httpd_exchange *httpd_exchange_of(const struct httpd *httpd, const struct httpd_conn *conn);

/* Sends what can be sent.  Ends the exchange when nothing is left in either direction. */
void httpd_exchange_output(struct httpd *httpd, struct httpd_conn *conn);

/* Takes body bytes; returns how many.  Fewer: the echo is blocked, or the body has ended. */
uint32_t httpd_exchange_input(struct httpd *httpd, struct httpd_conn *conn, const uint8_t *data, uint32_t bytes);

/* Whether it would take body bytes now. */
bool httpd_exchange_wants_input(const struct httpd_exchange *exchange, bool blocked);

/* The peer closed before the body was whole: what was promised is not kept. */
void httpd_exchange_truncate(struct httpd *httpd, struct httpd_conn *conn);
