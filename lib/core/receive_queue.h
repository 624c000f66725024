/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What arrived and was not consumed, in place: in-order packets in a ring of links, and ranges out of order, sorted, each a chain
 * of packets.  Of bytes that arrive twice the first copy is kept.
 */
#pragma once

#include "lib/core/tcp.h"

/* Takes a packet's text at `seq` (data_off and data_len say where), in order: seq is rcv_nxt, and the packet becomes ours. */
void receive_queue_append(struct tcp *tcp, struct tcp_conn *conn, struct rte_mbuf *packet);

enum receive_verdict { RECEIVE_KEPT, RECEIVE_DUPLICATE, RECEIVE_REFUSED };

/* Takes a packet's text beyond rcv_nxt, and the peer's FIN, which may stand alone; unless KEPT, the packet stays the caller's. */
enum receive_verdict receive_queue_insert(struct tcp *tcp, struct tcp_conn *conn, struct rte_mbuf *packet,
					  struct seq seq, bool fin);

/* Moves what is now in order to the in-order queue and advances rcv_nxt; true: and the peer's FIN follows it. */
bool receive_queue_join(struct tcp *tcp, struct tcp_conn *conn);

/* Gives the oldest `bytes` readable bytes back. */
void receive_queue_consume(struct tcp *tcp, struct tcp_conn *conn, uint32_t bytes);

/* SACK blocks for what is out of order, the range that changed last first (RFC 2018 section 4); returns how many. */
uint32_t receive_queue_sack(const struct tcp_conn *conn, struct tcp_sack_block *block, uint32_t max);

/* Gives up the range out of order that changed last, if there is one; it is reported no more. */
void receive_queue_drop_newest(struct tcp *tcp, struct tcp_conn *conn);

void receive_queue_drop(struct tcp *tcp, struct tcp_conn *conn);
void receive_queue_drop_out_of_order(struct tcp *tcp, struct tcp_conn *conn);
