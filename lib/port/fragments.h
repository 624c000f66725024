/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments of IP datagrams put together, by DPDK's library, for one worker.  Bounded three ways: datagrams begun, buffers held,
 * and the time from a datagram's first fragment.  What overlaps is dropped whole (RFC 5722), since the library joins only
 * fragments that follow each other exactly and add up to the datagram.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ip_frag.h>

#include "lib/sluice.h"

struct fragments {
	struct rte_ip_frag_tbl *table; /* NULL: fragments are not taken */
	uint32_t held_count;           /* buffers */
	uint32_t held_most_count;
	struct rte_ip_frag_death_row dying;
};

/* For `datagrams` at once, 0: none are taken, on a worker of `packets` buffers.  0 or -ENOMEM. */
int fragments_make(struct fragments *fragments, uint32_t datagrams, uint32_t packets, int node);

/* As sluice_io's reassemble(). */
void fragments_join(struct fragments *fragments, uint64_t now_ns, struct sluice_fragments *work);

/* Frees what it holds, and the table. */
void fragments_free(struct fragments *fragments);
