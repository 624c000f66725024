/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A handshake that a peer began: SYN received, SYN-ACK sent, nothing more.  32 bytes for IPv4 and 48 for IPv6, in the
 * same table as connections.  The entry is a convenience: its ISN is a cookie, so it may be evicted at any time, oldest first.
 * (Where it agrees on more than a cookie holds, its ISN is none, and eviction ends that handshake.)
 * SYN-ACKs are retransmitted from one FIFO per attempt, since every entry of a FIFO waits equally long.
 */
#pragma once

#include "config/limits.h"
#include "lib/core/pool.h"
#include "lib/sluice.h"
#include "lib/wire/address.h"
#include "lib/wire/frame.h"

#define HALF_OPEN_NONE ((1U << 24) - 1)
#define HALF_OPEN_IPV6 (1U << 23) /* in an index: of the IPv6 pool */

struct half_open {
	struct seq irs, iss;
	uint32_t ts_recent;
	uint16_t remote_port;
	uint16_t listener : 6, local : 6; /* local: index of our address */
	uint16_t due_ms : 4;              /* when the delay is over, in ms modulo 16; due_16ms is the end of those 16 */
	uint64_t next : 24, previous : 24, due_16ms : 16;
	uint32_t mss_bytes : 14, shift : 4, sack : 1, timestamps : 1, attempts : 3, hop : 6,
		ecn : 1;     /* as in struct handshake */
	uint32_t pinned : 1; /* its ISN is no cookie: it reuses a tuple in TIME-WAIT, and is never evicted */
	uint32_t again : 1;  /* the SYN came again and was answered again: whose round trip ends now, nobody knows */
	uint8_t remote[];    /* 4 or 16 bytes */
};

#define HALF_OPEN_IPV4_BYTES 32
#define HALF_OPEN_IPV6_BYTES 48
static_assert(offsetof(struct half_open, remote) + 4 <= HALF_OPEN_IPV4_BYTES, "half-open entry, IPv4");
static_assert(offsetof(struct half_open, remote) + 16 <= HALF_OPEN_IPV6_BYTES, "half-open entry, IPv6");
static_assert(LISTENERS_MAX <= 64 && SLUICE_SUBNETS_MAX + 1 <= 64, "six bits each");

#define HALF_OPEN_FIFOS (3 * HALF_OPEN_ATTEMPTS_MAX)

struct half_open_fifo {
	uint32_t first, last; /* oldest, newest; HALF_OPEN_NONE: empty */
};

struct half_open_set {
	struct pool ipv4, ipv6;
	struct half_open_fifo fifo[HALF_OPEN_FIFOS]; /* by attempts made: IPv4's, IPv6's, those pinned */
	uint32_t pinned_count;
	struct mac hop[HOPS_MAX]; /* source MACs of SYNs, by a hash of themselves; a collision costs a retransmission */
};

struct tcp;
struct tcp_conn;

void half_open_make(struct half_open_set *set, struct arena *arena, uint32_t count);

static inline struct half_open *half_open_at(const struct half_open_set *set, uint32_t index)
{
	return index & HALF_OPEN_IPV6 ? pool_at(&set->ipv6, index & ~HALF_OPEN_IPV6) : pool_at(&set->ipv4, index);
}

static inline uint32_t half_open_count(const struct half_open_set *set)
{
	return set->ipv4.used_count + set->ipv6.used_count;
}

bool half_open_matches(const struct tcp *tcp, uint32_t index, const struct tuple *tuple, uint8_t local);

/* The number to answer a SYN with: a cookie, if one can hold what it asks for. */
struct seq half_open_isn(const struct tcp *tcp, const struct frame *syn);

/*
 * A SYN: makes an entry, evicting the family's oldest if need be, and answers it.  Of `like` count iss, listener, local and pinned,
 * which is for a SYN that reuses a tuple in TIME-WAIT: such an entry is not evicted.
 */
void half_open_create(struct tcp *tcp, const struct frame *syn, uint64_t hash, const struct half_open *like);

/* Would an entry be made, evicting one if need be, and if it is to be pinned, would it be one of the few that may? */
bool half_open_has_room(const struct tcp *tcp, bool ipv6, bool pinned);

/* A segment for an entry.  Returns whether the packet was kept. */
bool half_open_arrives(struct tcp *tcp, uint32_t index, struct frame *frame, uint64_t hash);

/* Retransmits SYN-ACKs that are due, gives up those that had their attempts; bounded per turn. */
void half_open_timers(struct tcp *tcp);

/* Tick of the earliest retransmission; false: none. */
bool half_open_next(const struct tcp *tcp, uint32_t *tick);

/* Drops an entry whose listener was closed meanwhile, silently; false: it was not. */
bool half_open_drop_closed(struct tcp *tcp, uint32_t index);

/* Drops the entries of a listener, silently, among the HALF_OPEN_DROPPED_MAX that wait longest for what they wait for. */
void half_open_drop_listener(struct tcp *tcp, uint8_t listener);

/* Of the remote address. */
static inline uint32_t half_open_ip_bytes(uint32_t index)
{
	return index & HALF_OPEN_IPV6 ? 16 : 4;
}

/* Remembers a source MAC; returns where. */
static inline uint8_t half_open_hop(struct half_open_set *set, const struct mac *mac)
{
	uint8_t hop = ((mac->byte[5] * 31U + mac->byte[4]) * 31U + mac->byte[3] + mac->byte[2]) % HOPS_MAX;

	set->hop[hop] = *mac;
	return hop;
}
