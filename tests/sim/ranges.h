/* SPDX-License-Identifier: BSD-3-Clause */
/* A set of numbers as sorted, disjoint, half-open ranges: which sequence numbers have reached a host. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct range {
	uint32_t start, end;
};

struct ranges {
	struct range *at;
	uint32_t count, room;
};

void ranges_add(struct ranges *ranges, uint32_t start, uint32_t end);
bool ranges_touch(const struct ranges *ranges, uint32_t start, uint32_t end); /* is any of it there? */
bool ranges_cover(const struct ranges *ranges, uint32_t start, uint32_t end);
uint32_t ranges_contiguous(const struct ranges *ranges); /* the first number from 0 on that is missing */
void ranges_free(struct ranges *ranges);
