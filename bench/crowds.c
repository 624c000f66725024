/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crowds at one worker: the program, its server, and how turns and memory are measured.
 */
#include "bench/crowds.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OPENING_MAX 256
#define TURNS_MAX   (1U << 20)

static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

uint64_t crowds_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * CROWDS_SECOND_NS + (uint64_t)now.tv_nsec;
}

size_t crowds_resident_bytes(void)
{
	unsigned long long size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file) {
		if (fscanf(file, "%llu %llu", &size, &resident) != 2)
			resident = 0;
		fclose(file);
	}
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

uint64_t crowds_gauge(const struct crowds *crowds, enum sluice_gauge number)
{
	struct sluice_statistics statistics;

	sluice_statistics(crowds->mirror.worker, &statistics);
	return statistics.gauge[number];
}

uint64_t crowds_counter(const struct crowds *crowds, enum sluice_counter number)
{
	struct sluice_statistics statistics;

	sluice_statistics(crowds->mirror.worker, &statistics);
	return statistics.counter[number];
}

/* ---- The server ---------------------------------------------------------------------------------------- */

static void handle(struct crowds *crowds, const struct sluice_event *event)
{
	static const struct sluice_slice slice = {.data = response, .bytes = sizeof(response) - 1};
	struct sluice_worker *worker = crowds->mirror.worker;

	if (event->mask & SLUICE_CLOSED) {
		crowds->closed_count++;
		return;
	}
	if (!(event->mask & SLUICE_READABLE))
		return;
	sluice_consume(worker, event->conn, event->readable_bytes);
	if (sluice_send(worker, event->conn, &slice, 1, SLUICE_SEND_STATIC | (crowds->closes ? SLUICE_SEND_FIN : 0)) ==
	    slice.bytes)
		crowds->used_count++;
}

void crowds_turn(struct crowds *crowds)
{
	uint32_t count;
	const struct sluice_event *event = sluice_poll(crowds->mirror.worker, &count);

	for (uint32_t i = 0; i < count; i++)
		handle(crowds, &event[i]);
	sluice_flush(crowds->mirror.worker);
}

void crowds_drain(struct crowds *crowds)
{
	do
		crowds_turn(crowds);
	while (crowds->mirror.in_count);
}

/* Each client opens a connection and makes its request, `OPENING_MAX` of them at a time; they come evenly over `span_ns`. */
void crowds_come(struct crowds *crowds, uint32_t first, uint32_t end, uint64_t span_ns)
{
	struct mirror *mirror = &crowds->mirror;
	uint64_t start_ns = mirror->now_ns;

	for (uint32_t i = first; i < end; i++) {
		while (i - first >= OPENING_MAX + (crowds->closes ? crowds->closed_count : mirror->answered_count) ||
		       mirror_room(mirror) < BURST_PACKETS_MAX)
			crowds_turn(crowds);
		mirror->now_ns = start_ns + (uint64_t)((double)span_ns * (i - first) / (end - first));
		mirror_opens(mirror, i);
		if (mirror->in_count >= BURST_PACKETS_MAX)
			crowds_turn(crowds);
	}
	crowds_drain(crowds);
}

/* ---- Turns that are timed ------------------------------------------------------------------------------ */

bool crowds_turns_make(struct crowds_turns *turns)
{
	*turns = (struct crowds_turns){.least_ns = calloc(TURNS_MAX, sizeof(*turns->least_ns))};
	return turns->least_ns != NULL;
}

void crowds_turns_free(struct crowds_turns *turns)
{
	free(turns->least_ns);
}

double crowds_turns_highest_us(const struct crowds_turns *turns)
{
	uint32_t highest_ns = 0;

	for (uint32_t i = 0; i < turns->count; i++)
		if (turns->least_ns[i] > highest_ns)
			highest_ns = turns->least_ns[i];
	return highest_ns / 1000.0;
}

double crowds_turns_mean_us(const struct crowds_turns *turns)
{
	uint64_t sum_ns = 0;

	for (uint32_t i = 0; i < turns->count; i++)
		sum_ns += turns->least_ns[i];
	return turns->count ? (double)sum_ns / turns->count / 1000 : 0;
}

bool crowds_turn_timed(struct crowds *crowds, struct crowds_turns *turns, uint32_t place)
{
	uint64_t start_ns = crowds_clock_ns();
	uint32_t took_ns;

	if (place == TURNS_MAX)
		return false;
	crowds_turn(crowds);
	took_ns = (uint32_t)(crowds_clock_ns() - start_ns);
	if (took_ns > turns->longest_ns)
		turns->longest_ns = took_ns;
	if (place >= turns->count)
		turns->least_ns[turns->count++] = took_ns;
	else if (took_ns < turns->least_ns[place])
		turns->least_ns[place] = took_ns;
	return true;
}

double crowds_each_bytes(struct mirror *mirror, uint32_t *records, size_t *one_bytes)
{
	uint32_t count = *records;
	size_t all_bytes = mirror_worker_bytes(mirror);

	*records = 1;
	*one_bytes = mirror_worker_bytes(mirror);
	*records = count;
	return (double)(all_bytes - *one_bytes) / (count - 1);
}

/* ---- The program --------------------------------------------------------------------------------------- */

struct options {
	uint32_t time_wait, half_open, idle, repeats;
};

static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"time-wait", required_argument, NULL, 't'},
		{"half-open", required_argument, NULL, 'h'},
		{"idle", required_argument, NULL, 'i'},
		{"repeats", required_argument, NULL, 'r'},
		{0},
	};
	int option;

	*options = (struct options){.time_wait = 4000000, .half_open = 4000000, .idle = 2000000, .repeats = 3};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		uint32_t *value = option == 't'   ? &options->time_wait
				  : option == 'h' ? &options->half_open
				  : option == 'i' ? &options->idle
				  : option == 'r' ? &options->repeats
						  : NULL;

		if (!value)
			return false;
		*value = (uint32_t)strtoul(optarg, NULL, 10);
	}
	return optind == argc && options->time_wait >= 100000 && options->time_wait <= 20000000 &&
	       options->half_open >= 100000 && options->half_open <= 8000000 && options->idle >= 1000 &&
	       options->idle <= 20000000 && options->repeats > 0 && options->repeats <= 100;
}

int main(int argc, char **argv)
{
	struct options options;

	if (!read_options(argc, argv, &options)) {
		fputs("usage: crowds [--time-wait 4000000] [--half-open 4000000] [--idle 2000000] [--repeats 3]\n",
		      stderr);
		return 2;
	}
	printf("{");
	if (!crowds_time_wait(options.time_wait, options.repeats))
		return 1;
	printf(", ");
	if (!crowds_half_open(options.half_open, options.repeats))
		return 1;
	printf(", ");
	if (!crowds_idle(options.idle))
		return 1;
	printf("}\n");
	return 0;
}
