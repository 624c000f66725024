/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP and Ethernet addresses.  Both IP families share one 16-byte form, IPv4 as ::ffff:a.b.c.d, so that everything
 * above compares, hashes and stores them alike.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/bytes.h"

struct ip {
	uint8_t byte[16];
};

struct mac {
	uint8_t byte[6];
};

/* The two ends of a connection, seen from ours.  Ports in host byte order. */
struct tuple {
	struct ip local, remote;
	uint16_t local_port, remote_port;
};

static inline struct ip ip_from_ipv4(struct be32 address)
{
	struct ip out = {.byte = {[10] = 0xff, [11] = 0xff}};

	memcpy(&out.byte[12], &address, 4);
	return out;
}

/* Of an IPv4 address only. */
static inline struct be32 ip_ipv4(const struct ip *ip)
{
	return be32_at(&ip->byte[12]);
}

static inline bool ip_is_ipv4(const struct ip *ip)
{
	return le64_at(ip->byte) == 0 && be32_value(be32_at(&ip->byte[8])) == 0xffff;
}

static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return ((le64_at(a->byte) ^ le64_at(b->byte)) | (le64_at(a->byte + 8) ^ le64_at(b->byte + 8))) == 0;
}

static inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return ip_equal(&a->remote, &b->remote) && ip_equal(&a->local, &b->local) && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port;
}

static inline bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool mac_is_group(const struct mac *mac)
{
	return mac->byte[0] & 1;
}

/* By its first byte: none of 0/8, loopback, multicast, 240/4 and limited broadcast. */
static inline bool ipv4_can_be_host(uint8_t first_byte)
{
	return first_byte != 0 && first_byte != 127 && first_byte < 224;
}

/*
 * None of multicast and ::/64, which holds the unspecified and loopback addresses, and the mapped ones: those would pass
 * for IPv4 here, and have no business on a wire.
 */
static inline bool ipv6_can_be_host(const uint8_t byte[16])
{
	return byte[0] != 0xff && le64_at(byte) != 0;
}

bool ip_is_unspecified(const struct ip *ip); /* 0.0.0.0 or :: */
bool ip_is_multicast(const struct ip *ip);   /* 224/4, ff00::/8 */
bool ip_is_link_local(const struct ip *ip);  /* fe80::/10, 169.254/16 */

/* None of unspecified, multicast, loopback, 240/4, 0/8, limited broadcast, ::/64. */
bool ip_can_be_host(const struct ip *ip);

/* Prefix of the family; false when the families differ. */
bool ip_in_prefix(const struct ip *ip, const struct ip *network, uint8_t prefix_bits);

/* IPv4: limited, or directed to the network of `local` (RFC 1122 section 3.2.1.3, the all-zeros form included). */
bool ip_is_broadcast(const struct ip *ip, const struct ip *local, uint8_t prefix_bits);
