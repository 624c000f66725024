/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What reports read: names and meanings from the one list, and a worker's values.
 */
#include "lib/worker/worker.h"

#define X(name, text) #name,
static const char *const counter_names[SLUICE_COUNTER_COUNT] = {SLUICE_COUNTERS(X)};
static const char *const gauge_names[SLUICE_GAUGE_COUNT] = {SLUICE_GAUGES(X)};
#undef X
#define X(name, text) text,
static const char *const counter_texts[SLUICE_COUNTER_COUNT] = {SLUICE_COUNTERS(X)};
static const char *const gauge_texts[SLUICE_GAUGE_COUNT] = {SLUICE_GAUGES(X)};
static const char *const reason_texts[SLUICE_REASON_COUNT] = {SLUICE_REASONS(X)};
#undef X
#define X(name) #name,
static const char *const state_names[SLUICE_STATE_COUNT] = {SLUICE_STATES(X)};
#undef X

const char *sluice_counter_name(enum sluice_counter counter)
{
	return (unsigned)counter < SLUICE_COUNTER_COUNT ? counter_names[counter] : NULL;
}

const char *sluice_counter_text(enum sluice_counter counter)
{
	return (unsigned)counter < SLUICE_COUNTER_COUNT ? counter_texts[counter] : NULL;
}

const char *sluice_gauge_name(enum sluice_gauge gauge)
{
	return (unsigned)gauge < SLUICE_GAUGE_COUNT ? gauge_names[gauge] : NULL;
}

const char *sluice_gauge_text(enum sluice_gauge gauge)
{
	return (unsigned)gauge < SLUICE_GAUGE_COUNT ? gauge_texts[gauge] : NULL;
}

const char *sluice_reason_text(enum sluice_reason reason)
{
	return (unsigned)reason < SLUICE_REASON_COUNT ? reason_texts[reason] : NULL;
}

const char *sluice_state_name(enum sluice_state state)
{
	return (unsigned)state < SLUICE_STATE_COUNT ? state_names[state] : NULL;
}

static uint32_t names_read(const uint32_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

void sluice_statistics(const struct sluice_worker *worker, struct sluice_statistics *statistics)
{
	const struct tcp *tcp = &worker->tcp;

	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		statistics->counter[i] = __atomic_load_n(&tcp->counter[i], __ATOMIC_RELAXED);
	statistics->gauge[SLUICE_GAUGE_connections] = names_read(&tcp->conns.used_count);
	statistics->gauge[SLUICE_GAUGE_half_open] =
		names_read(&tcp->half_open.ipv4.used_count) + names_read(&tcp->half_open.ipv6.used_count);
	statistics->gauge[SLUICE_GAUGE_time_wait] = names_read(&tcp->time_wait.live_count);
	statistics->gauge[SLUICE_GAUGE_packets_held] = names_read(&tcp->packets_held);
	statistics->gauge[SLUICE_GAUGE_send_chunks_used] =
		names_read(&tcp->chunks_small.used_count) + names_read(&tcp->chunks_large.used_count);
	statistics->gauge[SLUICE_GAUGE_descriptors_used] =
		names_read(&tcp->descriptors.used_count) + names_read(&tcp->inflight.used_count);
	statistics->gauge[SLUICE_GAUGE_paths_used] = names_read(&tcp->paths.used_count);
	statistics->gauge[SLUICE_GAUGE_listeners] = names_read(&tcp->listeners.count);
	statistics->gauge[SLUICE_GAUGE_pressure] = names_read(&tcp->pressure.level[SLUICE_RESOURCE_ANY]);
	statistics->gauge[SLUICE_GAUGE_pressure_packets] = names_read(&tcp->pressure.level[SLUICE_RESOURCE_PACKETS]);
	statistics->gauge[SLUICE_GAUGE_pressure_sending] = names_read(&tcp->pressure.level[SLUICE_RESOURCE_SENDING]);
	statistics->gauge[SLUICE_GAUGE_pressure_connections] =
		names_read(&tcp->pressure.level[SLUICE_RESOURCE_CONNECTIONS]);
	statistics->busy_cycles = __atomic_load_n(&worker->busy_cycles, __ATOMIC_RELAXED);
	statistics->total_cycles = __atomic_load_n(&worker->total_cycles, __ATOMIC_RELAXED);
}

void sluice_config_defaults(struct sluice_config *config)
{
	*config = (struct sluice_config){
		.idle = SLUICE_IDLE_BUSY,
		.packets = 32768,
		.fragments = 128,
		.checksum_offload = true,
		.connections = 65536,
		.half_open = 65536,
		.time_wait = 262144,
		.chunks_small = 16384,
		.chunks_large = 8192,
		.descriptors = 65536,
		.inflight = 65536,
		.out_of_order = 8192,
		.send_queue_bytes = 256 * 1024,
		.receive_bytes = 64 * 1024,
		.receive_max_bytes = 4 * 1024 * 1024,
		.window_shift = 8,
		.timestamps = true,
		.sack = true,
		.nodelay = true,
		.path_mtu_discovery = true,
		.congestion = SLUICE_CONGESTION_CUBIC,
		.ecn = SLUICE_ECN_GRANT,
		.initial_window_segments = 10,
		.time_wait_ms = 60000,
		.fin_wait_2_ms = 60000,
		.rto_initial_ms = 1000,
		.rto_min_ms = 200,
		.rto_max_ms = 60000,
		.delayed_ack_ms = 40,
		.r2_ms = 100000,
		.syn_r2_ms = 180000,
		.keepalive_ms = 7200000,
		.keepalive_interval_ms = 75000,
		.keepalive_probes = 9,
		.resets_per_second = 10000,
		.cookies = SLUICE_COOKIES_AUTO,
		.cookies_half_open_percent = 75,
		.cookies_syns_per_second = 50000,
		.cookies_opens_per_second = 1000000,
	};
}
