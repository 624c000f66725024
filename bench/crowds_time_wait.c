/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Millions in TIME-WAIT, which all came within a second or over a minute: known, joined by more than there is room for, and
 * expired.  They do so several times over, in virtual time and with the same keys, so that a turn does the same work each
 * time: what it takes is its shortest, since whatever disturbs this machine only makes it longer.
 */
#include <stdio.h>

#include "bench/crowds.h"

#define REFINED        1000 /* retransmitted FINs */
#define EXPIRY_TURN_NS 20000
#define EXPIRES_AT_NS  (CROWDS_START_NS + 60 * CROWDS_SECOND_NS)

/* What one way of expiring showed. */
struct expiry {
	struct crowds_turns turns;
	uint64_t waiting, restarted, recycled, expired;
	size_t resident_bytes; /* that the worker took, with its crowd */
};

/* From the second before the first record is due until none is left: turns follow each other as under load. */
static bool crowd_expires(struct crowds *crowds, struct expiry *expiry)
{
	struct mirror *mirror = &crowds->mirror;
	uint32_t place = 0;

	mirror->now_ns = EXPIRES_AT_NS;
	while (crowds_gauge(crowds, SLUICE_GAUGE_time_wait)) {
		if (mirror->now_ns > 2 * EXPIRES_AT_NS || !crowds_turn_timed(crowds, &expiry->turns, place++))
			return false;
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
		crowds_turn(crowds);
	}
	crowds_drain(crowds);
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
	uint32_t over = crowds->count / CROWDS_OVER_PART;
	size_t resident = crowds_resident_bytes();

	crowds->closes = mirror->closes_too = true;
	crowds->closed_count = 0;
	mirror->now_ns = CROWDS_START_NS;
	if (!mirror_worker_make(mirror))
		return false;
	crowds_come(crowds, 0, crowds->count, span_ns);
	expiry->waiting = crowds_gauge(crowds, SLUICE_GAUGE_time_wait);
	expiry->resident_bytes = crowds_resident_bytes() - resident;
	if (!crowd_is_known(crowds))
		return time_wait_say(crowds, expiry, "some were forgotten");
	expiry->restarted = crowds_counter(crowds, SLUICE_COUNTER_time_wait_restarted);
	crowds->closed_count = 0;
	crowds_come(crowds, crowds->count, crowds->count + over, 0);
	expiry->recycled = crowds_counter(crowds, SLUICE_COUNTER_time_wait_recycled);
	if (crowds_gauge(crowds, SLUICE_GAUGE_time_wait) != crowds->count || !crowd_expires(crowds, expiry))
		return time_wait_say(crowds, expiry, "not all expired");
	expiry->expired = crowds_counter(crowds, SLUICE_COUNTER_time_wait_expired);
	mirror_worker_free(mirror);
	if (expiry->waiting != crowds->count || expiry->expired != crowds->count || expiry->recycled != over ||
	    expiry->restarted != REFINED)
		return time_wait_say(crowds, expiry, "the counts are wrong");
	return true;
}

static bool time_wait_times(struct crowds *crowds, struct expiry *expiry, uint64_t span_ns, uint32_t repeats)
{
	if (!crowds_turns_make(&expiry->turns))
		return false;
	for (uint32_t i = 0; i < repeats; i++)
		if (!time_wait_once(crowds, expiry, span_ns))
			return false;
	return true;
}

bool crowds_time_wait(uint32_t count, uint32_t repeats)
{
	struct crowds crowds = {.count = count};
	struct expiry at_once = {0}, spread = {0};
	double configured, resident;
	size_t one_bytes;

	if (!mirror_open(&crowds.mirror, count + count / CROWDS_OVER_PART))
		return false;
	crowds.mirror.config.connections = CROWDS_SMALL_RECORDS;
	crowds.mirror.config.half_open = CROWDS_SMALL_RECORDS;
	crowds.mirror.config.time_wait = count;
	configured = crowds_each_bytes(&crowds.mirror, &crowds.mirror.config.time_wait, &one_bytes);
	if (!time_wait_times(&crowds, &at_once, 0, repeats) ||
	    !time_wait_times(&crowds, &spread, CROWDS_SPREAD_NS, repeats))
		return false;
	resident = ((double)at_once.resident_bytes - (double)one_bytes) / count;
	printf("\"time_wait_records\": %u, \"time_wait_bytes_each\": %.2f, \"time_wait_configured_bytes_each\": %.2f, "
	       "\"time_wait_resident_bytes_each\": %.2f, ",
	       count, crowds_most(configured, resident), configured, resident);
	printf("\"time_wait_turn_us_max\": %.1f, \"time_wait_turn_us_mean\": %.1f, \"time_wait_turns\": %u, "
	       "\"time_wait_spread_turn_us_max\": %.1f, \"time_wait_disturbed_turn_us_max\": %.1f, ",
	       crowds_most(crowds_turns_highest_us(&at_once.turns), crowds_turns_highest_us(&spread.turns)),
	       crowds_turns_mean_us(&at_once.turns), at_once.turns.count, crowds_turns_highest_us(&spread.turns),
	       crowds_most(at_once.turns.longest_ns, spread.turns.longest_ns) / 1000);
	printf("\"time_wait_recycled\": %llu, \"time_wait_expired\": %llu, \"time_wait_repeats\": %u",
	       (unsigned long long)at_once.recycled, (unsigned long long)at_once.expired, repeats);
	crowds_turns_free(&at_once.turns);
	crowds_turns_free(&spread.turns);
	mirror_close(&crowds.mirror);
	return true;
}
