/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock of a worker: nanoseconds from the cycle counter by one multiplication and one shift, where the counter is
 * constant; the kernel's clock otherwise.  Read once a turn.  It never goes back, even if its thread moves to a core
 * whose counter lags.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_cycles.h>

#define CLOCK_SHIFT 60 /* leaves a multiplier below 2^64 for counters of 100 MHz and more */

struct clock {
	uint64_t base_cycles, base_ns;
	uint64_t multiplier; /* ns per cycle, times 2^CLOCK_SHIFT; 0: ask the kernel */
	uint64_t last_ns;
};

/* Starts at the kernel's monotonic time. */
void clock_make(struct clock *clock);

/* Whether the cycle counter runs at one rate, whatever the core's frequency and sleep. */
bool clock_counter_is_constant(void);

uint64_t clock_kernel_ns(void);

/* Since 1970, as the system's clock is set. */
uint64_t clock_wall_ns(void);

/* For a counter of `hz`; 0 if the kernel's clock is finer. */
uint64_t clock_multiplier(uint64_t hz);

static inline uint64_t clock_ns_of_cycles(const struct clock *clock, uint64_t cycles)
{
	return (uint64_t)((unsigned __int128)cycles * clock->multiplier >> CLOCK_SHIFT);
}

static inline uint64_t clock_now_ns(struct clock *clock)
{
	uint64_t now_ns;

	if (__builtin_expect(clock->multiplier == 0, 0))
		now_ns = clock_kernel_ns();
	else
		now_ns = clock->base_ns + clock_ns_of_cycles(clock, rte_rdtsc() - clock->base_cycles);
	if (now_ns > clock->last_ns)
		clock->last_ns = now_ns;
	return clock->last_ns;
}
