/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's hand of fresh packets: what is built is taken from here, what is finished with is given here.  The pure
 * core never allocates and never frees; the worker tops the stash up and drains it once per turn.  An empty stash is
 * an ordinary, counted outcome.
 *
 * Under AddressSanitizer a packet's bytes outside its data are poisoned, so that reading past data_len is caught.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf_core.h>

#include "config/limits.h"
#include "lib/base/assert.h"
#include "lib/base/cache.h"

struct stash {
	uint32_t fresh_count; /* single, unshared packets, ready to be written */
	uint32_t spent_count; /* packets that only their port can take apart: chained, shared, attached */
	struct rte_mbuf *fresh[STASH_PACKETS_MAX];
	struct rte_mbuf *spent[STASH_SPENT_MAX];
};
