/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices: attaching, negotiation, queues, link.
 */
#include "lib/port/device.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_errno.h>

#include "config/limits.h"
#include "lib/port/say.h"

#define MTU_DEFAULT_BYTES 1500
#define MTU_MOST_BYTES    (PACKET_ROOM_BYTES - RTE_ETHER_HDR_LEN - RTE_VLAN_HLEN)
#define LINK_POLL_MS      20
#define RECEIVE_CHECKSUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
#define SEND_CHECKSUMS    (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM)

/* ---- Attaching ---------------------------------------------------------------------------------------- */

static bool device_is_tap(const char *device)
{
	return strncmp(device, "net_tap", strlen("net_tap")) == 0;
}

/*
 * Whether a process already holds the TAP: DPDK would join it as one more queue, and the kernel deal packets to both.
 * An interface that is up runs only while somebody holds it; one that is down is anybody's.
 */
static bool device_is_held_tap(const char *device)
{
	const char *name = strstr(device, "iface=");
	struct ifreq request = {0};
	size_t length;
	int file;

	if (!device_is_tap(device) || !name)
		return false;
	name += strlen("iface=");
	length = strcspn(name, ",");
	if (length >= sizeof(request.ifr_name))
		return false;
	memcpy(request.ifr_name, name, length);
	file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (file < 0)
		return false;
	if (ioctl(file, SIOCGIFFLAGS, &request))
		request.ifr_flags = 0;
	close(file);
	return request.ifr_flags & IFF_RUNNING;
}

/* The failed device's line: what to do depends on what was tried. */
static int device_say_missing(const struct port *port, const struct sluice_config *config, uint32_t index)
{
	const char *device = config->port[index].device;

	if (port->kind == PORT_BUS)
		return say_error(
			config, -ENODEV,
			"port %u: no device \"%s\"%s: bind it to vfio-pci (dpdk-devbind.py -b vfio-pci %s), or "
			"name ring:NAME, net_tap0,iface=NAME or another of DPDK's devices",
			index, port->name, say_caught(), port->name);
	if (geteuid() != 0)
		return say_error(config, -EPERM,
				 "port %u: cannot make \"%s\"%s: it %s CAP_NET_ADMIN: run as root, or use ring:NAME",
				 index, device, say_caught(), device_is_tap(device) ? "needs" : "may need");
	return say_error(config, -ENODEV,
			 "port %u: cannot make \"%s\"%s: check its name and arguments (ring:NAME, net_tap0,iface=NAME, "
			 "net_af_packet0,iface=NAME, net_memif0,role=server ...)",
			 index, device, say_caught());
}

int device_attach(struct port *port, const struct sluice_config *config, uint32_t index)
{
	const char *device = config->port[index].device;

	if (rte_eth_dev_get_port_by_name(port->name, &port->id) == 0)
		return 0; /* EAL made it from its own arguments, or found it on a bus */
	port->id = PORT_NONE;
	say_forget();
	if (port->kind == PORT_BUS)
		return device_say_missing(port, config, index);
	if (device_is_held_tap(device))
		return say_error(config, -EBUSY,
				 "port %u: another process holds the TAP interface of \"%s\": stop it, or take another "
				 "iface=NAME",
				 index, device);
	if (rte_eal_hotplug_add("vdev", port->name, port_arguments_of(device)) != 0)
		return device_say_missing(port, config, index);
	if (rte_eth_dev_get_port_by_name(port->name, &port->id) != 0) {
		port->id = PORT_NONE;
		return device_say_missing(port, config, index);
	}
	port->is_attached_here = true;
	return 0;
}

/* ---- Negotiation -------------------------------------------------------------------------------------- */

/*
 * The worker's station address.  A TAP's port carries the address of the kernel's own interface: the kernel would take
 * frames from it for its own, so the worker lives one bit beside it.  A ring has none, so we make one.
 */
