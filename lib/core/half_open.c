/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN-RECEIVED of a passive open (RFC 9293 section 3.10.7.4), as a small entry.
 */
#include "lib/core/half_open.h"

#include "lib/core/answer.h"
#include "lib/core/cc.h"
#include "lib/core/cookie.h"
#include "lib/core/half_open_fifo.h"
#include "lib/core/life.h"
#include "lib/core/passive.h"
#include "lib/core/stateless.h"

#define DUE_TICKS (16U * (1000000 / TICK_NS)) /* unit of due_16ms */

void half_open_make(struct half_open_set *set, struct arena *arena, uint32_t count)
{
	pool_make(&set->ipv4, arena, count, HALF_OPEN_IPV4_BYTES);
	pool_make(&set->ipv6, arena, count, HALF_OPEN_IPV6_BYTES);
	for (uint32_t i = 0; i < HALF_OPEN_FIFOS; i++)
		set->fifo[i] = (struct half_open_fifo){HALF_OPEN_NONE, HALF_OPEN_NONE};
}

static struct tuple half_open_tuple(const struct tcp *tcp, uint32_t index)
{
	const struct half_open *entry = half_open_at(&tcp->half_open, index);
	struct tuple tuple = {
		.local = tcp->neighbours.local[entry->local].ip,
		.local_port = tcp->listeners.listener[entry->listener].port,
		.remote_port = entry->remote_port,
	};

	if (index & HALF_OPEN_IPV6)
		memcpy(&tuple.remote, entry->remote, 16);
	else
		tuple.remote = ip_from_ipv4(be32_at(entry->remote));
	return tuple;
}

bool half_open_matches(const struct tcp *tcp, uint32_t index, const struct tuple *tuple, uint8_t local)
{
	const struct half_open *entry = half_open_at(&tcp->half_open, index);
	uint32_t bytes = half_open_ip_bytes(index);

	return entry->remote_port == tuple->remote_port && entry->local == local &&
	       tcp->listeners.listener[entry->listener].port == tuple->local_port &&
	       (bytes == 16) == !ip_is_ipv4(&tuple->remote) &&
	       memcmp(entry->remote, &tuple->remote.byte[16 - bytes], bytes) == 0;
}

static uint32_t half_open_delay_ms(const struct tcp *tcp, uint32_t attempts)
{
	uint32_t most_ms = cc_min(tcp->config.rto_max_ms, HALF_OPEN_DELAY_MAX_MS);

	return cc_min(tcp->config.rto_initial_ms << (attempts - 1), most_ms);
}

/* Files an entry behind those with as many attempts; each attempt waits twice as long as the one before. */
static void half_open_wait(struct tcp *tcp, uint32_t index)
{
	struct half_open *entry = half_open_at(&tcp->half_open, index);
	uint32_t over_tick = tcp->now_tick + ticks_from_ms(half_open_delay_ms(tcp, entry->attempts));

	entry->due_16ms = (over_tick / DUE_TICKS + 1) & 0xffff;
	entry->due_ms = over_tick / (DUE_TICKS / 16) & 15U;
	half_open_fifo_append(&tcp->half_open, half_open_fifo_of(&tcp->half_open, index), index);
}

/* The round trip of its SYN-ACK, which is answered now, in ms: RFC 6298's first measurement.  0: it was sent more than once. */
static uint32_t half_open_round_trip_ms(const struct tcp *tcp, const struct half_open *entry)
{
	uint32_t over_ms = (entry->due_16ms - 1U) * 16 + entry->due_ms;
	uint32_t now_ms = tcp->now_tick / (DUE_TICKS / 16);

	if (entry->attempts > 1 || entry->again)
		return 0;
	return cc_max((now_ms - over_ms + half_open_delay_ms(tcp, 1)) & 0xfffff, 1);
}

/* Unlinks and frees; the table is the caller's. */
static void half_open_free(struct tcp *tcp, uint32_t index)
{
	struct half_open_set *set = &tcp->half_open;

	half_open_fifo_remove(set, half_open_fifo_of(set, index), index);
	listen_entry_gone(tcp, half_open_at(set, index)->listener);
	set->pinned_count -= half_open_at(set, index)->pinned;
	pool_give(index & HALF_OPEN_IPV6 ? &set->ipv6 : &set->ipv4, index & ~HALF_OPEN_IPV6);
}

