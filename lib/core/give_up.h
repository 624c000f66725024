/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When to give a connection up: R2 (RFC 9293 section 3.8.3), the user timeout (RFC 5482), and those whose window stays shut.
 */
#pragma once

#include "lib/core/tcp.h"

/* The retransmission timer fired: has this gone on for too long?  Notes when it began. */
bool give_up_is_due(struct tcp *tcp, struct tcp_conn *conn);

/* How long the trouble may go on still, in ms; 0: it is over. */
uint32_t give_up_left_ms(const struct tcp *tcp, const struct tcp_conn *conn);

/* The tick at which a user timeout ends the trouble that the connection is in; 0: it is in none, or has no user timeout. */
uint32_t give_up_deadline(const struct tcp *tcp, const struct tcp_conn *conn);

/*
 * The peer answered a window probe.  That keeps a connection open (MUST-37), and so starts the trouble anew; but not if the user
 * set a timeout, nor if nobody reads or writes here any more, nor if the records it holds are short (RFC 6429).
 */
void give_up_probe_answered(const struct tcp *tcp, struct tcp_conn *conn);

/* Ends it: with an RST if the peer is there and only its window is shut. */
void give_up(struct tcp *tcp, struct tcp_conn *conn);
