/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet buffers without DPDK: laid out as a port's mempool lays them out, counted out and in, and made useless
 * between two owners.  A buffer given back is overwritten (and poisoned under ASan), so that whoever still reads it
 * breaks a stream; one given back twice, or that is not ours, is a violation at once.
 */
#pragma once

#include <stdint.h>

#include <rte_mbuf_core.h>

struct packet_pool {
	const char *owner;          /* for reports */
	struct rte_mbuf *free_list; /* by ->next */
	uint32_t made_count;
	uint32_t out_count; /* with somebody else */
	uint32_t limit;     /* most that may be out at once */
};

/* An empty pool; buffers are made when first needed and kept for the next seed. */
void packet_pool_make(struct packet_pool *pool, const char *owner, uint32_t limit);

/* An empty packet with the port's headroom; NULL at the limit. */
struct rte_mbuf *packet_pool_take(struct packet_pool *pool);

/* Gives back one reference to a packet: every buffer of a chain, and what an attached one refers to. */
void packet_pool_give(struct packet_pool *pool, struct rte_mbuf *packet);

/* The same, of a packet from packet_pool_receive() that nobody took: what guards its ends goes first. */
void packet_pool_drop(struct packet_pool *pool, struct rte_mbuf *packet);

/* Writes a received frame into a packet, over `buffers` chained buffers cut at random-looking places; NULL at the limit. */
struct rte_mbuf *packet_pool_receive(struct packet_pool *pool, const uint8_t *frame, uint32_t bytes,
				     uint32_t first_bytes);

/* Copies a whole packet's bytes out; returns how many. */
uint32_t packet_flatten(const struct rte_mbuf *packet, uint8_t *at, uint32_t room_bytes);
