/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sluice: a TCP endpoint on polled packets.
 *
 * The whole public interface.  A program opens an endpoint, gives each worker a thread, and on that thread
 * repeats: poll, handle the events, flush.  Nothing here blocks and nothing here is shared between workers:
 * except where a docstring says otherwise, a function may be called only from the thread that polls the
 * worker it is given (before that thread starts: from the one that opened it).  It includes no header but
 * libc's and the list of what is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sluice_counters.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_VERSION "0.1.0"
#define SLUICE_API     __attribute__((visibility("default")))

struct rte_mbuf;
struct sluice;
struct sluice_worker;

/* ---- Addresses ---------------------------------------------------------------------------------------- */

/* An address and a port.  IPv4 is held as ::ffff:a.b.c.d; the port is in host byte order. */
struct sluice_address {
	uint8_t ip[16];
	uint16_t port;
};

/* A local address and the length of its on-link prefix (0–32 for IPv4, 0–128 for IPv6). */
struct sluice_subnet {
	uint8_t ip[16];
	uint8_t prefix_bits;
};

#define SLUICE_ADDRESS_TEXT_BYTES 56

/*
 * Reads "198.18.0.1", "198.18.0.1:80", "2001:2::1", "[2001:2::1]:80", "*:80" (every address of both families).
 * Without a port, the port is 0.  Any thread.  Returns 0 or -EINVAL.
 */
SLUICE_API int sluice_address_parse(const char *text, struct sluice_address *address);

/* Reads "198.18.0.1/15" or "2001:2::1/48"; without a prefix, the host's own (32 or 128).  0 or -EINVAL. */
SLUICE_API int sluice_subnet_parse(const char *text, struct sluice_subnet *subnet);

/* Writes the address as sluice_address_parse reads it (no port when 0) and returns `text`.  Any thread. */
SLUICE_API const char *sluice_address_format(const struct sluice_address *address,
					     char text[SLUICE_ADDRESS_TEXT_BYTES]);

static inline bool sluice_address_is_ipv4(const struct sluice_address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return __builtin_memcmp(address->ip, mapped, sizeof(mapped)) == 0;
}

/* ---- Counters: listed in sluice_counters.h ------------------------------------------------------------- */

#define SLUICE_COUNTERS(X) SLUICE_DROPS(X) SLUICE_COUNTS(X)

enum sluice_counter {
#define X(name, text) SLUICE_COUNTER_##name,
	SLUICE_COUNTERS(X)
#undef X
		SLUICE_COUNTER_COUNT
};

#define X(name, text) +1
enum { SLUICE_DROP_COUNT = 0 SLUICE_DROPS(X) };
#undef X

enum sluice_gauge {
#define X(name, text) SLUICE_GAUGE_##name,
	SLUICE_GAUGES(X)
#undef X
		SLUICE_GAUGE_COUNT
};

struct sluice_statistics {
	uint64_t counter[SLUICE_COUNTER_COUNT];
	uint64_t gauge[SLUICE_GAUGE_COUNT];
	uint64_t busy_cycles;  /* spent in turns that found work; 0 where there is no cycle counter */
	uint64_t total_cycles; /* spent in all turns */
};

/* Names and meanings for reports; NULL when out of range.  Any thread. */
SLUICE_API const char *sluice_counter_name(enum sluice_counter counter);
SLUICE_API const char *sluice_counter_text(enum sluice_counter counter);
SLUICE_API const char *sluice_gauge_name(enum sluice_gauge gauge);
SLUICE_API const char *sluice_gauge_text(enum sluice_gauge gauge);

/* ---- Configuration ------------------------------------------------------------------------------------ */

#define SLUICE_PORTS_MAX   8
#define SLUICE_SUBNETS_MAX 32

