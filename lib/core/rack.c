/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RACK-TLP.  Times are µs of a clock that wraps, compared by difference.
 */
#include "lib/core/rack.h"

#include "lib/core/cc.h"
#include "lib/core/rtt.h"

/* Section 5.2: was the segment sent at `a_us` and ending at `a` sent after the other? */
static bool rack_sent_after(uint32_t a_us, struct seq a, uint32_t b_us, struct seq b)
{
	return (int32_t)(a_us - b_us) > 0 || (a_us == b_us && seq_after(a, b));
}

/* Section 6.2 step 2: does the ACK answer an earlier transmission of this segment? */
static bool rack_is_ambiguous(const struct tcp *tcp, const struct tcp_conn *conn, const struct tcp_path *path,
			      const struct tcp_inflight *record, const struct delivery *delivery)
{
	uint32_t rtt_us = tcp->now_us - record->sent_us;

	if (record->retransmits == 0)
		return false;
	/* What is reported above a hole moves no TS.Recent (RFC 7323 section 4.3): the echo is of something older. */
	if (delivery->has_tsecr && !(record->flags & INFLIGHT_SACKED) &&
	    (int32_t)(delivery->tsecr - (tcp->now_ms + conn->ts_offset - rtt_us / 1000 - 1)) < 0)
		return true;
	return path->min_rtt_us && rtt_us < path->min_rtt_us;
}

/* The least of some minutes. */
static void rack_take_rtt(const struct tcp *tcp, struct tcp_path *path, uint32_t rtt_us)
{
	if (path->min_rtt_us && rtt_us > path->min_rtt_us && tcp->now_ms - path->min_rtt_ms < MIN_RTT_WINDOW_MS)
		return;
	path->min_rtt_us = rtt_us;
	path->min_rtt_ms = tcp->now_ms;
}

void rack_delivered(const struct tcp *tcp, const struct tcp_conn *conn, const struct tcp_inflight *record,
		    const struct delivery *delivery)
{
	struct tcp_path *path = path_at(tcp, conn);
	uint32_t rtt_us =
		cc_max(tcp->now_us - record->sent_us, 1); /* more, and its own burst would seem to be under way */
	struct seq end = inflight_end(record);

	if (seq_after(end, path->rack_forward))
		path->rack_forward = end;
	else if (record->retransmits == 0)
		path->flags |= PATH_REORDERS;
	if (rack_is_ambiguous(tcp, conn, path, record, delivery))
		return;
	if (record->retransmits == 0)
		rack_take_rtt(tcp, path, rtt_us);
	if (path->flags & PATH_RACKED && !rack_sent_after(record->sent_us, end, path->rack_sent_us, path->rack_end))
		return;
	path->flags |= PATH_RACKED;
	path->rack_sent_us = record->sent_us;
	path->rack_end = end;
	path->rack_rtt_us = rtt_us;
}

void rack_take_dsack(struct tcp_path *path, const struct tcp_conn *conn)
{
	if (path->flags & PATH_DSACK_ROUND && seq_before(conn->snd_una, path->dsack_round))
		return;
	path->flags |= PATH_DSACK_ROUND;
	path->dsack_round = conn->snd_nxt;
	if (path->reorder_steps < UINT8_MAX)
		path->reorder_steps++;
	path->reorder_rounds = REORDER_ROUNDS;
}

void rack_advanced(struct tcp_path *path, const struct tcp_conn *conn)
{
	if (seq_at_or_after(conn->snd_una, path->dsack_round))
		path->flags &= (uint16_t)~PATH_DSACK_ROUND;
}

void rack_recovered(struct tcp_path *path)
{
	if (path->reorder_rounds && --path->reorder_rounds == 0)
		path->reorder_steps = 1;
}

/* Section 6.2 step 4. */
static uint32_t rack_reorder_window_us(const struct tcp_conn *conn, const struct tcp_path *path)
{
	if (!(path->flags & PATH_REORDERS) &&
	    (conn->flags & (CONN_RECOVERY | CONN_TIMEOUT) || path->sacked_count >= DUPLICATE_ACKS))
		return 0;
	return cc_min((uint32_t)cc_min64((uint64_t)path->reorder_steps * path->min_rtt_us / 4, UINT32_MAX),
		      conn->srtt_us);
}

