/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instance of TCP: everything that one worker knows.  Packets in, packets out, time passed in; nothing here
 * allocates, reads a clock or knows a port.
 */
#pragma once

#include "lib/base/random.h"
#include "lib/base/siphash.h"
#include "lib/base/stash.h"
#include "lib/base/wheel.h"
#include "lib/core/conn.h"
#include "lib/core/cookie.h"
#include "lib/core/half_open.h"
#include "lib/core/listen.h"
#include "lib/core/neighbour.h"
#include "lib/core/note.h"
#include "lib/core/pmtu.h"
#include "lib/core/pool.h"
#include "lib/core/pressure.h"
#include "lib/core/state.h"
#include "lib/core/syn_gate.h"
#include "lib/core/table.h"
#include "lib/core/time_wait.h"
#include "lib/wire/frame.h"

/* Keys derived from the configured secret, one a purpose. */
struct tcp_keys {
	struct siphash_key table, cookie, cookie_previous, port_offset, port_increment, isn;
};

/* Packets built and not yet taken by the port, oldest first. */
struct transmit {
	uint32_t count;
	uint32_t refused_count; /* of them, left over from earlier offers */
	struct rte_mbuf *packet[TRANSMIT_PACKETS_MAX];
};

struct ack_fifo_entry {
	uint32_t conn_index;
	uint32_t due_tick;
};

struct ack_fifo {
	struct ack_fifo_entry *entry;
	uint32_t capacity_count; /* a power of two; where connections are more, some ACKs leave at once */
	uint32_t first, end;     /* running; entry i lies at i modulo capacity */
};

#define EVENTS_PER_TURN_MAX 1024

/* Connections linked by work_next, oldest first. */
struct work_list {
	uint32_t first, last; /* INDEX_NONE: empty; `last` counts only while `first` does */
};

struct tcp {
	uint64_t now_ns;
	uint32_t now_us, now_ms, now_tick, now_s;
	uint64_t wall_offset_ns; /* from our clock to that of hosts who share a cookie key; 0: nobody does */
	uint32_t stamp_ms;       /* the same, as it was at first, for timestamps: they go on evenly */
	uint32_t cookie_epoch;
	struct sluice_config config;
	uint32_t worker_index;
	struct frame_rules rules;
	uint32_t io_flags;
	uint16_t mtu_bytes;
	struct tcp_keys keys;
	struct random random;
	bool is_careful; /* nothing takes the fast path: for comparing what both paths do */

	struct table table;
	struct pool conns; /* struct tcp_conn */
	struct wheel wheel;
	struct half_open_set half_open;
	struct time_wait_set time_wait;
	struct listener_set listeners;
	struct syn_gate syn_gate;
	struct neighbour_set neighbours;
	struct pool descriptors; /* struct tcp_descriptor */
	struct pool inflight;    /* struct tcp_inflight */
	struct pool paths;       /* struct tcp_path */
	struct pool chunks_small, chunks_large;
	struct ack_fifo ack_fifo;

	struct work_list to_tell, to_send;
	bool sends_tried;      /* somebody of to_send had its turn since events were last collected */
	uint32_t arrivals;     /* running: of text out of order, new or not */
	uint32_t ooo_packets;  /* held out of order */
	uint32_t packets_held; /* by connections, in order or not */
	struct pressure pressure;
	uint32_t sack_records; /* looked at this turn for what peers report */
	uint32_t worker_timer; /* tick; 0: not armed */
	uint32_t rst_tokens;   /* answers to no connection, this second */
	uint32_t rst_second;
	uint32_t icmp_second, icmp_count; /* errors looked at in that second */
	struct pmtu_cache pmtus;
	struct note *notes;        /* NOTES_MAX */
	uint32_t port_counter[16]; /* RFC 6056 section 3.3.4 */

	uint32_t fragment_count; /* of this burst, to be put together by the port */
	struct rte_mbuf *fragment[BURST_PACKETS_MAX];

	struct transmit transmit;
	struct stash stash;
	uint32_t event_count;
	struct sluice_event event[EVENTS_PER_TURN_MAX];
	uint64_t counter[SLUICE_COUNTER_COUNT];
	uint32_t transitions[SLUICE_STATE_COUNT][SLUICE_STATE_COUNT];
};

/* Reads cross threads, so the write is one store; only the worker adds. */
static inline void tcp_count_many(struct tcp *tcp, enum sluice_counter counter, uint64_t count)
{
	__atomic_store_n(&tcp->counter[counter], tcp->counter[counter] + count, __ATOMIC_RELAXED);
}

#define COUNT(tcp, name)             tcp_count_many(tcp, SLUICE_COUNTER_##name, 1)
#define COUNT_MANY(tcp, name, count) tcp_count_many(tcp, SLUICE_COUNTER_##name, count)

/* Carves an instance; with an arena that only measures, nothing but the arena is written.  NULL, or why not. */
const char *tcp_make(struct tcp *tcp, struct arena *arena, const struct sluice_config *config, uint32_t worker_index,
		     const struct sluice_io *io, uint64_t now_ns);

/* A turn begins: time moves to now_ns, never back. */
void tcp_set_time(struct tcp *tcp, uint64_t now_ns);

/* What the wall clock says now, for cookies that hosts share: at first, and then whenever it may have drifted or been set. */
void tcp_set_wall(struct tcp *tcp, uint64_t wall_ns);

/* Takes a burst of received packets, which are the instance's from then on, but for those it puts into tcp->fragment. */
void tcp_input(struct tcp *tcp, struct rte_mbuf **packets, uint32_t count);

/* Runs what is due, bounded. */
void tcp_timers(struct tcp *tcp);

/* Turns what happened into events. */
void tcp_collect_events(struct tcp *tcp);

/* Builds what may be sent, until the transmit burst or the stash runs short; true: there is more. */
bool tcp_output_work(struct tcp *tcp);

/* When something is next due, in ns; UINT64_MAX: never. */
uint64_t tcp_next_deadline_ns(const struct tcp *tcp);

/* Gives every packet back to the stash and the transmit burst is emptied; connections die silently. */
void tcp_discard(struct tcp *tcp);

/* Does any record have this tuple?  `local` is the index of its local address. */
bool tcp_tuple_is_taken(const struct tcp *tcp, const struct tuple *tuple, uint8_t local);

/* The connection of the tuple; NULL: there is none, or only what is left of one or will be one. */
struct tcp_conn *tcp_find_conn(const struct tcp *tcp, const struct tuple *tuple);

static inline struct tcp_conn *tcp_conn_at(const struct tcp *tcp, uint32_t index)
{
	return pool_at(&tcp->conns, index);
}

static inline uint32_t tcp_conn_index(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return (uint32_t)(((uintptr_t)conn - (uintptr_t)tcp->conns.records) / sizeof(struct tcp_conn));
}

/* Wrapping comparison of ticks, milliseconds and seconds alike. */
static inline bool tick_reached(uint32_t deadline, uint32_t now)
{
	return (int32_t)(now - deadline) >= 0;
}

/* Deadlines say 0 for "not armed". */
static inline uint32_t tick_after(uint32_t now, uint32_t ticks)
{
	return now + ticks ? now + ticks : 1;
}

static inline uint32_t ticks_from_ms(uint32_t ms)
{
	return ms * (1000000 / TICK_NS);
}

static inline uint32_t ticks_from_us(uint32_t us)
{
	return us / (TICK_NS / 1000) + 1;
}