/* One port and the addresses it answers for. */
struct sluice_port_config {
	/*
	 * "ring:NAME"        one end of an in-process wire; the two ports that share NAME are joined
	 * "net_tap0,iface=x" any EAL virtual device, created at open
	 * "0000:01:00.0"     a device that EAL probed, by name
	 * NULL               (only with a caller's sluice_io)
	 */
	const char *device;
	struct sluice_subnet subnet[SLUICE_SUBNETS_MAX];
	uint32_t subnet_count;
	uint8_t gateway_ipv4[16]; /* as ::ffff:a.b.c.d; all zero: none */
	uint8_t gateway_ipv6[16]; /* all zero: none */
	uint32_t mtu_bytes;       /* 0: 1500 */
};

/* Congestion control. */
enum sluice_congestion {
	SLUICE_CONGESTION_CUBIC,   /* RFC 9438, with HyStart++ (RFC 9406) */
	SLUICE_CONGESTION_NEWRENO, /* RFC 5681 */
	SLUICE_CONGESTION_NONE, /* the peer's window alone is the limit: for laboratories, never for a shared network */
};

/* Explicit congestion notification (RFC 3168). */
enum sluice_ecn {
	SLUICE_ECN_OFF,   /* neither asked for nor granted */
	SLUICE_ECN_GRANT, /* granted to peers that ask for it */
	SLUICE_ECN_ASK,   /* asked for, too, in the SYN */
};

/* SYN cookies (RFC 4987 section 3.6): when SYNs are answered without a half-open entry. */
enum sluice_cookies {
	SLUICE_COOKIES_AUTO,   /* while entries, or SYNs, are too many */
	SLUICE_COOKIES_ALWAYS, /* but for those that reuse a tuple in TIME-WAIT */
	SLUICE_COOKIES_NEVER,  /* entries are evicted, oldest first, and their handshakes end */
};

enum sluice_idle { SLUICE_IDLE_BUSY, SLUICE_IDLE_SLEEP };

/* All sizes are per worker.  sluice_config_defaults() fills in every field. */
struct sluice_config {
	struct sluice_port_config port[SLUICE_PORTS_MAX]; /* worker i polls port i */
	uint32_t port_count;
	char **eal_arguments; /* given to EAL as they are, without argv[0]; NULL: sensible ones */
	int eal_argument_count;
	enum sluice_idle idle;
	uint32_t packets; /* packet buffers */
	uint32_t
		fragments; /* IP datagrams put together from fragments at once, up to 4,096; 0: fragments are dropped */
	bool checksum_offload;           /* believe the port's verdict and let it sum; false: always in software */
	void (*print)(const char *line); /* start-up table and notices, one line each; NULL: nothing */

	uint32_t connections;       /* records */
	uint32_t half_open;         /* entries, IPv4 and IPv6 each */
	uint32_t time_wait;         /* records, IPv4 and IPv6 together */
	uint32_t chunks_small;      /* 256-byte chunks for copied send data */
	uint32_t chunks_large;      /* 2 KiB chunks */
	uint32_t descriptors;       /* send descriptors beyond one per connection */
	uint32_t inflight;          /* in-flight records beyond one per connection */
	uint32_t out_of_order;      /* packets held out of order, all connections together */
	uint32_t send_queue_bytes;  /* per connection */
	uint32_t receive_bytes;     /* receive window at first */
	uint32_t receive_max_bytes; /* what it may grow to */
	uint8_t window_shift;       /* our window scale, 0–14; the same for every connection */
	bool timestamps, sack, nodelay;
	bool path_mtu_discovery; /* RFC 1191, 8201, 4821: segments become smaller where the path asks for it */
	enum sluice_congestion congestion;
	enum sluice_ecn ecn;
	uint32_t initial_window_segments; /* RFC 6928: 10 */
	uint32_t time_wait_ms;            /* 2MSL: 60,000; at most two hours */
	uint32_t fin_wait_2_ms;           /* after close, for a peer that never closes: 60,000; at most two hours */
	uint32_t rto_initial_ms, rto_min_ms, rto_max_ms;
	uint32_t delayed_ack_ms;
	uint32_t r2_ms;        /* give up retransmitting data after this long; at least 100 s by RFC 9293 SHLD-11 */
	uint32_t syn_r2_ms;    /* the same for SYN; at least 180 s by MUST-23 */
	bool keepalive;        /* of every connection, until SLUICE_OPTION_KEEPALIVE says otherwise; MUST-25: off */
	uint32_t keepalive_ms; /* silence before the first probe, MUST-28: two hours; whole seconds, 1 s to 18 h */
	uint32_t keepalive_interval_ms; /* between probes; whole seconds, 1 s to 4,095 s */
	uint32_t keepalive_probes;      /* without an answer, 1 to 15, that end a connection */
	uint32_t resets_per_second;     /* RST and ACK answered to no connection */
	enum sluice_cookies cookies;
	uint32_t cookies_half_open_percent; /* `auto`: of either family's entries in use; until half as many are */
	uint32_t cookies_syns_per_second;   /* `auto`: beyond so many; until they are at most half as many */
	uint32_t cookies_opens_per_second;  /* connections opened by cookies, at most; 0: no limit */
	/*
	 * A key that hosts behind one address share, 32 to 64 bytes, so that each knows the cookies of all; the one before
	 * it is known, too, while they change over.  They must agree on the time, to 16 s.  0 bytes: none.
	 */
	uint8_t cookie_key[64], cookie_key_previous[64];
	uint32_t cookie_key_bytes, cookie_key_previous_bytes;
	uint8_t secret[64]; /* table, ISN, timestamp and port keys; all zero: drawn from the system */
};

