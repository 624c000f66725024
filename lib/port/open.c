/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening and closing the endpoint: ports, sums, memory, workers.
 */
#include "lib/port/open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/port/say.h"
#include "lib/port/table.h"

#define OPEN_LEFT_BYTES ((size_t)64 << 20) /* of memory, for everybody else */

/* Keys that nobody gave are drawn from the system, once for all workers. */
static int open_draw_secret(struct sluice_config *config)
{
	static const uint8_t none[sizeof(config->secret)];

	if (memcmp(config->secret, none, sizeof(none)) != 0)
		return 0;
	if (getrandom(config->secret, sizeof(config->secret), 0) == (ssize_t)sizeof(config->secret))
		return 0;
	return say_error(config, -EIO, "the system gives no random bytes for keys: set config.secret");
}

/* Asks each worker what it will take. */
static int open_measure(struct sluice *sluice)
{
	for (uint32_t i = 0; i < sluice->ports.count; i++) {
		const char *why = "unknown";
		size_t bytes = sluice_worker_make(&sluice->config, i, &sluice->ports.io[i], NULL, 0, NULL, &why);

		if (bytes == 0)
			return say_error(&sluice->config, -EINVAL, "port %u: %s", i, why);
		sluice->worker[i].bytes = bytes;
		sluice->worker_count = i + 1;
	}
	return 0;
}

/* Better refused here than killed later. */
static int open_check_sums(const struct sluice *sluice)
{
	size_t available = memory_available_bytes(), sum = ports_packet_bytes(&sluice->ports) + OPEN_LEFT_BYTES;
	char sums[SAY_LINE_BYTES / 2];

	for (uint32_t i = 0; i < sluice->worker_count; i++)
		sum += sluice->worker[i].bytes;
	if (sum <= available)
		return 0;
	table_sums(sluice, sums, sizeof(sums));
	return say_error(&sluice->config, -ENOMEM,
			 "this takes %s, and %zu MiB are free: lower the connections, packets, queues or TIME_WAIT "
			 "records of the configuration",
			 sums, available >> 20);
}

static int open_workers(struct sluice *sluice)
{
	for (uint32_t i = 0; i < sluice->worker_count; i++) {
		struct memory *memory = &sluice->worker[i].memory;
		const char *why = "unknown";

		if (memory_map(memory, sluice->worker[i].bytes, sluice->ports.port[i].node) != 0)
			return say_error(&sluice->config, -ENOMEM, "worker %u: no %zu MiB of memory: lower its sizes",
					 i, sluice->worker[i].bytes >> 20);
		if (sluice_worker_make(&sluice->config, i, &sluice->ports.io[i], memory->address, memory->bytes,
				       &sluice->worker[i].worker, &why) == 0)
			return say_error(&sluice->config, -EINVAL, "port %u: %s", i, why);
	}
	return 0;
}

int sluice_open(const struct sluice_config *config, struct sluice **sluice)
{
	struct sluice *made = aligned_alloc(_Alignof(struct sluice), sizeof(*made));
	int error;

	if (!made)
		return say_error(config, -ENOMEM, "no memory at all");
	memset(made, 0, sizeof(*made));
	made->config = *config;
	error = open_draw_secret(&made->config);
	if (error)
		goto fail;
	error = ports_create(&made->ports, &made->config);
	if (error)
		goto fail;
	error = open_measure(made);
	if (error)
		goto fail;
	error = open_check_sums(made);
	if (error)
		goto fail;
	error = ports_start(&made->ports);
	if (error)
		goto fail;
	error = open_workers(made);
	if (error)
		goto fail;
	table_print(made);
	made->config.eal_arguments = NULL;
	for (uint32_t i = 0; i < SLUICE_PORTS_MAX; i++)
		made->config.port[i].device = NULL;
	*sluice = made;
	return 0;
fail:
	sluice_close_all(made);
	return error;
}

void sluice_close_all(struct sluice *sluice)
{
	uint32_t missing;

	if (!sluice)
		return;
	for (uint32_t i = sluice->worker_count; i-- > 0;) {
		if (sluice->worker[i].worker)
			sluice_worker_close(sluice->worker[i].worker);
	}
	missing = ports_destroy(&sluice->ports);
	if (missing)
		say(&sluice->config, "%u packets were not given back at the end (some drivers keep theirs)", missing);
	for (uint32_t i = 0; i < sluice->worker_count; i++)
		memory_unmap(&sluice->worker[i].memory);
	explicit_bzero(sluice->config.secret, sizeof(sluice->config.secret));
	explicit_bzero(sluice->config.cookie_key, sizeof(sluice->config.cookie_key));
	explicit_bzero(sluice->config.cookie_key_previous, sizeof(sluice->config.cookie_key_previous));
	free(sluice);
}

uint32_t sluice_worker_count(const struct sluice *sluice)
{
	return sluice->worker_count;
}

struct sluice_worker *sluice_worker(struct sluice *sluice, uint32_t index)
{
	return index < sluice->worker_count ? sluice->worker[index].worker : NULL;
}
