/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which CPUs the workers run on: of those that the process may use, whole cores before their second threads, near
 * the device where it has a node, and CPU 0, which the kernel likes best, last.
 */
#pragma once

#include <stdint.h>

#define CPUS_MAX 1024

struct cpus {
	uint32_t allowed_count;
	uint16_t allowed[CPUS_MAX]; /* ascending */
};

/* The process's affinity mask. */
void cpus_read(struct cpus *cpus);

/*
 * Picks up to `count` CPUs; nodes[i] is where worker i's device is, or -1.  Returns how many it found, fewer than
 * `count` only if fewer are allowed.
 */
uint32_t cpus_choose(const struct cpus *cpus, const int *nodes, uint32_t count, uint16_t *chosen);