SLUICE_API void sluice_config_defaults(struct sluice_config *config);

/* ---- Packet input and output -------------------------------------------------------------------------- */

enum {
	SLUICE_IO_RX_CHECKSUM = 1,      /* received packets carry checksum verdicts in ol_flags */
	SLUICE_IO_TX_IPV4_CHECKSUM = 2, /* the port fills in IPv4 header checksums */
	SLUICE_IO_TX_TCP_CHECKSUM = 4,  /* the port fills in TCP checksums */
};

/* Fragments handed to sluice_io's reassemble(), and what came of them and of earlier ones. */
struct sluice_fragments {
	struct rte_mbuf *
		*packet;     /* in: fragments; out, from the first on: datagrams put together, each in one buffer */
	uint32_t count;      /* of packet, in and out */
	uint32_t lost_count; /* out: fragments dropped in this call */
	uint32_t held_count; /* out: fragments still waiting for others */
};

/*
 * Where a worker's packets come from and go to.  sluice_open() makes one per worker from a DPDK port; a test
 * brings its own.  Each function is called once per burst, on the worker's thread.  Packets are rte_mbufs with
 * at least 128 bytes of headroom, 2,048 of room after it and 64 of private area.
 */
struct sluice_io {
	void *user;
	uint64_t (*now_ns)(void *user);  /* monotonic */
	uint64_t (*wall_ns)(void *user); /* since 1970: asked for once a second where a cookie key is shared */
	uint64_t (*cycles)(void *user);  /* for busy_cycles; NULL: not counted */
	uint32_t (*receive)(void *user, struct rte_mbuf **packet, uint32_t max); /* passes ownership to the worker */
	uint32_t (*send)(void *user, struct rte_mbuf **packet, uint32_t count);  /* takes the first n and returns n */
	uint32_t (*allocate)(void *user, struct rte_mbuf **packet, uint32_t count); /* fresh packets; may give fewer */
	void (*release)(void *user, struct rte_mbuf **packet, uint32_t count);      /* chained or shared ones too */
	/*
	 * Takes fragments of IPv4 and IPv6 datagrams: Ethernet frames of one buffer, IP header checked, l2_len and l3_len
	 * set, the IPv6 fragment header counted into l3_len.  With none, only drops what has waited too long: called once
	 * a second while any are held.  NULL: fragments are dropped.
	 */
	void (*reassemble)(void *user, uint64_t now_ns, struct sluice_fragments *fragments);
	void (*wait)(void *user,
		     uint64_t deadline_ns); /* idle: until then, or until a packet may have come; NULL: poll */
	uint8_t mac[6];
	uint16_t mtu_bytes;
	uint32_t flags; /* SLUICE_IO_* */
};

