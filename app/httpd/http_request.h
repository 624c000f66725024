/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The head of a request, by RFC 9112 and strictly: a pure function over the bytes from the request's first one on.  A
 * request that is whole is parsed in one pass with no state kept; one that is not is called again with more bytes and
 * goes on where it stopped.  What any two recipients could read differently is refused.
 */
#pragma once

#include <stddef.h>

#include "app/httpd/http_text.h"

#define HTTP_METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(DELETE) X(CONNECT) X(OPTIONS) X(TRACE) X(PATCH)

enum http_method {
#define X(name) HTTP_METHOD_##name,
	HTTP_METHODS(X)
#undef X
		HTTP_METHOD_OTHER, /* a token that is none of these */
	HTTP_METHOD_COUNT
};

/* The forms of RFC 9112 section 3.2. */
enum http_form { HTTP_FORM_ORIGIN, HTTP_FORM_ABSOLUTE, HTTP_FORM_AUTHORITY, HTTP_FORM_ASTERISK };

/* Fields whose value is kept for later; valid when `seen` has their bit. */
enum http_field {
	HTTP_FIELD_HOST,
	HTTP_FIELD_IF_MATCH,
	HTTP_FIELD_IF_NONE_MATCH,
	HTTP_FIELD_IF_MODIFIED_SINCE,
	HTTP_FIELD_IF_UNMODIFIED_SINCE,
	HTTP_FIELD_IF_RANGE,
	HTTP_FIELD_RANGE,
	HTTP_FIELD_ACCEPT_ENCODING,
	HTTP_FIELD_KEPT_COUNT,
	/* Taken in at once: only their bit is kept. */
	HTTP_FIELD_CONTENT_LENGTH = HTTP_FIELD_KEPT_COUNT,
	HTTP_FIELD_TRANSFER_ENCODING,
	HTTP_FIELD_CONNECTION,
	HTTP_FIELD_EXPECT,
	HTTP_FIELD_OTHER,
};

enum {
	HTTP_FLAG_CHUNKED = 1,       /* chunked is the last transfer coding so far */
	HTTP_FLAG_CODING_OTHER = 2,  /* a transfer coding that we do not have */
	HTTP_FLAG_CLOSE = 4,         /* Connection: close */
	HTTP_FLAG_KEEP_ALIVE = 8,    /* Connection: keep-alive */
	HTTP_FLAG_CONTINUE = 16,     /* Expect: 100-continue */
	HTTP_FLAG_EXPECT_OTHER = 32, /* any other expectation */
};

struct http_limits {
	uint32_t target_max_bytes;
	uint32_t header_max_bytes; /* the whole head */
	uint32_t header_max_fields;
};

struct http_request {
	/* Where the parse stands. */
	uint32_t at;         /* first byte not looked at */
	uint32_t mark;       /* first byte of what is being read */
	uint32_t name_bytes; /* of the field whose value is being read */
	uint16_t field_count;
	uint16_t seen;     /* bit per enum http_field */
	uint16_t repeated; /* the same: came more than once */
	uint16_t status;   /* why it was refused; 0: not refused */
	uint8_t phase;
	uint8_t flags;
	uint8_t method; /* enum http_method */
	uint8_t minor;  /* 0 or 1: HTTP/1.0, or 1.1 and above */
	uint8_t form;   /* enum http_form */

	uint64_t content_length;
	struct http_span target; /* as it came; empty until it is whole */

	struct http_span method_text;
	struct http_span path;      /* not decoded, without the query; empty in the last two forms */
	struct http_span query;     /* without '?' */
	struct http_span authority; /* of the absolute and authority forms */
	struct http_span field[HTTP_FIELD_KEPT_COUNT];
};

enum http_parse {
	HTTP_PARSE_INCOMPLETE, /* call again with more */
	HTTP_PARSE_READY,      /* the head is data[0, request->at) */
	HTTP_PARSE_REFUSED,    /* request->status; where the next request begins is not known */
};

/* Before the first call.  What is not cleared is written before it is read. */
static inline void http_request_begin(struct http_request *request)
{
	memset(request, 0, offsetof(struct http_request, method_text));
}

/* `data` are all bytes of the request received so far; it may move between calls. */
enum http_parse http_request_parse(struct http_request *request, const struct http_limits *limits, const uint8_t *data,
				   uint32_t bytes);

static inline bool http_request_has(const struct http_request *request, enum http_field field)
{
	return (request->seen >> field & 1) != 0;
}

/* Whether a body follows the head. */
static inline bool http_request_has_body(const struct http_request *request)
{
	return (request->flags & HTTP_FLAG_CHUNKED) != 0 || request->content_length > 0;
}

/* RFC 9112 section 9.3. */
static inline bool http_request_is_persistent(const struct http_request *request)
{
	if (request->flags & HTTP_FLAG_CLOSE)
		return false;
	return request->minor > 0 || (request->flags & HTTP_FLAG_KEEP_ALIVE) != 0;
}

/* Whether a Host value, or the authority of a target, has the form of RFC 3986: host, and perhaps ':' and digits. */
bool http_host_is_valid(struct http_view host);

const char *http_method_text(enum http_method method);
