/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection learns of its path once it has more than one segment on the way: loss recovery and congestion control.
 * Kept apart from the connection, since most connections at any moment are idle or have one segment out; given back once
 * everything is acknowledged and an RTO has passed.
 */
#pragma once

#include "lib/core/cubic.h"
#include "lib/core/hystart.h"
#include "lib/core/tcp.h"

enum path_flag {
	PATH_RACKED = BIT(0),      /* rack_* hold something */
	PATH_REORDERS = BIT(1),    /* reordering was seen (RFC 8985 section 6.2 step 3) */
	PATH_DSACK_ROUND = BIT(2), /* dsack_round holds something */
	PATH_PROBED = BIT(3),      /* a tail loss probe is out, up to tlp_end */
	PATH_PROBE_AGAIN = BIT(4), /* and it was a retransmission */
	PATH_PROBE_DUE = BIT(5),   /* the probe timeout fired: send one */
	PATH_UNDO = BIT(6),        /* undo and undo_* hold something */
	PATH_UNDO_STAMP = BIT(7),  /* undo_stamp, too */
	PATH_REPORT = BIT(8),      /* report is to be told with the next ACK */
	PATH_ECN_ROUND = BIT(10),  /* ecn_round holds something */
	PATH_HYSTART = BIT(9),     /* the first slow start: hystart holds something, and undo does not */
};

/* RFC 5682: is a time-out spurious? */
enum path_frto {
	FRTO_NONE,
	FRTO_FIRST,  /* the oldest segment was sent again, and nothing else is */
	FRTO_SECOND, /* that was acknowledged: new text goes out, and the next ACK tells */
};

struct tcp_path {
	/* The scoreboard's sums. */
	uint32_t lost_bytes;   /* of records marked lost */
	uint32_t sacked_bytes; /* of records marked SACKED; without SACK, what duplicate ACKs tell (RFC 5681) */
	uint32_t sacked_count; /* records */
	struct seq recover;    /* RFC 6582: what was sent when recovery began; it ends when that is acknowledged */
	uint32_t sent_tick;    /* when text was last sent */
	uint16_t flags;        /* enum path_flag */
	uint8_t dup_acks;      /* in a row; saturates */
	uint8_t frto;          /* enum path_frto */

	/* The most that was in flight since flight_end was sent: how much of the congestion window is put to use. */
	uint32_t flight_most_bytes;
	struct seq flight_end;

	/* RACK (RFC 8985 section 5). */
	uint32_t rack_sent_us; /* RACK.xmit_ts */
	uint32_t rack_rtt_us;
	struct seq rack_end;     /* RACK.end_seq */
	struct seq rack_forward; /* RACK.fack: the most forward that was delivered */
	struct seq dsack_round;
	uint32_t min_rtt_us;    /* 0: none */
	uint32_t min_rtt_ms;    /* when it was measured */
	uint8_t reorder_steps;  /* RACK.reo_wnd_mult */
	uint8_t reorder_rounds; /* RACK.reo_wnd_persist */

	/* Tail loss probe (section 7). */
	struct seq tlp_end;

	/* Proportional rate reduction (RFC 9937). */
	uint32_t prr_delivered_bytes, prr_out_bytes;
	uint32_t prr_flight_bytes; /* RecoverFS */

	/* What spurious recovery is found out by (RFC 4015, RFC 3708), and what is put back then. */
	struct seq undo_marker; /* SND.UNA when it began */
	struct seq undo_end;    /* SND.NXT when it ended: once that is acknowledged, so is whatever was sent again */
	uint32_t undo_stamp;    /* TSval of its first retransmission */
	uint32_t undo_sent_bytes, undo_dsacked_bytes;

	struct cubic cubic;
	union {
		struct hystart hystart;
		struct cubic_undo undo;
	};

	struct seq ecn_round;         /* SND.NXT when a mark was last obeyed */
	struct tcp_sack_block report; /* received twice (RFC 2883) */
};

#define PATH_BYTES_MAX 192
static_assert(sizeof(struct tcp_path) <= PATH_BYTES_MAX, "path");

/* Of a connection that has one: it recovers, or more than one record is in flight. */
static inline struct tcp_path *path_at(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return pool_at(&tcp->paths, conn->path);
}

/* NULL: the connection has none, and at most one record in flight. */
static inline struct tcp_path *path_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return conn->path == INDEX_NONE ? NULL : path_at(tcp, conn);
}

/* The same, making one; NULL: none is free. */
struct tcp_path *path_need(struct tcp *tcp, struct tcp_conn *conn);

static inline bool path_is_possible(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return conn->path != INDEX_NONE || tcp->paths.used_count < tcp->paths.capacity_count;
}

void path_drop(struct tcp *tcp, struct tcp_conn *conn);

/* Sending begins again: after a silence of an RTO the congestion window is the initial one (RFC 5681 section 4.1). */
void path_restart_idle(const struct tcp *tcp, struct tcp_conn *conn);

/* Of a connection whose timer fired: gives the path back if it is idle.  Else when to look again; 0: no need. */
uint32_t path_look(struct tcp *tcp, struct tcp_conn *conn);

/* Text of the peer's came twice: the next ACK reports it, if SACK was agreed on (RFC 2883). */
void path_report(struct tcp *tcp, struct tcp_conn *conn, struct seq start, uint32_t bytes);

/* Of records marked lost and not sent again yet. */
static inline uint32_t path_lost_bytes(const struct tcp *tcp, const struct tcp_conn *conn)
{
	if (conn->path != INDEX_NONE)
		return path_at(tcp, conn)->lost_bytes;
	return conn->inflight.bytes && conn->inflight.flags & INFLIGHT_LOST ? conn->inflight.bytes : 0;
}

/* Sent and, as far as we know, still on the way (RFC 6675 section 4, SetPipe, kept as a sum). */
static inline uint32_t path_pipe_bytes(const struct tcp *tcp, const struct tcp_conn *conn)
{
	uint32_t flight_bytes = seq_distance(conn->snd_nxt, conn->snd_una);

	if (conn->path == INDEX_NONE)
		return flight_bytes - path_lost_bytes(tcp, conn);
	return flight_bytes - path_at(tcp, conn)->lost_bytes - path_at(tcp, conn)->sacked_bytes;
}