/* ---- Opening and running ------------------------------------------------------------------------------ */

/*
 * Initialises EAL, opens the ports and makes one worker for each.  `config` is copied.  On failure prints one
 * line that names the remedy (through config->print, else to stderr) and returns a negative errno.
 * Main thread, once per process.
 */
SLUICE_API int sluice_open(const struct sluice_config *config, struct sluice **sluice);

/* Stops the ports and frees everything.  Workers' threads must have returned.  Main thread. */
SLUICE_API void sluice_close_all(struct sluice *sluice);

SLUICE_API uint32_t sluice_worker_count(const struct sluice *sluice);
SLUICE_API struct sluice_worker *sluice_worker(struct sluice *sluice, uint32_t index); /* NULL: out of range */

/*
 * Runs `loop(worker, argument)` on the worker's own core: worker 0 on the caller's if it is the only one.
 * sluice_run() starts `loop` on every worker and returns when all have returned, with the first value not 0.
 * loops[i] and arguments[i] belong to worker i.  Main thread.
 */
typedef int (*sluice_loop)(struct sluice_worker *worker, void *argument);
SLUICE_API int sluice_run(struct sluice *sluice, const sluice_loop *loops, void *const *arguments);

/*
 * A worker without sluice_open(), over the caller's io: first with memory NULL to learn how many bytes it
 * takes, then with that much memory, zeroed and aligned to 64.  `index` is the worker's place among its fellows and
 * config->port[index] names its addresses.  Returns the bytes needed, or 0 when the configuration is refused
 * (*error says why).  The memory must outlive the worker; sluice_worker_close() returns every packet to io.
 */
SLUICE_API size_t sluice_worker_make(const struct sluice_config *config, uint32_t index, const struct sluice_io *io,
				     void *memory, size_t memory_bytes, struct sluice_worker **worker,
				     const char **error);
SLUICE_API void sluice_worker_close(struct sluice_worker *worker);

/* Calls function(worker, argument) on the worker's thread, during its next poll.  Any thread.  0 or -ENOBUFS. */
SLUICE_API int sluice_post(struct sluice_worker *worker, void (*function)(struct sluice_worker *, void *),
			   void *argument);

/* Reads a worker's counters.  Any thread; values of one moment each, not of one moment together. */
SLUICE_API void sluice_statistics(const struct sluice_worker *worker, struct sluice_statistics *statistics);

/* ---- When memory runs out ----------------------------------------------------------------------------- */

/* What can run short. */
enum sluice_resource {
	SLUICE_RESOURCE_ANY,     /* the worst of the others */
	SLUICE_RESOURCE_PACKETS, /* buffers: held by what was not consumed or is out of order, or lacked by the port */
	SLUICE_RESOURCE_SENDING, /* descriptors and chunks of what was sent and is not acknowledged */
	SLUICE_RESOURCE_CONNECTIONS, /* records */
	SLUICE_RESOURCE_COUNT,
};

/* How short it is.  A level once reached is left only well below its mark. */
enum sluice_pressure {
	SLUICE_PRESSURE_NONE,
	SLUICE_PRESSURE_SOME,   /* take on nothing that can wait */
	SLUICE_PRESSURE_SEVERE, /* give back: end what is idle, oldest first, a few a turn while this lasts */
};

/*
 * How short the worker's memory is, as its last flush found: one load, to be asked once a turn.  A program that keeps idle
 * connections ends the oldest of them while CONNECTIONS are short; one that holds packets, unread or by sluice_hold(), lets go of
 * some while PACKETS are.  The worker looks after itself without being asked.  The gauges of the same names tell other threads.
 */
SLUICE_API enum sluice_pressure sluice_pressure(const struct sluice_worker *worker, enum sluice_resource resource);

/* ---- Events ------------------------------------------------------------------------------------------- */

/*
 * A connection's handle: worker, generation and index.  A stale handle is detected, never followed: calls that
 * are given one do nothing and return 0 or false.  0 is never a connection.
 */
typedef struct {
	uint64_t id;
} sluice_conn;

