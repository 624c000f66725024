/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP/1.1 server as a library over sluice.h: what the program, the simulator and the load generator's loopback
 * drive.  One struct httpd belongs to one worker and is called on that worker's thread only, except where a
 * docstring says otherwise.  It allocates when it is opened and never again, reads no clock but the worker's and
 * config->wall_ns, and calls nothing that blocks.
 *
 * A turn:  sluice_poll(); httpd_handle() for each event that is ours; httpd_turn(); sluice_flush().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/sluice.h"

#define HTTPD_LISTEN_MAX 16
#define HTTPD_EXEMPT_MAX 16

struct httpd;
struct httpd_content;
struct httpd_log_record;

/* Sizes are per worker.  httpd_config_defaults() fills in every field. */
struct httpd_config {
	struct sluice_address listen[HTTPD_LISTEN_MAX]; /* port 0 means 80 */
	uint32_t listen_count;                          /* 0: every address of both families, port 80 */

	const struct httpd_content *content; /* shared by workers, outlives them; NULL: `root` is loaded at open */
	const char *root;                    /* document root; NULL: built-in pages */
	uint64_t content_max_bytes;          /* what the document root may come to */
	bool endpoints;                      /* serve /plaintext, /json, /bytes/N, /echo and /status/N */

	uint32_t connections; /* records of 32 bytes; more connections are answered 503 */
	uint32_t exchanges;   /* requests or responses in progress: about 1 KiB each */
	uint32_t buffers;     /* request heads in pieces: header_max_bytes each, at least 4 KiB */

	uint32_t target_max_bytes;  /* request target, above it 414 */
	uint32_t header_max_bytes;  /* request line and fields together, above it 431 */
	uint32_t header_max_fields; /* field lines, above it 431 */
	uint64_t body_max_bytes;    /* request body, above it 413 */
	uint32_t discard_max_bytes; /* unwanted request body that is read to keep the connection; more closes it */
	uint32_t linger_max_bytes;  /* read and thrown away after our FIN before the connection is cut */
	uint32_t requests_max;      /* on one connection, at most 65,535, then it is closed in order; 0: any */

	uint32_t age_max_ms; /* of a connection, then it is closed in order; 0: any */

	/*
	 * Connections at once from one remote address, above it RST; 0: any number.  An address is its prefix of so many
	 * bits.  Up to 32 bytes for each connection that comes from somewhere else, reserved at opening.
	 */
	uint32_t connections_per_address;
	uint8_t address_prefix_bits_ipv4, address_prefix_bits_ipv6;
	struct sluice_subnet exempt[HTTPD_EXEMPT_MAX]; /* for whom there is no such limit */
	uint32_t exempt_count;

	uint32_t header_timeout_ms; /* from the first byte (or the open) to the end of the head: 408 */
	uint32_t idle_timeout_ms;   /* between requests */
	/* In each such span a body or a response must move min_bytes_per_second; the longest that nothing is acknowledged. */
	uint32_t progress_timeout_ms;
	uint32_t min_bytes_per_second;
	uint32_t linger_timeout_ms; /* after our FIN, waiting for the peer's */

	uint32_t log_records; /* room of the access log's ring, a power of two; 0: no access log */

	/* Wall clock, called once a second: ns since 1970.  NULL: wall_start_s plus the worker's clock. */
	uint64_t (*wall_ns)(void *user);
	void *wall_user;
	uint64_t wall_start_s;
};

void httpd_config_defaults(struct httpd_config *config);

/* NULL when the configuration can be used, else what is wrong with it.  Any thread. */
const char *httpd_config_problem(const struct httpd_config *config);

/* What httpd_open() will reserve, the document root apart.  Memory that is never needed is never touched.  Any thread. */
uint64_t httpd_memory_bytes(const struct httpd_config *config);

/*
 * Listens and allocates.  Returns 0 and *httpd, or a negative errno: -EINVAL (see httpd_config_problem), -ENOMEM, what
 * sluice_listen() says, or what loading the document root says (one line on stderr names the file).
 */
int httpd_open(const struct httpd_config *config, struct sluice_worker *worker, struct httpd **httpd);

/* Handles one event: of a connection that one of our listeners opened, or the worker's timer. */
void httpd_handle(struct httpd *httpd, const struct sluice_event *event);

