/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that runs out, everywhere: a small world is run, and before each turn of each host a process forks off for each kind of
 * record and packet, and each number that is left of it, from none up to where that makes no difference any more.  There the turn
 * finds no more than that, and the rest of the world's course must come to its end as always: every byte right, everything
 * finished, everything given back.  So each allocation that the course comes to fails once, with those after it in its turn.
 * Some shortages then last longer.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/limits.h"
#include "lib/worker/worker.h"
#include "tests/sim/hoard.h"
#include "tests/sim/scenario.h"
#include "tests/sim/story.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

#define WORLD_SECONDS_MAX 60 /* of real time */
#define LEFT_MAX          512
#define TURNS_MAX         65536
#define BUSY_TURNS_MAX    600             /* a world that waits busily for its port takes long and shows no more */
#define LONGER_EVERY      8               /* turns, of those that are tried */
#define LONGER_NS         (5 * SECOND_NS) /* at most: nobody is to be given up for it */

enum { EXIT_SAME = 0, EXIT_VIOLATION = 1, EXIT_ANOTHER_COURSE = 10 };

/* A shortage: of what, how much is left, from which turn of the world on, and for how long. */
struct shortage {
	enum hoard_kind kind;
	uint32_t left, turns;
	uint64_t turn, until_ns;
};

/* What a process that forked off tells the others. */
struct shared {
	uint64_t fingerprint; /* of the turn, with nothing missing */
};

static struct {
	uint64_t first, last, every; /* seeds; turns, of which one is tried */
	struct shortage only;        /* turn 0: all of them */
	bool trace;
	const char *program;
} options = {.first = 1, .last = 4, .every = 1};

static struct {
	uint64_t seed, turn; /* the world's, counted from 1 */
	struct shortage now; /* turns 0: none */
	bool is_child, is_compared;
	bool is_scouting;            /* a first run, to see which turns do anything at all */
	uint64_t before, busy_count; /* of the turn; turns that did something, so far */
	uint8_t is_busy[TURNS_MAX];
	uint64_t tried, courses, failed, kinds[HOARD_COUNT];
	struct shared *shared;
} state;

/* ---- In the world ---------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x9e3779b97f4a7c15U;
}

/* All that a turn may have done: what was sent, counted and kept; not that it was one. */
static uint64_t fingerprint_of(const struct host *host)
{
	struct sluice_statistics statistics;
	uint64_t hash = trace_hash();

	sluice_statistics(host->worker, &statistics);
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		hash = mix(hash, i == SLUICE_COUNTER_turns ? 0 : statistics.counter[i]);
	for (uint32_t i = 0; i < SLUICE_GAUGE_COUNT; i++)
		hash = mix(hash, statistics.gauge[i]);
	hash = mix(hash, host->worker->tcp.chunks_small.used_count); /* a gauge tells of both sizes together */
	return mix(hash, sluice_next_deadline_ns(host->worker));
}

static bool is_starving(const struct host *host)
{
	return state.now.turns && (state.now.turns > 1 || state.now.turn == state.turn) &&
	       (!state.now.until_ns || host->world->now_ns < state.now.until_ns);
}

/* A process of its own goes on from here; true: this is it. */
static bool fork_off(const struct shortage *shortage)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (pid == 0) {
		alarm(WORLD_SECONDS_MAX);
		state.is_child = true;
		state.now = *shortage;
		return true;
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_SAME || WEXITSTATUS(status) == EXIT_ANOTHER_COURSE)) {
		state.is_compared = WEXITSTATUS(status) == EXIT_SAME;
		return false;
	}
	state.failed++;
	state.is_compared = false;
	fprintf(stderr,
		"  %s: %u left in turn %lu, for %u turns%s%s\n  replay: %s --seed %lu --at %lu,%u,%u,%u --trace\n",
		hoard_name(shortage->kind), shortage->left, shortage->turn, shortage->turns,
		WIFSIGNALED(status) ? ", ended by signal " : "", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "",
		options.program, state.seed, shortage->turn, shortage->kind, shortage->left, shortage->turns);
	return false;
}

/* Of packets, few make a difference above none, above those that are for ACKs alone, and above what is severe. */
static uint32_t next_left(enum hoard_kind kind, uint32_t left)
{
	if (kind != HOARD_STASH && kind != HOARD_ALL)
		return left + 1;
	if (left % STASH_RESERVE_PACKETS < 3)
		return left + 1;
	return left / STASH_RESERVE_PACKETS * STASH_RESERVE_PACKETS + STASH_RESERVE_PACKETS;
}

/* True: in a process that forked off. */
static bool try_lefts(struct shortage shortage)
{
	for (; shortage.left < LEFT_MAX; shortage.left = next_left(shortage.kind, shortage.left)) {
		state.tried++;
		if (fork_off(&shortage))
			return true;
		if (state.is_compared)
			return false; /* it was enough */
		state.courses++;
		state.kinds[shortage.kind]++;
	}
	return false;
}

/* It does not end with the turn: none left for some turns, of whichever host. */
static bool try_longer(struct shortage shortage)
{
	static const uint32_t turns[] = {10, 300};

	for (uint32_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		shortage.turns = turns[i];
		state.tried++;
		if (fork_off(&shortage))
			return true;
		state.courses++;
	}
	return false;
}

