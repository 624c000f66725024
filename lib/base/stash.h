/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's hand of fresh packets: what is built is taken from here, what is finished with is given here.  The pure
 * core never allocates and never frees; the worker tops the stash up and drains it once per turn.  An empty stash is
 * an ordinary, counted outcome.
 *
 * Under AddressSanitizer the bytes of a received packet outside its data are poisoned, so that reading past data_len
 * is caught.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include <rte_mbuf_core.h>

#include "config/limits.h"
#include "lib/base/assert.h"
#include "lib/base/cache.h"

#if defined(__has_feature) && !defined(__SANITIZE_ADDRESS__)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* gcc's word for it */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

struct stash {
	uint32_t fresh_count;
	uint32_t spent_count;
	uint32_t missing_count;         /* asked of the port when it was last topped up, and not given */
	const struct rte_mempool *pool; /* whose packets may be used again here: that of the first one taken */
	struct rte_mbuf *spent; /* one chain of what only the port can free: from other pools, attached, too many */
	struct rte_mbuf *fresh[STASH_PACKETS_MAX];
};

/* What we keep in a packet's private area while it is queued. */
struct packet {
	struct rte_mbuf *next;       /* in its queue, or its out-of-order range */
	struct rte_mbuf *range_next; /* of a range's first packet: the next range */
	struct rte_mbuf *range_last; /* its last packet */
	uint32_t seq;                /* of the first byte */
	uint32_t range_end;          /* after the range's last byte */
	uint32_t arrived;            /* a running number: which range changed last */
	bool fin;                    /* the peer's FIN follows this text */
};

static_assert(sizeof(struct packet) <= PACKET_PRIVATE_BYTES, "private area");

static inline struct packet *packet_of(struct rte_mbuf *mbuf)
{
	return (struct packet *)(void *)(mbuf + 1);
}

static inline void stash_guard(const struct rte_mbuf *mbuf)
{
	ASAN_POISON_MEMORY_REGION(mbuf->buf_addr, mbuf->data_off);
	ASAN_POISON_MEMORY_REGION((uint8_t *)mbuf->buf_addr + mbuf->data_off + mbuf->data_len,
				  (size_t)(mbuf->buf_len - mbuf->data_off - mbuf->data_len));
}

static inline void stash_unguard(const struct rte_mbuf *mbuf)
{
	ASAN_UNPOISON_MEMORY_REGION(mbuf->buf_addr, mbuf->buf_len);
}

/* A packet with no data yet, headroom in front; NULL: the stash is empty. */
static inline struct rte_mbuf *stash_take(struct stash *stash)
{
	return stash->fresh_count ? stash->fresh[--stash->fresh_count] : NULL;
}

static inline void stash_renew(struct rte_mbuf *mbuf)
{
	stash_unguard(mbuf);
	mbuf->data_off = PACKET_HEADROOM_BYTES;
	mbuf->data_len = 0;
	mbuf->pkt_len = 0;
	mbuf->ol_flags = 0;
	mbuf->tx_offload = 0;
}

static inline void stash_give_spent(struct stash *stash, struct rte_mbuf *mbuf)
{
	stash_unguard(mbuf);
	mbuf->next = stash->spent;
	stash->spent = mbuf;
	stash->spent_count++;
}

/* Gives one reference to a packet back, with all its buffers. */
static inline void stash_give(struct stash *stash, struct rte_mbuf *mbuf)
{
	while (mbuf) {
		struct rte_mbuf *next = mbuf->next;

		ASSERT(mbuf->refcnt >= 1);
		if (__builtin_expect(mbuf->refcnt > 1, 0)) {
			mbuf->refcnt--;
		} else if (__builtin_expect(mbuf->pool == stash->pool && stash->fresh_count < STASH_PACKETS_MAX &&
						    !(mbuf->ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)),
					    1)) {
			mbuf->next = NULL;
			mbuf->nb_segs = 1;
			stash_renew(mbuf);
			stash->fresh[stash->fresh_count++] = mbuf;
		} else {
			mbuf->nb_segs = 1;
			stash_give_spent(stash, mbuf);
		}
		mbuf = next;
	}
}
