/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hierarchical timer wheel: 4 levels of 256 slots over 32-bit ticks, occupancy bitmaps, doubly linked slots by
 * 32-bit index.  It files indexes under deadlines and gives back those that are due, never early; it calls nobody,
 * allocates nothing and knows no clock.  Deadlines compare by wrapping difference and may lie up to 2^31-1 ticks ahead.
 *
 * Links live in the caller's records, `stride_bytes` apart: filing touches the record itself and its new neighbour.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/assert.h"

#define WHEEL_LEVELS    4
#define WHEEL_SLOTS     256
#define WHEEL_MOVES_MAX 1024 /* records re-filed by one wheel_advance(), before it leaves the rest */
#define WHEEL_NONE      UINT32_MAX

/* Embedded in each record. */
struct wheel_link {
	uint32_t next,
		previous;  /* index of a record, or a slot's own number with the top bit set; WHEEL_NONE: not filed */
	uint32_t deadline; /* while filed: what it is filed under, or a later one that wheel_postpone() wrote */
};

struct wheel {
	uint8_t *links; /* link of record i at links + i * stride_bytes */
	size_t stride_bytes;
	uint32_t now;   /* every deadline up to and including this tick has been given back */
	uint32_t count; /* filed */
	uint64_t occupied[WHEEL_LEVELS][WHEEL_SLOTS / 64];
	uint32_t head[WHEEL_LEVELS * WHEEL_SLOTS + 1]; /* level by level; last, what was due when it was filed */
};

/* `first_link` is the link of record 0.  Every link must be set to unfiled with wheel_link_reset() before its first use. */
void wheel_make(struct wheel *wheel, void *first_link, size_t stride_bytes, uint32_t now);

static inline void wheel_link_reset(struct wheel_link *link)
{
	link->next = WHEEL_NONE;
	link->previous = WHEEL_NONE;
}

static inline bool wheel_is_filed(const struct wheel_link *link)
{
	return link->next != WHEEL_NONE;
}

/*
 * Files an unfiled record; indexes are below 2^31.  A deadline that is not after `now` is given back by the next
 * wheel_advance.
 */
void wheel_file(struct wheel *wheel, uint32_t index, uint32_t deadline);

/*
 * Gives a filed record a later deadline, at the cost of one store: the wheel re-files it when it comes upon it.  To move a
 * deadline earlier, unfile and file.
 */
static inline void wheel_postpone(struct wheel_link *link, uint32_t deadline)
{
	ASSERT(wheel_is_filed(link) && (int32_t)(deadline - link->deadline) >= 0);
	link->deadline = deadline;
}

/* Unfiles a filed record. */
void wheel_unfile(struct wheel *wheel, uint32_t index);

/*
 * Moves time towards `now` and writes up to `max` (at least 1) due records, now unfiled, to `due`, in order of their
 * slots; returns how many.  When that is `max`, or wheel->now is still short of `now` (WHEEL_MOVES_MAX was hit), more may
 * be due, and the next call goes on where this one stopped.  A `now` before wheel->now counts as wheel->now.
 */
uint32_t wheel_advance(struct wheel *wheel, uint32_t now, uint32_t *due, uint32_t max);

/*
 * A tick by which wheel_advance must be called again: exact for deadlines filed within 256 ticks, never later than the
 * earliest deadline otherwise.  False when nothing is filed.
 */
bool wheel_next(const struct wheel *wheel, uint32_t *tick);
