/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which clock a worker reads, and the multiplier that makes nanoseconds of cycles.
 */
#include "lib/port/clock.h"

#include <time.h>

#include <rte_cpuflags.h>

#define NS_PER_SECOND    UINT64_C(1000000000)
#define COUNTER_HZ_LEAST UINT64_C(100000000) /* a slower counter is coarser than the kernel's clock */

bool clock_counter_is_constant(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_INVTSC) == 1;
#else
	return true; /* DPDK reads the architecture's generic timer */
#endif
}

uint64_t clock_kernel_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_multiplier(uint64_t hz)
{
	if (hz < COUNTER_HZ_LEAST)
		return 0;
	return (uint64_t)(((unsigned __int128)NS_PER_SECOND << CLOCK_SHIFT) / hz);
}

void clock_make(struct clock *clock)
{
	*clock = (struct clock){.base_ns = clock_kernel_ns(), .base_cycles = rte_rdtsc()};
	clock->last_ns = clock->base_ns;
	if (clock_counter_is_constant())
		clock->multiplier = clock_multiplier(rte_get_tsc_hz());
}
