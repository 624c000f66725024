/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses as people write them.  Strict: what is not an address in full is refused, and nothing is looked up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/sluice.h"
#include "lib/wire/address.h"

#define PORT_MAX 65535

/* Decimal digits only, all of `text`, at most `max`. */
static bool number_parse(const char *text, uint32_t max, uint32_t *number)
{
	uint32_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (uint32_t)(*text - '0');
		if (value > max)
			return false;
	}
	*number = value;
	return true;
}

/* The first `length` characters as an address of one family, or of either. */
static bool ip_parse(const char *text, size_t length, bool ipv4_allowed, bool ipv6_allowed, uint8_t ip[16])
{
	char copy[INET6_ADDRSTRLEN];
	struct be32 ipv4;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (ipv4_allowed && inet_pton(AF_INET, copy, &ipv4) == 1) {
		struct ip mapped = ip_from_ipv4(ipv4);

		memcpy(ip, &mapped, sizeof(mapped));
		return true;
	}
	return ipv6_allowed && inet_pton(AF_INET6, copy, ip) == 1;
}

/* `length` characters of address, and a port where there is one. */
static int address_parse(const char *text, size_t length, const char *port, bool ipv4_allowed, bool ipv6_allowed,
			 struct sluice_address *address)
{
	struct sluice_address out = {0};
	uint32_t number = 0;

	if (!ip_parse(text, length, ipv4_allowed, ipv6_allowed, out.ip))
		return -EINVAL;
	if (port && !number_parse(port, PORT_MAX, &number))
		return -EINVAL;
	out.port = (uint16_t)number;
	*address = out;
	return 0;
}

int sluice_address_parse(const char *text, struct sluice_address *address)
{
	const char *end, *colon = strchr(text, ':');

	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		return address_parse(text + 1, (size_t)(end - text - 1), end[1] ? end + 2 : NULL, false, true, address);
	}
	if (*text == '*') {
		if (text[1] && text[1] != ':')
			return -EINVAL;
		return address_parse("::", 2, text[1] ? text + 2 : NULL, false, true, address);
	}
	if (colon && !strchr(colon + 1, ':'))
		return address_parse(text, (size_t)(colon - text), colon + 1, true, false, address);
	return address_parse(text, strlen(text), NULL, true, true, address);
}

int sluice_subnet_parse(const char *text, struct sluice_subnet *subnet)
{
	const char *slash = strchr(text, '/');
	struct sluice_subnet out = {0};
	uint32_t bits, bits_max;

	if (!ip_parse(text, slash ? (size_t)(slash - text) : strlen(text), true, true, out.ip))
		return -EINVAL;
	bits_max = ip_is_ipv4((const struct ip *)out.ip) ? 32 : 128;
	bits = bits_max;
	if (slash && !number_parse(slash + 1, bits_max, &bits))
		return -EINVAL;
	out.prefix_bits = (uint8_t)bits;
	*subnet = out;
	return 0;
}

const char *sluice_address_format(const struct sluice_address *address, char text[SLUICE_ADDRESS_TEXT_BYTES])
{
	bool ipv4 = sluice_address_is_ipv4(address);
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address->ip + 12 : address->ip, ip, sizeof(ip));
	if (!address->port)
		snprintf(text, SLUICE_ADDRESS_TEXT_BYTES, "%s", ip);
	else if (ipv4)
		snprintf(text, SLUICE_ADDRESS_TEXT_BYTES, "%s:%u", ip, address->port);
	else
		snprintf(text, SLUICE_ADDRESS_TEXT_BYTES, "[%s]:%u", ip, address->port);
	return text;
}
