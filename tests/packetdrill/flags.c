/* SPDX-License-Identifier: BSD-3-Clause */
/* Flags: one table of names, one number or one word each. */
#include "tests/packetdrill/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAG_BYTES_MAX 128

enum flag_kind { FLAG_UINT32, FLAG_UINT8, FLAG_BOOL, FLAG_IP, FLAG_RECEIVE, FLAG_CONGESTION, FLAG_ECN, FLAG_COOKIES };

struct flag {
	const char *name;
	enum flag_kind kind;
	size_t offset; /* in struct sluice_config */
	unsigned long most;
};

#define FIELD(name) offsetof(struct sluice_config, name)

static const struct flag flags[] = {
	{"ip", FLAG_IP, 0, 0},
	{"mtu", FLAG_UINT32, FIELD(port[0].mtu_bytes), 2034},
	{"rcvbuf", FLAG_RECEIVE, 0, 64UL << 20},
	{"sndbuf", FLAG_UINT32, FIELD(send_queue_bytes), 64UL << 20},
	{"wscale", FLAG_UINT8, FIELD(window_shift), 14},
	{"iw", FLAG_UINT32, FIELD(initial_window_segments), 1000},
	{"delack_ms", FLAG_UINT32, FIELD(delayed_ack_ms), 499},
	{"rto_initial_ms", FLAG_UINT32, FIELD(rto_initial_ms), 60000},
	{"rto_min_ms", FLAG_UINT32, FIELD(rto_min_ms), 60000},
	{"time_wait_ms", FLAG_UINT32, FIELD(time_wait_ms), 3600000},
	{"fin_wait_2_ms", FLAG_UINT32, FIELD(fin_wait_2_ms), 3600000},
	{"ts", FLAG_BOOL, FIELD(timestamps), 1},
	{"sack", FLAG_BOOL, FIELD(sack), 1},
	{"cc", FLAG_CONGESTION, 0, 0},
	{"ecn", FLAG_ECN, 0, 2},
	{"cookies", FLAG_COOKIES, 0, 0},
};

/* As Linux calls them, but for the last. */
static const char *const congestion_names[] = {
	[SLUICE_CONGESTION_CUBIC] = "cubic",
	[SLUICE_CONGESTION_NEWRENO] = "reno",
	[SLUICE_CONGESTION_NONE] = "none",
};

void flags_defaults(struct sluice_config *config)
{
	sluice_config_defaults(config);
	config->port_count = 1;
	config->port[0].mtu_bytes = 1500;
	config->checksum_offload = false; /* scripts may send wrong ones */
	config->cookies = SLUICE_COOKIES_NEVER;
	config->packets = 8192;
	config->connections = 64;
	config->half_open = 64;
	config->time_wait = 64;
	config->chunks_large = 16384;
	config->descriptors = 16384;
	config->inflight = 16384;
	config->send_queue_bytes = 4 << 20;
	config->nodelay = false;
	for (size_t i = 0; i < sizeof(config->secret); i++)
		config->secret[i] = (uint8_t)(i * 11 + 3);
}

static bool add_address(const char *value, struct sluice_config *config)
{
	struct sluice_port_config *port = &config->port[0];
	struct sluice_subnet *subnet = &port->subnet[port->subnet_count];

	if (port->subnet_count == SLUICE_SUBNETS_MAX || strchr(value, '/') || sluice_subnet_parse(value, subnet))
		return false;
	subnet->prefix_bits = 0; /* the whole world is on this link, and the adapter answers for all of it */
	port->subnet_count++;
	return true;
}

static bool store_number(const struct flag *flag, const char *value, struct sluice_config *config)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (errno || end == value || *end || *value == '-' || number > flag->most)
		return false;
	if (flag->kind == FLAG_RECEIVE) {
		config->receive_bytes = (uint32_t)number;
		config->receive_max_bytes = (uint32_t)number;
	} else if (flag->kind == FLAG_UINT32) {
		*(uint32_t *)(void *)((char *)config + flag->offset) = (uint32_t)number;
	} else if (flag->kind == FLAG_UINT8) {
		*((uint8_t *)config + flag->offset) = (uint8_t)number;
	} else if (flag->kind == FLAG_ECN) {
		/* Linux's numbers: 1 asks and grants, 2 grants. */
		config->ecn = number == 1 ? SLUICE_ECN_ASK : number ? SLUICE_ECN_GRANT : SLUICE_ECN_OFF;
	} else {
		*(bool *)((char *)config + flag->offset) = number != 0;
	}
	return true;
}

static bool store_cookies(const char *value, struct sluice_config *config)
{
	static const char *const modes[] = {
		[SLUICE_COOKIES_AUTO] = "auto", [SLUICE_COOKIES_ALWAYS] = "always", [SLUICE_COOKIES_NEVER] = "never"};

	for (uint32_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i], value) == 0) {
			config->cookies = (enum sluice_cookies)i;
			return true;
		}
	}
	return false;
}

bool flags_congestion(const char *name, enum sluice_congestion *congestion)
{
	for (uint32_t i = 0; i < sizeof(congestion_names) / sizeof(congestion_names[0]); i++) {
		if (strcmp(congestion_names[i], name) == 0) {
			*congestion = (enum sluice_congestion)i;
			return true;
		}
	}
	return false;
}

const char *flags_congestion_name(enum sluice_congestion congestion)
{
	return congestion_names[congestion];
}

static bool store(const struct flag *flag, const char *value, struct sluice_config *config)
{
	if (flag->kind == FLAG_IP)
		return add_address(value, config);
	if (flag->kind == FLAG_CONGESTION)
		return flags_congestion(value, &config->congestion);
	if (flag->kind == FLAG_COOKIES)
		return store_cookies(value, config);
	return store_number(flag, value, config);
}

static bool parse_one(char *text, struct sluice_config *config, char *error, size_t error_bytes)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; value && i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(flags[i].name, text) != 0)
			continue;
		if (store(&flags[i], value, config))
			return true;
		snprintf(error, error_bytes, "--so_flags: %s cannot be \"%s\"", text, value);
		return false;
	}
	snprintf(error, error_bytes, "--so_flags: there is no \"%s\"; see tests/packetdrill/README.md", text);
	return false;
}

bool flags_parse(const char *text, struct sluice_config *config, char *error, size_t error_bytes)
{
	flags_defaults(config);
	while (text && *text) {
		size_t bytes = strcspn(text, ",");
		char one[FLAG_BYTES_MAX];

		if (bytes >= sizeof(one)) {
			snprintf(error, error_bytes, "--so_flags: a flag is longer than %d bytes", FLAG_BYTES_MAX - 1);
			return false;
		}
		memcpy(one, text, bytes);
		one[bytes] = '\0';
		if (bytes && !parse_one(one, config, error, error_bytes))
			return false;
		text += bytes + (text[bytes] == ',');
	}
	if (config->port[0].subnet_count == 0)
		return add_address("192.168.0.1", config) && add_address("fd3d:fa7b:d17d::1", config);
	return true;
}
