/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TIME-WAIT records (RFC 9293 section 3.10.7.4, RFC 6191, RFC 1337).
 */
#include "lib/core/time_wait.h"

#include "lib/core/answer.h"
#include "lib/core/tcp.h"

#define CHUNK_NONE             UINT32_MAX
#define TICKS_PER_SECOND       (1000000000 / TICK_NS)
#define ANSWERS_PER_SECOND_MAX 8

static uint32_t time_wait_seconds(uint32_t ms)
{
	uint32_t seconds = (ms + 999) / 1000;

	return seconds < TIME_WAIT_SLOTS_MAX - 4 ? seconds : TIME_WAIT_SLOTS_MAX - 4;
}

static uint32_t time_wait_longest_s(const struct sluice_config *config)
{
	uint32_t time_wait_s = time_wait_seconds(config->time_wait_ms),
		 fin_wait_2_s = time_wait_seconds(config->fin_wait_2_ms);

	return time_wait_s > fin_wait_2_s ? time_wait_s : fin_wait_2_s;
}

void time_wait_make(struct time_wait_set *set, struct arena *arena, const struct sluice_config *config)
{
	uint32_t slots = time_wait_longest_s(config) + 4;
	/* IPv6 takes two units; every slot may leave one chunk of each family partly filled. */
	uint32_t chunks = (config->time_wait * 2 + TIME_WAIT_CHUNK_UNITS - 1) / TIME_WAIT_CHUNK_UNITS + 2 * slots;

	set->units = arena_take(arena, (size_t)chunks * TIME_WAIT_CHUNK_UNITS, TIME_WAIT_UNIT_BYTES);
	set->chunks = arena_take(arena, chunks, sizeof(struct time_wait_chunk));
	set->chunk_count = chunks;
	set->chunk_free = CHUNK_NONE;
	set->chunk_fresh = 0;
	set->limit_count = config->time_wait;
	set->slot_count = slots;
	for (uint32_t i = 0; i < slots; i++)
		for (uint32_t j = 0; j < 2; j++)
			set->slot[i][j] = (struct time_wait_list){CHUNK_NONE, CHUNK_NONE};
}

static uint32_t time_wait_units(const struct time_wait *record)
{
	return record->flags & TIME_WAIT_IPV6 ? 2 : 1;
}

static struct tuple time_wait_tuple(const struct time_wait *record)
{
	struct tuple tuple = {.local_port = record->local_port, .remote_port = record->remote_port};

	if (record->flags & TIME_WAIT_IPV6) {
		memcpy(&tuple.local, record->addresses, 16);
		memcpy(&tuple.remote, record->addresses + 16, 16);
	} else {
		tuple.local = ip_from_ipv4(be32_at(record->addresses));
		tuple.remote = ip_from_ipv4(be32_at(record->addresses + 4));
	}
	return tuple;
}

bool time_wait_matches(const struct tcp *tcp, uint32_t index, const struct tuple *tuple)
{
	struct tuple own = time_wait_tuple(time_wait_at(&tcp->time_wait, index));

	return tuple_equal(&own, tuple);
}

static uint32_t chunk_take(struct time_wait_set *set)
{
	uint32_t index = set->chunk_free;

	if (index == CHUNK_NONE)
		return set->chunk_fresh < set->chunk_count ? set->chunk_fresh++ : CHUNK_NONE;
	set->chunk_free = set->chunks[index].next;
	return index;
}

/* The oldest record of a list, not yet taken off it; false: the list is empty.  Empty chunks go back on the way. */
static bool list_first(struct time_wait_set *set, struct time_wait_list *list, uint32_t *unit)
{
	while (list->first != CHUNK_NONE) {
		struct time_wait_chunk *chunk = &set->chunks[list->first];
		uint32_t empty = list->first;

		if (chunk->first_unit < chunk->end_unit) {
			*unit = list->first * TIME_WAIT_CHUNK_UNITS + chunk->first_unit;
			return true;
		}
		list->first = chunk->next;
		if (list->first == CHUNK_NONE)
			list->last = CHUNK_NONE;
		chunk->next = set->chunk_free;
		set->chunk_free = empty;
	}
	return false;
}

static void list_advance(struct time_wait_set *set, struct time_wait_list *list)
{
	struct time_wait_chunk *chunk = &set->chunks[list->first];
	const struct time_wait *record = time_wait_at(set, list->first * TIME_WAIT_CHUNK_UNITS + chunk->first_unit);

	chunk->first_unit = (uint16_t)(chunk->first_unit + time_wait_units(record));
}

