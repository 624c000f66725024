/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walks over IPv4 options and IPv6 extension headers: bounded, and off the path of ordinary packets.
 */
#include "lib/wire/ip.h"

enum {
	IPV4_OPTION_END = 0,
	IPV4_OPTION_NOP = 1,
	IPV4_OPTION_LOOSE_ROUTE = 131,
	IPV4_OPTION_STRICT_ROUTE = 137,
};

enum {
	IPV6_HOP_BY_HOP = 0,
	IPV6_ROUTING = 43,
	IPV6_DESTINATION = 60,
};

enum {
	IPV6_OPTION_PAD1 = 0,
	IPV6_OPTION_ACTION_MASK =
		0xc0, /* not zero: who does not know the option must not go on (RFC 8200 section 4.2) */
};

#define EXTENSION_UNIT_BYTES 8

enum ip_verdict ipv4_options_check(const uint8_t *options, uint32_t bytes)
{
	uint32_t at = 0;

	while (at < bytes && options[at] != IPV4_OPTION_END) {
		if (options[at] == IPV4_OPTION_NOP) {
			at++;
			continue;
		}
		if (bytes - at < 2 || options[at + 1] < 2 || options[at + 1] > bytes - at)
			return IP_MALFORMED;
		if (options[at] == IPV4_OPTION_LOOSE_ROUTE || options[at] == IPV4_OPTION_STRICT_ROUTE)
			return IP_SOURCE_ROUTE;
		at += options[at + 1];
	}
	return IP_PASS;
}

/* The options inside a hop-by-hop or destination options header. */
static enum ip_verdict ipv6_options_check(const uint8_t *options, uint32_t bytes)
{
	uint32_t at = 0;

	while (at < bytes) {
		if (options[at] == IPV6_OPTION_PAD1) {
			at++;
			continue;
		}
		if (bytes - at < 2 || options[at + 1] > bytes - at - 2 || options[at] & IPV6_OPTION_ACTION_MASK)
			return IP_MALFORMED;
		at += 2U + options[at + 1];
	}
	return IP_PASS;
}

/* Type 0 says where to send the packet on, which has only ever been used for harm. */
static enum ip_verdict ipv6_routing_check(const uint8_t *header)
{
	uint8_t type = header[2], segments_left = header[3];

	return type == 0 || segments_left != 0 ? IP_SOURCE_ROUTE : IP_PASS;
}

static bool ipv6_is_extension(uint8_t next_header)
{
	return next_header == IPV6_HOP_BY_HOP || next_header == IPV6_ROUTING || next_header == IP_PROTOCOL_FRAGMENT ||
	       next_header == IPV6_DESTINATION;
}

/* A fragment header says nothing of its length. */
static uint32_t ipv6_extension_bytes(const uint8_t *header, uint8_t kind)
{
	return kind == IP_PROTOCOL_FRAGMENT ? EXTENSION_UNIT_BYTES : (header[1] + 1U) * EXTENSION_UNIT_BYTES;
}

/* One header that is all there. */
static enum ip_verdict ipv6_extension_check(const uint8_t *header, uint32_t bytes, uint8_t kind, bool first)
{
	if (kind == IP_PROTOCOL_FRAGMENT)
		return be16_value(be16_at(header + 2)) & ~6U ? IP_FRAGMENT : IP_PASS;
	if (kind == IPV6_ROUTING)
		return ipv6_routing_check(header);
	if (kind == IPV6_HOP_BY_HOP && !first)
		return IP_MALFORMED;
	return ipv6_options_check(header + 2, bytes - 2);
}

struct ipv6_walk ipv6_extensions_walk(const uint8_t *extensions, uint8_t next_header, uint32_t bytes,
				      uint32_t readable_bytes)
{
	struct ipv6_walk walk = {.verdict = IP_PASS, .protocol = next_header};

	for (uint32_t i = 0; ipv6_is_extension(walk.protocol) && walk.verdict == IP_PASS; i++) {
		const uint8_t *header = extensions + walk.bytes;
		uint32_t left = bytes - walk.bytes, header_bytes;

		if (i == IPV6_EXTENSIONS_MAX || left < EXTENSION_UNIT_BYTES)
			walk.verdict = IP_MALFORMED;
		else if (readable_bytes < walk.bytes + EXTENSION_UNIT_BYTES)
			walk.verdict = IP_CUT_SHORT;
		if (walk.verdict != IP_PASS)
			break;
		header_bytes = ipv6_extension_bytes(header, walk.protocol);
		if (header_bytes > left)
			walk.verdict = IP_MALFORMED;
		else if (readable_bytes < walk.bytes + header_bytes)
			walk.verdict = IP_CUT_SHORT;
		else
			walk.verdict = ipv6_extension_check(header, header_bytes, walk.protocol, i == 0);
		if (walk.verdict == IP_FRAGMENT)
			break;
		walk.is_atomic |= walk.protocol == IP_PROTOCOL_FRAGMENT;
		walk.protocol = header[0];
		walk.bytes += header_bytes;
	}
	return walk;
}
