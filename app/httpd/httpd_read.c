/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From TCP: shows received bytes, in place, to whoever wants them.  A head that is whole in one slice is parsed where it
 * lies; one that is not is gathered in a borrowed buffer.
 */
#include "app/httpd/httpd_respond.h"
#include "app/httpd/httpd_server.h"

#define SLICES_MAX 16

static bool wants_input(const struct httpd *httpd, const struct httpd_conn *conn)
{
	if (httpd_conn_is_waiting(conn))
		return false;
	if (conn->state == HTTPD_CONN_READING)
		return true;
	return conn->state == HTTPD_CONN_EXCHANGE &&
	       httpd_exchange_wants_input(httpd_exchange_of(httpd, conn), conn->flags & HTTPD_CONN_BLOCKED);
}

/* Adds bytes to the head in the buffer; returns how many belonged to it. */
static uint32_t gather(struct httpd *httpd, struct httpd_conn *conn, const uint8_t *data, uint32_t bytes)
{
	struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);
	uint8_t *buffer = httpd_pool_item(&httpd->buffers, exchange->buffer);
	uint32_t before = exchange->buffer_bytes;
	struct http_request request;

	if (bytes > httpd->limits.header_max_bytes - before)
		bytes = httpd->limits.header_max_bytes - before;
	memcpy(buffer + before, data, bytes);
	exchange->buffer_bytes += bytes;
	switch (http_request_parse(&exchange->request, &httpd->limits, buffer, exchange->buffer_bytes)) {
	case HTTP_PARSE_INCOMPLETE:
		return bytes;
	case HTTP_PARSE_REFUSED:
		request = exchange->request;
		httpd_respond_refuse(httpd, conn, request.status, &request, buffer);
		return bytes;
	case HTTP_PARSE_READY:
		break;
	}
	request = exchange->request; /* the exchange is used for the answer */
	bytes = exchange->buffer_bytes;
	httpd_respond(httpd, conn, &request, buffer, bytes);
	return request.at - before;
}

/* A head begins here and is not whole.  0: no memory, to be shown again. */
static uint32_t begin_gathering(struct httpd *httpd, struct httpd_conn *conn, const uint8_t *data, uint32_t bytes)
{
	struct httpd_exchange *exchange;

	if (!httpd_send_outbox(httpd, conn))
		return 0; /* the buffer is taken by what could not be sent */
	if (!httpd_exchange_borrow(httpd, conn)) {
		httpd_conn_wait(httpd, conn, HTTPD_LIST_STARVED);
		return 0;
	}
	exchange = httpd_exchange_of(httpd, conn);
	if (!httpd_exchange_borrow_buffer(httpd, exchange)) {
		httpd_exchange_give_back(httpd, conn);
		httpd_conn_wait(httpd, conn, HTTPD_LIST_STARVED);
		return 0;
	}
	exchange->gathering = true;
	httpd_list_move(httpd, conn, HTTPD_LIST_HEAD);
	http_request_begin(&exchange->request);
	if (conn->count > 0) /* before the first request the deadline counts from the open */
		httpd_deadline_set(httpd, conn, httpd->config.header_timeout_ms);
	return gather(httpd, conn, data, bytes);
}

/* Until it has acknowledged enough, as if a response were in progress: at the least rate, or it is cut. */
static void await_acknowledgment(struct httpd *httpd, struct httpd_conn *conn)
{
	if (!httpd_send_outbox(httpd, conn))
		return;
	if (!httpd_exchange_borrow(httpd, conn)) {
		httpd_conn_wait(httpd, conn, HTTPD_LIST_STARVED);
		return;
	}
	httpd_conn_begin_exchange(httpd, conn);
	conn->flags |= HTTPD_CONN_BLOCKED;
}

static uint32_t take_head(struct httpd *httpd, struct httpd_conn *conn, const uint8_t *data, uint32_t bytes)
{
	struct http_request request;

	if (conn->exchange != HTTPD_POOL_NONE)
		return gather(httpd, conn, data, bytes);
	if (httpd->outbox_bytes > HTTPD_OUTBOX_BYTES - HTTPD_RESPONSE_BYTES && !httpd_send_outbox(httpd, conn))
		return 0;
	if (httpd->turn_requests == 0) {
		httpd_conn_wait(httpd, conn, HTTPD_LIST_YIELDED);
		return 0;
	}
	if (httpd_send_is_owed(httpd, conn)) {
		await_acknowledgment(httpd, conn);
		return 0;
	}
	httpd->turn_requests--;
	http_request_begin(&request);
	switch (http_request_parse(&request, &httpd->limits, data, bytes)) {
	case HTTP_PARSE_READY:
		return httpd_respond(httpd, conn, &request, data, bytes) ? request.at : 0;
	case HTTP_PARSE_REFUSED:
		httpd_respond_refuse(httpd, conn, request.status, &request, data);
		return bytes;
	case HTTP_PARSE_INCOMPLETE:
		break;
	}
	return begin_gathering(httpd, conn, data, bytes);
}

/* Returns how many bytes of the slice were used. */
static uint32_t take(struct httpd *httpd, struct httpd_conn *conn, const uint8_t *data, uint32_t bytes)
{
	uint32_t used = 0, more = 1;

	while (more > 0 && used < bytes && wants_input(httpd, conn)) {
		if (conn->state == HTTPD_CONN_READING)
			more = take_head(httpd, conn, data + used, bytes - used);
		else
			more = httpd_exchange_input(httpd, conn, data + used, bytes - used);
		used += more;
	}
	return used;
}

bool httpd_read(struct httpd *httpd, struct httpd_conn *conn)
{
	struct sluice_slice slice[SLICES_MAX];
	uint32_t count, used = 0, i;

	if (!wants_input(httpd, conn))
		return false;
	count = sluice_peek(httpd->worker, conn->conn, slice, SLICES_MAX);
	for (i = 0; i < count; i++) {
		uint32_t taken = take(httpd, conn, slice[i].data, slice[i].bytes);

		used += taken;
		if (taken < slice[i].bytes)
			break;
	}
	if (used > 0) {
		sluice_consume(httpd->worker, conn->conn, used);
		httpd_count(&httpd->count.bytes_received, used);
	}
	return count == SLICES_MAX && i == count;
}
