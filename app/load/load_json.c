/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building the report.
 */
#include "app/load/load_json.h"

#include <stdlib.h>

#include "app/common/report.h"
#include "app/load/load_text.h"

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *ledger_json(const struct load_ledger *ledger)
{
	json_t *outcomes = json_object();

	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++)
		json_object_set_new(outcomes, load_outcome_key((enum load_outcome)i), integer(ledger->outcome[i]));
	return json_pack("{s:o, s:o, s:o}", "attempted", integer(ledger->attempted), "in_progress",
			 integer(ledger->in_progress), "outcomes", outcomes);
}

static json_t *counts_json(const struct load_counts *counts)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "connections", ledger_json(&counts->connections), "requests",
			 ledger_json(&counts->requests), "opened", integer(counts->opened), "interim",
			 integer(counts->interim), "heads_cached", integer(counts->heads_cached), "body_bytes",
			 integer(counts->body_bytes));
}

static json_t *settings_json(const struct load_options *program)
{
	const struct load_config *load = &program->load;
	const struct sluice_config *config = &program->endpoint.config;
	char target[SLUICE_ADDRESS_TEXT_BYTES];
	json_t *out = json_object();

	json_object_set_new(out, "loopback", json_boolean(program->is_loopback));
	json_object_set_new(out, "family", integer(sluice_address_is_ipv4(&load->target) ? 4 : 6));
	json_object_set_new(out, "target", json_string(sluice_address_format(&load->target, target)));
	json_object_set_new(out, "path", json_string(load->path));
	json_object_set_new(out, "concurrency", integer(load->concurrency));
	json_object_set_new(out, "pipeline", integer(load->pipeline));
	json_object_set_new(out, "requests_per_connection", integer(load->requests_per_connection));
	json_object_set_new(out, "close", json_string(load->closer == LOAD_CLOSER_SERVER ? "server" : "client"));
	json_object_set_new(out, "count", integer(load->count));
	json_object_set_new(out, "duration_ns", integer(load->duration_ns));
	json_object_set_new(out, "warm_up_ns", integer(load->warm_up_ns));
	json_object_set_new(out, "source_addresses", integer(config->port[config->port_count - 1].subnet_count));
	json_object_set_new(out, "timestamps", json_boolean(config->timestamps));
	json_object_set_new(out, "sack", json_boolean(config->sack));
	json_object_set_new(out, "checksum_offload", json_boolean(config->checksum_offload));
	json_object_set_new(out, "mtu", integer(config->port[0].mtu_bytes));
	json_object_set_new(out, "time_wait", integer(config->time_wait));
	json_object_set_new(out, "time_wait_ms", integer(config->time_wait_ms));
	json_object_set_new(out, "delayed_ack_ms", integer(config->delayed_ack_ms));
	return out;
}

static json_t *times_json(const struct load_run *run)
{
	struct histogram *histogram = malloc(sizeof(*histogram));
	json_t *out = json_object();

	for (uint32_t time = 0; time < LOAD_TIME_COUNT && histogram; time++) {
		load_summary_histogram(run, (enum load_time)time, histogram);
		json_object_set_new(out, load_time_key((enum load_time)time), report_percentiles(histogram));
	}
	free(histogram);
	return out;
}

static json_t *workers_json(const struct load_run *run)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < run->worker_count; i++) {
		const struct load_worker *worker = &run->worker[i];

		json_array_append_new(out, json_pack("{s:s, s:o, s:o}", "job", worker->is_server ? "server" : "load",
						     "window", report_statistics(&worker->end, &worker->begin), "total",
						     report_statistics(&worker->total, NULL)));
	}
	return out;
}

/* The loads' packets, both ways, for each thing done in the window. */
static double packets_each(const struct load_run *run, uint64_t done)
{
	struct sluice_statistics loads = load_summary_statistics(run, false);
	uint64_t packets = loads.counter[SLUICE_COUNTER_packets_sent] + loads.counter[SLUICE_COUNTER_packets_received];

	return done ? (double)packets / (double)done : 0;
}

static uint64_t recycled(const struct load_run *run)
{
	return load_summary_statistics(run, false).counter[SLUICE_COUNTER_time_wait_recycled] +
	       load_summary_statistics(run, true).counter[SLUICE_COUNTER_time_wait_recycled];
}

static json_t *busy_json(const struct load_run *run)
{
	struct sluice_statistics loads = load_summary_statistics(run, false);
	struct sluice_statistics servers = load_summary_statistics(run, true);

	if (!run->program->is_loopback)
		return json_pack("{s:f}", "load", report_busy_fraction(&loads, NULL));
	return json_pack("{s:f, s:f, s:s}", "load", report_busy_fraction(&loads, NULL), "server",
			 report_busy_fraction(&servers, NULL), "busier", load_text_busier(run));
}

json_t *load_json(const struct load_run *run)
{
	bool is_cps = run->program->load.mode == LOAD_MODE_CPS;
	struct load_summary summary;
	json_t *out = json_object();

	load_summary_make(&summary, run);
	json_object_set_new(out, "program", json_string("sluice-load"));
	json_object_set_new(out, "version", json_string(SLUICE_VERSION));
	json_object_set_new(out, "mode", json_string(is_cps ? "cps" : "rps"));
	json_object_set_new(out, "figures",
			    json_pack("{s:f}", is_cps ? "connections_per_second" : "requests_per_second",
				      load_summary_figure(&summary, run->program->load.mode)));
	json_object_set_new(out, is_cps ? "packets_per_connection" : "packets_per_request",
			    json_real(packets_each(run, is_cps ? summary.window.connections.outcome[0]
							       : summary.window.requests.outcome[0])));
	json_object_set_new(out, "window_seconds", json_real(summary.window_seconds));
	json_object_set_new(out, "time_wait_recycled", integer(recycled(run)));
	json_object_set_new(out, "busy_fraction", busy_json(run));
	json_object_set_new(out, "times_ns", times_json(run));
	json_object_set_new(out, "total", counts_json(&summary.total));
	json_object_set_new(out, "window", counts_json(&summary.window));
	json_object_set_new(out, "settings", settings_json(run->program));
	json_object_set_new(out, "machine", report_machine());
	json_object_set_new(out, "workers", workers_json(run));
	return out;
}
