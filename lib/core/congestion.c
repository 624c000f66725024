/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC (RFC 9438) with HyStart++ (RFC 9406), NewReno (RFC 5681), or none at all.  A connection with one segment on the way has no
 * path, and then all three are the same.
 */
#include "lib/core/congestion.h"

#include "lib/core/cc.h"
#include "lib/core/ecn.h"

static bool congestion_is_cubic(const struct tcp *tcp)
{
	return tcp->config.congestion == SLUICE_CONGESTION_CUBIC;
}

static bool congestion_is_none(const struct tcp *tcp)
{
	return tcp->config.congestion == SLUICE_CONGESTION_NONE;
}

/* What is outstanding, but for what limited transmit sent beyond the window (RFC 3042 section 2). */
static uint32_t congestion_flight_bytes(const struct tcp_conn *conn)
{
	return cc_min(seq_distance(conn->snd_nxt, conn->snd_una), conn->cwnd_bytes);
}

static void congestion_set(const struct tcp *tcp, struct tcp_conn *conn, struct cubic_window window)
{
	conn->ssthresh_bytes = window.ssthresh_bytes;
	congestion_allow(tcp, conn, window.cwnd_bytes);
}

void congestion_allow(const struct tcp *tcp, struct tcp_conn *conn, uint32_t window_bytes)
{
	conn->cwnd_bytes = congestion_is_none(tcp) ? SSTHRESH_NONE_BYTES : window_bytes;
}

void congestion_begin(const struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_at(tcp, conn);

	if (congestion_is_none(tcp))
		conn->cwnd_bytes = SSTHRESH_NONE_BYTES;
	if (!congestion_is_cubic(tcp) || conn->ssthresh_bytes < SSTHRESH_NONE_BYTES)
		return;
	hystart_begin(&path->hystart, conn->snd_nxt);
	path->flags |= PATH_HYSTART;
}

/* Over a window of what was sent, so that its last ACKs, which find little in flight, count like its first. */
static uint32_t congestion_used_bytes(const struct tcp_conn *conn, struct tcp_path *path,
				      const struct delivery *delivery)
{
	if (!path)
		return delivery->pipe_bytes;
	if (delivery->pipe_bytes > path->flight_most_bytes || seq_after(conn->snd_una, path->flight_end)) {
		path->flight_most_bytes = delivery->pipe_bytes;
		path->flight_end = conn->snd_nxt;
	}
	return path->flight_most_bytes;
}

/* RFC 5681 section 3.1, RFC 9438 section 5.8: a window that nothing fills has no reason to grow; in slow start, more than half of
 * it will do, since it doubles. */
static bool congestion_is_limiting(const struct tcp_conn *conn, struct tcp_path *path, const struct delivery *delivery)
{
	uint32_t used_bytes = congestion_used_bytes(conn, path, delivery);

	return delivery->pipe_bytes + conn->mss_bytes >= conn->cwnd_bytes || conn->flags & CONN_TIMEOUT ||
	       (conn->cwnd_bytes < conn->ssthresh_bytes && used_bytes > conn->cwnd_bytes / 2);
}

/* What an ACK lets slow start grow by: what was reported before has long made room for what was sent since. */
static uint32_t congestion_news_bytes(const struct delivery *delivery)
{
	return cc_min(delivery->acked_bytes, delivery->bytes);
}

/* Slow start while it is the first: true, whatever came of it. */
static bool congestion_hystart(struct tcp_conn *conn, struct tcp_path *path, const struct delivery *delivery,
			       bool is_limiting)
{
	if (!(path->flags & PATH_HYSTART))
		return false;
	if (delivery->rtt_us)
		hystart_sample(&path->hystart, delivery->rtt_us);
	if (is_limiting)
		conn->cwnd_bytes =
			cc_min(SSTHRESH_NONE_BYTES,
			       conn->cwnd_bytes +
				       hystart_grow(&path->hystart, congestion_news_bytes(delivery), conn->mss_bytes));
	if (hystart_acked(&path->hystart, conn->snd_una, conn->snd_nxt)) {
		conn->ssthresh_bytes = conn->cwnd_bytes;
		path->flags &= (uint16_t)~PATH_HYSTART;
	}
	return true;
}

