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

#include "app/httpd/httpd_list.h"
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
	HTTPD_CONN_ARMED = 1,       /* a timer is set, for armed_ms */
	HTTPD_CONN_PEER_CLOSED = 2, /* its FIN has come */
	HTTPD_CONN_LAST = 4,        /* no further request is taken after this one */
	HTTPD_CONN_ASKED = 8,       /* because the client said so: nothing more will come */
	HTTPD_CONN_BLOCKED = 16,    /* a send was short: ACKED or WRITABLE will come */
	HTTPD_CONN_FLAGS = 31,
	HTTPD_CONN_LIST_SHIFT = 5, /* above them, enum httpd_list_name */
};

struct httpd_conn {
	sluice_conn conn;
	uint32_t exchange; /* index, HTTPD_POOL_NONE: none */
	uint32_t deadline_ms, armed_ms;
	uint32_t next, previous; /* in its list */
	uint16_t count;          /* requests answered, as far as 16 bits go; while lingering, 64 bytes each */
	uint8_t state;           /* enum httpd_conn_state */
	uint8_t flags;           /* and the list it is in */
};

static_assert(sizeof(struct httpd_conn) == 32, "an idle connection costs 32 bytes");
static_assert(HTTPD_LIST_COUNT <= 1 << (8 - HTTPD_CONN_LIST_SHIFT), "the list has three bits");

/* What is written at the open and hardly read again: beside the records, and touched only with a limit that needs it. */
struct httpd_birth {
	uint32_t peer; /* what httpd_peers_leave() wants */
	uint32_t opened_ms;
};

static inline enum httpd_list_name httpd_conn_list(const struct httpd_conn *conn)
{
	return (enum httpd_list_name)(conn->flags >> HTTPD_CONN_LIST_SHIFT);
}

static inline bool httpd_conn_is_waiting(const struct httpd_conn *conn)
{
	enum httpd_list_name list = httpd_conn_list(conn);

	return list == HTTPD_LIST_STARVED || list == HTTPD_LIST_YIELDED;
}

/* OPENED.  NULL: no record, or its address has enough of them; the connection was turned away. */
struct httpd_conn *httpd_conn_open(struct httpd *httpd, sluice_conn conn);

/* Every later event of one that was turned away. */
void httpd_conn_turned_away(struct httpd *httpd, const struct sluice_event *event);

/* CLOSED: gives everything back. */
void httpd_conn_closed(struct httpd *httpd, struct httpd_conn *conn);

/* Every other event. */
void httpd_conn_event(struct httpd *httpd, struct httpd_conn *conn, const struct sluice_event *event);

/* Goes on as far as it can: reads, answers, sends. */
void httpd_conn_advance(struct httpd *httpd, struct httpd_conn *conn);

/* A body is read or a response sent from now on; the exchange has been borrowed. */
void httpd_conn_begin_exchange(struct httpd *httpd, struct httpd_conn *conn);

/* A response is complete: the next request, or the end. */
void httpd_conn_answered(struct httpd *httpd, struct httpd_conn *conn);

/* Between requests, or before the first, and neither inside a head nor waiting. */
static inline bool httpd_conn_is_idle(const struct httpd_conn *conn)
{
	return conn->state == HTTPD_CONN_READING && conn->exchange == HTTPD_POOL_NONE && !httpd_conn_is_waiting(conn);
}

/* The end of handling an event: what was collected is sent, and what was decided is done. */
void httpd_conn_settle(struct httpd *httpd, struct httpd_conn *conn);

/* Both directions, without lingering: what comes is answered with RST. */
void httpd_conn_close(struct httpd *httpd, struct httpd_conn *conn);

/* RST now. */
void httpd_conn_abort(struct httpd *httpd, struct httpd_conn *conn);

/* Goes on in httpd_turn(): HTTPD_LIST_STARVED when there is memory, HTTPD_LIST_YIELDED in any case. */
void httpd_conn_wait(struct httpd *httpd, struct httpd_conn *conn, enum httpd_list_name list);

/* Those that wait, first come first served, within this turn's share. */
void httpd_conn_resume_waiting(struct httpd *httpd);

/* Draining: closes it if it is between requests. */
void httpd_conn_close_if_idle(struct httpd *httpd, struct httpd_conn *conn);
