/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of things, forwards and backwards.
 */
#include "lib/port/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "lib/port/device.h"
#include "lib/port/eal.h"
#include "lib/port/say.h"

#define NONE UINT32_MAX

/* Before hugepages are asked for it: is there such hardware at all?  EAL's own arguments may name what we cannot see. */
static int ports_check_hardware(const struct sluice_config *config, uint32_t index)
{
	static const char pci[] = "/sys/bus/pci/devices";
	const char *device = config->port[index].device;
	char name[PORT_NAME_BYTES], path[sizeof(pci) + sizeof("/0000:") + PORT_NAME_BYTES];
	bool is_short;

	if (port_kind_of(device) != PORT_BUS || config->eal_arguments)
		return 0;
	port_name_of(device, name);
	is_short = strchr(name, ':') == strrchr(name, ':'); /* without the domain, 0000 */
	snprintf(path, sizeof(path), "%s/%s%s", pci, is_short ? "0000:" : "", name);
	if (port_is_bus_address(device) && (!strchr(name, ':') || access(pci, F_OK) || !access(path, F_OK)))
		return 0;
	return say_error(config, -ENODEV,
			 "port %u: no device \"%s\" on this machine: name a bus address (dpdk-devbind.py -s shows "
			 "them), or ring:NAME, net_tap0,iface=NAME or another of DPDK's virtual devices",
			 index, name);
}

static int ports_check(const struct sluice_config *config)
{
	int error;

	if (config->port_count == 0 || config->port_count > SLUICE_PORTS_MAX)
		return say_error(config, -EINVAL, "%u ports: name between 1 and %d", config->port_count,
				 SLUICE_PORTS_MAX);
	for (uint32_t i = 0; i < config->port_count; i++) {
		if (!config->port[i].device || !config->port[i].device[0])
			return say_error(config, -EINVAL,
					 "port %u has no device: name one, such as ring:NAME or net_tap0,iface=NAME",
					 i);
		error = ports_check_hardware(config, i);
		if (error)
			return error;
	}
	return ring_check_names(config);
}

/* What one port's packets can be in besides its worker's hands: queues, wire, and the caches of two threads. */
static uint32_t ports_extra_packets(uint32_t receive_descriptors, uint32_t send_descriptors)
{
	return receive_descriptors + send_descriptors + 2 * POOL_FLUSH_PACKETS;
}

static uint32_t ports_find_other_end(const struct sluice_config *config, uint32_t index)
{
	for (uint32_t i = index + 1; i < config->port_count; i++) {
		if (strcmp(config->port[i].device, config->port[index].device) == 0)
			return i;
	}
	return NONE;
}

static int ports_make_wires(struct ports *ports)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		struct port *port = &ports->port[i];
		uint32_t other = ports_find_other_end(ports->config, i);
		struct ring_wire *wire;
		int error;

		if (port->kind != PORT_RING || port->id != PORT_NONE || other == NONE)
			continue;
		wire = &ports->wire[ports->wire_count];
		error = ring_wire_make(wire, ports->wire_count++, port, &ports->port[other]);
		if (error)
			return say_error(ports->config, error,
					 "cannot make the rings of \"%s\": %s%s: give EAL more memory (-m)", port->name,
					 rte_strerror(-error), say_caught());
		port->io.ring = wire->direction[0];
		ports->port[other].io.ring = wire->direction[1];
	}
	return 0;
}

/* Where the worker's memory belongs: at the device, or where its thread runs.  A wire's two ends share the first's. */
static void ports_choose_node(struct ports *ports, uint32_t index)
{
	struct port *port = &ports->port[index];
	int node = rte_eth_dev_socket_id(port->id);

	if (node < 0)
		node = (int)rte_lcore_to_socket_id(eal_worker_lcore(index));
	port->node = node;
	for (uint32_t i = 0; i < index && port->kind == PORT_RING; i++) {
		if (ports_find_other_end(ports->config, i) == index)
			port->node = ports->port[i].node;
	}
}

static void ports_describe_io(struct ports *ports, uint32_t index)
{
	const struct port *port = &ports->port[index];
	struct sluice_io *io = &ports->io[index];

	memcpy(io->mac, port->mac, sizeof(io->mac));
	io->mtu_bytes = port->mtu_bytes;
	io->flags = 0;
	if (port->receive_offloads & RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
		io->flags |= SLUICE_IO_RX_CHECKSUM;
	if (port->send_offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM)
		io->flags |= SLUICE_IO_TX_IPV4_CHECKSUM;
	if (port->send_offloads & RTE_ETH_TX_OFFLOAD_TCP_CKSUM)
		io->flags |= SLUICE_IO_TX_TCP_CHECKSUM;
}

static int ports_attach(struct ports *ports)
{
	int error = ports_make_wires(ports);

	for (uint32_t i = 0; i < ports->count && !error; i++) {
		if (ports->port[i].kind != PORT_RING)
			error = device_attach(&ports->port[i], ports->config, i);
		if (!error)
			error = device_inquire(&ports->port[i], ports->config, i);
		if (error)
			break;
		ports_choose_node(ports, i);
		ports_describe_io(ports, i);
	}
	return error;
}

int ports_create(struct ports *ports, const struct sluice_config *config)
{
	uint32_t packet_count;
	struct eal_facts facts;
	int error = ports_check(config);

	memset(ports, 0, sizeof(*ports));
	ports->config = config;
	if (error)
		return error;
	ports->count = config->port_count;
	for (uint32_t i = 0; i < ports->count; i++) {
		ports->port[i].id = PORT_NONE;
		ports->port[i].kind = port_kind_of(config->port[i].device);
		port_name_of(config->port[i].device, ports->port[i].name);
	}
	packet_count = config->packets + ports_extra_packets(DEVICE_QUEUE_PACKETS, DEVICE_QUEUE_PACKETS);
	packet_count *= config->port_count;
	facts = eal_facts_read((size_t)packet_count * pool_packet_bytes(), packet_count);
	if (!config->eal_arguments)
		say_catch_log();
	error = eal_start(config, &facts, &ports->has_shared_cpus);
	if (error)
		return error;
	ports->has_eal = true;
	error = eal_check_lcores(config);
	return error ? error : ports_attach(ports);
}

/* ---- Pools and start ---------------------------------------------------------------------------------- */

static uint32_t ports_node_packets(const struct ports *ports, int node)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ports->count; i++) {
		const struct port *port = &ports->port[i];

		if (port->node == node)
			count += ports->config->packets +
				 ports_extra_packets(port->receive_descriptors, port->send_descriptors);
	}
	return count;
}

