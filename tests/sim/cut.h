/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A router that cuts packets in pieces, whatever their headers say; and a box that makes two segments of one.
 */
#pragma once

#include "tests/sim/link.h"

#define PIECES_MAX 6

/* Cuts the flight of a TCP segment into pieces; 0: it is none, or too long for more headers.  The flight stays the caller's. */
uint32_t cut_flight(struct random *random, uint16_t id, const struct flight *flight, struct flight *piece[PIECES_MAX]);

/* Cuts the segment's text in two segments; 0: it has none to cut.  The flight stays the caller's. */
uint32_t cut_segment(struct random *random, const struct flight *flight, struct flight *piece[2]);
