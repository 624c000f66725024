/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Sluice may say to a peer that knows neither timestamps nor SACK, by what that peer said before: each of its frames
 * is judged as it leaves.
 */
#pragma once

#include "tests/sim/dissect.h"

void watch_start(uint32_t mtu_bytes);

/* A frame leaves lwIP. */
void watch_lwip_sent(const struct dissect *seg);

/*
 * Whether lwIP set FIN on a segment with text after it: when it splits its last segment to fit a small window, it leaves FIN on the
 * first part too. The stream ends there, and what follows is answered with RST; neither is Sluice's fault.
 */
bool watch_saw_early_fin(uint16_t sluice_port, uint16_t lwip_port, bool ipv6);

/* A segment from lwIP reaches Sluice. */
void watch_heard(const struct dissect *seg);

/* A frame leaves Sluice. */
void watch_sent(const struct dissect *seg);
