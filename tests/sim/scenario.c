/* SPDX-License-Identifier: BSD-3-Clause */
/* The three acts of a seed. */
#include "tests/sim/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/actor.h"
#include "tests/sim/coverage.h"
#include "tests/sim/junk.h"
#include "tests/sim/licence.h"
#include "tests/sim/oracle.h"
#include "tests/sim/programs.h"
#include "tests/sim/scenario_config.h"
#include "tests/sim/stranger.h"
#include "tests/sim/streams.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"
#include "tests/sim/witness.h"

#define CONNECTIONS_LEAST 20
#define SEGMENTS_LEAST    2000
#define FAULT_KINDS_LEAST 3
#define CROWD_STORIES     12
#define REGULAR_STORIES   8
#define REGULAR_PORT      7100
#define HTTP_PPM          150000
#define FAULTY_NS_MAX     (400 * SECOND_NS)
#define FINISH_NS_MAX     (1200 * SECOND_NS)
#define REST_NS_MAX       (600 * SECOND_NS)

static struct world world;

struct scene {
	struct plan plan;
	struct streams streams[WORLD_HOSTS];
	struct programs programs;
	bool is_http;  /* the programs play, and no story */
	bool is_small; /* little of everything */
	uint64_t next_faults_ns, next_stranger_ns, next_junk_ns;
	uint64_t stranger_gap_ns, junk_gap_ns; /* 0: never */
	uint32_t tuple_port;
};

static void add_story(struct scene *scene, uint64_t start_ns, uint32_t bulk_bytes)
{
	struct random *random = &world.random;
	uint8_t opener = (uint8_t)random_below(random, random_chance(random, 200000) ? 3 : 2);
	uint8_t target =
		(uint8_t)((opener + 1 + random_below(random, random_chance(random, 200000) ? 2 : 1)) % WORLD_HOSTS);
	struct story *story;

	if (opener < 2 && target == 2 && !random_chance(random, 200000))
		target = 1 - opener;
	story = story_make(random, scene->plan.count + 1, opener, target, start_ns, bulk_bytes);
	plan_add(&scene->plan, story);
	if (bulk_bytes)
		return;
	if (random_chance(random, 60000)) {
		story->kind = STORY_SIMULTANEOUS;
		story->local_port = (uint16_t)(5000 + scene->plan.count);
		story->port = (uint16_t)(6000 + scene->plan.count);
	} else if (random_chance(random, 40000)) {
		story->kind = STORY_CLOSED_PORT;
		story->port = 4444;
	} else if (random_chance(random, 30000)) {
		story->kind = random_chance(random, 700000) ? STORY_NOBODY : STORY_GHOST;
		story->ipv6 = story->ipv6 && story->kind == STORY_NOBODY;
	} else if (random_chance(random, 150000)) {
		story->local_port = (uint16_t)(7000 + random_below(random, 3)); /* the same tuple, again and again */
	}
}

/* Connects to many addresses that nobody has, at one time, which all fall into one corner of the neighbour cache. */
static void add_crowd(struct scene *scene, uint64_t start_ns)
{
	for (uint8_t i = 0; i < CROWD_STORIES; i++) {
		struct story *story = story_make(&world.random, scene->plan.count + 1, 0, 1, start_ns, 0);

		story->kind = STORY_NOBODY;
		story->ipv6 = true;
		story->nobody = (uint8_t)(1 + i);
		plan_add(&scene->plan, story);
	}
}

/* One that comes back on the same tuple as soon as it is gone, and finds its last visit in TIME-WAIT at a server that closes
 * first. */
static void add_regular(struct scene *scene, uint64_t start_ns)
{
	struct random *random = &world.random;
	bool ipv6 = random_chance(random, 500000);

	for (uint32_t i = 0; i < REGULAR_STORIES; i++) {
		struct story *story = story_make(random, scene->plan.count + 1, 0, 1, start_ns, 0);

		story->ipv6 = ipv6;
		story->port = 80;
		story->local_port = REGULAR_PORT;
		story->script[0] = (struct script){.ending = END_READ_THEN_FIN, .write_bytes = 100, .read_bytes = 1000};
		story->script[1] = (struct script){.ending = END_FIN_THEN_READ, .write_bytes = 1000, .read_bytes = 100};
		story->script[1].send_bytes = random_below(random, 3000);
		plan_add(&scene->plan, story);
		start_ns += random_between(random, 200, 2000) * MILLISECOND_NS;
	}
}

