/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The automaton of lines.  Each phase reads one thing and either finishes it, runs out of bytes (and resumes at
 * request->at), or refuses.  Each refusal is decided by the first byte that is wrong, or by a limit's last byte, so
 * that the answer does not depend on how the bytes were split.
 */
#include "app/httpd/http_request.h"

#include "app/httpd/http_field.h"
#include "app/httpd/http_scan.h"

#define METHOD_MAX_BYTES 32

enum phase {
	PHASE_START, /* an empty line is skipped: RFC 9112 section 2.2 */
	PHASE_START_LF,
	PHASE_METHOD,
	PHASE_TARGET,
	PHASE_VERSION, /* to the line's end */
	PHASE_NAME,
	PHASE_VALUE,
	PHASE_VALUE_LF,
	PHASE_END_LF,
	PHASE_DONE,
};

/* One call's input and what is to be filled in. */
struct parse {
	struct http_request *request;
	const struct http_limits *limits;
	const uint8_t *data;
	uint32_t end;
};

static const char *const method_text[HTTP_METHOD_COUNT] = {
#define X(name) [HTTP_METHOD_##name] = #name,
	HTTP_METHODS(X)
#undef X
		[HTTP_METHOD_OTHER] = "?",
};

const char *http_method_text(enum http_method method)
{
	return method_text[method];
}

/* false, so that a phase can say: return refuse(...). */
static bool refuse(struct parse *parse, uint16_t status)
{
	parse->request->status = status;
	return false;
}

static bool go(struct parse *parse, enum phase next)
{
	parse->request->phase = (uint8_t)next;
	parse->request->mark = parse->request->at;
	return true;
}

/* Expects one byte.  false: it is not there yet, or another is (then refused). */
static bool take_byte(struct parse *parse, uint8_t byte)
{
	struct http_request *request = parse->request;

	if (request->at == parse->end)
		return false;
	if (parse->data[request->at] != byte)
		return refuse(parse, 400);
	request->at++;
	return true;
}

static bool read_start(struct parse *parse)
{
	struct http_request *request = parse->request;

	if (request->at == parse->end)
		return false;
	if (parse->data[request->at] != '\r')
		return go(parse, PHASE_METHOD);
	request->at++;
	return go(parse, PHASE_START_LF);
}

static bool read_start_lf(struct parse *parse)
{
	return take_byte(parse, '\n') && go(parse, PHASE_METHOD);
}

static enum http_method method_of(const uint8_t *data, uint32_t bytes)
{
	for (enum http_method method = 0; method < HTTP_METHOD_OTHER; method++)
		if (strlen(method_text[method]) == bytes && memcmp(method_text[method], data, bytes) == 0)
			return method;
	return HTTP_METHOD_OTHER;
}

static bool read_method(struct parse *parse)
{
	struct http_request *request = parse->request;
	uint32_t last = request->mark + METHOD_MAX_BYTES + 1;
	uint32_t end = last < parse->end ? last : parse->end;

	request->at = http_scan_table(parse->data, request->at, end, HTTP_CLASS_TOKEN);
	if (request->at == last)
		return refuse(parse, 501);
	if (request->at == parse->end)
		return false;
	if (parse->data[request->at] != ' ' || request->at == request->mark)
		return refuse(parse, 400);
	request->method_text = (struct http_span){.at = request->mark, .bytes = request->at - request->mark};
	request->method = (uint8_t)method_of(parse->data + request->mark, request->method_text.bytes);
	request->at++;
	return go(parse, PHASE_TARGET);
}

/* Path and query of data[at, end). */
static void split_query(struct http_request *request, const uint8_t *data, uint32_t at, uint32_t end)
{
	const uint8_t *mark = memchr(data + at, '?', end - at);
	uint32_t path_end = mark ? (uint32_t)(mark - data) : end;
	uint32_t query = mark ? path_end + 1 : end;

	request->path = (struct http_span){.at = at, .bytes = path_end - at};
	request->query = (struct http_span){.at = query, .bytes = end - query};
}

/* "http://authority[/path][?query]": the authority stands in for Host (RFC 9112 section 3.2.2). */
static bool split_absolute(struct http_request *request, const uint8_t *data)
{
	uint32_t at = request->target.at + 7, end = request->target.at + request->target.bytes;

	if (request->target.bytes <= 7 || !http_text_same(data + request->target.at, "http", 4) ||
	    memcmp(data + request->target.at + 4, "://", 3) != 0)
		return false;
	while (at < end && data[at] != '/' && data[at] != '?')
		at++;
	request->form = HTTP_FORM_ABSOLUTE;
	request->authority = (struct http_span){.at = request->target.at + 7, .bytes = at - request->target.at - 7};
	split_query(request, data, at, end);
	return request->authority.bytes > 0 && http_host_is_valid(http_view(data, request->authority));
}

/* "host:port", which only CONNECT has. */
static bool split_authority(struct http_request *request, const uint8_t *data)
{
	struct http_view target = http_view(data, request->target);

	request->form = HTTP_FORM_AUTHORITY;
	request->authority = request->target;
	request->path = request->query = (struct http_span){.at = request->target.at};
	return http_host_is_valid(target) && memchr(target.data, ':', target.bytes) && target.data[0] != ':';
}

/* RFC 9112 section 3.2: which of the four forms it is, by method and first byte. */
static bool split_target(struct http_request *request, const uint8_t *data)
{
	const uint8_t *first = data + request->target.at;

	if (request->method == HTTP_METHOD_CONNECT)
		return split_authority(request, data);
	if (*first == '/') {
		request->form = HTTP_FORM_ORIGIN;
		split_query(request, data, request->target.at, request->target.at + request->target.bytes);
		return true;
	}
	if (*first == '*') {
		request->form = HTTP_FORM_ASTERISK;
		request->path = request->query = (struct http_span){.at = request->target.at};
		return request->target.bytes == 1 && request->method == HTTP_METHOD_OPTIONS;
	}
	return split_absolute(request, data);
}

