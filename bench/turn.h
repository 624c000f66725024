/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtual time, and the turns of the one worker that spends it: what they cost by the cycle counter.  So neither a generator's
 * cost nor that of a client is charged to the server, and it does not matter how many CPUs there are or how far apart they lie.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/sluice.h"

/* What a span of the worker's time was spent on. */
struct turn_account {
	uint64_t busy_cycles;
	uint64_t turns_count;       /* that found work */
	uint64_t interrupted_count; /* during which the kernel ran somebody else: charged as an average turn */
};

/* From 0 on. */
uint64_t turn_now_ns(void);

/* Nothing is to be done until then; the past is no place to go. */
void turn_skip_to_ns(uint64_t ns);

/* One turn: poll, the program's own handling, flush, by `serve`.  Returns whether it found work; only then does it cost time. */
bool turn_run(struct sluice_worker *worker, void (*serve)(void *program, struct sluice_worker *worker), void *program,
	      struct turn_account *account);
