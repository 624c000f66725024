/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The results of all workers as one: what the lines of progress, the final table and the report are made from.
 */
#pragma once

#include "app/common/histogram.h"
#include "app/load/load_run.h"

struct load_summary {
	enum load_phase phase;     /* of the worker that is furthest behind */
	double seconds;            /* since the first turn, the longest */
	struct load_counts total;  /* since the start */
	struct load_counts window; /* in the measured window, as far as it has come */
	double window_seconds;     /* the longest of the workers' windows */
	double connections_per_second,
		requests_per_second; /* in the window: successes only, each by its worker's clock */
};

/* Any thread. */
void load_summary_make(struct load_summary *summary, const struct load_run *run);

/* Counters of one side's workers in their windows, added up.  After the run. */
struct sluice_statistics load_summary_statistics(const struct load_run *run, bool of_servers);

/* All loads' times, merged.  Any thread. */
void load_summary_histogram(const struct load_run *run, enum load_time time, struct histogram *histogram);

/* The rate that the mode is about. */
double load_summary_figure(const struct load_summary *summary, enum load_mode mode);

/* Whether anything ended otherwise than it should, or than the end of the run explains. */
bool load_summary_has_failures(const struct load_summary *summary);

/* later - earlier, count by count. */
struct load_counts load_summary_since(const struct load_counts *later, const struct load_counts *earlier);
