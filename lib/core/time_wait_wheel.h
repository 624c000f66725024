/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where TIME-WAIT records lie: in chunks of 2 KiB, filed under the second in which they are due, on a wheel of one level.  So
 * expiry walks memory in order, a chunk a step, and a record costs its own bytes and no link.  A record that ends early leaves a
 * hole; the chunk goes back as soon as nothing but holes is in it, and whoever looks for the next record meets at most one
 * chunk of them.  It knows the records' sizes and deadlines, and nothing of TCP.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/limits.h"
#include "lib/base/arena.h"
#include "lib/wire/seq.h"

#define TIME_WAIT_UNIT_BYTES        8
#define TIME_WAIT_IPV4_BYTES        32
#define TIME_WAIT_IPV6_BYTES        40
#define TIME_WAIT_CHUNK_UNITS       256
#define TIME_WAIT_CHUNK_RECORDS_MAX (TIME_WAIT_CHUNK_UNITS * TIME_WAIT_UNIT_BYTES / TIME_WAIT_IPV4_BYTES)
#define TIME_WAIT_CHUNK_RECORDS_MIN (TIME_WAIT_CHUNK_UNITS * TIME_WAIT_UNIT_BYTES / TIME_WAIT_IPV6_BYTES)
#define TIME_WAIT_SLOTS             512 /* of 1 s; what is due later is filed again on the way */
#define TIME_WAIT_NO_PLACE          UINT32_MAX

/* A record's place is the number of its first unit. */
struct time_wait {
	struct seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	uint16_t local_port, remote_port;
	uint16_t deadline_s;
	uint16_t window;                         /* as last offered, scaled */
	uint8_t flags;                           /* TIME_WAIT_* */
	uint8_t answers : 4, answers_second : 4; /* ACKs sent in this second: damps storms */
	uint8_t shift;                           /* of that window */
	uint8_t local;                           /* index of our address */
	uint8_t remote[];                        /* 4 or 16 bytes */
};

enum {
	TIME_WAIT_HOLE = 1,       /* ended: not in the table, and not live */
	TIME_WAIT_FIN_WAIT_2 = 2, /* the peer's FIN is still to come */
	TIME_WAIT_TIMESTAMPS = 4,
	TIME_WAIT_IPV6 = 8,
};

static_assert(offsetof(struct time_wait, remote) + 4 <= TIME_WAIT_IPV4_BYTES, "TIME-WAIT record, IPv4");
static_assert(offsetof(struct time_wait, remote) + 16 <= TIME_WAIT_IPV6_BYTES, "TIME-WAIT record, IPv6");
static_assert(TIME_WAIT_IPV4_BYTES % TIME_WAIT_UNIT_BYTES == 0 && TIME_WAIT_IPV6_BYTES % TIME_WAIT_UNIT_BYTES == 0,
	      "records are whole units");

struct time_wait_chunk {
	uint32_t next, previous;
	uint16_t first_unit, end_unit; /* records that may be live lie between */
	uint16_t live_count;           /* 0: the chunk is free */
	uint16_t slot;                 /* whose list it is in */
};

struct time_wait_list {
	uint32_t first, last; /* chunks, oldest first */
};

struct time_wait_wheel {
	uint8_t *units;
	struct time_wait_chunk *chunk;
	uint32_t chunk_count, chunk_free, chunk_fresh;
	uint32_t expired_s; /* every slot up to and including this second was emptied */
	uint32_t longest_s; /* from now to the farthest deadline */
	uint64_t occupied[TIME_WAIT_SLOTS / 64];
	struct time_wait_list slot[TIME_WAIT_SLOTS];
};

/* Carves room for so many records of either family, no deadline of which is more than `longest_s` away. */
void time_wait_wheel_make(struct time_wait_wheel *wheel, struct arena *arena, uint32_t records_count,
			  uint32_t longest_s);

static inline struct time_wait *time_wait_wheel_at(const struct time_wait_wheel *wheel, uint32_t place)
{
	return (struct time_wait *)(void *)(wheel->units + (size_t)place * TIME_WAIT_UNIT_BYTES);
}

/* A place for a record, to be filled in by the caller; TIME_WAIT_NO_PLACE: holes have used up the chunks. */
uint32_t time_wait_wheel_file(struct time_wait_wheel *wheel, uint16_t deadline_s, bool ipv6);

/* Is a record filed later than a deadline that it is given now? */
bool time_wait_wheel_is_filed_after(const struct time_wait_wheel *wheel, uint32_t place, uint16_t deadline_s);

/* The record is a hole from now on. */
void time_wait_wheel_drop(struct time_wait_wheel *wheel, uint32_t place);

/* The live record that was filed first of those that are due first; TIME_WAIT_NO_PLACE: there is none. */
uint32_t time_wait_wheel_oldest(struct time_wait_wheel *wheel);

/* The live records of the next chunk that is due: all are to be dropped, or filed again and then dropped, before the next call.
 * Returns how many; 0: no slot up to now_s has any. */
uint32_t time_wait_wheel_due(struct time_wait_wheel *wheel, uint32_t now_s,
			     uint32_t place[TIME_WAIT_CHUNK_RECORDS_MAX]);

/* Has a record's deadline passed?  After a sleep of 18 hours, to the minute, it may seem not to have, for another such time. */
bool time_wait_wheel_is_over(const struct time_wait_wheel *wheel, uint16_t deadline_s, uint32_t now_s);

/* The second in which the next slot with records is due; false: there are none. */
bool time_wait_wheel_next(const struct time_wait_wheel *wheel, uint32_t *due_s);
