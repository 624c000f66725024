/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one seed makes: Sluice at one end of a faulty wire, lwIP at the other, one clock, and connections between them
 * either way. Sluice is host 0 and lwIP host 1 of a simulator's world, of which only the clock, the dice, the links and
 * host 0 are used; the stories are the simulator's, and its actors play Sluice's side of them.
 */
#pragma once

#include "tests/sim/story.h"

#define BOUT_STORIES_MAX 48
#define BOUT_SLUICE      0
#define BOUT_LWIP        1

struct bout {
	struct world world;
	struct story *story[BOUT_STORIES_MAX];
	uint32_t story_count;
	uint32_t stray_count;   /* connections of neither a story nor ours: old segments that came again */
	uint32_t lwip_clock_ms; /* what lwIP's clock starts from */
};

/* What a seed was worth; all of it is counts, but for the hash. */
struct bout_outcome {
	uint64_t virtual_ns, trace_hash, stories, strays;
	uint64_t ordered;      /* stories in which both sides were to end in order… */
	uint64_t exact;        /* …and did, with every byte of the other */
	uint64_t unreachable;  /* …the wire lost every question for the neighbour, or the answers */
	uint64_t forgotten;    /* …lwIP gives a handshake no more than 20 s */
	uint64_t lost;         /* …lwIP lost bytes of its own (player.c) */
	uint64_t gave_up;      /* …a side waited for one that had gone without a word */
	uint64_t early_fins;   /* …lwIP ended its stream too early (watch.h) */
	uint64_t opened[2][2]; /* by opener and family */
	uint64_t bytes[2];     /* read by each host */
	uint64_t half_closes[2], aborts[2], refused[2];
	uint64_t faults[FAULT_COUNT];
	uint64_t counter[SLUICE_COUNTER_COUNT]; /* Sluice's own */
};

/* The one that runs. */
extern struct bout bout;

/* Runs a seed from beginning to end, or violates. Once per process: lwIP cannot begin again. */
struct bout_outcome bout_run(uint64_t seed);

/* The story that a connection between these two ports belongs to; NULL: none. */
struct story *bout_find(uint8_t opener, bool ipv6, uint16_t opener_port, uint16_t target_port);

/* A frame onto the wire. */
void bout_transmit(uint8_t from, const uint8_t *frame, uint32_t bytes);

/* The next story of `opener` that is due; NULL: none, and *next_ns is brought forward to when there will be one. */
struct story *bout_due(uint8_t opener, uint64_t *next_ns);
