/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP (RFC 792), ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861): their messages, and what an error quotes.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/address.h"
#include "lib/wire/seq.h"

#define ICMP_HEADER_BYTES 8
#define ND_MESSAGE_BYTES  24  /* without options */
#define ND_HOP_LIMIT      255 /* nobody off the link can send it */

enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_ECHO_REQUEST = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
};

enum icmpv6_type {
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_PACKET_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER_PROBLEM = 4,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_ND_SOLICIT = 135,
	ICMPV6_ND_ADVERT = 136,
};

enum icmp_code {
	ICMP_CODE_PROTOCOL = 2,
	ICMP_CODE_PORT = 3,
	ICMP_CODE_FRAGMENTATION_NEEDED = 4,
	ICMP_CODE_NET_PROHIBITED = 9,
	ICMP_CODE_HOST_PROHIBITED = 10,
	ICMP_CODE_PROHIBITED = 13,
	ICMPV6_CODE_PROHIBITED = 1,
	ICMPV6_CODE_PORT = 4,
	ICMPV6_CODE_NEXT_HEADER = 1, /* of a parameter problem */
};

struct icmp_header {
	uint8_t type, code;
	struct be16 checksum;
	struct be32 rest; /* by type: echo identifier, next-hop MTU, flags */
};

struct nd_message {
	struct icmp_header icmp;
	struct ip target;
};

enum { ND_FLAG_SOLICITED = 0x40, ND_FLAG_OVERRIDE = 0x20 }; /* in the first byte of `rest` */
enum { ND_OPTION_SOURCE_MAC = 1, ND_OPTION_TARGET_MAC = 2 };

/* A link-layer address option on Ethernet. */
struct nd_option_mac {
	uint8_t type, units; /* of 8 bytes */
	struct mac mac;
};

static_assert(sizeof(struct icmp_header) == ICMP_HEADER_BYTES, "as on the wire");
static_assert(sizeof(struct nd_message) == ND_MESSAGE_BYTES, "as on the wire");
static_assert(sizeof(struct nd_option_mac) == 8, "as on the wire");

/* What an error says about a segment of ours. */
struct icmp_error {
	bool is_tcp; /* false: it quotes no TCP segment, or too little of one; nothing below is set */
	bool ipv6;
	uint8_t type, code;
	uint32_t mtu_bytes;    /* of fragmentation needed and packet too big; else 0 */
	uint32_t quoted_bytes; /* of IPv4: the quoted packet's length */
	struct tuple tuple;    /* local: the quoted source */
	struct seq seq;        /* quoted */
};

struct frame;

/* Of FRAME_ICMP_ERROR. */
struct icmp_error icmp_error_read(const struct frame *frame);
