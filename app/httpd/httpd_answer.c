/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of an answer's head, and of bodies short enough to follow it at once.
 */
#include "app/httpd/httpd_answer.h"

#include "app/httpd/http_status.h"
#include "app/httpd/httpd.h"
#include "app/httpd/httpd_text.h"

#define BOUNDARY "sluice-byteranges-" /* and the entity's tag */

/* The same for every instance, and never freed: TCP may refer to it after the instance is closed. */
static uint8_t pattern[HTTPD_PATTERN_BYTES];

/* Before main(): workers that open side by side find it done. */
__attribute__((constructor)) static void fill_pattern(void)
{
	for (uint32_t i = 0; i < HTTPD_PATTERN_BYTES; i++)
		pattern[i] = httpd_pattern_at(i);
}

/* ---- Head ---- */

static uint8_t *put_status_line(uint8_t *at, uint16_t status)
{
	at = HTTPD_TEXT_PUT(at, "HTTP/1.1 ");
	at = httpd_text_put_number(at, status);
	*at++ = ' ';
	at = httpd_text_put_string(at, http_status_text(status));
	return HTTPD_TEXT_PUT(at, "\r\n");
}

/* Status line, Server, Date, and Connection where the version's default does not say it. */
static void put_begin(struct httpd_answer *answer, uint16_t status)
{
	const struct httpd_stamp *stamp = answer->stamp;
	uint32_t skipped = 0;

	if (status != 200) {
		answer->at = put_status_line(answer->at, status);
		skipped = stamp->status_bytes;
	}
	answer->at = httpd_text_put(answer->at, stamp->text + skipped, stamp->bytes - skipped);
	if (answer->last)
		answer->at = HTTPD_TEXT_PUT(answer->at, "Connection: close\r\n");
	else if (answer->request && answer->request->minor == 0)
		answer->at = HTTPD_TEXT_PUT(answer->at, "Connection: keep-alive\r\n");
}

static void put_field(struct httpd_answer *answer, const char *name, const char *value)
{
	answer->at = httpd_text_put_string(answer->at, name);
	answer->at = HTTPD_TEXT_PUT(answer->at, ": ");
	answer->at = httpd_text_put_string(answer->at, value);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
}

/* The last field, and the end of the head. */
static void put_length(struct httpd_answer *answer, uint64_t bytes)
{
	answer->at = HTTPD_TEXT_PUT(answer->at, "Content-Length: ");
	answer->at = httpd_text_put_number(answer->at, bytes);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n\r\n");
}

static void put_content_range(struct httpd_answer *answer, const struct http_range *range, uint64_t whole_bytes)
{
	answer->at = HTTPD_TEXT_PUT(answer->at, "Content-Range: bytes ");
	if (range) {
		answer->at = httpd_text_put_number(answer->at, range->first);
		*answer->at++ = '-';
		answer->at = httpd_text_put_number(answer->at, range->last);
	} else {
		*answer->at++ = '*';
	}
	*answer->at++ = '/';
	answer->at = httpd_text_put_number(answer->at, whole_bytes);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
}

/* ---- Parts of a multipart body ---- */

uint32_t httpd_answer_part(const struct httpd_entity *entity, const struct http_ranges *ranges, uint32_t part,
			   uint8_t *at)
{
	const uint8_t *start = at;

	if (part > 0)
		at = HTTPD_TEXT_PUT(at, "\r\n");
	at = HTTPD_TEXT_PUT(at, "--" BOUNDARY);
	at = httpd_text_put(at, entity->validators.etag.data + 1, entity->validators.etag.bytes - 2);
	if (part == ranges->count)
		return (uint32_t)(HTTPD_TEXT_PUT(at, "--\r\n") - start);
	at = HTTPD_TEXT_PUT(at, "\r\nContent-Type: ");
	at = httpd_text_put_string(at, entity->type);
	at = HTTPD_TEXT_PUT(at, "\r\nContent-Range: bytes ");
	at = httpd_text_put_number(at, ranges->range[part].first);
	*at++ = '-';
	at = httpd_text_put_number(at, ranges->range[part].last);
	*at++ = '/';
	at = httpd_text_put_number(at, entity->body_bytes);
	return (uint32_t)(HTTPD_TEXT_PUT(at, "\r\n\r\n") - start);
}

uint64_t httpd_answer_parts_bytes(const struct httpd_entity *entity, const struct http_ranges *ranges)
{
	uint8_t text[HTTPD_PART_BYTES];
	uint64_t bytes = httpd_answer_part(entity, ranges, ranges->count, text);

	for (uint32_t i = 0; i < ranges->count; i++)
		bytes += httpd_answer_part(entity, ranges, i, text) + http_range_bytes(&ranges->range[i]);
	return bytes;
}

/* ---- Bodies ---- */

static void set_body(struct httpd_answer *answer, const uint8_t *body, uint64_t at, uint64_t bytes)
{
	answer->body = body;
	answer->body_at = at;
	answer->body_bytes = bytes;
}

/* "404 Not Found", for people. */
static void put_page(struct httpd_answer *answer, uint16_t status)
{
	const char *reason = http_status_text(status);
	uint64_t bytes = 3 + 1 + strlen(reason) + 1;

	put_field(answer, "Content-Type", "text/plain; charset=utf-8");
	put_length(answer, bytes);
	if (answer->head)
		return;
	answer->at = httpd_text_put_number(answer->at, status);
	*answer->at++ = ' ';
	answer->at = httpd_text_put_string(answer->at, reason);
	*answer->at++ = '\n';
	set_body(answer, NULL, 0, bytes);
}

