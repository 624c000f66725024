/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Those who send ICMP errors about our segments: routers on the way, and strangers who pretend to be some.
 */
#pragma once

#include "tests/sim/world.h"

/* An error of a random kind, about a segment of some connection that is in flight, or is not. */
void router_complains(struct world *world);

/* A thousand of them, and more, at once. */
void router_floods(struct world *world);

/* Is a frame too large for the way to `to`?  Then its sender may be told. */
bool router_drops(struct world *world, uint8_t from, uint8_t to, const uint8_t *frame, uint32_t bytes);

/* Such an error reaches a host: what it may make of that. */
void router_heard(struct world *world, uint8_t host, const struct dissect *seg, const uint8_t *frame);
