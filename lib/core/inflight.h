/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of what is sent and not acknowledged.  The oldest lies in the connection itself; more come from the worker's pool.
 */
#pragma once

#include "lib/core/path.h"

/* What one ACK says has arrived. */
struct delivery {
	uint32_t acked_bytes;  /* by which SND.UNA advanced */
	uint32_t bytes;        /* acknowledged or reported for the first time */
	uint32_t sacked_bytes; /* of them, reported */
	uint32_t pipe_bytes;   /* on the way before it */
	uint32_t rtt_us;       /* by the newest segment that it acknowledges, none of them sent twice; 0: none */
	uint32_t sack_rtt_us;  /* by the newest segment that it reports, sent once; 0: none */
	uint32_t tsecr;        /* meaningful if has_tsecr */
	bool has_tsecr;
	bool is_original; /* something sent only once, and before `recover`, has arrived */
	bool is_dsack;    /* something has arrived twice */
};

static inline bool inflight_is_empty(const struct tcp_conn *conn)
{
	return conn->inflight.bytes == 0;
}

/* The record after `record`; NULL: it was the newest. */
static inline struct tcp_inflight *inflight_next(const struct tcp *tcp, const struct tcp_inflight *record)
{
	return record->next == INDEX_NONE ? NULL : pool_at(&tcp->inflight, record->next);
}

/* NULL: none. */
static inline struct tcp_inflight *inflight_first(struct tcp_conn *conn)
{
	return inflight_is_empty(conn) ? NULL : &conn->inflight;
}

/* Of a list that is not empty. */
static inline struct tcp_inflight *inflight_last(const struct tcp *tcp, struct tcp_conn *conn)
{
	return conn->inflight_last == INDEX_NONE ? &conn->inflight : pool_at(&tcp->inflight, conn->inflight_last);
}

static inline struct seq inflight_end(const struct tcp_inflight *record)
{
	return seq_add(record->seq, record->bytes);
}

/* The path became narrower since it was cut: not all of it can go in one segment. */
static inline bool inflight_is_too_big(const struct tcp_conn *conn, const struct tcp_inflight *record)
{
	return record->bytes > conn->mss_bytes + (record->flags & INFLIGHT_FIN ? 1U : 0);
}

/* Is there room to append?  The last records are for those who have little on the way: others cannot hold them up. */
static inline bool inflight_has_room(const struct tcp *tcp, const struct tcp_conn *conn)
{
	const struct pool *records = &tcp->inflight;
	uint32_t reserve_count = records->capacity_count / SEND_RESERVE_PART;
	bool has_little =
		seq_distance(conn->snd_nxt, conn->snd_una) < INFLIGHT_LITTLE_SEGMENTS * (uint32_t)conn->mss_bytes;

	return inflight_is_empty(conn) ||
	       (records->used_count + (has_little ? 0 : reserve_count) < records->capacity_count &&
		path_is_possible(tcp, conn));
}

/* Records a segment just sent; inflight_has_room() was true. */
void inflight_append(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight record);

/* Cuts a record in two, the first of `bytes`; false: no record is free for the second. */
bool inflight_split(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record, uint16_t bytes);

/* The same where no record is free: the rest goes to the next one, which is lost with it; false: there is none that could take it. */
bool inflight_shift(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record, uint16_t bytes);

/* Marks a record to be sent again. */
void inflight_mark_lost(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record);

/* Marks a record as reported by the peer; true: it was not before. */
bool inflight_mark_sacked(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record,
			  struct delivery *delivery);

/* The peer took back what it had reported (RFC 2018 section 8): nothing counts as reported. */
void inflight_clear_sacked(struct tcp *tcp, struct tcp_conn *conn);

/* What was marked lost and not sent again yet is on the way again. */
void inflight_clear_lost(struct tcp *tcp, struct tcp_conn *conn);

/* Removes what `ack` covers, and adds to *delivery what that says. */
void inflight_acked(struct tcp *tcp, struct tcp_conn *conn, struct seq ack, struct delivery *delivery);

void inflight_mark_all_lost(struct tcp *tcp, struct tcp_conn *conn);

void inflight_drop(struct tcp *tcp, struct tcp_conn *conn);
