/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fast recovery with proportional rate reduction (RFC 9937), by RACK with SACK and by duplicate ACKs without (RFC 6582);
 * recovery from time-outs, F-RTO (RFC 5682); and undoing what was spurious, by timestamps (RFC 3522, RFC 4015) or by reports of
 * duplicates (RFC 3708).
 */
#include "lib/core/recovery.h"

#include "lib/core/cc.h"
#include "lib/core/congestion.h"
#include "lib/core/rack.h"
#include "lib/core/timer.h"
#include "lib/core/work.h"

static void recovery_clear(struct tcp_conn *conn, uint32_t flags)
{
	conn->flags &= ~flags & 0xffffff;
}

static bool recovery_has_sack(const struct tcp_conn *conn)
{
	return conn->flags & CONN_SACK;
}

/* ---- Without SACK ---------------------------------------------------------------------------------------- */

/* What duplicates tell has arrived; the oldest segment cannot have. */
static void recovery_bound_told(const struct tcp_conn *conn, struct tcp_path *path)
{
	uint32_t bound_bytes = seq_distance(conn->snd_nxt, conn->snd_una) - path->lost_bytes;

	bound_bytes -= cc_min(bound_bytes, conn->mss_bytes);
	path->sacked_bytes = cc_min(path->sacked_bytes, bound_bytes);
}

/* Each duplicate says that some segment arrived (RFC 5681 section 3.2); an ACK of more says which ones had. */
static void recovery_count_duplicates(const struct tcp_conn *conn, struct tcp_path *path, struct delivery *delivery,
				      bool is_new, bool is_duplicate)
{
	uint32_t told_bytes = path->sacked_bytes;

	if (is_duplicate) {
		if (path->dup_acks < UINT8_MAX)
			path->dup_acks++;
		path->sacked_bytes += conn->mss_bytes;
		delivery->bytes = conn->mss_bytes;
	}
	if (is_new) {
		uint32_t known_bytes = delivery->acked_bytes - cc_min(delivery->acked_bytes, conn->mss_bytes);

		path->dup_acks = 0;
		path->sacked_bytes -= cc_min(told_bytes, known_bytes);
		delivery->bytes = delivery->acked_bytes - cc_min(told_bytes, known_bytes);
	}
	recovery_bound_told(conn, path);
}

/* RFC 6582 section 3.2: three duplicates, or an ACK of part of what recovery is about. */
static void recovery_detect_by_duplicates(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path, bool is_new)
{
	bool is_third = path->dup_acks == DUPLICATE_ACKS && !(conn->flags & (CONN_RECOVERY | CONN_TIMEOUT)) &&
			seq_after(conn->snd_una, path->recover);
	bool is_partial = is_new && conn->flags & CONN_RECOVERY;

	if ((is_third || is_partial) && !inflight_is_empty(conn))
		inflight_mark_lost(tcp, conn, &conn->inflight);
}

/* ---- Fast recovery --------------------------------------------------------------------------------------- */

static void recovery_note_for_undo(const struct tcp_conn *conn, struct tcp_path *path)
{
	path->flags = (uint16_t)((path->flags | PATH_UNDO) & ~(PATH_UNDO_STAMP | PATH_HYSTART));
	path->undo = cubic_save(&path->cubic, conn->cwnd_bytes, conn->ssthresh_bytes);
	path->undo_marker = conn->snd_una;
	path->undo_end = conn->snd_nxt;
	path->undo_sent_bytes = path->undo_dsacked_bytes = 0;
}

static void recovery_enter(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path,
			   const struct delivery *delivery)
{
	uint32_t flight_bytes = seq_distance(conn->snd_nxt, conn->snd_una);

	recovery_note_for_undo(conn, path);
	congestion_lost(tcp, conn);
	path->recover = conn->snd_nxt;
	path->prr_delivered_bytes = path->prr_out_bytes = 0;
	path->prr_flight_bytes = cc_max(flight_bytes - path->sacked_bytes + delivery->bytes, conn->mss_bytes);
	path->flags &= (uint16_t) ~(PATH_PROBED | PATH_PROBE_AGAIN | PATH_PROBE_DUE);
	conn->flags |= CONN_RECOVERY;
	COUNT(tcp, recoveries_fast);
}

