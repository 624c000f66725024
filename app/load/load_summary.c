/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adding up.  Every struct of counts is nothing but 64-bit counters, so that sums and differences are loops.
 */
#include "app/load/load_summary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1e9

static_assert(sizeof(struct load_counts) % sizeof(uint64_t) == 0, "only counters");

static void counts_add(struct load_counts *to, const struct load_counts *from, bool is_negative)
{
	const uint64_t *source = (const uint64_t *)from;
	uint64_t *target = (uint64_t *)to;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*target); i++)
		target[i] += is_negative ? -source[i] : source[i];
}

struct load_counts load_summary_since(const struct load_counts *later, const struct load_counts *earlier)
{
	struct load_counts out = *later;

	counts_add(&out, earlier, true);
	return out;
}

static void statistics_add(struct sluice_statistics *to, const struct load_worker *worker)
{
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		to->counter[i] += worker->end.counter[i] - worker->begin.counter[i];
	for (uint32_t i = 0; i < SLUICE_GAUGE_COUNT; i++)
		to->gauge[i] += worker->end.gauge[i];
	to->busy_cycles += worker->end.busy_cycles - worker->begin.busy_cycles;
	to->total_cycles += worker->end.total_cycles - worker->begin.total_cycles;
}

static void results_add(struct load_summary *summary, const struct load_results *results)
{
	const struct load_counts *end = results->end_ns ? &results->end : &results->total;
	uint64_t end_ns = results->end_ns ? results->end_ns : results->now_ns;
	struct load_counts window;
	double seconds;

	if (results->phase < summary->phase)
		summary->phase = results->phase;
	seconds = (double)(results->now_ns - results->start_ns) / SECOND_NS;
	summary->seconds = seconds > summary->seconds ? seconds : summary->seconds;
	counts_add(&summary->total, &results->total, false);
	if (!results->begin_ns || end_ns <= results->begin_ns)
		return;
	window = load_summary_since(end, &results->begin);
	counts_add(&summary->window, &window, false);
	seconds = (double)(end_ns - results->begin_ns) / SECOND_NS;
	summary->window_seconds = seconds > summary->window_seconds ? seconds : summary->window_seconds;
	summary->connections_per_second += (double)window.connections.outcome[LOAD_OUTCOME_SUCCESS] / seconds;
	summary->requests_per_second += (double)window.requests.outcome[LOAD_OUTCOME_SUCCESS] / seconds;
}

static const struct load *load_of(const struct load_worker *worker)
{
	return __atomic_load_n(&worker->load, __ATOMIC_ACQUIRE);
}

void load_summary_make(struct load_summary *summary, const struct load_run *run)
{
	struct load_results results;

	memset(summary, 0, sizeof(*summary));
	summary->phase = LOAD_PHASE_FINISHED;
	for (uint32_t i = 0; i < run->worker_count; i++) {
		const struct load_worker *worker = &run->worker[i];

		if (worker->is_server || !load_of(worker))
			continue;
		load_results(load_of(worker), &results);
		results_add(summary, &results);
	}
}

struct sluice_statistics load_summary_statistics(const struct load_run *run, bool of_servers)
{
	struct sluice_statistics out = {0};

	for (uint32_t i = 0; i < run->worker_count; i++) {
		if (run->worker[i].is_server == of_servers)
			statistics_add(&out, &run->worker[i]);
	}
	return out;
}

void load_summary_histogram(const struct load_run *run, enum load_time time, struct histogram *histogram)
{
	struct histogram *copy = malloc(sizeof(*copy));

	histogram_reset(histogram);
	for (uint32_t i = 0; i < run->worker_count && copy; i++) {
		if (!load_of(&run->worker[i]))
			continue;
		histogram_copy(copy, load_histogram(load_of(&run->worker[i]), time));
		histogram_merge(histogram, copy);
	}
	free(copy);
}

double load_summary_figure(const struct load_summary *summary, enum load_mode mode)
{
	return mode == LOAD_MODE_CPS ? summary->connections_per_second : summary->requests_per_second;
}

static bool ledger_has_failures(const struct load_ledger *ledger)
{
	uint64_t fine = ledger->outcome[LOAD_OUTCOME_SUCCESS] + ledger->outcome[LOAD_OUTCOME_STOPPED];

	return ledger->attempted != fine;
}

bool load_summary_has_failures(const struct load_summary *summary)
{
	return ledger_has_failures(&summary->total.connections) || ledger_has_failures(&summary->total.requests);
}
