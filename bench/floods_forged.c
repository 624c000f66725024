/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookies that nobody was given.
 */
#include <stdio.h>

#include "bench/floods.h"
#include "bench/turn.h"
#include "config/limits.h"

static uint64_t count_opened(struct sluice_worker *worker)
{
	struct sluice_statistics statistics;

	sluice_statistics(worker, &statistics);
	return statistics.counter[SLUICE_COUNTER_passive_opens];
}

/* Connections that a guess opened are cut at once. */
static void serve(void *program, struct sluice_worker *worker)
{
	uint32_t count;
	const struct sluice_event *event = sluice_poll(worker, &count);

	(void)program;
	for (uint32_t i = 0; i < count; i++)
		if (event[i].mask & SLUICE_OPENED)
			sluice_abort(worker, event[i].conn);
	sluice_flush(worker);
}

bool floods_forged(struct field *field, const struct floods_options *options)
{
	static const struct sluice_address everyone = {.port = 80};
	uint64_t tries = UINT64_C(1) << options->tries_shift;
	struct flood flood = field_flood(field, false, 80, 4);
	struct turn_account account = {0};
	struct field_worker server;

	if (!field_worker_make(field, FIELD_SERVER, &server) || sluice_listen(server.worker, &everyone, NULL) < 0)
		return false;
	for (uint64_t i = 0; i < tries; i += BURST_PACKETS_MAX) {
		field_flood_send(field, &flood, FLOOD_ACK, BURST_PACKETS_MAX);
		turn_run(server.worker, serve, NULL, &account);
		field_drain(field, NULL, NULL);
	}
	printf("{\"forged_accepted\": %lu, \"forged_tries\": %lu}\n", count_opened(server.worker), tries);
	field_worker_free(&server);
	return true;
}