/*
 * After a turn's events, before sluice_flush(): goes on with connections that waited, and closes some that are not missed
 * when memory is needed.  Cheap when there are none.
 */
void httpd_turn(struct httpd *httpd);

/* A whole turn of a worker that does nothing else. */
static inline void httpd_serve_turn(struct httpd *httpd, struct sluice_worker *worker)
{
	uint32_t count;
	const struct sluice_event *event = sluice_poll(worker, &count);

	for (uint32_t i = 0; i < count; i++)
		httpd_handle(httpd, &event[i]);
	httpd_turn(httpd);
	sluice_flush(worker);
}

/* Stops accepting, closes idle connections; what is in progress is finished and answered `Connection: close`. */
void httpd_drain(struct httpd *httpd);

/* After httpd_drain(): no connection is left. */
bool httpd_is_drained(const struct httpd *httpd);

/* Resets every connection that is left, for when draining has lasted long enough; CLOSED comes with the next poll. */
void httpd_cut(struct httpd *httpd);

/*
 * Resets what is left and frees everything, the content too if httpd_open() loaded it.  Before sluice_close_all(); no
 * event of our connections may be handled afterwards.
 */
void httpd_close(struct httpd *httpd);

/* Whether the event's connection was accepted by one of our listeners, for a worker that also does other things. */
bool httpd_owns_listener(const struct httpd *httpd, uint16_t listener);

/* ---- Statistics ------------------------------------------------------------------------------------------------ */

#define HTTPD_COUNTERS(X)                                                              \
	X(connections, "connections accepted")                                         \
	X(connections_refused, "connections answered 503: no record free")             \
	X(connections_limited, "connections reset: their address has too many")        \
	X(requests, "request heads parsed whole")                                      \
	X(responses_1xx, "interim responses")                                          \
	X(responses_2xx, "final responses 200-299")                                    \
	X(responses_3xx, "final responses 300-399")                                    \
	X(responses_4xx, "final responses 400-499")                                    \
	X(responses_5xx, "final responses 500-599")                                    \
	X(bytes_received, "bytes consumed")                                            \
	X(bytes_sent, "bytes handed to TCP")                                           \
	X(timeouts_header, "connections closed: the head took too long")               \
	X(timeouts_idle, "connections closed: no further request")                     \
	X(timeouts_progress, "connections cut: body or response too slow")             \
	X(timeouts_linger, "connections cut: the peer did not close after our FIN")    \
	X(timeouts_age, "connections that were to end for their age")                  \
	X(relief_idle, "idle connections closed since memory was needed")              \
	X(relief_heads, "heads in pieces given up since memory was needed")            \
	X(relief_debtors, "idle or leaving connections reset: answers unacknowledged") \
	X(waits, "times a connection waited for an exchange or a buffer")              \
	X(aborts, "connections aborted by the server")                                 \
	X(truncated, "responses that ended before they were complete")                 \
	X(log_records, "access log records written to the ring")                       \
	X(log_lost, "access log records lost: the ring was full")

#define HTTPD_GAUGES(X)                                  \
	X(connections_open, "connections with a record") \
	X(exchanges_used, "exchanges borrowed")          \
	X(buffers_used, "buffers borrowed")

struct httpd_statistics {
#define X(name, text) uint64_t name;
	HTTPD_COUNTERS(X)
	HTTPD_GAUGES(X)
#undef X
};

/* Values of one moment each.  Any thread. */
void httpd_statistics(const struct httpd *httpd, struct httpd_statistics *statistics);

/* Adds `from` to `into`, field by field: for totals over workers. */
void httpd_statistics_add(struct httpd_statistics *into, const struct httpd_statistics *from);

/* ---- /bytes/N --------------------------------------------------------------------------------------------------- */

#define HTTPD_PATTERN_BYTES 65521 /* prime, so that no buffer size hides a shift */

/* The byte at `offset` of any /bytes/N, for clients that check what they receive. */
static inline uint8_t httpd_pattern_at(uint64_t offset)
{
	return (uint8_t)((uint32_t)(offset % HTTPD_PATTERN_BYTES) * UINT32_C(2654435761) >> 24);
}

/* ---- Access log ------------------------------------------------------------------------------------------------ */

/* Takes up to `max` records off the ring, oldest first.  One other thread at a time: the reporting one. */
uint32_t httpd_log_take(struct httpd *httpd, struct httpd_log_record *record, uint32_t max);
