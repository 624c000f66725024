/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two stacks and the wire between them, with the fuzzer as the weather: it says who they are, what their applications do, and of
 * each frame whether it passes, is lost, doubled, delayed, damaged, cut in pieces or cut off; when a port is dry, refuses or stalls;
 * and when a stranger meddles.  The world, the applications and every oracle are the simulator's.  When the input is used up it is
 * calm, and everything must finish and come back.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/sim/actor.h"
#include "tests/sim/cut.h"
#include "tests/sim/junk.h"
#include "tests/sim/oracle.h"
#include "tests/sim/scenario_config.h"
#include "tests/sim/stranger.h"
#include "tests/sim/streams.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"
#include "tests/sim/witness.h"

#define STORIES_MAX   3
#define FAULTY_NS_MAX (60 * SECOND_NS)
#define FINISH_NS_MAX (1200 * SECOND_NS)
#define REST_NS_MAX   (600 * SECOND_NS)
#define DELAY_NS      (MILLISECOND_NS / 2)

static struct world world;
static struct fuzz input;

/* ---- The wire ------------------------------------------------------------------------------------------ */

/* Flips bits; false: what comes out would pass for a good frame, as no damage on a real wire does for long. */
static bool damage(struct flight *flight)
{
	uint32_t flips = 1 + fuzz_below(&input, 3);

	while (flips--) {
		uint32_t at = fuzz_16(&input);

		flight->frame[14 + at % (flight->bytes - 14U)] ^= (uint8_t)(1 << (at >> 13));
	}
	return dissect(flight->frame, flight->bytes).kind == DISSECT_BAD;
}

static void again(struct flights *flights, const struct flight *flight, uint64_t due_ns)
{
	struct flight *copy = flight_make(flight->from, flight->to, flight->frame, flight->bytes);

	copy->speaker = flight->speaker;
	flights_add(flights, copy, due_ns);
	world.faults[FAULT_duplicate]++;
}

/* IP fragments of it, or two segments of one; each is lost or late by a decision of its own.  False: it cannot be cut. */
static bool in_pieces(struct link *link, struct flights *flights, const struct flight *flight, bool are_segments,
		      uint64_t due_ns)
{
	struct flight *piece[PIECES_MAX];
	uint32_t count = are_segments ? cut_segment(&world.random, flight, piece)
				      : cut_flight(&world.random, ++link->fragment_id, flight, piece);

	for (uint32_t i = 0; i < count; i++) {
		uint8_t decision = fuzz_8(&input);

		if (decision >= 192)
			free(piece[i]);
		else
			flights_add(flights, piece[i], due_ns + decision * MILLISECOND_NS / 2);
	}
	world.faults[are_segments ? FAULT_split : FAULT_fragment] += count > 0;
	return count > 0;
}

static void trouble(uint8_t what)
{
	struct host *host = &world.host[what & 1];
	uint64_t until_ns = world.now_ns + fuzz_8(&input) * MILLISECOND_NS;

	switch (what >> 1 & 7) {
	case 0:
		host->dry_until_ns = until_ns;
		break;
	case 1:
		host->refuse_until_ns = until_ns;
		break;
	case 2:
		host->busy_until_ns = until_ns;
		host->last_trouble_ns = until_ns;
		break;
	case 3:
		world.link[0][1].cut_until_ns = until_ns;
		break;
	case 4:
		world.link[1][0].cut_until_ns = until_ns;
		break;
	case 5:
		host->trouble.chain_ppm = 500000;
		host->trouble.receive_few_ppm = 200000;
		break;
	case 6:
		junk_send(&world, host);
		break;
	default:
		stranger_act(&world);
	}
}

void __wrap_link_send(struct link *link, struct flights *flights, struct random *random, uint64_t now_ns,
		      struct flight *flight, uint64_t *faults);

/* In the place of link.c's dice: one decision a frame. */
void __wrap_link_send(struct link *link, struct flights *flights, struct random *random, uint64_t now_ns,
		      struct flight *flight, uint64_t *faults)
{
	uint8_t decision = fuzz_8(&input);
	uint64_t due_ns = now_ns + DELAY_NS;

	(void)random;
	if (decision >= 240)
		trouble(decision);
	if (now_ns < link->cut_until_ns || (decision >= 128 && decision < 160) || flight->bytes <= 14) {
		faults[FAULT_loss]++;
		trace_frame("lost", "", flight->frame, flight->bytes);
		free(flight);
		return;
	}
	if (decision >= 160 && decision < 168 && in_pieces(link, flights, flight, decision & 1, due_ns)) {
		free(flight);
		return;
	}
	if (decision >= 168 && decision < 184)
		again(flights, flight, due_ns + (decision & 15U) * MILLISECOND_NS * 8);
	else if (decision >= 184 && decision < 224)
		due_ns += (decision - 183U) * (decision & 1 ? 15 * MILLISECOND_NS : DELAY_NS);
	if (decision >= 224 && decision < 240 && !damage(flight)) {
		free(flight);
		return;
	}
	flights_add(flights, flight, due_ns);
}

/* ---- The hosts ----------------------------------------------------------------------------------------- */

static void least(uint32_t *value, uint32_t most)
{
	*value = *value < most ? *value : most;
}

