/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Honest clients of the web server: as many as it can serve, then half as many by the clock, then the same among five times as
 * many spoofed SYNs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "app/httpd/httpd.h"
#include "bench/floods.h"
#include "bench/honest.h"
#include "bench/turn.h"

#define SECOND_NS        UINT64_C(1000000000)
#define FLOOD_FACTOR     5
#define RATE_LEAST       100000           /* connections a second */
#define CONCURRENCY      256              /* of the closed loop that finds the maximum */
#define VISITS_MAX       4096             /* at once; who finds no place waits, and its set-up time goes on */
#define DRAIN_NS         (10 * SECOND_NS) /* a SYN that was lost comes again after 1 s, 3 s and 7 s */
#define CLIENT_TIME_WAIT 16384            /* few: so that local ports come back */

struct house {
	struct field *field;
	struct field_worker server, client;
	struct httpd *httpd;
	struct honest honest;
	struct flood flood;
	double flood_per_second;
	uint64_t flooded, flood_start_ns;
	struct turn_account account;
};

struct outcome {
	double per_second, success, busy_fraction, packets_per_turn, p99_ms, highest_ms;
	uint64_t begun, failed, flooded, interrupted;
};

static void serve(void *program, struct sluice_worker *worker)
{
	httpd_serve_turn(program, worker);
}

/* ---- The loop ------------------------------------------------------------------------------------------ */

