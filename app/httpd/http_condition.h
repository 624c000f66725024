/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conditional requests (RFC 9110 section 13) against one representation.  Pure.
 */
#pragma once

#include "app/httpd/http_request.h"

struct http_validators {
	struct http_view etag; /* with its quotes; ours are always strong */
	uint64_t modified_s;   /* 0: none is given, and dates are not evaluated */
};

enum http_condition {
	HTTP_CONDITION_HOLDS,        /* perform the method; a Range counts */
	HTTP_CONDITION_NOT_MODIFIED, /* 304 */
	HTTP_CONDITION_FAILED,       /* 412 */
};

/* Section 13.2.2, steps 1 to 4.  A field that came twice is not evaluated. */
enum http_condition http_condition_check(const struct http_request *request, const uint8_t *data,
					 const struct http_validators *validators, uint64_t now_s);

/* Step 5: whether a Range is to be looked at.  False without one, or when If-Range does not match. */
bool http_condition_allows_range(const struct http_request *request, const uint8_t *data,
				 const struct http_validators *validators, uint64_t now_s);
