/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's loop runs on the caller's thread.
 */
#include "tests/httpd/fake_run.h"

#include <stdlib.h>

#define EVENTS_MAX 64

struct sluice {
	struct fake *fake;
	unsigned turn;
	struct sluice_event event[EVENTS_MAX];
};

void (*fake_run_script)(struct fake *fake, unsigned turn);
int fake_run_open_result;
static struct sluice *the_one;

int sluice_open(const struct sluice_config *config, struct sluice **sluice)
{
	(void)config;
	if (fake_run_open_result)
		return fake_run_open_result;
	the_one = *sluice = calloc(1, sizeof(**sluice));
	the_one->fake = fake_bare();
	return 0;
}

void sluice_close_all(struct sluice *sluice)
{
	fake_free(sluice->fake);
	free(sluice);
}

uint32_t sluice_worker_count(const struct sluice *sluice)
{
	return sluice->fake != NULL;
}

struct sluice_worker *sluice_worker(struct sluice *sluice, uint32_t index)
{
	return index == 0 ? sluice->fake->worker : NULL;
}

int sluice_run(struct sluice *sluice, const sluice_loop *loops, void *const *arguments)
{
	return loops[0](sluice->fake->worker, arguments[0]);
}

const struct sluice_event *sluice_poll(struct sluice_worker *worker, uint32_t *count)
{
	(void)worker;
	fake_run_script(the_one->fake, the_one->turn++);
	*count = fake_poll(the_one->fake, the_one->event, EVENTS_MAX);
	return the_one->event;
}

uint64_t sluice_next_deadline_ns(const struct sluice_worker *worker)
{
	(void)worker;
	return UINT64_MAX;
}

void sluice_flush(struct sluice_worker *worker)
{
	(void)worker;
}

void sluice_statistics(const struct sluice_worker *worker, struct sluice_statistics *statistics)
{
	(void)worker;
	*statistics = (struct sluice_statistics){.counter = {[SLUICE_COUNTER_segments_received] = 7}};
}
