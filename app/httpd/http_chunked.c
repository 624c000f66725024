/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One byte at a time: framing is a few bytes a chunk, and an automaton without lookahead cannot depend on how the
 * bytes were split.
 */
#include "app/httpd/http_chunked.h"

enum phase {
	PHASE_SIZE,
	PHASE_BLANK,  /* after the size, before ';' */
	PHASE_NAME,   /* of an extension, after ';' */
	PHASE_VALUE,  /* a token, after '=' */
	PHASE_QUOTED, /* or a quoted string */
	PHASE_ESCAPED,
	PHASE_UNQUOTED, /* after it */
	PHASE_SIZE_LF,
	PHASE_CONTENT, /* content, then CR */
	PHASE_CONTENT_LF,
	PHASE_TRAILER_NAME,
	PHASE_TRAILER_VALUE,
	PHASE_TRAILER_LF,
	PHASE_END_LF,
	PHASE_DONE,
};

static uint16_t go(struct http_chunked *chunked, enum phase next)
{
	chunked->phase = (uint8_t)next;
	return 0;
}

/* An extension follows: ';' name [ '=' ( token | quoted-string ) ]. */
static uint16_t go_name(struct http_chunked *chunked)
{
	chunked->begun = false;
	return go(chunked, PHASE_NAME);
}

static uint16_t read_blank(struct http_chunked *chunked, uint8_t byte)
{
	if (byte == ';')
		return go_name(chunked);
	return byte == ' ' || byte == '\t' ? 0 : 400;
}

static uint16_t read_size(struct http_chunked *chunked, uint8_t byte)
{
	int digit = http_text_hex(byte);

	if (digit >= 0) {
		if (++chunked->digits > HTTP_CHUNKED_DIGITS_MAX)
			return 400;
		chunked->left = chunked->left << 4 | (unsigned)digit;
		return 0;
	}
	if (chunked->digits == 0)
		return 400;
	if (byte == '\r')
		return go(chunked, PHASE_SIZE_LF);
	return byte == ' ' || byte == '\t' ? go(chunked, PHASE_BLANK) : read_blank(chunked, byte);
}

/* What may follow a whole extension. */
static uint16_t read_after_extension(struct http_chunked *chunked, uint8_t byte)
{
	if (byte == ';')
		return go_name(chunked);
	return byte == '\r' ? go(chunked, PHASE_SIZE_LF) : 400;
}

static uint16_t read_name(struct http_chunked *chunked, uint8_t byte)
{
	if (http_text_is(byte, HTTP_CLASS_TOKEN)) {
		chunked->begun = true;
		return 0;
	}
	if (!chunked->begun)
		return byte == ' ' || byte == '\t' ? 0 : 400;
	if (byte != '=')
		return read_after_extension(chunked, byte);
	chunked->begun = false;
	return go(chunked, PHASE_VALUE);
}

static uint16_t read_value(struct http_chunked *chunked, uint8_t byte)
{
	if (http_text_is(byte, HTTP_CLASS_TOKEN)) {
		chunked->begun = true;
		return 0;
	}
	if (!chunked->begun)
		return byte == '"' ? go(chunked, PHASE_QUOTED) : 400;
	return read_after_extension(chunked, byte);
}

static uint16_t read_quoted(struct http_chunked *chunked, uint8_t byte)
{
	if (byte == '"')
		return go(chunked, PHASE_UNQUOTED);
	if (byte == '\\')
		return go(chunked, PHASE_ESCAPED);
	return http_text_is(byte, HTTP_CLASS_VALUE) ? 0 : 400;
}

static uint16_t read_escaped(struct http_chunked *chunked, uint8_t byte)
{
	return http_text_is(byte, HTTP_CLASS_VALUE) ? go(chunked, PHASE_QUOTED) : 400;
}

/* The size line is whole: content, or after a size of 0 the trailer section. */
static uint16_t read_size_lf(struct http_chunked *chunked, uint8_t byte)
{
	if (byte != '\n')
		return 400;
	chunked->digits = 0;
	chunked->begun = false;
	chunked->line_bytes = 0;
	return go(chunked, chunked->left > 0 ? PHASE_CONTENT : PHASE_TRAILER_NAME);
}

