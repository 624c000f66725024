/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The send queue.  The oldest descriptor lies in the connection itself; more come from the worker's pool.
 */
#include "lib/core/send_queue.h"

static bool send_queue_is_empty(const struct tcp_conn *conn)
{
	return conn->descriptor.bytes == 0;
}

static struct tcp_descriptor *send_queue_last(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->descriptor_last == DESCRIPTOR_NONE)
		return &conn->descriptor;
	return pool_at(&tcp->descriptors, conn->descriptor_last);
}

/* The last ones are for those who hold none: peers that acknowledge nothing then cost the others no answer. */
static uint32_t send_queue_take(struct pool *pool, bool holds_none)
{
	uint32_t free_count = pool->capacity_count - pool->used_count;

	return holds_none || free_count > pool->capacity_count / SEND_RESERVE_PART ? pool_take(pool) : POOL_NONE;
}

/* False: no descriptor is free. */
static bool send_queue_push(struct tcp *tcp, struct tcp_conn *conn, struct tcp_descriptor descriptor)
{
	uint32_t index;

	descriptor.next = DESCRIPTOR_NONE;
	if (send_queue_is_empty(conn)) {
		conn->descriptor = descriptor;
		conn->descriptor_last = DESCRIPTOR_NONE;
		conn->snd_head_offset = 0;
		return true;
	}
	index = send_queue_take(&tcp->descriptors, conn->descriptor_last == DESCRIPTOR_NONE);
	if (index == POOL_NONE)
		return false;
	send_queue_last(tcp, conn)->next = index & DESCRIPTOR_NONE;
	conn->descriptor_last = index;
	*(struct tcp_descriptor *)pool_at(&tcp->descriptors, index) = descriptor;
	return true;
}

static struct pool *send_queue_chunks(struct tcp *tcp, uint32_t kind)
{
	return kind == DESCRIPTOR_SMALL ? &tcp->chunks_small : &tcp->chunks_large;
}

static uint32_t send_queue_chunk_bytes(uint32_t kind)
{
	return kind == DESCRIPTOR_SMALL ? SEND_COPY_SMALL_BYTES : SEND_COPY_LARGE_BYTES;
}

static void send_queue_free(struct tcp *tcp, const struct tcp_descriptor *descriptor)
{
	struct pool *chunks = send_queue_chunks(tcp, descriptor->kind);

	if (descriptor->kind == DESCRIPTOR_SMALL || descriptor->kind == DESCRIPTOR_LARGE)
		pool_give(chunks, pool_index(chunks, descriptor->data));
}

/* Fills what is left of the newest chunk. */
static uint32_t send_queue_fill(struct tcp *tcp, struct tcp_conn *conn, const uint8_t *data, uint32_t bytes)
{
	struct tcp_descriptor *last = send_queue_last(tcp, conn);
	uint32_t room_bytes;

	if (send_queue_is_empty(conn) || (last->kind != DESCRIPTOR_SMALL && last->kind != DESCRIPTOR_LARGE))
		return 0;
	room_bytes = send_queue_chunk_bytes(last->kind) - last->bytes;
	if (bytes > room_bytes)
		bytes = room_bytes;
	memcpy((uint8_t *)(uintptr_t)last->data + last->bytes, data, bytes);
	last->bytes += bytes;
	return bytes;
}

/* A new chunk of the size that fits, or of the other where that is exhausted. */
static uint32_t send_queue_copy(struct tcp *tcp, struct tcp_conn *conn, const uint8_t *data, uint32_t bytes)
{
	uint32_t kind = bytes <= SEND_COPY_SMALL_BYTES ? DESCRIPTOR_SMALL : DESCRIPTOR_LARGE;
	bool holds_none = send_queue_is_empty(conn);
	uint32_t index = send_queue_take(send_queue_chunks(tcp, kind), holds_none);
	uint8_t *chunk;

	if (index == POOL_NONE) {
		kind = kind == DESCRIPTOR_SMALL ? DESCRIPTOR_LARGE : DESCRIPTOR_SMALL;
		index = send_queue_take(send_queue_chunks(tcp, kind), holds_none);
		if (index == POOL_NONE)
			return 0;
	}
	if (bytes > send_queue_chunk_bytes(kind))
		bytes = send_queue_chunk_bytes(kind);
	chunk = pool_at(send_queue_chunks(tcp, kind), index);
	if (!send_queue_push(tcp, conn, (struct tcp_descriptor){.data = chunk, .bytes = bytes, .kind = kind & 3})) {
		pool_give(send_queue_chunks(tcp, kind), index);
		return 0;
	}
	memcpy(chunk, data, bytes);
	return bytes;
}

uint32_t send_queue_append(struct tcp *tcp, struct tcp_conn *conn, const uint8_t *data, uint32_t bytes,
			   enum tcp_descriptor_kind kind)
{
	uint32_t taken_bytes = 0;

	if (bytes == 0)
		return 0;
	if (kind == DESCRIPTOR_STATIC || kind == DESCRIPTOR_BORROW) {
		if (!send_queue_push(tcp, conn,
				     (struct tcp_descriptor){.data = data, .bytes = bytes, .kind = kind & 3}))
			return 0;
		taken_bytes = bytes;
	} else {
		taken_bytes = send_queue_fill(tcp, conn, data, bytes);
		while (taken_bytes < bytes) {
			uint32_t copied = send_queue_copy(tcp, conn, data + taken_bytes, bytes - taken_bytes);

			if (copied == 0)
				break;
			taken_bytes += copied;
		}
	}
	conn->snd_queued_bytes += taken_bytes;
	return taken_bytes;
}

void send_queue_read(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t offset, uint8_t *to, uint32_t bytes)
{
	const struct tcp_descriptor *descriptor = &conn->descriptor;

	ASSERT(offset + bytes <= conn->snd_queued_bytes);
	offset += conn->snd_head_offset;
	while (bytes) {
		uint32_t part;

		if (offset >= descriptor->bytes) {
			offset -= descriptor->bytes;
			descriptor = pool_at(&tcp->descriptors, descriptor->next);
			continue;
		}
		part = descriptor->bytes - offset;
		if (part > bytes)
			part = bytes;
		memcpy(to, descriptor->data + offset, part);
		to += part;
		bytes -= part;
		offset += part;
	}
}

/* Frees the oldest; the next one moves into the connection. */
static void send_queue_pop(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t next = conn->descriptor.next;

	send_queue_free(tcp, &conn->descriptor);
	conn->snd_head_offset = 0;
	if (next == DESCRIPTOR_NONE) {
		conn->descriptor.bytes = 0;
		conn->descriptor_last = DESCRIPTOR_NONE;
		return;
	}
	conn->descriptor = *(struct tcp_descriptor *)pool_at(&tcp->descriptors, next);
	pool_give(&tcp->descriptors, next);
	if (conn->descriptor_last == next)
		conn->descriptor_last = DESCRIPTOR_NONE;
}

void send_queue_acked(struct tcp *tcp, struct tcp_conn *conn, uint32_t bytes)
{
	ASSERT(bytes <= conn->snd_queued_bytes);
	conn->snd_queued_bytes -= bytes;
	while (bytes) {
		uint32_t rest = conn->descriptor.bytes - conn->snd_head_offset;

		if (bytes < rest) {
			conn->snd_head_offset += bytes;
			return;
		}
		bytes -= rest;
		send_queue_pop(tcp, conn);
	}
}

void send_queue_drop(struct tcp *tcp, struct tcp_conn *conn)
{
	while (!send_queue_is_empty(conn))
		send_queue_pop(tcp, conn);
	conn->snd_queued_bytes = 0;
}
