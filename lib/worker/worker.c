/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The turn: receive, run TCP and timers, let the application handle events, send.  Sees packets only through struct sluice_io.
 */
#include "lib/worker/worker.h"

#include "lib/core/work.h"

#define FLUSH_ROUNDS_MAX 8 /* bursts built and offered in one flush */

static void worker_refill(struct sluice_worker *worker)
{
	struct stash *stash = &worker->tcp.stash;
	uint32_t wanted, count;

	stash->missing_count = 0;
	if (stash->fresh_count >= STASH_LOW_PACKETS)
		return;
	wanted = STASH_LOW_PACKETS + BURST_PACKETS_MAX - stash->fresh_count;
	count = worker->io.allocate(worker->io.user, &stash->fresh[stash->fresh_count], wanted);
	stash->missing_count = wanted - count;
	if (count && !stash->pool)
		stash->pool = stash->fresh[stash->fresh_count]->pool;
	stash->fresh_count += count;
}

static void worker_drain(struct sluice_worker *worker)
{
	struct stash *stash = &worker->tcp.stash;

	if (stash->spent) {
		worker->io.release(worker->io.user, &stash->spent, 1);
		stash->spent = NULL;
		stash->spent_count = 0;
	}
	if (stash->fresh_count > STASH_HIGH_PACKETS) {
		uint32_t excess = stash->fresh_count - STASH_HIGH_PACKETS;

		stash->fresh_count = STASH_HIGH_PACKETS;
		worker->io.release(worker->io.user, &stash->fresh[STASH_HIGH_PACKETS], excess);
	}
}

static void worker_receive(struct sluice_worker *worker)
{
	struct tcp *tcp = &worker->tcp;
	struct rte_mbuf *packets[BURST_PACKETS_MAX];
	uint32_t count = worker->io.receive(worker->io.user, packets, BURST_PACKETS_MAX);
	uint64_t bytes = 0;

	if (count == 0)
		return;
	worker->is_busy = true;
	for (uint32_t i = 0; i < count; i++) {
		bytes += packets[i]->pkt_len;
		if (worker->trace)
			worker->trace(worker->trace_context, tcp->now_ns, SLUICE_RECEIVED, packets[i]);
		stash_guard(packets[i]);
	}
	COUNT_MANY(tcp, packets_received, count);
	COUNT_MANY(tcp, bytes_received, bytes);
	tcp_input(tcp, packets, count);
}

/* Fragments of the last burst go to the port, and what is whole comes back as a burst of its own.  What waits in vain is looked
 * for once a second. */
static void worker_fragments(struct sluice_worker *worker)
{
	struct tcp *tcp = &worker->tcp;
	struct rte_mbuf *packets[BURST_PACKETS_MAX];
	struct sluice_fragments work = {.packet = packets, .count = tcp->fragment_count};

	if (work.count == 0 && (worker->fragments_held == 0 || worker->fragments_second == tcp->now_s))
		return;
	for (uint32_t i = 0; i < work.count; i++) {
		packets[i] = tcp->fragment[i];
		stash_unguard(packets[i]);
	}
	tcp->fragment_count = 0;
	worker->io.reassemble(worker->io.user, tcp->now_ns, &work);
	worker->fragments_held = work.held_count;
	worker->fragments_second = tcp->now_s;
	COUNT_MANY(tcp, drop_fragment_lost, work.lost_count);
	COUNT_MANY(tcp, fragments_joined, work.count);
	for (uint32_t i = 0; i < work.count; i++)
		stash_guard(packets[i]);
	tcp_input(tcp, packets, work.count);
}

/* Hosts that share a key agree on the epoch by the wall clock, from which ours drifts, and which may be set. */
static void worker_ask_wall(struct sluice_worker *worker)
{
	struct tcp *tcp = &worker->tcp;

	if (!tcp->config.cookie_key_bytes || worker->wall_second == tcp->now_s || !worker->io.wall_ns)
		return;
	worker->wall_second = tcp->now_s;
	tcp_set_wall(tcp, worker->io.wall_ns(worker->io.user));
}

static void worker_posts(struct sluice_worker *worker)
{
	void (*function)(struct sluice_worker *, void *);
	void *argument;

	for (uint32_t i = 0; i < POSTS_PER_TURN_MAX && mailbox_take(&worker->mailbox, &function, &argument); i++) {
		COUNT(&worker->tcp, posts_run);
		worker->is_busy = true;
		function(worker, argument);
	}
}

static void worker_wait(struct sluice_worker *worker)
{
	if (worker->sleeps && worker->io.wait && !worker->is_busy && mailbox_is_empty(&worker->mailbox) &&
	    tcp_next_deadline_ns(&worker->tcp) > worker->tcp.now_ns)
		worker->io.wait(worker->io.user, tcp_next_deadline_ns(&worker->tcp));
}