static void device_choose_mac(struct port *port, const char *device, uint32_t index)
{
	static const uint8_t ring_mac[5] = {0x02, 's', 'l', 'u', 'i'};
	struct rte_ether_addr mac;

	if (port->kind == PORT_RING || rte_eth_macaddr_get(port->id, &mac) != 0) {
		memcpy(port->mac, ring_mac, sizeof(ring_mac));
		port->mac[5] = (uint8_t)(index + 1);
		return;
	}
	memcpy(port->mac, mac.addr_bytes, sizeof(port->mac));
	if (device_is_tap(device) && !strstr(device, "remote=")) {
		port->mac[0] |= 0x02;
		port->mac[3] ^= 0x01;
	}
}

static void device_choose_offloads(struct port *port, const struct sluice_config *config,
				   const struct rte_eth_dev_info *info)
{
	uint64_t receive = config->checksum_offload ? RECEIVE_CHECKSUMS : 0;
	uint64_t send = RTE_ETH_TX_OFFLOAD_MULTI_SEGS | (config->checksum_offload ? SEND_CHECKSUMS : 0);

	port->receive_offloads = receive & info->rx_offload_capa;
	port->send_offloads = send & info->tx_offload_capa;
}

int device_inquire(struct port *port, const struct sluice_config *config, uint32_t index)
{
	uint32_t mtu_bytes = config->port[index].mtu_bytes;
	struct rte_eth_dev_info info;
	int error = rte_eth_dev_info_get(port->id, &info);

	if (error)
		return say_error(config, error, "port %u: \"%s\" does not say what it can: %s", index, port->name,
				 rte_strerror(-error));
	strncpy(port->driver, info.driver_name ? info.driver_name : "?", sizeof(port->driver) - 1);
	if (mtu_bytes == 0)
		mtu_bytes = MTU_DEFAULT_BYTES;
	if (mtu_bytes > MTU_MOST_BYTES || (info.max_mtu && mtu_bytes > info.max_mtu))
		return say_error(config, -EINVAL, "port %u: MTU %u is more than %u, the most that %s", index, mtu_bytes,
				 mtu_bytes > MTU_MOST_BYTES ? (uint32_t)MTU_MOST_BYTES : info.max_mtu,
				 mtu_bytes > MTU_MOST_BYTES ? "fits a packet buffer" : "the device takes");
	port->mtu_bytes = (uint16_t)mtu_bytes;
	port->receive_descriptors = DEVICE_QUEUE_PACKETS;
	port->send_descriptors = DEVICE_QUEUE_PACKETS;
	rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &port->receive_descriptors, &port->send_descriptors);
	device_choose_mac(port, config->port[index].device, index);
	device_choose_offloads(port, config, &info);
	return 0;
}

/* ---- Starting ----------------------------------------------------------------------------------------- */

/* With receive interrupts if workers sleep and the device has them: not every driver says so before it is asked. */
static int device_configure(struct port *port, const struct sluice_config *config)
{
	struct rte_eth_conf conf = {
		.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE, .mtu = port->mtu_bytes, .offloads = port->receive_offloads},
		.txmode = {.mq_mode = RTE_ETH_MQ_TX_NONE, .offloads = port->send_offloads},
		.intr_conf = {.rxq = config->idle == SLUICE_IDLE_SLEEP && port->kind != PORT_RING},
	};
	int error = rte_eth_dev_configure(port->id, 1, 1, &conf);

	port->has_interrupts = conf.intr_conf.rxq;
	if (error && port->has_interrupts) {
		port->has_interrupts = false;
		conf.intr_conf.rxq = 0;
		error = rte_eth_dev_configure(port->id, 1, 1, &conf);
	}
	return error;
}

static int device_make_queues(struct port *port)
{
	unsigned node = port->node < 0 ? (unsigned)SOCKET_ID_ANY : (unsigned)port->node;
	int error = rte_eth_rx_queue_setup(port->id, 0, port->receive_descriptors, node, NULL, port->mempool);

	if (error)
		return error;
	return rte_eth_tx_queue_setup(port->id, 0, port->send_descriptors, node, NULL);
}

