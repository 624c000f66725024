/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From bytes to responses.  Bodies are counted, not looked at; a head is compared with the one before and parsed only
 * when it differs; what is not whole yet stays unread, in the stack's own buffers, until more of it comes.
 */
#include <string.h>

#include "app/load/load_state.h"

/* Where reading stands among the peeked slices.  Consumed in one go at the end. */
struct cursor {
	const struct sluice_slice *slice;
	uint32_t slice_count;
	uint32_t offset;         /* in slice[0] */
	uint32_t left_bytes;     /* of all slices, from there */
	uint32_t readable_bytes; /* of the connection, from there: at least left_bytes */
	uint32_t taken_bytes;
};

static void cursor_skip(struct cursor *cursor, uint32_t bytes)
{
	cursor->left_bytes -= bytes;
	cursor->readable_bytes -= bytes;
	cursor->taken_bytes += bytes;
	while (bytes) {
		uint32_t here = cursor->slice->bytes - cursor->offset;

		if (bytes < here) {
			cursor->offset += bytes;
			return;
		}
		bytes -= here;
		cursor->slice++;
		cursor->slice_count--;
		cursor->offset = 0;
	}
}

static struct cursor cursor_make(const struct sluice_slice *slice, uint32_t count, uint32_t readable_bytes)
{
	struct cursor out = {.slice = slice, .slice_count = count, .readable_bytes = readable_bytes};

	for (uint32_t i = 0; i < count; i++)
		out.left_bytes += slice[i].bytes;
	return out;
}

/* Bytes in one piece: those of the first slice, or of all, copied together. */
struct piece {
	const char *bytes;
	uint32_t count;
};

static struct piece piece_first(const struct cursor *cursor)
{
	return (struct piece){(const char *)cursor->slice->data + cursor->offset,
			      cursor->slice->bytes - cursor->offset};
}

static struct piece piece_gather(struct load *load, const struct cursor *cursor)
{
	struct piece out = {.bytes = load->gather_bytes};
	uint32_t offset = cursor->offset;

	for (uint32_t i = 0; i < cursor->slice_count && out.count < sizeof(load->gather_bytes); i++) {
		uint32_t bytes = cursor->slice[i].bytes - offset;

		if (bytes > sizeof(load->gather_bytes) - out.count)
			bytes = (uint32_t)sizeof(load->gather_bytes) - out.count;
		memcpy(load->gather_bytes + out.count, (const char *)cursor->slice[i].data + offset, bytes);
		out.count += bytes;
		offset = 0;
	}
	return out;
}

static int32_t head_parse(struct load *load, struct piece piece, uint32_t scanned, struct response_head *head)
{
	int32_t length = response_head_read(piece.bytes, piece.count, scanned, head);

	if (length > 0 && length <= LOAD_CACHE_BYTES && !head->is_interim) {
		memcpy(load->cache.bytes, piece.bytes, (size_t)length);
		load->cache.head = *head;
		load->cache.length = (uint32_t)length;
	}
	return length;
}

/* What a head leads to. */
static void head_take(struct load *load, struct load_conn *conn, const struct response_head *head)
{
	static const uint8_t bodies[] = {
		[RESPONSE_BODY_LENGTH] = LOAD_BODY_LENGTH,
		[RESPONSE_BODY_CHUNKED] = LOAD_BODY_CHUNK,
		[RESPONSE_BODY_UNTIL_CLOSE] = LOAD_BODY_UNTIL_CLOSE,
	};

	if (head->is_interim) {
		LOAD_ADD(load->results.total.interim, 1);
		return;
	}
	conn->body = bodies[head->body];
	conn->body_left = head->content_bytes;
	conn->is_good = head->status < 300;
	conn->is_last = !head->keep_alive;
}

/* Reads the piece that conn->body asks for from the start of `piece`; its length, MORE or BAD. */
static int32_t step(struct load *load, struct load_conn *conn, struct piece piece)
{
	struct response_head head;
	int32_t length = RESPONSE_BAD;

	if (conn->body == LOAD_BODY_HEAD) {
		length = head_parse(load, piece, conn->scanned_bytes, &head);
		if (length > 0)
			head_take(load, conn, &head);
	} else if (conn->body == LOAD_BODY_CHUNK) {
		length = response_chunk_read(piece.bytes, piece.count, &conn->body_left);
		if (length > 0)
			conn->body = conn->body_left ? LOAD_BODY_CHUNK_DATA : LOAD_BODY_TRAILER;
	} else if (conn->body == LOAD_BODY_CHUNK_END) {
		length = response_chunk_end_read(piece.bytes, piece.count);
		if (length > 0)
			conn->body = LOAD_BODY_CHUNK;
	} else if (conn->body == LOAD_BODY_TRAILER) {
		length = response_trailer_read(piece.bytes, piece.count, conn->scanned_bytes);
		if (length > 0) { /* nothing follows: a body of length 0 is complete */
			conn->body = LOAD_BODY_LENGTH;
			conn->body_left = 0;
		}
	}
	return length;
}

