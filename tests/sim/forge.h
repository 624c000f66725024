/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames by hand: TCP segments that say anything, and the bytes of other protocols.  Sums are right unless asked
 * otherwise, so that what is tested lies behind them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/dissect.h"

struct forged {
	struct address source, destination;
	const uint8_t *source_mac, *destination_mac;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, urgent;
	const uint8_t *options;
	uint32_t option_bytes; /* a multiple of 4, at most 40 */
	const uint8_t *text;
	uint32_t text_bytes;
};

/* Each returns the frame's bytes. */
uint32_t forge_tcp(uint8_t *frame, const struct forged *forged);

/* An IP packet of any protocol around a payload, sums of the payload left alone. */
uint32_t forge_ip(uint8_t *frame, const struct forged *forged, uint8_t protocol, const uint8_t *payload,
		  uint32_t bytes);

uint32_t forge_arp(uint8_t *frame, const uint8_t *source_mac, const uint8_t *destination_mac, uint16_t operation,
		   const uint8_t sender_ip[16], const uint8_t target_ip[16]);

/* Puts the sums of a frame right again after its headers were changed; `l4_checksum_offset` of the layer 4 header. */
void forge_ipv4_sum(uint8_t *frame);
void forge_l4_sum(uint8_t *frame, uint32_t bytes, uint8_t protocol, uint32_t l4_checksum_offset);

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}