static void draw_plan(struct scene *scene)
{
	struct random *random = &world.random;
	uint32_t count = (uint32_t)random_between(random, CONNECTIONS_LEAST + 4, 44);
	uint64_t span_ns = random_between(random, 1, 20) * SECOND_NS;

	for (uint32_t i = 0; i < count; i++)
		add_story(scene, SECOND_NS / 100 + random_between(random, 0, span_ns),
			  i % 8 == 0 ? (uint32_t)random_between(random, 30000, 300000) : 0);
	if (random_chance(random, 30000))
		add_crowd(scene, random_between(random, 0, span_ns));
	if (random_chance(random, 150000))
		add_regular(scene, random_between(random, 0, span_ns));
}

static void draw_small_plan(struct scene *scene)
{
	uint32_t count = (uint32_t)random_between(&world.random, 2, 4);

	for (uint32_t i = 0; i < count; i++)
		add_story(scene, random_between(&world.random, 1, 500) * MILLISECOND_NS, i == 0 ? 40000 : 0);
	scene->plan.first->script[0].memory = scene->plan.first->script[1].memory = MEMORY_COPY;
}

static void start_streams(struct scene *scene)
{
	struct random *random = &world.random;

	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		streams_start(&scene->streams[i], &world.host[i], &scene->plan);
		world.host[i].streams = &scene->streams[i];
	}
	if (scene->is_small) {
		draw_small_plan(scene);
		return;
	}
	draw_plan(scene);
	if (random_chance(random, 200000)) {
		struct streams *deaf = &scene->streams[random_below(random, 2)];

		deaf->deaf_from_ns = random_between(random, 1, 5000) * MILLISECOND_NS;
		deaf->deaf_to_ns = deaf->deaf_from_ns + random_between(random, 1, 3000) * MILLISECOND_NS;
	}
}

static void start(struct scene *scene)
{
	struct random *random = &world.random;

	scenario_draw_hosts(&world);
	scenario_draw_faults(&world);
	for (uint32_t i = 0; i < WORLD_HOSTS; i++)
		host_start(&world.host[i]);
	scene->is_http = scene->is_small ? world.seed % 4 == 0 : random_chance(random, HTTP_PPM);
	if (scene->is_http)
		programs_start(&scene->programs, &world, scene->is_small);
	else
		start_streams(scene);
	if (scene->is_small)
		return;
	scene->stranger_gap_ns = random_chance(random, 600000) ? random_between(random, 1, 200) * MILLISECOND_NS : 0;
	scene->junk_gap_ns = random_chance(random, 500000) ? random_between(random, 5, 300) * MILLISECOND_NS : 0;
}

/* What happens from outside at this moment; returns when to look again. */
static uint64_t meddle(struct scene *scene)
{
	uint64_t next_ns = scene->next_faults_ns;

	if (world.now_ns >= scene->next_faults_ns) {
		scenario_draw_faults(&world);
		scene->next_faults_ns = world.now_ns + random_between(&world.random, 100, 4000) * MILLISECOND_NS;
		next_ns = scene->next_faults_ns;
	}
	if (scene->stranger_gap_ns && world.now_ns >= scene->next_stranger_ns) {
		stranger_act(&world);
		scene->next_stranger_ns = world.now_ns + random_between(&world.random, 1, 2 * scene->stranger_gap_ns);
	}
	if (scene->junk_gap_ns && world.now_ns >= scene->next_junk_ns) {
		junk_send(&world, &world.host[random_below(&world.random, 2)]);
		scene->next_junk_ns = world.now_ns + random_between(&world.random, 1, 2 * scene->junk_gap_ns);
	}
	if (scene->stranger_gap_ns && scene->next_stranger_ns < next_ns)
		next_ns = scene->next_stranger_ns;
	if (scene->junk_gap_ns && scene->next_junk_ns < next_ns)
		next_ns = scene->next_junk_ns;
	return next_ns;
}

