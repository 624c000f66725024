/* SPDX-License-Identifier: BSD-3-Clause */
/* The acts of a seed: faults, then calm in which everything must finish, then rest in which everything must come back. */
#include "tests/lwip/bout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lwip/peer.h"
#include "tests/lwip/player.h"
#include "tests/lwip/stack.h"
#include "tests/lwip/watch.h"
#include "tests/sim/actor.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

#define STORIES_LEAST   12
#define CLOSED_PORT     4444
#define CLOSED_PORT_PPM 40000
#define FINISH_NS_MAX   (1200 * SECOND_NS)
#define REST_NS_MAX     (600 * SECOND_NS)

struct bout bout;

void bout_transmit(uint8_t from, const uint8_t *frame, uint32_t bytes)
{
	struct world *world = &bout.world;
	uint8_t to = 1 - from;

	link_send(&world->link[from][to], &world->flights, &world->random, world->now_ns,
		  flight_make(from, to, frame, bytes), world->faults);
}

struct story *bout_find(uint8_t opener, bool ipv6, uint16_t opener_port, uint16_t target_port)
{
	for (uint32_t i = 0; i < bout.story_count; i++) {
		struct story *story = bout.story[i];

		if (story->begun && story->opener == opener && story->ipv6 == ipv6 &&
		    story->local_port == opener_port && story->port == target_port)
			return story;
	}
	return NULL;
}

struct story *bout_due(uint8_t opener, uint64_t *next_ns)
{
	for (uint32_t i = 0; i < bout.story_count; i++) {
		struct story *story = bout.story[i];

		if (story->opener != opener || story->begun)
			continue;
		if (story->start_ns <= bout.world.now_ns)
			return story;
		if (story->start_ns < *next_ns)
			*next_ns = story->start_ns;
	}
	return NULL;
}

/* ---- The dice ----------------------------------------------------------------------------------------- */

static uint32_t chance(uint32_t percent, uint32_t ppm_max)
{
	struct random *random = &bout.world.random;

	return random_below(random, 100) < percent ? random_below(random, ppm_max) : 0;
}

static struct weather draw_weather(void)
{
	struct random *random = &bout.world.random;
	struct weather weather = {
		.loss_ppm = chance(60, 1U << random_below(random, 18)),
		.gust_ppm = chance(20, 10000),
		.gust_loss_ppm = 1000000,
		.gust_end_ppm = 60000,
		.duplicate_ppm = chance(40, 100000),
		.reorder_ppm = chance(40, 300000),
		.damage_ppm = chance(40, 50000),
		.replay_ppm = chance(20, 20000),
		.delay_ns = random_between(random, 1, 1ULL << random_between(random, 8, 17)) * 1000,
		.late_least_ns = 100000,
		.late_ns = random_between(random, 1, 60) * MILLISECOND_NS,
		.replay_ns = random_between(random, 1, 5000) * MILLISECOND_NS,
	};

	if (random_chance(random, 300000))
		weather.jitter_ns = random_between(random, 0, weather.delay_ns);
	if (random_chance(random, 500000)) {
		weather.rate_bps = 1000000 * random_between(random, 1, 100);
		weather.queue_bytes = (uint32_t)random_between(random, 8000, 300000);
	}
	return weather;
}

static void draw_faults(void)
{
	struct world *world = &bout.world;

	for (uint8_t from = 0; from < 2; from++) {
		struct link *link = &world->link[from][1 - from];

		link->weather = draw_weather();
		if (random_chance(&world->random, 30000))
			link->cut_until_ns = world->now_ns + random_between(&world->random, 10, 4000) * MILLISECOND_NS;
		if (random_chance(&world->random, 50000))
			link->hold_until_ns = world->now_ns + random_between(&world->random, 1, 800) * MILLISECOND_NS;
	}
}

/* lwIP has no part in some of what a story may say; a bulk one is longer than lwIP's window many times over. */
static void draw_stories(void)
{
	struct random *random = &bout.world.random;
	uint32_t count = (uint32_t)random_between(random, STORIES_LEAST, BOUT_STORIES_MAX - 1);
	uint64_t span_ns = random_between(random, 1, 15) * SECOND_NS;

	for (uint32_t i = 0; i < count; i++) {
		uint8_t opener = (uint8_t)random_below(random, 2);
		uint32_t bulk_bytes = i % 6 == 0 ? (uint32_t)random_between(random, 100000, 600000) : 0;
		uint64_t start_ns = SECOND_NS / 100 + random_between(random, 0, span_ns);
		struct story *story = story_make(random, i + 1, opener, 1 - opener, start_ns, bulk_bytes);

		for (uint32_t side = 0; side < 2; side++) /* ends that come early are the simulator's business */
			story->script[side].close_within_ms = story->script[side].keepalive_ms =
				story->script[side].user_timeout_ms = 0;

		if (!bulk_bytes && random_chance(random, CLOSED_PORT_PPM)) {
			story->kind = STORY_CLOSED_PORT;
			story->port = CLOSED_PORT;
		}
		bout.story[bout.story_count++] = story;
	}
}

