/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SACK blocks.  Each is judged by itself; a bad one is ignored, and the ACK it came with still counts.
 */
#include "lib/core/sack.h"

#include "lib/core/cc.h"
#include "lib/core/rack.h"
#include "lib/wire/frame.h"

struct sack_set {
	uint32_t count;
	struct tcp_sack_block block[TCP_SACK_BLOCKS_MAX]; /* by start */
};

static bool sack_contains(const struct tcp_sack_block *outer, const struct tcp_sack_block *inner)
{
	return seq_at_or_before(outer->start, inner->start) && seq_at_or_after(outer->end, inner->end);
}

/* RFC 2883 section 4: the first block tells of a duplicate if it is acknowledged, or part of the second. */
static bool sack_is_dsack(const struct tcp_options *options, struct seq ack)
{
	const struct tcp_sack_block *block = options->sack;

	return seq_at_or_before(block[0].end, ack) || (options->sack_count > 1 && sack_contains(&block[1], &block[0]));
}

/* Could we have sent these bytes twice?  Not so far back that the numbers say nothing any more. */
static bool sack_is_believable(const struct tcp_conn *conn, const struct tcp_sack_block *block)
{
	return seq_before(block->start, block->end) && seq_at_or_before(block->end, conn->snd_nxt) &&
	       seq_distance(conn->snd_nxt, block->start) <= 2 * cc_max(tcp_conn_max_wnd_bytes(conn), UINT16_MAX);
}

/* A report of bytes that arrived twice. */
static void sack_take_dsack(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_sack_block *block,
			    struct delivery *delivery)
{
	struct tcp_path *path = path_at(tcp, conn);

	if (!sack_is_believable(conn, block)) {
		COUNT(tcp, sack_blocks_refused);
		return;
	}
	COUNT(tcp, dsacks_received);
	delivery->is_dsack = true;
	rack_take_dsack(path, conn);
	if (path->flags & PATH_UNDO && seq_at_or_after(block->start, path->undo_marker))
		path->undo_dsacked_bytes += seq_distance(block->end, block->start);
}

/* Files a block by its start. */
static void sack_sort_in(struct sack_set *set, struct tcp_sack_block block)
{
	uint32_t place = set->count++;

	for (; place > 0 && seq_before(block.start, set->block[place - 1].start); place--)
		set->block[place] = set->block[place - 1];
	set->block[place] = block;
}

/* What is reported above the acknowledgment, and within what was sent. */
static struct sack_set sack_valid(struct tcp *tcp, const struct tcp_conn *conn, const struct tcp_options *options,
				  uint32_t first)
{
	struct sack_set set = {0};

	for (uint32_t i = first; i < options->sack_count; i++) {
		const struct tcp_sack_block *block = &options->sack[i];

		if (seq_at_or_before(block->end, conn->snd_una) && seq_before(block->start, block->end))
			continue; /* old news */
		if (!seq_before(block->start, block->end) || seq_after(block->end, conn->snd_nxt) ||
		    seq_at_or_before(block->start, conn->snd_una)) {
			COUNT(tcp, sack_blocks_refused);
			continue;
		}
		sack_sort_in(&set, *block);
	}
	return set;
}

/* One walk over the records, which lie by sequence as the blocks do; a record that is covered in part is not reported. */
static void sack_mark(struct tcp *tcp, struct tcp_conn *conn, const struct sack_set *set, struct delivery *delivery)
{
	struct tcp_inflight *record = inflight_first(conn);
	uint32_t i = 0;

	while (record && i < set->count) {
		if (seq_at_or_after(record->seq, set->block[i].end)) {
			i++;
			continue;
		}
		tcp->sack_records++;
		if (seq_at_or_after(record->seq, set->block[i].start) &&
		    seq_at_or_before(inflight_end(record), set->block[i].end))
			inflight_mark_sacked(tcp, conn, record, delivery);
		record = inflight_next(tcp, record);
	}
}

void sack_arrived(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame, struct seq una_before,
		  struct delivery *delivery)
{
	const struct tcp_options *options = &frame->options;
	struct sack_set set;
	bool is_dsack;

	if (!(conn->flags & CONN_SACK) || options->sack_count == 0 || conn->path == INDEX_NONE)
		return;
	if (seq_before(frame->ack, una_before))
		return;
	if (tcp->sack_records >= SACK_RECORDS_PER_TURN_MAX) {
		COUNT(tcp, sacks_skipped);
		return;
	}
	is_dsack = sack_is_dsack(options, frame->ack);
	if (is_dsack)
		sack_take_dsack(tcp, conn, &options->sack[0], delivery);
	set = sack_valid(tcp, conn, options, is_dsack ? 1 : 0);
	sack_mark(tcp, conn, &set, delivery);
}
