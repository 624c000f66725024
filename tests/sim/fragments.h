/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that puts packets together again which a router cut in pieces: in the plainest way, a byte map a datagram, sharing
 * nothing with what the library uses on real ports.
 */
#pragma once

#include <rte_mbuf_core.h>

#include "tests/sim/link.h"
#include "tests/sim/packet_pool.h"

#define ASSEMBLIES_MAX     16
#define ASSEMBLY_LIFE_NS   15000000000ULL
#define ASSEMBLY_BYTES_MAX FRAME_BYTES_MAX

/* A datagram some of whose pieces have come. */
struct assembly {
	bool is_used, ipv6;
	uint64_t begun_ns;
	uint8_t key[36];      /* source, destination, identification */
	uint32_t total_bytes; /* 0: the last piece is still to come */
	uint32_t got_bytes;
	uint8_t header[ASSEMBLY_BYTES_MAX]; /* Ethernet's and IP's, of the first piece */
	uint32_t header_bytes;              /* 0: it is still to come */
	uint8_t text[ASSEMBLY_BYTES_MAX], has[ASSEMBLY_BYTES_MAX];
	void *speaker;
	struct rte_mbuf *held[ASSEMBLY_BYTES_MAX / 8];
	uint32_t held_count;
};

struct assemblies {
	struct assembly assembly[ASSEMBLIES_MAX];
};

/* Whose segment a received piece is of: kept where the library has no business. */
void fragments_mark(struct rte_mbuf *packet, void *speaker);

/* Takes a piece.  The frame that is whole now, in one of the packets given, or NULL; *lost counts packets given up. */
struct rte_mbuf *fragments_add(struct assemblies *assemblies, struct packet_pool *pool, uint64_t now_ns,
			       struct rte_mbuf *packet, uint32_t *lost, void **speaker);

/* Gives up what is older than its time, or everything; returns how many packets that were. */
uint32_t fragments_expire(struct assemblies *assemblies, struct packet_pool *pool, uint64_t now_ns, bool all);

uint32_t fragments_held(const struct assemblies *assemblies);
