/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP's end: Debian's liblwip with one Ethernet interface, its clock ours. Its ARP, neighbour discovery and TCP run as they are;
 * only the raw API is used, so no thread of it ever starts.
 */
#pragma once

#include "tests/sim/world.h"

/* Initialises lwIP, brings its interface up and listens. */
void peer_start(void);

/* Takes a frame from the wire; frees the flight. */
void peer_arrives(struct flight *flight);

/* Its timers, then its side of the stories. */
void peer_turn(void);

/* When it next wants a turn, in the world's time. */
uint64_t peer_wake_ns(void);

/* Whether lwIP has no connection left, TIME-WAIT included. */
bool peer_is_at_rest(void);
