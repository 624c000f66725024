/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TIME-WAIT records (RFC 9293 section 3.10.7.4, RFC 6191, RFC 1337).
 */
#include "lib/core/time_wait.h"

#include "lib/core/answer.h"
#include "lib/core/tcp.h"

#define TICKS_PER_SECOND       (1000000000 / TICK_NS)
#define ANSWERS_PER_SECOND_MAX 8

static_assert(TIME_WAIT_PER_TURN_MAX % TIME_WAIT_CHUNK_RECORDS_MAX == 0, "a turn looks at whole chunks");

static uint32_t time_wait_seconds(uint32_t ms)
{
	return ms / 1000 + (ms % 1000 != 0);
}

static uint32_t time_wait_longest_s(const struct sluice_config *config)
{
	uint32_t time_wait_s = time_wait_seconds(config->time_wait_ms),
		 fin_wait_2_s = time_wait_seconds(config->fin_wait_2_ms);

	return time_wait_s > fin_wait_2_s ? time_wait_s : fin_wait_2_s;
}

const char *time_wait_refuse(const struct sluice_config *config)
{
	if (config->time_wait == 0 || config->time_wait > TIME_WAIT_RECORDS_MAX)
		return "TIME-WAIT records must be 1 to 134217728";
	if (time_wait_longest_s(config) > TIME_WAIT_LONGEST_MAX_S)
		return "TIME-WAIT, and FIN-WAIT-2 after close, must last at most two hours";
	return NULL;
}

void time_wait_make(struct time_wait_set *set, struct arena *arena, const struct sluice_config *config)
{
	time_wait_wheel_make(&set->wheel, arena, config->time_wait, time_wait_longest_s(config));
	set->limit_count = config->time_wait;
}

static struct time_wait *time_wait_at(const struct tcp *tcp, uint32_t place)
{
	return time_wait_wheel_at(&tcp->time_wait.wheel, place);
}

static struct tuple time_wait_tuple(const struct tcp *tcp, const struct time_wait *record)
{
	struct tuple tuple = {.local = tcp->neighbours.local[record->local].ip,
			      .local_port = record->local_port,
			      .remote_port = record->remote_port};

	if (record->flags & TIME_WAIT_IPV6)
		memcpy(&tuple.remote, record->remote, 16);
	else
		tuple.remote = ip_from_ipv4(be32_at(record->remote));
	return tuple;
}

bool time_wait_matches(const struct tcp *tcp, uint32_t place, const struct tuple *tuple)
{
	struct tuple own = time_wait_tuple(tcp, time_wait_at(tcp, place));

	return tuple_equal(&own, tuple);
}

static uint64_t time_wait_hash(const struct tcp *tcp, uint32_t place)
{
	struct tuple tuple = time_wait_tuple(tcp, time_wait_at(tcp, place));

	return table_hash(tcp->keys.table, &tuple);
}

/* Takes a record out of the table and leaves a hole. */
static void time_wait_end(struct tcp *tcp, uint32_t place, uint64_t hash)
{
	bool is_fin_wait_2 = time_wait_at(tcp, place)->flags & TIME_WAIT_FIN_WAIT_2;

	tcp_stepped(tcp, is_fin_wait_2 ? SLUICE_STATE_FIN_WAIT_2 : SLUICE_STATE_TIME_WAIT, SLUICE_STATE_CLOSED);
	table_remove(&tcp->table, hash, table_value(TABLE_TIME_WAIT, place));
	time_wait_wheel_drop(&tcp->time_wait.wheel, place);
	tcp->time_wait.live_count--;
}

void time_wait_forget(struct tcp *tcp, uint32_t place)
{
	time_wait_end(tcp, place, time_wait_hash(tcp, place));
}

/* Gives the oldest record up for a newer one; false: there is none. */
static bool time_wait_recycle(struct tcp *tcp)
{
	uint32_t place = time_wait_wheel_oldest(&tcp->time_wait.wheel);

	if (place == TIME_WAIT_NO_PLACE)
		return false;
	COUNT(tcp, time_wait_recycled);
	time_wait_forget(tcp, place);
	return true;
}

