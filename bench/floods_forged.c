/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookies that nobody was given, and cookies given and played again where none counts: one worker always answers without state, so
 * that its gate is always open; another, with the same keys and clock, has never had to, so that its gate is closed.
 */
#include <stdio.h>
#include <string.h>

#include "bench/floods.h"
#include "bench/turn.h"
#include "config/limits.h"
#include "tests/flood/flood_aim.h"

#define REPLAYS      1024 /* cookies, all of them good */
#define CLOSED_SHIFT 4    /* tries against the closed gate: so many times fewer, as a power of two */

static uint64_t opened(const struct field_worker *server)
{
	struct sluice_statistics statistics;

	sluice_statistics(server->worker, &statistics);
	return statistics.counter[SLUICE_COUNTER_passive_opens];
}

/* What opens is cut at once. */
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

static bool server_make(struct field *field, enum sluice_cookies cookies, struct field_worker *server)
{
	static const struct sluice_address everyone = {.port = 80};

	field->config.cookies = cookies;
	field->config.cookies_opens_per_second = 0;
	memset(field->config.secret, 0x5a, sizeof(field->config.secret));
	return field_worker_make(field, FIELD_SERVER, server) && sluice_listen(server->worker, &everyone, NULL) >= 0;
}

/* How many of so many random ACKs open a connection. */
static uint64_t guess(struct field *field, const struct field_worker *server, uint64_t tries)
{
	struct flood flood = field_flood(field, false, 80, 4);
	struct turn_account account = {0};
	uint64_t before = opened(server);

	for (uint64_t i = 0; i < tries; i += BURST_PACKETS_MAX) {
		field_flood_send(field, &flood, FLOOD_ACK, BURST_PACKETS_MAX);
		turn_run(server->worker, serve, NULL, &account);
		field_drain(field, NULL, NULL);
	}
	return opened(server) - before;
}

/* ---- Replays ------------------------------------------------------------------------------------------- */

struct replays {
	uint32_t count;
	uint32_t bytes[REPLAYS];
	uint8_t frame[REPLAYS][FLOOD_FRAME_BYTES];
};

static void record(void *context, const uint8_t *frame, uint32_t bytes)
{
	struct replays *replays = context;

	if (replays->count == REPLAYS)
		return;
	replays->bytes[replays->count] = flood_replay(frame, bytes, replays->frame[replays->count]);
	replays->count += replays->bytes[replays->count] > 0;
}

/* Takes cookies, and uses none. */
static void replays_gather(struct field *field, const struct field_worker *server, struct replays *replays)
{
	struct flood flood = field_flood(field, false, 80, 5);
	struct turn_account account = {0};

	for (uint32_t i = 0; i < REPLAYS; i += BURST_PACKETS_MAX) {
		field_flood_send(field, &flood, FLOOD_SYN, BURST_PACKETS_MAX);
		turn_run(server->worker, serve, NULL, &account);
		field_drain(field, record, replays);
	}
}

static uint64_t replays_play(struct field *field, const struct field_worker *server, const struct replays *replays)
{
	struct turn_account account = {0};
	uint64_t before = opened(server);

	for (uint32_t i = 0; i < replays->count; i++) {
		field_send(field, replays->frame[i], replays->bytes[i]);
		turn_run(server->worker, serve, NULL, &account);
		field_drain(field, NULL, NULL);
	}
	return opened(server) - before;
}

bool floods_forged(struct field *field, const struct floods_options *options)
{
	static struct replays replays;
	uint64_t tries = UINT64_C(1) << options->tries_shift, accepted, closed_guessed, closed_replayed, replayed;
	struct field_worker open, closed;

	if (!server_make(field, SLUICE_COOKIES_ALWAYS, &open) || !server_make(field, SLUICE_COOKIES_AUTO, &closed))
		return false;
	accepted = guess(field, &open, tries);
	closed_guessed = guess(field, &closed, tries >> CLOSED_SHIFT);
	replays_gather(field, &open, &replays);
	closed_replayed = replays_play(field, &closed, &replays);
	replayed = replays_play(field, &open, &replays);
	printf("{\"forged_accepted\": %lu, \"forged_tries\": %lu, \"forged_closed_accepted\": %lu, "
	       "\"forged_closed_tries\": %lu, \"replayed_closed_accepted\": %lu, \"replayed_open_accepted\": %lu, "
	       "\"replayed_tries\": %u}\n",
	       accepted, tries, closed_guessed, tries >> CLOSED_SHIFT, closed_replayed, replayed, replays.count);
	field_worker_free(&closed);
	field_worker_free(&open);
	return true;
}
