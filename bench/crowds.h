/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crowds at one worker, through the public interface: what the parts of the program share.  A figure's function prints its
 * keys as JSON, each with its value, and fails if any count is not exactly what it should be.
 */
#pragma once

#include "bench/mirror.h"

#define CROWDS_SECOND_NS     1000000000ULL
#define CROWDS_START_NS      (1000 * CROWDS_SECOND_NS)
#define CROWDS_SPREAD_NS     (50 * CROWDS_SECOND_NS) /* over which those come who do not come at once */
#define CROWDS_SMALL_RECORDS 4096                    /* of what is not measured */
#define CROWDS_OVER_PART     64                      /* one in so many more than there is room for */

struct crowds {
	struct mirror mirror;
	uint32_t count;
	bool closes;                       /* the server, after its answer */
	uint64_t closed_count, used_count; /* events */
};

/* The same turns of several runs. */
struct crowds_turns {
	uint32_t *least_ns; /* each turn's shortest */
	uint32_t count;
	uint32_t longest_ns; /* of all runs, disturbed ones too */
};

bool crowds_turns_make(struct crowds_turns *turns); /* false: no memory */
void crowds_turns_free(struct crowds_turns *turns);

/* The longest of the turns, each at its shortest. */
double crowds_turns_highest_us(const struct crowds_turns *turns);
double crowds_turns_mean_us(const struct crowds_turns *turns);

/* One turn of the server. */
void crowds_turn(struct crowds *crowds);

/* The same, timed as number `place` of its run; false: there are too many. */
bool crowds_turn_timed(struct crowds *crowds, struct crowds_turns *turns, uint32_t place);

/* Turns until nothing is on the way to the server. */
void crowds_drain(struct crowds *crowds);

/* Clients open a connection and make their request, a few of them at a time; they come evenly over `span_ns`. */
void crowds_come(struct crowds *crowds, uint32_t first, uint32_t end, uint64_t span_ns);

uint64_t crowds_gauge(const struct crowds *crowds, enum sluice_gauge gauge);
uint64_t crowds_counter(const struct crowds *crowds, enum sluice_counter counter);

/* What one of so many records takes, by the library's sums: a worker with all of them, less one with one. */
double crowds_each_bytes(struct mirror *mirror, uint32_t *records, size_t *one_bytes);

uint64_t crowds_clock_ns(void);
size_t crowds_resident_bytes(void);

static inline double crowds_most(double a, double b)
{
	return a > b ? a : b;
}

bool crowds_time_wait(uint32_t count, uint32_t repeats);
bool crowds_half_open(uint32_t count, uint32_t repeats);
bool crowds_idle(uint32_t count);
