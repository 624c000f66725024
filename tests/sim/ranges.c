/* SPDX-License-Identifier: BSD-3-Clause */
/* Plain insertion into an array: a connection seldom has more than a few holes. */
#include "tests/sim/ranges.h"

#include <stdlib.h>
#include <string.h>

void ranges_add(struct ranges *ranges, uint32_t start, uint32_t end)
{
	uint32_t first = ranges->count, last;

	if (start >= end)
		return;
	while (first && ranges->at[first - 1].end >= start)
		first--;
	for (last = first; last < ranges->count && ranges->at[last].start <= end; last++) {
		start = ranges->at[last].start < start ? ranges->at[last].start : start;
		end = ranges->at[last].end > end ? ranges->at[last].end : end;
	}
	if (ranges->count - (last - first) + 1 > ranges->room) {
		ranges->room = ranges->room ? ranges->room * 2 : 8;
		ranges->at = realloc(ranges->at, ranges->room * sizeof(struct range));
		if (!ranges->at)
			abort();
	}
	memmove(ranges->at + first + 1, ranges->at + last, (ranges->count - last) * sizeof(struct range));
	ranges->count = ranges->count - (last - first) + 1;
	ranges->at[first] = (struct range){start, end};
}

bool ranges_cover(const struct ranges *ranges, uint32_t start, uint32_t end)
{
	for (uint32_t i = ranges->count; i-- > 0;)
		if (ranges->at[i].start <= start)
			return end <= ranges->at[i].end;
	return start >= end;
}

bool ranges_touch(const struct ranges *ranges, uint32_t start, uint32_t end)
{
	for (uint32_t i = ranges->count; i-- > 0 && ranges->at[i].end > start;)
		if (ranges->at[i].start < end)
			return true;
	return false;
}

uint32_t ranges_contiguous(const struct ranges *ranges)
{
	return ranges->count && ranges->at[0].start == 0 ? ranges->at[0].end : 0;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->at);
	*ranges = (struct ranges){0};
}