/*
 * Per connection: [OPENED (READABLE|ACKED|WRITABLE|PEER_CLOSED|TIMER|TROUBLE)*] CLOSED.  CLOSED comes exactly once and
 * last, at the latest when TIME-WAIT, or FIN-WAIT-2 after sluice_close(), begins; kinds of one turn share one
 * event.  READABLE, ACKED and WRITABLE are edges: raised when bytes arrive, when bytes are acknowledged, and
 * when there is room again after a short send.  When CLOSED is in the mask the handle is stale.
 */
enum {
	SLUICE_OPENED = 1,
	SLUICE_READABLE = 2,
	SLUICE_ACKED = 4,
	SLUICE_WRITABLE = 8,
	SLUICE_PEER_CLOSED = 16, /* the peer's FIN is in order; what it sent before stays readable */
	SLUICE_TIMER = 32,       /* with conn.id 0: the worker's timer */
	SLUICE_CLOSED = 64,
	SLUICE_TROUBLE =
		128, /* only with SLUICE_OPTION_REPORTS: an ICMP error, or R1 passed; sluice_conn_info() tells */
};

/* Why a connection closed: X(name, "text"). */
#define SLUICE_REASONS(X)                                                     \
	X(NONE, "open")                                                       \
	X(FINISHED, "closed by both sides")                                   \
	X(CLOSED_LOCALLY, "closed here; the peer's close was not waited for") \
	X(RESET, "reset by the peer")                                         \
	X(ABORTED, "aborted here")                                            \
	X(REFUSED, "refused by the peer")                                     \
	X(TIMED_OUT, "the peer stopped acknowledging")                        \
	X(UNREACHABLE, "the next hop does not answer")                        \
	X(ICMP, "reported unreachable by an ICMP error")                      \
	X(NO_MEMORY, "out of memory")

enum sluice_reason {
#define X(name, text) SLUICE_REASON_##name,
	SLUICE_REASONS(X)
#undef X
		SLUICE_REASON_COUNT
};

SLUICE_API const char *sluice_reason_text(enum sluice_reason reason); /* any thread */

struct sluice_event {
	sluice_conn conn;
	void *context;           /* as given to sluice_connect or sluice_set_context */
	uint32_t mask;           /* SLUICE_OPENED and so on */
	uint32_t readable_bytes; /* unconsumed, in order */
	uint32_t acked_bytes;    /* stream bytes newly acknowledged, and no longer referred to */
	uint16_t listener;       /* that opened it; SLUICE_NO_LISTENER: an active open */
	uint16_t reason;         /* enum sluice_reason, with CLOSED */
};

#define SLUICE_NO_LISTENER UINT16_MAX

/*
 * One turn: receives a burst, runs TCP and the timers, and returns this turn's events, at most one per
 * connection, valid until the next poll.  With SLUICE_IDLE_SLEEP it first waits when the last turn found nothing.
 */
SLUICE_API const struct sluice_event *sluice_poll(struct sluice_worker *worker, uint32_t *count);

/* Builds and sends what the turn gave rise to.  Slices from sluice_peek() die here. */
SLUICE_API void sluice_flush(struct sluice_worker *worker);

/* The turn's clock, in ns, monotonic: real under DPDK, virtual in the simulator. */
SLUICE_API uint64_t sluice_now_ns(const struct sluice_worker *worker);

/* When something is next due if no packet comes: UINT64_MAX if never; at most now if work is waiting. */
SLUICE_API uint64_t sluice_next_deadline_ns(const struct sluice_worker *worker);

/* ---- Listening and connecting ------------------------------------------------------------------------- */

struct sluice_listen_options {
	uint32_t receive_bytes; /* 0: the configuration's */
	uint16_t mss_bytes;     /* the largest segment that we ask for and send; 0: what the MTU allows */
	bool delay;             /* Nagle's algorithm on, whatever the configuration says */
	uint8_t ttl;            /* from the SYN-ACK on; 0: 64 */
	uint8_t dscp;           /* the same; 0–63 */
};