static void flood_what_is_due(struct house *house)
{
	double seconds = (double)(turn_now_ns() - house->flood_start_ns) / 1e9;
	uint64_t due = (uint64_t)(seconds * house->flood_per_second);

	if (due > house->flooded)
		field_flood_send(house->field, &house->flood, FLOOD_SYN, (uint32_t)(due - house->flooded));
	house->flooded = due;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The server found nothing: time goes to when somebody has something for it. */
static void skip_idle(struct house *house)
{
	uint64_t next_ns = turn_now_ns() + SECOND_NS / 1000;

	next_ns = sooner(next_ns, honest_next_ns(&house->honest));
	next_ns = sooner(next_ns, sluice_next_deadline_ns(house->server.worker));
	next_ns = sooner(next_ns, sluice_next_deadline_ns(house->client.worker));
	if (house->flood_per_second > 0)
		next_ns = sooner(next_ns, house->flood_start_ns + (uint64_t)((double)(house->flooded + 1) * 1e9 /
									     house->flood_per_second));
	turn_skip_to_ns(next_ns > turn_now_ns() ? next_ns : turn_now_ns() + 100);
}

static void run_until(struct house *house, uint64_t end_ns, bool until_empty)
{
	while (turn_now_ns() < end_ns && !(until_empty && honest_present(&house->honest) == 0)) {
		flood_what_is_due(house);
		honest_turn(&house->honest);
		if (!turn_run(house->server.worker, serve, house->httpd, &house->account))
			skip_idle(house);
	}
}

static uint64_t packets_received(const struct house *house)
{
	struct sluice_statistics statistics;

	sluice_statistics(house->server.worker, &statistics);
	return statistics.counter[SLUICE_COUNTER_packets_received];
}

/* Clients for some seconds, those who came last served, everything counted. */
static struct outcome run(struct house *house, double per_second, double flood_per_second, double seconds)
{
	uint64_t received = packets_received(house), start_ns = turn_now_ns(),
		 span_ns = (uint64_t)(seconds * (double)SECOND_NS), served;
	struct outcome outcome;

	house->account = (struct turn_account){0};
	house->flooded = 0;
	house->flood_start_ns = start_ns;
	house->flood_per_second = flood_per_second;
	honest_begin(&house->honest, &(struct honest_plan){.per_second = per_second,
							   .concurrency = CONCURRENCY,
							   .end_ns = start_ns + span_ns});
	run_until(house, start_ns + span_ns, false);
	served = house->honest.succeeded;
	outcome.busy_fraction = (double)house->account.busy_cycles * 1e9 / (double)rte_get_tsc_hz() / (double)span_ns;
	outcome.packets_per_turn = (double)(packets_received(house) - received) / (double)house->account.turns_count;
	run_until(house, start_ns + span_ns + DRAIN_NS, true);
	outcome.per_second = (double)served / seconds;
	outcome.begun = house->honest.begun;
	outcome.failed = house->honest.begun - house->honest.succeeded;
	outcome.success = (double)house->honest.succeeded / (double)house->honest.begun;
	outcome.p99_ms = (double)histogram_percentile_ns(&house->honest.setup, 99) / 1e6;
	outcome.highest_ms = (double)histogram_max_ns(&house->honest.setup) / 1e6;
	outcome.flooded = house->flooded;
	outcome.interrupted = house->account.interrupted_count;
	return outcome;
}

/* ---- The house ----------------------------------------------------------------------------------------- */

static bool house_open(struct house *house, struct field *field)
{
	struct httpd_config config;

	house->field = field;
	if (!field_worker_make(field, FIELD_SERVER, &house->server))
		return false;
	field->config.time_wait = CLIENT_TIME_WAIT;
	if (!field_worker_make(field, FIELD_CLIENT, &house->client))
		return false;
	httpd_config_defaults(&config);
	config.connections = VISITS_MAX;
	if (httpd_open(&config, house->server.worker, &house->httpd) != 0)
		return false;
	house->flood = field_flood(field, false, 80, 3);
	return honest_make(&house->honest, house->client.worker, &field->config.port[FIELD_CLIENT], VISITS_MAX);
}

static void house_close(struct house *house)
{
	httpd_close(house->httpd);
	field_worker_free(&house->client);
	field_worker_free(&house->server);
	honest_free(&house->honest);
}

static void print_outcomes(const double maximum[2], double rate, const struct outcome *calm,
			   const struct outcome *flooded, uint64_t refused)
{
	printf("{\"honest_success\": %.7f, \"goodput_ratio\": %.4f, \"setup_p99_ms\": %.3f, \"setup_highest_ms\": "
	       "%.3f, "
	       "\"server_busy_fraction\": %.4f, \"server_packets_per_turn\": %.1f, \"honest_per_second\": %.0f, "
	       "\"flood_per_second\": %.0f, "
	       "\"unflooded_maximum_per_second\": %.0f, \"unflooded_maximum_after_per_second\": %.0f, "
	       "\"unflooded_success\": %.7f, \"unflooded_setup_p99_ms\": %.3f, "
	       "\"unflooded_busy_fraction\": %.4f, \"honest_begun\": %lu, \"honest_failed\": %lu, "
	       "\"flood_packets\": %lu, \"flood_packets_lost\": %lu, \"turns_interrupted\": %lu}\n",
	       flooded->success, flooded->per_second / calm->per_second, flooded->p99_ms, flooded->highest_ms,
	       flooded->busy_fraction, flooded->packets_per_turn, rate, rate * FLOOD_FACTOR, maximum[0], maximum[1],
	       calm->success, calm->p99_ms, calm->busy_fraction, flooded->begun, flooded->failed, flooded->flooded,
	       refused, calm->interrupted + flooded->interrupted);
}

static void tell_failures(const struct honest *honest)
{
	for (uint32_t i = 0; i < SLUICE_REASON_COUNT; i++)
		if (honest->failed_by[i])
			fprintf(stderr, "%lu failed: %s\n", honest->failed_by[i], sluice_reason_text(i));
}

bool floods_honest(struct field *field, const struct floods_options *options)
{
	static struct house house;
	struct outcome calm, flooded;
	uint64_t refused;
	double maximum[2], span_seconds = 1 + options->seconds / 30.0, rate;

	if (!house_open(&house, field))
		return false;
	run(&house, 0, 0, 0.2); /* not counted: neighbours are found, caches filled */
	maximum[0] = run(&house, 0, 0, span_seconds).per_second;
	rate = maximum[0] / 2 > RATE_LEAST ? maximum[0] / 2 : RATE_LEAST;
	calm = run(&house, rate, 0, options->seconds / 3.0);
	field->refused_count = 0;
	flooded = run(&house, rate, rate * FLOOD_FACTOR, options->seconds);
	refused = field->refused_count;
	tell_failures(&house.honest);
	maximum[1] = run(&house, 0, 0, span_seconds).per_second;
	print_outcomes(maximum, rate, &calm, &flooded, refused);
	house_close(&house);
	return true;
}
