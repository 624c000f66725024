/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A chunk is announced for content that lies readable before us; until TCP has taken all of it, the same bytes stay
 * unconsumed and are shown again, so that the announcement is always kept.
 */
#include "app/httpd/httpd_echo.h"

#include "app/httpd/httpd_respond.h"
#include "app/httpd/httpd_server.h"
#include "app/httpd/httpd_text.h"

/* The head goes out before the first content.  false: it is stuck, or the connection is gone. */
static bool begin(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange)
{
	if (!exchange->echo_begun) {
		exchange->echo_begun = true;
		httpd_respond_echo_head(httpd, conn);
	}
	return httpd_send_outbox(httpd, conn);
}

/* Where more small text goes, after what of it has not been sent. */
static uint8_t *small_end(struct httpd_exchange *exchange)
{
	if (exchange->small_at == exchange->small_bytes)
		exchange->small_at = exchange->small_bytes = 0;
	return exchange->small + exchange->small_bytes;
}

static void announce_chunk(struct httpd_exchange *exchange, uint32_t bytes)
{
	uint8_t *at = small_end(exchange);

	at = httpd_text_put_hex(at, bytes);
	at = HTTPD_TEXT_PUT(at, "\r\n");
	exchange->small_bytes = (uint16_t)(at - exchange->small);
	exchange->chunk_left = bytes;
}

static uint32_t least(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* Text before, content, and the line end after a chunk, in one send; TCP may take any number of their bytes. */
static uint32_t send_content(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange,
			     const uint8_t *data, uint32_t bytes, bool ends_chunk)
{
	uint32_t small = (uint32_t)(exchange->small_bytes - exchange->small_at);
	uint32_t offered = small + bytes + (ends_chunk ? 2 : 0);
	struct sluice_slice slice[3] = {
		{.data = exchange->small + exchange->small_at, .bytes = small},
		{.data = data, .bytes = bytes},
		{.data = "\r\n", .bytes = ends_chunk ? 2 : 0},
	};
	uint32_t sent = httpd_send(httpd, conn, slice, 3, SLUICE_SEND_COPY);
	uint32_t sent_small = least(sent, small);
	uint32_t sent_content = least(sent - sent_small, bytes);

	if (sent < offered)
		conn->flags |= HTTPD_CONN_BLOCKED;
	exchange->small_at = (uint16_t)(exchange->small_at + sent_small);
	if (ends_chunk && sent_content == bytes && sent < offered) {
		uint8_t *at = small_end(exchange);

		at = httpd_text_put(at, &"\r\n"[2 - (offered - sent)], offered - sent);
		exchange->small_bytes = (uint16_t)(at - exchange->small);
	}
	return sent_content;
}

uint32_t httpd_echo_content(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange,
			    const uint8_t *data, uint32_t bytes)
{
	bool chunked = exchange->framing == HTTPD_BODY_CHUNKED;
	uint32_t sent;

	if (!begin(httpd, conn, exchange))
		return 0;
	if (!chunked)
		return send_content(httpd, conn, exchange, data, bytes, false);
	if (exchange->chunk_left == 0)
		announce_chunk(exchange, bytes);
	bytes = least(exchange->chunk_left, bytes);
	sent = send_content(httpd, conn, exchange, data, bytes, bytes == exchange->chunk_left);
	exchange->chunk_left -= sent;
	return sent;
}

void httpd_echo_end(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange)
{
	uint8_t *at;

	if (!begin(httpd, conn, exchange) && conn->state != HTTPD_CONN_EXCHANGE)
		return;
	if (exchange->framing != HTTPD_BODY_CHUNKED)
		return;
	at = HTTPD_TEXT_PUT(small_end(exchange), "0\r\n\r\n");
	exchange->small_bytes = (uint16_t)(at - exchange->small);
}
