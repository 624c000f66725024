/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One port: the DPDK device behind one worker, what it was asked for and what it granted.  Set up at start, not
 * touched while packets flow: those see struct io only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/port/fragments.h"
#include "lib/port/io.h"
#include "lib/sluice.h"

#define PORT_NAME_BYTES 64
#define PORT_NONE       UINT16_MAX

enum port_kind {
	PORT_RING,    /* "ring:NAME": one end of an in-process wire */
	PORT_VIRTUAL, /* a device that EAL makes for us, moving packets by copying them */
	PORT_SHARED,  /* the same, but the other side reads our packets where they lie: they must be EAL's memory */
	PORT_BUS,     /* hardware that EAL found */
};

struct port {
	enum port_kind kind;
	uint16_t id; /* DPDK's; PORT_NONE: none yet */
	int node;    /* -1: any */
	bool is_started;
	bool is_attached_here; /* made by us, so removed by us */
	bool has_interrupts;   /* a receive interrupt can end a sleep */
	uint16_t receive_descriptors, send_descriptors;
	uint16_t mtu_bytes;
	uint8_t mac[6];
	uint64_t receive_offloads, send_offloads; /* granted, RTE_ETH_*_OFFLOAD_* */
	char name[PORT_NAME_BYTES];               /* the device's, or "ring:NAME" */
	char driver[32];
	struct rte_mempool *mempool; /* its node's */
	struct io io;
	struct fragments fragments;
};

enum port_kind port_kind_of(const char *device);

/* Whether a bus could know the name, as in 0000:01:00.0: a word without marks is none. */
bool port_is_bus_address(const char *device);

/* "net_tap0" of "net_tap0,iface=x"; cut to fit. */
void port_name_of(const char *device, char name[PORT_NAME_BYTES]);

/* What follows the name's comma, or "". */
const char *port_arguments_of(const char *device);
