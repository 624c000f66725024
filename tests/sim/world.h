/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that one seed makes: hosts with a worker each, the links between them, the observer over them, and the
 * one clock.  Time jumps to whatever is due next; nothing here reads a real clock, and nothing is random but by seed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/random.h"
#include "lib/sluice.h"
#include "tests/sim/fragments.h"
#include "tests/sim/link.h"
#include "tests/sim/observer.h"
#include "tests/sim/packet_pool.h"

#define WORLD_HOSTS      3
#define HOST_ARRIVED_MAX 512
#define HOST_SENDING_MAX 1024
#define SECOND_NS        1000000000ULL
#define MILLISECOND_NS   1000000ULL

/* A packet the port has taken and may still read. */
struct sending {
	struct rte_mbuf *packet;
	uint64_t done_ns;
	uint32_t bytes;
	uint8_t *bytes_then; /* what it held when it was taken */
};

/* How a host misbehaves; chances per call, in parts per million. */
struct trouble {
	uint32_t allocate_some_ppm, allocate_none_ppm;
	uint32_t refuse_some_ppm, refuse_all_ppm;
	uint32_t receive_few_ppm, chain_ppm;
	uint32_t stall_ppm;
	uint64_t stall_ns; /* up to this long */
	uint64_t turn_ns;  /* a turn takes up to this long */
	uint64_t dma_ns;   /* the port holds packets up to this long */
};

/* What a host's port saw, to be compared with the worker's counters. */
struct port_counts {
	uint64_t packets_received, bytes_received, packets_sent, bytes_sent, segments_received;
};

struct streams;
struct world;

struct host {
	struct world *world;
	uint8_t index;
	uint8_t mac[6];
	struct address ipv4, ipv6; /* port 0 */
	struct sluice_config config;
	struct sluice_io io;
	struct sluice_worker *worker;
	void *memory;
	struct packet_pool pool;
	struct assemblies assemblies;
	struct trouble trouble;
	struct random random;
	uint64_t clock_offset_ns, busy_until_ns;
	uint64_t dry_until_ns, refuse_until_ns; /* the stash, or the port, gives nothing before */
	uint64_t last_trouble_ns;               /* when an allocation or a send last failed, or it stalled */
	uint64_t deadline_ns;                   /* of the worker, in the world's time */
	uint32_t idle_turns;                    /* in a row, at one time, without a packet or an event */
	bool is_refusing;                       /* at its last offer the port left packets behind */
	uint32_t arrived_first, arrived_count;
	struct flight *arrived[HOST_ARRIVED_MAX];
	uint32_t sending_first, sending_count;
	struct sending sending[HOST_SENDING_MAX];
	struct port_counts port;
	struct sluice_statistics statistics; /* after its last turn */
	struct side *live;                   /* sides with a connection that is not CLOSED */
	uint32_t live_count, dying_count;    /* connections not CLOSED; of them, aborted since the last poll */
	uint32_t timer_bound_hits;
	uint64_t time_wait_ns; /* when a record of TIME-WAIT was last made */
	uint64_t worker_timer_ns;
	struct streams *streams; /* the application; NULL: another one */
	void *program;           /* that other one */
	void (*program_handle)(struct host *host, const struct sluice_event *event);
	void (*program_turn)(struct host *host);
	void (*turn_begins)(struct host *host); /* around each turn, before what is checked after it; NULL: nothing */
	void (*turn_ends)(struct host *host);
};

struct world {
	uint64_t seed, now_ns;
	struct random random;
	struct host host[WORLD_HOSTS];
	struct link link[WORLD_HOSTS][WORLD_HOSTS];
	struct flights flights;
	struct observer observer;
	uint64_t faults[FAULT_COUNT];
	uint64_t forged_lost; /* made by us, and lost before the host */
	bool is_careful;      /* the workers do without their fast path */
	bool calm;            /* faults are over */
	uint64_t calm_ns;     /* since then */
	uint64_t turns;
};

/* The world of the seed being run: for the functions that stand in front of the API (witness.c). */
extern struct world *world_now;

/* Turns the next thing that is due into the past.  False when nothing will ever be due, or not before `until_ns`. */
bool world_step(struct world *world, uint64_t until_ns);

/* A frame onto the wire, from a host or from nowhere (forged: speaker NULL, straight to `to`'s wire). */
void world_transmit(struct world *world, uint8_t from, const uint8_t *frame, uint32_t bytes, void *speaker);
void world_inject(struct world *world, uint8_t to, const uint8_t *frame, uint32_t bytes, uint64_t after_ns);

struct host *world_host_of(const struct sluice_worker *worker);

/* Makes a host's worker over its simulated port; violates "make" if the configuration is refused. */
void host_start(struct host *host);
void host_stop(struct host *host);

/* One turn: poll, the application, flush, and the checks after it. */
void host_turn(struct host *host);

/* When the host next wants a turn, in the world's time; UINT64_MAX: never, if nothing arrives. */
uint64_t host_wake_ns(const struct host *host);