static bool read_target(struct parse *parse)
{
	struct http_request *request = parse->request;
	uint32_t last = request->mark + parse->limits->target_max_bytes + 1;
	uint32_t end = last < parse->end ? last : parse->end;

	request->at = http_scan_target(parse->data, request->at, end);
	if (request->at == last)
		return refuse(parse, 414);
	if (request->at == parse->end)
		return false;
	if (parse->data[request->at] != ' ' || request->at == request->mark)
		return refuse(parse, 400);
	request->target = (struct http_span){.at = request->mark, .bytes = request->at - request->mark};
	if (!split_target(request, parse->data))
		return refuse(parse, 400);
	request->at++;
	return go(parse, PHASE_VERSION);
}

/* "HTTP/1.1" CRLF, byte by byte: whatever comes in pieces, or is not quite that. */
static bool read_version_slowly(struct parse *parse)
{
	struct http_request *request = parse->request;

	while (request->at < parse->end) {
		uint32_t place = request->at - request->mark;
		uint8_t byte = parse->data[request->at];

		if (place == 5 || place == 7) {
			if (http_text_digit(byte) > 9)
				return refuse(parse, 400);
			if (place == 7 && parse->data[request->mark + 5] != '1')
				return refuse(parse, 505);
			request->minor = byte > '0';
		} else if (byte != (uint8_t) "HTTP/?.?\r\n"[place]) {
			return refuse(parse, 400);
		}
		request->at++;
		if (place == 9)
			return go(parse, PHASE_NAME);
	}
	return false;
}

static bool read_version(struct parse *parse)
{
	struct http_request *request = parse->request;

	if (request->at != request->mark || parse->end - request->at < 10 ||
	    memcmp(parse->data + request->at, "HTTP/1.1\r\n", 10) != 0)
		return read_version_slowly(parse);
	request->minor = 1;
	request->at += 10;
	return go(parse, PHASE_NAME);
}

static bool read_name(struct parse *parse)
{
	struct http_request *request = parse->request;
	uint8_t byte;

	request->at = http_scan_table(parse->data, request->at, parse->end, HTTP_CLASS_TOKEN);
	if (request->at == parse->end)
		return false;
	byte = parse->data[request->at];
	if (byte == '\r' && request->at == request->mark) {
		request->at++;
		return go(parse, PHASE_END_LF);
	}
	/* A space here would be a fold or precede the colon: RFC 9112 sections 2.2, 5.1 and 5.2. */
	if (byte != ':' || request->at == request->mark)
		return refuse(parse, 400);
	if (request->field_count == parse->limits->header_max_fields)
		return refuse(parse, 431);
	request->field_count++;
	request->name_bytes = request->at - request->mark;
	request->at++;
	request->phase = PHASE_VALUE; /* the mark stays at the name */
	return true;
}

static bool read_value(struct parse *parse)
{
	struct http_request *request = parse->request;

	request->at = http_scan_value(parse->data, request->at, parse->end);
	if (!take_byte(parse, '\r'))
		return false;
	request->phase = PHASE_VALUE_LF;
	return true;
}

static bool read_value_lf(struct parse *parse)
{
	struct http_request *request = parse->request;
	struct http_span name = {.at = request->mark, .bytes = request->name_bytes};
	struct http_view value = {.data = parse->data + name.at + name.bytes + 1};
	uint16_t status;

	if (!take_byte(parse, '\n'))
		return false;
	value.bytes = request->at - 2 - (name.at + name.bytes + 1);
	value = http_view_trim(value);
	status = http_field_take(request, parse->data, name,
				 (struct http_span){.at = (uint32_t)(value.data - parse->data), .bytes = value.bytes});
	if (status)
		return refuse(parse, status);
	return go(parse, PHASE_NAME);
}

static bool read_end_lf(struct parse *parse)
{
	uint16_t status;

	if (!take_byte(parse, '\n'))
		return false;
	status = http_field_finish(parse->request);
	if (status)
		return refuse(parse, status);
	return go(parse, PHASE_DONE);
}

/* true: the phase is done and the next may be read. */
static bool read_phase(struct parse *parse)
{
	switch ((enum phase)parse->request->phase) {
	case PHASE_START:
		return read_start(parse);
	case PHASE_START_LF:
		return read_start_lf(parse);
	case PHASE_METHOD:
		return read_method(parse);
	case PHASE_TARGET:
		return read_target(parse);
	case PHASE_VERSION:
		return read_version(parse);
	case PHASE_NAME:
		return read_name(parse);
	case PHASE_VALUE:
		return read_value(parse);
	case PHASE_VALUE_LF:
		return read_value_lf(parse);
	case PHASE_END_LF:
		return read_end_lf(parse);
	case PHASE_DONE:
		return false;
	}
	return false;
}

enum http_parse http_request_parse(struct http_request *request, const struct http_limits *limits, const uint8_t *data,
				   uint32_t bytes)
{
	struct parse parse = {.request = request, .limits = limits, .data = data, .end = bytes};

	if (bytes > limits->header_max_bytes)
		parse.end = limits->header_max_bytes;
	while (read_phase(&parse))
		;
	if (request->status)
		return HTTP_PARSE_REFUSED;
	if (request->phase == PHASE_DONE)
		return HTTP_PARSE_READY;
	if (parse.end < limits->header_max_bytes)
		return HTTP_PARSE_INCOMPLETE;
	request->status = request->phase <= PHASE_TARGET ? 414 : 431;
	return HTTP_PARSE_REFUSED;
}
