/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sluice against lwIP in virtual time: the program. Options, a process for each seed, and the report. See README.md.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lwip/bout.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

#define JOBS_MAX           16
#define SEED_SECONDS_MAX   60 /* of real time */
#define SEEDS_FOR_COVERAGE 200

struct options {
	uint64_t first, last;
	uint32_t jobs, failures_max;
	bool is_single, trace;
	const char *program;
};

/* What must have happened in a run of many seeds, of what Sluice counts. */
static const enum sluice_counter needed[] = {
	SLUICE_COUNTER_drop_ipv4_checksum,  SLUICE_COUNTER_drop_tcp_checksum,
	SLUICE_COUNTER_drop_tcp_sequence,   SLUICE_COUNTER_drop_tcp_text_duplicate,
	SLUICE_COUNTER_passive_opens,       SLUICE_COUNTER_active_opens,
	SLUICE_COUNTER_connections_reset,   SLUICE_COUNTER_connections_aborted,
	SLUICE_COUNTER_time_wait_created,   SLUICE_COUNTER_time_wait_expired,
	SLUICE_COUNTER_time_wait_restarted, SLUICE_COUNTER_retransmits_timeout,
	SLUICE_COUNTER_retransmits_fast,    SLUICE_COUNTER_retransmits_syn,
	SLUICE_COUNTER_window_probes,       SLUICE_COUNTER_acks_delayed,
	SLUICE_COUNTER_acks_duplicate,      SLUICE_COUNTER_resets_sent,
	SLUICE_COUNTER_out_of_order,        SLUICE_COUNTER_neighbours_asked,
	SLUICE_COUNTER_neighbours_answered,
};

static struct bout_outcome *outcomes; /* one a job, shared with it */

static void usage(const char *program)
{
	printf("usage: %s [--seeds A..B] [--jobs N] [--keep-going N]\n"
	       "       %s --seed K [--trace]\n"
	       "  --seeds A..B    seeds to run (default 1..100)\n"
	       "  --seed K        one seed; with --trace every segment is printed\n"
	       "  --jobs N        processes (default 2)\n"
	       "  --keep-going N  failing seeds to report before stopping (default 10)\n",
	       program, program);
}

static void hung(int signal)
{
	static const char text[] = "a seed took too long in real time: a loop inside one turn?\n";

	(void)signal;
	_exit(write(2, text, sizeof(text) - 1) < 0 ? 4 : 3);
}

static struct bout_outcome run_seed(const struct options *options, uint64_t seed)
{
	struct bout_outcome outcome;

	violation_scene(options->program, seed, &bout.world.now_ns);
	trace_start(options->trace, &bout.world.now_ns);
	signal(SIGALRM, hung);
	alarm(SEED_SECONDS_MAX);
	pattern_make();
	outcome = bout_run(seed);
	alarm(0);
	return outcome;
}

