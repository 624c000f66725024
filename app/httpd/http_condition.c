/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entity tags are compared weakly for If-None-Match and strongly elsewhere (RFC 9110 section 8.8.3.2).
 */
#include "app/httpd/http_condition.h"

#include "app/httpd/http_date.h"

/* Whether the field is there once; then *value is it. */
static bool has_one(const struct http_request *request, const uint8_t *data, enum http_field field,
		    struct http_view *value)
{
	if (!http_request_has(request, field) || request->repeated >> field & 1)
		return false;
	*value = http_view(data, request->field[field]);
	return true;
}

static bool has_date(const struct http_request *request, const uint8_t *data, enum http_field field, uint64_t now_s,
		     uint64_t *time_s)
{
	struct http_view value;

	return has_one(request, data, field, &value) && http_date_parse(value, now_s, time_s);
}

static bool tag_is(struct http_view tag, struct http_view ours, bool weakly)
{
	if (weakly && tag.bytes > 2 && tag.data[0] == 'W' && tag.data[1] == '/') {
		tag.data += 2;
		tag.bytes -= 2;
	}
	return tag.bytes == ours.bytes && memcmp(tag.data, ours.data, ours.bytes) == 0;
}

static bool any_tag_is(struct http_view list, struct http_view ours, bool weakly)
{
	struct http_view tag;

	if (list.bytes == 1 && list.data[0] == '*')
		return true;
	while (http_view_next(&list, &tag))
		if (tag_is(tag, ours, weakly))
			return true;
	return false;
}

/* Steps 1 and 2: If-Match, or without it If-Unmodified-Since. */
static bool allows_method(const struct http_request *request, const uint8_t *data,
			  const struct http_validators *validators, uint64_t now_s)
{
	struct http_view value;
	uint64_t time_s;

	if (has_one(request, data, HTTP_FIELD_IF_MATCH, &value))
		return any_tag_is(value, validators->etag, false);
	if (validators->modified_s && has_date(request, data, HTTP_FIELD_IF_UNMODIFIED_SINCE, now_s, &time_s))
		return validators->modified_s <= time_s;
	return true;
}

/* Steps 3 and 4: If-None-Match, or without it If-Modified-Since. */
static bool is_unmodified(const struct http_request *request, const uint8_t *data,
			  const struct http_validators *validators, uint64_t now_s)
{
	struct http_view value;
	uint64_t time_s;

	if (http_request_has(request, HTTP_FIELD_IF_NONE_MATCH))
		return has_one(request, data, HTTP_FIELD_IF_NONE_MATCH, &value) &&
		       any_tag_is(value, validators->etag, true);
	return validators->modified_s && has_date(request, data, HTTP_FIELD_IF_MODIFIED_SINCE, now_s, &time_s) &&
	       validators->modified_s <= time_s;
}

enum http_condition http_condition_check(const struct http_request *request, const uint8_t *data,
					 const struct http_validators *validators, uint64_t now_s)
{
	if (!allows_method(request, data, validators, now_s))
		return HTTP_CONDITION_FAILED;
	return is_unmodified(request, data, validators, now_s) ? HTTP_CONDITION_NOT_MODIFIED : HTTP_CONDITION_HOLDS;
}

bool http_condition_allows_range(const struct http_request *request, const uint8_t *data,
				 const struct http_validators *validators, uint64_t now_s)
{
	struct http_view value;
	uint64_t time_s;

	if (!has_one(request, data, HTTP_FIELD_RANGE, &value))
		return false;
	if (!http_request_has(request, HTTP_FIELD_IF_RANGE))
		return true;
	if (!has_one(request, data, HTTP_FIELD_IF_RANGE, &value))
		return false;
	if (http_date_parse(value, now_s, &time_s))
		return validators->modified_s == time_s;
	return tag_is(value, validators->etag, false);
}
