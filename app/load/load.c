/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run: its phases, how many connections are in progress, what is late, and the results as others may read them.
 */
#include "app/load/load.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/common/require.h"
#include "app/load/load_state.h"

#define SECOND_NS    UINT64_C(1000000000)
#define TICK_SHIFT   20
#define SWEEP_MIN_NS 1000000

void load_config_defaults(struct load_config *config)
{
	*config = (struct load_config){
		.mode = LOAD_MODE_RPS,
		.path = "/",
		.concurrency = 64,
		.pipeline = 1,
		.opens_per_turn = 32,
		.requests_per_connection = 0,
		.warm_up_ns = SECOND_NS,
		.duration_ns = 10 * SECOND_NS,
		.connect_timeout_ns = 5 * SECOND_NS,
		.response_timeout_ns = 5 * SECOND_NS,
		.drain_ns = SECOND_NS,
	};
}

static bool config_is_good(const struct load_config *config)
{
	static const uint8_t none[16];

	return config->path && config->concurrency && config->pipeline && config->pipeline <= LOAD_PIPELINE_MAX &&
	       config->opens_per_turn && config->local_count <= SLUICE_SUBNETS_MAX && config->target.port &&
	       memcmp(config->target.ip, none, sizeof(none)) && config->connect_timeout_ns &&
	       config->response_timeout_ns && (config->mode == LOAD_MODE_RPS || config->pipeline == 1);
}