/*
 * Accepts connections to address->port at address->ip: "::" for every address of both families, or "0.0.0.0"
 * (as ::ffff:0.0.0.0) for every IPv4 one.  options may be NULL.  Returns the listener's number (>= 0), -EADDRINUSE,
 * -EADDRNOTAVAIL (not an address of the port), -EINVAL (port 0, a DSCP above 63, a receive_bytes that is neither 0 nor
 * 256 to 64 MiB, or an mss_bytes of 1 to 215) or -ENOBUFS (too many listeners).
 */
SLUICE_API int sluice_listen(struct sluice_worker *worker, const struct sluice_address *address,
			     const struct sluice_listen_options *options);

/*
 * Stops accepting; connections live on.  Half-open entries are dropped silently: up to 1,024 at once, of a larger crowd each
 * later one when it is next due, or touched; until then the number is not given to another listener.
 */
SLUICE_API void sluice_unlisten(struct sluice_worker *worker, uint16_t listener);

struct sluice_connect_options {
	struct sluice_address local; /* ip all zero: chosen by route; port 0: chosen by RFC 6056 */
	uint32_t receive_bytes;      /* 0: the configuration's */
	uint16_t mss_bytes;          /* as for sluice_listen */
	bool delay;                  /* Nagle's algorithm on, whatever the configuration says */
	uint8_t ttl;                 /* from the SYN on; 0: 64 */
	uint8_t dscp;                /* the same; 0–63 */
};

/*
 * Opens a connection; the result comes as OPENED, or as CLOSED with a reason.  options may be NULL.  Returns 0 and
 * *conn, or -EADDRNOTAVAIL (no local address or port left), -EADDRINUSE (tuple taken), -ENETUNREACH (no route),
 * -ENOBUFS (no record), -EINVAL (destination not a host's, or receive_bytes, mss_bytes or DSCP as for sluice_listen).
 */
SLUICE_API int sluice_connect(struct sluice_worker *worker, const struct sluice_address *address,
			      const struct sluice_connect_options *options, void *context, sluice_conn *conn);

/* ---- Data --------------------------------------------------------------------------------------------- */

struct sluice_slice {
	const void *data;
	uint32_t bytes;
	struct rte_mbuf *packet; /* from peek: what sluice_hold() keeps; ignored by send */
};

/*
 * Shows unconsumed bytes in order, in place, in at most `max` slices; returns how many it filled.  Valid until the
 * next flush or consume of this connection.
 */
SLUICE_API uint32_t sluice_peek(struct sluice_worker *worker, sluice_conn conn, struct sluice_slice *slice,
				uint32_t max);

/* Gives `bytes` bytes back (at most what is readable), which opens the window. */
SLUICE_API void sluice_consume(struct sluice_worker *worker, sluice_conn conn, uint32_t bytes);

/* Keeps a peeked slice's bytes valid, and unchanged, past consume: until released.  Counted. */
SLUICE_API void sluice_hold(struct sluice_worker *worker, const struct sluice_slice *slice);
SLUICE_API void sluice_release(struct sluice_worker *worker, const struct sluice_slice *slice);

enum {
	SLUICE_SEND_COPY = 0,   /* the bytes are copied before the call returns */
	SLUICE_SEND_STATIC = 1, /* the bytes never change and outlive the worker */
	SLUICE_SEND_BORROW = 2, /* the bytes stay as they are until acked_bytes has counted them, or CLOSED */
	SLUICE_SEND_MORE = 4,   /* more follows in this turn or soon: hold back a last short segment */
	SLUICE_SEND_FIN = 8,    /* close our direction after these bytes, if every byte was taken */
};

/*
 * Queues bytes.  STATIC and BORROW bytes are not copied into the queue, but into each packet as it is built: no packet
 * ever refers to them, so any memory will do on any port, and a device sees none of it.  Returns how many it took: fewer than given means the queue is full, and WRITABLE will come.
 * Takes nothing after FIN, or before OPENED.  Empty slices are allowed, as in a bare FIN.
 */
