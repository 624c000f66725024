/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The acknowledgment field: what left the network, what that says of the path, what may be sent next.
 */
#include "lib/core/answer.h"
#include "lib/core/give_up.h"
#include "lib/core/inflight.h"
#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/rack.h"
#include "lib/core/recovery.h"
#include "lib/core/rtt.h"
#include "lib/core/sack.h"
#include "lib/core/segment.h"
#include "lib/core/send_queue.h"
#include "lib/core/timer.h"
#include "lib/core/work.h"

static void conn_flags_clear(struct tcp_conn *conn, uint32_t flags)
{
	conn->flags &= ~flags & 0xffffff;
}

/* Our FIN, the last of what we had, is acknowledged. */
static bool ack_covers_fin(const struct tcp_conn *conn)
{
	return conn->flags & CONN_FIN_SENT && seq_equal(conn->snd_una, conn->snd_nxt);
}

static void ack_tell(struct tcp *tcp, struct tcp_conn *conn, uint32_t text_bytes)
{
	uint32_t mask = SLUICE_ACKED;

	if (text_bytes == 0 || conn->flags & CONN_ORPHAN)
		return;
	conn->acked_bytes += text_bytes;
	if (conn->flags & CONN_SHORT && send_queue_room(conn)) {
		conn_flags_clear(conn, CONN_SHORT);
		mask |= SLUICE_WRITABLE;
	}
	work_raise(tcp, conn, mask);
}

/* Karn's rule: what was sent twice leaves the RTO backed off.  Section 5.7 of RFC 6298 has its own for the SYN, and a probe
 * waits for a window, not for the path. */
static void ack_ends_backoff(struct tcp_conn *conn, uint32_t rtt_us, bool was_probe)
{
	conn->timeouts_count = 0;
	if (rtt_us || was_probe || conn->flags & CONN_SYN_UNACKED)
		conn->backoff_count = 0;
}

/* An ACK of nothing new, with nothing else in it. */
static bool ack_is_bare(const struct tcp_conn *conn, const struct frame *frame)
{
	return frame->text_bytes == 0 && !(frame->flags & (TCP_SYN | TCP_FIN)) &&
	       seq_equal(frame->ack, conn->snd_una) && frame->window << conn->snd_shift == conn->snd_wnd_bytes &&
	       frame->window != 0;
}

/* Blocks mean nothing unless both SYNs agreed on them. */
static bool ack_reports(const struct tcp_conn *conn, const struct frame *frame)
{
	return conn->flags & CONN_SACK && frame->options.sack_count;
}

/* SND.UNA moves. */
static void ack_advance(struct tcp *tcp, struct tcp_conn *conn, struct seq ack, struct delivery *delivery)
{
	bool was_probe = conn->inflight.flags & (INFLIGHT_PROBE | INFLIGHT_GROWS);
	uint32_t text_bytes;

	delivery->acked_bytes = seq_distance(ack, conn->snd_una);
	inflight_acked(tcp, conn, ack, delivery);
	if (delivery->acked_bytes >= conn->mss_bytes)
		conn->is_full_acked = 1;
	if (conn->timeouts_count)
		pmtu_progressed(tcp, conn);
	ack_ends_backoff(conn, delivery->rtt_us, was_probe);
	conn->snd_una = ack;
	text_bytes =
		delivery->acked_bytes - (conn->flags & CONN_SYN_UNACKED ? 1U : 0) - (ack_covers_fin(conn) ? 1U : 0);
	conn_flags_clear(conn, CONN_SYN_UNACKED);
	send_queue_acked(tcp, conn, text_bytes);
	ack_tell(tcp, conn, text_bytes);
}

void segment_acked(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	bool is_new = seq_after(frame->ack, conn->snd_una);
	bool is_bare = !is_new && ack_is_bare(conn, frame);
	bool is_duplicate =
		is_bare && !inflight_is_empty(conn); /* RFC 5681 section 2: while something is outstanding */
	struct seq una_before = conn->snd_una;
	struct delivery delivery = {
		.pipe_bytes = path_pipe_bytes(tcp, conn),
		.tsecr = frame->options.tsecr,
		.has_tsecr = conn->flags & CONN_TIMESTAMPS && frame->options.present & TCP_HAS_TIMESTAMPS,
	};

	if (is_new)
		ack_advance(tcp, conn, frame->ack, &delivery);
	if (is_duplicate)
		COUNT(tcp, acks_duplicate);
	sack_arrived(tcp, conn, frame, una_before, &delivery);
	if (delivery.rtt_us || delivery.sack_rtt_us)
		rtt_measured(conn, delivery.rtt_us ? delivery.rtt_us : delivery.sack_rtt_us);
	if (is_new || is_duplicate || delivery.sacked_bytes || delivery.is_dsack ||
	    (is_bare && rack_is_probing(tcp, conn)))
		recovery_acked(tcp, conn, &delivery, is_new, is_bare && !ack_reports(conn, frame));
}

