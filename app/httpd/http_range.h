/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Byte ranges (RFC 9110 section 14): a Range value against a representation's length.  Pure.
 *
 * Policy, where the RFC leaves one: at most HTTP_RANGES_MAX ranges; more, or ranges that together ask for more than
 * the whole, are ignored and the whole is sent (section 14.2 and 17.15).  Order is kept; nothing is coalesced.
 */
#pragma once

#include "app/httpd/http_text.h"

#define HTTP_RANGES_MAX 16

struct http_range {
	uint64_t first, last; /* both included */
};

enum http_ranges_result {
	HTTP_RANGES_IGNORED,       /* send the whole: malformed, another unit, or against the policy */
	HTTP_RANGES_SATISFIABLE,   /* send 206 */
	HTTP_RANGES_UNSATISFIABLE, /* send 416 */
};

struct http_ranges {
	uint32_t count;
	struct http_range range[HTTP_RANGES_MAX];
};

enum http_ranges_result http_range_parse(struct http_view value, uint64_t whole_bytes, struct http_ranges *ranges);

static inline uint64_t http_range_bytes(const struct http_range *range)
{
	return range->last - range->first + 1;
}
