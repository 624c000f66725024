/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bodies in both directions.  Output goes first in, first out: the rest of an outbox, then for each part its small
 * text and its stretch of static memory.  Input is thrown away, or echoed with back-pressure: a byte is consumed when
 * TCP has taken its copy, and not before.
 */
#include "app/httpd/httpd_exchange.h"

#include "app/httpd/httpd_answer.h"
#include "app/httpd/httpd_echo.h"
#include "app/httpd/httpd_respond.h"
#include "app/httpd/httpd_server.h"

#define STRETCH_SLICES_MAX 16

struct httpd_exchange *httpd_exchange_of(const struct httpd *httpd, const struct httpd_conn *conn)
{
	return httpd_pool_item(&httpd->exchanges, conn->exchange);
}

bool httpd_exchange_borrow(struct httpd *httpd, struct httpd_conn *conn)
{
	uint32_t index = httpd_pool_borrow(&httpd->exchanges);

	if (index == HTTPD_POOL_NONE)
		return false;
	httpd_list_move(httpd, conn, HTTPD_LIST_NONE);
	conn->exchange = index;
	httpd_exchange_reset(httpd_exchange_of(httpd, conn));
	httpd_exchange_of(httpd, conn)->buffer = HTTPD_POOL_NONE;
	return true;
}

void httpd_exchange_reset(struct httpd_exchange *exchange)
{
	uint32_t buffer = exchange->buffer;

	memset(exchange, 0, offsetof(struct httpd_exchange, ranges));
	exchange->buffer = buffer;
	exchange->moved_bytes = 0;
}

bool httpd_exchange_borrow_buffer(struct httpd *httpd, struct httpd_exchange *exchange)
{
	if (exchange->buffer == HTTPD_POOL_NONE)
		exchange->buffer = httpd_pool_borrow(&httpd->buffers);
	return exchange->buffer != HTTPD_POOL_NONE;
}

/* The record that was begun with the head; `sent` says how much of the body was. */
static void write_log(struct httpd *httpd, const struct httpd_exchange *exchange)
{
	struct httpd_log_record *record;
	uint64_t unsent = exchange->stretch_left;

	if (!exchange->logs)
		return;
	record = httpd_log_reserve(&httpd->log);
	if (!record) {
		httpd_count(&httpd->count.log_lost, 1);
		return;
	}
	*record = exchange->log;
	record->duration_us = (uint32_t)((httpd->now_ns - exchange->begun_ns) / 1000);
	record->bytes = exchange->echo ? exchange->body_bytes : record->bytes - unsent;
	httpd_log_publish(&httpd->log);
	httpd_count(&httpd->count.log_records, 1);
}

void httpd_exchange_give_back(struct httpd *httpd, struct httpd_conn *conn)
{
	struct httpd_exchange *exchange;

	if (conn->exchange == HTTPD_POOL_NONE)
		return;
	exchange = httpd_exchange_of(httpd, conn);
	write_log(httpd, exchange);
	if (!httpd_conn_is_waiting(conn))
		httpd_list_move(httpd, conn, HTTPD_LIST_NONE);
	if (exchange->buffer != HTTPD_POOL_NONE)
		httpd_pool_give_back(&httpd->buffers, exchange->buffer);
	httpd_pool_give_back(&httpd->exchanges, conn->exchange);
	conn->exchange = HTTPD_POOL_NONE;
}

/* All of it, or the connection is blocked. */
static bool all_taken(struct httpd_conn *conn, uint64_t left)
{
	if (left > 0)
		conn->flags |= HTTPD_CONN_BLOCKED;
	return left == 0;
}

static bool send_buffer(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange)
{
	uint32_t left = exchange->buffer_bytes - exchange->buffer_at;
	struct sluice_slice slice = {.bytes = left};

	if (left == 0)
		return true;
	slice.data = (uint8_t *)httpd_pool_item(&httpd->buffers, exchange->buffer) + exchange->buffer_at;
	exchange->buffer_at += httpd_send(httpd, conn, &slice, 1, SLUICE_SEND_COPY);
	return all_taken(conn, exchange->buffer_bytes - exchange->buffer_at);
}

static bool send_small(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange)
{
	struct sluice_slice slice = {.data = exchange->small + exchange->small_at,
				     .bytes = (uint32_t)(exchange->small_bytes - exchange->small_at)};

	if (slice.bytes == 0)
		return true;
	exchange->small_at = (uint16_t)(exchange->small_at + httpd_send(httpd, conn, &slice, 1, SLUICE_SEND_COPY));
	return all_taken(conn, (uint64_t)(exchange->small_bytes - exchange->small_at));
}

/* Slices of what is left of the stretch, going round its memory if that repeats. */
static uint32_t slice_stretch(const struct httpd_exchange *exchange, struct sluice_slice *slice, uint64_t *bytes)
{
	uint64_t at = exchange->stretch_at, left = exchange->stretch_left;
	uint32_t count = 0;

	while (left > 0 && count < STRETCH_SLICES_MAX) {
		uint64_t place = exchange->stretch_period ? at % exchange->stretch_period : at;
		uint64_t room = exchange->stretch_period ? exchange->stretch_period - place : UINT32_MAX;
		uint32_t part = (uint32_t)(left < room ? left : room);

		slice[count++] = (struct sluice_slice){.data = exchange->stretch + place, .bytes = part};
		at += part;
		left -= part;
	}
	*bytes = exchange->stretch_left - left;
	return count;
}

