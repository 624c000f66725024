/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options that every program on the library shares: an endpoint's ports, addresses, memory and TCP settings, one
 * for every field of struct sluice_config.
 *
 *	struct endpoint endpoint;
 *	endpoint_defaults(&endpoint);
 *	options.set[0] = endpoint_options(&endpoint);
 *	... options_read() ...
 *	if (endpoint_finish(&endpoint, &split, &options))
 *		return 2;
 *	sluice_open(&endpoint.config, &sluice);
 */
#pragma once

#include "app/common/eal.h"
#include "app/common/options.h"
#include "lib/sluice.h"

struct endpoint {
	struct sluice_config config; /* what sluice_open() takes, after endpoint_finish() */
	struct options_list ports, addresses, gateways;
	uint32_t mtu_bytes;
	const char *secret_file;
	const char *cookie_key_file, *cookie_key_previous_file;
	bool quiet;
};

/* sluice_config_defaults() and nothing given.  A program may change defaults in endpoint->config afterwards. */
void endpoint_defaults(struct endpoint *endpoint);

struct options_set endpoint_options(struct endpoint *endpoint);

/*
 * Fills in config.port from the lists and what the fields alone cannot hold: EAL's arguments, the secret, the printer.
 * Ports that the program set itself (config.port_count not 0) stay when no --port was given.  Returns 0, or -EINVAL
 * after saying what is wrong.
 */
int endpoint_finish(struct endpoint *endpoint, const struct eal_split *split, const struct options *options);
