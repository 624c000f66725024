/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines and tables.
 */
#include "app/load/load_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/common/histogram_log.h"
#include "app/common/report.h"
#include "app/common/sheet.h"

#define BUSIER_MARGIN 0.02 /* shares closer than this are called equal */

static const char *const phase_names[] = {
	[LOAD_PHASE_RAMP] = "ramp",   [LOAD_PHASE_WARM_UP] = "warm-up",   [LOAD_PHASE_MEASURE] = "measure",
	[LOAD_PHASE_DRAIN] = "drain", [LOAD_PHASE_FINISHED] = "finished",
};

static uint64_t failures(const struct load_ledger *ledger)
{
	return ledger->attempted - ledger->in_progress - ledger->outcome[LOAD_OUTCOME_SUCCESS] -
	       ledger->outcome[LOAD_OUTCOME_STOPPED];
}

void load_text_line(struct load_text *text)
{
	struct load_summary summary;
	struct load_counts since;
	char connections[SHEET_NUMBER_BYTES], requests[SHEET_NUMBER_BYTES], half[SHEET_NUMBER_BYTES],
		most[SHEET_NUMBER_BYTES];
	double seconds;

	load_summary_make(&summary, text->run);
	seconds = summary.seconds - text->last_seconds;
	if (seconds <= 0)
		return;
	since = load_summary_since(&summary.total, &text->last);
	load_summary_histogram(text->run, LOAD_TIME_REQUEST, &text->times);
	histogram_difference(&text->interval_times, &text->times, &text->last_times);
	fprintf(text->file,
		"%7.1f s  %-8s %11s conn/s %11s req/s  p50 %8s  p99 %8s  open %" PRIu64 "  failed %" PRIu64 "\n",
		summary.seconds, phase_names[summary.phase],
		sheet_count((uint64_t)((double)since.connections.outcome[LOAD_OUTCOME_SUCCESS] / seconds), connections),
		sheet_count((uint64_t)((double)since.requests.outcome[LOAD_OUTCOME_SUCCESS] / seconds), requests),
		sheet_time((double)histogram_percentile_ns(&text->interval_times, 50), half),
		sheet_time((double)histogram_percentile_ns(&text->interval_times, 99), most),
		summary.total.connections.in_progress, failures(&since.connections) + failures(&since.requests));
	fflush(text->file);
	if (text->histogram_log)
		histogram_log_write(text->histogram_log, NULL, text->last_seconds, seconds, &text->interval_times);
	text->last_seconds = summary.seconds;
	text->last = summary.total;
	text->last_times = text->times;
}

static void times_print(const struct load_run *run, FILE *file)
{
	static const double percents[] = {50, 90, 99, 99.9, 99.99};
	struct histogram *histogram = malloc(sizeof(*histogram));
	struct sheet *sheet = malloc(sizeof(*sheet));
	char text[SHEET_NUMBER_BYTES];

	if (!histogram || !sheet)
		goto out;
	sheet_begin(sheet, "time|count|mean|p50|p90|p99|p99.9|p99.99|max");
	for (uint32_t time = 0; time < LOAD_TIME_COUNT; time++) {
		load_summary_histogram(run, (enum load_time)time, histogram);
		sheet_row(sheet);
		sheet_cell(sheet, "%s", load_time_key((enum load_time)time));
		sheet_cell(sheet, "%s", sheet_count(histogram_total(histogram), text));
		sheet_cell(sheet, "%s", sheet_time(histogram_mean_ns(histogram), text));
		for (uint32_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
			sheet_cell(sheet, "%s",
				   sheet_time((double)histogram_percentile_ns(histogram, percents[i]), text));
		sheet_cell(sheet, "%s", sheet_time((double)histogram_max_ns(histogram), text));
	}
	sheet_print(sheet, file);
out:
	free(sheet);
	free(histogram);
}

/* Attempts of the whole run by how they ended: the rows add up to the first. */
static void outcomes_print(const struct load_counts *counts, FILE *file)
{
	struct sheet *sheet = malloc(sizeof(*sheet));
	char text[SHEET_NUMBER_BYTES];

	if (!sheet)
		return;
	sheet_begin(sheet, "outcome, whole run|connections|requests");
	sheet_row(sheet);
	sheet_cell(sheet, "attempted");
	sheet_cell(sheet, "%s", sheet_count(counts->connections.attempted, text));
	sheet_cell(sheet, "%s", sheet_count(counts->requests.attempted, text));
	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++) {
		if (i != LOAD_OUTCOME_SUCCESS && !counts->connections.outcome[i] && !counts->requests.outcome[i])
			continue;
		sheet_row(sheet);
		sheet_cell(sheet, "%s", load_outcome_text((enum load_outcome)i));
		sheet_cell(sheet, "%s", sheet_count(counts->connections.outcome[i], text));
		sheet_cell(sheet, "%s", sheet_count(counts->requests.outcome[i], text));
	}
	if (counts->connections.in_progress || counts->requests.in_progress) {
		sheet_row(sheet);
		sheet_cell(sheet, "never ended");
		sheet_cell(sheet, "%s", sheet_count(counts->connections.in_progress, text));
		sheet_cell(sheet, "%s", sheet_count(counts->requests.in_progress, text));
	}
	sheet_print(sheet, file);
	free(sheet);
}

