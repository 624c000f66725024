/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A segment for a connection.  The fast path takes in-order text and ACKs on ESTABLISHED, and only what the slow path would treat
 * alike; the slow path is the RFC's own list of steps.
 */
#include "lib/core/segment.h"

#include "lib/core/ecn.h"
#include "lib/core/inflight.h"
#include "lib/core/keepalive.h"
#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/path.h"
#include "lib/core/window.h"
#include "lib/core/work.h"

/* RFC 7323 section 5.5: in 24 days the peer's clock may have wrapped, and TS.Recent says nothing any more. */
static bool segment_is_ts_outdated(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return (uint16_t)(tcp->now_s / 512 - conn->ts_recent_512s) >= TS_RECENT_OUTDATED_512S;
}

/* RFC 7323 section 4.3: TS.Recent is the timestamp of the segment that the next ACK answers. */
static void segment_take_timestamp(const struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame,
				   struct seq seq)
{
	if (conn->flags & CONN_TIMESTAMPS && frame->options.present & TCP_HAS_TIMESTAMPS &&
	    seq_at_or_before(seq, conn->last_ack_sent) &&
	    ((int32_t)(frame->options.tsval - conn->ts_recent) >= 0 || segment_is_ts_outdated(tcp, conn))) {
		conn->ts_recent = frame->options.tsval;
		conn->ts_recent_512s = (uint16_t)(tcp->now_s / 512);
	}
}

/* RFC 7323 section 5.3 R1, and section 3.2: on a connection with timestamps every segment but RST carries one. */
static bool segment_is_stale(const struct tcp *tcp, const struct tcp_conn *conn, const struct frame *frame)
{
	if (!(conn->flags & CONN_TIMESTAMPS) || frame->flags & TCP_RST)
		return false;
	if (!(frame->options.present & TCP_HAS_TIMESTAMPS))
		return true;
	return (int32_t)(frame->options.tsval - conn->ts_recent) < 0 && !segment_is_ts_outdated(tcp, conn);
}

/* First step: is any of it inside the window?  RFC 9293 section 3.4 table 6. */
static bool segment_is_acceptable(const struct tcp_conn *conn, const struct frame *frame)
{
	uint32_t window_bytes = seq_distance(tcp_conn_rcv_edge(conn), conn->rcv_nxt);
	uint32_t bytes = frame->text_bytes + (frame->flags & TCP_SYN ? 1U : 0) + (frame->flags & TCP_FIN ? 1U : 0);
	uint32_t start = seq_distance(frame->seq, conn->rcv_nxt);
	uint32_t last = start + bytes - 1;

	if (window_bytes == 0) /* MUST-66: its ACK and RST count, its text does not */
		return start == 0 && (bytes == 0 || frame->flags & (TCP_ACK | TCP_RST));
	if (bytes == 0)
		return start < window_bytes;
	return start < window_bytes || last < window_bytes;
}

bool segment_trim(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	bool is_cut = false;
	uint32_t window_bytes;

	if (seq_before(frame->seq, conn->rcv_nxt)) {
		uint32_t cut = cc_min(seq_distance(conn->rcv_nxt, frame->seq), frame->text_bytes);

		path_report(tcp, conn, frame->seq, cut);
		frame->text_offset = (uint16_t)(frame->text_offset + cut);
		frame->text_bytes = (uint16_t)(frame->text_bytes - cut);
		frame->seq = conn->rcv_nxt;
		is_cut = true;
	}
	window_bytes = seq_distance(tcp_conn_rcv_edge(conn), frame->seq);
	if (frame->text_bytes + (frame->flags & TCP_FIN ? 1U : 0) > window_bytes) {
		COUNT(tcp, drop_tcp_text_window);
		frame->text_bytes = (uint16_t)cc_min(frame->text_bytes, window_bytes);
		frame->flags &= (uint8_t)~TCP_FIN;
		is_cut = true;
	}
	return is_cut;
}

