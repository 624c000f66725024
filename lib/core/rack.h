/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RACK and the tail loss probe (RFC 8985): a segment is lost when one that was sent enough later has arrived; and when nothing
 * arrives, the last segment asks.
 */
#pragma once

#include "lib/core/inflight.h"

/* Section 6.2 steps 1 to 3, for a segment that has arrived. */
void rack_delivered(const struct tcp *tcp, const struct tcp_conn *conn, const struct tcp_inflight *record,
		    const struct delivery *delivery);

/* Step 4, when an ACK is through: reports of duplicates widen the reordering window. */
void rack_take_dsack(struct tcp_path *path, const struct tcp_conn *conn);

/* SND.UNA moved. */
void rack_advanced(struct tcp_path *path, const struct tcp_conn *conn);

/* A recovery ends: the reordering window shrinks back in time. */
void rack_recovered(struct tcp_path *path);

/* Step 5: marks what is lost; how long until the next segment would be, in µs, 0: none would. */
uint32_t rack_detect(struct tcp *tcp, struct tcp_conn *conn);

/* At a retransmission time-out (section 6.3): the oldest, and all that RACK would give up now. */
void rack_timed_out(struct tcp *tcp, struct tcp_conn *conn);

/* How long to wait before the last segment asks, in µs (section 7.2); 0: it shall not. */
uint32_t rack_probe_delay_us(const struct tcp *tcp, const struct tcp_conn *conn);

/* The probe was sent; `is_again`: it was a retransmission. */
void rack_probed(struct tcp_path *path, const struct tcp_conn *conn, bool is_again);

/* Is an answer to a probe awaited?  A duplicate ACK is one even if nothing else is on the way. */
static inline bool rack_is_probing(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return conn->path != INDEX_NONE && path_at(tcp, conn)->flags & PATH_PROBED;
}

/* An ACK while a probe is out (section 7.4); true: the probe repaired a loss, to which congestion control must respond. */
bool rack_probe_answered(struct tcp_path *path, const struct tcp_conn *conn, const struct delivery *delivery,
			 bool is_duplicate);