static uint16_t read_content_lf(struct http_chunked *chunked, uint8_t byte)
{
	if (byte != '\n')
		return 400;
	chunked->line_bytes = 0;
	return go(chunked, PHASE_SIZE);
}

/* No empty name, no fold, no space before the colon. */
static uint16_t read_trailer_name(struct http_chunked *chunked, uint8_t byte)
{
	if (http_text_is(byte, HTTP_CLASS_TOKEN)) {
		chunked->begun = true;
		return 0;
	}
	if (byte == '\r' && !chunked->begun)
		return go(chunked, PHASE_END_LF);
	return byte == ':' && chunked->begun ? go(chunked, PHASE_TRAILER_VALUE) : 400;
}

static uint16_t read_trailer_value(struct http_chunked *chunked, uint8_t byte)
{
	if (byte == '\r')
		return go(chunked, PHASE_TRAILER_LF);
	return http_text_is(byte, HTTP_CLASS_VALUE) ? 0 : 400;
}

static uint16_t read_trailer_lf(struct http_chunked *chunked, uint8_t byte)
{
	chunked->begun = false;
	return byte == '\n' ? go(chunked, PHASE_TRAILER_NAME) : 400;
}

static uint16_t read_byte(struct http_chunked *chunked, uint8_t byte)
{
	switch ((enum phase)chunked->phase) {
	case PHASE_SIZE:
		return read_size(chunked, byte);
	case PHASE_BLANK:
		return read_blank(chunked, byte);
	case PHASE_NAME:
		return read_name(chunked, byte);
	case PHASE_VALUE:
		return read_value(chunked, byte);
	case PHASE_QUOTED:
		return read_quoted(chunked, byte);
	case PHASE_ESCAPED:
		return read_escaped(chunked, byte);
	case PHASE_UNQUOTED:
		return read_after_extension(chunked, byte);
	case PHASE_SIZE_LF:
		return read_size_lf(chunked, byte);
	case PHASE_CONTENT:
		return byte == '\r' ? go(chunked, PHASE_CONTENT_LF) : 400;
	case PHASE_CONTENT_LF:
		return read_content_lf(chunked, byte);
	case PHASE_TRAILER_NAME:
		return read_trailer_name(chunked, byte);
	case PHASE_TRAILER_VALUE:
		return read_trailer_value(chunked, byte);
	case PHASE_TRAILER_LF:
		return read_trailer_lf(chunked, byte);
	case PHASE_END_LF:
		return byte == '\n' ? go(chunked, PHASE_DONE) : 400;
	case PHASE_DONE:
		return 400;
	}
	return 400;
}

/* A line that grows too long is refused at the byte that is one too many. */
static uint16_t check_line(struct http_chunked *chunked)
{
	if (chunked->phase < PHASE_CONTENT)
		return ++chunked->line_bytes > HTTP_CHUNKED_LINE_MAX_BYTES ? 400 : 0;
	if (chunked->phase >= PHASE_TRAILER_NAME)
		return ++chunked->line_bytes > HTTP_CHUNKED_TRAILER_MAX_BYTES ? 431 : 0;
	return 0;
}

struct http_chunked_step http_chunked_next(struct http_chunked *chunked, const uint8_t *data, uint32_t bytes)
{
	struct http_chunked_step step = {0};

	while (step.framing_bytes < bytes && chunked->phase != PHASE_DONE) {
		if (chunked->phase == PHASE_CONTENT && chunked->left > 0) {
			uint32_t rest = bytes - step.framing_bytes;

			step.content_bytes = chunked->left < rest ? (uint32_t)chunked->left : rest;
			break;
		}
		step.status = check_line(chunked);
		if (!step.status)
			step.status = read_byte(chunked, data[step.framing_bytes]);
		if (step.status)
			break;
		step.framing_bytes++;
	}
	step.done = chunked->phase == PHASE_DONE;
	return step;
}