/* RFC 9937 section 5: how much this ACK lets out. */
static void recovery_reduce(const struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path,
			    const struct delivery *delivery, bool is_safe)
{
	uint32_t pipe_bytes = path_pipe_bytes(tcp, conn);
	uint32_t target_bytes = conn->ssthresh_bytes;
	int64_t send_bytes;

	path->prr_delivered_bytes += delivery->bytes;
	if (delivery->bytes == 0 && path->prr_out_bytes)
		return;
	if (pipe_bytes > target_bytes) {
		uint64_t share = (uint64_t)path->prr_delivered_bytes * target_bytes + path->prr_flight_bytes - 1;

		send_bytes = (int64_t)(share / path->prr_flight_bytes) - path->prr_out_bytes;
	} else {
		send_bytes = (int64_t)path->prr_delivered_bytes - path->prr_out_bytes;
		if (send_bytes < delivery->bytes)
			send_bytes = delivery->bytes;
		if (is_safe)
			send_bytes += conn->mss_bytes;
		if (send_bytes > target_bytes - pipe_bytes)
			send_bytes = target_bytes - pipe_bytes;
	}
	if (send_bytes < 0)
		send_bytes = 0;
	if (path->prr_out_bytes == 0 && send_bytes < conn->mss_bytes)
		send_bytes = conn->mss_bytes; /* the retransmission that recovery begins with */
	congestion_allow(tcp, conn, pipe_bytes + (uint32_t)send_bytes);
}

/* All that recovery was about is acknowledged. */
static void recovery_leave(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path)
{
	if (conn->flags & CONN_RECOVERY)
		congestion_reduced(tcp, conn);
	recovery_clear(conn, CONN_RECOVERY | CONN_TIMEOUT);
	path->dup_acks = 0;
	path->frto = FRTO_NONE;
	path->undo_end = conn->snd_nxt;
	if (!recovery_has_sack(conn))
		path->sacked_bytes = 0;
	rack_recovered(path);
}

/* ---- Spurious recovery ----------------------------------------------------------------------------------- */

/* The ACK echoes a time before our first retransmission: what it answers is the original.  Or all that we sent again has been
 * reported as received twice. */
static bool recovery_is_spurious(const struct tcp_conn *conn, const struct tcp_path *path,
				 const struct delivery *delivery, bool is_new)
{
	if (!(path->flags & PATH_UNDO))
		return false;
	if (is_new && path->flags & PATH_UNDO_STAMP && delivery->has_tsecr &&
	    conn->flags & (CONN_RECOVERY | CONN_TIMEOUT) && (int32_t)(delivery->tsecr - path->undo_stamp) < 0)
		return true;
	return delivery->is_dsack && path->undo_sent_bytes && path->undo_dsacked_bytes >= path->undo_sent_bytes;
}

static void recovery_undo(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path)
{
	inflight_clear_lost(tcp, conn);
	congestion_undo(tcp, conn);
	if (conn->flags & CONN_RECOVERY)
		path->flags |= PATH_REORDERS;
	if (conn->flags & CONN_TIMEOUT)
		conn->backoff_count = 0;
	path->flags &= (uint16_t) ~(PATH_UNDO | PATH_UNDO_STAMP);
	path->recover = seq_add(conn->snd_una, UINT32_MAX);
	path->frto = FRTO_NONE;
	recovery_clear(conn, CONN_RECOVERY | CONN_TIMEOUT);
	COUNT(tcp, recoveries_undone);
}

/* RFC 5682 section 2.1, and with SACK section 3.1: after a time-out the next two ACKs tell whether the originals arrive after
 * all.  True: they do. */
