/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive queue and reassembly (RFC 9293 section 3.10.7.4, seventh step; SHLD-31).
 */
#include "lib/core/receive_queue.h"

#include "lib/core/cc.h"

/* A smaller text moves into the packet before it: what is held takes little more than twice its bytes, however it was cut. */
#define COALESCE_BYTES_MAX (PACKET_ROOM_BYTES / 2)

static struct seq range_start(struct rte_mbuf *range)
{
	return seq_of(packet_of(range)->seq);
}

static struct seq range_end(struct rte_mbuf *range)
{
	return seq_of(packet_of(range)->range_end);
}

/* After the peer's FIN, if the range ends with it: the FIN has a number, too. */
static struct seq range_end_with_fin(struct rte_mbuf *range)
{
	return seq_add(range_end(range), packet_of(packet_of(range)->range_last)->fin ? 1 : 0);
}

static struct rte_mbuf *receive_queue_give(struct tcp *tcp, struct rte_mbuf *packet)
{
	struct rte_mbuf *next = packet_of(packet)->next;

	stash_give(&tcp->stash, packet);
	tcp->packets_held--;
	return next;
}

/* Moves a small text into the room of the packet before it; the bytes already shown there do not move. */
static bool receive_queue_coalesce(struct rte_mbuf *tail, const struct rte_mbuf *packet)
{
	uint32_t end;

	if (!tail || packet->data_len > COALESCE_BYTES_MAX || tail->refcnt > 1)
		return false;
	end = (uint32_t)tail->data_off + tail->data_len;
	if (end + packet->data_len > tail->buf_len)
		return false;
	stash_unguard(tail);
	memcpy((uint8_t *)tail->buf_addr + end, packet_bytes(packet), packet->data_len);
	tail->data_len = (uint16_t)(tail->data_len + packet->data_len);
	stash_guard(tail);
	return true;
}

/* Writes what is held out of order over the packet's own copy of it: the first copy of a byte stays. */
static void receive_queue_keep_first(const struct tcp_conn *conn, struct rte_mbuf *packet)
{
	struct seq end = seq_add(conn->rcv_nxt, packet->data_len);

	for (struct rte_mbuf *range = conn->ooo_head; range && seq_before(range_start(range), end);
	     range = packet_of(range)->range_next) {
		for (struct rte_mbuf *held = range; held && seq_before(seq_of(packet_of(held)->seq), end);
		     held = packet_of(held)->next) {
			uint32_t offset = seq_distance(seq_of(packet_of(held)->seq), conn->rcv_nxt);

			memcpy(packet_bytes(packet) + offset, packet_bytes(held),
			       cc_min(held->data_len, packet->data_len - offset));
		}
	}
}

void receive_queue_append(struct tcp *tcp, struct tcp_conn *conn, struct rte_mbuf *packet)
{
	uint32_t bytes = packet->data_len;

	if (conn->ooo_head)
		receive_queue_keep_first(conn, packet);
	conn->rcv_nxt = seq_add(conn->rcv_nxt, bytes);
	conn->readable_bytes += bytes;
	COUNT_MANY(tcp, text_bytes_received, bytes);
	tcp->packets_held++;
	if (receive_queue_coalesce(conn->rcv_tail, packet)) {
		receive_queue_give(tcp, packet);
		return;
	}
	if (conn->rcv_tail) {
		packet_of(packet)->next = packet_of(conn->rcv_tail)->next;
		packet_of(conn->rcv_tail)->next = packet;
	} else {
		packet_of(packet)->next = packet;
	}
	conn->rcv_tail = packet;
}

static void receive_queue_cut_front(struct rte_mbuf *packet, uint32_t bytes)
{
	packet->data_off = (uint16_t)(packet->data_off + bytes);
	packet->data_len = (uint16_t)(packet->data_len - bytes);
	packet_of(packet)->seq += bytes;
	if (packet->refcnt == 1) /* of a held packet the front may still be read */
		stash_guard(packet);
}

