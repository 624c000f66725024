/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In-process wires: two single-producer single-consumer rings, and a port at each end.
 */
#pragma once

#include <stdint.h>

#include <rte_ring.h>

#include "lib/port/port.h"

#define RING_PACKETS 1024 /* each way, less one */

/* Both ends of one wire.  direction[0] is read by the first end, direction[1] by the second. */
struct ring_wire {
	struct rte_ring *direction[2]; /* NULL: not there */
};

/* Every "ring:NAME" must be named by exactly two ports.  0, or -EINVAL after one line. */
int ring_check_names(const struct sluice_config *config);

/*
 * Makes the wire number `index` between two ports, and fills in their ids.  0, or a negative errno; says nothing.  What
 * was made before a failure is closed and freed as after success.
 */
int ring_wire_make(struct ring_wire *wire, uint32_t index, struct port *first, struct port *second);

/* Frees what is still in the rings, then the rings.  The ports must be closed. */
void ring_wire_free(struct ring_wire *wire);
