/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What app/common calls of the library, without the library: addresses, names of counters and defaults of its own.
 * Tests of the programs link this, so that they say something about the programs alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sluice.h"

static bool ip_read(const char *text, uint8_t ip[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, text, ip + 12) == 1) {
		memcpy(ip, prefix, sizeof(prefix));
		return true;
	}
	return inet_pton(AF_INET6, text, ip) == 1;
}

int sluice_address_parse(const char *text, struct sluice_address *address)
{
	char copy[64], *port = NULL, *ip = copy;

	*address = (struct sluice_address){0};
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	if (*copy == '[') {
		ip++;
		port = strchr(copy, ']');
		if (!port)
			return -EINVAL;
		*port++ = 0;
	} else if (strchr(copy, '.')) {
		port = strchr(copy, ':');
	}
	if (port && *port == ':') {
		*port = 0;
		address->port = (uint16_t)strtoul(port + 1, NULL, 10);
	}
	return ip_read(ip, address->ip) ? 0 : -EINVAL;
}

int sluice_subnet_parse(const char *text, struct sluice_subnet *subnet)
{
	char copy[64], *slash;
	unsigned long most;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	slash = strchr(copy, '/');
	if (slash)
		*slash = 0;
	if (!ip_read(copy, subnet->ip))
		return -EINVAL;
	most = strchr(copy, ':') ? 128 : 32;
	if (slash && strtoul(slash + 1, NULL, 10) > most)
		return -EINVAL;
	subnet->prefix_bits = (uint8_t)(slash ? strtoul(slash + 1, NULL, 10) : most);
	return 0;
}

const char *sluice_address_format(const struct sluice_address *address, char text[SLUICE_ADDRESS_TEXT_BYTES])
{
	char ip[INET6_ADDRSTRLEN];
	bool is_ipv4 = sluice_address_is_ipv4(address);

	inet_ntop(is_ipv4 ? AF_INET : AF_INET6, is_ipv4 ? address->ip + 12 : address->ip, ip, sizeof(ip));
	if (!address->port)
		snprintf(text, SLUICE_ADDRESS_TEXT_BYTES, "%s", ip);
	else
		snprintf(text, SLUICE_ADDRESS_TEXT_BYTES, is_ipv4 ? "%s:%u" : "[%s]:%u", ip, address->port);
	return text;
}

/* Every field a value of its own, so that an option that lands in the wrong one is seen. */
void sluice_config_defaults(struct sluice_config *config)
{
	*config = (struct sluice_config){
		.port_count = 1,
		.packets = 16384,
		.checksum_offload = true,
		.connections = 1001,
		.half_open = 1002,
		.time_wait = 1003,
		.chunks_small = 1004,
		.chunks_large = 1005,
		.path_mtu_discovery = true,
		.fragments = 1010,
		.descriptors = 1006,
		.inflight = 1007,
		.out_of_order = 1008,
		.send_queue_bytes = 262144,
		.receive_bytes = 65536,
		.receive_max_bytes = 4194304,
		.window_shift = 8,
		.timestamps = true,
		.sack = true,
		.nodelay = true,
		.initial_window_segments = 10,
		.time_wait_ms = 60000,
		.fin_wait_2_ms = 61000,
		.rto_initial_ms = 1000,
		.rto_min_ms = 200,
		.rto_max_ms = 120000,
		.delayed_ack_ms = 40,
		.r2_ms = 100000,
		.syn_r2_ms = 180000,
		.keepalive_ms = 7200000,
		.keepalive_interval_ms = 75000,
		.keepalive_probes = 9,
		.resets_per_second = 1009,
	};
}

const char *sluice_counter_name(enum sluice_counter counter)
{
	static const char *const names[] = {
#define X(name, text) #name,
		SLUICE_COUNTERS(X)
#undef X
	};

	return counter < SLUICE_COUNTER_COUNT ? names[counter] : NULL;
}

const char *sluice_gauge_name(enum sluice_gauge gauge)
{
	static const char *const names[] = {
#define X(name, text) #name,
		SLUICE_GAUGES(X)
#undef X
	};

	return gauge < SLUICE_GAUGE_COUNT ? names[gauge] : NULL;
}