/* Room for a record at the end of a list; UINT32_MAX: no chunk is free. */
static uint32_t list_append(struct time_wait_set *set, struct time_wait_list *list, uint32_t units)
{
	struct time_wait_chunk *chunk = list->last == CHUNK_NONE ? NULL : &set->chunks[list->last];
	uint32_t unit;

	if (!chunk || chunk->end_unit + units > TIME_WAIT_CHUNK_UNITS) {
		uint32_t index = chunk_take(set);

		if (index == CHUNK_NONE)
			return UINT32_MAX;
		set->chunks[index] = (struct time_wait_chunk){.next = CHUNK_NONE};
		if (chunk)
			chunk->next = index;
		else
			list->first = index;
		list->last = index;
		chunk = &set->chunks[index];
	}
	unit = list->last * TIME_WAIT_CHUNK_UNITS + chunk->end_unit;
	chunk->end_unit = (uint16_t)(chunk->end_unit + units);
	return unit;
}

/* The slot `ahead_s` seconds after the newest that was emptied: 1 is the next one. */
static struct time_wait_list *time_wait_slot(struct time_wait_set *set, uint32_t ahead_s, bool ipv6)
{
	return &set->slot[(set->expired_s + ahead_s) % set->slot_count][ipv6];
}

/* Where a deadline is filed: in its own slot, or in the farthest one, from where it is filed again. */
static struct time_wait_list *time_wait_list(struct time_wait_set *set, uint16_t deadline_s, bool ipv6)
{
	uint32_t ahead_s = (uint16_t)(deadline_s - set->expired_s);

	return time_wait_slot(set, ahead_s < set->slot_count ? ahead_s : set->slot_count, ipv6);
}

/* Takes a record out of the table; its place is freed when its slot comes up. */
static void time_wait_kill(struct tcp *tcp, uint32_t unit)
{
	struct time_wait *record = time_wait_at(&tcp->time_wait, unit);
	struct tuple tuple = time_wait_tuple(record);

	table_remove(&tcp->table, table_hash(tcp->keys.table, &tuple), table_value(TABLE_TIME_WAIT, unit));
	record->flags |= TIME_WAIT_DEAD;
	tcp->time_wait.live_count--;
}

void time_wait_forget(struct tcp *tcp, uint32_t index)
{
	bool is_fin_wait_2 = time_wait_at(&tcp->time_wait, index)->flags & TIME_WAIT_FIN_WAIT_2;

	tcp_stepped(tcp, is_fin_wait_2 ? SLUICE_STATE_FIN_WAIT_2 : SLUICE_STATE_TIME_WAIT, SLUICE_STATE_CLOSED);
	time_wait_kill(tcp, index);
}

/* Gives the oldest record up for a newer one.  Whole slots are walked only past records that are dead. */
static bool time_wait_recycle(struct tcp *tcp)
{
	struct time_wait_set *set = &tcp->time_wait;

	for (uint32_t i = 1; i <= set->slot_count; i++) {
		for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
			struct time_wait_list *list = time_wait_slot(set, i, ipv6);
			uint32_t unit;

			while (list_first(set, list, &unit)) {
				bool is_dead = time_wait_at(set, unit)->flags & TIME_WAIT_DEAD;

				if (!is_dead) {
					COUNT(tcp, time_wait_recycled);
					time_wait_forget(tcp, unit);
				}
				list_advance(set, list);
				if (!is_dead)
					return true;
			}
		}
	}
	return false;
}

static uint16_t time_wait_deadline(const struct tcp *tcp, uint32_t ms)
{
	return (uint16_t)(tcp->now_s + time_wait_seconds(ms) + 1);
}

static uint32_t time_wait_room(struct tcp *tcp, uint16_t deadline_s, bool ipv6)
{
	struct time_wait_set *set = &tcp->time_wait;
	uint32_t unit = UINT32_MAX;

	if (set->live_count >= set->limit_count && !time_wait_recycle(tcp))
		return UINT32_MAX;
	while (unit == UINT32_MAX) {
		unit = list_append(set, time_wait_list(set, deadline_s, ipv6), ipv6 ? 2 : 1);
		if (unit == UINT32_MAX && !time_wait_recycle(tcp))
			break;
	}
	return unit;
}

