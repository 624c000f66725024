/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "Did you mean …": which of the words that would have been right is closest to the one that was typed.
 */
#pragma once

#include <stdint.h>

#define NEAREST_WORD_BYTES 48 /* longer words are nobody's neighbour */

/* Single-letter edits from one word to the other, where swapping two neighbours is one edit. */
uint32_t nearest_distance(const char *from, const char *to);

/* The best candidate so far.  Begins as {.typed = "…"}. */
struct nearest {
	const char *typed;
	const char *word; /* NULL: nothing is near enough to suggest */
	uint32_t distance;
};

void nearest_offer(struct nearest *nearest, const char *candidate);
