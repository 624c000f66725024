/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread that waits for absolute moments, so that its ticks do not drift by what each call takes.
 */
#include "app/common/ticker.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)

void ticker_prepare(struct ticker *ticker)
{
	memset(ticker, 0, sizeof(*ticker));
	ticker->has_cores = !pthread_getaffinity_np(pthread_self(), sizeof(ticker->cores), &ticker->cores);
}

static void moment_add(struct timespec *moment, uint64_t ns)
{
	ns += (uint64_t)moment->tv_nsec;
	moment->tv_sec += (time_t)(ns / SECOND_NS);
	moment->tv_nsec = (long)(ns % SECOND_NS);
}

static void *ticker_run(void *argument)
{
	struct ticker *ticker = argument;
	struct timespec next;

	if (ticker->has_cores)
		pthread_setaffinity_np(pthread_self(), sizeof(ticker->cores), &ticker->cores);
	clock_gettime(CLOCK_MONOTONIC, &next);
	moment_add(&next, ticker->interval_ns);
	pthread_mutex_lock(&ticker->mutex);
	while (!ticker->is_ending) {
		if (pthread_cond_timedwait(&ticker->wake, &ticker->mutex, &next) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&ticker->mutex);
		ticker->tick(ticker->argument);
		moment_add(&next, ticker->interval_ns);
		pthread_mutex_lock(&ticker->mutex);
	}
	pthread_mutex_unlock(&ticker->mutex);
	return NULL;
}

int ticker_start(struct ticker *ticker, uint64_t interval_ns, void (*tick)(void *argument), void *argument)
{
	pthread_condattr_t attributes;
	int error;

	ticker->interval_ns = interval_ns;
	ticker->tick = tick;
	ticker->argument = argument;
	ticker->is_ending = false;
	pthread_mutex_init(&ticker->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&ticker->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	error = pthread_create(&ticker->thread, NULL, ticker_run, ticker);
	ticker->is_running = !error;
	return -error;
}

void ticker_stop(struct ticker *ticker)
{
	if (!ticker->is_running)
		return;
	pthread_mutex_lock(&ticker->mutex);
	ticker->is_ending = true;
	pthread_cond_signal(&ticker->wake);
	pthread_mutex_unlock(&ticker->mutex);
	pthread_join(ticker->thread, NULL);
	pthread_cond_destroy(&ticker->wake);
	pthread_mutex_destroy(&ticker->mutex);
	ticker->is_running = false;
}
