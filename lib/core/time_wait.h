/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is left of a connection in TIME-WAIT, or in FIN-WAIT-2 after the application closed: 32 bytes for IPv4, 64 for
 * IPv6, in the same table as connections.  Records lie in 2 KiB chunks of a one-level wheel of 1 s slots, so that expiry walks
 * memory in order.  A restart rewrites the record's deadline and the slot files it again when its turn comes: a replayed FIN
 * cannot make anything grow.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/core/conn.h"
#include "lib/wire/frame.h"

#define TIME_WAIT_UNIT_BYTES  32
#define TIME_WAIT_CHUNK_UNITS 64
#define TIME_WAIT_SLOTS_MAX   512 /* of 1 s: bounds 2MSL */

struct time_wait {
	struct seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	uint16_t local_port, remote_port;
	uint16_t deadline_s;
	uint16_t window;                         /* as last offered, scaled */
	uint8_t flags;                           /* TIME_WAIT_* */
	uint8_t answers : 4, answers_second : 4; /* ACKs sent in this second: damps storms */
	uint8_t shift;                           /* of that window */
	uint8_t addresses[];                     /* local, remote: 4 or 16 bytes each */
};

enum {
	TIME_WAIT_DEAD = 1,       /* out of the table already */
	TIME_WAIT_FIN_WAIT_2 = 2, /* the peer's FIN is still to come */
	TIME_WAIT_TIMESTAMPS = 4,
	TIME_WAIT_IPV6 = 8,
};

static_assert(offsetof(struct time_wait, addresses) + 8 <= TIME_WAIT_UNIT_BYTES, "TIME-WAIT record, IPv4");
static_assert(offsetof(struct time_wait, addresses) + 32 <= 2 * TIME_WAIT_UNIT_BYTES, "TIME-WAIT record, IPv6");

struct time_wait_chunk {
	uint32_t next;
	uint16_t first_unit, end_unit; /* records not yet looked at lie between */
};

struct time_wait_list {
	uint32_t first, last; /* chunks, oldest first */
};

struct time_wait_set {
	uint8_t *units;
	struct time_wait_chunk *chunks;
	uint32_t chunk_count, chunk_free, chunk_fresh;
	uint32_t live_count, limit_count;
	uint32_t slot_count;
	uint32_t expired_s;                                 /* every slot up to and including this second was emptied */
	struct time_wait_list slot[TIME_WAIT_SLOTS_MAX][2]; /* IPv4, IPv6 */
};

struct tcp;

void time_wait_make(struct time_wait_set *set, struct arena *arena, const struct sluice_config *config);

static inline struct time_wait *time_wait_at(const struct time_wait_set *set, uint32_t index)
{
	return (struct time_wait *)(void *)(set->units + (size_t)index * TIME_WAIT_UNIT_BYTES);
}

bool time_wait_matches(const struct tcp *tcp, uint32_t index, const struct tuple *tuple);

/* Replaces a connection in the table by a record: in TIME-WAIT, or in FIN-WAIT-2 after close.  Recycles the oldest at the cap. */
void time_wait_take_over(struct tcp *tcp, const struct tcp_conn *conn, bool is_fin_wait_2);

enum time_wait_verdict { TIME_WAIT_DONE, TIME_WAIT_REOPEN };

/* A segment for a record.  TIME_WAIT_REOPEN: a SYN may reuse the tuple (RFC 6191), if somebody listens; then time_wait_forget(),
 * and our ISN must be after *old_snd_nxt. */
enum time_wait_verdict time_wait_arrives(struct tcp *tcp, uint32_t index, const struct frame *frame, bool has_listener,
					 struct seq *old_snd_nxt);

/* Takes a record out of the table. */
void time_wait_forget(struct tcp *tcp, uint32_t index);

/* Frees records that are due; bounded per turn. */
void time_wait_timers(struct tcp *tcp);

bool time_wait_next(const struct tcp *tcp, uint32_t *tick);
