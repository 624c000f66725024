/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers that open one after the other, for the tests of what a SYN leaves behind: an entry, or nothing.
 */
#pragma once

#include "tests/core/scene.h"

/* A SYN without options from one of many ports; its SYN-ACK is looked at. */
static inline void comes_from(struct scene *scene, uint16_t port, bool ipv6)
{
	speaks(scene, (struct side){.ipv6 = ipv6, .last = 2, .port = port, .our_port = 80, .iss = PEER_ISS});
	scene->knows_our_iss = false;
	arrives(scene, (struct segment){.flags = TCP_SYN});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = ipv6 ? 1440 : 1460});
}

/* What ends its handshake. */
static inline struct segment plain_ack(void)
{
	return (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK};
}
