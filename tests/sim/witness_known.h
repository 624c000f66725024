/* SPDX-License-Identifier: BSD-3-Clause */
/* The connections that the witness knows: shared by its two files, the API's calls and the events. */
#pragma once

#include "tests/sim/witness.h"

/* Where a connection's two ends are; false for a stale handle. */
bool witness_addresses(struct host *host, sluice_conn conn, struct address *local, struct address *peer);

/* A handle is given out; a handle is stale from here on. */
void witness_learn(struct host *host, sluice_conn conn, struct side *side);
void witness_forget(struct host *host, sluice_conn conn);

/* A state was seen: by the witness's own reasoning, or by asking the library. */
void witness_set_state(struct side *side, uint8_t state);
void witness_look(struct host *host, struct side *side);
