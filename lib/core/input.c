/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst of frames in: short passes, each prefetching what the next one needs; then every segment goes to the record it is for.
 */
#include "lib/core/answer.h"
#include "lib/core/icmp_error.h"
#include "lib/core/segment.h"
#include "lib/core/tcp.h"
#include "lib/core/transmit.h"
#include "lib/wire/build.h"

struct input_burst {
	struct frame frame[BURST_PACKETS_MAX];
	uint64_t hash[BURST_PACKETS_MAX];
	uint8_t local[BURST_PACKETS_MAX];
};

static void input_drop(struct tcp *tcp, enum sluice_counter reason)
{
	tcp_count_many(tcp, reason, 1);
}

static inline bool input_has_addresses(const struct frame *frame)
{
	return frame->kind == FRAME_TCP || frame->kind == FRAME_ECHO || frame->kind == FRAME_FRAGMENT ||
	       frame->kind == FRAME_ICMP_ERROR;
}

/* Is it ours?  Otherwise it becomes a drop. */
static uint8_t input_check_addresses(struct tcp *tcp, struct frame *frame)
{
	uint8_t local = neighbour_local(&tcp->neighbours, &frame->tuple.local);

	if (local == LOCAL_NONE) {
		frame->kind = FRAME_DROP;
		frame->drop = SLUICE_COUNTER_drop_ip_destination;
	} else if (neighbour_local(&tcp->neighbours, &frame->tuple.remote) != LOCAL_NONE ||
		   neighbour_is_broadcast(&tcp->neighbours, &frame->tuple.remote)) {
		frame->kind = FRAME_DROP;
		frame->drop = SLUICE_COUNTER_drop_ip_source;
	}
	return local;
}

/* Text spread over several buffers becomes one: what is queued is read, and cut, from one piece. */
static void input_linearise(struct tcp *tcp, struct frame *frame, struct rte_mbuf **packet)
{
	struct rte_mbuf *whole = transmit_take(tcp);
	uint32_t bytes = 0;

	frame->kind = FRAME_DROP;
	frame->drop = whole ? SLUICE_COUNTER_drop_frame_chained : SLUICE_COUNTER_drop_no_buffer;
	if (!whole)
		return;
	for (const struct rte_mbuf *part = *packet; part; part = part->next) {
		if (bytes + part->data_len > PACKET_ROOM_BYTES) {
			stash_give(&tcp->stash, whole);
			return;
		}
		memcpy(packet_bytes(whole) + bytes, packet_bytes(part), part->data_len);
		bytes += part->data_len;
	}
	whole->data_len = (uint16_t)bytes;
	whole->pkt_len = bytes;
	stash_give(&tcp->stash, *packet);
	*packet = whole;
	frame->packet = whole;
	frame->kind = FRAME_TCP;
}

static void input_parse(struct tcp *tcp, struct input_burst *burst, struct rte_mbuf **packets, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct frame *frame = &burst->frame[i];

		if (i + 3 < count)
			prefetch(packet_bytes(packets[i + 3]));
		frame_parse(packets[i], &tcp->rules, frame);
		frame->packet = packets[i];
		if (!input_has_addresses(frame))
			continue;
		burst->local[i] = input_check_addresses(tcp, frame);
		if (frame->kind != FRAME_TCP)
			continue;
		COUNT(tcp, segments_received);
		if (packets[i]->next)
			input_linearise(tcp, frame, &packets[i]);
		burst->hash[i] = table_hash(tcp->keys.table, &frame->tuple);
		table_prefetch(&tcp->table, burst->hash[i]);
	}
}

static void input_prefetch(struct tcp *tcp, const struct input_burst *burst, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct table_cursor cursor;
		uint32_t value;

		if (burst->frame[i].kind != FRAME_TCP)
			continue;
		cursor = table_find(&tcp->table, burst->hash[i]);
		if (table_next(&tcp->table, &cursor, &value) && table_kind(value) == TABLE_CONNECTION) {
			const uint8_t *conn = pool_at(&tcp->conns, table_index(value));

			prefetch_write(conn);
			prefetch_write(conn + CACHE_LINE_BYTES);
			prefetch_write(conn + 2 * CACHE_LINE_BYTES);
		}
	}
}

static bool input_matches(const struct tcp *tcp, uint32_t value, const struct tuple *tuple, uint8_t local)
{
	switch (table_kind(value)) {
	case TABLE_CONNECTION:
		return tuple_equal(&tcp_conn_at(tcp, table_index(value))->tuple, tuple);
	case TABLE_HALF_OPEN:
		return half_open_matches(tcp, table_index(value), tuple, local);
	case TABLE_TIME_WAIT:
		return time_wait_matches(tcp, table_index(value), tuple);
	}
	return false;
}

static bool input_find(const struct tcp *tcp, uint64_t hash, const struct tuple *tuple, uint8_t local, uint32_t *value)
{
	struct table_cursor cursor = table_find(&tcp->table, hash);

	while (table_next(&tcp->table, &cursor, value))
		if (input_matches(tcp, *value, tuple, local))
			return true;
	return false;
}

