/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wire with weather: each direction between two hosts loses, repeats, reorders, damages, delays, queues and cuts, as
 * its weather says and its seed decides.  Frames on their way live in one heap, ordered by the time they arrive.
 *
 * Damage is only ever damage that a checksum must find: a frame whose damage would pass for another valid frame is
 * lost instead, as an Ethernet checksum would have it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/random.h"

#define FRAME_BYTES_MAX 2048

/* A frame on its way. */
struct flight {
	uint64_t due_ns;
	uint64_t order; /* ties are broken by age */
	void *speaker;  /* the observer's, for when it arrives; NULL: forged, or of no connection */
	uint8_t from, to;
	uint16_t bytes;
	uint8_t frame[];
};

struct flights {
	struct flight **heap;
	uint32_t count, room;
	uint64_t order;
};

struct flight *flight_make(uint8_t from, uint8_t to, const uint8_t *frame, uint32_t bytes);
void flights_add(struct flights *flights, struct flight *flight, uint64_t due_ns);
struct flight *flights_take(struct flights *flights);    /* the next to arrive; NULL: none */
uint64_t flights_next_ns(const struct flights *flights); /* UINT64_MAX: none */
void flights_clear(struct flights *flights);

/* Chances are in parts per million of frames. */
struct weather {
	uint32_t loss_ppm; /* by itself, each */
	/* Gilbert and Elliott's two states: with a gust's chance the weather turns bad, then loses so many, and clears up. */
	uint32_t gust_ppm, gust_loss_ppm, gust_end_ppm;
	uint32_t duplicate_ppm, reorder_ppm, damage_ppm, replay_ppm, fragment_ppm, split_ppm, mark_ppm;
	uint64_t delay_ns, jitter_ns;    /* at least, and up to this much more without reordering */
	uint64_t late_least_ns, late_ns; /* reordered frames are late by so much */
	uint64_t replay_ns;              /* replayed ones come again within this */
	uint64_t rate_bps;               /* 0: no limit */
	uint32_t queue_bytes;            /* with a rate */
};

/* Kinds of fault, counted. */
#define FAULTS(X)     \
	X(loss)       \
	X(gust)       \
	X(duplicate)  \
	X(reorder)    \
	X(damage)     \
	X(replay)     \
	X(fragment)   \
	X(mark)       \
	X(split)      \
	X(queue_full) \
	X(cut) X(pause) X(stall) X(stash_empty) X(send_refused) X(receive_full) X(forged) X(junk) X(icmp) X(too_big)

enum fault {
#define X(name) FAULT_##name,
	FAULTS(X)
#undef X
		FAULT_COUNT
};

const char *fault_name(enum fault fault);

struct link {
	struct weather weather;
	uint64_t busy_until_ns; /* the last bit of what was sent leaves then */
	uint64_t last_due_ns;   /* frames that are not reordered stay in order */
	uint64_t cut_until_ns;  /* what is sent before is lost */
	uint64_t hold_until_ns; /* what is sent before arrives after, all at once */
	bool is_gusty;          /* the bad state */
	uint64_t gust_until_ns; /* at the latest, however few frames there are */
	uint16_t mtu_bytes;     /* what is larger is lost; 0: nothing is */
	uint32_t told_ppm;      /* how often its sender is told */
	uint16_t fragment_id;   /* of the last packet that was cut in pieces */
};

/*
 * Sends a frame, whose flight it takes over, on the link: up to three flights follow.  Counts what it did to it in
 * faults[FAULT_COUNT].  One that is cut in pieces makes as many flights, each late and lost by itself.
 */
void link_send(struct link *link, struct flights *flights, struct random *random, uint64_t now_ns,
	       struct flight *flight, uint64_t *faults);

static inline bool random_chance(struct random *random, uint32_t ppm)
{
	return ppm && random_below(random, 1000000) < ppm;
}

/* Uniform in low…high. */
static inline uint64_t random_between(struct random *random, uint64_t low, uint64_t high)
{
	return low + random_next(random) % (high - low + 1);
}
