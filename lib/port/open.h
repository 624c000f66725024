/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sluice_open() makes: the ports, and the workers in their memory.
 */
#pragma once

#include "lib/port/memory.h"
#include "lib/port/ports.h"

struct sluice {
	struct ports ports;
	struct sluice_config config; /* ours, without the caller's strings once open */
	uint32_t worker_count;       /* one for each port */
	struct {
		struct sluice_worker *worker; /* NULL: not made */
		struct memory memory;
		size_t bytes; /* that it asked for */
	} worker[SLUICE_PORTS_MAX];
};