/* Drivers without a way to set it take what their wire takes: worth a word only above the usual size. */
static void device_set_mtu(const struct port *port, const struct sluice_config *config, uint32_t index)
{
	int error = rte_eth_dev_set_mtu(port->id, port->mtu_bytes);
	uint16_t mtu_bytes = 0;

	if (error == 0 || port->kind == PORT_RING)
		return;
	if (rte_eth_dev_get_mtu(port->id, &mtu_bytes) == 0 && mtu_bytes >= port->mtu_bytes)
		return;
	if (error != -ENOTSUP || port->mtu_bytes > MTU_DEFAULT_BYTES)
		say(config, "port %u: cannot set MTU %u (%s): make sure that the wire takes it", index, port->mtu_bytes,
		    rte_strerror(-error));
}

/* Neighbour discovery comes by multicast: all of it, or if the device cannot, every frame. */
static void device_set_filters(const struct port *port, const struct sluice_config *config, uint32_t index)
{
	if (port->kind == PORT_RING)
		return;
	rte_eth_promiscuous_disable(port->id);
	if (rte_eth_allmulticast_enable(port->id) == 0 || rte_eth_promiscuous_enable(port->id) == 0)
		return;
	if (port->kind == PORT_BUS)
		say(config, "port %u: takes neither all multicast nor all frames: IPv6 neighbours may not find us",
		    index);
}

int device_start(struct port *port, const struct sluice_config *config, uint32_t index)
{
	int error;

	say_forget();
	error = device_configure(port, config);
	if (error)
		return say_error(config, error, "port %u: \"%s\" cannot be configured: %s%s", index, port->name,
				 rte_strerror(-error), say_caught());
	error = device_make_queues(port);
	if (error)
		return say_error(
			config, error,
			"port %u: \"%s\" has no queues for us: %s%s: more packets (--packets) or memory may help",
			index, port->name, rte_strerror(-error), say_caught());
	device_set_mtu(port, config, index);
	error = rte_eth_dev_start(port->id);
	if (error && port->has_interrupts) { /* some drivers find out only now */
		port->has_interrupts = false;
		error = rte_eth_dev_start(port->id);
	}
	if (error)
		return say_error(config, error, "port %u: \"%s\" does not start: %s%s", index, port->name,
				 rte_strerror(-error), say_caught());
	port->is_started = true;
	device_set_filters(port, config, index);
	return 0;
}

void device_wait_for_link(const struct port *port, const struct sluice_config *config, uint32_t index)
{
	uint32_t most_ms = port->kind == PORT_BUS ? DEVICE_LINK_WAIT_MS : DEVICE_PEER_WAIT_MS;
	struct rte_eth_link link = {0};

	for (uint32_t waited_ms = 0; waited_ms <= most_ms; waited_ms += LINK_POLL_MS) {
		if (rte_eth_link_get_nowait(port->id, &link) != 0 || link.link_status == RTE_ETH_LINK_UP)
			return;
		if (waited_ms == LINK_POLL_MS * 10)
			say(config, "port %u: waiting for the link of \"%s\" to come up", index, port->name);
		usleep(LINK_POLL_MS * 1000);
	}
	say(config, "port %u: the link of \"%s\" is down: check the cable or the other end; going on without it", index,
	    port->name);
}

/* ---- Closing ------------------------------------------------------------------------------------------ */

static void device_say_losses(const struct port *port, const struct sluice_config *config, uint32_t index)
{
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(port->id, &stats) != 0)
		return;
	if (stats.imissed || stats.ierrors || stats.rx_nombuf || stats.oerrors)
		say(config,
		    "port %u: %" PRIu64 " packets missed, %" PRIu64 " receive errors, %" PRIu64
		    " times no buffer, %" PRIu64 " send errors",
		    index, stats.imissed, stats.ierrors, stats.rx_nombuf, stats.oerrors);
	if (port->io.unsendable_packets)
		say(config, "port %u: %" PRIu64 " packets that the driver would not send", index,
		    port->io.unsendable_packets);
}

void device_close(struct port *port, const struct sluice_config *config, uint32_t index)
{
	struct rte_eth_dev_info info = {0};

	if (port->id == PORT_NONE)
		return;
	rte_eth_dev_info_get(port->id, &info);
	if (port->is_started) {
		device_say_losses(port, config, index);
		rte_eth_dev_stop(port->id);
	}
	rte_eth_dev_close(port->id);
	if (port->is_attached_here && info.device)
		rte_dev_remove(info.device);
	port->id = PORT_NONE;
	port->is_started = false;
}
