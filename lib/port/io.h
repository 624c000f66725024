/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker sees of its port: the functions of struct sluice_io over one queue pair.  Called once per burst, on the
 * worker's thread; everything that can be decided before packets flow is decided by choosing the functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/cache.h"
#include "lib/port/clock.h"
#include "lib/sluice.h"

struct fragments;
struct rte_mempool;
struct rte_ring;

#define IO_NAP_LEAST_NS      20000 /* an idle worker's first sleep; each further one is twice as long … */
#define IO_NAP_DOUBLINGS     5
#define IO_NAP_MOST_NS       500000 /* … up to this */
#define IO_INTERRUPT_WAIT_MS 10     /* a sleep that a packet ends: only sluice_post() waits for its end */

struct io {
	alignas(CACHE_LINE_BYTES) uint16_t port_id;
	bool has_interrupts;    /* a packet can end a sleep */
	bool is_sleep_prepared; /* on the worker's thread */
	uint32_t naps;          /* since a packet came */
	struct rte_mempool *pool;
	struct rte_ring *ring; /* what receive reads, if it is a ring */
	struct fragments *fragments;
	struct clock clock;
	uint64_t copied_packets;     /* flattened or copied on send, for want of a device that takes them as they are */
	uint64_t unsendable_packets; /* that the device refused for good, and were freed */
};

struct io_wish {
	uint16_t port_id;
	bool has_interrupts;
	bool must_copy_shared; /* the receiver reads what we send in place: nothing may be attached or chained */
	bool must_flatten;     /* the device takes no chains */
	bool must_prepare;     /* checksum offloads need the driver's preparation */
	struct rte_mempool *pool;
	struct rte_ring *ring;
	struct fragments *fragments; /* NULL: they are not taken */
};

/* Fills in `io` and the functions of `functions`; its mac, mtu_bytes and flags are the caller's. */
void io_make(struct io *io, const struct io_wish *wish, struct sluice_io *functions);