static uint32_t ticks_of(uint64_t ns)
{
	uint64_t ticks = (ns >> TICK_SHIFT) + 1;

	return ticks > INT32_MAX ? INT32_MAX : (uint32_t)ticks;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Deadlines are looked at a few at a time, so that each comes up eight times within the shorter timeout. */
static void sweep_plan(struct load *load)
{
	const struct load_config *config = &load->config;
	uint64_t period = least(least(config->connect_timeout_ns, config->response_timeout_ns) / 8, SECOND_NS);
	uint64_t batches = (config->concurrency + LOAD_SWEEP_CONNS - 1) / LOAD_SWEEP_CONNS;

	if (period < SWEEP_MIN_NS)
		period = SWEEP_MIN_NS;
	load->sweep_step_ns = period / batches + 1;
	load->connect_ticks = ticks_of(config->connect_timeout_ns);
	load->response_ticks = ticks_of(config->response_timeout_ns);
}

static void conns_chain(struct load *load)
{
	for (uint32_t i = 0; i < load->config.concurrency; i++)
		load->conns[i].next_free = i + 1 == load->config.concurrency ? LOAD_NO_CONN : i + 1;
	load->free_first = 0;
}

int load_open(const struct load_config *config, struct sluice_worker *worker, struct load **out)
{
	size_t conns_bytes = config->concurrency * sizeof(struct load_conn);
	struct load *load;
	int error = -ENOMEM;

	if (!config_is_good(config))
		return -EINVAL;
	load = calloc(1, sizeof(*load));
	if (!load)
		return -ENOMEM;
	load->worker = worker;
	load->config = *config;
	load->config.host = load->config.path = NULL; /* they are the caller's; the request holds them */
	if (!load->config.requests_per_connection)
		load->config.requests_per_connection = UINT64_MAX;
	load->is_recording = true;
	for (uint32_t i = 0; i < LOAD_TIME_COUNT; i++)
		histogram_reset(&load->histogram[i]);
	load->conns = aligned_alloc(sizeof(struct load_conn), conns_bytes);
	if (config->pipeline > 1)
		load->started_ring = calloc((size_t)config->concurrency * config->pipeline, sizeof(uint64_t));
	if (!load->conns || (config->pipeline > 1 && !load->started_ring))
		goto fail;
	memset(load->conns, 0, conns_bytes);
	conns_chain(load);
	sweep_plan(load);
	error = load_request_make(&load->request, config);
	if (error)
		goto fail;
	*out = load;
	return 0;
fail:
	free(load->started_ring);
	free(load->conns);
	free(load);
	return error;
}

void load_close(struct load *load)
{
	for (uint32_t i = 0; i < load->config.concurrency; i++) {
		struct load_conn *conn = &load->conns[i];

		if (conn->phase == LOAD_CONN_FREE)
			continue;
		load_conn_cut(load, conn, LOAD_OUTCOME_STOPPED);
		load_conn_closed(load, conn, SLUICE_REASON_ABORTED);
	}
	REQUIRE(load_ledger_balances(&load->results.total.connections));
	REQUIRE(load_ledger_balances(&load->results.total.requests));
	load_request_free(&load->request);
	free(load->started_ring);
	free(load->conns);
	free(load);
}

void load_handle(struct load *load, const struct sluice_event *event)
{
	struct load_conn *conn = event->context;
	uint64_t now_ns;

	if (!event->conn.id) {
		load->timer_ns = 0;
		return;
	}
	now_ns = load_now_ns(load);
	if (event->mask & SLUICE_PEER_CLOSED) /* known before anything more is sent */
		conn->peer_closed = true;
	if (event->mask & SLUICE_OPENED)
		load_conn_opened(load, conn, now_ns);
	if (event->mask & SLUICE_READABLE) {
		if (conn->phase == LOAD_CONN_OPEN)
			load_input(load, conn, event->readable_bytes, now_ns);
		else if (conn->phase == LOAD_CONN_AWAIT_FIN)
			load_conn_cut(load, conn, LOAD_OUTCOME_BAD_RESPONSE);
	}
	if (event->mask & SLUICE_WRITABLE)
		load_conn_writable(load, conn);
	if (event->mask & SLUICE_PEER_CLOSED)
		load_conn_peer_closed(load, conn, now_ns);
	if (event->mask & SLUICE_CLOSED)
		load_conn_closed(load, conn, (enum sluice_reason)event->reason);
}

/* ---- Phases ---- */

static void phase_enter(struct load *load, enum load_phase phase)
{
	__atomic_store_n(&load->results.phase, phase, __ATOMIC_RELEASE);
}

static void window_begin(struct load *load, uint64_t now_ns)
{
	load->results.begin = load->results.total;
	load->results.begin_ns = now_ns;
	load->phase_end_ns = load->config.duration_ns ? now_ns + load->config.duration_ns : UINT64_MAX;
	for (uint32_t i = 0; i < LOAD_TIME_COUNT; i++)
		histogram_reset(&load->histogram[i]);
	phase_enter(load, LOAD_PHASE_MEASURE);
}

/* A run too short to have had a window was all window. */
static void window_end(struct load *load, uint64_t now_ns)
{
	if (load->results.end_ns)
		return;
	if (!load->results.begin_ns)
		load->results.begin_ns = load->start_ns;
	load->results.end = load->results.total;
	__atomic_store_n(&load->results.end_ns, now_ns, __ATOMIC_RELEASE);
	load->is_recording = false;
}

static bool is_used_up(const struct load *load)
{
	return load->config.count && load->begun >= load->config.count;
}

static void drain_begin(struct load *load, uint64_t now_ns)
{
	load->cut_ns = now_ns + load->config.drain_ns;
	window_end(load, now_ns);
	phase_enter(load, LOAD_PHASE_DRAIN);
}

static void phases_advance(struct load *load, uint64_t now_ns)
{
	const struct load_config *config = &load->config;

	if (load->results.phase < LOAD_PHASE_DRAIN && is_used_up(load)) {
		load->cut_ns = 0; /* each has its own timeout */
		phase_enter(load, LOAD_PHASE_DRAIN);
	}
	if (load->results.phase == LOAD_PHASE_RAMP &&
	    load->results.total.connections.attempted >= config->concurrency) {
		load->phase_end_ns = now_ns + config->warm_up_ns;
		phase_enter(load, LOAD_PHASE_WARM_UP);
	}
	if (load->results.phase == LOAD_PHASE_WARM_UP && now_ns >= load->phase_end_ns)
		window_begin(load, now_ns);
	else if (load->results.phase == LOAD_PHASE_MEASURE && now_ns >= load->phase_end_ns)
		drain_begin(load, now_ns);
	if (load->results.phase == LOAD_PHASE_DRAIN && !load->in_progress) {
		window_end(load, now_ns);
		REQUIRE(load_ledger_balances(&load->results.total.connections));
		REQUIRE(load_ledger_balances(&load->results.total.requests));
		phase_enter(load, LOAD_PHASE_FINISHED);
	}
}

void load_stop(struct load *load)
{
	uint64_t now_ns = load_now_ns(load);

	if (load->results.phase < LOAD_PHASE_DRAIN || (load->results.phase == LOAD_PHASE_DRAIN && !load->cut_ns))
		drain_begin(load, now_ns);
}

bool load_is_finished(const struct load *load)
{
	return load->results.phase == LOAD_PHASE_FINISHED;
}

enum load_window load_window(const struct load *load)
{
	if (load->results.end_ns)
		return LOAD_WINDOW_ENDED;
	return load->results.begin_ns ? LOAD_WINDOW_OPEN : LOAD_WINDOW_BEFORE;
}

/* ---- A turn ---- */

static void open_some(struct load *load, uint64_t now_ns)
{
	uint32_t budget = load->config.opens_per_turn;

	while (budget-- && load->in_progress < load->config.concurrency && !is_used_up(load)) {
		if (load_conn_open(load, now_ns))
			continue;
		load->retry_ns = now_ns + LOAD_RETRY_NS;
		return;
	}
}

/* Looks at the deadlines of the next few connections; after the run's deadline, every one is over. */
static void sweep_some(struct load *load, uint64_t now_ns)
{
	uint32_t now = load_tick(load, now_ns), count = load->config.concurrency;
	bool is_over = load->results.phase == LOAD_PHASE_DRAIN && load->cut_ns && now_ns >= load->cut_ns;

	for (uint32_t i = 0; i < least(count, LOAD_SWEEP_CONNS); i++) {
		struct load_conn *conn = &load->conns[load->sweep_next];
		bool is_waiting = conn->phase != LOAD_CONN_FREE && conn->phase != LOAD_CONN_CUT;

		load->sweep_next = load->sweep_next + 1 == count ? 0 : load->sweep_next + 1;
		if (is_waiting && (is_over || (int32_t)(now - conn->deadline) >= 0))
			load_conn_cut(load, conn, is_over ? LOAD_OUTCOME_STOPPED : LOAD_OUTCOME_TIMED_OUT);
	}
	load->sweep_ns = is_over ? now_ns : now_ns + load->sweep_step_ns;
}

/* The worker may sleep, or the simulator jump, until something is due: say when that is for us. */
static void timer_set(struct load *load, uint64_t now_ns)
{
	uint64_t next_ns = load->sweep_ns;

	if (load->results.phase == LOAD_PHASE_WARM_UP || load->results.phase == LOAD_PHASE_MEASURE)
		next_ns = least(next_ns, load->phase_end_ns);
	if (load->cut_ns)
		next_ns = least(next_ns, load->cut_ns);
	if (load->in_progress < load->config.concurrency && load->results.phase < LOAD_PHASE_DRAIN)
		next_ns = least(next_ns, load->retry_ns);
	if (next_ns <= now_ns)
		next_ns = now_ns + 1;
	if (load->timer_ns && load->timer_ns <= next_ns)
		return;
	load->timer_ns = next_ns;
	sluice_set_worker_timer(load->worker, next_ns);
}

void load_turn(struct load *load)
{
	uint64_t now_ns = load_now_ns(load);

	if (load->results.phase == LOAD_PHASE_FINISHED)
		return;
	if (!load->start_ns) {
		load->start_ns = now_ns;
		__atomic_store_n(&load->results.start_ns, now_ns, __ATOMIC_RELAXED);
		load->sweep_ns = now_ns + load->sweep_step_ns;
	}
	__atomic_store_n(&load->results.now_ns, now_ns, __ATOMIC_RELAXED);
	if (load->in_progress < load->config.concurrency && load->results.phase < LOAD_PHASE_DRAIN &&
	    now_ns >= load->retry_ns)
		open_some(load, now_ns);
	phases_advance(load, now_ns);
	if (now_ns >= load->sweep_ns || (load->cut_ns && now_ns >= load->cut_ns))
		sweep_some(load, now_ns);
	timer_set(load, now_ns);
}

/* ---- Results ---- */

/* All of struct load_counts is 64-bit counters. */
static void counts_copy(struct load_counts *to, const struct load_counts *from)
{
	const uint64_t *source = (const uint64_t *)from;
	uint64_t *target = (uint64_t *)to;

	static_assert(sizeof(*to) % sizeof(*target) == 0, "only counters");
	for (size_t i = 0; i < sizeof(*to) / sizeof(*target); i++)
		target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

void load_results(const struct load *load, struct load_results *results)
{
	const struct load_results *live = &load->results;

	/* Phase first: what it promises to be there was written before it. */
	memset(results, 0, sizeof(*results));
	results->phase = __atomic_load_n(&live->phase, __ATOMIC_ACQUIRE);
	results->start_ns = __atomic_load_n(&live->start_ns, __ATOMIC_RELAXED);
	results->now_ns = __atomic_load_n(&live->now_ns, __ATOMIC_RELAXED);
	if (results->phase >= LOAD_PHASE_MEASURE) {
		results->end_ns = __atomic_load_n(&live->end_ns, __ATOMIC_ACQUIRE);
		results->begin_ns = __atomic_load_n(&live->begin_ns, __ATOMIC_RELAXED);
		counts_copy(&results->begin, &live->begin);
		counts_copy(&results->end, &live->end);
	}
	counts_copy(&results->total, &live->total);
}

const struct histogram *load_histogram(const struct load *load, enum load_time time)
{
	return &load->histogram[time];
}