static uint32_t fault_kinds(void)
{
	uint32_t kinds = 0;

	for (uint32_t i = 0; i < FAULT_COUNT; i++)
		kinds += world.faults[i] > 0;
	return kinds;
}

static bool has_seen_enough(const struct scene *scene)
{
	const struct story *story = scene->plan.first;

	if (fault_kinds() < FAULT_KINDS_LEAST && !scene->is_small)
		return false;
	if (scene->is_http)
		return world.observer.segments_sent >= SEGMENTS_LEAST &&
		       programs_connections(&scene->programs) >= CONNECTIONS_LEAST;
	while (story && story->begun)
		story = story->next;
	if (scene->is_small)
		return !story;
	return !story && scene->plan.begun_count >= CONNECTIONS_LEAST && world.observer.segments_sent >= SEGMENTS_LEAST;
}

/* Act one: faults, until enough has happened in spite of them. */
static void faulty_act(struct scene *scene)
{
	uint64_t next_more_ns = 25 * SECOND_NS;

	while (!has_seen_enough(scene)) {
		uint64_t until_ns = meddle(scene);

		if (world.now_ns >= next_more_ns && !scene->is_http) {
			add_story(scene, world.now_ns, 200000);
			next_more_ns = world.now_ns + 5 * SECOND_NS;
			world.host[scene->plan.last->opener].deadline_ns = world.now_ns;
		}
		if (scene->is_http && !programs_are_loading(&scene->programs))
			break;
		RULE(world.now_ns < FAULTY_NS_MAX, "scenario", "%u connections and %lu segments are all there was",
		     scene->plan.begun_count, world.observer.segments_sent);
		world_step(&world, until_ns < next_more_ns || scene->is_http ? until_ns : next_more_ns);
	}
}

static void tell_unfinished(const struct plan *plan)
{
	for (const struct story *story = plan->first; story; story = story->next) {
		for (uint32_t i = 0; i < 2; i++) {
			const struct actor *actor = &story->actor[i];

			if (actor->begun && !actor->closed)
				violation("liveness",
					  "story %u (kind %u) side %u at host %c is not over: ending %u, %s, written "
					  "%u of %u, acked %u, "
					  "read %u, readable %u%s%s%s; the other side %s",
					  story->number, story->kind, i, 'A' + actor->host->index,
					  actor->script->ending, actor->opened ? "open" : "not open",
					  actor->written_bytes, actor->script->send_bytes, actor->acked_bytes,
					  actor->read_bytes, actor->readable_bytes,
					  actor->peer_closed ? ", peer closed" : "", actor->ended ? ", ended" : "",
					  actor->blocked ? ", waits for WRITABLE" : "",
					  story->actor[1 - i].closed  ? "is closed"
					  : story->actor[1 - i].begun ? "is open"
								      : "never began");
		}
	}
	violation("liveness", "a stray connection is not over");
}

/* Act two: calm, in which everything must finish. */
static void calm_act(struct scene *scene)
{
	scenario_calm(&world);
	trace_note("calm");
	while (scene->is_http ? !programs_finish(&scene->programs) : !plan_is_over(&scene->plan)) {
		if (world_step(&world, world.calm_ns + FINISH_NS_MAX))
			continue;
		RULE(!scene->is_http, "liveness", "the programs are not finished: %s",
		     scene->programs.draining ? "the server drains" : "a load runs");
		tell_unfinished(&scene->plan);
	}
}

