/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turns a plan into bytes.  A short answer goes whole into the outbox; of a longer one only the head does, and its body
 * is left to an exchange.
 */
#include "app/httpd/httpd_respond.h"

#include "app/httpd/http_status.h"
#include "app/httpd/httpd_plan.h"
#include "app/httpd/httpd_server.h"
#include "app/httpd/httpd_text.h"

/* The same for every instance, and never freed: TCP may refer to it after the instance is closed. */
static uint8_t pattern[HTTPD_PATTERN_BYTES];

/* An answer that is being written. */
struct answer {
	struct httpd *httpd;
	struct httpd_conn *conn;
	const struct http_request *request; /* NULL: refused before there was one */
	const uint8_t *data;
	const struct httpd_plan *plan;
	uint8_t *at;     /* in the outbox */
	bool head;       /* HEAD: fields without body */
	bool reads_body; /* the exchange goes on with the request's body */
	/* What the body is, for log and exchange. */
	const uint8_t *body;
	uint64_t body_at, body_bytes;
	uint32_t body_period;
};

void httpd_respond_prepare(void)
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
static void put_begin(struct answer *answer, uint16_t status)
{
	const struct httpd *httpd = answer->httpd;
	uint32_t skipped = 0;

	if (status != 200) {
		answer->at = put_status_line(answer->at, status);
		skipped = httpd->stamp_status_bytes;
	}
	answer->at = httpd_text_put(answer->at, httpd->stamp + skipped, httpd->stamp_bytes - skipped);
	if (answer->conn->flags & HTTPD_CONN_LAST)
		answer->at = HTTPD_TEXT_PUT(answer->at, "Connection: close\r\n");
	else if (answer->request && answer->request->minor == 0)
		answer->at = HTTPD_TEXT_PUT(answer->at, "Connection: keep-alive\r\n");
}

static void put_field(struct answer *answer, const char *name, const char *value)
{
	answer->at = httpd_text_put_string(answer->at, name);
	answer->at = HTTPD_TEXT_PUT(answer->at, ": ");
	answer->at = httpd_text_put_string(answer->at, value);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
}

/* The last field, and the end of the head. */
static void put_length(struct answer *answer, uint64_t bytes)
{
	answer->at = HTTPD_TEXT_PUT(answer->at, "Content-Length: ");
	answer->at = httpd_text_put_number(answer->at, bytes);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n\r\n");
}

static void put_content_range(struct answer *answer, const struct http_range *range, uint64_t whole_bytes)
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

/* ---- Bodies ---- */

static void set_body(struct answer *answer, const uint8_t *body, uint64_t at, uint64_t bytes)
{
	answer->body = body;
	answer->body_at = at;
	answer->body_bytes = bytes;
}

/* "404 Not Found", for people. */
static void put_page(struct answer *answer, uint16_t status)
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
static void put_location(struct answer *answer)
{
	struct http_view path = http_view(answer->data, answer->request->path);
	const uint8_t *slash = memrchr(path.data, '/', path.bytes);
	const uint8_t *last = slash ? slash + 1 : path.data;

	answer->at = HTTPD_TEXT_PUT(answer->at, "Location: ./");
	answer->at = httpd_text_put(answer->at, last, (size_t)(path.data + path.bytes - last));
	answer->at = HTTPD_TEXT_PUT(answer->at, "/\r\n");
}

static void put_empty(struct answer *answer)
{
	if (answer->plan->status == 205) /* RFC 9110 section 15.3.6 */
		put_length(answer, 0);
	else
		answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
}

static void put_unchanged(struct answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;

	answer->at = httpd_text_put(answer->at, entity->fields, entity->validator_bytes);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
}

static void put_whole(struct answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;

	answer->at = httpd_text_put(answer->at, entity->fields, entity->fields_bytes);
	set_body(answer, entity->body, 0, entity->body_bytes);
}

