/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coverage of meaning: not which lines ran, but which things happened, over all seeds of a run.  A run that is long
 * enough fails when a drop reason, an arrow of RFC 9293's figure 5, a kind of timer or an application's deed never
 * occurred: then the dice have drifted away from what they were meant to test.
 */
#pragma once

#include "tests/sim/scenario.h"
#include "tests/sim/witness.h"

struct coverage {
	uint64_t counters[SLUICE_COUNTER_COUNT];
	uint64_t arrows[SLUICE_STATE_COUNT][SLUICE_STATE_COUNT];
	uint64_t reasons[SLUICE_REASON_COUNT];
	uint64_t deeds[DEED_COUNT];
	uint64_t faults[FAULT_COUNT];
	uint64_t segments, connections, virtual_s, gave_up, strays;
};

/* This process's, since it began. */
extern struct coverage coverage;

/* Adds a world that is at rest: before its hosts stop. */
void coverage_add_world(const struct world *world);
void coverage_add_outcome(const struct outcome *outcome);

/* Adds this process's to a sum that processes share, and begins anew. */
void coverage_share(struct coverage *shared);

/* Prints what never happened; returns how many things. */
uint32_t coverage_missing(const struct coverage *all);