static bool send_stretch(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange)
{
	struct sluice_slice slice[STRETCH_SLICES_MAX];

	while (exchange->stretch_left > 0) {
		uint64_t offered;
		uint32_t count = slice_stretch(exchange, slice, &offered);
		uint32_t taken = httpd_send(httpd, conn, slice, count, SLUICE_SEND_STATIC);

		exchange->stretch_at += taken;
		exchange->stretch_left -= taken;
		if (taken < offered)
			return all_taken(conn, 1);
	}
	return true;
}

/* The next part's header lines and stretch; false: the end has been prepared before. */
static bool next_part(struct httpd_exchange *exchange)
{
	const struct http_range *range = &exchange->ranges.range[exchange->part];

	if (!exchange->parts || exchange->part > exchange->ranges.count)
		return false;
	exchange->small_at = 0;
	exchange->small_bytes =
		(uint16_t)httpd_answer_part(exchange->entity, &exchange->ranges, exchange->part, exchange->small);
	if (exchange->part < exchange->ranges.count) {
		exchange->stretch = exchange->entity->body;
		exchange->stretch_at = range->first;
		exchange->stretch_left = http_range_bytes(range);
	}
	exchange->part++;
	return true;
}

void httpd_exchange_output(struct httpd *httpd, struct httpd_conn *conn)
{
	struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);

	if (!httpd_send_outbox(httpd, conn) || !send_buffer(httpd, conn, exchange))
		return;
	do {
		if (!send_small(httpd, conn, exchange) || !send_stretch(httpd, conn, exchange))
			return;
	} while (next_part(exchange));
	if (exchange->framing != HTTPD_BODY_ENDED)
		return;
	/* An exchange must go on at the least rate, an idle connection need not. */
	if (httpd_send_is_owed(httpd, conn)) {
		conn->flags |= HTTPD_CONN_BLOCKED;
		return;
	}
	httpd_exchange_give_back(httpd, conn);
	httpd_conn_answered(httpd, conn);
}

bool httpd_exchange_wants_input(const struct httpd_exchange *exchange, bool blocked)
{
	return exchange->framing != HTTPD_BODY_ENDED && !(exchange->echo && blocked);
}

/* The body is wrong or came to an early end. */
static void fail(struct httpd *httpd, struct httpd_conn *conn, uint16_t status)
{
	struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);

	conn->flags |= HTTPD_CONN_LAST;
	conn->flags &= (uint8_t)~HTTPD_CONN_ASKED; /* what follows is not known to be nothing */
	if (exchange->echo && !exchange->echo_begun) {
		exchange->logs = false; /* the refusal is logged instead */
		httpd_respond_refuse(httpd, conn, status, NULL, NULL);
		return;
	}
	exchange->framing = HTTPD_BODY_ENDED;
	if (exchange->echo) {
		exchange->small_at = exchange->small_bytes = 0; /* the client must see that something is missing */
		httpd_count(&httpd->count.truncated, 1);
	}
	httpd_exchange_output(httpd, conn);
}

void httpd_exchange_truncate(struct httpd *httpd, struct httpd_conn *conn)
{
	fail(httpd, conn, 400);
}

static struct http_chunked_step next_content(struct httpd_exchange *exchange, const uint8_t *data, uint32_t bytes)
{
	if (exchange->framing == HTTPD_BODY_CHUNKED)
		return http_chunked_next(&exchange->chunked, data, bytes);
	return (struct http_chunked_step){.content_bytes =
						  exchange->body_left < bytes ? (uint32_t)exchange->body_left : bytes};
}

static void account(struct httpd_exchange *exchange, uint32_t bytes)
{
	exchange->body_bytes += bytes;
	if (exchange->framing == HTTPD_BODY_CHUNKED)
		http_chunked_take(&exchange->chunked, bytes);
	else
		exchange->body_left -= bytes;
}

/* An unwanted body that goes on for too long is not read to its end: the connection closes after the answer. */
static bool is_too_much(const struct httpd *httpd, const struct httpd_exchange *exchange)
{
	return !exchange->echo && exchange->body_bytes > httpd->config.discard_max_bytes;
}

uint32_t httpd_exchange_input(struct httpd *httpd, struct httpd_conn *conn, const uint8_t *data, uint32_t bytes)
{
	struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);
	struct http_chunked_step step = next_content(exchange, data, bytes);
	uint32_t taken = step.content_bytes;

	if (!step.status && taken > httpd->config.body_max_bytes - exchange->body_bytes)
		step.status = 413;
	if (step.status) {
		fail(httpd, conn, step.status);
		return bytes;
	}
	if (exchange->echo && taken > 0)
		taken = httpd_echo_content(httpd, conn, exchange, data + step.framing_bytes, taken);
	if (conn->state != HTTPD_CONN_EXCHANGE)
		return bytes; /* aborted for want of memory */
	account(exchange, taken);
	exchange->moved_bytes += step.framing_bytes + taken;
	taken += step.framing_bytes;
	if (is_too_much(httpd, exchange)) {
		fail(httpd, conn, 413);
	} else if (step.done || (exchange->framing == HTTPD_BODY_LENGTH && exchange->body_left == 0)) {
		if (exchange->echo)
			httpd_echo_end(httpd, conn, exchange);
		exchange->framing = HTTPD_BODY_ENDED;
		if (conn->state == HTTPD_CONN_EXCHANGE && !(conn->flags & HTTPD_CONN_BLOCKED))
			httpd_exchange_output(httpd, conn);
	}
	return taken;
}
