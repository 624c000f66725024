/* SPDX-License-Identifier: BSD-3-Clause */
/* Each event, or its own timer, makes an actor read, write, and see whether the end has come. */
#include "tests/sim/actor.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/violation.h"
#include "tests/sim/witness.h"

#define IDLE_NS    (20 * SECOND_NS)
#define SLICES_MAX 16
#define RELEASED   0xee
#define ROUNDS_MAX 64

/* Memory lent to the stack. */
struct borrowed {
	struct borrowed *next;
	uint32_t end; /* of the stream: it comes back when so much is acknowledged */
	uint32_t bytes, offset;
	uint8_t data[];
};

/* A slice kept past its consumption. */
struct held {
	struct held *next;
	struct sluice_slice slice;
	uint32_t offset;
};

static uint64_t host_now_ns(const struct actor *actor)
{
	return sluice_now_ns(actor->host->worker);
}

static const struct actor *other_of(const struct actor *actor)
{
	return &actor->story->actor[1 - actor->side];
}

static void give_back(struct actor *actor, bool all)
{
	while (actor->borrowed && (all || actor->borrowed->end <= actor->acked_bytes)) {
		struct borrowed *old = actor->borrowed;

		RULE(memcmp(old->data, story_bytes(actor->story, actor->side, old->offset), old->bytes) == 0, "borrow",
		     "story %u: lent memory was written to", actor->story->number);
		memset(old->data, RELEASED, old->bytes);
		actor->borrowed = old->next;
		free(old);
	}
}

static void release_held(struct actor *actor)
{
	struct held *held = actor->held;

	RULE(actor->story->kind == STORY_STRAY ||
		     memcmp(held->slice.data, story_bytes(actor->story, 1 - actor->side, held->offset),
			    held->slice.bytes) == 0,
	     "hold", "story %u: held bytes have changed", actor->story->number);
	sluice_release(actor->host->worker, &held->slice);
	actor->held = held->next;
	free(held);
}

void actor_release(struct actor *actor)
{
	while (actor->held)
		release_held(actor);
	give_back(actor, true);
}

void actor_begin(struct actor *actor, struct host *host, sluice_conn conn)
{
	actor->host = host;
	actor->conn = conn;
	actor->begun = true;
	actor->progress_ns = host->world->now_ns;
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

static void check_slice(struct actor *actor, const struct sluice_slice *slice, uint32_t offset, uint32_t bytes)
{
	for (uint32_t at = 0; at < bytes;) {
		uint32_t part = bytes - at < PATTERN_RUN_MAX ? bytes - at : PATTERN_RUN_MAX;

		RULE(memcmp((const uint8_t *)slice->data + at, story_bytes(actor->story, 1 - actor->side, offset + at),
			    part) == 0,
		     "stream", "story %u side %u: wrong bytes at %u", actor->story->number, actor->side, offset + at);
		at += part;
	}
}

static void hold_some(struct actor *actor, const struct sluice_slice *slice, uint32_t offset)
{
	struct held *held;

	if (!random_chance(&actor->random, actor->script->hold_ppm))
		return;
	held = malloc(sizeof(*held));
	if (!held)
		abort();
	sluice_hold(actor->host->worker, slice);
	*held = (struct held){.next = actor->held, .slice = *slice, .offset = offset};
	actor->held = held;
	witness_deeds[DEED_hold]++;
}

/* Reads at most `max` bytes; returns how many. */
static uint32_t read_some(struct actor *actor, uint32_t max)
{
	struct sluice_slice slice[SLICES_MAX];
	uint32_t count =
		sluice_peek(actor->host->worker, actor->conn, slice, 1 + random_below(&actor->random, SLICES_MAX));
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < count && bytes < max; i++) {
		uint32_t part = slice[i].bytes < max - bytes ? slice[i].bytes : max - bytes;

		if (actor->story->kind != STORY_STRAY)
			check_slice(actor, &slice[i], actor->read_bytes + bytes, part);
		hold_some(actor, &slice[i], actor->read_bytes + bytes);
		bytes += part;
	}
	sluice_consume(actor->host->worker, actor->conn, bytes);
	actor->read_bytes += bytes;
	actor->readable_bytes -= bytes;
	return bytes;
}

