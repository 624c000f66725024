/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Millions of SYNs whose senders are never heard of again, all within a moment: held, the oldest evicted by as many more as there
 * is no room for, every SYN-ACK repeated, and at last given up.  What its turns take is measured as for TIME-WAIT.
 */
#include <stdio.h>

#include "bench/crowds.h"

#define TURN_NS 20000

static bool half_open_say(const struct crowds *crowds, const char *what)
{
	fprintf(stderr,
		"of %u half-open entries %s: %llu made, %llu evicted, %llu repeated, %llu given up, %llu left\n",
		crowds->count, what, (unsigned long long)crowds_counter(crowds, SLUICE_COUNTER_half_open_created),
		(unsigned long long)crowds_counter(crowds, SLUICE_COUNTER_half_open_evicted),
		(unsigned long long)crowds_counter(crowds, SLUICE_COUNTER_retransmits_syn),
		(unsigned long long)crowds_counter(crowds, SLUICE_COUNTER_half_open_expired),
		(unsigned long long)crowds_gauge(crowds, SLUICE_GAUGE_half_open));
	return false;
}

static void syns_come(struct crowds *crowds, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		mirror_opens(&crowds->mirror, i);
		if (crowds->mirror.in_count >= BURST_PACKETS_MAX)
			crowds_turn(crowds);
	}
	crowds_drain(crowds);
}

/* Nobody answers: turns follow each other as under load until the last entry is given up. */
static bool entries_end(struct crowds *crowds, struct crowds_turns *turns, uint32_t *place)
{
	struct mirror *mirror = &crowds->mirror;

	while (crowds_gauge(crowds, SLUICE_GAUGE_half_open)) {
		uint64_t next_ns = sluice_next_deadline_ns(mirror->worker);

		mirror->now_ns += TURN_NS;
		if (next_ns > mirror->now_ns)
			mirror->now_ns = next_ns;
		if (mirror->now_ns > 2 * CROWDS_START_NS || !crowds_turn_timed(crowds, turns, (*place)++))
			return false;
	}
	return true;
}

/* They come again, and the listener is closed: a few go with the call, the others in turns, and none is repeated. */
static bool listener_closes(struct crowds *crowds, struct crowds_turns *turns, uint32_t place, double *unlisten_us)
{
	uint64_t repeated = crowds_counter(crowds, SLUICE_COUNTER_retransmits_syn), start_ns, took_ns;

	syns_come(crowds, 0, crowds->count);
	start_ns = crowds_clock_ns();
	sluice_unlisten(crowds->mirror.worker, 0);
	took_ns = crowds_clock_ns() - start_ns;
	if (*unlisten_us == 0 || (double)took_ns / 1000 < *unlisten_us)
		*unlisten_us = (double)took_ns / 1000;
	if (!entries_end(crowds, turns, &place) || crowds_counter(crowds, SLUICE_COUNTER_retransmits_syn) != repeated)
		return half_open_say(crowds, "some outlived their listener");
	return true;
}

static bool half_open_once(struct crowds *crowds, struct crowds_turns *turns, size_t *resident, double *unlisten_us)
{
	struct mirror *mirror = &crowds->mirror;
	uint32_t over = crowds->count / CROWDS_OVER_PART;
	size_t before = crowds_resident_bytes();
	uint32_t place = 0;
	bool is_good;

	mirror->is_silent = true;
	mirror->now_ns = CROWDS_START_NS;
	if (!mirror_worker_make(mirror))
		return false;
	syns_come(crowds, 0, crowds->count);
	*resident = crowds_resident_bytes() - before;
	if (crowds_gauge(crowds, SLUICE_GAUGE_half_open) != crowds->count ||
	    crowds_counter(crowds, SLUICE_COUNTER_half_open_evicted))
		return half_open_say(crowds, "some were not held");
	syns_come(crowds, crowds->count, crowds->count + over);
	if (crowds_gauge(crowds, SLUICE_GAUGE_half_open) != crowds->count ||
	    crowds_counter(crowds, SLUICE_COUNTER_half_open_evicted) != over)
		return half_open_say(crowds, "others were evicted than should be");
	if (!entries_end(crowds, turns, &place) ||
	    crowds_counter(crowds, SLUICE_COUNTER_half_open_expired) != crowds->count ||
	    crowds_counter(crowds, SLUICE_COUNTER_retransmits_syn) !=
		    (uint64_t)crowds->count * (HALF_OPEN_ATTEMPTS_MAX - 1))
		return half_open_say(crowds, "not all had their attempts");
	is_good = listener_closes(crowds, turns, place, unlisten_us);
	mirror_worker_free(mirror);
	return is_good;
}

bool crowds_half_open(uint32_t count, uint32_t repeats)
{
	struct crowds crowds = {.count = count / 2 * 2};
	struct mirror *mirror = &crowds.mirror;
	double configured, resident, unlisten_us = 0;
	struct crowds_turns turns;
	size_t one_bytes, resident_bytes = 0;

	if (!mirror_open(mirror, count + count / CROWDS_OVER_PART) || !crowds_turns_make(&turns))
		return false;
	mirror->config.connections = CROWDS_SMALL_RECORDS;
	mirror->config.time_wait = CROWDS_SMALL_RECORDS;
	mirror->config.half_open = crowds.count / 2; /* of each family */
	configured = crowds_each_bytes(mirror, &mirror->config.half_open, &one_bytes) / 2;
	for (uint32_t i = 0; i < repeats; i++)
		if (!half_open_once(&crowds, &turns, &resident_bytes, &unlisten_us))
			return false;
	resident = ((double)resident_bytes - (double)one_bytes) / crowds.count;
	printf("\"half_open_entries\": %u, \"half_open_bytes_each\": %.2f, \"half_open_turn_us_max\": %.1f, "
	       "\"half_open_turn_us_mean\": %.1f, \"half_open_turns\": %u, \"half_open_disturbed_turn_us_max\": %.1f, "
	       "\"half_open_evicted\": %u, \"half_open_unlisten_us\": %.1f",
	       crowds.count, crowds_most(configured, resident), crowds_turns_highest_us(&turns),
	       crowds_turns_mean_us(&turns), turns.count, turns.longest_ns / 1000.0, crowds.count / CROWDS_OVER_PART,
	       unlisten_us);
	crowds_turns_free(&turns);
	mirror_close(mirror);
	return true;
}
