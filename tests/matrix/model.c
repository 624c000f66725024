/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things lie is taken at the sharpest place: the last octet before the window, its first, its last, the first one after.
 */
#include "tests/matrix/model.h"

#define OVERLAP_BYTES 2

static const uint8_t kind_flags[KIND_COUNT] = {
	[KIND_SYN] = FLAG_SYN,
	[KIND_SYN_ACK] = FLAG_SYN | FLAG_ACK,
	[KIND_ACK] = FLAG_ACK,
	[KIND_RST] = FLAG_RST,
	[KIND_RST_ACK] = FLAG_RST | FLAG_ACK,
	[KIND_FIN] = FLAG_FIN,
	[KIND_FIN_ACK] = FLAG_FIN | FLAG_ACK,
	[KIND_DATA] = FLAG_ACK,
	[KIND_NULL] = 0,
	[KIND_XMAS] = 0xff,
};

/* SEG.LEN: SYN and FIN count. */
static uint32_t segment_length(uint8_t flags, uint32_t text_bytes)
{
	return text_bytes + (flags & FLAG_SYN ? 1 : 0) + (flags & FLAG_FIN ? 1 : 0);
}

static bool may_overlap(enum matrix_state state)
{
	return state == STATE_ESTABLISHED || state == STATE_FIN_WAIT_1 || state == STATE_FIN_WAIT_1_CLOSED ||
	       state == STATE_FIN_WAIT_2 || state == STATE_FIN_WAIT_2_CLOSED;
}

/* Who has closed, or has no connection, leaves no window shut. */
static bool may_be_shut(enum matrix_state state)
{
	return state >= STATE_ESTABLISHED && state != STATE_FIN_WAIT_1_CLOSED && state != STATE_FIN_WAIT_2_CLOSED &&
	       state != STATE_CLOSING_CLOSED && state != STATE_LAST_ACK_CLOSED;
}

static bool has_timestamps(enum matrix_state state)
{
	return state != STATE_CLOSED && state != STATE_LISTEN && state != STATE_SYN_SENT;
}

bool model_exists(const struct matrix_cell *cell)
{
	if (cell->place == PLACE_OVERLAP && (cell->kind != KIND_DATA || !may_overlap(cell->state) || cell->is_shut))
		return false;
	if (cell->is_shut && (!may_be_shut(cell->state) || cell->place == PLACE_INSIDE || cell->place == PLACE_EDGE))
		return false;
	return cell->stamp == STAMP_PLAIN || cell->stamp == STAMP_FRESH || has_timestamps(cell->state);
}

static uint32_t place_seq(const struct matrix_cell *cell, const struct model_tcb *tcb, uint32_t length)
{
	switch (cell->place) {
	case PLACE_LEFT:
		return tcb->rcv_nxt - (length ? length : 1); /* its last octet is the last before the window */
	case PLACE_OVERLAP:
		return tcb->rcv_nxt - OVERLAP_BYTES;
	case PLACE_NEXT:
		return tcb->rcv_nxt;
	case PLACE_INSIDE:
		return tcb->rcv_nxt + 1 + tcb->rcv_wnd / 2;
	case PLACE_EDGE:
		return tcb->rcv_nxt + tcb->rcv_wnd - 1;
	case PLACE_BEYOND:
		return tcb->rcv_nxt + (tcb->rcv_wnd ? tcb->rcv_wnd : 1);
	case PLACE_COUNT:
		break;
	}
	return 0;
}

static uint32_t ack_number(enum matrix_ack ack, const struct model_tcb *tcb)
{
	switch (ack) {
	case ACK_TOO_OLD: /* RFC 5961 section 5.2 */
		return tcb->snd_una - tcb->max_snd_wnd - 1;
	case ACK_OLD:
		return tcb->snd_una - 1;
	case ACK_UNA:
		return tcb->snd_una;
	case ACK_ALL:
		return tcb->snd_nxt;
	case ACK_FUTURE:
		return tcb->snd_nxt + 1;
	case ACK_COUNT:
		break;
	}
	return 0;
}

struct model_segment model_segment(const struct matrix_cell *cell, const struct model_tcb *tcb)
{
	struct model_segment segment = {.flags = kind_flags[cell->kind],
					.text_bytes = cell->kind == KIND_DATA ? MODEL_TEXT_BYTES : 0,
					.has_timestamps = cell->stamp != STAMP_PLAIN && cell->stamp != STAMP_BARE};

	segment.seq = place_seq(cell, tcb, segment_length(segment.flags, segment.text_bytes));
	segment.ack = ack_number(cell->ack, tcb);
	segment.tsval = tcb->ts_recent + (cell->stamp == STAMP_FRESH ? 1 : 0) - (cell->stamp == STAMP_STALE ? 1 : 0);
	return segment;
}

/* RFC 7323 section 4.3: TSecr echoes the segment that is acknowledged; nothing taken, nothing new to echo. */
static struct model_segment with_timestamps(struct model_segment answer, uint32_t tsecr, enum matrix_stamp stamp)
{
	answer.has_timestamps = stamp != STAMP_PLAIN;
	answer.tsecr = tsecr;
	answer.has_tsecr = true;
	return answer;
}

struct model_segment model_answer(enum matrix_answer answer, const struct model_tcb *tcb,
				  const struct model_segment *segment, enum matrix_stamp stamp)
{
	uint32_t seg_end = segment->seq + segment_length(segment->flags, segment->text_bytes);

	switch (answer) {
	case ANSWER_ACK: /* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
		return with_timestamps(
			(struct model_segment){.flags = FLAG_ACK, .seq = tcb->snd_nxt, .ack = tcb->rcv_nxt},
			tcb->ts_recent, stamp);
	case ANSWER_ACK_SEG: /* the same when RCV.NXT is after the segment */
		return with_timestamps((struct model_segment){.flags = FLAG_ACK, .seq = tcb->snd_nxt, .ack = seg_end},
				       segment->tsval, stamp);
	case ANSWER_SYN_ACK: /* <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>; timestamps if the SYN has them */
		return (struct model_segment){.flags = FLAG_SYN | FLAG_ACK, .seq = tcb->iss, .ack = seg_end};
	case ANSWER_RST: /* <SEQ=SEG.ACK><CTL=RST> */
		return (struct model_segment){.flags = FLAG_RST, .seq = segment->ack};
	case ANSWER_RST_ACK: /* <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> */
		return (struct model_segment){.flags = FLAG_RST | FLAG_ACK, .seq = 0, .ack = seg_end};
	case ANSWER_RESET: /* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=RST,ACK> */
		return (struct model_segment){.flags = FLAG_RST | FLAG_ACK, .seq = tcb->snd_nxt, .ack = tcb->rcv_nxt};
	case ANSWER_NONE:
	case ANSWER_COUNT:
		break;
	}
	return (struct model_segment){0};
}
