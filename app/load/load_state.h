/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the generator keeps: one cache line per connection, and the rest once per worker.  For the files of app/load
 * only.
 *
 * An open connection always has a request outstanding or is on its way to be closed; so nothing waits for a signal to
 * go on, and the end of a run needs no walk over idle connections.
 */
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/load/load.h"
#include "app/load/load_request.h"
#include "app/load/response.h"

enum load_conn_phase {
	LOAD_CONN_FREE,
	LOAD_CONN_CONNECTING, /* OPENED to come */
	LOAD_CONN_OPEN,       /* requests outstanding */
	LOAD_CONN_AWAIT_FIN,  /* responses complete; the server closes first */
	LOAD_CONN_CLOSING,    /* sluice_close() was called; CLOSED to come */
	LOAD_CONN_CUT,        /* sluice_abort() was called; CLOSED to come, the outcome is known */
};

/* What the next bytes of a connection are. */
enum load_body {
	LOAD_BODY_HEAD,
	LOAD_BODY_LENGTH,
	LOAD_BODY_CHUNK, /* a chunk's size line */
	LOAD_BODY_CHUNK_DATA,
	LOAD_BODY_CHUNK_END, /* the line end behind it */
	LOAD_BODY_TRAILER,
	LOAD_BODY_UNTIL_CLOSE,
};

struct load_conn {
	alignas(64) sluice_conn conn;
	uint64_t started_ns;    /* connect; then, with one request outstanding at most, its start */
	uint64_t body_left;     /* bytes of a length or a chunk still to come */
	uint64_t requests_left; /* that this connection may still send */
	uint32_t unsent_bytes;  /* of requests begun, that the send queue had no room for */
	uint32_t deadline;      /* in ticks of load_tick() */
	uint32_t next_free;
	uint16_t scanned_bytes; /* of an incomplete head or trailer, known to hold no end */
	uint8_t phase;          /* enum load_conn_phase */
	uint8_t body;           /* enum load_body */
	uint8_t outcome;        /* enum load_outcome, so far */
	uint8_t outstanding;    /* requests without their whole response */
	uint8_t oldest;         /* the first of them: its place in started_ring */
	bool is_answered;       /* the response under way has shown its first byte */
	bool is_good;           /* and its status is 2xx */
	bool is_last;           /* and the server will take no other request */
	bool peer_closed;
};

static_assert(sizeof(struct load_conn) == 64, "one cache line per connection");
static_assert(LOAD_PIPELINE_MAX <= UINT8_MAX, "counted in a byte");

#define LOAD_NO_CONN       UINT32_MAX
#define LOAD_SLICES        32  /* looked at in one go */
#define LOAD_GATHER_SLICES 512 /* for a head that came in small pieces */
#define LOAD_CACHE_BYTES   512
#define LOAD_SWEEP_CONNS   64 /* whose deadline is looked at in one turn */
#define LOAD_CUTS_PER_TURN 64
#define LOAD_RETRY_NS      1000000 /* after a connect that failed at once */

/* The last head, whole: the next one is most often the same to the byte. */
struct load_cache {
	uint32_t length; /* 0: empty */
	struct response_head head;
	char bytes[LOAD_CACHE_BYTES];
};

struct load {
	struct sluice_worker *worker;
	struct load_conn *conns;
	uint64_t *started_ring; /* pipeline > 1: `pipeline` starts per connection */
	uint32_t free_first;
	uint32_t in_progress;
	uint32_t next_local;
	bool is_recording;  /* times */
	bool ends_by_count; /* the window stays open until the last is finished */
	uint64_t begun;     /* of config.count */
	uint64_t start_ns;  /* the first turn; 0: none yet */
	uint64_t phase_end_ns;
	uint64_t retry_ns;
	uint64_t cut_ns;   /* when what is in progress is cut; 0: never */
	uint64_t timer_ns; /* of the worker; 0: not set */
	uint64_t sweep_ns, sweep_step_ns;
	uint32_t sweep_next;
	uint32_t connect_ticks, response_ticks;
	struct load_request request;
	struct load_config config;
	struct load_cache cache;
	struct load_results results;
	struct histogram histogram[LOAD_TIME_COUNT];
	struct sluice_slice gather_slice[LOAD_GATHER_SLICES];
	char gather_bytes[LOAD_HEAD_BYTES_MAX];
	char host_text[256];
};

/* The turn's clock; never 0, which says "not yet". */
static inline uint64_t load_now_ns(const struct load *load)
{
	uint64_t now_ns = sluice_now_ns(load->worker);

	return now_ns ? now_ns : 1;
}

/* Deadlines count in ticks of 2^20 ns, about a millisecond, from the first turn: 52 days. */
static inline uint32_t load_tick(const struct load *load, uint64_t now_ns)
{
	return (uint32_t)((now_ns - load->start_ns) >> 20);
}

/* Counters are written by the worker alone and read by anyone. */
#define LOAD_ADD(field, n) __atomic_store_n(&(field), (field) + (n), __ATOMIC_RELAXED)

static inline void load_time_record(struct load *load, enum load_time time, uint64_t since_ns, uint64_t now_ns)
{
	if (load->is_recording)
		histogram_record(&load->histogram[time], now_ns - since_ns);
}

/* ---- Ledgers: load_ledger.c ---- */

void load_ledger_begin(struct load_ledger *ledger, uint64_t count);
void load_ledger_end(struct load_ledger *ledger, enum load_outcome outcome, uint64_t count);
bool load_ledger_balances(const struct load_ledger *ledger);

/* ---- Connections: load_conn.c ---- */

/* Begins one; false when it failed at once (and was counted). */
bool load_conn_open(struct load *load, uint64_t now_ns);

/* OPENED, WRITABLE, PEER_CLOSED and CLOSED. */
void load_conn_opened(struct load *load, struct load_conn *conn, uint64_t now_ns);
void load_conn_writable(struct load *load, struct load_conn *conn);
void load_conn_peer_closed(struct load *load, struct load_conn *conn, uint64_t now_ns);
void load_conn_closed(struct load *load, struct load_conn *conn, enum sluice_reason reason);

/* A response is complete. */
void load_conn_answered(struct load *load, struct load_conn *conn, uint64_t now_ns);

/* After all responses of an event: sends as many new requests, or closes. */
void load_conn_go_on(struct load *load, struct load_conn *conn, uint64_t now_ns);

/* Gives a connection up: every request outstanding, and it, end so. */
void load_conn_cut(struct load *load, struct load_conn *conn, enum load_outcome outcome);

/* When the oldest outstanding request was begun. */
static inline uint64_t *load_conn_started(struct load *load, struct load_conn *conn, uint32_t place)
{
	size_t index = (size_t)(conn - load->conns);

	return load->started_ring ? &load->started_ring[index * load->config.pipeline + place] : &conn->started_ns;
}

/* ---- Bytes: load_input.c ---- */

/* READABLE: reads as many responses as there are. */
void load_input(struct load *load, struct load_conn *conn, uint32_t readable_bytes, uint64_t now_ns);