void segment_take_window(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame, bool is_new)
{
	uint32_t window_bytes = frame->window << conn->snd_shift;
	bool is_probing = !inflight_is_empty(conn) && conn->inflight.flags & INFLIGHT_PROBE;
	bool was_shut =
		is_probing || (conn->flags & CONN_PERSIST && (conn->snd_queued_bytes || conn->flags & CONN_FIN_QUEUED));

	if (seq_before(frame->seq, conn->snd_wl1) && !is_new)
		return; /* what acknowledges more is newer, whatever its sequence: it may be sent again */
	conn->snd_wl1 = frame->seq;
	if (frame->window > conn->max_wnd_raw)
		conn->max_wnd_raw = (uint16_t)frame->window;
	if (window_bytes == conn->snd_wnd_bytes)
		return;
	conn->snd_wnd_bytes = window_bytes;
	if (window_bytes == 0) {
		if (!inflight_is_empty(conn) && conn->inflight.flags & INFLIGHT_GROWS)
			conn->inflight.flags ^= INFLIGHT_PROBE | INFLIGHT_GROWS; /* shut again before it was sent */
		return;
	}
	if (is_probing) {
		inflight_mark_lost(tcp, conn, &conn->inflight);
		conn->inflight.flags ^= INFLIGHT_PROBE | INFLIGHT_GROWS;
	}
	if (was_shut) {
		conn_flags_clear(conn, CONN_PERSIST);
		timer_stop_retransmit(conn);
		conn->backoff_count = 0;
		conn->timeouts_count = 0;
	}
	if (conn->snd_queued_bytes || conn->flags & CONN_FIN_QUEUED)
		work_output(tcp, conn);
}

/* RFC 9293 MUST-37: whoever answers our probes is alive. */
static void ack_of_probe(const struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->inflight.flags & INFLIGHT_PROBE || conn->snd_wnd_bytes == 0)
		give_up_probe_answered(tcp, conn);
}

/* What follows in the state machine when our FIN is acknowledged; true: the connection is gone. */
static bool ack_of_fin(struct tcp *tcp, struct tcp_conn *conn)
{
	if (!ack_covers_fin(conn))
		return false;
	if (conn->state == SLUICE_STATE_FIN_WAIT_1) {
		tcp_enter(tcp, conn, SLUICE_STATE_FIN_WAIT_2);
		return false;
	}
	if (conn->state == SLUICE_STATE_CLOSING) {
		life_leave_time_wait(tcp, conn);
		return true;
	}
	if (conn->state == SLUICE_STATE_LAST_ACK) {
		life_end(tcp, conn, SLUICE_REASON_FINISHED);
		return true;
	}
	return false;
}

/* The peer acknowledged our SYN in SYN-RECEIVED. */
static void ack_opens(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	conn->snd_wnd_bytes = frame->window << conn->snd_shift;
	conn->snd_wl1 = frame->seq;
	life_open(tcp, conn);
}

/* RFC 5961 section 5.2: SND.UNA - MAX.SND.WND; what we probed a shut window with was one octet more. */
static struct seq ack_oldest(const struct tcp_conn *conn)
{
	return seq_add(conn->snd_una, 0U - tcp_conn_max_wnd_bytes(conn) - (conn->probes_count ? 1U : 0U));
}

bool segment_check_ack(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	bool is_new;

	if (conn->state == SLUICE_STATE_SYN_RECEIVED &&
	    (!seq_after(frame->ack, conn->snd_una) || seq_after(frame->ack, conn->snd_nxt))) {
		COUNT(tcp, drop_tcp_syn_sent_ack);
		answer_reset(tcp, frame); /* RFC 9293 section 3.10.7.4, fifth step */
		return true;
	}
	if (seq_after(frame->ack, conn->snd_nxt)) {
		COUNT(tcp, drop_tcp_ack_future);
		output_challenge(tcp, conn);
		return true;
	}
	if (seq_before(frame->ack, ack_oldest(conn)) && seq_before(frame->ack, conn->snd_una)) {
		COUNT(tcp, drop_tcp_ack_past);
		output_challenge(tcp, conn);
		return true;
	}
	if (conn->state == SLUICE_STATE_SYN_RECEIVED)
		ack_opens(tcp, conn, frame);
	if (seq_before(frame->ack, conn->snd_una))
		return false; /* old, and its window with it */
	ack_of_probe(tcp, conn);
	is_new = seq_after(frame->ack, conn->snd_una);
	segment_acked(tcp, conn, frame);
	segment_take_window(tcp, conn, frame, is_new);
	return ack_of_fin(tcp, conn);
}
