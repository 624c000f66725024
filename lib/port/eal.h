/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's arguments, chosen so that one command works anywhere, and its start.  EAL starts once in a process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/port/cpus.h"
#include "lib/sluice.h"

#define EAL_ARGUMENTS_MAX     (16 + 2 * SLUICE_PORTS_MAX)
#define EAL_ARGUMENT_BYTES    256
#define EAL_HEAP_BYTES        ((size_t)96 << 20) /* devices, rings and the pools' own records */
#define EAL_HEAP_PACKET_BYTES 24                 /* of that kind, per packet */

/* What the choice depends on. */
struct eal_facts {
	struct cpus cpus;
	size_t packet_bytes; /* every pool together */
	uint32_t packet_count;
	size_t hugepages_free_bytes; /* that this process may map */
	uint32_t process;            /* makes the file prefix unique */
};

struct eal_arguments {
	int count;
	bool has_shared_cpus; /* fewer CPUs than workers: they float over those there are */
	char *argument[EAL_ARGUMENTS_MAX + 1];
	char text[EAL_ARGUMENTS_MAX][EAL_ARGUMENT_BYTES];
};

struct eal_facts eal_facts_read(size_t packet_bytes, uint32_t packet_count);

/* Fills in the arguments, argument[0] included.  0, or a negative errno after one line. */
int eal_arguments_choose(const struct sluice_config *config, const struct eal_facts *facts,
			 struct eal_arguments *arguments);

/* Starts EAL with config's arguments or chosen ones.  0, or a negative errno after one line. */
int eal_start(const struct sluice_config *config, const struct eal_facts *facts, bool *has_shared_cpus);
void eal_stop(void);

/* Workers beyond EAL's lcores would have no thread.  0, or a negative errno after one line. */
int eal_check_lcores(const struct sluice_config *config);

/* Worker i's lcore: EAL's main one for worker 0, then the others in order. */
unsigned eal_worker_lcore(uint32_t index);