static bool ports_node_needs_heap(const struct ports *ports, int node)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		const struct port *port = &ports->port[i];

		if (port->node == node && (port->kind == PORT_SHARED || port->kind == PORT_BUS))
			return true;
	}
	return false;
}

uint32_t ports_packet_count(const struct ports *ports)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ports->count; i++)
		count += ports->config->packets +
			 ports_extra_packets(ports->port[i].receive_descriptors, ports->port[i].send_descriptors);
	return count;
}

size_t ports_packet_bytes(const struct ports *ports)
{
	return ports_packet_count(ports) * pool_packet_bytes();
}

/* The pool of an earlier port of the same node. */
static struct rte_mempool *ports_find_pool(const struct ports *ports, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++) {
		if (ports->port[i].node == ports->port[index].node)
			return ports->port[i].mempool;
	}
	return NULL;
}

static int ports_make_pool(struct ports *ports, uint32_t index)
{
	struct port *port = &ports->port[index];
	struct pool_wish wish = {
		.index = ports->pool_count,
		.count = ports_node_packets(ports, port->node),
		.node = port->node,
		.in_eal_memory = ports_node_needs_heap(ports, port->node),
		.has_shared_cpus = ports->has_shared_cpus,
	};
	int error;

	say_forget();
	error = pool_make(&ports->pool[ports->pool_count], &wish);
	if (error)
		return say_error(ports->config, error,
				 "no memory for %u packets on node %d (%s)%s: use fewer (--packets), or give EAL more "
				 "(-m)",
				 wish.count, port->node, rte_strerror(-error), say_caught());
	port->mempool = ports->pool[ports->pool_count++].mempool;
	return 0;
}

static int ports_make_pools(struct ports *ports)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		int error = 0;

		ports->port[i].mempool = ports_find_pool(ports, i);
		if (!ports->port[i].mempool)
			error = ports_make_pool(ports, i);
		if (error)
			return error;
	}
	return 0;
}

static int ports_make_io(struct ports *ports, uint32_t index)
{
	const struct sluice_config *config = ports->config;
	struct port *port = &ports->port[index];
	struct io_wish wish = {
		.port_id = port->id,
		.has_interrupts = port->has_interrupts,
		.must_copy_shared = port->kind == PORT_RING,
		.must_flatten = !(port->send_offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS),
		.must_prepare = (port->send_offloads & ~(uint64_t)RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0,
		.pool = port->mempool,
		.ring = port->io.ring,
	};

	if (fragments_make(&port->fragments, config->fragments, config->packets, port->node) != 0)
		return say_error(config, -ENOMEM, "no memory for %u datagrams in fragments%s: use fewer",
				 config->fragments, say_caught());
	wish.fragments = port->fragments.table ? &port->fragments : NULL;
	io_make(&port->io, &wish, &ports->io[index]);
	return 0;
}

int ports_start(struct ports *ports)
{
	int error = ports_make_pools(ports);

	for (uint32_t i = 0; i < ports->count && !error; i++) {
		error = device_start(&ports->port[i], ports->config, i);
		if (!error)
			error = ports_make_io(ports, i);
	}
	for (uint32_t i = 0; i < ports->count && !error; i++)
		device_wait_for_link(&ports->port[i], ports->config, i);
	say_release_log();
	return error;
}

uint32_t ports_destroy(struct ports *ports)
{
	uint32_t missing = 0;

	for (uint32_t i = ports->count; i-- > 0;)
		device_close(&ports->port[i], ports->config, i);
	for (uint32_t i = 0; i < ports->count; i++)
		fragments_free(&ports->port[i].fragments);
	for (uint32_t i = 0; i < ports->wire_count; i++)
		ring_wire_free(&ports->wire[i]);
	for (uint32_t i = 0; i < ports->pool_count; i++)
		missing += pool_free(&ports->pool[i]);
	if (ports->has_eal)
		eal_stop();
	say_release_log();
	memset(ports, 0, sizeof(*ports));
	return missing;
}