static void half_open_drop(struct tcp *tcp, uint32_t index)
{
	struct tuple tuple = half_open_tuple(tcp, index);

	table_remove(&tcp->table, table_hash(tcp->keys.table, &tuple), table_value(TABLE_HALF_OPEN, index));
	half_open_free(tcp, index);
}

static void half_open_end(struct tcp *tcp, uint32_t index)
{
	tcp_stepped(tcp, SLUICE_STATE_SYN_RECEIVED, SLUICE_STATE_CLOSED);
	half_open_drop(tcp, index);
}

bool half_open_drop_closed(struct tcp *tcp, uint32_t index)
{
	if (!tcp->listeners.listener[half_open_at(&tcp->half_open, index)->listener].is_closed)
		return false;
	half_open_end(tcp, index);
	return true;
}

static struct handshake half_open_agreed(const struct half_open *entry)
{
	return (struct handshake){
		.ts_recent = entry->ts_recent,
		.mss_bytes = entry->mss_bytes,
		.shift = entry->shift,
		.sack = entry->sack,
		.timestamps = entry->timestamps,
		.ecn = entry->ecn,
	};
}

static uint16_t half_open_window(const struct tcp *tcp, const struct half_open *entry)
{
	struct handshake agreed = half_open_agreed(entry);

	return passive_window(tcp, entry->listener, &agreed);
}

/* Where a cookie may be asked for it, the SYN-ACK's timestamp has the cookie's bits, even if its ISN has not. */
static uint32_t half_open_tsval(const struct tcp *tcp, const struct tuple *tuple, const struct handshake *agreed)
{
	uint32_t clock_ms = answer_clock_ms(tcp, tuple);

	return tcp->config.cookies == SLUICE_COOKIES_NEVER ? clock_ms : handshake_tsval(agreed, clock_ms);
}

static void half_open_answer(struct tcp *tcp, uint32_t index)
{
	const struct half_open *entry = half_open_at(&tcp->half_open, index);
	struct handshake agreed = half_open_agreed(entry);
	struct tuple tuple = half_open_tuple(tcp, index);
	struct answer answer = {
		.tuple = &tuple,
		.listener = &tcp->listeners.listener[entry->listener],
		.mac = &tcp->half_open.hop[entry->hop],
		.seq = entry->iss,
		.ack = seq_add(entry->irs, 1),
		.flags = TCP_SYN | TCP_ACK | (entry->ecn ? TCP_ECE : 0),
		.window = passive_window(tcp, entry->listener, &agreed),
		.options = handshake_options(tcp, &agreed),
	};

	answer.options.mss_bytes = passive_mss(tcp, entry->listener, index & HALF_OPEN_IPV6);
	if (agreed.timestamps)
		answer.options.tsval = half_open_tsval(tcp, &tuple, &agreed);
	answer_send(tcp, &answer);
}

/* When an entry was made, which its due time and the delays before it tell; unit as due_16ms. */
static uint16_t half_open_made(const struct tcp *tcp, const struct half_open *entry)
{
	uint32_t waited_ms = 0;

	for (uint32_t attempts = 1; attempts <= entry->attempts; attempts++)
		waited_ms += half_open_delay_ms(tcp, attempts);
	return (uint16_t)(entry->due_16ms - ticks_from_ms(waited_ms) / DUE_TICKS);
}

/* The oldest of a family stands first in one of its FIFOs. */
static uint32_t half_open_oldest(const struct tcp *tcp, bool ipv6)
{
	const struct half_open_fifo *fifo = &tcp->half_open.fifo[ipv6 ? HALF_OPEN_ATTEMPTS_MAX : 0];
	uint32_t oldest = HALF_OPEN_NONE;
	uint16_t oldest_made = 0;

	for (uint32_t i = 0; i < HALF_OPEN_ATTEMPTS_MAX; i++) {
		uint32_t first = fifo[i].first;
		uint16_t made;

		if (first == HALF_OPEN_NONE)
			continue;
		made = half_open_made(tcp, half_open_at(&tcp->half_open, first));
		if (oldest == HALF_OPEN_NONE || (int16_t)(made - oldest_made) < 0) {
			oldest = first;
			oldest_made = made;
		}
	}
	return oldest;
}