void congestion_acked(const struct tcp *tcp, struct tcp_conn *conn, const struct delivery *delivery)
{
	struct tcp_path *path = path_of(tcp, conn);
	bool is_limiting = congestion_is_limiting(conn, path, delivery);

	if (congestion_is_none(tcp) || (path && congestion_hystart(conn, path, delivery, is_limiting)))
		return;
	if (path && congestion_is_cubic(tcp) && conn->cwnd_bytes >= conn->ssthresh_bytes) {
		if (is_limiting)
			conn->cwnd_bytes = cubic_grow(&path->cubic, conn->cwnd_bytes, delivery->acked_bytes,
						      conn->mss_bytes, conn->srtt_us, tcp->now_us);
		else
			cubic_app_limited(&path->cubic, tcp->now_us);
	} else if (is_limiting) {
		conn->cwnd_bytes = cc_grow(conn->cwnd_bytes, conn->ssthresh_bytes, congestion_news_bytes(delivery),
					   conn->mss_bytes);
	}
}

void congestion_lost(const struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_at(tcp, conn);
	uint32_t flight_bytes = congestion_flight_bytes(conn);

	path->flags &= (uint16_t)~PATH_HYSTART;
	ecn_reduced(conn);
	if (congestion_is_cubic(tcp))
		congestion_set(tcp, conn, cubic_lost(&path->cubic, conn->cwnd_bytes, flight_bytes, conn->mss_bytes));
	else if (!congestion_is_none(tcp))
		conn->ssthresh_bytes = cc_ssthresh(flight_bytes, conn->mss_bytes);
}

void congestion_marked(const struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_at(tcp, conn);
	uint32_t flight_bytes = congestion_flight_bytes(conn);

	path->flags &= (uint16_t) ~(PATH_HYSTART | PATH_UNDO | PATH_UNDO_STAMP); /* a mark is never spurious */
	ecn_reduced(conn);
	if (congestion_is_cubic(tcp)) {
		congestion_set(tcp, conn, cubic_marked(&path->cubic, conn->cwnd_bytes, flight_bytes, conn->mss_bytes));
	} else if (!congestion_is_none(tcp)) {
		conn->ssthresh_bytes = cc_ssthresh(flight_bytes, conn->mss_bytes);
		conn->cwnd_bytes = cc_max(flight_bytes / 2, conn->mss_bytes);
	}
}

void congestion_timed_out(const struct tcp *tcp, struct tcp_conn *conn, bool is_first)
{
	struct tcp_path *path = path_of(tcp, conn);
	uint32_t flight_bytes = congestion_flight_bytes(conn);

	if (path)
		path->flags &= (uint16_t)~PATH_HYSTART;
	ecn_reduced(conn);
	if (is_first && !congestion_is_none(tcp)) {
		if (path && congestion_is_cubic(tcp))
			congestion_set(tcp, conn,
				       cubic_timed_out(&path->cubic, conn->cwnd_bytes, flight_bytes, conn->mss_bytes));
		else
			conn->ssthresh_bytes = cc_ssthresh(flight_bytes, conn->mss_bytes);
	}
	congestion_allow(tcp, conn, conn->mss_bytes);
}

void congestion_reduced(const struct tcp *tcp, struct tcp_conn *conn)
{
	congestion_allow(tcp, conn, conn->ssthresh_bytes);
}

void congestion_undo(const struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_at(tcp, conn);

	congestion_set(tcp, conn, cubic_restore(&path->cubic, &path->undo, conn->cwnd_bytes));
}

void congestion_restart(const struct tcp *tcp, struct tcp_conn *conn, uint32_t initial_bytes)
{
	cubic_restart(&path_at(tcp, conn)->cubic);
	congestion_allow(tcp, conn, initial_bytes);
}
