/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the tests of this folder: a frame of an attack as the stack would read it, and the two ends in either family.
 */
#pragma once

#include "tests/wire/frames.h"

static inline struct frame read_attack(const uint8_t *bytes, uint32_t count)
{
	struct rte_mbuf *packet = packet_from_bytes(bytes, count);
	struct frame frame;

	frame_parse(packet, &our_rules, &frame);
	packet_free(packet);
	return frame;
}

static inline struct sluice_address attack_end(bool ipv6, uint8_t last, uint16_t port)
{
	struct sluice_address address = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 198, 18, 0, last}, .port = port};

	if (ipv6)
		memcpy(address.ip, (const uint8_t[16]){0x20, 0x01, 0, 2, [15] = last}, 16);
	return address;
}
