/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one thread that reports while workers work: it calls a function at a steady interval.  It runs on whatever cores
 * the process was started with, not on the worker's core that EAL pinned its creator to.
 */
#pragma once

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct ticker {
	cpu_set_t cores; /* that the process may use */
	bool has_cores, is_running, is_ending;
	uint64_t interval_ns;
	void (*tick)(void *argument);
	void *argument;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
};

/* Notes the process's cores.  Before sluice_open(), which pins the thread. */
void ticker_prepare(struct ticker *ticker);

/* Calls tick(argument) every interval_ns from now on, first after one interval.  0 or a negative errno. */
int ticker_start(struct ticker *ticker, uint64_t interval_ns, void (*tick)(void *argument), void *argument);

/* Returns when the last call has.  Does nothing if the ticker is not running. */
void ticker_stop(struct ticker *ticker);