static uint16_t time_wait_deadline(const struct tcp *tcp, uint32_t ms)
{
	return (uint16_t)(tcp->now_s + time_wait_seconds(ms) + 1);
}

/* A place for a new record.  Where holes have used up the chunks, the oldest chunk is emptied. */
static uint32_t time_wait_room(struct tcp *tcp, uint16_t deadline_s, bool ipv6)
{
	struct time_wait_set *set = &tcp->time_wait;
	uint32_t place;

	if (set->live_count >= set->limit_count)
		time_wait_recycle(tcp);
	do
		place = time_wait_wheel_file(&set->wheel, deadline_s, ipv6);
	while (place == TIME_WAIT_NO_PLACE && time_wait_recycle(tcp));
	return place;
}

void time_wait_take_over(struct tcp *tcp, const struct tcp_conn *conn, bool is_fin_wait_2)
{
	uint32_t old_value = table_value(TABLE_CONNECTION, tcp_conn_index(tcp, conn));
	uint64_t hash = table_hash(tcp->keys.table, &conn->tuple);
	bool ipv6 = !tcp_conn_is_ipv4(conn);
	uint16_t deadline_s =
		time_wait_deadline(tcp, is_fin_wait_2 ? tcp->config.fin_wait_2_ms : tcp->config.time_wait_ms);
	uint32_t place = time_wait_room(tcp, deadline_s, ipv6);
	struct time_wait *record;

	REQUIRE(place != TIME_WAIT_NO_PLACE); /* with every record recycled, every chunk is free */
	record = time_wait_at(tcp, place);
	*record = (struct time_wait){
		.snd_nxt = conn->snd_nxt,
		.rcv_nxt = conn->rcv_nxt,
		.ts_recent = conn->ts_recent,
		.local_port = conn->tuple.local_port,
		.remote_port = conn->tuple.remote_port,
		.deadline_s = deadline_s,
		.window = conn->rcv_wnd_raw,
		.shift = conn->rcv_shift,
		.local = neighbour_local(&tcp->neighbours, &conn->tuple.local),
		.flags = (uint8_t)((is_fin_wait_2 ? TIME_WAIT_FIN_WAIT_2 : 0) | (ipv6 ? TIME_WAIT_IPV6 : 0) |
				   (conn->flags & CONN_TIMESTAMPS ? TIME_WAIT_TIMESTAMPS : 0)),
	};
	memcpy(record->remote, &conn->tuple.remote.byte[ipv6 ? 0 : 12], ipv6 ? 16 : 4);
	table_replace(&tcp->table, hash, old_value, table_value(TABLE_TIME_WAIT, place));
	tcp->time_wait.live_count++;
	COUNT(tcp, time_wait_created);
}

