/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Towards TCP.  Short answers of one event are collected and handed over in one call; what TCP does not take is kept in
 * a borrowed buffer until it does.
 */
#include "app/httpd/httpd_server.h"

#define OWED_MAX_BYTES 4096 /* not acknowledged, while memory for sending is short */

uint32_t httpd_send(struct httpd *httpd, struct httpd_conn *conn, const struct sluice_slice *slice, uint32_t count,
		    unsigned flags)
{
	uint32_t bytes = sluice_send(httpd->worker, conn->conn, slice, count, flags);

	httpd_count(&httpd->count.bytes_sent, bytes);
	return bytes;
}

bool httpd_send_is_owed(const struct httpd *httpd, const struct httpd_conn *conn)
{
	struct sluice_conn_info info = {0};

	return httpd->sending_is_short && sluice_conn_info(httpd->worker, conn->conn, &info) &&
	       info.queued_bytes > OWED_MAX_BYTES;
}

uint32_t httpd_send_rest_ms(const struct httpd *httpd, const struct httpd_conn *conn)
{
	uint32_t least_bytes = httpd->config.min_bytes_per_second ? httpd->config.min_bytes_per_second : 1;
	struct sluice_conn_info info = {.queued_bytes = HTTPD_OUTBOX_BYTES}; /* at most, after a short answer */
	uint64_t ms = httpd->config.progress_timeout_ms;

	if ((uint64_t)sluice_send_room(httpd->worker, conn->conn) + HTTPD_OUTBOX_BYTES < httpd->send_queue_bytes)
		sluice_conn_info(httpd->worker, conn->conn,
				 &info); /* which asks for more than this, and takes longer */
	ms += (uint64_t)info.queued_bytes * 1000 / least_bytes;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* The rest of the outbox, from `taken` on, waits in the connection's exchange. */
static bool keep_rest(struct httpd *httpd, struct httpd_conn *conn, uint32_t taken)
{
	struct httpd_exchange *exchange;

	if (conn->exchange == HTTPD_POOL_NONE && !httpd_exchange_borrow(httpd, conn))
		return false;
	exchange = httpd_exchange_of(httpd, conn);
	if (!httpd_exchange_borrow_buffer(httpd, exchange))
		return false;
	exchange->buffer_at = 0;
	exchange->buffer_bytes = httpd->outbox_bytes - taken;
	memcpy(httpd_pool_item(&httpd->buffers, exchange->buffer), httpd->outbox + taken, exchange->buffer_bytes);
	if (conn->state != HTTPD_CONN_EXCHANGE)
		httpd_conn_begin_exchange(httpd, conn);
	conn->flags |= HTTPD_CONN_BLOCKED;
	return true;
}

bool httpd_send_outbox(struct httpd *httpd, struct httpd_conn *conn)
{
	struct sluice_slice slice = {.data = httpd->outbox, .bytes = httpd->outbox_bytes};
	uint32_t taken;

	if (slice.bytes == 0)
		return true;
	taken = httpd_send(httpd, conn, &slice, 1, SLUICE_SEND_COPY);
	if (taken < slice.bytes && !keep_rest(httpd, conn, taken)) {
		httpd_conn_abort(httpd, conn); /* neither TCP nor we have room: the answer cannot be completed */
		return false;
	}
	httpd->outbox_bytes = 0;
	return taken == slice.bytes;
}
