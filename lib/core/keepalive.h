/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keep-alive (RFC 9293 section 3.8.4): off unless asked for, and only of connections with nothing on the way in either direction
 * for a long time.  A probe says nothing new: SEG.SEQ = SND.NXT-1 and no text.  The wheel's entry of the connection stands for it,
 * as for the other deadlines: what is heard only writes when.
 */
#pragma once

#include "lib/core/tcp.h"

/* A segment that the connection accepts has come. */
static inline void keepalive_heard(const struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & CONN_KEEPALIVE)
		conn->heard_tick = tcp->now_tick & ~HEARD_PROBES_MASK;
}

/* One that it does not accept, but that the peer may well have sent: again, to see whether we are here, or at the edge of a
 * window that it has filled. */
static inline void keepalive_heard_aside(const struct tcp *tcp, struct tcp_conn *conn, struct seq seq)
{
	if (seq_distance(conn->rcv_nxt, seq) <= conn->rcv_buffer_bytes || seq_equal(seq, tcp_conn_rcv_edge(conn)))
		keepalive_heard(tcp, conn);
}

/* Probes sent since. */
static inline uint32_t keepalive_sent_count(const struct tcp_conn *conn)
{
	return conn->heard_tick & HEARD_PROBES_MASK;
}

/* When the next probe is due, or the end; 0: none is, since it is off, or something is on the way and has a timer of its own. */
static inline uint32_t keepalive_deadline(const struct tcp_conn *conn)
{
	uint32_t silent_s = conn->keepalive_idle_s + keepalive_sent_count(conn) * conn->keepalive_interval_s;

	if (!(conn->flags & CONN_KEEPALIVE) || conn->retransmit_deadline || conn->inflight.bytes ||
	    conn->flags & (CONN_DETACHED | CONN_PERSIST_DUE))
		return 0;
	return tick_after(conn->heard_tick | HEARD_PROBES_MASK, ticks_from_ms(silent_s * 1000) + 1);
}

/* The connection's entry in the wheel was due: probes, or gives up, if it is time. */
void keepalive_look(struct tcp *tcp, struct tcp_conn *conn);
