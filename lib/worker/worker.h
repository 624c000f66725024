/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one instance of TCP joined to one struct sluice_io, and the turn that both take together.
 */
#pragma once

#include "lib/core/tcp.h"
#include "lib/worker/mailbox.h"

struct sluice_worker {
	struct sluice_io io;
	void (*trace)(void *context, uint64_t now_ns, enum sluice_direction direction, const struct rte_mbuf *packet);
	void *trace_context;
	uint64_t turn_cycles; /* when this turn began */
	uint64_t busy_cycles, total_cycles;
	uint32_t wall_second;                      /* when the wall clock was last asked */
	uint32_t fragments_held, fragments_second; /* by the port; when it was last asked about them */
	bool is_busy;                              /* this turn found work */
	bool sleeps;                               /* SLUICE_IDLE_SLEEP */
	struct mailbox mailbox;
	alignas(CACHE_LINE_BYTES) struct tcp tcp;
};
