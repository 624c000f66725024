/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loss recovery: when it begins and ends, how much may be sent meanwhile, and when it was for nothing.
 */
#pragma once

#include "lib/core/inflight.h"

/* An ACK, its acknowledgment and reports taken already. */
void recovery_acked(struct tcp *tcp, struct tcp_conn *conn, struct delivery *delivery, bool is_new, bool is_duplicate);

/* The reordering window passed (RFC 8985 section 6.2). */
void recovery_waited(struct tcp *tcp, struct tcp_conn *conn);

/* The retransmission timer fired (RFC 6298 section 5, RFC 8985 section 6.3, RFC 5682 section 2). */
void recovery_timed_out(struct tcp *tcp, struct tcp_conn *conn);

/* `bytes` were sent, again or for the first time. */
void recovery_sent(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_inflight *record, bool is_again);
