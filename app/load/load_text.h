/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What people read: a line for every interval, and the tables at the end.
 */
#pragma once

#include <stdio.h>

#include "app/load/load_summary.h"

/* The last line's counts, from which the next one's rates follow. */
struct load_text {
	const struct load_run *run;
	FILE *file;
	FILE *histogram_log; /* NULL: none */
	double last_seconds;
	struct load_counts last;
	struct histogram times, last_times, interval_times; /* of requests */
};

/* One line.  Called on the reporting thread. */
void load_text_line(struct load_text *text);

/* "server", "load" or "neither": the side whose turns were busier; only in the loopback are both known. */
const char *load_text_busier(const struct load_run *run);

/* The tables. */
void load_text_final(const struct load_run *run, FILE *file);