static void make_world(uint64_t seed)
{
	struct world *world = &bout.world;

	memset(&bout, 0, sizeof(bout));
	world->seed = seed;
	world->random.state = random_next(&(struct random){seed}); /* neighbours must have nothing in common */
	bout.lwip_clock_ms = random_chance(&world->random, 300000) ? UINT32_MAX - random_below(&world->random, 60000)
								   : random_below(&world->random, 1U << 31);
	draw_faults();
	draw_stories();
	stack_start();
	peer_start();
}

/* ---- Time --------------------------------------------------------------------------------------------- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Turns what is due next into the past; false when nothing is before `until_ns`. */
static bool step(uint64_t until_ns)
{
	struct world *world = &bout.world;
	uint64_t next_ns = sooner(flights_next_ns(&world->flights), sooner(stack_wake_ns(), peer_wake_ns()));

	if (next_ns > until_ns) {
		world->now_ns = until_ns;
		return false;
	}
	if (next_ns > world->now_ns)
		world->now_ns = next_ns;
	while (flights_next_ns(&world->flights) <= world->now_ns) {
		struct flight *flight = flights_take(&world->flights);

		if (flight->to == BOUT_SLUICE)
			stack_arrives(flight);
		else
			peer_arrives(flight);
	}
	if (stack_wake_ns() <= world->now_ns)
		stack_turn();
	if (peer_wake_ns() <= world->now_ns)
		peer_turn();
	return true;
}

/* ---- The acts ----------------------------------------------------------------------------------------- */

static void faulty_act(void)
{
	struct world *world = &bout.world;
	uint64_t end_ns = random_between(&world->random, 2, 40) * SECOND_NS, next_ns = 0;

	while (world->now_ns < end_ns) {
		if (world->now_ns >= next_ns) {
			next_ns = world->now_ns + random_between(&world->random, 100, 4000) * MILLISECOND_NS;
			draw_faults();
		}
		step(sooner(next_ns, end_ns));
	}
}

static void calm(void)
{
	static const struct weather clear = {.delay_ns = 200000};
	struct world *world = &bout.world;

	trace_note("calm");
	world->calm = true;
	world->calm_ns = world->now_ns;
	for (uint8_t from = 0; from < 2; from++)
		world->link[from][1 - from] = (struct link){.weather = clear};
	world->host[BOUT_SLUICE].trouble = (struct trouble){0};
}

static const struct story *unfinished(void)
{
	for (uint32_t i = 0; i < bout.story_count; i++)
		if (!story_is_over(bout.story[i]))
			return bout.story[i];
	return NULL;
}

static _Noreturn void tell_unfinished(const struct story *story)
{
	static const char *const names[] = {"Sluice", "lwIP"};
	char text[2][200];

	for (uint32_t i = 0; i < 2; i++) {
		const struct actor *actor = &story->actor[i];

		snprintf(text[i], sizeof(text[i]),
			 "%s%s%s%s%s, ending %u, written %u of %u, acked %u, read %u, readable %u",
			 names[i ? story->target : story->opener], actor->opened ? " open" : " not open",
			 actor->closed ? " closed" : "", actor->ended ? " ended" : "",
			 actor->peer_closed ? " peer closed" : "", actor->script->ending, actor->written_bytes,
			 actor->script->send_bytes, actor->acked_bytes, actor->read_bytes, actor->readable_bytes);
	}
	violation("liveness", "story %u, port %u to %u, is not over: %s; %s", story->number, story->local_port,
		  story->port, text[0], text[1]);
}

static void calm_act(void)
{
	const struct story *story;

	calm();
	while ((story = unfinished()))
		if (!step(bout.world.calm_ns + FINISH_NS_MAX))
			tell_unfinished(story);
}

static void resting_act(void)
{
	uint64_t until_ns = bout.world.now_ns + REST_NS_MAX;

	for (uint32_t i = 0; i < bout.story_count; i++) {
		struct story *story = bout.story[i];

		actor_release(&story->actor[story->opener == BOUT_SLUICE ? 0 : 1]);
	}
	while (!stack_is_at_rest() || !peer_is_at_rest())
		RULE(step(until_ns), "rest", "%s still holds something ten minutes after the last connection",
		     stack_is_at_rest() ? "lwIP" : "Sluice");
}

/* ---- What it was worth -------------------------------------------------------------------------------- */

static bool ends_in_order(const struct script *script)
{
	return script->ending == END_FIN_THEN_READ || script->ending == END_READ_THEN_FIN;
}

/* What keeps two sides that end in order from having every byte of each other, and is not Sluice's doing. */
static uint64_t *excuse(const struct story *story, const struct actor *sluice, const struct actor *lwip,
			struct bout_outcome *outcome)
{
	bool is_ours = story->opener == BOUT_SLUICE;