SLUICE_API uint32_t sluice_send(struct sluice_worker *worker, sluice_conn conn, const struct sluice_slice *slice,
				uint32_t count, unsigned flags);

/* Bytes that sluice_send() would take now, if no pool is exhausted. */
SLUICE_API uint32_t sluice_send_room(const struct sluice_worker *worker, sluice_conn conn);

/* Closes our direction after what is queued (FIN); we go on receiving.  Does nothing before OPENED.  RFC 9293 3.10.4. */
SLUICE_API void sluice_shutdown(struct sluice_worker *worker, sluice_conn conn);

/*
 * Closes both directions: FIN after what is queued.  Bytes unread, or that arrive later, are answered with RST
 * (RFC 9293 SHLD-3).  CLOSED still comes, once the peer has closed too or the rest needs no record.
 */
SLUICE_API void sluice_close(struct sluice_worker *worker, sluice_conn conn);

/*
 * The same, with an end to it: if CLOSED has not come `ms` milliseconds later, or at once with 0, the connection is aborted.
 * May be called again, also after sluice_close(), to change the time.
 */
SLUICE_API void sluice_close_within(struct sluice_worker *worker, sluice_conn conn, uint32_t ms);

/* Sends RST, discards everything queued.  CLOSED comes with the next poll.  RFC 9293 3.10.5. */
SLUICE_API void sluice_abort(struct sluice_worker *worker, sluice_conn conn);

/* ---- One connection ----------------------------------------------------------------------------------- */

SLUICE_API void sluice_set_context(struct sluice_worker *worker, sluice_conn conn, void *context);
SLUICE_API void *sluice_context(const struct sluice_worker *worker, sluice_conn conn); /* NULL: stale */
SLUICE_API bool sluice_addresses(const struct sluice_worker *worker, sluice_conn conn, struct sluice_address *local,
				 struct sluice_address *peer);

/* TIMER is raised once at `deadline_ns` of the turn's clock or within a tick (250 µs) after; 0 disarms.  One more than six
 * days ahead is raised after six days. */
SLUICE_API void sluice_set_timer(struct sluice_worker *worker, sluice_conn conn, uint64_t deadline_ns);
SLUICE_API void sluice_set_worker_timer(struct sluice_worker *worker, uint64_t deadline_ns);

enum sluice_option {
	SLUICE_OPTION_NODELAY,           /* 0: Nagle's algorithm (RFC 9293 MUST-17) */
	SLUICE_OPTION_R2_MS,             /* MUST-21; at most three hours */
	SLUICE_OPTION_SEND_QUEUE_BYTES,  /* bytes the queue takes */
	SLUICE_OPTION_RECEIVE_MAX_BYTES, /* what the receive window may grow to */
	SLUICE_OPTION_DSCP,              /* 0–63, MUST-48 */
	SLUICE_OPTION_TTL,               /* 1–255, MUST-49 */
	SLUICE_OPTION_KEEPALIVE,         /* 1: probes when nothing was heard for long (MUST-24); 0: none */
	SLUICE_OPTION_KEEPALIVE_MS, /* the silence before the first (MUST-27); 1 s to 18 h, rounded up to seconds */
	SLUICE_OPTION_KEEPALIVE_INTERVAL_MS, /* between probes; 1 s to 4,095 s, rounded up to seconds */
	SLUICE_OPTION_KEEPALIVE_PROBES,      /* without an answer, 1 to 15, that end the connection */
	/*
	 * RFC 5482, our side alone: how long bytes may stay unacknowledged, or the peer's window shut, though its owner
	 * answers; then the connection ends, TIMED_OUT.  Counted from the first timeout, in the place of R2; up to three hours,
	 * rounded up to seconds.  0: R2 again.
	 */
	SLUICE_OPTION_USER_TIMEOUT_MS,
	SLUICE_OPTION_REPORTS, /* 1: TROUBLE is raised (SHLD-9, 20, 25); 0, as at first: it is not */
};

/* 0, -EINVAL (value out of range) or -ENOTCONN (stale). */
SLUICE_API int sluice_set_option(struct sluice_worker *worker, sluice_conn conn, enum sluice_option option,
				 uint64_t value);

