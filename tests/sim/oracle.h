/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold of a host after every turn, and of the whole world when everything is over: counters and gauges
 * against what was really seen, deadlines where something is owed, and everything given back.
 */
#pragma once

#include "tests/sim/world.h"

/* After a turn that told `event_count` events. */
void oracle_after_turn(struct host *host, uint32_t event_count);

/* When every connection is over and every timer has run out. */
void oracle_at_rest(struct world *world);

/* Whether a host holds nothing but fresh packets: no connection, half-open entry or TIME-WAIT record. */
bool oracle_is_empty(const struct host *host);
