/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for tests, made with malloc and no DPDK library.  Those made from bytes end where their block ends, so that
 * AddressSanitizer sees every byte read past the data.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf_core.h>

#include "config/limits.h"
#include "lib/base/assert.h"

/* One buffer of headroom and `room_bytes`, its data empty. */
static inline struct rte_mbuf *packet_new_with_room(uint32_t room_bytes)
{
	struct rte_mbuf *packet = aligned_alloc(64, sizeof(*packet) + PACKET_PRIVATE_BYTES);

	REQUIRE(packet);
	memset(packet, 0, sizeof(*packet) + PACKET_PRIVATE_BYTES);
	packet->buf_addr = malloc(PACKET_HEADROOM_BYTES + (size_t)room_bytes);
	REQUIRE(packet->buf_addr);
	memset(packet->buf_addr, 0xa5, PACKET_HEADROOM_BYTES + (size_t)room_bytes);
	packet->buf_len = (uint16_t)(PACKET_HEADROOM_BYTES + room_bytes);
	packet->data_off = PACKET_HEADROOM_BYTES;
	packet->priv_size = PACKET_PRIVATE_BYTES;
	packet->refcnt = 1;
	packet->nb_segs = 1;
	return packet;
}

/* A fresh packet, as a stash holds it. */
static inline struct rte_mbuf *packet_new(void)
{
	return packet_new_with_room(PACKET_ROOM_BYTES);
}

/* A packet that holds a copy of the bytes, and no room after them. */
static inline struct rte_mbuf *packet_from_bytes(const void *bytes, uint32_t count)
{
	struct rte_mbuf *packet = packet_new_with_room(count);

	if (count)
		memcpy((uint8_t *)packet->buf_addr + packet->data_off, bytes, count);
	packet->data_len = (uint16_t)count;
	packet->pkt_len = count;
	return packet;
}

/* Hangs `tail`, itself perhaps a chain, behind `packet`. */
static inline void packet_chain(struct rte_mbuf *packet, struct rte_mbuf *tail)
{
	struct rte_mbuf *last = packet;

	while (last->next)
		last = last->next;
	last->next = tail;
	packet->nb_segs = (uint16_t)(packet->nb_segs + tail->nb_segs);
	packet->pkt_len += tail->pkt_len;
}

/* The same bytes over two buffers, the first of which holds `first_count`. */
static inline struct rte_mbuf *packet_from_bytes_split(const void *bytes, uint32_t count, uint32_t first_count)
{
	struct rte_mbuf *packet = packet_from_bytes(bytes, first_count);

	packet_chain(packet, packet_from_bytes((const uint8_t *)bytes + first_count, count - first_count));
	return packet;
}

/* Copies the whole chain's bytes out; returns how many. */
static inline uint32_t packet_copy_out(const struct rte_mbuf *packet, void *bytes, uint32_t max)
{
	uint32_t count = 0;

	for (; packet; packet = packet->next) {
		REQUIRE(count + packet->data_len <= max);
		memcpy((uint8_t *)bytes + count, (const uint8_t *)packet->buf_addr + packet->data_off,
		       packet->data_len);
		count += packet->data_len;
	}
	return count;
}

/* Frees the whole chain. */
static inline void packet_free(struct rte_mbuf *packet)
{
	while (packet) {
		struct rte_mbuf *next = packet->next;

		free(packet->buf_addr);
		free(packet);
		packet = next;
	}
}
