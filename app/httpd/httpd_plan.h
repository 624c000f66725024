/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decides what a request is answered with: routing, methods, conditions, ranges, codings.  Pure: it reads the request
 * and the content, and nothing is sent or allocated here.
 */
#pragma once

#include "app/httpd/http_range.h"
#include "app/httpd/http_request.h"
#include "app/httpd/httpd_content.h"

#define HTTPD_BYTES_MAX (UINT64_C(1) << 30) /* of /bytes/N */

enum httpd_plan_kind {
	HTTPD_PLAN_PAGE,      /* the status and its reason as a short text */
	HTTPD_PLAN_EMPTY,     /* no body at all: 204, 205 and OPTIONS */
	HTTPD_PLAN_UNCHANGED, /* 304 for `entity` */
	HTTPD_PLAN_REDIRECT,  /* 301 to the path with a '/' added */
	HTTPD_PLAN_WHOLE,     /* `entity` */
	HTTPD_PLAN_RANGE,     /* one stretch of it: ranges.range[0] */
	HTTPD_PLAN_RANGES,    /* several, as multipart/byteranges */
	HTTPD_PLAN_BYTES,     /* `bytes` of the pattern */
	HTTPD_PLAN_ECHO,      /* the request's body */
};

struct httpd_plan {
	uint16_t status;
	uint8_t kind;          /* enum httpd_plan_kind */
	bool wants_body;       /* the request's body is used, so that 100 Continue makes sense */
	bool framing_in_doubt; /* close after the answer */
	const char *allow;     /* for the Allow field; NULL: without it */
	const struct httpd_entity *entity;
	uint64_t bytes; /* BYTES; with status 416 the length of the whole */
	struct http_ranges ranges;
};

/* What plans depend on besides the request. */
struct httpd_plan_rules {
	const struct httpd_content *content;
	bool endpoints;
	uint64_t body_max_bytes;
	uint64_t now_s; /* wall clock */
};

void httpd_plan_make(struct httpd_plan *plan, const struct httpd_plan_rules *rules, const struct http_request *request,
		     const uint8_t *data);
