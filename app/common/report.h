/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of a program's JSON report that every program shares: machine, worker counters, percentiles.  Called on the
 * reporting thread or after the run, never on a worker.
 */
#pragma once

#include <jansson.h>

#include "app/common/histogram.h"
#include "lib/sluice.h"

/* {"cpu": model, "cores": online, "kernel": release}. */
json_t *report_machine(void);

/*
 * {"busy_fraction": …, "counters": {name: n, …}, "gauges": {…}}; with `since`, counters and cycles of the time between.
 */
json_t *report_statistics(const struct sluice_statistics *statistics, const struct sluice_statistics *since);

/* {"count": n, "min": …, "mean": …, "p50": …, "p90": …, "p99": …, "p99.9": …, "p99.99": …, "max": …}, in ns. */
json_t *report_percentiles(const struct histogram *histogram);

/* Share of cycles spent in turns that found work, 0…1; 0 when cycles are not counted. */
double report_busy_fraction(const struct sluice_statistics *statistics, const struct sluice_statistics *since);

/* What is counted in `later` beyond `earlier`; gauges are those of `later`. */
struct sluice_statistics report_since(const struct sluice_statistics *later, const struct sluice_statistics *earlier);

/* Before a run, whose figures should not be lost at its end: report_write()'s result, had there been something to write. */
int report_check(const char *path);

/*
 * Writes `root` to `path` ("-": stdout), whole or not at all, and lets go of it.  0, or a negative errno after saying
 * on stderr what failed.
 */
int report_write(json_t *root, const char *path);