/* Appends range `next` to range `range`, which it touches. */
static void range_merge(struct tcp_conn *conn, struct rte_mbuf *range, struct rte_mbuf *next)
{
	struct packet *first = packet_of(range), *second = packet_of(next);

	packet_of(first->range_last)->next = next;
	first->range_last = second->range_last;
	first->range_end = second->range_end;
	first->range_next = second->range_next;
	if ((int32_t)(second->arrived - first->arrived) > 0)
		first->arrived = second->arrived;
	conn->ooo_count--;
}

/* Trims the packet to what neither `before` nor `after` has; false: nothing is left, neither text nor FIN. */
static bool range_trim(struct rte_mbuf *packet, struct rte_mbuf *before, struct rte_mbuf *after)
{
	struct packet *text = packet_of(packet);

	if (before && seq_after(range_end(before), seq_of(text->seq))) {
		uint32_t cut = seq_distance(range_end(before), seq_of(text->seq));

		if (cut > packet->data_len || (cut == packet->data_len && !text->fin))
			return false;
		receive_queue_cut_front(packet, cut);
	}
	if (after && seq_after(seq_of(text->seq + packet->data_len), range_start(after))) {
		packet->data_len = (uint16_t)seq_distance(range_start(after), seq_of(text->seq));
		text->fin = false;
		stash_guard(packet);
	}
	return packet->data_len > 0 || text->fin;
}

/* Files a trimmed packet between its neighbours, joining those that it touches. */
static void range_link(struct tcp *tcp, struct tcp_conn *conn, struct rte_mbuf *packet, struct rte_mbuf *before,
		       struct rte_mbuf *after)
{
	struct packet *text = packet_of(packet);

	text->next = NULL;
	text->range_last = packet;
	text->range_end = text->seq + packet->data_len;
	text->range_next = after;
	text->arrived = ++tcp->arrivals;
	conn->ooo_count++;
	if (before)
		packet_of(before)->range_next = packet;
	else
		conn->ooo_head = packet;
	if (after && seq_equal(range_end(packet), range_start(after)))
		range_merge(conn, packet, after);
	if (before && seq_equal(range_end(before), range_start(packet)))
		range_merge(conn, before, packet);
}

/* A small text, or a FIN, that goes on where the range before it ends goes into that range's newest packet; its own is free then. */
static bool range_extend(struct tcp *tcp, struct tcp_conn *conn, struct rte_mbuf *packet, struct rte_mbuf *before,
			 struct rte_mbuf *after)
{
	struct packet *text = packet_of(packet), *range, *last;

	if (!before || !seq_equal(range_end(before), seq_of(text->seq)))
		return false;
	range = packet_of(before);
	last = packet_of(range->range_last);
	if (packet->data_len > 0 && !receive_queue_coalesce(range->range_last, packet))
		return false;
	last->fin = text->fin;
	range->range_end += packet->data_len;
	range->arrived = ++tcp->arrivals;
	if (after && seq_equal(range_end(before), range_start(after)))
		range_merge(conn, before, after);
	stash_give(&tcp->stash, packet);
	return true;
}

enum receive_verdict receive_queue_insert(struct tcp *tcp, struct tcp_conn *conn, struct rte_mbuf *packet,
					  struct seq seq, bool fin)
{
	struct rte_mbuf *before = NULL, *after = conn->ooo_head;

	if (conn->ooo_count >= OUT_OF_ORDER_RANGES_MAX || tcp->ooo_packets >= tcp->config.out_of_order)
		return RECEIVE_REFUSED;
	while (after && seq_at_or_before(range_start(after), seq)) {
		before = after;
		after = packet_of(after)->range_next;
	}
	packet_of(packet)->seq = seq.value;
	packet_of(packet)->fin = fin;
	if (!range_trim(packet, before, after)) {
		if (before) /* RFC 2883 section 4.2: what holds the duplicate is reported right after it */
			packet_of(before)->arrived = ++tcp->arrivals;
		return RECEIVE_DUPLICATE;
	}
	COUNT(tcp, out_of_order);
	if (range_extend(tcp, conn, packet, before, after))
		return RECEIVE_KEPT;
	tcp->ooo_packets++;
	tcp->packets_held++;
	range_link(tcp, conn, packet, before, after);
	return RECEIVE_KEPT;
}

