/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums, and the lists of what must not be zero. */
#include "tests/sim/coverage.h"

#include <stdio.h>
#include <string.h>

struct coverage coverage;

void coverage_add_world(const struct world *world)
{
	for (uint32_t i = 0; i < WORLD_HOSTS; i++)
		for (uint32_t k = 0; k < SLUICE_COUNTER_COUNT; k++)
			coverage.counters[k] += world->host[i].statistics.counter[k];
	for (uint32_t i = 0; i < SLUICE_STATE_COUNT; i++)
		for (uint32_t k = 0; k < SLUICE_STATE_COUNT; k++)
			coverage.arrows[i][k] += witness_states[i][k];
	for (uint32_t i = 0; i < SLUICE_REASON_COUNT; i++)
		coverage.reasons[i] += witness_reasons[i];
	for (uint32_t i = 0; i < DEED_COUNT; i++)
		coverage.deeds[i] += witness_deeds[i];
	memset(witness_states, 0, sizeof(witness_states));
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

/* Counters that a simulation cannot move, or need not. */
static bool is_exempt(uint32_t counter)
{
	(void)counter;
	return false;
}

/* The arrows of figure 5 that connection records take; the others are counted, below. */
static const uint8_t arrows[][2] = {
	{SLUICE_STATE_CLOSED, SLUICE_STATE_SYN_SENT},          {SLUICE_STATE_SYN_SENT, SLUICE_STATE_SYN_RECEIVED},
	{SLUICE_STATE_SYN_SENT, SLUICE_STATE_ESTABLISHED},     {SLUICE_STATE_SYN_SENT, SLUICE_STATE_CLOSED},
	{SLUICE_STATE_SYN_RECEIVED, SLUICE_STATE_ESTABLISHED}, {SLUICE_STATE_ESTABLISHED, SLUICE_STATE_FIN_WAIT_1},
	{SLUICE_STATE_ESTABLISHED, SLUICE_STATE_CLOSE_WAIT},   {SLUICE_STATE_ESTABLISHED, SLUICE_STATE_CLOSED},
	{SLUICE_STATE_FIN_WAIT_1, SLUICE_STATE_FIN_WAIT_2},    {SLUICE_STATE_FIN_WAIT_1, SLUICE_STATE_CLOSING},
	{SLUICE_STATE_FIN_WAIT_1, SLUICE_STATE_CLOSED},        {SLUICE_STATE_FIN_WAIT_2, SLUICE_STATE_TIME_WAIT},
	{SLUICE_STATE_FIN_WAIT_2, SLUICE_STATE_CLOSED},        {SLUICE_STATE_CLOSING, SLUICE_STATE_TIME_WAIT},
	{SLUICE_STATE_CLOSE_WAIT, SLUICE_STATE_LAST_ACK},      {SLUICE_STATE_CLOSE_WAIT, SLUICE_STATE_CLOSED},
	{SLUICE_STATE_LAST_ACK, SLUICE_STATE_CLOSED},
};

static uint32_t missing_counters(const struct coverage *all)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++) {
		if (all->counters[i] || is_exempt(i))
			continue;
		printf("  never: %s (%s)\n", sluice_counter_name(i), sluice_counter_text(i));
		missing++;
	}
	return missing;
}

static uint32_t missing_arrows(const struct coverage *all)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++) {
		if (all->arrows[arrows[i][0]][arrows[i][1]])
			continue;
		printf("  never: %s to %s\n", sluice_state_name(arrows[i][0]), sluice_state_name(arrows[i][1]));
		missing++;
	}
	return missing;
}

uint32_t coverage_missing(const struct coverage *all)
{
	uint32_t missing = missing_counters(all) + missing_arrows(all);

	for (uint32_t i = 1; i < SLUICE_REASON_COUNT; i++) {
		if (!all->reasons[i])
			printf("  never: closed as \"%s\"\n", sluice_reason_text(i));
		missing += !all->reasons[i];
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
