/* SPDX-License-Identifier: BSD-3-Clause */
/* Sluice's end: a worker over a simulated port, and the application that plays its side of the stories. */
#pragma once

#include "tests/sim/world.h"

/* Makes the worker of host 0 by the world's dice, and listens. */
void stack_start(void);

/* Takes a frame from the wire. */
void stack_arrives(struct flight *flight);

/* One turn: poll, the application, flush. */
void stack_turn(void);

/* When it next wants a turn, in the world's time. */
uint64_t stack_wake_ns(void);

/* Whether nothing is left of any connection. */
bool stack_is_at_rest(void);

/* Closes the worker; every packet must have come back. */
void stack_stop(void);