static void put_range(struct answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;
	const struct http_range *range = &answer->plan->ranges.range[0];

	answer->at = httpd_text_put(answer->at, entity->fields, entity->described_bytes);
	put_content_range(answer, range, entity->body_bytes);
	put_length(answer, http_range_bytes(range));
	set_body(answer, entity->body, range->first, http_range_bytes(range));
}

static void put_ranges(struct answer *answer)
{
	const struct httpd_entity *entity = answer->plan->entity;
	const struct http_validators *validators = &entity->validators;

	answer->at = httpd_text_put(answer->at, entity->fields, entity->untyped_bytes);
	answer->at = HTTPD_TEXT_PUT(answer->at, "Content-Type: multipart/byteranges; boundary=" HTTPD_BOUNDARY);
	answer->at = httpd_text_put(answer->at, validators->etag.data + 1, validators->etag.bytes - 2);
	answer->at = HTTPD_TEXT_PUT(answer->at, "\r\n");
	answer->body_bytes = httpd_exchange_parts_bytes(entity, &answer->plan->ranges);
	put_length(answer, answer->body_bytes);
}

static void put_bytes(struct answer *answer)
{
	put_field(answer, "Content-Type", "application/octet-stream");
	put_length(answer, answer->plan->bytes);
	set_body(answer, pattern, 0, answer->plan->bytes);
	answer->body_period = HTTPD_PATTERN_BYTES;
}

/* An echo without body, or of HEAD: nothing comes after it. */
static void put_echo(struct answer *answer)
{
	put_field(answer, "Content-Type", "application/octet-stream");
	if (answer->request->flags & HTTP_FLAG_CHUNKED)
		answer->at = HTTPD_TEXT_PUT(answer->at, "Transfer-Encoding: chunked\r\n\r\n");
	else
		put_length(answer, answer->request->content_length);
}

static void put_kind(struct answer *answer)
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

/* ---- Log and counters ---- */

static void fill_record(const struct answer *answer, struct httpd_log_record *record)
{
	const struct http_request *request = answer->request;
	struct sluice_address local, peer = {0};
	uint32_t bytes;

	sluice_addresses(answer->httpd->worker, answer->conn->conn, &local, &peer);
	*record = (struct httpd_log_record){.time_s = answer->httpd->wall_s, .status = answer->plan->status};
	memcpy(record->ip, peer.ip, sizeof(record->ip));
	record->port = peer.port;
	record->bytes = answer->head ? 0 : answer->body_bytes;
	if (!request || !request->target.bytes)
		return;
	record->method = request->method;
	record->minor = request->minor;
	bytes = request->target.bytes < UINT16_MAX ? request->target.bytes : UINT16_MAX;
	record->target_bytes = (uint16_t)bytes;
	memcpy(record->target, answer->data + request->target.at,
	       bytes < HTTPD_LOG_TARGET_BYTES ? bytes : HTTPD_LOG_TARGET_BYTES);
}

/* Into the exchange, which writes it when all is done, or at once. */
static void log_answer(const struct answer *answer, struct httpd_exchange *exchange)
{
	struct httpd *httpd = answer->httpd;
	struct httpd_log_record *record;

	if (!httpd->log.record)
		return;
	if (exchange) {
		fill_record(answer, &exchange->log);
		exchange->logs = true;
		exchange->begun_ns = httpd->now_ns;
		return;
	}
	record = httpd_log_reserve(&httpd->log);
	if (!record) {
		httpd_count(&httpd->count.log_lost, 1);
		return;
	}
	fill_record(answer, record);
	httpd_log_publish(&httpd->log);
	httpd_count(&httpd->count.log_records, 1);
}

static void count_status(struct httpd *httpd, uint16_t status)
{
	uint64_t *const by_class[] = {NULL,
				      &httpd->count.responses_1xx,
				      &httpd->count.responses_2xx,
				      &httpd->count.responses_3xx,
				      &httpd->count.responses_4xx,
				      &httpd->count.responses_5xx};

	httpd_count(by_class[status / 100], 1);
}