static bool recovery_try_frto(const struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path,
			      const struct delivery *delivery, bool is_new, bool is_duplicate)
{
	bool is_told = is_duplicate || delivery->sacked_bytes;

	if (path->frto == FRTO_SECOND) {
		if (is_new || delivery->is_original)
			return true;
		if (is_told)
			path->frto = FRTO_NONE;
	} else if (path->frto == FRTO_FIRST) {
		bool has_new_text = conn->snd_queued_bytes > seq_distance(conn->snd_nxt, conn->snd_una) &&
				    conn->snd_wnd_bytes > seq_distance(conn->snd_nxt, conn->snd_una);

		/* An ACK of a part of what was sent again tells nothing. */
		bool is_whole = inflight_is_empty(conn) || conn->inflight.retransmits == 0;

		if (is_new && is_whole && has_new_text) {
			path->frto = FRTO_SECOND;
			congestion_allow(tcp, conn, path_pipe_bytes(tcp, conn) + 2U * conn->mss_bytes);
		} else if (is_new || is_told) {
			path->frto = FRTO_NONE;
		}
	}
	return false;
}

/* ---- Time-outs ------------------------------------------------------------------------------------------- */

/* What a peer reported and then does not acknowledge with the rest, it no longer has. */
static void recovery_mark_timed_out(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path)
{
	if (!recovery_has_sack(conn)) {
		path->sacked_bytes = 0;
		inflight_mark_all_lost(tcp, conn);
		return;
	}
	if (conn->inflight.flags & INFLIGHT_SACKED) {
		COUNT(tcp, sacks_reneged);
		inflight_clear_sacked(tcp, conn);
	}
	rack_timed_out(tcp, conn);
}

void recovery_timed_out(struct tcp *tcp, struct tcp_conn *conn)
{
	bool is_first = conn->timeouts_count == 0;
	struct tcp_path *path = path_need(tcp, conn);

	if (path && !(conn->flags & (CONN_RECOVERY | CONN_TIMEOUT)))
		recovery_note_for_undo(conn, path);
	congestion_timed_out(tcp, conn, is_first);
	COUNT(tcp, recoveries_timeout);
	if (!path) {
		inflight_mark_lost(tcp, conn, &conn->inflight);
		return;
	}
	path->frto = conn->flags & (CONN_RECOVERY | CONN_TIMEOUT) ? FRTO_NONE
								  : FRTO_FIRST; /* RFC 5682 section 2.1, step 1 */
	recovery_clear(conn, CONN_RECOVERY);
	conn->flags |= CONN_TIMEOUT;
	path->recover = conn->snd_nxt;
	path->dup_acks = 0;
	path->flags &= (uint16_t) ~(PATH_PROBED | PATH_PROBE_AGAIN | PATH_PROBE_DUE);
	recovery_mark_timed_out(tcp, conn, path);
}

/* ---- ACKs ------------------------------------------------------------------------------------------------ */

/* Marks what is lost, and enters recovery for it.  Returns how long until more would be, in µs; 0: nothing would. */
static uint32_t recovery_detect(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path,
				const struct delivery *delivery, bool is_new)
{
	uint32_t lost_bytes = path->lost_bytes, wait_us = 0;

	if (!recovery_has_sack(conn))
		recovery_detect_by_duplicates(tcp, conn, path, is_new);
	else if (path->sacked_count || conn->flags & (CONN_RECOVERY | CONN_TIMEOUT))
		wait_us = rack_detect(tcp, conn);
	if (path->lost_bytes > lost_bytes && !(conn->flags & (CONN_RECOVERY | CONN_TIMEOUT)))
		recovery_enter(tcp, conn, path, delivery);
	if (conn->flags & CONN_RECOVERY)
		recovery_reduce(tcp, conn, path, delivery, is_new && path->lost_bytes <= lost_bytes);
	return wait_us;
}