/* A free entry of the family, its oldest being evicted if there is none; HALF_OPEN_NONE: those left are pinned. */
static uint32_t half_open_take(struct tcp *tcp, bool ipv6)
{
	struct half_open_set *set = &tcp->half_open;
	struct pool *pool = ipv6 ? &set->ipv6 : &set->ipv4;

	if (pool->used_count == pool->capacity_count) {
		uint32_t oldest = half_open_oldest(tcp, ipv6);

		if (oldest == HALF_OPEN_NONE)
			return HALF_OPEN_NONE;
		COUNT(tcp, half_open_evicted);
		syn_gate_given(tcp);
		half_open_end(tcp, oldest);
	}
	return pool_take(pool) | (ipv6 ? HALF_OPEN_IPV6 : 0);
}

struct seq half_open_isn(const struct tcp *tcp, const struct frame *syn)
{
	struct handshake asked = handshake_of_syn(tcp, syn);

	return cookie_make(tcp->keys.cookie, &syn->tuple, syn->seq, tcp->cookie_epoch,
			   handshake_code(&asked, syn->ipv6));
}

static void half_open_fill(struct tcp *tcp, struct half_open *entry, const struct frame *syn)
{
	struct handshake asked = handshake_of_syn(tcp, syn);

	entry->irs = syn->seq;
	entry->remote_port = syn->tuple.remote_port;
	entry->hop = half_open_hop(&tcp->half_open, frame_source_mac(syn)) & 63U;
	entry->mss_bytes = cc_min(asked.mss_bytes, 16383) & 16383;
	entry->shift = asked.shift & 15U;
	entry->sack = asked.sack;
	entry->timestamps = asked.timestamps;
	entry->ts_recent = asked.ts_recent;
	entry->ecn = asked.ecn;
}

void half_open_create(struct tcp *tcp, const struct frame *syn, uint64_t hash, const struct half_open *like)
{
	uint32_t index = half_open_take(tcp, syn->ipv6);
	uint32_t bytes = half_open_ip_bytes(index);
	struct half_open *entry;

	if (index == HALF_OPEN_NONE)
		return;
	entry = half_open_at(&tcp->half_open, index);
	*entry = *like;
	half_open_fill(tcp, entry, syn);
	entry->attempts = 1;
	memcpy(entry->remote, &syn->tuple.remote.byte[16 - bytes], bytes);
	tcp->half_open.pinned_count += entry->pinned;
	tcp->listeners.listener[entry->listener].pending_count++;
	half_open_wait(tcp, index);
	if (!table_insert(&tcp->table, hash, table_value(TABLE_HALF_OPEN, index))) {
		half_open_free(tcp, index);
		return;
	}
	COUNT(tcp, half_open_created);
	tcp_stepped(tcp, SLUICE_STATE_LISTEN, SLUICE_STATE_SYN_RECEIVED);
	half_open_answer(tcp, index);
}

bool half_open_has_room(const struct tcp *tcp, bool ipv6, bool pinned)
{
	const struct half_open_set *set = &tcp->half_open;
	const struct pool *pool = ipv6 ? &set->ipv6 : &set->ipv4;

	return (!pinned || set->pinned_count < pool->capacity_count / HALF_OPEN_PINNED_PART + 1) &&
	       (pool->used_count < pool->capacity_count || half_open_oldest(tcp, ipv6) != HALF_OPEN_NONE);
}

/* The connection that the entry promised; NULL: no record is free, and the entry stays. */
static struct tcp_conn *half_open_promote(struct tcp *tcp, uint32_t index, const struct frame *frame, uint64_t hash)
{
	const struct half_open *entry = half_open_at(&tcp->half_open, index);
	struct passive passive = {
		.agreed = half_open_agreed(entry),
		.irs = entry->irs,
		.iss = entry->iss,
		.listener = entry->listener,
		.repeats = entry->attempts - 1U,
		.round_trip_ms = half_open_round_trip_ms(tcp, entry),
	};
	struct tcp_conn *conn = passive_new(tcp, &passive, frame);

	if (!conn)
		return NULL;
	half_open_free(tcp, index);
	table_replace(&tcp->table, hash, table_value(TABLE_HALF_OPEN, index),
		      table_value(TABLE_CONNECTION, tcp_conn_index(tcp, conn)));
	return conn;
}

