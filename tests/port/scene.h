/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of lib/port share: a configuration with two ends of a ring, ports made of it, lines caught as they are
 * printed, and a worker that only counts, so that lib/port is tested without the stack above it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/port/ports.h"
#include "lib/sluice.h"

#define SKIPPED 77 /* exit code that meson counts as a test skipped */

/* Two ports, "ring:scene" both, 4096 packets each, idle workers sleep, lines printed are kept. */
struct sluice_config scene_config(void);

/* The lines kept since the start, or since scene_forget_lines(); one text, a newline after each. */
const char *scene_lines(void);
void scene_forget_lines(void);

/* ports_create() and ports_start() of scene_config(), both of which must succeed.  Once per process. */
void scene_open(struct ports *ports);

/*
 * Opens a configuration in a child process, as `user` if not 0, and closes it again: EAL starts once in a process.  Returns
 * what sluice_open() returned; what it printed is in scene_lines(), and which process it was in scene_last_child.
 */
extern int scene_last_child;
int scene_open_in_child(const struct sluice_config *config, unsigned user);

/* `count` packets from `io` with `bytes` bytes of data each, numbered from 0 in their first bytes. */
void scene_make_packets(struct sluice_io *io, struct rte_mbuf **packet, uint32_t count, uint16_t bytes);

/* What fake_worker.c makes in the place of a worker. */
struct sluice_worker {
	struct sluice_io io;
	uint32_t index;
	bool is_closed;
	int looped_on_cpu;
};

#define FAKE_WORKER_BYTES ((size_t)3 << 20)

/* Set, the fake refuses the worker of this index. */
extern int fake_worker_refused;
/* Workers closed so far. */
extern uint32_t fake_workers_closed;
/* What it asks for. */
extern size_t fake_worker_bytes;
