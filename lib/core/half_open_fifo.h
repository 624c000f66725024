/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FIFOs of half-open entries: everybody in one waits equally long, so that its first is its next, and whoever is answered
 * leaves from the middle.
 */
#pragma once

#include "lib/core/half_open.h"

/* Links an entry, in none yet, as the newest. */
static inline void half_open_fifo_append(struct half_open_set *set, struct half_open_fifo *fifo, uint32_t index)
{
	struct half_open *entry = half_open_at(set, index);

	entry->next = HALF_OPEN_NONE;
	entry->previous = fifo->last & HALF_OPEN_NONE;
	if (fifo->last == HALF_OPEN_NONE)
		fifo->first = index;
	else
		half_open_at(set, fifo->last)->next = index & HALF_OPEN_NONE;
	fifo->last = index;
}

/* Unlinks an entry from the one that it is in. */
static inline void half_open_fifo_remove(struct half_open_set *set, struct half_open_fifo *fifo, uint32_t index)
{
	struct half_open *entry = half_open_at(set, index);

	if (entry->previous == HALF_OPEN_NONE)
		fifo->first = entry->next;
	else
		half_open_at(set, entry->previous)->next = entry->next;
	if (entry->next == HALF_OPEN_NONE)
		fifo->last = entry->previous;
	else
		half_open_at(set, entry->next)->previous = entry->previous;
}

/* The one that an entry waits in. */
static inline struct half_open_fifo *half_open_fifo_of(struct half_open_set *set, uint32_t index)
{
	const struct half_open *entry = half_open_at(set, index);
	uint32_t group = entry->pinned ? 2 : index & HALF_OPEN_IPV6 ? 1 : 0;

	return &set->fifo[group * HALF_OPEN_ATTEMPTS_MAX + entry->attempts - 1];
}
