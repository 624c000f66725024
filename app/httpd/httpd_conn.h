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

/* CLOSED: gives everything back. */
void httpd_conn_closed(struct httpd *httpd, struct httpd_conn *conn);

/* Every other event. */
void httpd_conn_event(struct httpd *httpd, struct httpd_conn *conn, const struct sluice_event *event);

/* Goes on as far as it can: reads, answers, sends. */
void httpd_conn_advance(struct httpd *httpd, struct httpd_conn *conn);

/* Moves the deadline; the timer is touched only when it moves earlier. */
void httpd_conn_deadline(struct httpd *httpd, struct httpd_conn *conn, uint32_t after_ms);

/* A body is read or a response sent from now on; the exchange has been borrowed. */
void httpd_conn_begin_exchange(struct httpd *httpd, struct httpd_conn *conn);

/* A response is complete: the next request, or the end. */
void httpd_conn_answered(struct httpd *httpd, struct httpd_conn *conn);

/* RST now. */
void httpd_conn_abort(struct httpd *httpd, struct httpd_conn *conn);

/* Goes on in httpd_turn(): HTTPD_LIST_STARVED when there is memory, HTTPD_LIST_YIELDED in any case. */
void httpd_conn_wait(struct httpd *httpd, struct httpd_conn *conn, enum httpd_list_name list);

/* Those that wait, first come first served, within this turn's share. */
void httpd_conn_resume_waiting(struct httpd *httpd);

/* Draining: closes it if it is between requests. */
void httpd_conn_close_if_idle(struct httpd *httpd, struct httpd_conn *conn);

/* ---- When memory is needed: the first of a list.  false: within its grace ---- */

/* Nobody is called slow before: asking takes a round trip or two, and a pace shows itself later. */
#define HTTPD_TRIP_GRACE_MS 250
#define HTTPD_PACE_GRACE_MS 2000

bool httpd_conn_cut_head(struct httpd *httpd, struct httpd_conn *conn);    /* as if its time were up */
bool httpd_conn_cut_starved(struct httpd *httpd, struct httpd_conn *conn); /* the same */
bool httpd_conn_cut_leaving(struct httpd *httpd, struct httpd_conn *conn); /* a reset */
bool httpd_conn_reset_idle(struct httpd *httpd, struct httpd_conn *conn);
bool httpd_conn_close_idle(struct httpd *httpd, struct httpd_conn *conn); /* in order, if the peer takes our answers */

/* MOVING: looks at the pace before its time, and cuts it or gives it another span. */
bool httpd_conn_hurry(struct httpd *httpd, struct httpd_conn *conn);
