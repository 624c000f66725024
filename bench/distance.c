/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two lcores hand one cache line to each other.
 */
#include "bench/distance.h"

#include <stdalign.h>
#include <stdatomic.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_pause.h>

#include "lib/base/cache.h"

#define ROUNDS       50000
#define ROUNDS_FIRST 1000 /* not counted: the other side is still waking */

/* Whose turn it is; a line of its own, and the one beside it, which is fetched with it. */
static struct {
	alignas(2 * CACHE_LINE_BYTES) _Atomic int is_others;
} ball;

static int distance_answer(void *argument)
{
	(void)argument;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		while (!atomic_load_explicit(&ball.is_others, memory_order_acquire))
			rte_pause();
		atomic_store_explicit(&ball.is_others, 0, memory_order_release);
	}
	return 0;
}

uint64_t distance_round_trip_cycles(unsigned lcore)
{
	uint64_t start = 0, cycles;

	atomic_store(&ball.is_others, 0);
	if (rte_eal_remote_launch(distance_answer, NULL, lcore) != 0)
		return 0;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		if (round == ROUNDS_FIRST)
			start = rte_rdtsc();
		atomic_store_explicit(&ball.is_others, 1, memory_order_release);
		while (atomic_load_explicit(&ball.is_others, memory_order_acquire))
			rte_pause();
	}
	cycles = rte_rdtsc() - start;
	rte_eal_wait_lcore(lcore);
	return cycles / (ROUNDS - ROUNDS_FIRST);
}
