/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Defaults and bounds of the configuration.  The program's options and config/httpd.conf repeat the defaults from here.
 */
#include "app/httpd/httpd.h"

#include <stddef.h>

#define TIMEOUT_MAX_MS   86400000 /* a day: differences of deadlines are 32-bit */
#define HEADER_MIN_BYTES 256
#define HEADER_MAX_BYTES 1048576
#define LINGER_MAX_BYTES 4194240 /* counted in 16 bits, 64 bytes each */

void httpd_config_defaults(struct httpd_config *config)
{
	*config = (struct httpd_config){
		.content_max_bytes = UINT64_C(1) << 30,
		.endpoints = true,
		.connections = 65536,
		.exchanges = 16384,
		.buffers = 4096,
		.target_max_bytes = 4096,
		.header_max_bytes = 16384,
		.header_max_fields = 100,
		.body_max_bytes = UINT64_C(1) << 30,
		.discard_max_bytes = 65536,
		.linger_max_bytes = 262144,
		.age_max_ms = 3600000,
		.address_prefix_bits_ipv4 = 32,
		.address_prefix_bits_ipv6 = 64,
		.header_timeout_ms = 10000,
		.idle_timeout_ms = 60000,
		.progress_timeout_ms = 30000,
		.min_bytes_per_second = 100,
		.linger_timeout_ms = 5000,
	};
}

static const char *pool_problem(const struct httpd_config *config)
{
	if (config->connections == 0 || config->connections == UINT32_MAX)
		return "connections must be at least 1";
	if (config->exchanges == 0 || config->buffers == 0 || config->exchanges == UINT32_MAX ||
	    config->buffers == UINT32_MAX)
		return "exchanges and buffers must be at least 1";
	if (config->log_records & (config->log_records - 1))
		return "log-records must be a power of two";
	return NULL;
}

static const char *limit_problem(const struct httpd_config *config)
{
	if (config->header_max_bytes < HEADER_MIN_BYTES || config->header_max_bytes > HEADER_MAX_BYTES)
		return "header-max must be 256 bytes to 1 MiB";
	if (config->target_max_bytes == 0 || config->target_max_bytes >= config->header_max_bytes)
		return "target-max must be less than header-max";
	if (config->header_max_fields == 0 || config->header_max_fields > UINT16_MAX - 1)
		return "header-fields must be 1 to 65,534";
	if (config->linger_max_bytes > LINGER_MAX_BYTES)
		return "linger-max must be at most 4,194,240 bytes";
	if (config->requests_max > UINT16_MAX)
		return "requests-max must be at most 65,535";
	return NULL;
}

static const char *address_problem(const struct httpd_config *config)
{
	if (config->address_prefix_bits_ipv4 > 32 || config->address_prefix_bits_ipv6 > 128)
		return "address-prefix-ipv4 must be at most 32, address-prefix-ipv6 128";
	if (config->exempt_count > HTTPD_EXEMPT_MAX)
		return "at most 16 subnets without a limit on addresses";
	return NULL;
}

const char *httpd_config_problem(const struct httpd_config *config)
{
	const uint32_t timeouts[] = {config->header_timeout_ms, config->idle_timeout_ms, config->progress_timeout_ms,
				     config->linger_timeout_ms};
	const char *problem = pool_problem(config);

	if (!problem)
		problem = limit_problem(config);
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]) && !problem; i++)
		if (timeouts[i] == 0 || timeouts[i] > TIMEOUT_MAX_MS)
			problem = "timeouts must be 1 ms to 24 h";
	if (!problem && config->age_max_ms > TIMEOUT_MAX_MS)
		problem = "age-max must be at most 24 h";
	if (!problem)
		problem = address_problem(config);
	if (!problem && config->listen_count > HTTPD_LISTEN_MAX)
		problem = "at most 16 addresses to listen on";
	return problem;
}