static void read_on(struct actor *actor)
{
	const struct script *script = actor->script;
	uint64_t now_ns = host_now_ns(actor);

	if (script->ending == END_CLOSE_UNREAD || now_ns < actor->next_read_ns)
		return;
	if (actor->held && random_chance(&actor->random, 500000))
		release_held(actor);
	if (script->read_gap_ns) {
		if (actor->readable_bytes && read_some(actor, script->read_bytes))
			actor->next_read_ns = now_ns + script->read_gap_ns;
		return;
	}
	while (actor->readable_bytes && read_some(actor, UINT32_MAX))
		;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static uint32_t send_borrowed(struct actor *actor, uint32_t bytes, unsigned flags)
{
	struct borrowed *new = malloc(sizeof(*new) + bytes), **at = &actor->borrowed;
	struct sluice_slice slice[2];
	uint32_t taken, cut = random_below(&actor->random, bytes + 1);

	if (!new)
		abort();
	memcpy(new->data, story_bytes(actor->story, actor->side, actor->written_bytes), bytes);
	slice[0] = (struct sluice_slice){.data = new->data, .bytes = cut};
	slice[1] = (struct sluice_slice){.data = new->data + cut, .bytes = bytes - cut};
	taken = sluice_send(actor->host->worker, actor->conn, slice, 2, flags | SLUICE_SEND_BORROW);
	if (!taken) {
		free(new);
		return 0;
	}
	new->next = NULL;
	new->bytes = taken;
	new->offset = actor->written_bytes;
	new->end = actor->written_bytes + taken;
	memset(new->data + taken, RELEASED, bytes - taken);
	while (*at)
		at = &(*at)->next;
	*at = new;
	return taken;
}

static uint32_t send_copied(struct actor *actor, uint32_t bytes, unsigned flags)
{
	uint8_t *copy = malloc(bytes + 1);
	struct sluice_slice slice = {.data = copy, .bytes = bytes};
	uint32_t taken;

	if (!copy)
		abort();
	memcpy(copy, story_bytes(actor->story, actor->side, actor->written_bytes), bytes);
	taken = sluice_send(actor->host->worker, actor->conn, &slice, 1, flags);
	memset(copy, RELEASED, bytes);
	free(copy);
	return taken;
}

static uint32_t write_some(struct actor *actor, uint32_t bytes)
{
	const struct script *script = actor->script;
	uint32_t left = script->send_bytes - actor->written_bytes;
	enum memory memory = script->memory == MEMORY_ANY ? random_below(&actor->random, MEMORY_ANY) : script->memory;
	unsigned flags = random_chance(&actor->random, script->more_ppm) && bytes < left ? SLUICE_SEND_MORE : 0;
	struct sluice_slice slice = {.data = story_bytes(actor->story, actor->side, actor->written_bytes)};
	uint32_t taken;

	slice.bytes = bytes = bytes < left ? bytes : left;
	if (bytes == left && script->ending == END_FIN_THEN_READ && script->fin_in_send && !script->linger_ns)
		flags |= SLUICE_SEND_FIN;
	if (memory == MEMORY_BORROW)
		taken = send_borrowed(actor, bytes, flags);
	else if (memory == MEMORY_COPY)
		taken = send_copied(actor, bytes, flags);
	else
		taken = sluice_send(actor->host->worker, actor->conn, &slice, 1, flags | SLUICE_SEND_STATIC);
	actor->written_bytes += taken;
	if (flags & SLUICE_SEND_FIN && taken == bytes)
		actor->ended = true;
	return taken;
}

static void write_on(struct actor *actor)
{
	const struct script *script = actor->script;
	uint64_t now_ns = host_now_ns(actor);
	uint32_t rounds = 0;

	while (actor->written_bytes < script->send_bytes && now_ns >= actor->next_write_ns && !actor->blocked &&
	       rounds++ < ROUNDS_MAX) {
		uint32_t bytes = 1 + random_below(&actor->random, script->write_bytes), taken;

		bytes = bytes < PATTERN_RUN_MAX ? bytes : PATTERN_RUN_MAX;
		if (bytes > script->send_bytes - actor->written_bytes)
			bytes = script->send_bytes - actor->written_bytes;
		taken = write_some(actor, bytes);
		actor->blocked = taken < bytes; /* until WRITABLE comes, and not one event earlier */
		if (script->write_gap_ns)
			actor->next_write_ns = now_ns + script->write_gap_ns;
	}
	if (rounds > ROUNDS_MAX)
		actor->next_write_ns = now_ns + MILLISECOND_NS;
}

/* ---- Ending ------------------------------------------------------------------------------------------- */

static bool has_written(const struct actor *actor)
{
	return actor->written_bytes == actor->script->send_bytes;
}

static bool has_read(const struct actor *actor)
{
	return actor->peer_closed && actor->readable_bytes == 0;
}

static bool is_time_to_close(const struct actor *actor)
{
	switch (actor->script->ending) {
	case END_FIN_THEN_READ:
		return actor->ended && has_read(actor);
	case END_READ_THEN_FIN:
		return has_written(actor) && has_read(actor);
	case END_CLOSE:
		return has_written(actor);
	case END_CLOSE_UNREAD:
		return actor->readable_bytes || actor->peer_closed;
	case END_CLOSE_AT:
		return host_now_ns(actor) >= actor->opened_ns + actor->script->close_after_ns;
	case END_ABORT:
		return has_written(actor) && has_read(actor);
	case END_COUNT:
		break;
	}
	return false;
}

/* Counts what the endings of two sides together make. */
static void note_ending(const struct actor *actor)
{
	const struct actor *other = other_of(actor);

	if (other->ended && !actor->peer_closed)
		witness_deeds[DEED_simultaneous_close]++;
	if (!actor->peer_closed)
		witness_deeds[actor->side ? DEED_half_close_passive : DEED_half_close_active]++;
	if (actor->opened_ns == host_now_ns(actor) && actor->written_bytes)
		witness_deeds[DEED_sent_and_closed_in_one_turn]++;
}

static void end_if_due(struct actor *actor)
{
	const struct script *script = actor->script;
	uint64_t now_ns = host_now_ns(actor);

	if (script->ending == END_ABORT && actor->read_bytes + actor->written_bytes >= script->abort_bytes) {
		actor->ended = true;
		sluice_abort(actor->host->worker, actor->conn);
		return;
	}
	if (script->ending == END_FIN_THEN_READ && has_written(actor) && !actor->ended) {
		if (!actor->done_ns)
			actor->done_ns = now_ns + script->linger_ns;
		if (now_ns < actor->done_ns)
			return;
		note_ending(actor);
		actor->ended = true;
		sluice_shutdown(actor->host->worker, actor->conn);
	}
	if (!is_time_to_close(actor))
		return;
	if (script->ending != END_FIN_THEN_READ && script->linger_ns) {
		if (!actor->done_ns)
			actor->done_ns = now_ns + script->linger_ns;
		if (now_ns < actor->done_ns)
			return;
	}
	note_ending(actor);
	actor->ended = true;
	actor->story->actor[actor->side].done_ns = UINT64_MAX;
	if (script->close_within_ms)
		sluice_close_within(actor->host->worker, actor->conn, script->close_within_ms);
	else
		sluice_close(actor->host->worker, actor->conn);
}

/* An application does not wait for ever for a peer that is gone; while the peer is there, the stack must see to it. */
static bool gives_up(struct actor *actor)
{
	const struct actor *other = other_of(actor);
	bool alone = actor->story->kind == STORY_STRAY || (other->begun ? other->closed : !other->opened);

	if (!alone || actor->host->world->now_ns - actor->progress_ns < IDLE_NS || actor->done_ns == UINT64_MAX)
		return false;
	actor->gave_up = true;
	actor->done_ns = UINT64_MAX;
	sluice_abort(actor->host->worker, actor->conn);
	return true;
}

static void set_alarm(struct actor *actor)
{
	uint64_t now_ns = host_now_ns(actor), next_ns = now_ns + IDLE_NS / 2;
	uint64_t times[] = {actor->written_bytes < actor->script->send_bytes ? actor->next_write_ns : 0,
			    actor->readable_bytes ? actor->next_read_ns : 0, actor->done_ns,
			    actor->script->ending == END_CLOSE_AT ? actor->opened_ns + actor->script->close_after_ns
								  : 0};

	for (uint32_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (times[i] > now_ns && times[i] < next_ns)
			next_ns = times[i];
	sluice_set_timer(actor->host->worker, actor->conn, next_ns);
}

static void set_options(struct actor *actor)
{
	const struct script *script = actor->script;
	struct sluice_worker *worker = actor->host->worker;

	if (script->nagle)
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_NODELAY, 0);
	if (script->ttl)
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_TTL, script->ttl);
	if (script->dscp)
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_DSCP, script->dscp);
	if (script->send_queue_bytes)
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_SEND_QUEUE_BYTES, script->send_queue_bytes);
	witness_deeds[DEED_option] += script->nagle || script->ttl || script->dscp || script->send_queue_bytes;
}

