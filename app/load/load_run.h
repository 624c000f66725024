/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run of the program: a worker for each port, each with its loop; in the loopback one of them serves.
 */
#pragma once

#include "app/load/load_options.h"
#include "lib/sluice.h"

struct httpd;

/* One worker, its job, and its counters at the measured window's ends. */
struct load_worker {
	struct load_run *run;
	struct sluice_worker *worker;
	struct load_config config;
	struct load *load;   /* NULL: it serves; published once it is open */
	struct httpd *httpd; /* NULL: it loads */
	bool is_server;
	enum load_window window;
	struct sluice_statistics begin, end, total;
};

struct load_run {
	const struct load_options *program;
	struct sluice *sluice;
	uint32_t worker_count, load_count;
	uint32_t servers_to_come; /* that do not listen yet */
	uint32_t loads_left;      /* that are not finished yet */
	struct load_worker worker[SLUICE_PORTS_MAX];
};

/* Opens the endpoint and hands the jobs out.  0, or a negative errno after sluice_open() said why. */
int load_run_open(struct load_run *run, const struct load_options *program);

/* Runs until everything is finished, or stopped and drained.  0 or the first worker's error. */
int load_run_all(struct load_run *run);

void load_run_close(struct load_run *run);