static void try_all(void)
{
	struct shortage shortage = {.turn = state.turn, .turns = 1};

	if (fork_off(&shortage)) /* how the turn is with nothing missing */
		return;
	for (shortage.kind = HOARD_NOTHING + 1; shortage.kind < HOARD_COUNT; shortage.kind++) {
		if (try_lefts(shortage))
			return;
		if (state.busy_count / options.every % LONGER_EVERY == 0 && try_longer(shortage))
			return;
	}
}

/* Is this one of the turns to try?  One in so many of those that do something. */
static bool is_to_be_tried(void)
{
	if (options.only.turn || state.is_child || state.turn >= TURNS_MAX || !state.is_busy[state.turn])
		return false;
	return state.busy_count++ % options.every == 0;
}

static void turn_begins(struct host *host)
{
	state.turn++;
	if (state.is_scouting)
		state.before = fingerprint_of(host);
	else if (options.only.turn == state.turn)
		state.now = options.only;
	else if (is_to_be_tried())
		try_all();
	if (state.now.turn == state.turn && state.now.turns > 1)
		state.now.until_ns = host->world->now_ns + LONGER_NS;
	if (is_starving(host))
		hoard_take(host, state.now.kind, state.now.left);
}

static void turn_ends(struct host *host)
{
	if (state.is_scouting && state.turn < TURNS_MAX && fingerprint_of(host) != state.before) {
		state.is_busy[state.turn] = 1;
		state.busy_count++;
	}
	if (!is_starving(host))
		return;
	hoard_give_back(host);
	if (state.now.turns > 1) {
		state.now.turns--;
		return;
	}
	pressure_judge(&host->worker->tcp);
	state.now.turns = 0;
	if (state.now.kind == HOARD_NOTHING) {
		state.shared->fingerprint = fingerprint_of(host);
		_exit(EXIT_SAME);
	}
	if (!options.only.turn && state.now.turn == state.turn && fingerprint_of(host) == state.shared->fingerprint)
		_exit(EXIT_SAME);
}

/* ---- The program ----------------------------------------------------------------------------------------------------- */

static struct outcome run_once(uint64_t seed, bool is_scouting)
{
	state.is_scouting = is_scouting;
	state.turn = 0;
	trace_start(options.trace && !is_scouting, scenario_clock());
	return scenario_run_small(seed, turn_begins, turn_ends);
}

static void run(uint64_t seed)
{
	struct outcome outcome;
	uint64_t tried = state.tried, courses = state.courses;

	state.seed = seed;
	state.busy_count = 0;
	violation_scene(options.program, seed, scenario_clock());
	memset(state.is_busy, 0, sizeof(state.is_busy));
	run_once(seed, true);
	if (state.busy_count > BUSY_TURNS_MAX && !options.only.turn) {
		printf("seed %lu: %lu busy turns, too many to try\n", seed, state.busy_count);
		return;
	}
	state.busy_count = 0;
	outcome = run_once(seed, false);
	if (state.is_child)
		_exit(EXIT_ANOTHER_COURSE);
	printf("seed %lu: %lu segments, %lu connections, %lu busy turns: %lu shortages tried, %lu took another "
	       "course\n",
	       seed, outcome.segments, outcome.connections, state.busy_count, state.tried - tried,
	       state.courses - courses);
	fflush(stdout);
}

static bool parse_shortage(const char *text)
{
	unsigned kind, left, turns;

	if (sscanf(text, "%lu,%u,%u,%u", &options.only.turn, &kind, &left, &turns) != 4 || kind >= HOARD_COUNT)
		return false;
	options.only.kind = kind;
	options.only.left = left;
	options.only.turns = turns;
	return true;
}

static bool parse(int argc, char **argv)
{
	static const struct option names[] = {
		{"seeds", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 's'},
		{"every", required_argument, NULL, 'e'}, {"at", required_argument, NULL, 'a'},
		{"trace", no_argument, NULL, 't'},       {0}};
	int option;

	options.program = argv[0];
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		char *end = NULL;

		if (option == 's') {
			options.first = options.last = strtoull(optarg, &end, 10);
			if (strncmp(end, "..", 2) == 0)
				options.last = strtoull(end + 2, &end, 10);
		} else if (option == 'e') {
			options.every = strtoull(optarg, &end, 10);
		}
		options.trace |= option == 't';
		if (option == '?' || (end && *end) || (option == 'a' && !parse_shortage(optarg)))
			return false;
	}
	return optind == argc && options.every && options.last >= options.first;
}

/* Where no turn is left out, every kind must make a difference somewhere, or nothing is shown of it. */
static uint32_t kinds_missing(void)
{
	uint32_t missing = 0;

	for (uint32_t kind = HOARD_NOTHING + 1; kind < HOARD_COUNT; kind++) {
		printf("  %6lu courses with few: %s\n", state.kinds[kind], hoard_name(kind));
		missing += state.kinds[kind] == 0;
	}
	return missing;
}

int main(int argc, char **argv)
{
	if (!parse(argc, argv)) {
		printf("usage: %s [--seeds A..B] [--every TURNS]\n"
		       "       %s --seed K --at TURN,KIND,LEFT,TURNS [--trace]\n",
		       argv[0], argv[0]);
		return 2;
	}
	state.shared = mmap(NULL, sizeof(*state.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (state.shared == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	pattern_make();
	for (uint64_t seed = options.first; seed <= options.last; seed++)
		run(seed);
	if (options.only.turn)
		return 0;
	printf("%lu shortages, %lu courses, %lu failed\n", state.tried, state.courses, state.failed);
	return state.failed || (kinds_missing() && options.every == 1);
}