/* ---- Whole answers ---- */

static void begin_answer(struct answer *answer)
{
	answer->at = answer->httpd->outbox + answer->httpd->outbox_bytes;
}

static void end_answer(const struct answer *answer)
{
	answer->httpd->outbox_bytes = (uint32_t)(answer->at - answer->httpd->outbox);
}

/* Whether the body goes behind the head, which has room for it. */
static bool is_inline(const struct answer *answer)
{
	return answer->body_bytes <= HTTPD_INLINE_BYTES && answer->plan->kind != HTTPD_PLAN_RANGES;
}

/* Whether the answer, once its head is written, is more than that head: known before anything is done. */
static bool plan_needs_exchange(const struct httpd_plan *plan, bool head)
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

static void begin_body(struct httpd_exchange *exchange, const struct http_request *request)
{
	if (request->flags & HTTP_FLAG_CHUNKED) {
		exchange->framing = HTTPD_BODY_CHUNKED;
		http_chunked_begin(&exchange->chunked);
	} else {
		exchange->framing = HTTPD_BODY_LENGTH;
		exchange->body_left = request->content_length;
	}
}

static void begin_output(struct httpd_exchange *exchange, const struct answer *answer)
{
	if (answer->plan->kind == HTTPD_PLAN_RANGES) {
		exchange->parts = true;
		exchange->entity = answer->plan->entity;
		exchange->ranges = answer->plan->ranges;
	} else {
		exchange->stretch = answer->body;
		exchange->stretch_at = answer->body_at;
		exchange->stretch_left = answer->body_bytes;
		exchange->stretch_period = answer->body_period;
	}
}

/* RFC 9110 section 10.1.1: only if the client waits for it, which it does not when the body is here already. */
static void put_continue(struct answer *answer, uint32_t bytes)
{
	const struct http_request *request = answer->request;

	if (!(request->flags & HTTP_FLAG_CONTINUE) || request->minor == 0 || request->at < bytes)
		return;
	begin_answer(answer);
	answer->at = HTTPD_TEXT_PUT(answer->at, "HTTP/1.1 100 Continue\r\n\r\n");
	end_answer(answer);
	count_status(answer->httpd, 100);
}

static void write_answer(struct answer *answer)
{
	begin_answer(answer);
	put_begin(answer, answer->plan->status);
	put_kind(answer);
	if (answer->body && !answer->head && is_inline(answer))
		answer->at = httpd_text_put(answer->at, answer->body + answer->body_at, answer->body_bytes);
	end_answer(answer);
	count_status(answer->httpd, answer->plan->status);
}

/* The answer goes on in the connection's exchange. */
static void answer_in_exchange(struct answer *answer, uint32_t bytes)
{
	struct httpd *httpd = answer->httpd;
	struct httpd_conn *conn = answer->conn;
	struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);

	httpd_exchange_reset(exchange);
	exchange->minor = answer->request->minor;
	if (answer->reads_body)
		begin_body(exchange, answer->request);
	exchange->echo = answer->reads_body && answer->plan->kind == HTTPD_PLAN_ECHO && !answer->head;
	if (exchange->echo) {
		put_continue(answer, bytes);
	} else {
		write_answer(answer);
		if (plan_needs_exchange(answer->plan, answer->head))
			begin_output(exchange, answer);
	}
	log_answer(answer, exchange);
	conn->state = HTTPD_CONN_EXCHANGE;
	httpd_conn_deadline(httpd, conn, httpd->config.progress_timeout_ms);
	httpd_exchange_output(httpd, conn);
}

