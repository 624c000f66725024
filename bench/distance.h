/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far two lcores are apart: the cycles that a cache line takes there and back.  A virtual machine's CPUs may be two
 * threads of one core now and two cores a second later, and everything that crosses from one worker to another costs
 * three times as much then: no figure with two workers means anything without this one beside it.
 */
#pragma once

#include <stdint.h>

/* Of the caller's lcore and `lcore`, which must be idle; 0: could not be measured. */
uint64_t distance_round_trip_cycles(unsigned lcore);
