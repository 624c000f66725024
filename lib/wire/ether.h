/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Ethernet header, and ARP (RFC 826) as it is on Ethernet for IPv4.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

#include "lib/wire/address.h"

#define ETHER_HEADER_BYTES 14
#define ARP_BYTES          28

enum {
	ETHER_TYPE_IPV4 = 0x0800,
	ETHER_TYPE_ARP = 0x0806,
	ETHER_TYPE_VLAN = 0x8100,
	ETHER_TYPE_IPV6 = 0x86dd,
	ETHER_TYPE_SERVICE_VLAN = 0x88a8,
};

struct ether_header {
	struct mac destination, source;
	struct be16 type;
};

enum { ARP_HARDWARE_ETHERNET = 1, ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp {
	struct be16 hardware, protocol;
	uint8_t hardware_bytes, protocol_bytes;
	struct be16 operation;
	struct mac sender_mac;
	struct be32 sender_ip;
	struct mac target_mac;
	struct be32 target_ip;
};

static_assert(sizeof(struct ether_header) == ETHER_HEADER_BYTES, "as on the wire");
static_assert(sizeof(struct arp) == ARP_BYTES, "as on the wire");