static bool half_open_complete(struct tcp *tcp, uint32_t index, struct frame *frame, uint64_t hash)
{
	struct tcp_conn *conn = half_open_promote(tcp, index, frame, hash);

	if (!conn) {
		COUNT(tcp, drop_tcp_connections_full);
		return false;
	}
	COUNT(tcp, half_open_completed);
	return passive_open(tcp, conn, frame);
}

static void half_open_challenge(struct tcp *tcp, uint32_t index, const struct frame *frame)
{
	const struct half_open *entry = half_open_at(&tcp->half_open, index);
	uint8_t shift = entry->shift != HANDSHAKE_NO_SHIFT ? tcp->config.window_shift : 0;
	struct answer answer = {
		.tuple = &frame->tuple,
		.mac = frame_source_mac(frame),
		.seq = seq_add(entry->iss, 1),
		.ack = seq_add(entry->irs, 1),
		.flags = TCP_ACK,
		.window = (uint16_t)(half_open_window(tcp, entry) >> shift),
		.listener = &tcp->listeners.listener[entry->listener],
		.options = {.tsecr = entry->ts_recent, .present = entry->timestamps ? TCP_HAS_TIMESTAMPS : 0}};

	if (!answer_is_allowed(tcp))
		return;
	COUNT(tcp, challenge_acks);
	answer_send(tcp, &answer);
}

static bool half_open_is_older(const struct half_open *entry, const struct frame *frame)
{
	return entry->timestamps && (int32_t)(frame->options.tsval - entry->ts_recent) < 0;
}

