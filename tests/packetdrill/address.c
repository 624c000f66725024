/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses; IPv4 is a mapped one, as in the library, and as in a socket of IPv6 that talks to it. */
#include "tests/packetdrill/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

int address_read(const struct sockaddr *from, socklen_t bytes, int domain, struct sluice_address *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(address, 0, sizeof(*address));
	if (!from || bytes < (socklen_t)sizeof(sa_family_t))
		return -EINVAL;
	if (from->sa_family != domain)
		return -EAFNOSUPPORT;
	if (domain == AF_INET) {
		if (bytes < (socklen_t)sizeof(in))
			return -EINVAL;
		memcpy(&in, from, sizeof(in));
		memcpy(address->ip, mapped, sizeof(mapped));
		memcpy(address->ip + 12, &in.sin_addr, 4);
		address->port = ntohs(in.sin_port);
	} else {
		if (bytes < (socklen_t)sizeof(in6))
			return -EINVAL;
		memcpy(&in6, from, sizeof(in6));
		memcpy(address->ip, &in6.sin6_addr, 16);
		address->port = ntohs(in6.sin6_port);
	}
	return 0;
}

void address_write(const struct sluice_address *address, int domain, struct sockaddr *to, socklen_t *bytes)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
	socklen_t whole = domain == AF_INET ? sizeof(in) : sizeof(in6);

	if (!to || !bytes)
		return;
	memcpy(&in.sin_addr, address->ip + 12, 4);
	memcpy(&in6.sin6_addr, address->ip, 16);
	memcpy(to, domain == AF_INET ? (const void *)&in : (const void *)&in6, *bytes < whole ? *bytes : whole);
	*bytes = whole;
}

bool address_is_any(const struct sluice_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->ip, zero, 16) == 0 ||
	       (memcmp(address->ip, mapped, 12) == 0 && memcmp(address->ip + 12, zero, 4) == 0);
}
