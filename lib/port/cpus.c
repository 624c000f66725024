/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The choice of CPUs: each candidate gets a score, the best one wins, once per worker.
 */
#include "lib/port/cpus.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

#include <numa.h>

void cpus_read(struct cpus *cpus)
{
	cpu_set_t set;

	cpus->allowed_count = 0;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return;
	for (uint16_t cpu = 0; cpu < CPUS_MAX && cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			cpus->allowed[cpus->allowed_count++] = cpu;
	}
}

/* Whether the CPU is the first thread of its core. */
static bool cpu_is_first_thread(uint16_t cpu)
{
	unsigned first = cpu;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
	file = fopen(path, "re");
	if (!file)
		return true;
	if (fscanf(file, "%u", &first) != 1)
		first = cpu;
	fclose(file);
	return first == cpu;
}

static uint32_t cpu_score(uint16_t cpu, int node)
{
	bool is_near = node < 0 || numa_available() < 0 || numa_node_of_cpu(cpu) == node;

	return (is_near ? 4U : 0) + (cpu_is_first_thread(cpu) ? 2U : 0) + (cpu != 0 ? 1U : 0);
}

static bool cpu_is_among(uint16_t cpu, const uint16_t *chosen, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (chosen[i] == cpu)
			return true;
	}
	return false;
}

uint32_t cpus_choose(const struct cpus *cpus, const int *nodes, uint32_t count, uint16_t *chosen)
{
	uint32_t found = 0;

	for (; found < count && found < cpus->allowed_count; found++) {
		uint32_t best_score = 0;
		uint16_t best = 0;
		bool any = false;

		for (uint32_t i = 0; i < cpus->allowed_count; i++) {
			uint16_t cpu = cpus->allowed[i];
			uint32_t score;

			if (cpu_is_among(cpu, chosen, found))
				continue;
			score = cpu_score(cpu, nodes[found]);
			if (any && score <= best_score)
				continue;
			any = true;
			best = cpu;
			best_score = score;
		}
		chosen[found] = best;
	}
	return found;
}
