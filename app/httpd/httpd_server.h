/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the server share: the instance, its clock, its counters and the bytes on their way out.  Not for
 * users of the server; theirs is httpd.h.
 */
#pragma once

#include "app/httpd/http_request.h"
#include "app/httpd/httpd.h"
#include "app/httpd/httpd_conn.h"
#include "app/httpd/httpd_content.h"
#include "app/httpd/httpd_deadline.h"
#include "app/httpd/httpd_exchange.h"
#include "app/httpd/httpd_list.h"
#include "app/httpd/httpd_log.h"
#include "app/httpd/httpd_peers.h"
#include "app/httpd/httpd_pool.h"
#include "app/httpd/httpd_relief.h"

#define HTTPD_OUTBOX_BYTES            4096 /* short answers of one event, sent as one */
#define HTTPD_REQUESTS_A_TURN         64   /* of one connection; then others have their turn */
#define HTTPD_RESUMED_REQUESTS_A_TURN 512  /* of all together that had to wait; the rest waits for the next */

struct httpd {
	struct sluice_worker *worker;

	/* The clock, as of the event being handled. */
	uint64_t now_ns, start_ns, next_second_ns, wall_s;
	uint32_t now_ms; /* since start; wraps, so compare differences */

	uint32_t turn_requests;    /* that the connection at hand may still make */
	uint32_t send_queue_bytes; /* TCP's, as of the first connection; 0: there was none */
	bool draining;
	bool sending_is_short; /* as of the turn before: who owes acknowledgments is not answered further */
	struct httpd_stamp stamp;

	/* Answers of the connection at hand that have not been handed to TCP. */
	uint32_t outbox_bytes;
	uint8_t outbox[HTTPD_OUTBOX_BYTES];

	struct http_limits limits;
	const struct httpd_content *content;
	struct httpd_pool conns, exchanges, buffers;
	struct httpd_list list[HTTPD_LIST_COUNT];
	struct httpd_peers peers;
	struct httpd_birth *birth; /* by index of the connection */
	struct httpd_relief relief;
	struct httpd_log log;
	struct httpd_statistics count; /* written with httpd_count() only; gauges unused */

	struct httpd_config config;
	struct httpd_content *owned_content;
	uint16_t listener[HTTPD_LISTEN_MAX];
	uint32_t listener_count;
};

/* Counters are read by other threads. */
static inline void httpd_count(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter, *counter + more, __ATOMIC_RELAXED);
}

static inline struct httpd_conn *httpd_conn_at(const struct httpd *httpd, uint32_t index)
{
	return httpd_pool_item(&httpd->conns, index);
}

/* Brings the clock up to the turn's, and the Date line when a second began. */
void httpd_clock_update(struct httpd *httpd);
void httpd_clock_start(struct httpd *httpd);

/* Sends, and counts. */
uint32_t httpd_send(struct httpd *httpd, struct httpd_conn *conn, const struct sluice_slice *slice, uint32_t count,
		    unsigned flags);

/* TCP's memory for sending is short, and much of it waits for this peer's acknowledgment. */
bool httpd_send_is_owed(const struct httpd *httpd, const struct httpd_conn *conn);

/* How long what is queued may take after a close, when nothing is told any more of how it goes: its time at the least rate. */
uint32_t httpd_send_rest_ms(const struct httpd *httpd, const struct httpd_conn *conn);

/* Hands the outbox to TCP.  false: not all was taken; the rest waits in an exchange, or the connection was aborted. */
bool httpd_send_outbox(struct httpd *httpd, struct httpd_conn *conn);

/* Reads and answers what has been received.  true: there may be more. */
bool httpd_read(struct httpd *httpd, struct httpd_conn *conn);
