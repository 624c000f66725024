/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes records and packets away from a worker between its turns, all but so many, and gives them back: the library's allocations
 * fail without knowing that they are made to.
 */
#pragma once

#include "tests/sim/world.h"

enum hoard_kind {
	HOARD_NOTHING,
	HOARD_STASH, /* packets to build in, and the port gives no more */
	HOARD_CONNECTIONS,
	HOARD_HALF_OPEN,
	HOARD_DESCRIPTORS,
	HOARD_CHUNKS_SMALL,
	HOARD_CHUNKS_LARGE,
	HOARD_CHUNKS, /* both */
	HOARD_INFLIGHT,
	HOARD_PATHS,
	HOARD_OUT_OF_ORDER, /* entries for text out of order */
	HOARD_HELD,         /* packets that connections may hold */
	HOARD_TIME_WAIT,
	HOARD_ALL,
	HOARD_COUNT
};

const char *hoard_name(enum hoard_kind kind);

/* Leaves the host's worker `left` of them; until hoard_give_back() nothing else may be hoarded of that host. */
void hoard_take(struct host *host, enum hoard_kind kind, uint32_t left);
void hoard_give_back(struct host *host);
