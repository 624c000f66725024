/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The response parser.  It is off the hot path (equal heads are recognised by comparing bytes), so it is written line
 * by line.  Where RFC 9112 lets a client repair or reject, it rejects: bare CR or LF, folded lines, blanks before a
 * colon, repeated or conflicting lengths, a length beside a transfer coding, codings that were not asked for.
 */
#include "app/load/response.h"

#include <string.h>
#include <strings.h>

#define VERSION_TEXT      "HTTP/1."
#define VERSION_BYTES     7
#define STATUS_LINE_BYTES 13 /* "HTTP/1.1 200 " */
#define CHUNK_DIGITS_MAX  15

/* A run of bytes. */
struct span {
	const char *at;
	uint32_t bytes;
};

static bool span_is(struct span span, const char *word)
{
	return span.bytes == strlen(word) && !strncasecmp(span.at, word, span.bytes);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9110 section 5.6.2. */
static bool is_token_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* VCHAR, obs-text, blank and tab: what a field's value or a reason may hold. */
static bool is_text(struct span span)
{
	for (uint32_t i = 0; i < span.bytes; i++) {
		unsigned char c = (unsigned char)span.at[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct span span_trim(struct span span)
{
	while (span.bytes && (span.at[0] == ' ' || span.at[0] == '\t')) {
		span.at++;
		span.bytes--;
	}
	while (span.bytes && (span.at[span.bytes - 1] == ' ' || span.at[span.bytes - 1] == '\t'))
		span.bytes--;
	return span;
}

/* The length of everything up to and with the first empty line; each line end is looked at once. */
static int32_t section_length(const char *bytes, uint32_t count, uint32_t scanned)
{
	uint32_t from = scanned;

	while (from < count) {
		const char *end = memchr(bytes + from, '\n', count - from);
		uint32_t at;

		if (!end)
			return RESPONSE_MORE;
		at = (uint32_t)(end - bytes);
		if (!at || bytes[at - 1] != '\r')
			return RESPONSE_BAD;
		if (at == 1 || (at >= 3 && bytes[at - 2] == '\n'))
			return (int32_t)at + 1;
		from = at + 1;
	}
	return RESPONSE_MORE;
}

/* The line at *at, without its end, which section_length() has seen to be there. */
static struct span line_take(const char **at)
{
	const char *end = rawmemchr(*at, '\n');
	struct span line = {.at = *at, .bytes = (uint32_t)(end - *at - 1)};

	*at = end + 1;
	return line;
}

static bool status_read(struct span line, struct response_head *head)
{
	const char *at = line.at;

	if (line.bytes < STATUS_LINE_BYTES || memcmp(at, VERSION_TEXT, VERSION_BYTES) || !is_digit(at[7]))
		return false;
	if (at[8] != ' ' || !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11]) || at[12] != ' ')
		return false;
	head->status = (uint16_t)((at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0'));
	head->keep_alive = at[7] != '0';
	head->is_interim = head->status < 200;
	return head->status >= 100 && head->status < 600;
}

/* What the fields have said so far. */
struct fields {
	bool has_length, is_chunked, says_close, says_keep_alive;
	uint64_t length;
};

static bool length_read(struct span value, struct fields *fields)
{
	if (!value.bytes || fields->has_length)
		return false;
	for (uint32_t i = 0; i < value.bytes; i++) {
		if (!is_digit(value.at[i]) || fields->length > (INT64_MAX - 9) / 10)
			return false;
		fields->length = fields->length * 10 + (uint64_t)(value.at[i] - '0');
	}
	fields->has_length = true;
	return true;
}

static void connection_read(struct span value, struct fields *fields)
{
	while (value.bytes) {
		const char *comma = memchr(value.at, ',', value.bytes);
		struct span option = {value.at, comma ? (uint32_t)(comma - value.at) : value.bytes};
		uint32_t used = option.bytes + (comma != NULL);

		option = span_trim(option);
		fields->says_close |= span_is(option, "close");
		fields->says_keep_alive |= span_is(option, "keep-alive");
		value.at += used;
		value.bytes -= used;
	}
}

static bool field_read(struct span line, struct fields *fields)
{
	const char *colon = memchr(line.at, ':', line.bytes);
	struct span name = {line.at, colon ? (uint32_t)(colon - line.at) : 0}, value;

	if (!name.bytes)
		return false;
	for (uint32_t i = 0; i < name.bytes; i++) {
		if (!is_token_byte(name.at[i]))
			return false;
	}
	value = span_trim((struct span){colon + 1, line.bytes - name.bytes - 1});
	if (!is_text(value))
		return false;
	if (span_is(name, "content-length"))
		return length_read(value, fields);
	if (span_is(name, "transfer-encoding")) {
		bool is_first = !fields->is_chunked;

		fields->is_chunked = true;
		return is_first && span_is(value, "chunked");
	}
	if (span_is(name, "connection"))
		connection_read(value, fields);
	return true;
}

/* RFC 9112 section 6.3, for a response to GET. */
static bool framing_decide(const struct fields *fields, struct response_head *head)
{
	bool is_old = !head->keep_alive; /* so far only the version has spoken */

	if (fields->is_chunked && (fields->has_length || is_old))
		return false;
	if (fields->says_close)
		head->keep_alive = false;
	else if (fields->says_keep_alive)
		head->keep_alive = true;
	head->content_bytes = 0;
	head->body = RESPONSE_BODY_LENGTH;
	if (head->is_interim || head->status == 204 || head->status == 304)
		return head->status != 101 && !(fields->is_chunked && head->status != 304);
	if (fields->is_chunked) {
		head->body = RESPONSE_BODY_CHUNKED;
	} else if (fields->has_length) {
		head->content_bytes = fields->length;
	} else {
		head->body = RESPONSE_BODY_UNTIL_CLOSE;
		head->keep_alive = false;
	}
	return true;
}

int32_t response_head_read(const char *bytes, uint32_t count, uint32_t scanned, struct response_head *head)
{
	struct fields fields = {0};
	const char *at = bytes;
	struct span line, reason;
	int32_t length;

	if (memcmp(bytes, VERSION_TEXT, count < VERSION_BYTES ? count : VERSION_BYTES))
		return RESPONSE_BAD; /* not even the beginning: no use in waiting for an end */
	length = section_length(bytes, count, scanned);
	if (length <= 0)
		return length;
	line = line_take(&at);
	if (!status_read(line, head))
		return RESPONSE_BAD;
	reason = (struct span){line.at + STATUS_LINE_BYTES, line.bytes - STATUS_LINE_BYTES};
	if (!is_text(reason))
		return RESPONSE_BAD;
	while (at < bytes + length - 2) {
		if (!field_read(line_take(&at), &fields))
			return RESPONSE_BAD;
	}
	return framing_decide(&fields, head) ? length : RESPONSE_BAD;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int32_t response_chunk_read(const char *bytes, uint32_t count, uint64_t *chunk_bytes)
{
	const char *end = memchr(bytes, '\n', count);
	uint32_t digits = 0, line_bytes = end ? (uint32_t)(end - bytes) : count;
	uint64_t size = 0;

	while (digits < line_bytes && hex_value(bytes[digits]) >= 0) {
		if (digits == CHUNK_DIGITS_MAX)
			return RESPONSE_BAD;
		size = size << 4 | (uint64_t)hex_value(bytes[digits++]);
	}
	if (digits < line_bytes && (!digits || !memchr("\r; \t", bytes[digits], 4)))
		return RESPONSE_BAD;
	if (!end)
		return RESPONSE_MORE;
	if (!digits || bytes[line_bytes - 1] != '\r' ||
	    !is_text((struct span){bytes + digits, line_bytes - 1 - digits}))
		return RESPONSE_BAD;
	*chunk_bytes = size;
	return (int32_t)line_bytes + 1;
}

int32_t response_chunk_end_read(const char *bytes, uint32_t count)
{
	if (memcmp(bytes, "\r\n", count < 2 ? count : 2))
		return RESPONSE_BAD;
	return count < 2 ? RESPONSE_MORE : 2;
}

int32_t response_trailer_read(const char *bytes, uint32_t count, uint32_t scanned)
{
	struct fields ignored = {0};
	const char *at = bytes;
	int32_t length = section_length(bytes, count, scanned);

	while (length > 0 && at < bytes + length - 2) {
		/* RFC 9110 section 6.5.1: what frames the message may not come this late. */
		if (!field_read(line_take(&at), &ignored) || ignored.has_length || ignored.is_chunked)
			return RESPONSE_BAD;
	}
	return length;
}