void time_wait_take_over(struct tcp *tcp, const struct tcp_conn *conn, bool is_fin_wait_2)
{
	uint32_t old_value = table_value(TABLE_CONNECTION, tcp_conn_index(tcp, conn));
	uint64_t hash = table_hash(tcp->keys.table, &conn->tuple);
	bool ipv6 = !tcp_conn_is_ipv4(conn);
	uint16_t deadline_s =
		time_wait_deadline(tcp, is_fin_wait_2 ? tcp->config.fin_wait_2_ms : tcp->config.time_wait_ms);
	uint32_t unit = time_wait_room(tcp, deadline_s, ipv6);
	struct time_wait *record;

	if (unit == UINT32_MAX) {
		table_remove(&tcp->table, hash, old_value);
		return;
	}
	record = time_wait_at(&tcp->time_wait, unit);
	*record = (struct time_wait){
		.snd_nxt = conn->snd_nxt,
		.rcv_nxt = conn->rcv_nxt,
		.ts_recent = conn->ts_recent,
		.local_port = conn->tuple.local_port,
		.remote_port = conn->tuple.remote_port,
		.deadline_s = deadline_s,
		.window = conn->rcv_wnd_raw,
		.shift = conn->rcv_shift,
		.flags = (uint8_t)((is_fin_wait_2 ? TIME_WAIT_FIN_WAIT_2 : 0) | (ipv6 ? TIME_WAIT_IPV6 : 0) |
				   (conn->flags & CONN_TIMESTAMPS ? TIME_WAIT_TIMESTAMPS : 0)),
	};
	memcpy(record->addresses, &conn->tuple.local.byte[ipv6 ? 0 : 12], ipv6 ? 16 : 4);
	memcpy(record->addresses + (ipv6 ? 16 : 4), &conn->tuple.remote.byte[ipv6 ? 0 : 12], ipv6 ? 16 : 4);
	table_replace(&tcp->table, hash, old_value, table_value(TABLE_TIME_WAIT, unit));
	tcp->time_wait.live_count++;
	COUNT(tcp, time_wait_created);
}

static void time_wait_answer(struct tcp *tcp, struct time_wait *record, const struct frame *frame)
{
	uint8_t second = tcp->now_s & 15U;
	struct answer answer = {.tuple = &frame->tuple,
				.mac = frame_source_mac(frame),
				.seq = record->snd_nxt,
				.ack = record->rcv_nxt,
				.flags = TCP_ACK,
				.window = record->window,
				.options = {.tsecr = record->ts_recent,
					    .present = record->flags & TIME_WAIT_TIMESTAMPS ? TCP_HAS_TIMESTAMPS : 0}};

	if (record->answers_second != second) {
		record->answers_second = second & 15U;
		record->answers = 0;
	}
	if (record->answers >= ANSWERS_PER_SECOND_MAX) {
		COUNT(tcp, challenge_acks_limited);
		return;
	}
	record->answers = (record->answers + 1) & 15U;
	answer_send(tcp, &answer);
}

/* RFC 6191 section 2: a strictly newer timestamp, or a later sequence where timestamps cannot tell. */
static bool time_wait_may_reopen(const struct time_wait *record, const struct frame *frame)
{
	bool both = record->flags & TIME_WAIT_TIMESTAMPS && frame->options.present & TCP_HAS_TIMESTAMPS;
	int32_t newer = (int32_t)(frame->options.tsval - record->ts_recent);

	if (record->flags & TIME_WAIT_FIN_WAIT_2 || frame->flags & (TCP_ACK | TCP_RST | TCP_FIN))
		return false;
	if (both && newer != 0)
		return newer > 0;
	return seq_after(frame->seq, record->rcv_nxt);
}

static uint32_t time_wait_window_bytes(const struct time_wait *record)
{
	return (uint32_t)record->window << record->shift;
}

/* Second step, with RFC 5961 section 3.2.  TIME-WAIT ignores any RST (RFC 1337). */
static bool time_wait_check_rst(struct tcp *tcp, uint32_t unit, const struct frame *frame)
{
	struct time_wait *record = time_wait_at(&tcp->time_wait, unit);

	if (!(frame->flags & TCP_RST))
		return false;
	COUNT(tcp, drop_tcp_time_wait);
	if (!(record->flags & TIME_WAIT_FIN_WAIT_2))
		return true;
	if (seq_equal(frame->seq, record->rcv_nxt))
		time_wait_forget(tcp, unit);
	else if (seq_distance(frame->seq, record->rcv_nxt) < time_wait_window_bytes(record))
		time_wait_answer(tcp, record, frame);
	return true;
}

