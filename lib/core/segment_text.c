/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text and FIN: in order, out of order, once.
 */
#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/path.h"
#include "lib/core/receive_queue.h"
#include "lib/core/segment.h"
#include "lib/core/window.h"
#include "lib/core/work.h"

/* Makes the packet's data its text. */
static void text_expose(struct frame *frame)
{
	struct rte_mbuf *packet = frame->packet;

	packet->data_off = (uint16_t)(packet->data_off + frame->text_offset);
	packet->data_len = frame->text_bytes;
	packet->pkt_len = frame->text_bytes;
	stash_guard(packet);
}

/*
 * Delayed ACKs (RFC 5681 section 4.2): at once for the first segments, every second one, whatever fills a gap, and what follows
 * that: its sender has just cut its window down, and the fewer segments it has on the way the more it waits for each ACK.
 */
static void text_acknowledge(struct tcp *tcp, struct tcp_conn *conn, bool at_once)
{
	if (conn->unacked_count < CONN_SATURATED)
		conn->unacked_count = (conn->unacked_count + 1) & CONN_SATURATED;
	if (at_once)
		conn->quick_acks = QUICK_ACKS;
	if (conn->quick_acks || conn->unacked_count >= 2)
		conn->flags |= CONN_ACK_NOW;
	if (conn->quick_acks)
		conn->quick_acks = (conn->quick_acks - 1) & 15U;
	work_output(tcp, conn);
}

/* The peer's FIN, in order (eighth step); true: the connection is gone. */
static bool text_take_fin(struct tcp *tcp, struct tcp_conn *conn)
{
	conn->rcv_nxt = seq_add(conn->rcv_nxt, 1);
	conn->flags |= CONN_ACK_NOW;
	work_output(tcp, conn);
	work_raise(tcp, conn, SLUICE_PEER_CLOSED);
	switch ((enum sluice_state)conn->state) {
	case SLUICE_STATE_ESTABLISHED:
		tcp_enter(tcp, conn, SLUICE_STATE_CLOSE_WAIT);
		return false;
	case SLUICE_STATE_FIN_WAIT_1:
		tcp_enter(tcp, conn, SLUICE_STATE_CLOSING);
		return false;
	case SLUICE_STATE_FIN_WAIT_2:
		life_leave_time_wait(tcp, conn);
		return true;
	case SLUICE_STATE_CLOSED:
	case SLUICE_STATE_LISTEN:
	case SLUICE_STATE_SYN_SENT:
	case SLUICE_STATE_SYN_RECEIVED:
	case SLUICE_STATE_CLOSE_WAIT:
	case SLUICE_STATE_CLOSING:
	case SLUICE_STATE_LAST_ACK:
	case SLUICE_STATE_TIME_WAIT:
	case SLUICE_STATE_COUNT:
		break;
	}
	return false;
}

/* Nobody is left to read: RFC 1122 section 4.2.2.13, RFC 9293 section 3.6.1. */
static bool text_to_nobody(struct tcp *tcp, struct tcp_conn *conn)
{
	COUNT(tcp, drop_tcp_text_closed);
	COUNT(tcp, connections_aborted);
	output_reset(tcp, conn);
	life_end(tcp, conn, SLUICE_REASON_ABORTED);
	return false;
}

static bool text_out_of_order(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	enum receive_verdict verdict;

	conn->flags |= CONN_ACK_NOW;
	if (conn->acks_owed < 15)
		conn->acks_owed = (conn->acks_owed + 1) & 15U;
	work_output(tcp, conn);
	text_expose(frame);
	verdict = receive_queue_insert(tcp, conn, frame->packet, frame->seq, frame->flags & TCP_FIN);
	if (verdict == RECEIVE_REFUSED)
		COUNT(tcp, drop_tcp_text_out_of_order);
	if (verdict == RECEIVE_DUPLICATE) {
		path_report(tcp, conn, frame->seq, frame->text_bytes);
		COUNT(tcp, drop_tcp_text_duplicate);
	}
	return verdict == RECEIVE_KEPT;
}

static void text_in_order(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame, bool *fin)
{
	bool fills_gap = conn->ooo_head != NULL;

	text_expose(frame);
	receive_queue_append(tcp, conn, frame->packet);
	if (fills_gap && receive_queue_join(tcp, conn))
		*fin = true;
	text_acknowledge(tcp, conn, fills_gap);
	work_raise(tcp, conn, SLUICE_READABLE);
}

/*
 * What connections hold unread is bounded, so that packets remain to receive ACKs with.  Text in order may take more of them
 * than text out of order: it is what lets the latter go.  Who holds nothing may take the last ones: a stalled reader then costs
 * the others one packet, and those who read go on.  Out of order nothing more is taken while packets are short.
 */
static bool text_has_room(struct tcp *tcp, struct tcp_conn *conn, bool in_order)
{
	uint32_t eighths = !in_order ? 4 : conn->rcv_tail ? 6 : 7;
	uint64_t limit = (uint64_t)tcp->config.packets * eighths / 8;
	bool is_short = !in_order && pressure_is_some(&tcp->pressure, SLUICE_RESOURCE_PACKETS);

	if (tcp->packets_held < limit && !is_short)
		return true;
	COUNT(tcp, drop_tcp_text_memory);
	conn->flags |= CONN_ACK_NOW;
	work_output(tcp, conn);
	return false;
}

bool segment_take_text(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	bool fin = frame->flags & TCP_FIN;
	bool is_kept = false;

	if (frame->text_bytes == 0 && !fin)
		return false;
	if (!STATE_IN(conn->state, STATES_RECEIVING)) {
		COUNT(tcp, drop_tcp_text_after_fin);
		return false;
	}
	if (frame->text_bytes && conn->flags & CONN_ORPHAN)
		return text_to_nobody(tcp, conn);
	if (!seq_equal(frame->seq, conn->rcv_nxt))
		return text_has_room(tcp, conn, false) && text_out_of_order(tcp, conn, frame);
	if (frame->text_bytes && !text_has_room(tcp, conn, true))
		return false;
	if (frame->text_bytes) {
		text_in_order(tcp, conn, frame, &fin);
		is_kept = true;
	}
	if (fin && (seq_equal(conn->rcv_nxt, seq_add(frame->seq, frame->text_bytes)) || !(frame->flags & TCP_FIN)))
		text_take_fin(tcp, conn);
	return is_kept;
}
