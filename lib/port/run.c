/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers' loops on their cores: worker 0 on the caller's thread, which is pinned only meanwhile; the others on EAL's.
 */
#include <errno.h>
#include <pthread.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "lib/port/eal.h"
#include "lib/port/open.h"
#include "lib/port/say.h"

struct run {
	struct sluice_worker *worker;
	sluice_loop loop;
	void *argument;
	int result;
};

static int run_loop(void *argument)
{
	struct run *run = argument;

	run->result = run->loop(run->worker, run->argument);
	return 0;
}

/* On the main lcore's CPU, as EAL would have it; then back to where the program had its thread. */
static void run_here(struct run *run)
{
	rte_cpuset_t mine = rte_lcore_cpuset(rte_get_main_lcore());
	cpu_set_t before;

	pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	pthread_setaffinity_np(pthread_self(), sizeof(mine), &mine);
	run_loop(run);
	pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
}

int sluice_run(struct sluice *sluice, const sluice_loop *loops, void *const *arguments)
{
	struct run run[SLUICE_PORTS_MAX] = {0};
	uint32_t started;
	int result = 0;

	for (uint32_t i = 0; i < sluice->worker_count; i++)
		run[i] = (struct run){.worker = sluice->worker[i].worker, .loop = loops[i], .argument = arguments[i]};
	for (started = 1; started < sluice->worker_count; started++) {
		if (rte_eal_remote_launch(run_loop, &run[started], eal_worker_lcore(started)) != 0)
			break;
	}
	if (started == sluice->worker_count)
		run_here(&run[0]);
	else
		result = say_error(&sluice->config, -EBUSY, "worker %u's core is busy: sluice_run is running already",
				   started);
	for (uint32_t i = 1; i < started; i++)
		rte_eal_wait_lcore(eal_worker_lcore(i));
	for (uint32_t i = 0; i < sluice->worker_count && result == 0; i++)
		result = run[i].result;
	return result;
}