/* Fourth step, and RFC 7323 section 5.3 R1 and section 3.2. */
static bool time_wait_check_syn(struct tcp *tcp, struct time_wait *record, const struct frame *frame)
{
	bool is_lacking = record->flags & TIME_WAIT_TIMESTAMPS && !(frame->options.present & TCP_HAS_TIMESTAMPS);
	bool is_stale = record->flags & TIME_WAIT_TIMESTAMPS && (int32_t)(frame->options.tsval - record->ts_recent) < 0;

	if (!(frame->flags & TCP_SYN) && !is_lacking && !is_stale)
		return false;
	COUNT(tcp, drop_tcp_time_wait);
	if (frame->flags & TCP_SYN || !is_lacking)
		time_wait_answer(tcp, record, frame);
	return true;
}

/* Acknowledges the peer's FIN and begins 2MSL, anew if need be. */
static void time_wait_restart(struct tcp *tcp, struct time_wait *record, const struct frame *frame)
{
	if (record->flags & TIME_WAIT_TIMESTAMPS)
		record->ts_recent = frame->options.tsval;
	record->deadline_s = time_wait_deadline(tcp, tcp->config.time_wait_ms);
	time_wait_answer(tcp, record, frame);
}

/* The FIN again: no other segment begins 2MSL anew. */
static bool time_wait_check_fin_again(struct tcp *tcp, struct time_wait *record, const struct frame *frame)
{
	if (record->flags & TIME_WAIT_FIN_WAIT_2 || (frame->flags & (TCP_FIN | TCP_ACK)) != (TCP_FIN | TCP_ACK) ||
	    !seq_equal(seq_add(frame->seq, frame->text_bytes + 1U), record->rcv_nxt))
		return false;
	COUNT(tcp, time_wait_restarted);
	time_wait_restart(tcp, record, frame);
	return true;
}

/* First step: RFC 9293 section 3.4 table 6. */
static bool time_wait_is_acceptable(const struct time_wait *record, const struct frame *frame)
{
	uint32_t window_bytes = time_wait_window_bytes(record);
	uint32_t bytes = frame->text_bytes + (frame->flags & TCP_FIN ? 1U : 0);
	uint32_t start = seq_distance(frame->seq, record->rcv_nxt);

	if (window_bytes == 0)
		return start == 0 && bytes == 0;
	return start < window_bytes || (bytes && start + bytes - 1 < window_bytes);
}

/* Fifth step, with the constant for MAX.SND.WND that RFC 5961 section 5.2 allows. */
static bool time_wait_is_ack_acceptable(const struct time_wait *record, const struct frame *frame)
{
	return seq_distance(record->snd_nxt, frame->ack) <= (uint32_t)UINT16_MAX << WINDOW_SHIFT_MAX;
}

/* Text to an application that closed: RST, and the record ends. */
static void time_wait_refuse_text(struct tcp *tcp, uint32_t unit, const struct frame *frame)
{
	const struct time_wait *record = time_wait_at(&tcp->time_wait, unit);

	COUNT(tcp, drop_tcp_text_closed);
	COUNT(tcp, resets_sent);
	answer_send(tcp, &(struct answer){.tuple = &frame->tuple,
					  .mac = frame_source_mac(frame),
					  .seq = record->snd_nxt,
					  .ack = record->rcv_nxt,
					  .flags = TCP_RST | TCP_ACK});
	time_wait_forget(tcp, unit);
}

/* Seventh and eighth step, of an acceptable segment. */
static void time_wait_take_text(struct tcp *tcp, uint32_t unit, const struct frame *frame)
{
	struct time_wait *record = time_wait_at(&tcp->time_wait, unit);
	struct seq end = seq_add(frame->seq, frame->text_bytes);

	if (record->flags & TIME_WAIT_FIN_WAIT_2) {
		if (seq_after(end, record->rcv_nxt) && frame->text_bytes) {
			time_wait_refuse_text(tcp, unit, frame);
			return;
		}
		if (frame->flags & TCP_FIN && seq_equal(end, record->rcv_nxt)) {
			record->flags &= (uint8_t)~TIME_WAIT_FIN_WAIT_2;
			record->rcv_nxt = seq_add(end, 1);
			tcp_stepped(tcp, SLUICE_STATE_FIN_WAIT_2, SLUICE_STATE_TIME_WAIT);
			time_wait_restart(tcp, record, frame);
			return;
		}
	}
	COUNT(tcp, drop_tcp_time_wait);
	/* An ACK of our ACK asks for nothing: answered, it could go round for ever. */
	if (frame->text_bytes || frame->flags & TCP_FIN ||
	    !(record->flags & TIME_WAIT_FIN_WAIT_2 || seq_equal(frame->seq, record->rcv_nxt)))
		time_wait_answer(tcp, record, frame);
}

