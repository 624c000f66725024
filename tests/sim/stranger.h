/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Somebody who sees the network and wishes it ill: segments at living connections that must change nothing, SYN
 * floods, segments to nobody.  What it sends is chosen so that RFC 9293 and 5961 say "drop it" whatever else happens
 * meanwhile; stranger_is_harmless() says so again at the moment the segment arrives.
 */
#pragma once

#include "tests/sim/world.h"

/* Sends one segment, or a short burst, of a random kind. */
void stranger_act(struct world *world);

/*
 * Whether a forged segment may be handed over: by the rules, it cannot be accepted.  Or it can, but says nothing that its
 * supposed sender has not said: then *speaker is set, and it counts as received.
 */
bool stranger_is_harmless(const struct world *world, const struct dissect *seg, struct side **speaker);

/*
 * Whether a forged ARP packet may be handed over: what it says is true, or its hearer knows better.  Who has asked, or knows
 * nothing, has to believe it.
 */
bool stranger_may_claim(const struct host *host, const uint8_t *frame);

/* An ARP request on the wire: the ghost station, which answers ARP and nothing else, answers it. */
void stranger_hears_arp(struct world *world, uint8_t from, const uint8_t *frame, uint32_t bytes);
