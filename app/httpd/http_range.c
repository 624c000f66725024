/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ranges-specifier = "bytes=" 1#( first "-" [ last ] | "-" suffix ).
 */
#include "app/httpd/http_range.h"

enum spec { SPEC_MALFORMED, SPEC_NOTHING, SPEC_RANGE };

/* "-500": the last 500 bytes. */
static enum spec read_suffix(struct http_view number, uint64_t whole_bytes, struct http_range *range)
{
	uint64_t bytes;

	if (!http_view_number(number, &bytes))
		return SPEC_MALFORMED;
	if (bytes == 0 || whole_bytes == 0)
		return SPEC_NOTHING;
	range->first = bytes < whole_bytes ? whole_bytes - bytes : 0;
	range->last = whole_bytes - 1;
	return SPEC_RANGE;
}

static enum spec read_spec(struct http_view spec, uint64_t whole_bytes, struct http_range *range)
{
	const uint8_t *dash = spec.bytes ? memchr(spec.data, '-', spec.bytes) : NULL;
	struct http_view first = spec, last = spec;

	if (!dash)
		return SPEC_MALFORMED;
	first.bytes = (uint32_t)(dash - spec.data);
	last.data = dash + 1;
	last.bytes = spec.bytes - first.bytes - 1;
	if (first.bytes == 0)
		return read_suffix(last, whole_bytes, range);
	range->last = UINT64_MAX;
	if (!http_view_number(first, &range->first) || (last.bytes && !http_view_number(last, &range->last)))
		return SPEC_MALFORMED;
	if (range->last < range->first)
		return SPEC_MALFORMED;
	if (range->first >= whole_bytes)
		return SPEC_NOTHING;
	if (range->last >= whole_bytes)
		range->last = whole_bytes - 1;
	return SPEC_RANGE;
}

enum http_ranges_result http_range_parse(struct http_view value, uint64_t whole_bytes, struct http_ranges *ranges)
{
	struct http_view spec;
	uint64_t total_bytes = 0;
	uint32_t specs = 0;

	ranges->count = 0;
	if (value.bytes < 6 || !http_text_same(value.data, "bytes", 5) || value.data[5] != '=')
		return HTTP_RANGES_IGNORED;
	value.data += 6;
	value.bytes -= 6;
	while (http_view_next(&value, &spec)) {
		struct http_range range;
		enum spec kind;

		if (spec.bytes == 0)
			continue; /* RFC 9110 section 5.6.1.2 */
		kind = read_spec(spec, whole_bytes, &range);
		if (kind == SPEC_MALFORMED || ++specs > HTTP_RANGES_MAX)
			return HTTP_RANGES_IGNORED;
		if (kind == SPEC_RANGE) {
			ranges->range[ranges->count++] = range;
			total_bytes += http_range_bytes(&range);
		}
	}
	if (specs == 0)
		return HTTP_RANGES_IGNORED;
	if (ranges->count == 0)
		return HTTP_RANGES_UNSATISFIABLE;
	return ranges->count > 1 && total_bytes > whole_bytes ? HTTP_RANGES_IGNORED : HTTP_RANGES_SATISFIABLE;
}
