/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a seed to a world: who the hosts are, how small their pools and windows, what the wires do to frames, which
 * connections are opened and when; and the course of it: faults, then calm in which everything must finish, then rest.
 */
#pragma once

#include "tests/sim/world.h"

struct outcome {
	uint64_t segments, connections, faults[FAULT_COUNT], virtual_ns, turns, trace_hash;
	uint32_t stories, strays, gave_up, fault_kinds;
};

/* The virtual clock of the world that runs. */
const uint64_t *scenario_clock(void);

/* Runs one seed from beginning to end, or violates.  `is_careful`: with the fast path off, which must change no packet. */
struct outcome scenario_run(uint64_t seed, bool is_careful);

/*
 * The same of a handful of connections, or with every fourth seed of the programs at a few requests, without strangers; the two are
 * called before and after every turn of every host.
 */
struct outcome scenario_run_small(uint64_t seed, void (*turn_begins)(struct host *), void (*turn_ends)(struct host *));
