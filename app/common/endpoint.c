/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From options to struct sluice_config.
 *
 * "--address CIDR" and "--gateway ADDRESS" concern every port, or with "@N" behind them only port N, counted from 0
 * in the order of --port: so their order does not matter, on the command line as in a file.
 */
#include "app/common/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/common/endpoint_item.h"
#include "app/common/key_file.h"

void endpoint_defaults(struct endpoint *endpoint)
{
	memset(endpoint, 0, sizeof(*endpoint));
	sluice_config_defaults(&endpoint->config);
	endpoint->config.port_count = 0;
	endpoint->mtu_bytes = 1500;
}

/* -EINVAL, having said why. */
#define REFUSE(options, ...) (options_refuse(options, __VA_ARGS__), -EINVAL)

static int ports_fill(struct endpoint *endpoint, const struct options *options)
{
	struct sluice_config *config = &endpoint->config;

	if (endpoint->ports.count > SLUICE_PORTS_MAX)
		return REFUSE(options, "--port: %u ports, of %d at most", endpoint->ports.count, SLUICE_PORTS_MAX);
	if (!endpoint->ports.count && config->port_count)
		return 0;
	if (!endpoint->ports.count)
		return REFUSE(options, "no port: give one with --port, as in --port net_tap0,iface=tap0");
	config->port_count = endpoint->ports.count;
	for (uint32_t i = 0; i < config->port_count; i++) {
		config->port[i] = (struct sluice_port_config){.device = endpoint->ports.item[i]};
		for (uint32_t j = 0; j < i; j++) {
			bool is_same = !strcmp(endpoint->ports.item[i], endpoint->ports.item[j]);

			if (is_same && strncmp(endpoint->ports.item[i], "ring:", 5))
				return REFUSE(options, "--port: '%s' is given twice", endpoint->ports.item[i]);
		}
	}
	return 0;
}

/* Calls take(port, text) for each port that the item concerns. */
static int scoped_apply(struct sluice_config *config, const char *item, const char *name, const struct options *options,
			const char *(*take)(struct sluice_port_config *port, const char *text))
{
	struct endpoint_item scoped = endpoint_item_split(item);

	if (scoped.port != UINT32_MAX && scoped.port >= config->port_count)
		return REFUSE(options, "--%s: '%s' is for port %lu, and the last is %u", name, item, scoped.port,
			      config->port_count - 1);
	for (uint32_t i = 0; i < config->port_count; i++) {
		const char *wrong;

		if (scoped.port != UINT32_MAX && scoped.port != i)
			continue;
		wrong = take(&config->port[i], scoped.text);
		if (wrong)
			return REFUSE(options, "--%s: '%s' %s", name, item, wrong);
	}
	return 0;
}

static const char *address_take(struct sluice_port_config *port, const char *text)
{
	struct sluice_subnet subnet;

	if (sluice_subnet_parse(text, &subnet))
		return "is not an address";
	if (port->subnet_count == SLUICE_SUBNETS_MAX)
		return "is one address more than a port can have";
	for (uint32_t i = 0; i < port->subnet_count; i++) {
		if (!memcmp(port->subnet[i].ip, subnet.ip, sizeof(subnet.ip)))
			return "is given twice";
	}
	port->subnet[port->subnet_count++] = subnet;
	return NULL;
}

static const char *gateway_take(struct sluice_port_config *port, const char *text)
{
	static const uint8_t none[16];
	struct sluice_address address;
	uint8_t *gateway;

	if (sluice_address_parse(text, &address))
		return "is not an address";
	gateway = sluice_address_is_ipv4(&address) ? port->gateway_ipv4 : port->gateway_ipv6;
	if (memcmp(gateway, none, sizeof(none)))
		return "is the second gateway of its family on the port";
	memcpy(gateway, address.ip, sizeof(address.ip));
	return NULL;
}

static int secret_read(struct endpoint *endpoint, const struct options *options)
{
	uint8_t bytes[KEY_FILE_BYTES_MAX];
	uint32_t count;

	if (key_file_read(options, "secret-file", endpoint->secret_file, bytes, &count))
		return -EINVAL;
	if (count != sizeof(endpoint->config.secret))
		return REFUSE(options, "--secret-file: '%s' must hold exactly %zu bytes", endpoint->secret_file,
			      sizeof(endpoint->config.secret));
	memcpy(endpoint->config.secret, bytes, sizeof(endpoint->config.secret));
	return 0;
}

static int cookie_keys_read(struct endpoint *endpoint, const struct options *options)
{
	struct sluice_config *config = &endpoint->config;
	const char *path = endpoint->cookie_key_file, *previous = endpoint->cookie_key_previous_file;

	if (previous && !path)
		return REFUSE(options, "--cookie-key-previous needs --cookie-key, the one that is used now");
	if (path && key_file_read_key(options, "cookie-key", path, config->cookie_key, &config->cookie_key_bytes))
		return -EINVAL;
	return previous ? key_file_read_key(options, "cookie-key-previous", previous, config->cookie_key_previous,
					    &config->cookie_key_previous_bytes)
			: 0;
}

static int bounds_check(const struct sluice_config *config, const struct options *options)
{
	if (config->receive_bytes > config->receive_max_bytes)
		return REFUSE(options, "--receive-window is above --receive-window-max");
	if (config->rto_min_ms > config->rto_max_ms || config->rto_initial_ms > config->rto_max_ms)
		return REFUSE(options, "--rto-min and --rto-initial may not be above --rto-max");
	return 0;
}

static void print_line(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

int endpoint_finish(struct endpoint *endpoint, const struct eal_split *split, const struct options *options)
{
	struct sluice_config *config = &endpoint->config;
	int error = ports_fill(endpoint, options);

	for (uint32_t i = 0; i < endpoint->addresses.count && !error; i++)
		error = scoped_apply(config, endpoint->addresses.item[i], "address", options, address_take);
	for (uint32_t i = 0; i < endpoint->gateways.count && !error; i++)
		error = scoped_apply(config, endpoint->gateways.item[i], "gateway", options, gateway_take);
	for (uint32_t i = 0; i < config->port_count && !error; i++) {
		config->port[i].mtu_bytes = endpoint->mtu_bytes;
		if (!config->port[i].subnet_count)
			error = REFUSE(options, "port %u has no address: give one with --address, as in 198.18.0.1/15",
				       i);
	}
	if (!error && endpoint->secret_file)
		error = secret_read(endpoint, options);
	if (!error)
		error = cookie_keys_read(endpoint, options);
	if (!error)
		error = bounds_check(config, options);
	config->eal_arguments = split->eal_arguments;
	config->eal_argument_count = split->eal_argument_count;
	config->print = endpoint->quiet ? NULL : print_line;
	return error;
}