/* What a user can do about an outcome that is about how the run was set up. */
static const char *const remedies[LOAD_OUTCOME_COUNT] = {
	[LOAD_OUTCOME_REFUSED] = "does anything listen on that port of --target?",
	[LOAD_OUTCOME_UNREACHABLE] =
		"--target must be in the network of an --address, or reached by a --gateway, and the "
		"wire's other end up",
	[LOAD_OUTCOME_NO_LOCAL_PORT] = "give more source addresses (--address, or --loopback-addresses), or lower "
				       "--time-wait",
	[LOAD_OUTCOME_NO_MEMORY] = "raise --connections, or lower --concurrency",
};

static void remedies_print(const struct load_counts *counts, FILE *file)
{
	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++) {
		if (remedies[i] && counts->connections.outcome[i])
			fprintf(file, "\n  %s: %s\n", load_outcome_text((enum load_outcome)i), remedies[i]);
	}
}

static uint64_t drops_of(const struct sluice_statistics *statistics)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < SLUICE_DROP_COUNT; i++)
		sum += statistics->counter[i];
	return sum;
}

static void workers_print(const struct load_run *run, FILE *file)
{
	struct sheet *sheet = malloc(sizeof(*sheet));
	char text[SHEET_NUMBER_BYTES];

	if (!sheet)
		return;
	sheet_begin(sheet, "worker|job|busy|packets in|packets out|dropped|retransmitted|TIME-WAIT recycled");
	for (uint32_t i = 0; i < run->worker_count; i++) {
		const struct load_worker *worker = &run->worker[i];
		struct sluice_statistics span = report_since(&worker->end, &worker->begin);

		sheet_row(sheet);
		sheet_cell(sheet, "%u", i);
		sheet_cell(sheet, "%s", worker->is_server ? "server" : "load");
		sheet_cell(sheet, "%.1f %%", 100 * report_busy_fraction(&span, NULL));
		sheet_cell(sheet, "%s", sheet_count(span.counter[SLUICE_COUNTER_packets_received], text));
		sheet_cell(sheet, "%s", sheet_count(span.counter[SLUICE_COUNTER_packets_sent], text));
		sheet_cell(sheet, "%s", sheet_count(drops_of(&span), text));
		sheet_cell(sheet, "%s",
			   sheet_count(span.counter[SLUICE_COUNTER_retransmits_timeout] +
					       span.counter[SLUICE_COUNTER_retransmits_fast] +
					       span.counter[SLUICE_COUNTER_retransmits_syn],
				       text));
		sheet_cell(sheet, "%s", sheet_count(span.counter[SLUICE_COUNTER_time_wait_recycled], text));
	}
	sheet_print(sheet, file);
	free(sheet);
}

const char *load_text_busier(const struct load_run *run)
{
	struct sluice_statistics loads = load_summary_statistics(run, false);
	struct sluice_statistics servers = load_summary_statistics(run, true);
	double load = report_busy_fraction(&loads, NULL), server = report_busy_fraction(&servers, NULL);

	if (server > load + BUSIER_MARGIN)
		return "server";
	return load > server + BUSIER_MARGIN ? "load" : "neither";
}

static void busier_print(const struct load_run *run, FILE *file)
{
	const char *busier = load_text_busier(run);

	if (!run->program->is_loopback)
		return;
	if (!strcmp(busier, "server"))
		fputs("\nThe server was the busier side: the figure is its own.\n", file);
	else if (!strcmp(busier, "load"))
		fputs("\nThe generator was the busier side: the server could do more than the figure says.\n", file);
	else
		fputs("\nServer and generator were equally busy.\n", file);
}

void load_text_final(const struct load_run *run, FILE *file)
{
	bool is_cps = run->program->load.mode == LOAD_MODE_CPS;
	struct sluice_statistics loads = load_summary_statistics(run, false);
	struct load_summary summary;
	char text[SHEET_NUMBER_BYTES];
	uint64_t done;

	load_summary_make(&summary, run);
	done = is_cps ? summary.window.connections.outcome[LOAD_OUTCOME_SUCCESS]
		      : summary.window.requests.outcome[LOAD_OUTCOME_SUCCESS];
	fprintf(file, "\n  %s %s per second, measured over %.2f s",
		sheet_count((uint64_t)load_summary_figure(&summary, run->program->load.mode), text),
		is_cps ? "connections" : "requests", summary.window_seconds);
	if (done)
		fprintf(file, "; %.2f packets sent and %.2f received for each",
			(double)loads.counter[SLUICE_COUNTER_packets_sent] / (double)done,
			(double)loads.counter[SLUICE_COUNTER_packets_received] / (double)done);
	fputs("\n\n", file);
	times_print(run, file);
	fputc('\n', file);
	outcomes_print(&summary.total, file);
	remedies_print(&summary.total, file);
	fputc('\n', file);
	workers_print(run, file);
	busier_print(run, file);
}
