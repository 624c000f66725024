/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire of the adapter: raw IP on the script's side, Ethernet on the stack's, and the virtual clock both go by.  It
 * answers for every neighbour there might be, and takes packets as large as a NIC that merges segments would give.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/sluice.h"

#define WIRE_PACKET_BYTES_MAX 65535
#define WIRE_ARRIVED_MAX      512 /* waiting for the stack's next turn */

/* An IP packet that left the stack, oldest first. */
struct wire_sent {
	struct wire_sent *next;
	uint64_t at_ns;
	uint32_t bytes;
	uint8_t packet[];
};

struct wire {
	struct sluice_io io;
	uint64_t now_ns;
	struct rte_mbuf *arrived[WIRE_ARRIVED_MAX];
	uint32_t arrived_first, arrived_count;
	struct wire_sent *sent, **sent_end;
};

void wire_make(struct wire *wire, uint16_t mtu_bytes, uint64_t now_ns);
void wire_free(struct wire *wire);

/* Puts an IP packet before the stack, cut into segments of the MTU if it is larger.  0, -EINVAL or -EMSGSIZE. */
int wire_inject(struct wire *wire, const void *packet, size_t bytes);

/* The oldest packet that left, which is the caller's to free; NULL: none. */
struct wire_sent *wire_take(struct wire *wire);
