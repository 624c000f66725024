/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A received frame, from its Ethernet header to its TCP options, checked and turned into values; or the one reason why
 * not.  Lengths come before checksums, checksums before meaning.  No state: whether an address is ours, or a segment
 * acceptable, is decided above.  Nothing is read past data_len of the packet's first buffer, except for checksums, which cover
 * every buffer of a chain.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf_core.h>

#include "lib/sluice.h"
#include "lib/wire/address.h"
#include "lib/wire/tcp.h"

enum frame_kind {
	FRAME_DROP,       /* `drop` says why */
	FRAME_TCP,        /* tuple, seq … text are set */
	FRAME_ARP,        /* body at l3_offset: a well-formed Ethernet/IPv4 ARP packet */
	FRAME_ECHO,       /* ICMP or ICMPv6 echo request, checksum right; addresses in tuple, message at l4_offset */
	FRAME_ND_SOLICIT, /* neighbour solicitation, RFC 4861 section 7.1.1 checks passed; message at l4_offset */
	FRAME_ND_ADVERT,  /* neighbour advertisement, RFC 4861 section 7.1.2 checks passed */
	FRAME_ICMP_ERROR, /* ICMP or ICMPv6 error, checksum right; message at l4_offset */
	FRAME_FRAGMENT, /* of a TCP segment, in one buffer; addresses in tuple, its part of the segment at l4_offset */
};

struct frame {
	struct rte_mbuf *packet;
	struct tuple tuple; /* remote: the sender; ports 0 if not TCP */

	struct seq seq, ack;
	uint32_t window;    /* as on the wire, not scaled */
	uint8_t flags;      /* enum tcp_flag */
	uint8_t kind;       /* enum frame_kind */
	uint8_t protocol;   /* of IP, extension headers skipped; not with FRAME_ARP */
	uint8_t ttl;        /* or hop limit */
	uint8_t dscp_ecn;   /* IPv4 TOS or IPv6 traffic class */
	uint16_t drop;      /* enum sluice_counter, with FRAME_DROP */
	uint16_t l3_offset; /* of the IP header or ARP body, from the packet's start */
	uint16_t l4_offset; /* of the TCP or ICMP header */
	uint16_t l4_bytes;  /* of header and payload, by the IP length: never padding */
	uint16_t text_offset;
	uint16_t text_bytes;
	bool ipv6;
	bool group_mac; /* came to a broadcast or multicast MAC */
	struct tcp_options options;
};

struct frame_rules {
	struct mac mac;        /* ours: frames to other stations are dropped (group addresses pass) */
	bool fragments;        /* are taken; otherwise they are dropped */
	bool checksum_offload; /* believe ol_flags: GOOD is right, BAD is wrong, anything else is summed here */
};

/* Fills in *frame.  Cost for the common case (IPv4 or IPv6 without options, TCP with `nop nop TS`) is what matters. */
void frame_parse(struct rte_mbuf *packet, const struct frame_rules *rules, struct frame *frame);

/* The source MAC of a parsed frame. */
static inline const struct mac *frame_source_mac(const struct frame *frame)
{
	return (const struct mac *)((const uint8_t *)frame->packet->buf_addr + frame->packet->data_off + 6);
}

static inline uint8_t *packet_bytes(const struct rte_mbuf *packet)
{
	return (uint8_t *)packet->buf_addr + packet->data_off;
}
