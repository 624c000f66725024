/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers written in front of a payload: Ethernet, IPv4 or IPv6, and TCP, as one step; and the small whole packets
 * (ARP, ND) that keep a link alive.  Checksums are written here, or left to the port with the flags and lengths that it needs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf_core.h>

#include "lib/sluice.h"
#include "lib/wire/address.h"
#include "lib/wire/ether.h"
#include "lib/wire/ip.h"
#include "lib/wire/tcp.h"

/* Everything of a TCP segment but its text. */
struct build_segment {
	const struct tuple *tuple; /* local is the source */
	const struct mac *source_mac, *destination_mac;
	struct seq seq, ack;
	uint16_t window; /* as on the wire */
	uint8_t flags;
	uint8_t ttl, dscp_ecn;
	uint8_t option_bytes; /* a multiple of 4 */
	const uint8_t *options;
	uint32_t io_flags; /* SLUICE_IO_TX_*: what the port sums */
};

/*
 * Writes the headers into the headroom in front of the packet's data (its text, possibly empty, possibly chained) and
 * sets offsets, lengths and ol_flags.  IPv4 packets carry DF and identification 0 (RFC 6864).
 */
void build_segment(struct rte_mbuf *packet, const struct build_segment *segment);

/* The bytes build_segment() puts in front of the text. */
static inline uint32_t build_header_bytes(bool ipv4, uint32_t option_bytes)
{
	return ETHER_HEADER_BYTES + (ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES) + TCP_HEADER_BYTES + option_bytes;
}

/* Whole packets into an empty one (data_len 0). */

/* Who has `target`?  ARP request, broadcast (RFC 826); or neighbour solicitation to the solicited-node group (RFC 4861), or to
 * *known if that is not NULL (a unicast probe). */
void build_neighbour_request(struct rte_mbuf *packet, const struct mac *our_mac, const struct ip *our_ip,
			     const struct ip *target, const struct mac *known);

/* The answer to a request that frame_parse() accepted: ARP reply or solicited neighbour advertisement. */
void build_neighbour_reply(struct rte_mbuf *packet, const struct mac *our_mac, const struct ip *our_ip,
			   const struct ip *asker_ip, const struct mac *asker_mac);

struct frame;

/* Turns a received echo request (FRAME_ECHO) into its reply, in place. */
void build_echo_reply(const struct frame *request, const struct mac *our_mac, uint32_t io_flags);

/* What an ARP packet, or a solicitation or advertisement, says. */
struct neighbour_message {
	bool is_request;
	bool has_sender_mac; /* false for a solicitation without the link-layer option */
	bool is_override;    /* ND override flag; ARP: true */
	bool is_solicited;   /* ND solicited flag; ARP reply: true */
	struct ip sender_ip; /* who speaks; for an advertisement, its target */
	struct mac sender_mac;
	struct ip target_ip; /* who is asked for, or answered to */
};

/* Of FRAME_ARP, FRAME_ND_SOLICIT and FRAME_ND_ADVERT. */
struct neighbour_message neighbour_message_read(const struct frame *frame);
