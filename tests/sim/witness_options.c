/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls by which an application lets the stack end a connection by itself: what was asked for excuses that end. */
#include "tests/sim/witness.h"

int __real_sluice_set_option(struct sluice_worker *, sluice_conn, enum sluice_option, uint64_t);
void __real_sluice_close_within(struct sluice_worker *, sluice_conn, uint32_t);

/* Declared here, since nobody but the linker calls them by these names. */
int __wrap_sluice_set_option(struct sluice_worker *, sluice_conn, enum sluice_option, uint64_t);
void __wrap_sluice_close_within(struct sluice_worker *, sluice_conn, uint32_t);

static void note_option(struct side *side, enum sluice_option option, uint64_t value)
{
	if (option == SLUICE_OPTION_KEEPALIVE_MS)
		side->keepalive_ms = (uint32_t)value;
	if (option == SLUICE_OPTION_USER_TIMEOUT_MS)
		side->user_timeout_ms = (uint32_t)value;
}

int __wrap_sluice_set_option(struct sluice_worker *worker, sluice_conn conn, enum sluice_option option, uint64_t value)
{
	struct side *side = witness_find(world_host_of(worker)->index, conn);
	int error = __real_sluice_set_option(worker, conn, option, value);

	if (side && !error)
		note_option(side, option, value);
	return error;
}

void __wrap_sluice_close_within(struct sluice_worker *worker, sluice_conn conn, uint32_t ms)
{
	struct side *side = witness_find(world_host_of(worker)->index, conn);

	__real_sluice_close_within(worker, conn, ms);
	witness_deeds[DEED_close_within]++;
	if (side)
		side->fin_asked = side->close_asked = true;
}
