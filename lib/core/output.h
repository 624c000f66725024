/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection may send now, and the segments that say it (RFC 9293 section 3.10.2, 3.8.6).
 */
#pragma once

#include "lib/core/tcp.h"

struct output_segment {
	struct seq seq;
	uint32_t text_bytes;
	uint8_t flags;
	bool is_half;  /* ends the first half of a window: pushed, this once */
	bool is_probe; /* a peer may drop it with all that it says: it settles no ACK that is owed */
	bool is_plain; /* never ECN-capable: text sent again, or a window probe (RFC 3168 section 6.1.5, 6.1.6) */
};

enum output_result { OUTPUT_SENT, OUTPUT_NOTHING, OUTPUT_BLOCKED };

/* Builds what may leave; true: the burst or the stash ran short, and there is more. */
bool output_conn(struct tcp *tcp, struct tcp_conn *conn);

/* Builds one segment; false: no packet, or no room. */
bool output_segment(struct tcp *tcp, struct tcp_conn *conn, struct output_segment segment);

/* Builds an ACK at once; false: no packet. */
bool output_ack(struct tcp *tcp, struct tcp_conn *conn);

/* Builds a keep-alive probe at once (RFC 9293 section 3.8.4); false: no packet. */
bool output_keepalive(struct tcp *tcp, struct tcp_conn *conn);

/* Builds an RST at once, at SND.NXT. */
void output_reset(struct tcp *tcp, struct tcp_conn *conn);

/* A challenge ACK (RFC 5961), limited per connection. */
void output_challenge(struct tcp *tcp, struct tcp_conn *conn);

/* Text of a full segment, if we offered `our_mss_bytes` and the peer `peer_mss_bytes` (0: nothing), with these options on. */
uint16_t output_mss(uint32_t our_mss_bytes, bool ipv4, uint32_t peer_mss_bytes, bool timestamps);

/* The MSS that we offer, unless the user wants less. */
uint16_t output_our_mss(const struct tcp *tcp, bool ipv4);

/* Queued text that was never sent. */
static inline uint32_t output_unsent_bytes(const struct tcp_conn *conn)
{
	uint32_t sent = seq_distance(conn->snd_nxt, tcp_conn_queue_seq(conn));

	return conn->flags & CONN_FIN_SENT ? 0 : conn->snd_queued_bytes - sent;
}