/* Those by which the stack may end the connection by itself. */
static void set_limits(struct actor *actor)
{
	const struct script *script = actor->script;
	struct sluice_worker *worker = actor->host->worker;

	if (script->keepalive_ms) {
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_KEEPALIVE_MS, script->keepalive_ms);
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_KEEPALIVE_INTERVAL_MS, 1000);
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_KEEPALIVE_PROBES, 2);
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_KEEPALIVE, 1);
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_REPORTS, 1);
		witness_deeds[DEED_keepalive]++;
	}
	if (script->user_timeout_ms) {
		sluice_set_option(worker, actor->conn, SLUICE_OPTION_USER_TIMEOUT_MS, script->user_timeout_ms);
		witness_deeds[DEED_user_timeout]++;
	}
}

static void take_event(struct actor *actor, const struct sluice_event *event)
{
	if (event->mask & SLUICE_OPENED) {
		actor->opened = true;
		actor->opened_ns = host_now_ns(actor);
		actor->next_read_ns = actor->opened_ns + actor->script->read_after_ns;
	}
	if (event->mask & (SLUICE_OPENED | SLUICE_READABLE | SLUICE_ACKED | SLUICE_PEER_CLOSED))
		actor->progress_ns = actor->host->world->now_ns;
	actor->readable_bytes = event->readable_bytes;
	actor->acked_bytes += event->acked_bytes;
	actor->peer_closed |= !!(event->mask & SLUICE_PEER_CLOSED);
	actor->blocked = actor->blocked && !(event->mask & SLUICE_WRITABLE);
}

void actor_handle(struct actor *actor, const struct sluice_event *event)
{
	take_event(actor, event);
	if (event->mask & SLUICE_CLOSED) {
		actor->closed = true;
		actor->reason = event->reason;
		give_back(actor, true);
		return;
	}
	give_back(actor, false);
	if (event->mask & SLUICE_OPENED)
		set_options(actor);
	if (event->mask & SLUICE_OPENED)
		set_limits(actor);
	if (!actor->opened || actor->done_ns == UINT64_MAX || gives_up(actor))
		return;
	read_on(actor);
	write_on(actor);
	end_if_due(actor);
	set_alarm(actor);
}
