/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The deterministic simulator: real workers and real applications over simulated wires in virtual time, one seed a
 * world.  This file is the program: options, processes, and the report.  See README.md.
 *
 * Each job is a process, so that a seed that ends in a violation, a crash or a hang takes only itself along; seeds are
 * handed out from memory that the jobs share.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/coverage.h"
#include "tests/sim/scenario.h"
#include "tests/sim/scenario_config.h"
#include "tests/sim/story.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

#define JOBS_MAX           16
#define SEED_SECONDS_MAX   60 /* of real time */
#define SEEDS_FOR_COVERAGE 2000
#define REGRESSIONS_MAX    1000
#define CAREFUL_EVERY      4 /* seeds, one runs without the fast path, too */

struct options {
	uint64_t first, last;
	uint32_t jobs, failures_max;
	bool single, trace, coverage, verbose;
	const char *program, *regressions;
};

/* What the jobs share. */
struct board {
	uint64_t next; /* place in the list of seeds */
	uint64_t passed;
	uint64_t current[JOBS_MAX];
	struct coverage coverage;
};

static struct board *board;
static uint64_t regressions[REGRESSIONS_MAX];
static uint32_t regressions_count;

static void usage(const char *program)
{
	printf("usage: %s [--seeds A..B] [--jobs N] [--keep-going N] [--coverage]\n"
	       "       %s --seed K [--trace]\n"
	       "  --seeds A..B    seeds to run, after those of tests/sim/seeds.txt (default 1..200)\n"
	       "  --seed K        one seed; with --trace every segment is printed\n"
	       "  --jobs N        processes (default 2)\n"
	       "  --keep-going N  failing seeds to report before stopping (default 10)\n"
	       "  --cookies MODE  of all hosts: auto, always or never; SLUICE_COOKIES says it, too; else each draws "
	       "its own\n"
	       "  --regressions F file of seeds that run first; \"\" for none\n"
	       "  --coverage      fail if something was never seen, however few the seeds\n",
	       program, program);
}

static uint64_t seed_at(const struct options *options, uint64_t place)
{
	return place < regressions_count ? regressions[place] : options->first + place - regressions_count;
}

static uint64_t place_count(const struct options *options)
{
	return regressions_count + options->last - options->first + 1;
}

/* The parent names the seed. */
static void hung(int signal)
{
	static const char text[] = "a seed took too long in real time: a loop inside one turn?\n";

	(void)signal;
	_exit(write(2, text, sizeof(text) - 1) < 0 ? 4 : 3);
}

/* The same world with the fast path off: not a bit of what is on the wires may change. */
static void run_carefully(const struct options *options, uint64_t seed, uint64_t trace_hash)
{
	trace_start(options->trace, scenario_clock());
	RULE(scenario_run(seed, true).trace_hash == trace_hash, "fast path",
	     "without the fast path the world takes another course");
}

static struct outcome run_seed(const struct options *options, uint64_t seed)
{
	struct outcome outcome;

	violation_scene(options->program, seed, scenario_clock());
	trace_start(options->trace, scenario_clock());
	alarm(SEED_SECONDS_MAX);
	outcome = scenario_run(seed, false);
	if (seed % CAREFUL_EVERY == 0)
		run_carefully(options, seed, outcome.trace_hash);
	alarm(0);
	coverage_add_outcome(&outcome);
	return outcome;
}

static void print_outcome(uint64_t seed, const struct outcome *outcome)
{
	printf("seed %lu: %lu segments, %lu connections, %u kinds of fault, %.3f s, %lu turns, trace %016lx\n", seed,
	       outcome->segments, outcome->connections, outcome->fault_kinds, (double)outcome->virtual_ns / 1e9,
	       outcome->turns, outcome->trace_hash);
}

static _Noreturn void work(const struct options *options, uint32_t job)
{
	for (;;) {
		uint64_t place = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);
		struct outcome outcome;

		if (place >= place_count(options))
			_exit(0);
		board->current[job] = seed_at(options, place);
		outcome = run_seed(options, board->current[job]);
		if (options->verbose)
			print_outcome(board->current[job], &outcome);
		fflush(stdout);
		__atomic_fetch_add(&board->passed, 1, __ATOMIC_RELAXED);
		coverage_share(&board->coverage);
	}
}

static pid_t start_job(const struct options *options, uint32_t job)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		work(options, job);
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	return pid;
}