/* How long the segment may still take, in µs; at most 0: it is lost. */
static int32_t rack_left_us(const struct tcp *tcp, const struct tcp_path *path, const struct tcp_inflight *record,
			    uint32_t window_us)
{
	return (int32_t)(record->sent_us + path->rack_rtt_us + window_us - tcp->now_us);
}

uint32_t rack_detect(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_at(tcp, conn);
	uint32_t window_us = rack_reorder_window_us(conn, path);
	uint32_t wait_us = 0;

	if (!(path->flags & PATH_RACKED))
		return 0;
	if (tcp->sack_records >= SACK_RECORDS_PER_TURN_MAX)
		return 1; /* the next turn looks */
	for (struct tcp_inflight *record = inflight_first(conn); record; record = inflight_next(tcp, record)) {
		int32_t left_us;

		tcp->sack_records++;
		if (record->flags & (INFLIGHT_SACKED | INFLIGHT_LOST))
			continue;
		if (!rack_sent_after(path->rack_sent_us, path->rack_end, record->sent_us, inflight_end(record)))
			continue;
		left_us = rack_left_us(tcp, path, record, window_us);
		if (left_us <= 0)
			inflight_mark_lost(tcp, conn, record);
		else
			wait_us = cc_max(wait_us, (uint32_t)left_us);
	}
	return wait_us;
}

void rack_timed_out(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_at(tcp, conn);
	uint32_t window_us = rack_reorder_window_us(conn, path);

	for (struct tcp_inflight *record = inflight_first(conn); record; record = inflight_next(tcp, record)) {
		if (record->flags & INFLIGHT_SACKED)
			continue;
		if (record == &conn->inflight || !(path->flags & PATH_RACKED) ||
		    rack_left_us(tcp, path, record, window_us) <= 0)
			inflight_mark_lost(tcp, conn, record);
	}
}

uint32_t rack_probe_delay_us(const struct tcp *tcp, const struct tcp_conn *conn)
{
	const struct tcp_path *path = path_of(tcp, conn);
	bool is_one = conn->inflight.next == INDEX_NONE;
	uint64_t delay_us = conn->srtt_us ? 2 * (uint64_t)conn->srtt_us : TAIL_PROBE_UNKNOWN_US;

	if (!(conn->flags & CONN_SACK) || conn->flags & (CONN_RECOVERY | CONN_TIMEOUT | CONN_SYN_UNACKED) ||
	    conn->timeouts_count || conn->backoff_count || conn->inflight.flags & (INFLIGHT_PROBE | INFLIGHT_LOST))
		return 0;
	if (path && (path->sacked_count || path->flags & PATH_PROBED))
		return 0;
	delay_us += is_one ? TAIL_PROBE_ONE_US : TAIL_PROBE_MARGIN_US;
	return (uint32_t)cc_min64(delay_us, UINT32_MAX);
}

void rack_probed(struct tcp_path *path, const struct tcp_conn *conn, bool is_again)
{
	path->flags |= PATH_PROBED;
	if (is_again)
		path->flags |= PATH_PROBE_AGAIN;
	path->tlp_end = conn->snd_nxt;
}

bool rack_probe_answered(struct tcp_path *path, const struct tcp_conn *conn, const struct delivery *delivery,
			 bool is_duplicate)
{
	bool is_past = seq_after(conn->snd_una, path->tlp_end);
	bool is_again = path->flags & PATH_PROBE_AGAIN;

	if (seq_before(conn->snd_una, path->tlp_end))
		return false;
	if (is_again && !delivery->is_dsack && !is_past && !is_duplicate)
		return false; /* one of the two has arrived: the next ACK tells */
	path->flags &= (uint16_t) ~(PATH_PROBED | PATH_PROBE_AGAIN);
	return is_again && is_past && !delivery->is_dsack;
}