/* Files a record anew, by its deadline; false: holes have used up the chunks. */
static bool time_wait_move(struct tcp *tcp, uint32_t place, uint64_t hash)
{
	struct time_wait_wheel *wheel = &tcp->time_wait.wheel;
	const struct time_wait *record = time_wait_at(tcp, place);
	bool ipv6 = record->flags & TIME_WAIT_IPV6;
	uint32_t again = time_wait_wheel_file(wheel, record->deadline_s, ipv6);

	if (again == TIME_WAIT_NO_PLACE)
		return false;
	memcpy(time_wait_at(tcp, again), record, ipv6 ? TIME_WAIT_IPV6_BYTES : TIME_WAIT_IPV4_BYTES);
	table_replace(&tcp->table, hash, table_value(TABLE_TIME_WAIT, place), table_value(TABLE_TIME_WAIT, again));
	time_wait_wheel_drop(wheel, place);
	return true;
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

/*
 * RFC 6191 section 2: a strictly newer timestamp; timestamps where the old connection had none, since its segments lack what the
 * new one's must have; or a later sequence where timestamps cannot tell.
 */
static bool time_wait_may_reopen(const struct tcp *tcp, const struct time_wait *record, const struct frame *frame)
{
	bool had = record->flags & TIME_WAIT_TIMESTAMPS;
	bool will_have = frame->options.present & TCP_HAS_TIMESTAMPS && tcp->config.timestamps;
	int32_t newer = (int32_t)(frame->options.tsval - record->ts_recent);

	if (record->flags & TIME_WAIT_FIN_WAIT_2 || frame->flags & (TCP_ACK | TCP_RST | TCP_FIN))
		return false;
	if (will_have && !had)
		return true;
	if (will_have && newer != 0)
		return newer > 0;
	return seq_after(frame->seq, record->rcv_nxt);
}

static uint32_t time_wait_window_bytes(const struct time_wait *record)
{
	return (uint32_t)record->window << record->shift;
}

/* Second step, with RFC 5961 section 3.2.  TIME-WAIT ignores any RST (RFC 1337). */
static bool time_wait_check_rst(struct tcp *tcp, uint32_t place, const struct frame *frame)
{
	struct time_wait *record = time_wait_at(tcp, place);

	if (!(frame->flags & TCP_RST))
		return false;
	COUNT(tcp, drop_tcp_time_wait);
	if (!(record->flags & TIME_WAIT_FIN_WAIT_2))
		return true;
	if (seq_equal(frame->seq, record->rcv_nxt))
		time_wait_forget(tcp, place);
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

/* Acknowledges the peer's FIN and begins 2MSL, anew if need be.  The record stays where it is filed until that comes up. */
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
static void time_wait_refuse_text(struct tcp *tcp, uint32_t place, const struct frame *frame)
{
	const struct time_wait *record = time_wait_at(tcp, place);

	COUNT(tcp, drop_tcp_text_closed);
	COUNT(tcp, resets_sent);
	answer_send(tcp, &(struct answer){.tuple = &frame->tuple,
					  .mac = frame_source_mac(frame),
					  .seq = record->snd_nxt,
					  .ack = record->rcv_nxt,
					  .flags = TCP_RST | TCP_ACK});
	time_wait_forget(tcp, place);
}

/* The FIN of a peer that was closed to already.  2MSL may end before the time that it had for that. */
static void time_wait_begin(struct tcp *tcp, uint32_t place, const struct frame *frame)
{
	struct time_wait *record = time_wait_at(tcp, place);

	record->flags &= (uint8_t)~TIME_WAIT_FIN_WAIT_2;
	record->rcv_nxt = seq_add(frame->seq, frame->text_bytes + 1U);
	tcp_stepped(tcp, SLUICE_STATE_FIN_WAIT_2, SLUICE_STATE_TIME_WAIT);
	time_wait_restart(tcp, record, frame);
	if (time_wait_wheel_is_filed_after(&tcp->time_wait.wheel, place, record->deadline_s))
		time_wait_move(tcp, place, time_wait_hash(tcp, place));
}

/* Seventh and eighth step, of an acceptable segment. */
static void time_wait_take_text(struct tcp *tcp, uint32_t place, const struct frame *frame)
{
	struct time_wait *record = time_wait_at(tcp, place);
	struct seq end = seq_add(frame->seq, frame->text_bytes);

	if (record->flags & TIME_WAIT_FIN_WAIT_2) {
		if (seq_after(end, record->rcv_nxt) && frame->text_bytes) {
			time_wait_refuse_text(tcp, place, frame);
			return;
		}
		if (frame->flags & TCP_FIN && seq_equal(end, record->rcv_nxt)) {
			time_wait_begin(tcp, place, frame);
			return;
		}
	}
	COUNT(tcp, drop_tcp_time_wait);
	/* An ACK of our ACK asks for nothing: answered, it could go round for ever. */
	if (frame->text_bytes || frame->flags & TCP_FIN ||
	    !(record->flags & TIME_WAIT_FIN_WAIT_2 || seq_equal(frame->seq, record->rcv_nxt)))
		time_wait_answer(tcp, record, frame);
}

enum time_wait_verdict time_wait_arrives(struct tcp *tcp, uint32_t place, const struct frame *frame, bool has_listener,
					 struct seq *old_snd_nxt)
{
	struct time_wait *record = time_wait_at(tcp, place);

	if (frame->flags & TCP_SYN && has_listener && time_wait_may_reopen(tcp, record, frame)) {
		*old_snd_nxt = record->snd_nxt;
		return TIME_WAIT_REOPEN;
	}
	if (time_wait_check_rst(tcp, place, frame) || time_wait_check_syn(tcp, record, frame) ||
	    time_wait_check_fin_again(tcp, record, frame))
		return TIME_WAIT_DONE;
	if (time_wait_is_acceptable(record, frame) &&
	    (!(frame->flags & TCP_ACK) || time_wait_is_ack_acceptable(record, frame))) {
		if (frame->flags & TCP_ACK)
			time_wait_take_text(tcp, place, frame);
		else
			COUNT(tcp, drop_tcp_time_wait);
		return TIME_WAIT_DONE;
	}
	COUNT(tcp, drop_tcp_time_wait);
	time_wait_answer(tcp, record, frame);
	return TIME_WAIT_DONE;
}

/* The record had its time, or was restarted, or is not due for longer than the wheel is: then it is filed anew. */
static void time_wait_due(struct tcp *tcp, uint32_t place, uint64_t hash)
{
	const struct time_wait *record = time_wait_at(tcp, place);

	COUNT(tcp, timers_fired);
	if (!time_wait_wheel_is_over(&tcp->time_wait.wheel, record->deadline_s, tcp->now_s)) {
		if (time_wait_move(tcp, place, hash))
			return;
		COUNT(tcp, time_wait_recycled);
	} else if (record->flags & TIME_WAIT_FIN_WAIT_2) {
		COUNT(tcp, fin_wait_2_expired);
	} else {
		COUNT(tcp, time_wait_expired);
	}
	time_wait_end(tcp, place, hash);
}

/* A chunk's records lie side by side, and their buckets anywhere: those are asked for all at once. */
static uint32_t time_wait_expire_chunk(struct tcp *tcp)
{
	uint32_t place[TIME_WAIT_CHUNK_RECORDS_MAX];
	uint64_t hash[TIME_WAIT_CHUNK_RECORDS_MAX];
	uint32_t count = time_wait_wheel_due(&tcp->time_wait.wheel, tcp->now_s, place);

	for (uint32_t i = 0; i < count; i++) {
		hash[i] = time_wait_hash(tcp, place[i]);
		table_prefetch(&tcp->table, hash[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		time_wait_due(tcp, place[i], hash[i]);
	return count;
}

void time_wait_timers(struct tcp *tcp)
{
	uint32_t due_s;

	for (uint32_t i = 0; i < TIME_WAIT_PER_TURN_MAX / TIME_WAIT_CHUNK_RECORDS_MAX; i++)
		if (time_wait_expire_chunk(tcp) == 0)
			return;
	if (time_wait_wheel_next(&tcp->time_wait.wheel, &due_s) && tick_reached(due_s, tcp->now_s))
		COUNT(tcp, timers_bound_hit);
}

bool time_wait_next(const struct tcp *tcp, uint32_t *tick)
{
	uint32_t due_s;
	int32_t ahead_s;

	if (!time_wait_wheel_next(&tcp->time_wait.wheel, &due_s))
		return false;
	ahead_s = (int32_t)(due_s - tcp->now_s);
	*tick = ahead_s <= 0 ? tcp->now_tick
			     : tcp->now_tick + (uint32_t)ahead_s * TICKS_PER_SECOND -
				       (uint32_t)(tcp->now_ns % 1000000000 / TICK_NS);
	return true;
}