/* One piece of text, from one slice if it is whole there.  Its length, MORE or BAD. */
static int32_t text_read(struct load *load, struct load_conn *conn, struct cursor *cursor)
{
	struct piece piece = piece_first(cursor);
	int32_t length = step(load, conn, piece);

	if (length == RESPONSE_MORE && cursor->left_bytes > piece.count) {
		piece = piece_gather(load, cursor);
		length = step(load, conn, piece);
	}
	if (length > 0) {
		conn->scanned_bytes = 0;
		return length;
	}
	if (length == RESPONSE_MORE && piece.count >= LOAD_HEAD_BYTES_MAX)
		return RESPONSE_BAD;
	conn->scanned_bytes = (uint16_t)piece.count;
	return length;
}

/* Bytes that are only counted.  True when there were any to skip. */
static void body_skip(struct load *load, struct load_conn *conn, struct cursor *cursor)
{
	uint32_t bytes = cursor->left_bytes;

	if (conn->body != LOAD_BODY_UNTIL_CLOSE) {
		if (bytes > conn->body_left)
			bytes = (uint32_t)conn->body_left;
		conn->body_left -= bytes;
	}
	LOAD_ADD(load->results.total.body_bytes, bytes);
	cursor_skip(cursor, bytes);
}

static bool head_is_cached(const struct load *load, const struct cursor *cursor)
{
	const struct load_cache *cache = &load->cache;
	struct piece piece = piece_first(cursor);

	return cache->length && piece.count >= cache->length && !memcmp(piece.bytes, cache->bytes, cache->length);
}

/* Takes one step forward; false when nothing more can be read for now, or the connection was cut. */
static bool advance(struct load *load, struct load_conn *conn, struct cursor *cursor, uint64_t now_ns)
{
	int32_t length;

	if (conn->body == LOAD_BODY_HEAD) {
		if (!conn->outstanding) {
			load_conn_cut(load, conn, LOAD_OUTCOME_BAD_RESPONSE);
			return false;
		}
		if (!conn->is_answered) {
			conn->is_answered = true;
			load_time_record(load, LOAD_TIME_FIRST_BYTE, *load_conn_started(load, conn, conn->oldest),
					 now_ns);
		}
	}
	if (conn->body == LOAD_BODY_HEAD && head_is_cached(load, cursor)) {
		LOAD_ADD(load->results.total.heads_cached, 1);
		head_take(load, conn, &load->cache.head);
		conn->scanned_bytes = 0;
		cursor_skip(cursor, load->cache.length);
	} else if (conn->body == LOAD_BODY_LENGTH || conn->body == LOAD_BODY_CHUNK_DATA ||
		   conn->body == LOAD_BODY_UNTIL_CLOSE) {
		body_skip(load, conn, cursor);
	} else {
		length = text_read(load, conn, cursor);
		if (length == RESPONSE_BAD)
			load_conn_cut(load, conn, LOAD_OUTCOME_BAD_RESPONSE);
		if (length <= 0)
			return false;
		cursor_skip(cursor, (uint32_t)length);
	}
	if (conn->body == LOAD_BODY_CHUNK_DATA && !conn->body_left)
		conn->body = LOAD_BODY_CHUNK_END;
	if (conn->body == LOAD_BODY_LENGTH && !conn->body_left)
		load_conn_answered(load, conn, now_ns);
	return conn->phase == LOAD_CONN_OPEN;
}

void load_input(struct load *load, struct load_conn *conn, uint32_t readable_bytes, uint64_t now_ns)
{
	struct sluice_slice slices[LOAD_SLICES];
	bool is_stuck = false, in_pieces = false;

	while (readable_bytes && !is_stuck && conn->phase == LOAD_CONN_OPEN) {
		uint32_t count = in_pieces
					 ? sluice_peek(load->worker, conn->conn, load->gather_slice, LOAD_GATHER_SLICES)
					 : sluice_peek(load->worker, conn->conn, slices, LOAD_SLICES);
		struct cursor cursor = cursor_make(in_pieces ? load->gather_slice : slices, count, readable_bytes);

		while (cursor.left_bytes && !is_stuck)
			is_stuck = !advance(load, conn, &cursor, now_ns);
		readable_bytes = cursor.readable_bytes;
		if (cursor.taken_bytes)
			sluice_consume(load->worker, conn->conn, cursor.taken_bytes);
		/* Stuck with more to see than was shown: look again, at smaller pieces. */
		if (is_stuck && !in_pieces && cursor.readable_bytes > cursor.left_bytes) {
			in_pieces = true;
			is_stuck = false;
		} else if (!count) {
			break;
		}
	}
	if (conn->phase == LOAD_CONN_OPEN)
		load_conn_go_on(load, conn, now_ns);
}