/* The SYN-ACK of a SYN that crossed ours: RFC 9293 figure 7 needs it accepted although its sequence is taken already. */
static bool segment_is_crossing(const struct tcp_conn *conn, const struct frame *frame)
{
	return conn->state == SLUICE_STATE_SYN_RECEIVED && frame->flags & TCP_SYN && frame->flags & TCP_ACK &&
	       seq_equal(seq_add(frame->seq, 1), conn->rcv_nxt) && seq_equal(frame->ack, conn->snd_nxt);
}

/* The SYN that crossed ours comes again, since our SYN-ACK did not arrive: that goes again. */
static bool segment_check_syn_again(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	if (conn->state != SLUICE_STATE_SYN_RECEIVED || (frame->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN ||
	    !seq_equal(seq_add(frame->seq, 1), conn->rcv_nxt))
		return false;
	COUNT(tcp, drop_tcp_sequence);
	inflight_mark_lost(tcp, conn, &conn->inflight);
	conn->flags |= CONN_ACK_NOW;
	work_output(tcp, conn);
	return true;
}

/* A SYN is answered even if it lacks the timestamps of this connection: it may begin another (RFC 5961 section 4.2). */
static bool segment_check_timestamps(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	if (!segment_is_stale(tcp, conn, frame))
		return false;
	COUNT(tcp, drop_tcp_paws);
	if (frame->options.present & TCP_HAS_TIMESTAMPS || frame->flags & TCP_SYN)
		output_challenge(tcp, conn);
	return true;
}

/*
 * Each side has sent a byte beyond the other's window, and both were taken.  Each then speaks from before its own (output_bare_seq()),
 * where the other accepts nothing any more.  That ACK counts here, or neither would ever hear that its byte has arrived.
 */
static bool segment_is_between_probes(const struct tcp_conn *conn, const struct frame *frame)
{
	return seq_after(conn->snd_nxt, seq_add(conn->snd_una, conn->snd_wnd_bytes)) &&
	       STATE_IN(conn->state, STATES_SYNCHRONIZED) && frame->text_bytes == 0 &&
	       (frame->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK &&
	       seq_before(frame->seq, conn->rcv_nxt);
}

static bool segment_check_sequence(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	if (segment_check_syn_again(tcp, conn, frame) || segment_check_timestamps(tcp, conn, frame))
		return true;
	if (segment_is_crossing(conn, frame)) {
		frame->flags &= (uint8_t)~TCP_SYN;
		frame->seq = seq_add(frame->seq, 1);
		frame->window >>= conn->snd_shift; /* a SYN's window is not scaled; from here on it is */
	}
	if (segment_is_acceptable(conn, frame))
		return false;
	if (segment_is_between_probes(conn, frame)) {
		output_challenge(tcp, conn);
		frame->seq = conn->rcv_nxt;
		return false;
	}
	keepalive_heard_aside(tcp, conn, frame->seq);
	if (frame->text_bytes && seq_before(frame->seq, conn->rcv_nxt)) {
		path_report(tcp, conn, frame->seq, cc_min(frame->text_bytes, seq_distance(conn->rcv_nxt, frame->seq)));
		COUNT(tcp, drop_tcp_text_duplicate);
	} else {
		COUNT(tcp, drop_tcp_sequence);
	}
	if (frame->flags & TCP_RST)
		return true;
	if (frame->text_bytes || frame->flags & (TCP_SYN | TCP_FIN)) {
		conn->flags |= CONN_ACK_NOW;
		work_output(tcp, conn);
	} else {
		output_challenge(tcp, conn);
	}
	return true;
}

/* Second step, with RFC 5961 section 3.2: only the exact sequence resets. */
static bool segment_check_rst(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	if (!(frame->flags & TCP_RST))
		return false;
	if (!seq_equal(frame->seq, conn->rcv_nxt)) {
		COUNT(tcp, drop_tcp_rst);
		output_challenge(tcp, conn);
		return true;
	}
	if (conn->state == SLUICE_STATE_SYN_RECEIVED) {
		COUNT(tcp, connections_refused);
		life_end(tcp, conn, SLUICE_REASON_REFUSED);
		return true;
	}
	COUNT(tcp, connections_reset);
	life_end(tcp, conn, SLUICE_REASON_RESET);
	return true;
}

/* Fourth step, with RFC 5961 section 4.2. */
static bool segment_check_syn(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	if (!(frame->flags & TCP_SYN))
		return false;
	COUNT(tcp, drop_tcp_syn);
	output_challenge(tcp, conn);
	return true;
}

static bool segment_check_ack_flag(struct tcp *tcp, const struct frame *frame)
{
	if (frame->flags & TCP_ACK)
		return false;
	COUNT(tcp, drop_tcp_no_ack);
	return true;
}

bool segment_arrives_slowly(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	struct seq seq = frame->seq;
	bool has_content = frame->text_bytes || frame->flags & TCP_FIN;
	bool is_kept, is_cut, is_shut, is_receiving;

	if (conn->state == SLUICE_STATE_SYN_SENT)
		return segment_arrives_syn_sent(tcp, conn, frame);
	if (segment_check_sequence(tcp, conn, frame))
		return false;
	keepalive_heard(tcp, conn);
	if (segment_check_rst(tcp, conn, frame))
		return false;
	if (segment_check_syn(tcp, conn, frame))
		return false;
	is_shut = seq_equal(tcp_conn_rcv_edge(conn), conn->rcv_nxt);
	is_cut = segment_trim(tcp, conn, frame);
	if (segment_check_ack_flag(tcp, frame) || segment_check_ack(tcp, conn, frame))
		return false;
	ecn_arrived(tcp, conn, frame);
	is_receiving = STATE_IN(conn->state, STATES_RECEIVING);
	if (is_cut && (is_receiving || is_shut)) {
		conn->flags |= CONN_ACK_NOW;
		work_output(tcp, conn);
	}
	/* Into a shut window (MUST-66) or after the peer's FIN: its ACK counts, its text and its timestamp do not. */
	if (!has_content || (is_receiving && !is_shut))
		segment_take_timestamp(tcp, conn, frame, seq);
	is_kept = segment_take_text(tcp, conn, frame);
	if (conn->flags & CONN_ORPHAN && conn->state == SLUICE_STATE_FIN_WAIT_2 && !(conn->flags & CONN_DETACHED))
		life_leave_fin_wait_2(tcp, conn);
	return is_kept;
}

/* Header prediction: the next text in order, or nothing but an ACK, with nothing out of order and nothing being recovered. */
static bool segment_is_predicted(const struct tcp_conn *conn, const struct frame *frame)
{
	if (conn->state != SLUICE_STATE_ESTABLISHED || !seq_equal(frame->seq, conn->rcv_nxt) ||
	    (frame->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK | TCP_URG)) != TCP_ACK)
		return false;
	if (conn->flags & (CONN_RECOVERY | CONN_TIMEOUT | CONN_ORPHAN | CONN_PERSIST) || conn->ooo_head ||
	    frame->options.present & TCP_HAS_SACK || ecn_is_told(frame))
		return false;
	if (conn->flags & CONN_TIMESTAMPS &&
	    (!(frame->options.present & TCP_HAS_TIMESTAMPS) || (int32_t)(frame->options.tsval - conn->ts_recent) < 0))
		return false;
	if (seq_after(seq_add(conn->rcv_nxt, frame->text_bytes), tcp_conn_rcv_told(conn)) || frame->window == 0)
		return false;
	return seq_at_or_after(frame->ack, conn->snd_una) && seq_at_or_before(frame->ack, conn->snd_nxt) &&
	       (frame->text_bytes || seq_after(frame->ack, conn->snd_una));
}

bool segment_arrives(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame)
{
	bool is_new;

	if (__builtin_expect(!segment_is_predicted(conn, frame) || tcp->is_careful, 0))
		return segment_arrives_slowly(tcp, conn, frame);
	COUNT(tcp, segments_fast);
	keepalive_heard(tcp, conn);
	segment_take_timestamp(tcp, conn, frame, frame->seq);
	is_new = seq_after(frame->ack, conn->snd_una);
	if (is_new)
		segment_acked(tcp, conn, frame);
	segment_take_window(tcp, conn, frame, is_new);
	return frame->text_bytes ? segment_take_text(tcp, conn, frame) : false;
}