/* Whether the body, if there is one, will be read; if not, its end is not looked for and the connection ends. */
static bool will_read_body(const struct httpd *httpd, const struct http_request *request, struct httpd_plan *plan)
{
	if (!http_request_has_body(request))
		return false;
	if (!plan->wants_body &&
	    (request->flags & HTTP_FLAG_CONTINUE || request->content_length > httpd->config.discard_max_bytes))
		plan->framing_in_doubt = true;
	return !plan->framing_in_doubt;
}

/* Whether the connection ends with this answer, and who wanted that. */
static void decide_last(const struct httpd *httpd, struct httpd_conn *conn, const struct http_request *request,
			const struct httpd_plan *plan)
{
	conn->count++;
	if (plan->framing_in_doubt || httpd->draining || conn->count >= httpd->config.requests_max)
		conn->flags |= HTTPD_CONN_LAST;
	else if (!http_request_is_persistent(request))
		conn->flags |= HTTPD_CONN_LAST | HTTPD_CONN_ASKED;
}

bool httpd_respond(struct httpd *httpd, struct httpd_conn *conn, const struct http_request *request,
		   const uint8_t *data, uint32_t bytes)
{
	struct httpd_plan_rules rules = {.content = httpd->content,
					 .endpoints = httpd->config.endpoints,
					 .body_max_bytes = httpd->config.body_max_bytes,
					 .now_s = httpd->wall_s};
	struct httpd_plan plan;
	struct answer answer = {.httpd = httpd, .conn = conn, .request = request, .data = data, .plan = &plan};
	bool needs_exchange;

	httpd_plan_make(&plan, &rules, request, data);
	answer.head = request->method == HTTP_METHOD_HEAD;
	answer.reads_body = will_read_body(httpd, request, &plan);
	needs_exchange = answer.reads_body || plan_needs_exchange(&plan, answer.head);
	if (needs_exchange && conn->exchange == HTTPD_POOL_NONE && !httpd_exchange_borrow(httpd, conn)) {
		httpd_conn_wait(httpd, conn);
		return false;
	}
	httpd_count(&httpd->count.requests, 1);
	decide_last(httpd, conn, request, &plan);
	if (needs_exchange) {
		answer_in_exchange(&answer, bytes);
		return true;
	}
	write_answer(&answer);
	log_answer(&answer, NULL);
	httpd_exchange_give_back(httpd, conn);
	httpd_conn_answered(httpd, conn);
	return true;
}

void httpd_respond_refuse(struct httpd *httpd, struct httpd_conn *conn, uint16_t status,
			  const struct http_request *request, const uint8_t *data)
{
	struct httpd_plan plan = {.status = status, .kind = HTTPD_PLAN_PAGE};
	struct answer answer = {.httpd = httpd, .conn = conn, .request = request, .data = data, .plan = &plan};

	conn->flags |= HTTPD_CONN_LAST;
	write_answer(&answer);
	log_answer(&answer, NULL);
	httpd_exchange_give_back(httpd, conn);
	httpd_conn_answered(httpd, conn);
}

void httpd_respond_echo_head(struct httpd *httpd, struct httpd_conn *conn)
{
	const struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);
	struct http_request request = {.minor = exchange->minor};
	struct httpd_plan plan = {.status = 200, .kind = HTTPD_PLAN_ECHO};
	struct answer answer = {.httpd = httpd, .conn = conn, .request = &request, .plan = &plan};

	if (exchange->framing == HTTPD_BODY_CHUNKED)
		request.flags = HTTP_FLAG_CHUNKED;
	else
		request.content_length = exchange->body_left + exchange->body_bytes;
	write_answer(&answer);
}

uint32_t httpd_respond_overload(const struct httpd *httpd, uint8_t *at)
{
	const uint8_t *start = at;

	at = put_status_line(at, 503);
	at = httpd_text_put(at, httpd->stamp + httpd->stamp_status_bytes,
			    httpd->stamp_bytes - httpd->stamp_status_bytes);
	at = HTTPD_TEXT_PUT(at, "Connection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
	return (uint32_t)(at - start);
}
