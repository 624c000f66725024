/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums, and the lists of what must not be zero. */
#include "tests/sim/coverage.h"

#include <stdio.h>
#include <string.h>

#include "lib/worker/worker.h"
#include "lib/base/cache.h"

struct coverage coverage;

static void add_host(const struct host *host)
{
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		coverage.counters[i] += host->statistics.counter[i];
	for (uint32_t i = 0; i < SLUICE_STATE_COUNT; i++)
		for (uint32_t k = 0; k < SLUICE_STATE_COUNT; k++)
			coverage.arrows[i][k] += host->worker->tcp.transitions[i][k];
}

void coverage_add_world(const struct world *world)
{
	for (uint32_t i = 0; i < WORLD_HOSTS; i++)
		add_host(&world->host[i]);
	for (uint32_t i = 0; i < SLUICE_REASON_COUNT; i++)
		coverage.reasons[i] += witness_reasons[i];
	for (uint32_t i = 0; i < DEED_COUNT; i++)
		coverage.deeds[i] += witness_deeds[i];
	memset(witness_reasons, 0, sizeof(witness_reasons));
	memset(witness_deeds, 0, sizeof(witness_deeds));
}

void coverage_add_outcome(const struct outcome *outcome)
{
	for (uint32_t i = 0; i < FAULT_COUNT; i++)
		coverage.faults[i] += outcome->faults[i];
	coverage.segments += outcome->segments;
	coverage.connections += outcome->connections;
	coverage.virtual_s += outcome->virtual_ns / SECOND_NS;
	coverage.gave_up += outcome->gave_up;
	coverage.strays += outcome->strays;
}

void coverage_share(struct coverage *shared)
{
	uint64_t *to = (uint64_t *)(void *)shared;
	const uint64_t *from = (const uint64_t *)(const void *)&coverage;

	for (uint32_t i = 0; i < sizeof(coverage) / sizeof(uint64_t); i++)
		__atomic_fetch_add(&to[i], from[i], __ATOMIC_RELAXED);
	memset(&coverage, 0, sizeof(coverage));
}

/* What two of our own stacks cannot come to; tests/core/test_sack.c, test_recovery.c and test_stateless.c do. */
static bool is_counter_beyond(uint32_t counter)
{
	return counter ==
		       SLUICE_COUNTER_cookies_accepted_previous || /* one of three hosts behind one address gave it */
	       counter == SLUICE_COUNTER_half_open_replaced ||     /* two epochs, and an entry in the second alone */
	       counter == SLUICE_COUNTER_sacks_skipped ||          /* 65,536 records looked at in one turn */
	       counter == SLUICE_COUNTER_sacks_reneged;            /* a peer that takes back what it reported */
}

static uint32_t missing_counters(const struct coverage *all)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++) {
		if (all->counters[i] || is_counter_beyond(i))
			continue;
		printf("  never: %s (%s)\n", sluice_counter_name(i), sluice_counter_text(i));
		missing++;
	}
	return missing;
}

/* Every arrow of RFC 9293's figure 5. */
static uint32_t missing_arrows(const struct coverage *all)
{
	uint32_t missing = 0;

	for (uint8_t from = 0; from < SLUICE_STATE_COUNT; from++) {
		for (uint8_t to = 0; to < SLUICE_STATE_COUNT; to++) {
			if (!(state_successors[from] & BIT(to)) || all->arrows[from][to])
				continue;
			printf("  never: %s to %s\n", sluice_state_name(from), sluice_state_name(to));
			missing++;
		}
	}
	return missing;
}

/* Seldom: a window that stays shut, and records short all the while. */
static bool is_reason_seldom(uint32_t reason)
{
	return reason == SLUICE_REASON_NO_MEMORY;
}

uint32_t coverage_missing(const struct coverage *all)
{
	uint32_t missing = missing_counters(all) + missing_arrows(all);

	for (uint32_t i = 1; i < SLUICE_REASON_COUNT; i++) {
		if (all->reasons[i] || is_reason_seldom(i))
			continue;
		printf("  never: closed as \"%s\"\n", sluice_reason_text(i));
		missing++;
	}
	for (uint32_t i = 0; i < DEED_COUNT; i++) {
		if (!all->deeds[i])
			printf("  never: %s\n", witness_deed_text(i));
		missing += !all->deeds[i];
	}
	for (uint32_t i = 0; i < FAULT_COUNT; i++) {
		if (!all->faults[i])
			printf("  never: the fault %s\n", fault_name(i));
		missing += !all->faults[i];
	}
	return missing;
}
