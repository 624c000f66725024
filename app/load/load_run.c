/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers' loops.  They share nothing but two counts and what load_results() reads: loads begin when every server
 * listens, servers drain when every load is finished.
 */
#include "app/load/load_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/common/require.h"
#include "app/common/stop.h"
#include "app/httpd/httpd.h"

#define SECOND_NS     UINT64_C(1000000000)
#define PREFETCH      4               /* events ahead */
#define SERVER_END_NS SECOND_NS       /* for the server's connections to be closed */
#define GIVE_UP_NS    (2 * SECOND_NS) /* beyond the drain */

static uint32_t count_of(const uint32_t *count)
{
	return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

static void count_down(uint32_t *count)
{
	__atomic_sub_fetch(count, 1, __ATOMIC_ACQ_REL);
}

/* Counters of this worker, and in the loopback those of the server beside it. */
static void window_mark(struct load_worker *me, bool is_end)
{
	struct load_run *run = me->run;

	for (uint32_t i = 0; i < run->worker_count; i++) {
		struct load_worker *other = &run->worker[i];

		if (other == me || other->is_server)
			sluice_statistics(other->worker, is_end ? &other->end : &other->begin);
	}
}

static void load_one_turn(struct load_worker *me)
{
	uint32_t count;
	const struct sluice_event *event = sluice_poll(me->worker, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (i + PREFETCH < count)
			__builtin_prefetch(event[i + PREFETCH].context, 1);
		load_handle(me->load, &event[i]);
	}
	load_turn(me->load);
	sluice_flush(me->worker);
}

/* The counters belong to the same moments as the window's counts, give or take a turn. */
static void window_watch(struct load_worker *me)
{
	enum load_window window = load_window(me->load);

	if (window == me->window)
		return;
	window_mark(me, window == LOAD_WINDOW_ENDED);
	me->window = window;
}

/* Until finished; after a stop, not longer than draining may take, whatever the stack does. */
static void load_all_turns(struct load_worker *me)
{
	uint64_t give_up_ns = UINT64_MAX;

	while (!load_is_finished(me->load) && sluice_now_ns(me->worker) < give_up_ns) {
		if (stop_is_asked() && give_up_ns == UINT64_MAX) {
			give_up_ns = sluice_now_ns(me->worker) + me->config.drain_ns + GIVE_UP_NS;
			load_stop(me->load);
		}
		load_one_turn(me);
		window_watch(me);
	}
}

/* A turn without a job, so that the worker answers ARP and its fellows meanwhile. */
static void idle_turn(struct load_worker *me)
{
	uint32_t count;

	sluice_poll(me->worker, &count);
	sluice_flush(me->worker);
}

static int load_loop(struct sluice_worker *worker, void *argument)
{
	struct load_worker *me = argument;
	struct load *load;
	int error = load_open(&me->config, worker, &load);

	if (error) {
		fprintf(stderr, "cannot start the load: %s\n", strerror(-error));
		stop_ask();
	} else {
		__atomic_store_n(&me->load, load, __ATOMIC_RELEASE);
		while (count_of(&me->run->servers_to_come) && !stop_is_asked())
			idle_turn(me);
		load_all_turns(me);
	}
	sluice_statistics(worker, &me->total);
	count_down(&me->run->loads_left);
	return error;
}

static int serve_loop(struct sluice_worker *worker, void *argument)
{
	struct load_worker *me = argument;
	struct httpd_config config;
	uint64_t end_ns;
	int error;

	httpd_config_defaults(&config);
	config.listen[0] = me->config.target;
	config.listen_count = 1;
	config.endpoints = true;
	/* An old connection may still be closing when the next one is there: as many as TCP itself has. */
	config.connections = me->run->program->endpoint.config.connections;
	if (config.exchanges < me->config.concurrency)
		config.exchanges = me->config.concurrency;
	error = httpd_open(&config, worker, &me->httpd);
	if (error) {
		fprintf(stderr, "cannot start the server: %s\n", strerror(-error));
		stop_ask();
	}
	count_down(&me->run->servers_to_come);
	while (!error && count_of(&me->run->loads_left))
		httpd_serve_turn(me->httpd, worker);
	if (!error)
		httpd_drain(me->httpd);
	end_ns = sluice_now_ns(worker) + SERVER_END_NS;
	while (!error && !httpd_is_drained(me->httpd) && sluice_now_ns(worker) < end_ns)
		httpd_serve_turn(me->httpd, worker);
	sluice_statistics(worker, &me->total);
	return error;
}

static void jobs_assign(struct load_run *run)
{
	const struct load_options *program = run->program;
	uint32_t first = program->is_loopback ? 1 : 0;

	run->load_count = run->worker_count - first;
	run->loads_left = run->load_count;
	run->servers_to_come = first;
	for (uint32_t i = 0; i < run->worker_count; i++) {
		struct load_worker *worker = &run->worker[i];

		worker->run = run;
		worker->worker = sluice_worker(run->sluice, i);
		worker->is_server = i < first;
		worker->config =
			worker->is_server ? program->load : load_options_share(program, i, i - first, run->load_count);
	}
}

int load_run_open(struct load_run *run, const struct load_options *program)
{
	int error;

	memset(run, 0, sizeof(*run));
	run->program = program;
	error = sluice_open(&program->endpoint.config, &run->sluice);
	if (error)
		return error;
	run->worker_count = sluice_worker_count(run->sluice);
	REQUIRE(run->worker_count <= SLUICE_PORTS_MAX);
	jobs_assign(run);
	return 0;
}

int load_run_all(struct load_run *run)
{
	sluice_loop loops[SLUICE_PORTS_MAX];
	void *arguments[SLUICE_PORTS_MAX];

	for (uint32_t i = 0; i < run->worker_count; i++) {
		loops[i] = run->worker[i].is_server ? serve_loop : load_loop;
		arguments[i] = &run->worker[i];
	}
	return sluice_run(run->sluice, loops, arguments);
}

void load_run_close(struct load_run *run)
{
	for (uint32_t i = 0; i < run->worker_count; i++) {
		if (run->worker[i].load)
			load_close(run->worker[i].load);
		if (run->worker[i].httpd)
			httpd_close(run->worker[i].httpd);
	}
	sluice_close_all(run->sluice);
}
