/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulator's own application on one host: listens, opens the stories whose time has come, and leads every event to
 * its actor.  It learns the time from the worker's timer alone, as a real program would.
 */
#pragma once

#include "tests/sim/story.h"

#define STREAMS_PORT_FIRST        80
#define STREAMS_PORTS             3
#define STREAMS_RECEIVE_BYTES_MAX 34267 /* what a listener or a story asks for */

/* What all hosts play together. */
struct plan {
	struct story *first, *last;
	struct story *strays; /* connections that no story asked for */
	uint32_t count, strays_count, begun_count, opened_count, refused_count;
};

void plan_add(struct plan *plan, struct story *story);
bool plan_is_over(const struct plan *plan);
void plan_free(struct plan *plan);

struct streams {
	struct host *host;
	struct plan *plan;
	int listener[2 * STREAMS_PORTS + 1]; /* -1: not listening */
	uint64_t deaf_from_ns, deaf_to_ns;   /* listeners are closed between */
	bool deaf;
	uint64_t alarm_ns;     /* the worker's timer, in the world's time; UINT64_MAX: not set */
	uint32_t posts, bumps; /* functions posted, and run */
};

void streams_start(struct streams *streams, struct host *host, struct plan *plan);
void streams_handle(struct streams *streams, const struct sluice_event *event);

/* After the events of a turn: opens what is due. */
void streams_turn(struct streams *streams);
