/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The load generator on one worker: opens connections, sends HTTP requests, checks the responses, and accounts for
 * every attempt as exactly one outcome.  It sees the stack through lib/sluice.h alone and its time is the worker's,
 * so the simulator drives it unchanged:
 *
 *	while (!load_is_finished(load)) {
 *		events = sluice_poll(worker, &count);
 *		for (i = 0; i < count; i++)
 *			load_handle(load, &events[i]);
 *		load_turn(load);
 *		sluice_flush(worker);
 *	}
 *
 * The loop is closed: a new connection, or request, begins when an old one ends.  It says how much work the server
 * does, not how long clients with a schedule of their own would wait.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/common/histogram.h"
#include "lib/sluice.h"

enum load_mode {
	LOAD_MODE_CPS, /* a connection, one request, its response, close; and again */
	LOAD_MODE_RPS, /* connections that stay open, one request after the other */
};

enum load_closer { LOAD_CLOSER_CLIENT, LOAD_CLOSER_SERVER };

#define LOAD_PIPELINE_MAX   64
#define LOAD_HEAD_BYTES_MAX 16384 /* of a response's header section, or a chunk's line, or its trailers */

/* Zero for a limit means none.  Texts and addresses are copied by load_open(). */
struct load_config {
	enum load_mode mode;
	enum load_closer closer; /* cps: who sends the first FIN */
	struct sluice_address target;
	struct sluice_address local[SLUICE_SUBNETS_MAX]; /* sources, used in turn; port 0 */
	uint32_t local_count;                            /* 0: chosen by route */
	const char *host;                                /* NULL: the target's address */
	const char *path;
	uint32_t concurrency;             /* connections in progress at once */
	uint32_t pipeline;                /* rps: requests outstanding on each, at most LOAD_PIPELINE_MAX */
	uint32_t opens_per_turn;          /* connects begun in one turn, at most */
	uint64_t requests_per_connection; /* rps: then close and open anew */
	uint64_t count;                   /* stop after so many connections (cps) or requests (rps) */
	uint64_t warm_up_ns;              /* after every connection has been attempted once; not part of the figures */
	uint64_t duration_ns;             /* measured, after the warm-up */
	uint64_t connect_timeout_ns;
	uint64_t response_timeout_ns; /* from a request to the last byte of its response; from close to its end */
	uint64_t drain_ns;            /* after the end: for what is in progress; then it is cut */
};

void load_config_defaults(struct load_config *config);

/*
 * X(NAME, key, "what it means"): how an attempted connection, or a request that was sent, ended.  A connection is a
 * success if it opened, all its requests were, and no reset or timeout ended it; else its outcome is the first thing
 * that went wrong.
 */
#define LOAD_OUTCOMES(X)                                                                       \
	X(SUCCESS, success, "as intended, status 2xx")                                         \
	X(STATUS, status_not_2xx, "complete, but the status was not 2xx")                      \
	X(BAD_RESPONSE, bad_response, "bytes that are no HTTP response to what was asked")     \
	X(CLOSED_EARLY, closed_early, "closed by the server before the response was complete") \
	X(REFUSED, refused, "the connection was refused")                                      \
	X(RESET, reset, "reset by the server")                                                 \
	X(TIMED_OUT, timed_out, "no answer in time")                                           \
	X(UNREACHABLE, unreachable, "no route, or the next hop does not answer")               \
	X(NO_LOCAL_PORT, no_local_port, "every local port to this target is in use")           \
	X(NO_MEMORY, no_memory, "no connection record, or out of memory")                      \
	X(STOPPED, stopped, "cut by the end of the run")

enum load_outcome {
#define X(name, key, text) LOAD_OUTCOME_##name,
	LOAD_OUTCOMES(X)
#undef X
		LOAD_OUTCOME_COUNT
};

const char *load_outcome_key(enum load_outcome outcome);
const char *load_outcome_text(enum load_outcome outcome);

enum load_phase {
	LOAD_PHASE_RAMP, /* until every connection has been attempted once */
	LOAD_PHASE_WARM_UP,
	LOAD_PHASE_MEASURE,
	LOAD_PHASE_DRAIN,    /* nothing new begins */
	LOAD_PHASE_FINISHED, /* nothing is in progress */
};

/* attempted == the sum of the outcomes + in_progress, always. */
struct load_ledger {
	uint64_t attempted;
	uint64_t in_progress;
	uint64_t outcome[LOAD_OUTCOME_COUNT];
};

struct load_counts {
	struct load_ledger connections, requests;
	uint64_t opened;       /* handshakes completed */
	uint64_t interim;      /* 1xx responses skipped */
	uint64_t heads_cached; /* response heads equal to the one before, byte for byte */
	uint64_t body_bytes;   /* of complete and incomplete responses, framing not counted */
};

enum load_time {
	LOAD_TIME_HANDSHAKE,  /* connect to OPENED */
	LOAD_TIME_FIRST_BYTE, /* request to the first byte of its response */
	LOAD_TIME_REQUEST,    /* request to the last byte of its response */
	LOAD_TIME_COUNT
};

const char *load_time_key(enum load_time time);

struct load_results {
	enum load_phase phase;
	uint64_t start_ns;             /* the first turn; 0: none yet */
	uint64_t now_ns;               /* of the worker, when this was last written */
	uint64_t begin_ns, end_ns;     /* of the measured window; end 0: still open; begin 0: not begun */
	struct load_counts total;      /* the whole run */
	struct load_counts begin, end; /* as they were at the window's ends */
};

enum load_window { LOAD_WINDOW_BEFORE, LOAD_WINDOW_OPEN, LOAD_WINDOW_ENDED };

struct load;

/*
 * Copies `config`, allocates everything that will be needed.  The worker must stay until load_close().  Returns 0,
 * -EINVAL (a field out of range) or -ENOMEM.
 */
int load_open(const struct load_config *config, struct sluice_worker *worker, struct load **load);

/* One event of this turn's poll. */
void load_handle(struct load *load, const struct sluice_event *event);

/* After a turn's events and before its flush: opens connections, notices what is late, moves from phase to phase. */
void load_turn(struct load *load);

bool load_is_finished(const struct load *load);

/* Where the measured window stands, for counters kept elsewhere.  The worker's thread. */
enum load_window load_window(const struct load *load);

/* Begins nothing new from now on; what is in progress has drain_ns to finish.  The worker's thread. */
void load_stop(struct load *load);

/*
 * Any thread: the counts may be of slightly different moments while the worker runs.  Once it is finished they are
 * exact, and the ledgers balance.
 */
void load_results(const struct load *load, struct load_results *results);

/*
 * One of the worker's histograms, of the measured window; reset when it begins.  Any thread, through histogram_copy().
 */
const struct histogram *load_histogram(const struct load *load, enum load_time time);

/*
 * Frees everything.  The request's bytes are lent to the worker (SLUICE_SEND_STATIC), so the worker must not be
 * polled or flushed afterwards unless the load is finished.
 */
void load_close(struct load *load);