/* Moves one packet, whose text may be known in part or in whole by now. */
static void receive_queue_move(struct tcp *tcp, struct tcp_conn *conn, struct rte_mbuf *packet)
{
	uint32_t known_bytes = seq_distance(conn->rcv_nxt, seq_of(packet_of(packet)->seq));

	tcp->ooo_packets--;
	tcp->packets_held--;
	if (known_bytes >= packet->data_len) {
		stash_give(&tcp->stash, packet);
		return;
	}
	if (known_bytes)
		receive_queue_cut_front(packet, known_bytes);
	receive_queue_append(tcp, conn, packet);
}

bool receive_queue_join(struct tcp *tcp, struct tcp_conn *conn)
{
	bool fin = false;

	while (conn->ooo_head && seq_at_or_before(range_start(conn->ooo_head), conn->rcv_nxt)) {
		struct rte_mbuf *packet = conn->ooo_head;

		conn->ooo_head = packet_of(packet)->range_next;
		conn->ooo_count--;
		while (packet) {
			struct rte_mbuf *next = packet_of(packet)->next;
			struct seq end = seq_of(packet_of(packet)->seq + packet->data_len);
			bool ends = packet_of(packet)->fin;

			receive_queue_move(tcp, conn, packet);
			if (ends && seq_equal(end, conn->rcv_nxt))
				fin = true;
			packet = next;
		}
	}
	return fin;
}

void receive_queue_consume(struct tcp *tcp, struct tcp_conn *conn, uint32_t bytes)
{
	conn->readable_bytes -= bytes;
	while (bytes) {
		struct rte_mbuf *head = packet_of(conn->rcv_tail)->next;

		if (bytes < head->data_len) {
			receive_queue_cut_front(head, bytes);
			return;
		}
		bytes -= head->data_len;
		if (head == conn->rcv_tail)
			conn->rcv_tail = NULL;
		else
			packet_of(conn->rcv_tail)->next = packet_of(head)->next;
		receive_queue_give(tcp, head);
	}
}

uint32_t receive_queue_sack(const struct tcp_conn *conn, struct tcp_sack_block *block, uint32_t max)
{
	uint32_t arrived[TCP_SACK_BLOCKS_MAX];
	uint32_t count = 0;

	for (struct rte_mbuf *range = conn->ooo_head; range; range = packet_of(range)->range_next) {
		uint32_t place = count < max ? count++ : max;

		while (place > 0 && (int32_t)(packet_of(range)->arrived - arrived[place - 1]) > 0) {
			if (place < max) {
				arrived[place] = arrived[place - 1];
				block[place] = block[place - 1];
			}
			place--;
		}
		if (place < max) {
			arrived[place] = packet_of(range)->arrived;
			block[place] = (struct tcp_sack_block){range_start(range), range_end_with_fin(range)};
		}
	}
	return count;
}

void receive_queue_drop(struct tcp *tcp, struct tcp_conn *conn)
{
	receive_queue_consume(tcp, conn, conn->readable_bytes);
}

static void range_drop(struct tcp *tcp, struct rte_mbuf *range)
{
	for (struct rte_mbuf *packet = range; packet; packet = receive_queue_give(tcp, packet))
		tcp->ooo_packets--;
}

void receive_queue_drop_newest(struct tcp *tcp, struct tcp_conn *conn)
{
	struct rte_mbuf *newest = conn->ooo_head, *before = NULL, *last = NULL;

	for (struct rte_mbuf *range = conn->ooo_head; range; last = range, range = packet_of(range)->range_next) {
		if ((int32_t)(packet_of(range)->arrived - packet_of(newest)->arrived) <= 0)
			continue;
		newest = range;
		before = last;
	}
	if (!newest)
		return;
	if (before)
		packet_of(before)->range_next = packet_of(newest)->range_next;
	else
		conn->ooo_head = packet_of(newest)->range_next;
	conn->ooo_count--;
	COUNT(tcp, out_of_order_given_up);
	range_drop(tcp, newest);
}

void receive_queue_drop_out_of_order(struct tcp *tcp, struct tcp_conn *conn)
{
	struct rte_mbuf *range = conn->ooo_head;

	while (range) {
		struct rte_mbuf *next = packet_of(range)->range_next;

		range_drop(tcp, range);
		range = next;
	}
	conn->ooo_head = NULL;
	conn->ooo_count = 0;
}
