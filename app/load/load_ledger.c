/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outcomes: their names, and the books in which every attempt that was begun is ended exactly once.
 */
#include <stddef.h>

#include "app/common/require.h"
#include "app/load/load_state.h"

const char *load_outcome_key(enum load_outcome outcome)
{
	static const char *const keys[] = {
#define X(name, key, text) #key,
		LOAD_OUTCOMES(X)
#undef X
	};

	return outcome < LOAD_OUTCOME_COUNT ? keys[outcome] : NULL;
}

const char *load_outcome_text(enum load_outcome outcome)
{
	static const char *const texts[] = {
#define X(name, key, text) text,
		LOAD_OUTCOMES(X)
#undef X
	};

	return outcome < LOAD_OUTCOME_COUNT ? texts[outcome] : NULL;
}

const char *load_time_key(enum load_time time)
{
	static const char *const keys[LOAD_TIME_COUNT] = {
		[LOAD_TIME_HANDSHAKE] = "handshake",
		[LOAD_TIME_FIRST_BYTE] = "first_byte",
		[LOAD_TIME_REQUEST] = "request",
	};

	return time < LOAD_TIME_COUNT ? keys[time] : NULL;
}

void load_ledger_begin(struct load_ledger *ledger, uint64_t count)
{
	LOAD_ADD(ledger->attempted, count);
	LOAD_ADD(ledger->in_progress, count);
}

void load_ledger_end(struct load_ledger *ledger, enum load_outcome outcome, uint64_t count)
{
	REQUIRE(ledger->in_progress >= count);
	LOAD_ADD(ledger->in_progress, -count);
	LOAD_ADD(ledger->outcome[outcome], count);
}

bool load_ledger_balances(const struct load_ledger *ledger)
{
	uint64_t sum = ledger->in_progress;

	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++)
		sum += ledger->outcome[i];
	return sum == ledger->attempted;
}
