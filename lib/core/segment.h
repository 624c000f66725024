/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SEGMENT ARRIVES (RFC 9293 section 3.10.7) for a connection.
 */
#pragma once

#include "lib/core/tcp.h"

/* A segment for a connection, any state.  Returns whether the packet was kept. */
bool segment_arrives(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame);

/* The same, past the fast path. */
bool segment_arrives_slowly(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame);

/* SYN-SENT, section 3.10.7.3. */
bool segment_arrives_syn_sent(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame);

/* Fifth step: the acknowledgment and the window; true: finished with. */
bool segment_check_ack(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame);

/* The acknowledgment, which is acceptable and not old, and what comes with it. */
void segment_acked(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame);

/* `is_new`: its acknowledgment advanced SND.UNA. */
void segment_take_window(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame, bool is_new);

/* Seventh and eighth step: text and FIN.  Returns whether the packet was kept. */
bool segment_take_text(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame);

/* Keeps of text and FIN what is new and inside the window; true: something was cut off, which wants an ACK. */
bool segment_trim(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame);

/* What SYN and SYN-ACK agree on, from the peer's options; ours was sent again `retransmits` times and offered
 * conn->mss_bytes. */
void segment_negotiate(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_options *options, uint32_t retransmits);
