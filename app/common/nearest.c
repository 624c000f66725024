/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edit distance over three rows (optimal string alignment).  A word is suggested when about a third of it at most is
 * wrong, or when what was typed is its beginning.
 */
#include "app/common/nearest.h"

#include <string.h>

#define STEM_BYTES    3                /* a shorter beginning says nothing */
#define STEM_DISTANCE (UINT32_MAX - 1) /* a word that was left unfinished yields to any that was mistyped */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t nearest_distance(const char *from, const char *to)
{
	uint32_t row[3][NEAREST_WORD_BYTES + 1];
	size_t from_bytes = strlen(from), to_bytes = strlen(to);

	if (from_bytes > NEAREST_WORD_BYTES || to_bytes > NEAREST_WORD_BYTES)
		return UINT32_MAX;
	for (uint32_t j = 0; j <= to_bytes; j++)
		row[0][j] = j;
	for (uint32_t i = 1; i <= from_bytes; i++) {
		uint32_t *now = row[i % 3];
		const uint32_t *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (uint32_t j = 1; j <= to_bytes; j++) {
			uint32_t changed = last[j - 1] + (from[i - 1] != to[j - 1]);

			now[j] = least(changed, least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[from_bytes % 3][to_bytes];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	uint32_t distance = nearest_distance(nearest->typed, candidate);
	uint32_t most = (uint32_t)(strlen(candidate) + 2) / 3;
	size_t typed_bytes = strlen(nearest->typed);

	if (distance > most && typed_bytes >= STEM_BYTES && !strncmp(candidate, nearest->typed, typed_bytes))
		distance = most = STEM_DISTANCE;
	if (distance > most || (nearest->word && distance >= nearest->distance))
		return;
	nearest->word = candidate;
	nearest->distance = distance;
}
