/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every port of the process: EAL, devices, wires, pools, in the order in which each needs the one before, and back.
 */
#pragma once

#include "lib/port/pool.h"
#include "lib/port/port.h"
#include "lib/port/ring.h"

struct ports {
	const struct sluice_config *config;
	uint32_t count;
	struct port port[SLUICE_PORTS_MAX];
	struct sluice_io io[SLUICE_PORTS_MAX]; /* mac, mtu and flags after ports_create, functions after ports_start */
	uint32_t pool_count, wire_count;
	struct pool pool[SLUICE_PORTS_MAX];
	struct ring_wire wire[SLUICE_PORTS_MAX / 2];
	bool has_eal;
	bool has_shared_cpus;
};

/* Checks what can be checked, starts EAL, attaches the devices.  0, or a negative errno after one line. */
int ports_create(struct ports *ports, const struct sluice_config *config);

/* Packet memory that ports_start will take. */
size_t ports_packet_bytes(const struct ports *ports);
uint32_t ports_packet_count(const struct ports *ports);

/* Makes the pools and starts the ports.  0, or a negative errno after one line. */
int ports_start(struct ports *ports);

/* Undoes all of it, whatever was reached.  Returns how many packets never came back to their pools. */
uint32_t ports_destroy(struct ports *ports);
