/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ring pairs: names matched, rings made, ports put on them.
 */
#include "lib/port/ring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>

#include "lib/port/say.h"

int ring_check_names(const struct sluice_config *config)
{
	for (uint32_t i = 0; i < config->port_count; i++) {
		const char *device = config->port[i].device;
		uint32_t ends = 0;

		if (port_kind_of(device) != PORT_RING)
			continue;
		for (uint32_t j = 0; j < config->port_count; j++)
			ends += strcmp(device, config->port[j].device) == 0;
		if (ends != 2)
			return say_error(
				config, -EINVAL,
				"port %u: \"%s\" is named by %u port%s: a wire has two ends, so name it by two", i,
				device, ends, ends == 1 ? "" : "s");
		if (strlen(device) >= PORT_NAME_BYTES)
			return say_error(config, -EINVAL, "port %u: the name of a ring has at most %d characters", i,
					 PORT_NAME_BYTES - 1);
	}
	return 0;
}

/* `mine` is read, `others` is written. */
static int ring_port_make(struct port *port, uint32_t index, unsigned end, struct rte_ring *mine,
			  struct rte_ring *others)
{
	struct rte_ring *receive[1] = {mine}, *send[1] = {others};
	char name[32];
	int id;

	snprintf(name, sizeof(name), "sluice%u_%u", index, end);
	id = rte_eth_from_rings(name, receive, 1, send, 1, (unsigned)SOCKET_ID_ANY);
	if (id < 0)
		return rte_errno ? -rte_errno : -ENOMEM;
	port->id = (uint16_t)id;
	port->is_attached_here = true;
	return 0;
}

int ring_wire_make(struct ring_wire *wire, uint32_t index, struct port *first, struct port *second)
{
	int error;

	for (unsigned i = 0; i < 2; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "sluice%u_%u", index, i);
		wire->direction[i] = rte_ring_create(name, RING_PACKETS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!wire->direction[i])
			return -rte_errno;
	}
	error = ring_port_make(first, index, 0, wire->direction[0], wire->direction[1]);
	if (error)
		return error;
	return ring_port_make(second, index, 1, wire->direction[1], wire->direction[0]);
}

static void ring_drain(struct rte_ring *ring)
{
	void *packet;

	while (rte_ring_dequeue(ring, &packet) == 0)
		rte_pktmbuf_free(packet);
}

void ring_wire_free(struct ring_wire *wire)
{
	for (unsigned i = 0; i < 2; i++) {
		if (!wire->direction[i])
			continue;
		ring_drain(wire->direction[i]);
		rte_ring_free(wire->direction[i]);
		wire->direction[i] = NULL;
	}
}