const struct sluice_event *sluice_poll(struct sluice_worker *worker, uint32_t *count)
{
	struct tcp *tcp = &worker->tcp;
	uint64_t timers_before = tcp->counter[SLUICE_COUNTER_timers_fired];

	worker_wait(worker);
	if (worker->io.cycles)
		worker->turn_cycles = worker->io.cycles(worker->io.user);
	worker->is_busy = false;
	tcp_set_time(tcp, worker->io.now_ns(worker->io.user));
	worker_ask_wall(worker);
	worker_refill(worker);
	worker_receive(worker);
	worker_fragments(worker);
	worker_posts(worker);
	tcp_timers(tcp);
	tcp_collect_events(tcp);
	if (tcp->event_count || tcp->counter[SLUICE_COUNTER_timers_fired] != timers_before)
		worker->is_busy = true;
	*count = tcp->event_count;
	return tcp->event;
}

/* Offers the burst to the port; what it refuses stays, in order. */
static void worker_send(struct sluice_worker *worker)
{
	struct tcp *tcp = &worker->tcp;
	struct transmit *transmit = &tcp->transmit;
	uint64_t bytes = 0;
	uint32_t length[TRANSMIT_PACKETS_MAX];
	uint32_t sent;

	if (transmit->count == 0)
		return;
	for (uint32_t i = 0; i < transmit->count; i++) {
		length[i] = transmit->packet[i]->pkt_len;
		if (worker->trace && i >= transmit->refused_count)
			worker->trace(worker->trace_context, tcp->now_ns, SLUICE_SENT, transmit->packet[i]);
	}
	sent = worker->io.send(worker->io.user, transmit->packet, transmit->count);
	for (uint32_t i = 0; i < sent; i++)
		bytes += length[i];
	if (sent < transmit->count) {
		COUNT_MANY(tcp, sends_refused,
			   transmit->count - sent -
				   (transmit->refused_count > sent ? transmit->refused_count - sent : 0));
		memmove(transmit->packet, transmit->packet + sent,
			(transmit->count - sent) * sizeof(transmit->packet[0]));
	}
	transmit->count -= sent;
	transmit->refused_count = transmit->count;
	COUNT_MANY(tcp, packets_sent, sent);
	COUNT_MANY(tcp, bytes_sent, bytes);
}

static void worker_account(struct sluice_worker *worker)
{
	uint64_t cycles;

	COUNT(&worker->tcp, turns);
	if (worker->is_busy)
		COUNT(&worker->tcp, turns_busy);
	if (!worker->io.cycles)
		return;
	cycles = worker->io.cycles(worker->io.user) - worker->turn_cycles;
	__atomic_store_n(&worker->total_cycles, worker->total_cycles + cycles, __ATOMIC_RELAXED);
	if (worker->is_busy)
		__atomic_store_n(&worker->busy_cycles, worker->busy_cycles + cycles, __ATOMIC_RELAXED);
}

void sluice_flush(struct sluice_worker *worker)
{
	struct tcp *tcp = &worker->tcp;
	bool more = true;

	if (tcp->transmit.refused_count)
		worker_send(worker);
	for (uint32_t round = 0; round < FLUSH_ROUNDS_MAX && more && tcp->transmit.refused_count == 0; round++) {
		more = tcp_output_work(tcp);
		if (tcp->transmit.count)
			worker->is_busy = true;
		worker_send(worker);
		worker_refill(worker);
	}
	worker_drain(worker);
	pressure_judge(tcp);
	worker_account(worker);
}

uint64_t sluice_now_ns(const struct sluice_worker *worker)
{
	return worker->tcp.now_ns;
}

uint64_t sluice_next_deadline_ns(const struct sluice_worker *worker)
{
	return mailbox_is_empty(&worker->mailbox) ? tcp_next_deadline_ns(&worker->tcp) : worker->tcp.now_ns;
}

size_t sluice_worker_make(const struct sluice_config *config, uint32_t index, const struct sluice_io *io, void *memory,
			  size_t memory_bytes, struct sluice_worker **worker_out, const char **error)
{
	struct arena arena = {.block = memory, .size_bytes = memory_bytes};
	struct sluice_worker measured;
	struct sluice_worker *worker = arena_take(&arena, 1, sizeof(*worker));

	if (!worker) {
		memset(&measured, 0, sizeof(measured));
		arena.block = NULL;
		worker = &measured;
	}
	*error = tcp_make(&worker->tcp, &arena, config, index, io, arena.block ? io->now_ns(io->user) : 0);
	if (*error)
		return 0;
	if (memory && arena.used_bytes > memory_bytes) {
		*error = "the worker was given less memory than it asked for";
		return 0;
	}
	if (!memory)
		return arena.used_bytes;
	worker->io = *io;
	worker->wall_second = worker->tcp.now_s - 1;
	worker_ask_wall(worker);
	worker->sleeps = config->idle == SLUICE_IDLE_SLEEP;
	worker->is_busy = true;
	mailbox_make(&worker->mailbox);
	*worker_out = worker;
	return arena.used_bytes;
}

void sluice_worker_close(struct sluice_worker *worker)
{
	struct stash *stash = &worker->tcp.stash;

	tcp_discard(&worker->tcp);
	if (stash->spent)
		worker->io.release(worker->io.user, &stash->spent, 1);
	if (stash->fresh_count)
		worker->io.release(worker->io.user, stash->fresh, stash->fresh_count);
	stash->fresh_count = 0;
	stash->spent = NULL;
}