/* A job ended: by itself, or because its seed failed; then another takes its place. */
static uint32_t run_jobs(const struct options *options)
{
	pid_t pid[JOBS_MAX];
	uint32_t running = options->jobs, failed = 0;

	for (uint32_t i = 0; i < options->jobs; i++)
		pid[i] = start_job(options, i);
	while (running) {
		int status;
		pid_t ended = wait(&status);
		uint32_t job = 0;

		if (ended < 0)
			break;
		while (job < options->jobs - 1 && pid[job] != ended)
			job++;
		running--;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		failed++;
		if (WIFSIGNALED(status) || WEXITSTATUS(status) != 1)
			fprintf(stderr, "seed %lu ended by %s %d\n  replay: %s --seed %lu --trace\n",
				board->current[job], WIFSIGNALED(status) ? "signal" : "exit",
				WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), options->program,
				board->current[job]);
		if (failed >= options->failures_max)
			board->next = place_count(options);
		pid[job] = start_job(options, job);
		running++;
	}
	return failed;
}

/* One seed and a reason a line; # begins a comment. */
static void read_regressions(const char *path)
{
	FILE *file = *path ? fopen(path, "r") : NULL;
	char line[512];

	while (file && fgets(line, sizeof(line), file) && regressions_count < REGRESSIONS_MAX) {
		char *end;
		uint64_t seed = strtoull(line, &end, 10);

		if (end != line)
			regressions[regressions_count++] = seed;
	}
	if (file)
		fclose(file);
}

static int run_many(const struct options *options)
{
	uint32_t failed, missing = 0;
	struct timespec begin, end;
	const struct coverage *all;

	read_regressions(options->regressions);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	failed = run_jobs(options);
	clock_gettime(CLOCK_MONOTONIC, &end);
	all = &board->coverage;
	printf("%lu segments on %lu connections in %lu s of virtual time; %lu strays, %lu given up; %.1f s\n",
	       all->segments, all->connections, all->virtual_s, all->strays, all->gave_up,
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	if (options->coverage || (!failed && place_count(options) >= SEEDS_FOR_COVERAGE))
		missing = coverage_missing(all);
	printf("%lu passed, %u failed, %u never seen\n", board->passed, failed, missing);
	return failed || missing;
}

static int run_one(const struct options *options)
{
	struct outcome outcome = run_seed(options, options->first);

	print_outcome(options->first, &outcome);
	return 0;
}

static bool parse_range(const char *text, struct options *options)
{
	char *end;

	options->first = strtoull(text, &end, 10);
	options->last = options->first;
	if (strncmp(end, "..", 2) == 0)
		options->last = strtoull(end + 2, &end, 10);
	return end != text && !*end && options->last >= options->first;
}

static bool parse(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {{"seeds", required_argument, NULL, 's'},
					      {"seed", required_argument, NULL, '1'},
					      {"jobs", required_argument, NULL, 'j'},
					      {"trace", no_argument, NULL, 't'},
					      {"keep-going", required_argument, NULL, 'k'},
					      {"coverage", no_argument, NULL, 'c'},
					      {"regressions", required_argument, NULL, 'r'},
					      {"cookies", required_argument, NULL, 'm'},
					      {"verbose", no_argument, NULL, 'v'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 's' || option == '1') {
			options->single = option == '1';
			if (!parse_range(optarg, options))
				return false;
		} else if (option == 'j') {
			options->jobs = (uint32_t)strtoul(optarg, NULL, 10);
		} else if (option == 'k') {
			options->failures_max = (uint32_t)strtoul(optarg, NULL, 10);
		} else if (option == 'm') {
			if (!scenario_cookies_are(optarg))
				return false;
		} else if (option == 'r') {
			options->regressions = optarg;
		} else if (option == 't' || option == 'c' || option == 'v') {
			options->trace |= option == 't';
			options->coverage |= option == 'c';
			options->verbose |= option == 'v';
		} else {
			return false;
		}
	}
	return optind == argc && options->jobs >= 1 && options->jobs <= JOBS_MAX;
}

/* What a failure is replayed by must say which cookies, too. */
static void name_cookies(struct options *options)
{
	static char program[512];

	if (!scenario_cookies_mode())
		return;
	snprintf(program, sizeof(program), "%s --cookies %s", options->program, scenario_cookies_mode());
	options->program = program;
}

int main(int argc, char **argv)
{
	struct options options = {.first = 1,
				  .last = 200,
				  .jobs = 2,
				  .failures_max = 10,
				  .program = argv[0],
				  .regressions = "tests/sim/seeds.txt"};

	if (getenv("SLUICE_COOKIES"))
		scenario_cookies_are(getenv("SLUICE_COOKIES"));
	if (!parse(argc, argv, &options)) {
		usage(argv[0]);
		return 2;
	}
	name_cookies(&options);
	signal(SIGALRM, hung);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	pattern_make();
	return options.single ? run_one(&options) : run_many(&options);
}
