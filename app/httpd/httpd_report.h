/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the reporting thread writes while workers serve: access log lines, and a line an interval.  And the totals.
 */
#pragma once

#include <stdio.h>

#include "app/httpd/httpd_run.h"

struct httpd_report {
	const struct httpd_run *run;
	FILE *log;                    /* NULL: no access log */
	uint64_t tick_ns;             /* how often httpd_report_tick() is to be called; 0: never */
	uint64_t ticks_a_line, ticks; /* lines of figures: every so many ticks, 0: none; and counted since */
	struct httpd_statistics last; /* at the last line */
	uint64_t seconds_begun_ns, last_ns;
};

/* Opens the access log.  0, or a negative errno after saying what failed. */
int httpd_report_open(struct httpd_report *report, const struct httpd_run *run);

/* What is due; `report` is a struct httpd_report.  Reporting thread. */
void httpd_report_tick(void *report);

/* After the workers have returned: what is left of the log, and the totals in text and, if asked for, JSON.  0 or < 0. */
int httpd_report_close(struct httpd_report *report);
