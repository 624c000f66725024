/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A passive open once its handshake is done: the connection that an entry, or a cookie alone, promised to a peer.
 */
#pragma once

#include "lib/core/handshake.h"

struct passive {
	struct handshake agreed;
	struct seq irs, iss;
	uint8_t listener;
	uint32_t repeats;       /* SYN-ACKs sent beyond the first */
	uint32_t round_trip_ms; /* of the SYN-ACK; 0: not known */
};

/* The window that a SYN-ACK of this listener offers; the raw field of a segment after it is this by our scale. */
uint16_t passive_window(const struct tcp *tcp, uint8_t listener, const struct handshake *agreed);

/* The MSS that a SYN-ACK of this listener asks for. */
uint16_t passive_mss(const struct tcp *tcp, uint8_t listener, bool ipv6);

/* The record in SYN-RECEIVED, not in the table; NULL: none is free.  `frame` brought the ACK. */
struct tcp_conn *passive_new(struct tcp *tcp, const struct passive *passive, const struct frame *frame);

/* Its record is in the table: opened, and the segment that did it taken.  Returns whether the packet was kept. */
bool passive_open(struct tcp *tcp, struct tcp_conn *conn, struct frame *frame);
