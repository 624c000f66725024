/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scoreboard counted again.
 */
#include "tests/core/scoreboard.h"

#include "lib/core/inflight.h"
#include "lib/core/life.h"

struct counted {
	uint32_t records, lost_bytes, sacked_bytes, sacked_count;
	uint32_t last; /* index of the newest; INDEX_NONE: it is the oldest */
	struct seq end;
};

static const char *scoreboard_walk(const struct tcp *tcp, const struct tcp_conn *conn, struct counted *counted)
{
	const struct tcp_inflight *record = inflight_is_empty(conn) ? NULL : &conn->inflight;

	*counted = (struct counted){.last = INDEX_NONE, .end = conn->snd_una};
	for (; record; record = inflight_next(tcp, record)) {
		bool is_lost = record->flags & INFLIGHT_LOST, is_sacked = record->flags & INFLIGHT_SACKED;

		if (!seq_equal(record->seq, counted->end))
			return "records do not follow each other from SND.UNA on";
		if (record->bytes == 0)
			return "a record of nothing";
		if (is_lost && is_sacked)
			return "a record is lost and reported as received";
		counted->records++;
		counted->lost_bytes += is_lost ? record->bytes : 0;
		counted->sacked_bytes += is_sacked ? record->bytes : 0;
		counted->sacked_count += is_sacked;
		counted->end = inflight_end(record);
		if (record->next != INDEX_NONE)
			counted->last = record->next;
	}
	if (counted->records && !seq_equal(counted->end, conn->snd_nxt))
		return "records do not end at SND.NXT";
	if (counted->records && counted->last != conn->inflight_last)
		return "the newest record is another";
	return NULL;
}

static const char *scoreboard_sums(const struct tcp_conn *conn, const struct tcp_path *path,
				   const struct counted *counted)
{
	uint32_t flight_bytes = counted->records ? seq_distance(conn->snd_nxt, conn->snd_una) : 0;

	if (path->lost_bytes != counted->lost_bytes)
		return "lost_bytes is not the sum of what is marked lost";
	if (conn->flags & CONN_SACK && path->sacked_bytes != counted->sacked_bytes)
		return "sacked_bytes is not the sum of what is marked SACKED";
	if (conn->flags & CONN_SACK && path->sacked_count != counted->sacked_count)
		return "sacked_count is not the number of what is marked SACKED";
	if ((uint64_t)path->lost_bytes + path->sacked_bytes > flight_bytes)
		return "more is lost or has arrived than is on the way";
	return NULL;
}

static const char *scoreboard_path(const struct tcp_conn *conn, const struct tcp_path *path)
{
	if (path->frto && !(conn->flags & CONN_TIMEOUT))
		return "F-RTO goes on, and no recovery from a time-out";
	if (path->flags & PATH_UNDO_STAMP && !(path->flags & PATH_UNDO))
		return "a stamp to undo by, and nothing to undo";
	if (path->flags & PATH_UNDO && path->flags & PATH_HYSTART)
		return "the first slow start and what to undo share their place";
	if (path->flags & PATH_PROBED && seq_after(path->tlp_end, conn->snd_nxt))
		return "a tail probe of what was never sent";
	if (path->flags & PATH_PROBE_DUE && !(conn->flags & CONN_DIRTY))
		return "a tail probe is due, and nobody will send it";
	if (conn->flags & (CONN_RECOVERY | CONN_TIMEOUT) && seq_after(path->recover, conn->snd_nxt))
		return "recovery ends after what was sent";
	return NULL;
}

static const char *scoreboard_flags(const struct tcp_conn *conn, const struct counted *counted)
{
	if (conn->flags & CONN_RECOVERY && conn->flags & CONN_TIMEOUT)
		return "both kinds of recovery";
	if (conn->flags & CONN_EARLY && !conn->retransmit_deadline)
		return "an early deadline that is none";
	if (conn->cwnd_bytes == 0 || conn->cwnd_bytes > 1U << 30)
		return "a congestion window out of all bounds";
	if (counted->records && !conn->retransmit_deadline && !(conn->flags & (CONN_DIRTY | CONN_SYN_UNACKED)))
		return "something is on the way, and nothing is due";
	return NULL;
}

const char *scoreboard_fault(const struct tcp *tcp, const struct tcp_conn *conn)
{
	const struct tcp_path *path = path_of(tcp, conn);
	struct counted counted;
	const char *fault = scoreboard_walk(tcp, conn, &counted);

	if (!fault)
		fault = scoreboard_flags(conn, &counted);
	if (!fault && !path && counted.records > 1)
		fault = "more than one record, and no path";
	if (!fault && !path && conn->flags & CONN_RECOVERY)
		fault = "fast recovery without a path";
	if (!fault && path)
		fault = scoreboard_sums(conn, path, &counted);
	if (!fault && path)
		fault = scoreboard_path(conn, path);
	return fault;
}

const char *scoreboard_fault_of_any(const struct tcp *tcp)
{
	for (uint32_t i = 0; i < tcp->conns.fresh_count; i++) {
		const struct tcp_conn *conn = tcp_conn_at(tcp, i);
		const char *fault;

		if (!life_is_used(conn) || conn->flags & CONN_DETACHED)
			continue;
		fault = scoreboard_fault(tcp, conn);
		if (fault)
			return fault;
	}
	return NULL;
}
