/* SPDX-License-Identifier: BSD-3-Clause */
/* Listeners of every kind, stories by their time, actors by their context. */
#include "tests/sim/streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/actor.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"
#include "tests/sim/witness.h"

#define GHOST_LAST  77 /* 198.18.0.77: a station that answers ARP and nothing else */
#define NOBODY_LAST 99

void plan_add(struct plan *plan, struct story *story)
{
	if (plan->last)
		plan->last->next = story;
	else
		plan->first = story;
	plan->last = story;
	plan->count++;
}

bool plan_is_over(const struct plan *plan)
{
	for (const struct story *story = plan->first; story; story = story->next)
		if (!story_is_over(story))
			return false;
	for (const struct story *story = plan->strays; story; story = story->next)
		if (!story_is_over(story))
			return false;
	return true;
}

static void free_stories(struct story *story)
{
	while (story) {
		struct story *next = story->next;

		actor_release(&story->actor[0]);
		actor_release(&story->actor[1]);
		free(story);
		story = next;
	}
}

void plan_free(struct plan *plan)
{
	free_stories(plan->first);
	free_stories(plan->strays);
	*plan = (struct plan){0};
}

/* ---- Listening ---------------------------------------------------------------------------------------- */

static void listen_at(struct streams *streams, uint32_t place, const uint8_t *ip, uint16_t port)
{
	struct sluice_address address = {.port = port};
	struct sluice_listen_options options = {.receive_bytes = place & 1 ? 20000 : 0, .delay = place & 1};

	memcpy(address.ip, ip, 16);
	if (streams->listener[place] >= 0)
		return;
	streams->listener[place] = sluice_listen(streams->host->worker, &address, &options);
	RULE(streams->listener[place] >= 0, "listen", "host %c: cannot listen at port %u: %d",
	     'A' + streams->host->index, port, streams->listener[place]);
}

/* One port for all addresses of both families, one for each family by its own, one for IPv4's and one of IPv6. */
static void listen_all(struct streams *streams)
{
	static const uint8_t any[16], any_ipv4[16] = {[10] = 0xff, [11] = 0xff};
	const struct host *host = streams->host;

	listen_at(streams, 0, any, STREAMS_PORT_FIRST);
	listen_at(streams, 1, host->ipv4.ip, STREAMS_PORT_FIRST + 1);
	listen_at(streams, 2, host->ipv6.ip, STREAMS_PORT_FIRST + 1);
	listen_at(streams, 3, any_ipv4, STREAMS_PORT_FIRST + 2);
	listen_at(streams, 4, host->ipv6.ip, STREAMS_PORT_FIRST + 2);
	streams->deaf = false;
}

static void unlisten_all(struct streams *streams)
{
	struct sluice_statistics statistics;

	sluice_statistics(streams->host->worker, &statistics);
	witness_deeds[DEED_unlisten_half_open] += statistics.gauge[SLUICE_GAUGE_half_open] > 0;
	for (uint32_t i = 0; i < 2 * STREAMS_PORTS; i++) {
		if (streams->listener[i] >= 0)
			sluice_unlisten(streams->host->worker, (uint16_t)streams->listener[i]);
		streams->listener[i] = -1;
	}
	streams->deaf = true;
	trace_note("host %c stops listening", 'A' + streams->host->index);
}

void streams_start(struct streams *streams, struct host *host, struct plan *plan)
{
	*streams = (struct streams){.host = host, .plan = plan, .alarm_ns = UINT64_MAX};
	for (uint32_t i = 0; i < 2 * STREAMS_PORTS; i++)
		streams->listener[i] = -1;
	listen_all(streams);
}

/* ---- Connecting --------------------------------------------------------------------------------------- */

static struct sluice_address address_of(const struct host *host, bool ipv6, uint16_t port)
{
	struct sluice_address address = {.port = port};

	memcpy(address.ip, ipv6 ? host->ipv6.ip : host->ipv4.ip, 16);
	return address;
}

static struct sluice_address target_of(const struct story *story, const struct world *world)
{
	struct sluice_address address = address_of(&world->host[story->target], story->ipv6, story->port);

	if (story->kind == STORY_NOBODY) {
		address.ip[14] += story->nobody;
		address.ip[15] = (uint8_t)(NOBODY_LAST + story->nobody);
	}
	if (story->kind == STORY_GHOST)
		address.ip[15] = GHOST_LAST;
	return address;
}

static bool is_expected(int error)
{
	return error == -EADDRNOTAVAIL || error == -EADDRINUSE || error == -ENOBUFS;
}

