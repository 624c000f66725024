/* SPDX-License-Identifier: BSD-3-Clause */
/* One allocation a buffer: a tag of ours, struct rte_mbuf, the private area, headroom and room. */
#include "tests/sim/packet_pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "config/limits.h"
#include "tests/sim/violation.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(at, bytes)   ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

#define BUFFER_BYTES (PACKET_HEADROOM_BYTES + PACKET_ROOM_BYTES)
#define TAG_FREE     0x66726565U
#define TAG_OUT      0x6f757474U
#define SCRIBBLE     0xa5

/* In front of every struct rte_mbuf. */
struct tag {
	alignas(64) uint32_t state;
	const struct packet_pool *pool;
};

static struct tag *tag_of(struct rte_mbuf *packet)
{
	return (struct tag *)((uint8_t *)packet - sizeof(struct tag));
}

static uint8_t *room_of(struct rte_mbuf *packet)
{
	return (uint8_t *)(packet + 1) + PACKET_PRIVATE_BYTES;
}

void packet_pool_make(struct packet_pool *pool, const char *owner, uint32_t limit)
{
	*pool = (struct packet_pool){.owner = owner, .limit = limit};
}

static struct rte_mbuf *buffer_make(struct packet_pool *pool)
{
	size_t bytes = sizeof(struct tag) + sizeof(struct rte_mbuf) + PACKET_PRIVATE_BYTES + BUFFER_BYTES;
	struct tag *tag = aligned_alloc(64, (bytes + 63) & ~(size_t)63);

	if (!tag)
		abort();
	pool->made_count++;
	tag->pool = pool;
	return (struct rte_mbuf *)(tag + 1);
}

struct rte_mbuf *packet_pool_take(struct packet_pool *pool)
{
	struct rte_mbuf *packet = pool->free_list;

	if (pool->out_count >= pool->limit)
		return NULL;
	if (packet)
		pool->free_list = packet->next;
	else
		packet = buffer_make(pool);
	pool->out_count++;
	tag_of(packet)->state = TAG_OUT;
	memset(packet, 0, sizeof(*packet));
	packet->buf_addr = room_of(packet);
	packet->buf_len = BUFFER_BYTES;
	packet->data_off = PACKET_HEADROOM_BYTES;
	packet->priv_size = PACKET_PRIVATE_BYTES;
	packet->refcnt = 1;
	packet->nb_segs = 1;
	ASAN_UNPOISON_MEMORY_REGION(room_of(packet), BUFFER_BYTES);
	memset(room_of(packet), SCRIBBLE, PACKET_HEADROOM_BYTES + 64);
	return packet;
}

static void buffer_give(struct packet_pool *pool, struct rte_mbuf *packet)
{
	RULE(tag_of(packet)->state == TAG_OUT, "packets", "%s: a packet was given back twice", pool->owner);
	RULE(tag_of(packet)->pool == pool, "packets", "%s: a packet of another host was given back", pool->owner);
	RULE(packet->refcnt > 0, "packets", "%s: a packet was given back with no reference", pool->owner);
	if (--packet->refcnt > 0)
		return;
	if (RTE_MBUF_HAS_EXTBUF(packet)) {
		struct rte_mbuf_ext_shared_info *shared = packet->shinfo;

		if (--shared->refcnt == 0)
			shared->free_cb(packet->buf_addr, shared->fcb_opaque);
	} else if (RTE_MBUF_CLONED(packet)) {
		buffer_give(pool, rte_mbuf_from_indirect(packet));
	}
	memset(room_of(packet), SCRIBBLE, BUFFER_BYTES); /* as a port does: what is given back is free to be written */
	ASAN_POISON_MEMORY_REGION(room_of(packet), BUFFER_BYTES);
	tag_of(packet)->state = TAG_FREE;
	packet->next = pool->free_list;
	pool->free_list = packet;
	pool->out_count--;
}

void packet_pool_give(struct packet_pool *pool, struct rte_mbuf *packet)
{
	while (packet) {
		struct rte_mbuf *next = packet->next;

		buffer_give(pool, packet);
		packet = next;
	}
}

void packet_pool_drop(struct packet_pool *pool, struct rte_mbuf *packet)
{
	for (struct rte_mbuf *part = packet; part; part = part->next)
		ASAN_UNPOISON_MEMORY_REGION(room_of(part), BUFFER_BYTES);
	packet_pool_give(pool, packet);
}

static struct rte_mbuf *buffer_fill(struct packet_pool *pool, const uint8_t *data, uint32_t bytes)
{
	struct rte_mbuf *packet = packet_pool_take(pool);

	if (!packet)
		return NULL;
	memcpy(room_of(packet) + PACKET_HEADROOM_BYTES, data, bytes);
	packet->data_len = (uint16_t)bytes;
	packet->pkt_len = bytes;
	ASAN_POISON_MEMORY_REGION(room_of(packet), PACKET_HEADROOM_BYTES);
	ASAN_POISON_MEMORY_REGION(room_of(packet) + PACKET_HEADROOM_BYTES + bytes, PACKET_ROOM_BYTES - bytes);
	return packet;
}

struct rte_mbuf *packet_pool_receive(struct packet_pool *pool, const uint8_t *frame, uint32_t bytes,
				     uint32_t first_bytes)
{
	struct rte_mbuf *first, *last;
	uint32_t at = first_bytes < bytes ? first_bytes : bytes;

	first = last = buffer_fill(pool, frame, at);
	while (first && at < bytes) {
		uint32_t part = bytes - at < first_bytes * 2 + 7 ? bytes - at : first_bytes * 2 + 7;

		last->next = buffer_fill(pool, frame + at, part);
		if (!last->next) {
			packet_pool_drop(pool, first);
			return NULL;
		}
		last = last->next;
		first->nb_segs++;
		first->pkt_len += part;
		at += part;
	}
	return first;
}

uint32_t packet_flatten(const struct rte_mbuf *packet, uint8_t *at, uint32_t room_bytes)
{
	uint32_t bytes = 0;

	for (; packet; packet = packet->next) {
		RULE(bytes + packet->data_len <= room_bytes, "packets", "a packet of more than %u bytes was sent",
		     room_bytes);
		memcpy(at + bytes, (const uint8_t *)packet->buf_addr + packet->data_off, packet->data_len);
		bytes += packet->data_len;
	}
	return bytes;
}
