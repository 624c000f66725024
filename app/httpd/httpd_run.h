/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's run: workers' loops, and what the reporting thread reads of them.
 */
#pragma once

#include "app/httpd/httpd_options.h"

struct httpd_run;

/* One worker and its server. */
struct httpd_run_worker {
	struct httpd_run *run;
	struct sluice_worker *worker;
	struct httpd *httpd;
};

struct httpd_run {
	const struct httpd_options *program;
	struct httpd_content *content;
	struct sluice *sluice;
	uint32_t worker_count;
	struct httpd_run_worker worker[SLUICE_PORTS_MAX];
};

/* Loads the content, opens the endpoint and listens.  0, or a negative errno after saying what failed. */
int httpd_run_open(struct httpd_run *run, const struct httpd_options *program);

/* Serves on every worker until a stop is asked for and connections have ended, or been cut.  0 or a negative errno. */
int httpd_run_serve(struct httpd_run *run);

void httpd_run_close(struct httpd_run *run);

/* Sums over the workers.  Any thread. */
struct httpd_statistics httpd_run_statistics(const struct httpd_run *run);