	if (!sluice->opened && sluice->reason == SLUICE_REASON_UNREACHABLE)
		return &outcome->unreachable;
	if (is_ours && !lwip->begun && sluice->reason == SLUICE_REASON_RESET)
		return &outcome->forgotten;
	if (!is_ours && !lwip->opened && lwip->reason == SLUICE_REASON_TIMED_OUT)
		return &outcome->forgotten;
	if (player_has_lost(story))
		return &outcome->lost;
	if (sluice->gave_up || lwip->gave_up)
		return &outcome->gave_up;
	if (watch_saw_early_fin(is_ours ? story->local_port : story->port, is_ours ? story->port : story->local_port,
				story->ipv6))
		return &outcome->early_fins;
	return NULL;
}

static void judge_ordered(const struct story *story, const struct actor *sluice, const struct actor *lwip,
			  struct bout_outcome *outcome)
{
	uint64_t *excused = excuse(story, sluice, lwip, outcome);

	outcome->ordered++;
	if (excused) {
		(*excused)++;
		return;
	}
	RULE(sluice->opened && lwip->opened && sluice->reason == SLUICE_REASON_FINISHED && !lwip->reason, "order",
	     "story %u: both sides ended in order, but Sluice was told \"%s\" and lwIP %u", story->number,
	     sluice_reason_text(sluice->reason), lwip->reason);
	RULE(sluice->read_bytes == lwip->script->send_bytes && lwip->read_bytes == sluice->script->send_bytes, "order",
	     "story %u: Sluice has %u of %u bytes, lwIP %u of %u", story->number, sluice->read_bytes,
	     lwip->script->send_bytes, lwip->read_bytes, sluice->script->send_bytes);
	outcome->exact++;
}

/* RFC 9293 section 3.10.7.1: a SYN to nobody is answered with RST, by either stack, and the caller is told. */
static void judge_refused(const struct story *story, struct bout_outcome *outcome)
{
	const struct actor *opener = &story->actor[0];
	bool is_refused =
		opener->reason == (story->opener == BOUT_SLUICE ? SLUICE_REASON_REFUSED : SLUICE_REASON_RESET);

	RULE(!opener->opened, "order", "story %u opened, and nobody listens there", story->number);
	RULE(is_refused || opener->reason == SLUICE_REASON_UNREACHABLE || opener->reason == SLUICE_REASON_TIMED_OUT,
	     "order", "story %u was not refused but \"%s\"", story->number, sluice_reason_text(opener->reason));
	outcome->refused[story->opener] += is_refused;
}

static void sum_up_story(const struct story *story, struct bout_outcome *outcome)
{
	uint8_t ours = story->opener == BOUT_SLUICE ? 0 : 1;
	const struct actor *sluice = &story->actor[ours], *lwip = &story->actor[1 - ours];

	outcome->opened[story->opener][story->ipv6] += sluice->opened && lwip->opened;
	outcome->bytes[BOUT_SLUICE] += sluice->read_bytes;
	outcome->bytes[BOUT_LWIP] += lwip->read_bytes;
	outcome->half_closes[BOUT_SLUICE] += sluice->script->ending == END_FIN_THEN_READ && sluice->ended;
	outcome->half_closes[BOUT_LWIP] += lwip->script->ending == END_FIN_THEN_READ && lwip->ended;
	outcome->aborts[BOUT_SLUICE] += sluice->reason == SLUICE_REASON_ABORTED;
	outcome->aborts[BOUT_LWIP] += lwip->reason == SLUICE_REASON_ABORTED;
	if (story->kind == STORY_CLOSED_PORT)
		judge_refused(story, outcome);
	else if (ends_in_order(sluice->script) && ends_in_order(lwip->script))
		judge_ordered(story, sluice, lwip, outcome);
}

static struct bout_outcome sum_up(void)
{
	struct bout_outcome outcome = {.virtual_ns = bout.world.now_ns,
				       .trace_hash = trace_hash(),
				       .stories = bout.story_count,
				       .strays = bout.stray_count};
	struct sluice_statistics statistics;

	for (uint32_t i = 0; i < bout.story_count; i++)
		sum_up_story(bout.story[i], &outcome);
	sluice_statistics(bout.world.host[BOUT_SLUICE].worker, &statistics);
	memcpy(outcome.counter, statistics.counter, sizeof(outcome.counter));
	memcpy(outcome.faults, bout.world.faults, sizeof(outcome.faults));
	return outcome;
}

struct bout_outcome bout_run(uint64_t seed)
{
	struct bout_outcome outcome;

	make_world(seed);
	faulty_act();
	calm_act();
	resting_act();
	outcome = sum_up();
	flights_clear(&bout.world.flights);
	stack_stop();
	for (uint32_t i = 0; i < bout.story_count; i++)
		free(bout.story[i]);
	return outcome;
}