/* Act three: nothing is asked for any more; TIME-WAIT and the rest run out. */
static void resting_act(struct scene *scene)
{
	uint64_t until_ns = world.now_ns + REST_NS_MAX;

	for (struct story *story = scene->plan.first; story; story = story->next) {
		actor_release(&story->actor[0]);
		actor_release(&story->actor[1]);
	}
	for (struct story *story = scene->plan.strays; story; story = story->next)
		actor_release(&story->actor[1]);
	while (world_step(&world, until_ns))
		;
	for (uint32_t i = 0; i < WORLD_HOSTS && scene->is_small; i++) {
		world.host[i].turn_begins = world.host[i].turn_ends = NULL;
		host_turn(&world.host[i]); /* as of a worker that polls: it finds that nothing is short any more */
	}
	while (scene->is_small && world_step(&world, until_ns + SECOND_NS))
		; /* what its application asked for in that turn */
	oracle_at_rest(&world);
	for (uint32_t i = 0; i < WORLD_HOSTS && !scene->is_http; i++)
		RULE(scene->streams[i].bumps == scene->streams[i].posts, "post", "%u functions posted, %u run",
		     scene->streams[i].posts, scene->streams[i].bumps);
}

static struct outcome sum_up(struct scene *scene)
{
	struct outcome outcome = {.segments = world.observer.segments_sent,
				  .connections = scene->is_http ? programs_connections(&scene->programs)
								: scene->plan.begun_count,
				  .virtual_ns = world.now_ns,
				  .turns = world.turns,
				  .trace_hash = trace_hash(),
				  .stories = scene->plan.count,
				  .strays = scene->plan.strays_count};

	memcpy(outcome.faults, world.faults, sizeof(outcome.faults));
	outcome.fault_kinds = fault_kinds();
	for (const struct story *story = scene->plan.first; story; story = story->next)
		outcome.gave_up += story->actor[0].gave_up + story->actor[1].gave_up;
	RULE(outcome.fault_kinds >= FAULT_KINDS_LEAST || scene->is_small, "scenario", "only %u kinds of fault",
	     outcome.fault_kinds);
	return outcome;
}

const uint64_t *scenario_clock(void)
{
	return &world.now_ns;
}

/* A new world in the old one's memory; only packet buffers are used again. */
static void make_world(uint64_t seed)
{
	static const char *const owners[WORLD_HOSTS] = {"host A", "host B", "host C"};

	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		struct packet_pool pool = world.host[i].pool;

		memset(&world.host[i], 0, sizeof(world.host[i]));
		world.host[i].pool = pool;
		world.host[i].pool.owner = owners[i];
	}
	world.seed = seed;
	world.now_ns = 0;
	world.random.state = random_next(&(struct random){seed}); /* neighbours must have nothing in common */
	memset(&world.link, 0, sizeof(world.link));
	memset(&world.observer, 0, sizeof(world.observer));
	memset(world.faults, 0, sizeof(world.faults));
	world.calm = false;
	world.calm_ns = world.turns = 0;
	world_now = &world;
	junk_reset();
	licence_reset();
}

static struct outcome play(struct scene *scene)
{
	struct outcome outcome;

	start(scene);
	faulty_act(scene);
	calm_act(scene);
	resting_act(scene);
	outcome = sum_up(scene);
	coverage_add_world(&world);
	if (scene->is_http)
		programs_stop(&scene->programs);
	for (uint32_t i = 0; i < WORLD_HOSTS; i++)
		host_stop(&world.host[i]);
	plan_free(&scene->plan);
	talks_free(&world.observer.talks);
	flights_clear(&world.flights);
	witness_reset();
	return outcome;
}

struct outcome scenario_run(uint64_t seed, bool is_careful)
{
	static struct scene scene;

	make_world(seed);
	scene = (struct scene){0};
	world.is_careful = is_careful;
	return play(&scene);
}

struct outcome scenario_run_small(uint64_t seed, void (*turn_begins)(struct host *), void (*turn_ends)(struct host *))
{
	static struct scene scene;

	make_world(seed);
	scene = (struct scene){.is_small = true};
	world.is_careful = false;
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		world.host[i].turn_begins = turn_begins;
		world.host[i].turn_ends = turn_ends;
	}
	return play(&scene);
}
