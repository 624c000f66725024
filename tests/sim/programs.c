/* SPDX-License-Identifier: BSD-3-Clause */
/* Small configurations, drawn from the seed; on a lossy wire requests may fail, but no response may be wrong. */
#include "tests/sim/programs.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/violation.h"

static void httpd_event(struct host *host, const struct sluice_event *event)
{
	httpd_handle(host->program, event);
}

static void httpd_end_of_turn(struct host *host)
{
	httpd_turn(host->program);
}

static void load_event(struct host *host, const struct sluice_event *event)
{
	load_handle(host->program, event);
}

static void load_end_of_turn(struct host *host)
{
	load_turn(host->program);
}

static void start_httpd(struct programs *programs, struct host *host)
{
	struct httpd_config config;
	int result;

	httpd_config_defaults(&config);
	config.connections = 128;
	config.exchanges = 64;
	config.buffers = 16;
	config.idle_timeout_ms = (uint32_t)random_between(&host->random, 1000, 60000);
	config.requests_max = (uint32_t)random_between(&host->random, 1, 100);
	config.age_max_ms = 500 + config.idle_timeout_ms / 2;
	config.connections_per_address =
		64; /* more than any host has at once; whoever is not counted off is refused in the end */
	result = httpd_open(&config, host->worker, &programs->httpd);
	RULE(result == 0, "programs", "the server does not open: %d", result);
	host->program = programs->httpd;
	host->program_handle = httpd_event;
	host->program_turn = httpd_end_of_turn;
}

static void start_load(struct programs *programs, uint32_t index, struct host *host, const struct host *server,
		       bool is_small)
{
	struct random *random = &host->random;
	struct load_config config;
	char path[32];
	int result;

	load_config_defaults(&config);
	config.mode = random_chance(random, 500000) ? LOAD_MODE_CPS : LOAD_MODE_RPS;
	config.closer = random_chance(random, 500000) ? LOAD_CLOSER_CLIENT : LOAD_CLOSER_SERVER;
	memcpy(config.target.ip, random_chance(random, 500000) ? server->ipv6.ip : server->ipv4.ip, 16);
	config.target.port = 80;
	config.concurrency = (uint32_t)random_between(random, 1, 16);
	config.warm_up_ns = 0;
	config.duration_ns = 0;
	config.drain_ns = 20 * SECOND_NS;
	if (config.mode == LOAD_MODE_CPS) {
		config.count = random_between(random, 40, 100);
		snprintf(path, sizeof(path), "/bytes/%lu", random_between(random, 30000, 60000));
	} else {
		config.count = random_between(random, 300, 600);
		config.pipeline = (uint32_t)random_between(random, 1, 8);
		config.requests_per_connection = random_between(random, 5, 20);
		snprintf(path, sizeof(path), "/bytes/%lu", random_between(random, 5000, 10000));
	}
	if (is_small) {
		config.count = 1 + config.count / 100;
		config.concurrency = config.concurrency < 3 ? config.concurrency : 3;
	}
	config.path = path;
	result = load_open(&config, host->worker, &programs->load[index]);
	RULE(result == 0, "programs", "the load does not open: %d", result);
	host->program = programs->load[index];
	host->program_handle = load_event;
	host->program_turn = load_end_of_turn;
}

void programs_start(struct programs *programs, struct world *world, bool is_small)
{
	*programs = (struct programs){.server = &world->host[0]};
	start_httpd(programs, &world->host[0]);
	start_load(programs, 0, &world->host[1], &world->host[0], is_small);
	start_load(programs, 1, &world->host[2], &world->host[0], is_small);
}

uint64_t programs_connections(const struct programs *programs)
{
	uint64_t opened = 0;

	for (uint32_t i = 0; i < 2; i++) {
		struct load_results results;

		load_results(programs->load[i], &results);
		opened += results.total.opened;
	}
	return opened;
}

bool programs_are_loading(const struct programs *programs)
{
	return !load_is_finished(programs->load[0]) || !load_is_finished(programs->load[1]);
}

bool programs_finish(struct programs *programs)
{
	if (programs_are_loading(programs))
		return false;
	if (!programs->draining) {
		httpd_drain(programs->httpd);
		programs->server->deadline_ns = programs->server->world->now_ns; /* asked between its turns */
	}
	programs->draining = true;
	return httpd_is_drained(programs->httpd);
}

static void check_ledger(const struct load_ledger *ledger, const char *what)
{
	uint64_t sum = ledger->in_progress;

	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++)
		sum += ledger->outcome[i];
	RULE(sum == ledger->attempted && !ledger->in_progress, "programs",
	     "%lu %s attempted, %lu accounted for, %lu in progress", ledger->attempted, what, sum, ledger->in_progress);
	RULE(!ledger->outcome[LOAD_OUTCOME_BAD_RESPONSE] && !ledger->outcome[LOAD_OUTCOME_STATUS], "programs",
	     "%lu %s with a wrong response, %lu with another status", ledger->outcome[LOAD_OUTCOME_BAD_RESPONSE], what,
	     ledger->outcome[LOAD_OUTCOME_STATUS]);
}

void programs_stop(struct programs *programs)
{
	struct httpd_statistics served;

	for (uint32_t i = 0; i < 2; i++) {
		struct load_results results;

		load_results(programs->load[i], &results);
		check_ledger(&results.total.connections, "connections");
		check_ledger(&results.total.requests, "requests");
		load_close(programs->load[i]);
	}
	httpd_statistics(programs->httpd, &served);
	RULE(served.connections_limited == 0, "programs", "%lu connections refused, of hosts that had few open",
	     served.connections_limited);
	httpd_close(programs->httpd);
	*programs = (struct programs){0};
}
