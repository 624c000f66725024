/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of frame_parse() share, and nobody else includes.  A step returns false when the frame is finished with.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/checksum.h"
#include "lib/wire/frame.h"

static inline bool frame_refuse(struct frame *frame, enum sluice_counter drop)
{
	frame->kind = FRAME_DROP;
	frame->drop = (uint16_t)drop;
	return false;
}

/* The first `bytes` bytes are needed in the first buffer; without them, says why. */
static inline bool frame_reaches(struct frame *frame, uint32_t bytes)
{
	if (__builtin_expect(bytes <= frame->packet->data_len, 1))
		return true;
	return frame_refuse(frame, bytes <= frame->packet->pkt_len ? SLUICE_COUNTER_drop_frame_chained
								   : SLUICE_COUNTER_drop_frame_short);
}

static inline uint8_t *frame_l3(const struct frame *frame)
{
	return packet_bytes(frame->packet) + frame->l3_offset;
}

static inline uint8_t *frame_l4(const struct frame *frame)
{
	return packet_bytes(frame->packet) + frame->l4_offset;
}

/* frame_fragment.c: the rest of frame_parse() for a fragment, whose IP header is right; always false.  Of IPv6, l4_offset is at
 * the fragment header, behind `extension_bytes` of others. */
bool frame_ipv4_fragment(struct frame *frame, const struct frame_rules *rules);
bool frame_ipv6_fragment(struct frame *frame, const struct frame_rules *rules, uint32_t extension_bytes);

/* frame_icmp.c: the rest of frame_parse() for these. */
void frame_arp(struct frame *frame);
void frame_icmp(struct frame *frame);
void frame_icmpv6(struct frame *frame);