/* All of it is counts. */
static void add(struct bout_outcome *sum, const struct bout_outcome *outcome)
{
	const uint64_t *from = (const uint64_t *)outcome;
	uint64_t *to = (uint64_t *)sum;

	for (uint32_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

static pid_t start_job(const struct options *options, uint64_t seed, struct bout_outcome *outcome)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		*outcome = run_seed(options, seed);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	return pid;
}

static bool has_passed(const struct options *options, int status, uint64_t seed)
{
	bool is_signal = WIFSIGNALED(status);

	if (!is_signal && WEXITSTATUS(status) == 0)
		return true;
	if (is_signal || WEXITSTATUS(status) != 1)
		fprintf(stderr, "seed %lu ended by %s %d\n  replay: %s --seed %lu --trace\n", seed,
			is_signal ? "signal" : "exit", is_signal ? WTERMSIG(status) : WEXITSTATUS(status),
			options->program, seed);
	return false;
}

/* Returns how many failed. */
static uint32_t run_jobs(const struct options *options, struct bout_outcome *sum, uint64_t *passed)
{
	uint64_t next = options->first, seed[JOBS_MAX];
	uint32_t running = 0, failed = 0;
	pid_t pid[JOBS_MAX] = {0};

	for (;;) {
		uint32_t job = 0;
		int status;
		pid_t ended;

		while (job < options->jobs && pid[job])
			job++;
		if (job < options->jobs && next <= options->last && failed < options->failures_max) {
			seed[job] = next++;
			pid[job] = start_job(options, seed[job], &outcomes[job]);
			running++;
			continue;
		}
		if (!running)
			return failed;
		ended = wait(&status);
		for (job = 0; pid[job] != ended;)
			job++;
		pid[job] = 0;
		running--;
		if (has_passed(options, status, seed[job])) {
			add(sum, &outcomes[job]);
			(*passed)++;
		} else {
			failed++;
		}
	}
}

static uint32_t missing(const char *what, uint64_t count)
{
	if (!count)
		printf("never seen: %s\n", what);
	return !count;
}

static uint32_t count_missing(const struct bout_outcome *sum)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		count += missing(sluice_counter_text(needed[i]), sum->counter[needed[i]]);
	count += missing("an open by Sluice over IPv4", sum->opened[BOUT_SLUICE][0]);
	count += missing("an open by Sluice over IPv6", sum->opened[BOUT_SLUICE][1]);
	count += missing("an open by lwIP over IPv4", sum->opened[BOUT_LWIP][0]);
	count += missing("an open by lwIP over IPv6", sum->opened[BOUT_LWIP][1]);
	count += missing("a half-close by Sluice", sum->half_closes[BOUT_SLUICE]);
	count += missing("a half-close by lwIP", sum->half_closes[BOUT_LWIP]);
	count += missing("Sluice refused by lwIP", sum->refused[BOUT_SLUICE]);
	count += missing("lwIP refused by Sluice", sum->refused[BOUT_LWIP]);
	count += missing("an abort by Sluice", sum->aborts[BOUT_SLUICE]);
	count += missing("an abort by lwIP", sum->aborts[BOUT_LWIP]);
	for (enum fault fault = 0; fault < FAULT_COUNT; fault++)
		if (fault == FAULT_loss || fault == FAULT_gust || fault == FAULT_duplicate || fault == FAULT_reorder ||
		    fault == FAULT_damage || fault == FAULT_replay || fault == FAULT_cut || fault == FAULT_pause ||
		    fault == FAULT_queue_full)
			count += missing(fault_name(fault), sum->faults[fault]);
	if (sum->exact * 20 < sum->ordered * 19)
		count += missing("19 of 20 connections that were to end in order, and did", 0);
	return count;
}

static int run_many(const struct options *options)
{
	struct bout_outcome sum = {0};
	uint32_t failed, never = 0;
	uint64_t passed = 0;

	outcomes = mmap(NULL, JOBS_MAX * sizeof(*outcomes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	failed = run_jobs(options, &sum, &passed);
	printf("%lu connections in %lu s of virtual time; %lu bytes to Sluice, %lu to lwIP; %lu strays\n"
	       "%lu to end in order: %lu exact both ways, %lu unreachable, %lu forgotten, %lu lost by lwIP, %lu given "
	       "up, %lu early "
	       "FINs\n",
	       sum.stories, (uint64_t)(sum.virtual_ns / SECOND_NS), sum.bytes[BOUT_SLUICE], sum.bytes[BOUT_LWIP],
	       sum.strays, sum.ordered, sum.exact, sum.unreachable, sum.forgotten, sum.lost, sum.gave_up,
	       sum.early_fins);
	if (!failed && passed >= SEEDS_FOR_COVERAGE)
		never = count_missing(&sum);
	printf("%lu passed, %u failed, %u never seen\n", passed, failed, never);
	return failed || never;
}

static int run_one(const struct options *options)
{
	struct bout_outcome outcome = run_seed(options, options->first);

	printf("seed %lu: %lu connections, %lu exact both ways, %lu given up, %.3f s, trace %016lx\n", options->first,
	       outcome.stories, outcome.exact, outcome.gave_up, (double)outcome.virtual_ns / 1e9, outcome.trace_hash);
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
	static const struct option names[] = {
		{"seeds", required_argument, NULL, 's'}, {"seed", required_argument, NULL, '1'},
		{"jobs", required_argument, NULL, 'j'},  {"keep-going", required_argument, NULL, 'k'},
		{"trace", no_argument, NULL, 't'},       {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 's' || option == '1') {
			options->is_single = option == '1';
			if (!parse_range(optarg, options))
				return false;
		} else if (option == 'j') {
			options->jobs = (uint32_t)strtoul(optarg, NULL, 10);
			options->jobs = options->jobs < JOBS_MAX ? options->jobs : JOBS_MAX;
		} else if (option == 'k') {
			options->failures_max = (uint32_t)strtoul(optarg, NULL, 10);
		} else if (option == 't') {
			options->trace = true;
		} else {
			return false;
		}
	}
	return optind == argc && options->jobs >= 1;
}

int main(int argc, char **argv)
{
	struct options options = {.first = 1, .last = 100, .jobs = 2, .failures_max = 10, .program = argv[0]};

	if (!parse(argc, argv, &options)) {
		usage(argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	return options.is_single ? run_one(&options) : run_many(&options);
}
