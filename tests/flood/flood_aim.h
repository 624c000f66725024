/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods at a connection that the attacker watches, or is the far end of: what costs the victim memory and time to take.  As in
 * flood.h, each call fills one buffer and does nothing else, and fills none (0 bytes) for addresses that are not for tests.
 */
#pragma once

#include "tests/flood/flood.h"

/* A connection as its peer knows it. */
struct flood_aim {
	uint8_t source_mac[6], destination_mac[6];
	struct sluice_address source, destination; /* the peer, and the victim */
	uint32_t seq, ack;                         /* the next byte that either end waits for */
	uint32_t window_bytes;                     /* that the victim offers */
	uint32_t inflight_bytes;                   /* from `ack` on, sent by the victim */
	bool has_timestamps;
	uint32_t tsval, tsecr;
};

/* What an ICMP error is about: a segment of the connection, one that it never sent, or another connection. */
enum flood_quote { FLOOD_QUOTE_RIGHT, FLOOD_QUOTE_WRONG_SEQ, FLOOD_QUOTE_WRONG_TUPLE };

/* A byte somewhere in the window, never the next one: each may make a gap of its own. */
uint32_t flood_tiny(struct random *random, const struct flood_aim *aim, uint8_t *frame);

/* An ACK without news but single bytes, reported out of what is in flight: each is a hole or two. */
uint32_t flood_sack_holes(struct random *random, const struct flood_aim *aim, uint8_t *frame);

/* An error of a random kind, a "too big" of a random size among them. */
uint32_t flood_icmp(struct random *random, const struct flood_aim *aim, enum flood_quote quote, uint8_t *frame);

/*
 * The ACK that a SYN-ACK asks for, made of nothing else: sent at once it completes a handshake, sent late or again it is a
 * replayed cookie.  0: no SYN-ACK.
 */
uint32_t flood_replay(const uint8_t *syn_ack, uint32_t syn_ack_bytes, uint8_t *frame);