enum time_wait_verdict time_wait_arrives(struct tcp *tcp, uint32_t index, const struct frame *frame, bool has_listener,
					 struct seq *old_snd_nxt)
{
	struct time_wait *record = time_wait_at(&tcp->time_wait, index);

	if (frame->flags & TCP_SYN && has_listener && time_wait_may_reopen(record, frame)) {
		*old_snd_nxt = record->snd_nxt;
		return TIME_WAIT_REOPEN;
	}
	if (time_wait_check_rst(tcp, index, frame) || time_wait_check_syn(tcp, record, frame) ||
	    time_wait_check_fin_again(tcp, record, frame))
		return TIME_WAIT_DONE;
	if (time_wait_is_acceptable(record, frame) &&
	    (!(frame->flags & TCP_ACK) || time_wait_is_ack_acceptable(record, frame))) {
		if (frame->flags & TCP_ACK)
			time_wait_take_text(tcp, index, frame);
		else
			COUNT(tcp, drop_tcp_time_wait);
		return TIME_WAIT_DONE;
	}
	COUNT(tcp, drop_tcp_time_wait);
	time_wait_answer(tcp, record, frame);
	return TIME_WAIT_DONE;
}

/* The record had its time, or was restarted and is filed anew. */
static void time_wait_due(struct tcp *tcp, uint32_t unit)
{
	struct time_wait_set *set = &tcp->time_wait;
	struct time_wait copy = *time_wait_at(set, unit);
	struct tuple tuple;
	uint32_t again;

	if (copy.flags & TIME_WAIT_DEAD)
		return;
	COUNT(tcp, timers_fired);
	if ((int16_t)(copy.deadline_s - (uint16_t)tcp->now_s) > 0) {
		tuple = time_wait_tuple(time_wait_at(set, unit));
		again = list_append(set, time_wait_list(set, copy.deadline_s, copy.flags & TIME_WAIT_IPV6),
				    time_wait_units(&copy));
		if (again != UINT32_MAX) {
			memcpy(time_wait_at(set, again), time_wait_at(set, unit),
			       time_wait_units(&copy) * TIME_WAIT_UNIT_BYTES);
			table_replace(&tcp->table, table_hash(tcp->keys.table, &tuple),
				      table_value(TABLE_TIME_WAIT, unit), table_value(TABLE_TIME_WAIT, again));
			return;
		}
	}
	if (copy.flags & TIME_WAIT_FIN_WAIT_2)
		COUNT(tcp, fin_wait_2_expired);
	else
		COUNT(tcp, time_wait_expired);
	time_wait_forget(tcp, unit);
}

void time_wait_timers(struct tcp *tcp)
{
	struct time_wait_set *set = &tcp->time_wait;
	uint32_t budget = TIME_WAIT_PER_TURN_MAX;

	if (tcp->now_s - set->expired_s > set->slot_count)
		set->expired_s = tcp->now_s - set->slot_count;
	while (set->expired_s != tcp->now_s) {
		for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
			struct time_wait_list *list = time_wait_slot(set, 1, ipv6);
			uint32_t unit;

			while (list_first(set, list, &unit)) {
				if (budget-- == 0) {
					COUNT(tcp, timers_bound_hit);
					return;
				}
				list_advance(set, list);
				time_wait_due(tcp, unit);
			}
		}
		set->expired_s++;
	}
}

bool time_wait_next(const struct tcp *tcp, uint32_t *tick)
{
	const struct time_wait_set *set = &tcp->time_wait;
	int32_t ahead_s;

	if (set->live_count == 0)
		return false;
	for (uint32_t i = 1; i <= set->slot_count; i++) {
		const struct time_wait_list *list = set->slot[(set->expired_s + i) % set->slot_count];

		if (list[0].first == CHUNK_NONE && list[1].first == CHUNK_NONE)
			continue;
		ahead_s = (int32_t)(set->expired_s + i - tcp->now_s);
		*tick = ahead_s <= 0 ? tcp->now_tick
				     : tcp->now_tick + (uint32_t)ahead_s * TICKS_PER_SECOND -
					       (uint32_t)(tcp->now_ns % 1000000000 / TICK_NS);
		return true;
	}
	return false;
}