/* What an ACK ends: an episode of recovery, a probe's wait, a suspicion. */
static void recovery_judge(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path,
			   const struct delivery *delivery, bool is_new, bool is_duplicate)
{
	bool is_spurious = recovery_is_spurious(conn, path, delivery, is_new);

	if (conn->flags & CONN_TIMEOUT && !is_spurious)
		is_spurious = recovery_try_frto(tcp, conn, path, delivery, is_new, is_duplicate);
	if (is_spurious)
		recovery_undo(tcp, conn, path);
	if (conn->flags & (CONN_RECOVERY | CONN_TIMEOUT)) {
		if (seq_at_or_after(conn->snd_una, path->recover))
			recovery_leave(tcp, conn, path);
		return;
	}
	if (path->flags & PATH_PROBED && rack_probe_answered(path, conn, delivery, is_duplicate)) {
		recovery_note_for_undo(conn, path);
		congestion_lost(tcp, conn);
		congestion_reduced(tcp, conn);
	}
	if (is_new && seq_after(conn->snd_una, path->undo_end))
		path->flags &= (uint16_t) ~(PATH_UNDO | PATH_UNDO_STAMP);
	if (seq_before(path->recover, conn->snd_una) && is_new)
		path->recover = seq_add(conn->snd_una, UINT32_MAX); /* trails, so that its distance never wraps */
}

static void recovery_arm(struct tcp *tcp, struct tcp_conn *conn, const struct delivery *delivery, uint32_t wait_us)
{
	bool was_early = conn->flags & CONN_EARLY;

	if (conn->flags & CONN_PERSIST)
		return;
	if (inflight_is_empty(conn))
		timer_rest(tcp, conn);
	else if (wait_us)
		timer_arm_early(tcp, conn, wait_us);
	else if (delivery->acked_bytes || (was_early && (delivery->bytes || !rack_probe_delay_us(tcp, conn))))
		timer_arm_loss(tcp, conn);
}

void recovery_acked(struct tcp *tcp, struct tcp_conn *conn, struct delivery *delivery, bool is_new, bool is_duplicate)
{
	struct tcp_path *path = path_of(tcp, conn);
	bool was_in_recovery = conn->flags & CONN_RECOVERY;
	uint32_t wait_us = 0;

	if (path) {
		if (is_new)
			rack_advanced(path, conn);
		if (!recovery_has_sack(conn))
			recovery_count_duplicates(conn, path, delivery, is_new, is_duplicate);
		recovery_judge(tcp, conn, path, delivery, is_new, is_duplicate);
		wait_us = recovery_detect(tcp, conn, path, delivery, is_new);
	}
	if (is_new && !was_in_recovery && !(conn->flags & CONN_RECOVERY) && (!path || path->frto != FRTO_SECOND))
		congestion_acked(tcp, conn, delivery);
	recovery_arm(tcp, conn, delivery, wait_us);
	if (conn->snd_queued_bytes || path_lost_bytes(tcp, conn) || conn->flags & CONN_FIN_QUEUED)
		work_output(tcp, conn);
}

void recovery_waited(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_at(tcp, conn);
	uint32_t wait_us = recovery_detect(tcp, conn, path, &(struct delivery){0}, false);

	if (wait_us)
		timer_arm_early(tcp, conn, wait_us);
	else
		timer_arm_loss(tcp, conn);
	work_output(tcp, conn);
}

void recovery_sent(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_inflight *record, bool is_again)
{
	struct tcp_path *path = path_of(tcp, conn);

	if (!path)
		return;
	path->sent_tick = tcp->now_tick;
	if (conn->flags & CONN_RECOVERY)
		path->prr_out_bytes += record->bytes;
	if (!is_again || !(path->flags & PATH_UNDO))
		return;
	path->undo_sent_bytes += record->bytes;
	if (!(path->flags & PATH_UNDO_STAMP)) {
		path->flags |= PATH_UNDO_STAMP;
		path->undo_stamp = tcp->now_ms + conn->ts_offset;
	}
}