/* Side 0 connects; in a simultaneous open side 1 does too, the other way round. */
static void connect_side(struct streams *streams, struct story *story, uint8_t side)
{
	struct host *host = streams->host;
	struct actor *actor = &story->actor[side];
	struct sluice_connect_options options = {.receive_bytes = story->script[side].receive_bytes,
						 .delay = story->script[side].nagle};
	struct sluice_address address = target_of(story, host->world);
	sluice_conn conn;
	int result;

	if (options.receive_bytes && options.receive_bytes < 1U << host->config.window_shift)
		options.receive_bytes = 1U << host->config.window_shift;
	if (story->local_port)
		options.local = address_of(host, story->ipv6, story->local_port);
	if (side) {
		address = address_of(&host->world->host[story->opener], story->ipv6, story->local_port);
		options.local = address_of(host, story->ipv6, story->port);
	}
	result = sluice_connect(host->worker, &address, &options, actor, &conn);
	RULE(result == 0 || is_expected(result), "connect", "story %u: connect returned %d", story->number, result);
	if (result == 0) {
		actor_begin(actor, host, conn);
		streams->plan->begun_count++;
		return;
	}
	streams->plan->refused_count++;
	trace_note("story %u: connect returned %d", story->number, result);
}

static uint64_t start_of(const struct story *story, uint8_t side)
{
	return story->start_ns + side * (story->pattern % 40) * MILLISECOND_NS / 4;
}

static void set_alarm(struct streams *streams, uint64_t next_ns)
{
	if (next_ns == streams->alarm_ns || next_ns == UINT64_MAX)
		return;
	streams->alarm_ns = next_ns;
	sluice_set_worker_timer(streams->host->worker, next_ns + streams->host->clock_offset_ns);
}

static void open_stories(struct streams *streams, uint64_t *next_ns)
{
	uint64_t now_ns = streams->host->world->now_ns;

	for (struct story *story = streams->plan->first; story; story = story->next) {
		for (uint8_t side = 0; side < 2; side++) {
			bool ours = (side ? story->target : story->opener) == streams->host->index;
			bool connects = !side || story->kind == STORY_SIMULTANEOUS;
			uint64_t start_ns = start_of(story, side);

			if (!ours || !connects || story->connected[side])
				continue;
			if (start_ns > now_ns) {
				*next_ns = start_ns < *next_ns ? start_ns : *next_ns;
				continue;
			}
			story->begun = true;
			story->connected[side] = true;
			connect_side(streams, story, side);
		}
	}
}

static void open_and_shut(struct streams *streams, uint64_t *next_ns)
{
	uint64_t now_ns = streams->host->world->now_ns;

	if (!streams->deaf_to_ns)
		return;
	if (now_ns >= streams->deaf_to_ns) {
		if (streams->deaf)
			listen_all(streams);
		return;
	}
	if (now_ns >= streams->deaf_from_ns && !streams->deaf)
		unlisten_all(streams);
	if (streams->deaf)
		*next_ns = streams->deaf_to_ns < *next_ns ? streams->deaf_to_ns : *next_ns;
	else
		*next_ns = streams->deaf_from_ns < *next_ns ? streams->deaf_from_ns : *next_ns;
}

static void bump(struct sluice_worker *worker, void *argument)
{
	struct streams *streams = argument;

	RULE(worker == streams->host->worker, "post", "a posted function got another worker");
	streams->bumps++;
}

void streams_turn(struct streams *streams)
{
	uint64_t next_ns = UINT64_MAX;

	if (random_chance(&streams->host->random, 2000) && sluice_post(streams->host->worker, bump, streams) == 0) {
		streams->posts++;
		witness_deeds[DEED_post]++;
	}
	open_and_shut(streams, &next_ns);
	open_stories(streams, &next_ns);
	set_alarm(streams, next_ns);
}

/* ---- Events ------------------------------------------------------------------------------------------- */

/* Whether the story's opener is at the other end of an accepted connection. */
static bool is_story_of(const struct streams *streams, const struct story *story, struct side *accepted)
{
	const struct actor *opener = &story->actor[0];
	const struct side *other = side_other(accepted);

	if (story->kind != STORY_PLAIN || story->target != streams->host->index || !opener->begun ||
	    story->actor[1].begun)
		return false;
	return other->has_conn && other->host == opener->host->index && other->conn.id == opener->conn.id;
}

static struct actor *stray_actor(struct streams *streams)
{
	struct random random = {streams->host->world->seed};
	struct story *story = story_make(&random, 0, 0, streams->host->index, 0, 0);

	story->kind = STORY_STRAY;
	story->begun = true;
	story->script[1] = (struct script){.ending = END_READ_THEN_FIN};
	story->next = streams->plan->strays;
	streams->plan->strays = story;
	streams->plan->strays_count++;
	return &story->actor[1];
}

static struct actor *find_actor(struct streams *streams, sluice_conn conn)
{
	struct side *side = witness_find(streams->host->index, conn);

	if (!side)
		return NULL;
	for (struct story *story = streams->plan->first; story; story = story->next)
		if (is_story_of(streams, story, side))
			return &story->actor[1];
	return stray_actor(streams);
}

void streams_handle(struct streams *streams, const struct sluice_event *event)
{
	struct actor *actor = event->context;

	if (!event->conn.id) {
		streams->alarm_ns = UINT64_MAX;
		return;
	}
	if (!actor) {
		actor = find_actor(streams, event->conn);
		if (!actor)
			return; /* opened and closed in one turn */
		actor_begin(actor, streams->host, event->conn);
		sluice_set_context(streams->host->worker, event->conn, actor);
	}
	streams->plan->opened_count += !!(event->mask & SLUICE_OPENED);
	actor_handle(actor, event);
}