/* RFC 9293 section 3.3.2. */
/* clang-format off */
#define SLUICE_STATES(X)                                                                                           \
	X(CLOSED) X(LISTEN) X(SYN_SENT) X(SYN_RECEIVED) X(ESTABLISHED) X(FIN_WAIT_1) X(FIN_WAIT_2) X(CLOSE_WAIT)   \
	X(CLOSING) X(LAST_ACK) X(TIME_WAIT)
/* clang-format on */

enum sluice_state {
#define X(name) SLUICE_STATE_##name,
	SLUICE_STATES(X)
#undef X
		SLUICE_STATE_COUNT
};

SLUICE_API const char *sluice_state_name(enum sluice_state state); /* any thread */

struct sluice_conn_info {
	enum sluice_state state;
	uint32_t srtt_us, rttvar_us, rto_us; /* srtt 0: nothing measured yet */
	uint32_t cwnd_bytes, ssthresh_bytes;
	uint32_t mss_bytes;            /* payload of a full segment we send, options counted off */
	uint32_t path_mtu_bytes;       /* the IP packet that a full segment makes */
	uint32_t send_window_bytes;    /* as the peer last offered it */
	uint32_t receive_window_bytes; /* that the peer may still send */
	uint32_t queued_bytes;         /* taken by send, not acknowledged */
	uint32_t inflight_bytes;       /* sent, not acknowledged */
	uint32_t readable_bytes;
	uint32_t out_of_order_packets;
	uint32_t retransmits_timeout, retransmits_fast, window_probes;
	bool timestamps, sack;
	uint8_t send_shift, receive_shift; /* window scales, as negotiated */
	/* The last ICMP error about a segment in flight, MUST-47: a soft one, since the connection lives.  Few are kept: an old
	 * one may be forgotten. */
	bool has_icmp;
	uint8_t icmp_type, icmp_code; /* of ICMP or ICMPv6, as the addresses are */
};

SLUICE_API bool sluice_conn_info(const struct sluice_worker *worker, sluice_conn conn, struct sluice_conn_info *info);

/* Calls each(context, conn) for every open connection; false from `each` ends the walk.  Bounded by `connections`. */
SLUICE_API void sluice_each(struct sluice_worker *worker, bool (*each)(void *context, sluice_conn conn), void *context);

/* ---- Tracing ------------------------------------------------------------------------------------------ */

enum sluice_direction { SLUICE_RECEIVED, SLUICE_SENT };

/*
 * Calls trace(context, now_ns, direction, packet) for every packet at the edge of the worker: received ones before
 * they are parsed, sent ones when the port has been offered them.  The packet may be read during the call only.
 * NULL stops it.
 */
SLUICE_API void sluice_trace(struct sluice_worker *worker,
			     void (*trace)(void *context, uint64_t now_ns, enum sluice_direction direction,
					   const struct rte_mbuf *packet),
			     void *context);

/* ---- Raw segments ------------------------------------------------------------------------------------- */

/*
 * A TCP segment that belongs to no connection of ours: for floods in a laboratory and for tests.  Sent with the
 * worker's own MAC as the source and a right checksum, with no state kept; nothing limits what it says.
 */
struct sluice_raw_segment {
	struct sluice_address source, destination;
	uint8_t destination_mac[6];
	uint32_t sequence, acknowledgment;
	uint16_t window;
	uint8_t flags;        /* as in the header: 0x02 SYN, 0x10 ACK, 0x04 RST, 0x01 FIN */
	uint8_t option_bytes; /* a multiple of 4, at most 40 */
	uint8_t options[40];
	const void *text;
	uint16_t text_bytes; /* at most what fits the MTU */
};

/* Queues the segment for the next flush.  0, -EINVAL, or -ENOBUFS (no buffer, or the burst is full: flush first). */
SLUICE_API int sluice_raw_send(struct sluice_worker *worker, const struct sluice_raw_segment *segment);

#ifdef __cplusplus
}
#endif
