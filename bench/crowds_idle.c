/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Millions of connections that are open and say nothing for long; then each is used.
 */
#include <stdio.h>

#include "bench/crowds.h"

#define IDLE_S 600

/* Nobody says anything for ten minutes; whatever is due is done. */
static void crowd_idles(struct crowds *crowds)
{
	struct mirror *mirror = &crowds->mirror;
	uint64_t end_ns = mirror->now_ns + IDLE_S * CROWDS_SECOND_NS;

	while (mirror->now_ns < end_ns) {
		uint64_t next_ns = sluice_next_deadline_ns(mirror->worker);

		if (next_ns > mirror->now_ns)
			mirror->now_ns = next_ns < end_ns ? next_ns : end_ns;
		crowds_turn(crowds);
	}
}

/* Everybody asks once, and has an answer; returns the cycles' worth of ns that a request took, clients and all. */
static double crowd_is_used(struct crowds *crowds)
{
	struct mirror *mirror = &crowds->mirror;
	uint64_t start_ns = crowds_clock_ns();

	for (uint32_t i = 0; i < crowds->count; i++) {
		mirror_asks(mirror, i);
		if (mirror->in_count >= BURST_PACKETS_MAX)
			crowds_turn(crowds);
	}
	crowds_drain(crowds);
	return (double)(crowds_clock_ns() - start_ns) / crowds->count;
}

static uint64_t pooled(const struct crowds *crowds)
{
	return crowds_gauge(crowds, SLUICE_GAUGE_packets_held) + crowds_gauge(crowds, SLUICE_GAUGE_send_chunks_used) +
	       crowds_gauge(crowds, SLUICE_GAUGE_descriptors_used) + crowds_gauge(crowds, SLUICE_GAUGE_paths_used);
}

static bool idle_once(struct crowds *crowds, size_t one_bytes, double configured)
{
	struct mirror *mirror = &crowds->mirror;
	size_t before = crowds_resident_bytes();
	uint64_t held, pools;
	double resident, use_ns;

	mirror->now_ns = CROWDS_START_NS;
	if (!mirror_worker_make(mirror))
		return false;
	crowds_come(crowds, 0, crowds->count, CROWDS_SPREAD_NS);
	crowd_idles(crowds);
	held = crowds_gauge(crowds, SLUICE_GAUGE_connections);
	pools = pooled(crowds);
	resident = ((double)(crowds_resident_bytes() - before) - (double)one_bytes) / crowds->count;
	crowds->used_count = mirror->answered_count = 0;
	use_ns = crowd_is_used(crowds);
	printf("\"idle_connections\": %llu, \"idle_bytes_each\": %.2f, \"idle_configured_bytes_each\": %.2f, "
	       "\"idle_resident_bytes_each\": %.2f, \"idle_pooled_records\": %llu, \"idle_used\": %llu, "
	       "\"idle_use_ns\": %.0f",
	       (unsigned long long)held, crowds_most(configured, resident), configured, resident,
	       (unsigned long long)pools, (unsigned long long)mirror->answered_count, use_ns);
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

bool crowds_idle(uint32_t count)
{
	struct crowds crowds = {.count = count};
	size_t one_bytes;
	double configured;
	bool is_good;

	if (!mirror_open(&crowds.mirror, count))
		return false;
	crowds.mirror.config.connections = count;
	crowds.mirror.config.half_open = CROWDS_SMALL_RECORDS;
	crowds.mirror.config.time_wait = CROWDS_SMALL_RECORDS;
	configured = crowds_each_bytes(&crowds.mirror, &crowds.mirror.config.connections, &one_bytes);
	is_good = idle_once(&crowds, one_bytes, configured);
	mirror_close(&crowds.mirror);
	return is_good;
}
