/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection learns of its path once it has more than one segment on the way: loss recovery and congestion control.
 * Kept apart from the connection, since most connections at any moment are idle or have one segment out; given back once
 * everything is acknowledged and an RTO has passed.
 */
#pragma once

#include "lib/core/tcp.h"

struct tcp_path {
	struct seq recover;  /* RFC 6582: what was sent when recovery began; it ends when that is acknowledged */
	uint32_t lost_bytes; /* of records marked lost */
	uint32_t sent_tick;  /* when text was last sent */
	uint8_t dup_acks;    /* in a row; saturates */
};

/* Of a connection that has one: it recovers, or more than one record is in flight. */
static inline struct tcp_path *path_at(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return pool_at(&tcp->paths, conn->path);
}

/* NULL: the connection has none, and at most one record in flight. */
static inline struct tcp_path *path_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return conn->path == INDEX_NONE ? NULL : pool_at(&tcp->paths, conn->path);
}

/* The same, making one; NULL: none is free. */
struct tcp_path *path_need(struct tcp *tcp, struct tcp_conn *conn);

static inline bool path_is_possible(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return conn->path != INDEX_NONE || tcp->paths.used_count < tcp->paths.capacity_count;
}

void path_drop(struct tcp *tcp, struct tcp_conn *conn);

/* After a silence of an RTO the congestion window begins anew (RFC 5681 section 4.1). */
void path_restart_idle(const struct tcp *tcp, struct tcp_conn *conn);

/* Of a connection whose timer fired: gives the path back if it is idle.  Else when to look again; 0: no need. */
uint32_t path_look(struct tcp *tcp, struct tcp_conn *conn);

/* Of records marked lost and not sent again yet. */
static inline uint32_t path_lost_bytes(const struct tcp *tcp, const struct tcp_conn *conn)
{
	if (conn->path != INDEX_NONE)
		return path_of(tcp, conn)->lost_bytes;
	return conn->inflight.bytes && conn->inflight.flags & INFLIGHT_LOST ? conn->inflight.bytes : 0;
}

/* Sent and, as far as we know, still on the way. */
static inline uint32_t path_pipe_bytes(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return seq_distance(conn->snd_nxt, conn->snd_una) - path_lost_bytes(tcp, conn);
}
