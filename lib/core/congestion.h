/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control as a connection meets it: which algorithm, and when.  The arithmetic is in cc.h, cubic.h and hystart.h.
 */
#pragma once

#include "lib/core/inflight.h"

/* Of a path just taken. */
void congestion_begin(const struct tcp *tcp, struct tcp_conn *conn);

/* An ACK outside recovery.  What it says is in *delivery. */
void congestion_acked(const struct tcp *tcp, struct tcp_conn *conn, const struct delivery *delivery);

/* A loss: sets the slow start threshold to what the window shall come to. */
void congestion_lost(const struct tcp *tcp, struct tcp_conn *conn);

/* The peer echoes a mark (RFC 3168 section 6.1.2): the same, at once, and the window may come down to one segment. */
void congestion_marked(const struct tcp *tcp, struct tcp_conn *conn);

/* A retransmission time-out: the same, and the window is one segment (RFC 5681 section 3.1).  `is_first`: of its row. */
void congestion_timed_out(const struct tcp *tcp, struct tcp_conn *conn, bool is_first);

/* The window to go on with when a reduction is through. */
void congestion_reduced(const struct tcp *tcp, struct tcp_conn *conn);

/* The last reduction was for nothing: what path->undo holds comes back. */
void congestion_undo(const struct tcp *tcp, struct tcp_conn *conn);

/* After a silence (RFC 5681 section 4.1). */
void congestion_restart(const struct tcp *tcp, struct tcp_conn *conn, uint32_t initial_bytes);

/* For an ACK in recovery: what may be on the way until the next. */
void congestion_allow(const struct tcp *tcp, struct tcp_conn *conn, uint32_t window_bytes);
