/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decides how an answer goes out: at once through the outbox, or through an exchange; whether the request's body is read,
 * and whether the connection goes on.  And counts and logs it.
 */
#include "app/httpd/httpd_respond.h"

#include "app/httpd/httpd_plan.h"
#include "app/httpd/httpd_server.h"

/* A request and its answer, on the way. */
struct reply {
	struct httpd *httpd;
	struct httpd_conn *conn;
	struct httpd_answer answer;
	bool reads_body; /* the exchange goes on with the request's body */
};

/* ---- Log and counters ---- */

static void fill_record(const struct reply *reply, struct httpd_log_record *record)
{
	const struct httpd_answer *answer = &reply->answer;
	const struct http_request *request = answer->request;
	struct sluice_address local, peer = {0};
	uint32_t bytes;

	sluice_addresses(reply->httpd->worker, reply->conn->conn, &local, &peer);
	*record = (struct httpd_log_record){.time_s = reply->httpd->wall_s, .status = answer->plan->status};
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
static void log_answer(const struct reply *reply, struct httpd_exchange *exchange)
{
	struct httpd *httpd = reply->httpd;
	struct httpd_log_record *record;

	if (!httpd->log.record)
		return;
	if (exchange) {
		fill_record(reply, &exchange->log);
		exchange->logs = true;
		exchange->begun_ns = httpd->now_ns;
		return;
	}
	record = httpd_log_reserve(&httpd->log);
	if (!record) {
		httpd_count(&httpd->count.log_lost, 1);
		return;
	}
	fill_record(reply, record);
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

static void begin_output(struct httpd_exchange *exchange, const struct httpd_answer *answer)
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
static void put_continue(struct httpd *httpd, const struct http_request *request, uint32_t bytes)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!(request->flags & HTTP_FLAG_CONTINUE) || request->minor == 0 || request->at < bytes)
		return;
	memcpy(httpd->outbox + httpd->outbox_bytes, text, sizeof(text) - 1);
	httpd->outbox_bytes += (uint32_t)sizeof(text) - 1;
	count_status(httpd, 100);
}

static void write_answer(struct reply *reply)
{
	struct httpd *httpd = reply->httpd;

	reply->answer.stamp = &httpd->stamp;
	reply->answer.last = reply->conn->flags & HTTPD_CONN_LAST;
	reply->answer.at = httpd->outbox + httpd->outbox_bytes;
	httpd_answer_write(&reply->answer);
	httpd->outbox_bytes = (uint32_t)(reply->answer.at - httpd->outbox);
	count_status(httpd, reply->answer.plan->status);
}

/* The answer goes on in the connection's exchange. */
static void answer_in_exchange(struct reply *reply, uint32_t bytes)
{
	struct httpd *httpd = reply->httpd;
	struct httpd_conn *conn = reply->conn;
	struct httpd_answer *answer = &reply->answer;
	struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);

	httpd_exchange_reset(exchange);
	exchange->minor = answer->request->minor;
	if (reply->reads_body)
		begin_body(exchange, answer->request);
	exchange->echo = reply->reads_body && answer->plan->kind == HTTPD_PLAN_ECHO && !answer->head;
	if (exchange->echo) {
		put_continue(httpd, answer->request, bytes);
	} else {
		write_answer(reply);
		if (httpd_answer_needs_exchange(answer->plan, answer->head))
			begin_output(exchange, answer);
	}
	log_answer(reply, exchange);
	httpd_conn_begin_exchange(httpd, conn);
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
	uint32_t requests_max = httpd->config.requests_max;

	if (conn->count < UINT16_MAX)
		conn->count++;
	if (plan->framing_in_doubt || httpd->draining || (requests_max && conn->count >= requests_max))
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
	struct reply reply = {
		.httpd = httpd, .conn = conn, .answer = {.request = request, .data = data, .plan = &plan}};
	bool needs_exchange;

	httpd_plan_make(&plan, &rules, request, data);
	reply.answer.head = request->method == HTTP_METHOD_HEAD;
	reply.reads_body = will_read_body(httpd, request, &plan);
	needs_exchange = reply.reads_body || httpd_answer_needs_exchange(&plan, reply.answer.head);
	if (needs_exchange && conn->exchange == HTTPD_POOL_NONE && !httpd_exchange_borrow(httpd, conn)) {
		httpd_conn_wait(httpd, conn, HTTPD_LIST_STARVED);
		return false;
	}
	httpd_count(&httpd->count.requests, 1);
	decide_last(httpd, conn, request, &plan);
	if (needs_exchange) {
		answer_in_exchange(&reply, bytes);
		return true;
	}
	write_answer(&reply);
	log_answer(&reply, NULL);
	httpd_exchange_give_back(httpd, conn);
	httpd_conn_answered(httpd, conn);
	return true;
}

void httpd_respond_refuse(struct httpd *httpd, struct httpd_conn *conn, uint16_t status,
			  const struct http_request *request, const uint8_t *data)
{
	struct httpd_plan plan = {.status = status, .kind = HTTPD_PLAN_PAGE};
	struct reply reply = {
		.httpd = httpd, .conn = conn, .answer = {.request = request, .data = data, .plan = &plan}};

	conn->flags |= HTTPD_CONN_LAST;
	write_answer(&reply);
	log_answer(&reply, NULL);
	httpd_exchange_give_back(httpd, conn);
	httpd_conn_answered(httpd, conn);
}

void httpd_respond_echo_head(struct httpd *httpd, struct httpd_conn *conn)
{
	const struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);
	struct http_request request = {.minor = exchange->minor};
	struct httpd_plan plan = {.status = 200, .kind = HTTPD_PLAN_ECHO};
	struct reply reply = {.httpd = httpd, .conn = conn, .answer = {.request = &request, .plan = &plan}};

	if (exchange->framing == HTTPD_BODY_CHUNKED)
		request.flags = HTTP_FLAG_CHUNKED;
	else
		request.content_length = exchange->body_left + exchange->body_bytes;
	write_answer(&reply);
}
