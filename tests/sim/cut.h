/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A router that cuts packets in pieces, whatever their headers say.
 */
#pragma once

#include "tests/sim/link.h"

#define PIECES_MAX 6

/* Cuts the flight of a TCP segment into pieces; 0: it is none, or too long for more headers.  The flight stays the caller's. */
uint32_t cut_flight(struct random *random, uint16_t id, const struct flight *flight, struct flight *piece[PIECES_MAX]);