/* The SYN again is answered again, and its newer timestamp is the one that our answer echoes; true: finished with. */
static bool half_open_check_syn_again(struct tcp *tcp, uint32_t index, const struct frame *frame)
{
	struct half_open *entry = half_open_at(&tcp->half_open, index);

	if ((frame->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN || !seq_equal(frame->seq, entry->irs))
		return false;
	COUNT(tcp, drop_tcp_half_open_other);
	if (frame->options.present & TCP_HAS_TIMESTAMPS && !half_open_is_older(entry, frame))
		entry->ts_recent = frame->options.tsval;
	entry->again = 1;
	half_open_answer(tcp, index);
	return true;
}

/* First step, after RFC 7323 section 5.3 R1 and section 3.2; a SYN is answered even if it lacks timestamps. */
static bool half_open_check_sequence(struct tcp *tcp, uint32_t index, const struct frame *frame)
{
	const struct half_open *entry = half_open_at(&tcp->half_open, index);
	uint32_t start = seq_distance(frame->seq, seq_add(entry->irs, 1));
	bool is_lacking = entry->timestamps && !(frame->options.present & TCP_HAS_TIMESTAMPS);
	bool is_rst = frame->flags & TCP_RST;

	if (!is_rst && (is_lacking || half_open_is_older(entry, frame))) {
		COUNT(tcp, drop_tcp_paws);
		if (!is_lacking || frame->flags & TCP_SYN)
			half_open_challenge(tcp, index, frame);
		return true;
	}
	if (start == 0 || start < half_open_window(tcp, entry))
		return false;
	COUNT(tcp, drop_tcp_half_open_other);
	if (!is_rst)
		half_open_challenge(tcp, index, frame);
	return true;
}

/* Second step: back to LISTEN (MUST-11), at the exact sequence alone (RFC 5961 section 3.2). */
static void half_open_take_rst(struct tcp *tcp, uint32_t index, const struct frame *frame)
{
	if (!seq_equal(frame->seq, seq_add(half_open_at(&tcp->half_open, index)->irs, 1))) {
		COUNT(tcp, drop_tcp_half_open_other);
		half_open_challenge(tcp, index, frame);
		return;
	}
	COUNT(tcp, half_open_reset);
	tcp_stepped(tcp, SLUICE_STATE_SYN_RECEIVED, SLUICE_STATE_LISTEN);
	half_open_drop(tcp, index);
}

static bool half_open_give_way(struct tcp *tcp, uint32_t index, struct frame *frame, uint64_t hash)
{
	uint8_t listener = half_open_at(&tcp->half_open, index)->listener;

	COUNT(tcp, half_open_replaced);
	tcp_stepped(tcp, SLUICE_STATE_SYN_RECEIVED, SLUICE_STATE_LISTEN);
	half_open_drop(tcp, index);
	return stateless_ack(tcp, frame, hash, listener);
}

/* The peer may answer an earlier SYN-ACK, whose entry was evicted or never made: then that is the one that counts. */
static bool half_open_other_ack(struct tcp *tcp, uint32_t index, struct frame *frame, uint64_t hash)
{
	switch (stateless_judge(tcp, frame)) {
	case STATELESS_COOKIE:
		return half_open_give_way(tcp, index, frame, hash);
	case STATELESS_MAYBE:
		COUNT(tcp, drop_tcp_cookie_hash);
		return false;
	case STATELESS_NONE:
		break;
	}
	COUNT(tcp, drop_tcp_half_open_ack);
	answer_reset(tcp, frame);
	return false;
}

bool half_open_arrives(struct tcp *tcp, uint32_t index, struct frame *frame, uint64_t hash)
{
	if (half_open_check_syn_again(tcp, index, frame) || half_open_check_sequence(tcp, index, frame))
		return false;
	if (frame->flags & TCP_RST) {
		half_open_take_rst(tcp, index, frame);
	} else if ((frame->flags & (TCP_SYN | TCP_ACK)) != TCP_ACK) {
		COUNT(tcp, drop_tcp_half_open_other);
		if (frame->flags &
		    TCP_SYN) /* fourth step: as RFC 5961 section 4.2 has it, for a guess may be in the window */
			half_open_challenge(tcp, index, frame);
	} else if (!seq_equal(frame->ack, seq_add(half_open_at(&tcp->half_open, index)->iss, 1))) {
		return half_open_other_ack(tcp, index, frame, hash);
	} else {
		return half_open_complete(tcp, index, frame, hash);
	}
	return false;
}

/* The oldest of a FIFO had its time. */
static void half_open_due(struct tcp *tcp, uint32_t index)
{
	struct half_open *entry = half_open_at(&tcp->half_open, index);

	COUNT(tcp, timers_fired);
	if (half_open_drop_closed(tcp, index))
		return;
	if (entry->attempts == HALF_OPEN_ATTEMPTS_MAX) {
		COUNT(tcp, half_open_expired);
		half_open_end(tcp, index);
		return;
	}
	half_open_fifo_remove(&tcp->half_open, half_open_fifo_of(&tcp->half_open, index), index);
	entry->attempts = (entry->attempts + 1) & 7;
	half_open_wait(tcp, index);
	COUNT(tcp, retransmits_syn);
	half_open_answer(tcp, index);
}

void half_open_timers(struct tcp *tcp)
{
	struct half_open_fifo *fifo = tcp->half_open.fifo;
	uint32_t budget = BURST_PACKETS_MAX / 2;

	for (uint32_t i = 0; i < HALF_OPEN_FIFOS; i++) {
		while (fifo[i].first != HALF_OPEN_NONE && budget > 0) {
			const struct half_open *entry = half_open_at(&tcp->half_open, fifo[i].first);

			if ((int16_t)(tcp->now_tick / DUE_TICKS - entry->due_16ms) < 0)
				break;
			half_open_due(tcp, fifo[i].first);
			budget--;
		}
	}
}

bool half_open_next(const struct tcp *tcp, uint32_t *tick)
{
	const struct half_open_fifo *fifo = tcp->half_open.fifo;
	uint32_t now_16ms = tcp->now_tick / DUE_TICKS;
	int16_t soonest = INT16_MAX;
	bool is_any = false;

	for (uint32_t i = 0; i < HALF_OPEN_FIFOS; i++) {
		int16_t ahead;

		if (fifo[i].first == HALF_OPEN_NONE)
			continue;
		is_any = true;
		ahead = (int16_t)(half_open_at(&tcp->half_open, fifo[i].first)->due_16ms - now_16ms);
		if (ahead < soonest)
			soonest = ahead;
	}
	*tick = soonest <= 0 ? tcp->now_tick : (now_16ms + (uint16_t)soonest) * DUE_TICKS;
	return is_any;
}

void half_open_drop_listener(struct tcp *tcp, uint8_t listener)
{
	uint32_t budget = HALF_OPEN_DROPPED_MAX;

	for (uint32_t i = 0; i < HALF_OPEN_FIFOS; i++) {
		for (uint32_t next, index = tcp->half_open.fifo[i].first; index != HALF_OPEN_NONE; index = next) {
			const struct half_open *entry = half_open_at(&tcp->half_open, index);

			next = entry->next;
			if (budget-- == 0)
				return;
			if (entry->listener == listener)
				half_open_end(tcp, index);
		}
	}
}
