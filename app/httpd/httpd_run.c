/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's life: listen, serve, drain, cut.
 */
#include "app/httpd/httpd_run.h"

#include <stdio.h>
#include <string.h>

#include "app/common/stop.h"
#include "app/httpd/httpd_content.h"

#define LISTEN_TEXT "*:80"
#define MIB         UINT64_C(1048576)

/* What is in progress may finish, but not for ever. */
static void drain(struct httpd_run_worker *me)
{
	uint64_t deadline_ns = sluice_now_ns(me->worker) + me->run->program->drain_ns;

	httpd_drain(me->httpd);
	sluice_flush(me->worker);
	while (!httpd_is_drained(me->httpd) && sluice_now_ns(me->worker) < deadline_ns) {
		if (sluice_next_deadline_ns(me->worker) > deadline_ns)
			sluice_set_worker_timer(me->worker, deadline_ns); /* so that an idle poll returns by then */
		httpd_serve_turn(me->httpd, me->worker);
	}
	httpd_cut(me->httpd);
	httpd_serve_turn(me->httpd, me->worker);
}

static int serve(struct sluice_worker *worker, void *argument)
{
	struct httpd_run_worker *me = argument;

	(void)worker;
	while (!stop_is_asked())
		httpd_serve_turn(me->httpd, me->worker);
	drain(me);
	return 0;
}

static void say_listening(const struct httpd_run *run)
{
	const struct options_list *listen = &run->program->listen;
	uint64_t bytes = httpd_memory_bytes(&run->program->config) * run->worker_count;

	printf("sluice-httpd: listening on %s", listen->count ? listen->item[0] : LISTEN_TEXT);
	for (uint32_t i = 1; i < listen->count; i++)
		printf(", %s", listen->item[i]);
	printf("; %u %s; %llu MiB for clients; ", run->worker_count, run->worker_count == 1 ? "worker" : "workers",
	       (unsigned long long)((bytes + MIB - 1) / MIB));
	if (run->program->config.root)
		printf("%u resources, %llu bytes, from %s\n", httpd_content_count(run->content),
		       (unsigned long long)httpd_content_bytes(run->content), run->program->config.root);
	else
		printf("built-in pages\n");
	fflush(stdout);
}

/* Before the workers' threads start, so that who reads "listening" may connect. */
static int open_servers(struct httpd_run *run)
{
	for (uint32_t i = 0; i < run->worker_count; i++) {
		struct httpd_run_worker *me = &run->worker[i];
		struct httpd_config config = httpd_options_share(run->program, i);
		int error;

		me->run = run;
		me->worker = sluice_worker(run->sluice, i);
		config.content = run->content;
		error = httpd_open(&config, me->worker, &me->httpd);
		if (error) {
			fprintf(stderr, "sluice-httpd: port %u: cannot listen: %s\n", i, strerror(-error));
			return error;
		}
	}
	return 0;
}

int httpd_run_open(struct httpd_run *run, const struct httpd_options *program)
{
	const struct httpd_config *config = &program->config;
	int error;

	memset(run, 0, sizeof(*run));
	run->program = program;
	error = httpd_content_open(config->root, config->content_max_bytes, config->endpoints, &run->content);
	if (error)
		return error;
	error = sluice_open(&program->endpoint.config, &run->sluice);
	if (error) {
		httpd_content_close(run->content);
		return error;
	}
	run->worker_count = sluice_worker_count(run->sluice);
	error = open_servers(run);
	if (error)
		httpd_run_close(run);
	return error;
}

int httpd_run_serve(struct httpd_run *run)
{
	sluice_loop loops[SLUICE_PORTS_MAX];
	void *arguments[SLUICE_PORTS_MAX];

	for (uint32_t i = 0; i < run->worker_count; i++) {
		loops[i] = serve;
		arguments[i] = &run->worker[i];
	}
	say_listening(run);
	return sluice_run(run->sluice, loops, arguments);
}

/* The workers have returned, so that their servers may be closed from here. */
void httpd_run_close(struct httpd_run *run)
{
	for (uint32_t i = 0; i < run->worker_count; i++)
		httpd_close(run->worker[i].httpd);
	sluice_close_all(run->sluice);
	httpd_content_close(run->content);
}

struct httpd_statistics httpd_run_statistics(const struct httpd_run *run)
{
	struct httpd_statistics sum = {0}, one;

	for (uint32_t i = 0; i < run->worker_count; i++) {
		httpd_statistics(run->worker[i].httpd, &one);
		httpd_statistics_add(&sum, &one);
	}
	return sum;
}
