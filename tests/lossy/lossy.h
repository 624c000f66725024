/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wire that loses, duplicates and reorders, put between a worker and its port: the test machines' kernels have no
 * netem, so the faults between us and a kernel are made here.  It wraps one struct sluice_io in another, both ways,
 * from a seed; the worker and the port know nothing of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/random.h"
#include "lib/sluice.h"

#define LOSSY_HELD_MAX      256
#define LOSSY_DELAY_LOW_US  50
#define LOSSY_DELAY_HIGH_US 2000

struct lossy_rates {
	uint32_t drop_percent, duplicate_percent, reorder_percent;
	uint64_t seed;
};

struct lossy_held {
	struct rte_mbuf *packet;
	uint64_t due_ns;
};

/* One direction: what is late, and what was done. */
struct lossy_way {
	struct lossy_held held[LOSSY_HELD_MAX]; /* in no order */
	uint32_t held_count;
	uint64_t passed, dropped, duplicated, delayed;
};

struct lossy {
	struct sluice_io io; /* the real one */
	struct lossy_rates rates;
	struct random random;
	struct lossy_way in, out;
};

/* Reads "drop=5,duplicate=5,reorder=5,seed=1", in percent; what is not named is 0.  False: it says something else. */
bool lossy_rates_parse(const char *text, struct lossy_rates *rates);

/* Returns the io to give to the worker.  `lossy` must stay where it is until the worker is closed. */
struct sluice_io lossy_wrap(struct lossy *lossy, const struct sluice_io *io, const struct lossy_rates *rates);

/* Gives back what is still late, as lost.  After the worker is closed, before the port is. */
void lossy_empty(struct lossy *lossy);
