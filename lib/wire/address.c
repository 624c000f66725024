/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What kind of address an IP address is (RFC 6890, RFC 4291).  Off the path of ordinary segments, whose addresses
 * frame.c judges by their first bytes.
 */
#include "lib/wire/address.h"

/* Whether the first `bits` bits agree. */
static bool ip_bits_equal(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
	uint32_t bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

bool ip_is_unspecified(const struct ip *ip)
{
	if (ip_is_ipv4(ip))
		return be32_value(ip_ipv4(ip)) == 0;
	return (le64_at(ip->byte) | le64_at(ip->byte + 8)) == 0;
}

bool ip_is_multicast(const struct ip *ip)
{
	if (ip_is_ipv4(ip))
		return ip->byte[12] >> 4 == 0xe;
	return ip->byte[0] == 0xff;
}

bool ip_is_link_local(const struct ip *ip)
{
	if (ip_is_ipv4(ip))
		return ip->byte[12] == 169 && ip->byte[13] == 254;
	return ip->byte[0] == 0xfe && (ip->byte[1] & 0xc0) == 0x80;
}

bool ip_can_be_host(const struct ip *ip)
{
	if (ip_is_ipv4(ip))
		return ipv4_can_be_host(ip->byte[12]);
	return ipv6_can_be_host(ip->byte);
}

bool ip_in_prefix(const struct ip *ip, const struct ip *network, uint8_t prefix_bits)
{
	bool ipv4 = ip_is_ipv4(ip);

	if (ipv4 != ip_is_ipv4(network))
		return false;
	return ip_bits_equal(ip->byte, network->byte, ipv4 ? 96U + prefix_bits : prefix_bits);
}

bool ip_is_broadcast(const struct ip *ip, const struct ip *local, uint8_t prefix_bits)
{
	uint32_t address, host_bits;

	if (!ip_is_ipv4(ip))
		return false;
	address = be32_value(ip_ipv4(ip));
	if (address == UINT32_MAX)
		return true;
	if (prefix_bits >= 31 || !ip_in_prefix(ip, local, prefix_bits))
		return false;
	host_bits = UINT32_MAX >> prefix_bits;
	return (address & host_bits) == host_bits || (address & host_bits) == 0;
}