bool tcp_tuple_is_taken(const struct tcp *tcp, const struct tuple *tuple, uint8_t local)
{
	uint32_t value;

	return input_find(tcp, table_hash(tcp->keys.table, tuple), tuple, local, &value);
}

struct tcp_conn *tcp_find_conn(const struct tcp *tcp, const struct tuple *tuple)
{
	uint8_t local = neighbour_local(&tcp->neighbours, &tuple->local);
	uint32_t value;

	if (!input_find(tcp, table_hash(tcp->keys.table, tuple), tuple, local, &value) ||
	    table_kind(value) != TABLE_CONNECTION)
		return NULL;
	return tcp_conn_at(tcp, table_index(value));
}

/* Returns whether the packet was kept. */
static bool input_no_record(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t local)
{
	uint8_t listener = listen_find(&tcp->listeners, &frame->tuple);

	if (listener != LISTENER_NONE)
		return listen_arrives(tcp, frame, hash, listener, local);
	COUNT(tcp, drop_tcp_no_connection);
	answer_reset(tcp, frame);
	return false;
}

/* RFC 6191: the ISN of the new incarnation is after the last sequence of the old one. */
static void input_time_wait(struct tcp *tcp, uint32_t index, struct frame *frame, uint64_t hash, uint8_t local)
{
	uint8_t listener = listen_find(&tcp->listeners, &frame->tuple);
	struct seq old_snd_nxt, iss;
	bool is_pinned;

	if (time_wait_arrives(tcp, index, frame, listener != LISTENER_NONE, &old_snd_nxt) == TIME_WAIT_DONE)
		return;
	iss = half_open_isn(tcp, frame);
	is_pinned = !seq_after(iss, old_snd_nxt);
	if (!half_open_has_room(tcp, frame->ipv6, is_pinned)) {
		COUNT(tcp, drop_tcp_time_wait); /* the SYN comes again */
		return;
	}
	time_wait_forget(tcp, index);
	COUNT(tcp, time_wait_reopened);
	COUNT(tcp, syns_received);
	half_open_create(tcp, frame, hash,
			 &(struct half_open){.iss = is_pinned ? seq_add(old_snd_nxt, 65538) : iss,
					     .listener = listener & 63U,
					     .local = local & 63U,
					     .pinned = is_pinned});
}

/* Returns whether the packet was kept. */
static bool input_tcp(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t local)
{
	uint32_t value;

	if (!input_find(tcp, hash, &frame->tuple, local, &value))
		return input_no_record(tcp, frame, hash, local);
	switch (table_kind(value)) {
	case TABLE_CONNECTION:
		return segment_arrives(tcp, tcp_conn_at(tcp, table_index(value)), frame);
	case TABLE_HALF_OPEN:
		if (half_open_drop_closed(tcp, table_index(value)))
			return input_no_record(tcp, frame, hash, local);
		return half_open_arrives(tcp, table_index(value), frame, hash);
	case TABLE_TIME_WAIT:
		input_time_wait(tcp, table_index(value), frame, hash, local);
		return false;
	}
	return false;
}

static bool input_echo(struct tcp *tcp, const struct frame *frame)
{
	build_echo_reply(frame, &tcp->rules.mac, tcp->io_flags);
	COUNT(tcp, echoes_answered);
	transmit_put(tcp, frame->packet);
	return true;
}

/* Put aside for the port, which puts datagrams together, and told what lies in front of its text. */
static bool input_fragment(struct tcp *tcp, const struct frame *frame)
{
	frame->packet->l2_len = (uint32_t)frame->l3_offset & 0x7f;
	frame->packet->l3_len = ((uint32_t)frame->l4_offset - frame->l3_offset) & 0x1ff;
	tcp->fragment[tcp->fragment_count++] = frame->packet;
	COUNT(tcp, fragments_received);
	return true;
}

/* Returns whether the packet was kept. */
static bool input_frame(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t local)
{
	switch ((enum frame_kind)frame->kind) {
	case FRAME_TCP:
		return input_tcp(tcp, frame, hash, local);
	case FRAME_ARP:
	case FRAME_ND_SOLICIT:
	case FRAME_ND_ADVERT:
		neighbour_arrives(tcp, frame);
		return false;
	case FRAME_ECHO:
		return input_echo(tcp, frame);
	case FRAME_FRAGMENT:
		return input_fragment(tcp, frame);
	case FRAME_DROP:
		input_drop(tcp, frame->drop);
		return false;
	case FRAME_ICMP_ERROR:
		icmp_error_arrives(tcp, frame);
		return false;
	}
	return false;
}

void tcp_input(struct tcp *tcp, struct rte_mbuf **packets, uint32_t count)
{
	struct input_burst burst;

	ASSERT(count <= BURST_PACKETS_MAX);
	for (uint32_t i = 0; i < count && i < 3; i++)
		prefetch(packet_bytes(packets[i]));
	input_parse(tcp, &burst, packets, count);
	input_prefetch(tcp, &burst, count);
	for (uint32_t i = 0; i < count; i++)
		if (!input_frame(tcp, &burst.frame[i], burst.hash[i], burst.local[i]))
			stash_give(&tcp->stash, packets[i]);
}
