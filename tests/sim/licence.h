/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the segments that reach a host allow it to do about records that are no connections, where nothing on the wire would
 * tell at once: to end a half-open entry, to reopen TIME-WAIT.  Each is counted as it arrives, and the host's counters may
 * move by no more in that turn.
 */
#pragma once

#include "tests/sim/world.h"

/* Another world begins. */
void licence_reset(void);

/* A segment reaches a host's worker. */
void licence_delivered(uint8_t host, const struct dissect *seg, bool is_forged);

/* The host's turn is over. */
void licence_check(const struct host *host, const struct sluice_statistics *before);