/* Pools as small as two stacks with three connections need: less to clear for each input. */
static void make_hosts(void)
{
	scenario_draw_hosts(&world);
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		struct sluice_config *config = &world.host[i].config;

		least(&config->connections, 8);
		least(&config->half_open, 8);
		least(&config->time_wait, 16);
		least(&config->chunks_small, 64);
		least(&config->chunks_large, 40);
		least(&config->descriptors, 128);
		least(&config->inflight, 256);
		least(&config->out_of_order, 128);
		world.host[i].trouble.turn_ns = 2000;
		world.observer.host[i].recycles = true;
		host_start(&world.host[i]);
	}
}

static void make_world(uint64_t seed)
{
	static const char *const owners[WORLD_HOSTS] = {"host A", "host B", "host C"};
	struct packet_pool pool[WORLD_HOSTS];

	for (uint32_t i = 0; i < WORLD_HOSTS; i++)
		pool[i] = world.host[i].pool;
	memset(&world, 0, sizeof(world));
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		world.host[i].pool = pool[i];
		world.host[i].pool.owner = owners[i];
	}
	world.seed = seed;
	world.random.state = random_next(&(struct random){seed});
	world_now = &world;
	junk_reset();
	make_hosts();
}

/* ---- The applications ---------------------------------------------------------------------------------- */

static void write_script(struct script *script)
{
	uint8_t shape = fuzz_8(&input);

	if (shape == 0)
		return; /* as drawn */
	script->ending = (enum ending)(shape % END_COUNT);
	script->memory = (enum memory)(shape / 8 % MEMORY_COUNT);
	script->send_bytes = fuzz_8(&input) * (shape & 128 ? 100U : 1U);
	script->write_bytes = 1 + script->send_bytes / 200 + fuzz_8(&input) * 8U;
	script->write_gap_ns = shape & 32 ? fuzz_below(&input, 20) * MILLISECOND_NS : 0;
	script->read_gap_ns = shape & 64 ? fuzz_below(&input, 20) * MILLISECOND_NS : 0;
	script->read_bytes = 400 + script->write_bytes;
	script->close_after_ns = (shape & 15) * 10 * MILLISECOND_NS;
}

static void make_stories(struct plan *plan)
{
	uint32_t count = 1 + fuzz_below(&input, STORIES_MAX);

	for (uint32_t i = 0; i < count; i++) {
		uint8_t shape = fuzz_8(&input);
		struct story *story =
			story_make(&world.random, i + 1, shape & 1, !(shape & 1), (shape >> 4) * 5 * MILLISECOND_NS, 0);

		least(&story->script[0].send_bytes, 30000);
		least(&story->script[1].send_bytes, 30000);
		write_script(&story->script[0]);
		write_script(&story->script[1]);
		story_reconcile(&world.random, story);
		if (shape & 2) {
			story->local_port = 7000;
			story->port = STREAMS_PORT_FIRST; /* the same tuple again, and again */
		} else if ((shape & 12) == 4) {
			story->kind = STORY_SIMULTANEOUS;
			story->local_port = (uint16_t)(5000 + i);
			story->port = (uint16_t)(6000 + i);
		} else if ((shape & 12) == 8) {
			story->kind = STORY_CLOSED_PORT;
			story->port = 4444;
		}
		plan_add(plan, story);
	}
}

/* ---- The course of it ---------------------------------------------------------------------------------- */

static void run_until_rest(struct plan *plan)
{
	while (fuzz_left(&input) && !plan_is_over(plan) && world_step(&world, FAULTY_NS_MAX))
		;
	input.at = input.end;
	scenario_calm(&world);
	while (!plan_is_over(plan))
		RULE(world_step(&world, world.calm_ns + FINISH_NS_MAX), "liveness", "a story is not over");
	for (struct story *story = plan->first; story; story = story->next) {
		actor_release(&story->actor[0]);
		actor_release(&story->actor[1]);
	}
	for (struct story *story = plan->strays; story; story = story->next)
		actor_release(&story->actor[1]);
	while (world_step(&world, world.calm_ns + FINISH_NS_MAX + REST_NS_MAX))
		;
	oracle_at_rest(&world);
}

/* The simulator would end its process here, which the fuzzer takes for a wish. */
static void tell(const char *rule, const char *text)
{
	fprintf(stderr, "violates \"%s\" at %lu.%09lu s: %s\n", rule, world.now_ns / 1000000000,
		world.now_ns % 1000000000, text);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_ready;
	struct streams streams[WORLD_HOSTS];
	struct plan plan = {0};

	if (!is_ready) {
		pattern_make();
		violation_catch = tell;
		is_ready = true;
	}
	trace_start(getenv("FUZZ_TRACE") != NULL, &world.now_ns);
	input = fuzz_begin(data, size);
	make_world(fuzz_16(&input));
	make_stories(&plan);
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		streams_start(&streams[i], &world.host[i], &plan);
		world.host[i].streams = &streams[i];
	}
	run_until_rest(&plan);
	for (uint32_t i = 0; i < WORLD_HOSTS; i++)
		host_stop(&world.host[i]);
	plan_free(&plan);
	talks_free(&world.observer.talks);
	flights_clear(&world.flights);
	witness_reset();
	return 0;
}
