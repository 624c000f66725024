/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fields of a request mean for its framing: RFC 9112 sections 6 and 9.3, RFC 9110 sections 7.2 and 10.1.1.
 */
#include "app/httpd/http_field.h"

#include <stdlib.h>

#define SEEN(field) (1U << (field))

static const struct {
	const char *name;
	enum http_field field;
} fields[] = {
	{"host", HTTP_FIELD_HOST},
	{"range", HTTP_FIELD_RANGE},
	{"expect", HTTP_FIELD_EXPECT},
	{"if-match", HTTP_FIELD_IF_MATCH},
	{"if-range", HTTP_FIELD_IF_RANGE},
	{"connection", HTTP_FIELD_CONNECTION},
	{"if-none-match", HTTP_FIELD_IF_NONE_MATCH},
	{"content-length", HTTP_FIELD_CONTENT_LENGTH},
	{"accept-encoding", HTTP_FIELD_ACCEPT_ENCODING},
	{"if-modified-since", HTTP_FIELD_IF_MODIFIED_SINCE},
	{"transfer-encoding", HTTP_FIELD_TRANSFER_ENCODING},
	{"if-unmodified-since", HTTP_FIELD_IF_UNMODIFIED_SINCE},
};

/* First of `fields` whose name has that many bytes: they are sorted by length, so that a name is compared with few. */
static const uint8_t first_of_length[] = {
	[4] = 0, [5] = 1, [6] = 2, [8] = 3, [10] = 5, [13] = 6, [14] = 7, [15] = 8, [17] = 9, [19] = 11,
};
static const uint8_t count_of_length[20] = {
	[4] = 1, [5] = 1, [6] = 1, [8] = 2, [10] = 1, [13] = 1, [14] = 1, [15] = 1, [17] = 2, [19] = 1,
};

static enum http_field field_of(const uint8_t *name, uint32_t bytes)
{
	if (bytes >= sizeof(count_of_length))
		return HTTP_FIELD_OTHER;
	for (unsigned i = 0; i < count_of_length[bytes]; i++) {
		unsigned place = first_of_length[bytes] + i;

		if (http_text_same(name, fields[place].name, bytes))
			return fields[place].field;
	}
	return HTTP_FIELD_OTHER;
}

/* "[...]" with what an IPv6 address is written with: its bytes, 0: malformed.  IPvFuture has no future. */
static uint32_t literal_bytes(struct http_view host)
{
	uint32_t at = 1;

	while (at < host.bytes && (http_text_hex(host.data[at]) >= 0 || host.data[at] == ':' || host.data[at] == '.'))
		at++;
	return at > 2 && at < host.bytes && host.data[at] == ']' ? at + 1 : 0;
}

/* A name or IPv4 address, up to the port's colon: its bytes, 0: malformed. */
static uint32_t name_bytes(struct http_view host)
{
	uint32_t at = 0;

	while (at < host.bytes && host.data[at] != ':' && host.data[at] != '[' && host.data[at] != ']' &&
	       http_text_is(host.data[at], HTTP_CLASS_HOST))
		at++;
	return at;
}

bool http_host_is_valid(struct http_view host)
{
	uint32_t bytes;

	if (host.bytes == 0)
		return true; /* a target without authority: RFC 9112 section 3.2 */
	bytes = host.data[0] == '[' ? literal_bytes(host) : name_bytes(host);
	if (bytes == 0)
		return false;
	if (bytes == host.bytes)
		return true;
	if (host.data[bytes] != ':')
		return false;
	for (uint32_t i = bytes + 1; i < host.bytes; i++)
		if (http_text_digit(host.data[i]) > 9)
			return false;
	return true;
}

/* RFC 9112 section 6.1.  Anything after chunked makes it not the last: refused, as are empty elements. */
static uint16_t take_transfer_encoding(struct http_request *request, struct http_view list)
{
	struct http_view coding;

	while (http_view_next(&list, &coding)) {
		if (request->flags & HTTP_FLAG_CHUNKED || coding.bytes == 0)
			return 400;
		if (http_view_is(coding, "chunked"))
			request->flags |= HTTP_FLAG_CHUNKED;
		else
			request->flags |= HTTP_FLAG_CODING_OTHER;
	}
	return 0;
}

static void take_connection(struct http_request *request, struct http_view list)
{
	struct http_view option;

	while (http_view_next(&list, &option)) {
		if (http_view_is(option, "close"))
			request->flags |= HTTP_FLAG_CLOSE;
		else if (http_view_is(option, "keep-alive"))
			request->flags |= HTTP_FLAG_KEEP_ALIVE;
	}
}

static void take_expect(struct http_request *request, struct http_view list)
{
	struct http_view expectation;

	while (http_view_next(&list, &expectation)) {
		if (http_view_is(expectation, "100-continue"))
			request->flags |= HTTP_FLAG_CONTINUE;
		else if (expectation.bytes > 0)
			request->flags |= HTTP_FLAG_EXPECT_OTHER;
	}
}

/* RFC 9110 section 8.6: one number.  A list, even of equal numbers, is refused. */
static uint16_t take_content_length(struct http_request *request, struct http_view value)
{
	if (request->repeated & SEEN(HTTP_FIELD_CONTENT_LENGTH) || !http_view_number(value, &request->content_length))
		return 400;
	return 0;
}

static uint16_t take_host(const struct http_request *request, struct http_view value)
{
	return request->repeated & SEEN(HTTP_FIELD_HOST) || !http_host_is_valid(value) ? 400 : 0;
}

uint16_t http_field_take(struct http_request *request, const uint8_t *data, struct http_span name,
			 struct http_span value)
{
	enum http_field field = field_of(data + name.at, name.bytes);

	if (field == HTTP_FIELD_OTHER)
		return 0;
	request->repeated = (uint16_t)(request->repeated | (request->seen & SEEN(field)));
	request->seen = (uint16_t)(request->seen | SEEN(field));
	if (field < HTTP_FIELD_KEPT_COUNT) {
		request->field[field] = value;
		return field == HTTP_FIELD_HOST ? take_host(request, http_view(data, value)) : 0;
	}
	if (field == HTTP_FIELD_CONTENT_LENGTH)
		return take_content_length(request, http_view(data, value));
	if (field == HTTP_FIELD_TRANSFER_ENCODING)
		return take_transfer_encoding(request, http_view(data, value));
	if (field == HTTP_FIELD_CONNECTION)
		take_connection(request, http_view(data, value));
	else
		take_expect(request, http_view(data, value));
	return 0;
}

/* RFC 9112 section 6.3, steps 3 to 5. */
static uint16_t check_transfer_encoding(const struct http_request *request)
{
	if (http_request_has(request, HTTP_FIELD_CONTENT_LENGTH) || request->minor == 0)
		return 400;
	if (!(request->flags & HTTP_FLAG_CHUNKED))
		return 400; /* its end could be known from the close alone */
	return request->flags & HTTP_FLAG_CODING_OTHER ? 501 : 0;
}

uint16_t http_field_finish(const struct http_request *request)
{
	if (request->minor > 0 && !http_request_has(request, HTTP_FIELD_HOST))
		return 400;
	if (http_request_has(request, HTTP_FIELD_TRANSFER_ENCODING))
		return check_transfer_encoding(request);
	return 0;
}
