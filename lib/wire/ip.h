/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers of IPv4 (RFC 791) and IPv6 (RFC 8200), and the walks over what may stand between them and TCP.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/address.h"

#define IPV4_HEADER_BYTES   20U
#define IPV6_HEADER_BYTES   40U
#define IPV6_EXTENSIONS_MAX 8 /* in one packet; nothing honest comes near */

enum { IP_PROTOCOL_ICMP = 1, IP_PROTOCOL_TCP = 6, IP_PROTOCOL_FRAGMENT = 44, IP_PROTOCOL_ICMPV6 = 58 };

enum {
	IPV4_VERSION_IHL = 0x45, /* without options */
	IPV4_DONT_FRAGMENT = 0x4000,
	IPV4_FRAGMENT_MASK = 0x3fff, /* more fragments, or an offset */
	IPV4_FRAGMENT_MORE = 0x2000,
	IPV6_FRAGMENT_MORE = 1, /* in `offset_more`; the offset is in the upper thirteen bits, in units of 8 bytes */
	IP_TTL_DEFAULT = 64,
	DSCP_MAX = 63,
};

struct ipv4_header {
	uint8_t version_ihl;
	uint8_t dscp_ecn;
	struct be16 total_bytes, id, fragment;
	uint8_t ttl, protocol;
	struct be16 checksum;
	struct be32 source, destination;
};

struct ipv6_header {
	struct be32 version_class_flow;
	struct be16 payload_bytes;
	uint8_t next_header, hop_limit;
	struct ip source, destination;
};

struct ipv6_fragment_header {
	uint8_t next_header, reserved;
	struct be16 offset_more;
	struct be32 id;
};

static_assert(sizeof(struct ipv6_fragment_header) == 8, "as on the wire");
static_assert(sizeof(struct ipv4_header) == IPV4_HEADER_BYTES, "as on the wire");
static_assert(sizeof(struct ipv6_header) == IPV6_HEADER_BYTES, "as on the wire");

static inline uint8_t ipv6_class(const struct ipv6_header *header)
{
	return (uint8_t)(be32_value(header->version_class_flow) >> 20);
}

/* The outcome of a walk: which packets go on, and why the others do not. */
enum ip_verdict { IP_PASS, IP_MALFORMED, IP_SOURCE_ROUTE, IP_FRAGMENT, IP_CUT_SHORT };

/* Looks through the options of an IPv4 header (RFC 7126: source routes are refused, all others ignored, MUST-50). */
enum ip_verdict ipv4_options_check(const uint8_t *options, uint32_t bytes);

struct ipv6_walk {
	enum ip_verdict verdict;
	uint8_t protocol; /* that follows the last extension header */
	bool is_atomic;   /* one was a fragment header that says the packet is whole (RFC 6946) */
	uint32_t bytes;   /* of extension headers; with IP_FRAGMENT, of those before the fragment's */
};

/*
 * Walks over the hop-by-hop, routing, destination options and whole packets' fragment headers that start at `extensions`: `bytes` of payload, of which
 * `readable_bytes` are in the buffer (IP_CUT_SHORT when that is not enough).  IP_SOURCE_ROUTE: a routing header of type 0
 * (RFC 5095), or one that has segments left.
 */
struct ipv6_walk ipv6_extensions_walk(const uint8_t *extensions, uint8_t next_header, uint32_t bytes,
				      uint32_t readable_bytes);