/* A relative reference to the last segment with a '/': however the path was escaped, and whoever is in front of us. */
static void put_location(struct httpd_answer *answer)
{
	struct http_view path = http_view(answer->data, answer->request->path);
	const uint8_t *slash = memrchr(path.data, '/', path.bytes);
	const uint8_t *last = slash ? slash + 1 : path.data;

	answer->at = HTTPD_TEXT_PUT(answer->at, "Location: ./");
	answer->at = httpd_text_put(answer->at, last, (size_t)(path.data + path.bytes - last));
	answer->at = HTTPD_TEXT_PUT(answer->at, "/\r\n");
}

static void put_empty(struct httpd_answer *answer)
{
	if (answer->plan->status == 205) /* RFC 9110 section 15.3.6 */
		put_length(answer, 0);
	else
		answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
}

static void put_unchanged(struct httpd_answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;

	answer->at = httpd_text_put(answer->at, entity->fields, entity->validator_bytes);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
}

static void put_whole(struct httpd_answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;

	answer->at = httpd_text_put(answer->at, entity->fields, entity->fields_bytes);
	set_body(answer, entity->body, 0, entity->body_bytes);
}

static void put_range(struct httpd_answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;
	const struct http_range *range = &answer->plan->ranges.range[0];

	answer->at = httpd_text_put(answer->at, entity->fields, entity->described_bytes);
	put_content_range(answer, range, entity->body_bytes);
	put_length(answer, http_range_bytes(range));
	set_body(answer, entity->body, range->first, http_range_bytes(range));
}

static void put_ranges(struct httpd_answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;
	const struct http_validators *validators = &entity->validators;

	answer->at = httpd_text_put(answer->at, entity->fields, entity->untyped_bytes);
	answer->at = HTTPD_TEXT_PUT(answer->at, "Content-Type: multipart/byteranges; boundary=" BOUNDARY);
	answer->at = httpd_text_put(answer->at, validators->etag.data + 1, validators->etag.bytes - 2);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
	answer->body_bytes = httpd_answer_parts_bytes(entity, &answer->plan->ranges);
	put_length(answer, answer->body_bytes);
}

static void put_bytes(struct httpd_answer *answer)
{
	put_field(answer, "Content-Type", "application/octet-stream");
	put_length(answer, answer->plan->bytes);
	set_body(answer, pattern, 0, answer->plan->bytes);
	answer->body_period = HTTPD_PATTERN_BYTES;
}

/* An echo without body, or of HEAD: nothing comes after it. */
static void put_echo(struct httpd_answer *answer)
{
	put_field(answer, "Content-Type", "application/octet-stream");
	if (answer->request->flags & HTTP_FLAG_CHUNKED)
		answer->at = HTTPD_TEXT_PUT(answer->at, "Transfer-Encoding: chunked\r\n\r\n");
	else
		put_length(answer, answer->request->content_length);
}

static void put_kind(struct httpd_answer *answer)
{
	const struct httpd_plan *plan = answer->plan;

	if (plan->allow)
		put_field(answer, "Allow", plan->allow);
	switch ((enum httpd_plan_kind)plan->kind) {
	case HTTPD_PLAN_PAGE:
		if (plan->status == 416)
			put_content_range(answer, NULL, plan->bytes);
		put_page(answer, plan->status);
		break;
	case HTTPD_PLAN_EMPTY:
		put_empty(answer);
		break;
	case HTTPD_PLAN_UNCHANGED:
		put_unchanged(answer);
		break;
	case HTTPD_PLAN_REDIRECT:
		put_location(answer);
		put_page(answer, plan->status);
		break;
	case HTTPD_PLAN_WHOLE:
		put_whole(answer);
		break;
	case HTTPD_PLAN_RANGE:
		put_range(answer);
		break;
	case HTTPD_PLAN_RANGES:
		put_ranges(answer);
		break;
	case HTTPD_PLAN_BYTES:
		put_bytes(answer);
		break;
	case HTTPD_PLAN_ECHO:
		put_echo(answer);
		break;
	}
}

bool httpd_answer_needs_exchange(const struct httpd_plan *plan, bool head)
{
	if (head)
		return false;
	if (plan->kind == HTTPD_PLAN_WHOLE)
		return plan->entity->body_bytes > HTTPD_INLINE_BYTES;
	if (plan->kind == HTTPD_PLAN_RANGE)
		return http_range_bytes(&plan->ranges.range[0]) > HTTPD_INLINE_BYTES;
	if (plan->kind == HTTPD_PLAN_BYTES)
		return plan->bytes > HTTPD_INLINE_BYTES;
	return plan->kind == HTTPD_PLAN_RANGES;
}

void httpd_answer_write(struct httpd_answer *answer)
{
	put_begin(answer, answer->plan->status);
	put_kind(answer);
	if (answer->body && !answer->head && answer->body_bytes <= HTTPD_INLINE_BYTES)
		answer->at = httpd_text_put(answer->at, answer->body + answer->body_at, answer->body_bytes);
}

uint8_t *httpd_answer_overload(const struct httpd_stamp *stamp, uint8_t *at)
{
	at = put_status_line(at, 503);
	at = httpd_text_put(at, stamp->text + stamp->status_bytes, stamp->bytes - stamp->status_bytes);
	return HTTPD_TEXT_PUT(at, "Connection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
}
