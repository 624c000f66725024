/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crowds at one worker: millions of connections in TIME-WAIT, and how long the turns are in which they expire; millions that are
 * open and idle, and then used.  What each costs in memory is stated twice, by the library's own sum and by the process's
 * resident pages.
 *
 * A crowd expires several times over, in virtual time and with the same keys, so that a turn does the same work each time:
 * what it takes is its shortest, since whatever disturbs this machine only makes it longer.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/mirror.h"

#define SECOND_NS      1000000000ULL
#define START_NS       (1000 * SECOND_NS)
#define SPREAD_S       50 /* over which the crowd comes that is not to expire at once */
#define OPENING_MAX    256
#define TURNS_MAX      (1U << 20)
#define REFINED        1000 /* retransmitted FINs */
#define EXPIRY_TURN_NS 20000
#define IDLE_S         600
#define SMALL_RECORDS  4096
#define OVER_PART      64 /* one in so many more than there is room for */
#define EXPIRES_AT_NS  (START_NS + 60 * SECOND_NS)

static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";

struct crowds {
	struct mirror mirror;
	uint32_t count;
	bool closes;                       /* the server, after its answer */
	uint64_t closed_count, used_count; /* events */
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static size_t resident_bytes(void)
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

static uint64_t gauge(const struct crowds *crowds, enum sluice_gauge number)
{
	struct sluice_statistics statistics;

	sluice_statistics(crowds->mirror.worker, &statistics);
	return statistics.gauge[number];
}

static uint64_t counter(const struct crowds *crowds, enum sluice_counter number)
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

static void turn(struct crowds *crowds)
{
	uint32_t count;
	const struct sluice_event *event = sluice_poll(crowds->mirror.worker, &count);

	for (uint32_t i = 0; i < count; i++)
		handle(crowds, &event[i]);
	sluice_flush(crowds->mirror.worker);
}

static void drain(struct crowds *crowds)
{
	do
		turn(crowds);
	while (crowds->mirror.in_count);
}

/* Each client opens a connection and makes its request, `OPENING_MAX` of them at a time; they come evenly over `span_ns`. */
static void crowd_comes(struct crowds *crowds, uint32_t first, uint32_t end, uint64_t span_ns)
{
	struct mirror *mirror = &crowds->mirror;
	uint64_t start_ns = mirror->now_ns;

	for (uint32_t i = first; i < end; i++) {
		while (i - first >= OPENING_MAX + (crowds->closes ? crowds->closed_count : mirror->answered_count) ||
		       mirror_room(mirror) < BURST_PACKETS_MAX)
			turn(crowds);
		mirror->now_ns = start_ns + (uint64_t)((double)span_ns * (i - first) / (end - first));
		mirror_opens(mirror, i);
		if (mirror->in_count >= BURST_PACKETS_MAX)
			turn(crowds);
	}
	drain(crowds);
}

/* ---- TIME-WAIT ----------------------------------------------------------------------------------------- */

/* What one way of expiring showed. */
struct expiry {
	uint32_t *turn_ns; /* TURNS_MAX: each turn's shortest so far */
	uint32_t turns;
	uint32_t longest_ns; /* of all runs, disturbed ones too */
	uint64_t waiting, restarted, recycled, expired;
	size_t resident_bytes; /* that the worker took, with its crowd */
};

static void time_turn(struct crowds *crowds, struct expiry *expiry, uint32_t place)
{
	uint64_t start_ns = clock_ns();
	uint32_t took_ns;

	turn(crowds);
	took_ns = (uint32_t)(clock_ns() - start_ns);
	if (took_ns > expiry->longest_ns)
		expiry->longest_ns = took_ns;
	if (place >= expiry->turns)
		expiry->turn_ns[expiry->turns++] = took_ns;
	else if (took_ns < expiry->turn_ns[place])
		expiry->turn_ns[place] = took_ns;
}

/* From the second before the first record is due until none is left: turns follow each other as under load. */
static bool crowd_expires(struct crowds *crowds, struct expiry *expiry)
{
	struct mirror *mirror = &crowds->mirror;
	uint32_t place = 0;

	mirror->now_ns = EXPIRES_AT_NS;
	while (gauge(crowds, SLUICE_GAUGE_time_wait)) {
		if (place == TURNS_MAX || mirror->now_ns > 2 * EXPIRES_AT_NS)
			return false;
		time_turn(crowds, expiry, place++);
		mirror->now_ns += EXPIRY_TURN_NS;
		if (sluice_next_deadline_ns(mirror->worker) > mirror->now_ns &&
		    sluice_next_deadline_ns(mirror->worker) != UINT64_MAX)
			mirror->now_ns = sluice_next_deadline_ns(mirror->worker);
	}
	return true;
}

/* Some of the crowd repeat their FIN, and each is answered: they are all still known. */
static bool crowd_is_known(struct crowds *crowds)
{
	struct mirror *mirror = &crowds->mirror;
	uint64_t acked = mirror->acked_count;

	for (uint32_t i = 0; i < REFINED; i++) {
		mirror_closes_again(mirror, (uint32_t)((uint64_t)crowds->count * i / REFINED));
		turn(crowds);
	}
	drain(crowds);
	return mirror->acked_count - acked == REFINED && mirror->reset_count == 0;
}

static bool time_wait_say(const struct crowds *crowds, const struct expiry *expiry, const char *what)
{
	fprintf(stderr, "of %u connections %s: %llu waited, %llu were restarted, %llu recycled, %llu expired\n",
		crowds->count, what, (unsigned long long)expiry->waiting, (unsigned long long)expiry->restarted,
		(unsigned long long)expiry->recycled, (unsigned long long)expiry->expired);
	return false;
}

/* A crowd comes, is known, is joined by more than there is room for, and expires. */
static bool time_wait_once(struct crowds *crowds, struct expiry *expiry, uint64_t span_ns)
{
	struct mirror *mirror = &crowds->mirror;
	uint32_t over = crowds->count / OVER_PART;
	size_t resident = resident_bytes();

	crowds->closes = mirror->closes_too = true;
	crowds->closed_count = 0;
	mirror->now_ns = START_NS;
	if (!mirror_worker_make(mirror))
		return false;
	crowd_comes(crowds, 0, crowds->count, span_ns);
	expiry->waiting = gauge(crowds, SLUICE_GAUGE_time_wait);
	expiry->resident_bytes = resident_bytes() - resident;
	if (!crowd_is_known(crowds))
		return time_wait_say(crowds, expiry, "some were forgotten");
	expiry->restarted = counter(crowds, SLUICE_COUNTER_time_wait_restarted);
	crowds->closed_count = 0;
	crowd_comes(crowds, crowds->count, crowds->count + over, 0);
	expiry->recycled = counter(crowds, SLUICE_COUNTER_time_wait_recycled);
	if (gauge(crowds, SLUICE_GAUGE_time_wait) != crowds->count || !crowd_expires(crowds, expiry))
		return time_wait_say(crowds, expiry, "not all expired");
	expiry->expired = counter(crowds, SLUICE_COUNTER_time_wait_expired);
	mirror_worker_free(mirror);
	if (expiry->waiting != crowds->count || expiry->expired != crowds->count || expiry->recycled != over ||
	    expiry->restarted != REFINED)
		return time_wait_say(crowds, expiry, "the counts are wrong");
	return true;
}

static bool time_wait_times(struct crowds *crowds, struct expiry *expiry, uint64_t span_ns, uint32_t repeats)
{
	expiry->turn_ns = calloc(TURNS_MAX, sizeof(*expiry->turn_ns));
	for (uint32_t i = 0; i < repeats; i++)
		if (!expiry->turn_ns || !time_wait_once(crowds, expiry, span_ns))
			return false;
	return true;
}

static uint32_t turn_highest_ns(const struct expiry *expiry)
{
	uint32_t highest_ns = 0;

	for (uint32_t i = 0; i < expiry->turns; i++)
		if (expiry->turn_ns[i] > highest_ns)
			highest_ns = expiry->turn_ns[i];
	return highest_ns;
}

static double turn_mean_us(const struct expiry *expiry)
{
	uint64_t sum_ns = 0;

	for (uint32_t i = 0; i < expiry->turns; i++)
		sum_ns += expiry->turn_ns[i];
	return (double)sum_ns / expiry->turns / 1000;
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

/* What one of `count` records takes, by sums of the library: with all of them, and with one. */
static double each_bytes(struct mirror *mirror, uint32_t *records, size_t *one_bytes)
{
	uint32_t count = *records;
	size_t all_bytes = mirror_worker_bytes(mirror);

	*records = 1;
	*one_bytes = mirror_worker_bytes(mirror);
	*records = count;
	return (double)(all_bytes - *one_bytes) / (count - 1);
}

static bool measure_time_wait(uint32_t count, uint32_t repeats)
{
	struct crowds crowds = {.count = count};
	struct expiry at_once = {0}, spread = {0};
	double configured, resident;
	size_t one_bytes;

	if (!mirror_open(&crowds.mirror, count + count / OVER_PART))
		return false;
	crowds.mirror.config.connections = SMALL_RECORDS;
	crowds.mirror.config.half_open = SMALL_RECORDS;
	crowds.mirror.config.time_wait = count;
	configured = each_bytes(&crowds.mirror, &crowds.mirror.config.time_wait, &one_bytes);
	if (!time_wait_times(&crowds, &at_once, 0, repeats) ||
	    !time_wait_times(&crowds, &spread, SPREAD_S * SECOND_NS, repeats))
		return false;
	resident = ((double)at_once.resident_bytes - (double)one_bytes) / count;
	printf("\"time_wait_records\": %u, \"time_wait_bytes_each\": %.2f, \"time_wait_configured_bytes_each\": %.2f, "
	       "\"time_wait_resident_bytes_each\": %.2f, ",
	       count, most(configured, resident), configured, resident);
	printf("\"time_wait_turn_us_max\": %.1f, \"time_wait_turn_us_mean\": %.1f, \"time_wait_turns\": %u, "
	       "\"time_wait_spread_turn_us_max\": %.1f, \"time_wait_disturbed_turn_us_max\": %.1f, ",
	       most(turn_highest_ns(&at_once), turn_highest_ns(&spread)) / 1000, turn_mean_us(&at_once), at_once.turns,
	       turn_highest_ns(&spread) / 1000.0, most(at_once.longest_ns, spread.longest_ns) / 1000);
	printf("\"time_wait_recycled\": %llu, \"time_wait_expired\": %llu, \"time_wait_repeats\": %u",
	       (unsigned long long)at_once.recycled, (unsigned long long)at_once.expired, repeats);
	free(at_once.turn_ns);
	free(spread.turn_ns);
	mirror_close(&crowds.mirror);
	return true;
}

/* ---- Idle connections ---------------------------------------------------------------------------------- */

/* Nobody says anything for ten minutes; whatever is due is done. */
static void crowd_idles(struct crowds *crowds)
{
	struct mirror *mirror = &crowds->mirror;
	uint64_t end_ns = mirror->now_ns + IDLE_S * SECOND_NS;

	while (mirror->now_ns < end_ns) {
		uint64_t next_ns = sluice_next_deadline_ns(mirror->worker);

		if (next_ns > mirror->now_ns)
			mirror->now_ns = next_ns < end_ns ? next_ns : end_ns;
		turn(crowds);
	}
}

/* Everybody asks once, and has an answer; returns the cycles' worth of ns that a request took, clients and all. */
static double crowd_is_used(struct crowds *crowds)
{
	struct mirror *mirror = &crowds->mirror;
	uint64_t start_ns = clock_ns();

	for (uint32_t i = 0; i < crowds->count; i++) {
		mirror_asks(mirror, i);
		if (mirror->in_count >= BURST_PACKETS_MAX)
			turn(crowds);
	}
	drain(crowds);
	return (double)(clock_ns() - start_ns) / crowds->count;
}

static uint64_t pooled(const struct crowds *crowds)
{
	return gauge(crowds, SLUICE_GAUGE_packets_held) + gauge(crowds, SLUICE_GAUGE_send_chunks_used) +
	       gauge(crowds, SLUICE_GAUGE_descriptors_used) + gauge(crowds, SLUICE_GAUGE_paths_used);
}

static bool idle_once(struct crowds *crowds, size_t one_bytes, double configured)
{
	struct mirror *mirror = &crowds->mirror;
	size_t before = resident_bytes();
	uint64_t held, pools;
	double resident, use_ns;

	mirror->now_ns = START_NS;
	if (!mirror_worker_make(mirror))
		return false;
	crowd_comes(crowds, 0, crowds->count, SPREAD_S * SECOND_NS);
	crowd_idles(crowds);
	held = gauge(crowds, SLUICE_GAUGE_connections);
	pools = pooled(crowds);
	resident = ((double)(resident_bytes() - before) - (double)one_bytes) / crowds->count;
	crowds->used_count = mirror->answered_count = 0;
	use_ns = crowd_is_used(crowds);
	printf("\"idle_connections\": %llu, \"idle_bytes_each\": %.2f, \"idle_configured_bytes_each\": %.2f, "
	       "\"idle_resident_bytes_each\": %.2f, \"idle_pooled_records\": %llu, \"idle_used\": %llu, "
	       "\"idle_use_ns\": %.0f",
	       (unsigned long long)held, most(configured, resident), configured, resident, (unsigned long long)pools,
	       (unsigned long long)mirror->answered_count, use_ns);
	if (held == crowds->count && crowds->used_count == crowds->count && mirror->answered_count == crowds->count &&
	    mirror->reset_count == 0 && crowds->closed_count == 0) {
		mirror_worker_free(mirror);
		return true;
	}
	fprintf(stderr, "of %u connections %llu were held, %llu asked, %llu were answered, %llu closed\n",
		crowds->count, (unsigned long long)held, (unsigned long long)crowds->used_count,
		(unsigned long long)mirror->answered_count, (unsigned long long)crowds->closed_count);
	return false;
}

static bool measure_idle(uint32_t count)
{
	struct crowds crowds = {.count = count};
	size_t one_bytes;
	double configured;
	bool is_good;

	if (!mirror_open(&crowds.mirror, count))
		return false;
	crowds.mirror.config.connections = count;
	crowds.mirror.config.half_open = SMALL_RECORDS;
	crowds.mirror.config.time_wait = SMALL_RECORDS;
	configured = each_bytes(&crowds.mirror, &crowds.mirror.config.connections, &one_bytes);
	is_good = idle_once(&crowds, one_bytes, configured);
	mirror_close(&crowds.mirror);
	return is_good;
}

/* ---- The program --------------------------------------------------------------------------------------- */

static bool read_options(int argc, char **argv, uint32_t *time_wait, uint32_t *idle, uint32_t *repeats)
{
	static const struct option known[] = {
		{"time-wait", required_argument, NULL, 't'},
		{"idle", required_argument, NULL, 'i'},
		{"repeats", required_argument, NULL, 'r'},
		{0},
	};
	int option;

	*time_wait = 4000000;
	*idle = 2000000;
	*repeats = 3;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		uint32_t *value = option == 't' ? time_wait : option == 'i' ? idle : option == 'r' ? repeats : NULL;

		if (!value)
			return false;
		*value = (uint32_t)strtoul(optarg, NULL, 10);
	}
	return optind == argc && *time_wait >= 100000 && *time_wait <= 20000000 && *idle >= 1000 && *idle <= 20000000 &&
	       *repeats > 0 && *repeats <= 100;
}

int main(int argc, char **argv)
{
	uint32_t time_wait, idle, repeats;

	if (!read_options(argc, argv, &time_wait, &idle, &repeats)) {
		fputs("usage: crowds [--time-wait 4000000] [--idle 2000000] [--repeats 3]\n", stderr);
		return 2;
	}
	printf("{");
	if (!measure_time_wait(time_wait, repeats))
		return 1;
	printf(", ");
	if (!measure_idle(idle))
		return 1;
	printf("}\n");
	return 0;
}
