/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection between events: 32 bytes.  Everything a request needs beyond that is borrowed.
 *
 *              whole request                 all sent, all read
 *   READING  ----------------->  EXCHANGE  ---------------------> READING or ENDING
 *      |   short answer: READING or ENDING
 *      v idle, refused                 our FIN                          peer's FIN
 *   ENDING (within one event) -------------------> LINGERING, CLOSING ------------> gone with CLOSED
 */
#pragma once

#include <assert.h>

#include "app/httpd/httpd_pool.h"
#include "lib/sluice.h"

struct httpd;

enum httpd_conn_state {
	HTTPD_CONN_FREE,      /* the record is in the pool */
	HTTPD_CONN_READING,   /* between requests, or inside a head (then it has an exchange) */
	HTTPD_CONN_EXCHANGE,  /* a body is being read or a response sent */
	HTTPD_CONN_ENDING,    /* nothing more will be answered; our FIN follows when the event has been handled */
	HTTPD_CONN_LINGERING, /* our FIN is queued; what comes is thrown away, so that no RST overtakes our answer */
	HTTPD_CONN_CLOSING,   /* closed or aborted; CLOSED will come */
};

enum {
	HTTPD_CONN_ARMED = 1,   /* a timer is set, for armed_ms */
	HTTPD_CONN_STARVED = 2, /* in the list of those that wait for an exchange or a buffer */
	HTTPD_CONN_YIELDED = 4, /* in the list of those that had their share of this turn */
	HTTPD_CONN_WAITING = HTTPD_CONN_STARVED | HTTPD_CONN_YIELDED,
	HTTPD_CONN_PEER_CLOSED = 8, /* its FIN has come */
	HTTPD_CONN_LAST = 16,       /* no further request is taken after this one */
	HTTPD_CONN_ASKED = 32,      /* because the client said so: nothing more will come */
	HTTPD_CONN_BLOCKED = 64,    /* a send was short: ACKED or WRITABLE will come */
};

struct httpd_conn {
	sluice_conn conn;
	uint32_t exchange; /* index, HTTPD_POOL_NONE: none */
	uint32_t deadline_ms, armed_ms;
	uint32_t next, previous; /* in a list of those that wait */
	uint16_t count;          /* requests answered, as far as 16 bits go; while lingering, 64 bytes each */
	uint8_t state;           /* enum httpd_conn_state */
	uint8_t flags;
};

static_assert(sizeof(struct httpd_conn) == 32, "an idle connection costs 32 bytes");

/* OPENED.  NULL: no record; the connection was answered and closed. */
struct httpd_conn *httpd_conn_open(struct httpd *httpd, sluice_conn conn);

/* CLOSED: gives everything back. */
void httpd_conn_closed(struct httpd *httpd, struct httpd_conn *conn);

/* Every other event. */
void httpd_conn_event(struct httpd *httpd, struct httpd_conn *conn, const struct sluice_event *event);

/* Goes on as far as it can: reads, answers, sends. */
void httpd_conn_advance(struct httpd *httpd, struct httpd_conn *conn);

/* Moves the deadline; the timer is touched only when it moves earlier. */
void httpd_conn_deadline(struct httpd *httpd, struct httpd_conn *conn, uint32_t after_ms);

/* A response is complete: the next request, or the end. */
void httpd_conn_answered(struct httpd *httpd, struct httpd_conn *conn);

/* RST now. */
void httpd_conn_abort(struct httpd *httpd, struct httpd_conn *conn);

/* Goes on in httpd_turn(): HTTPD_CONN_STARVED when there is memory, HTTPD_CONN_YIELDED in any case. */
void httpd_conn_wait(struct httpd *httpd, struct httpd_conn *conn, uint8_t reason);

/* Those that wait, first come first served. */
void httpd_conn_resume_waiting(struct httpd *httpd);

/* Draining: closes it if it is between requests. */
void httpd_conn_close_if_idle(struct httpd *httpd, struct httpd_conn *conn);
