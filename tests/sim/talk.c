/* SPDX-License-Identifier: BSD-3-Clause */
/* Talks are found by their two addresses, in either order, and live to the end of the seed. */
#include "tests/sim/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/trace.h"

static uint32_t address_mix(const struct address *address)
{
	uint32_t mix = address->port;

	for (uint32_t i = 0; i < 16; i++)
		mix = mix * 31 + address->ip[i];
	return mix * 2654435761U;
}

static uint32_t bucket_of(const struct address *a, const struct address *b)
{
	return (address_mix(a) + address_mix(b)) >> 8 & (TALK_BUCKETS - 1);
}

static bool is_between(const struct talk *talk, const struct address *a, const struct address *b)
{
	return (address_equal(&talk->side[0].address, a) && address_equal(&talk->side[1].address, b)) ||
	       (address_equal(&talk->side[0].address, b) && address_equal(&talk->side[1].address, a));
}

struct talk *talk_begin(struct talks *talks, const struct address *opener, uint8_t opener_host,
			const struct address *other, uint8_t other_host)
{
	struct talk *talk = calloc(1, sizeof(*talk));
	struct talk **bucket = &talks->bucket[bucket_of(opener, other)];

	if (!talk)
		abort();
	talk->number = ++talks->count;
	talk->next = *bucket;
	*bucket = talk;
	talk->next_all = talks->newest;
	talks->newest = talk;
	for (uint8_t i = 0; i < 2; i++) {
		talk->side[i].talk = talk;
		talk->side[i].index = i;
		talk->side[i].address = i ? *other : *opener;
		talk->side[i].host = i ? other_host : opener_host;
	}
	return talk;
}

static struct talk *first_between(struct talk *talk, const struct address *a, const struct address *b)
{
	while (talk && !is_between(talk, a, b))
		talk = talk->next;
	return talk;
}

struct talk *talk_newest(const struct talks *talks, const struct address *a, const struct address *b)
{
	return first_between(talks->bucket[bucket_of(a, b)], a, b);
}

struct talk *talk_older(const struct talk *talk, const struct address *a, const struct address *b)
{
	return first_between(talk->next, a, b);
}

struct side *talk_side(struct talk *talk, const struct address *address)
{
	return &talk->side[!address_equal(&talk->side[0].address, address)];
}

void talks_free(struct talks *talks)
{
	while (talks->newest) {
		struct talk *talk = talks->newest;

		talks->newest = talk->next_all;
		for (uint32_t i = 0; i < 2; i++) {
			ranges_free(&talk->side[i].got);
			ranges_free(&talk->side[i].resent);
			free(talk->side[i].tsvals.at);
			free(talk->side[i].taken);
		}
		free(talk);
	}
	memset(talks, 0, sizeof(*talks));
}

void side_take_bytes(struct side *side, const void *data, uint32_t bytes)
{
	if (side->taken_bytes + bytes > side->taken_room) {
		side->taken_room = (side->taken_bytes + bytes) * 2 + 256;
		side->taken = realloc(side->taken, side->taken_room);
		if (!side->taken)
			abort();
	}
	if (bytes)
		memcpy(side->taken + side->taken_bytes, data, bytes);
	side->taken_bytes += bytes;
}

void tsvals_add(struct tsvals *tsvals, uint32_t tsval)
{
	if (tsvals_has(tsvals, tsval))
		return;
	if (tsvals->count == tsvals->room) {
		tsvals->room = tsvals->room ? tsvals->room * 2 : 16;
		tsvals->at = realloc(tsvals->at, tsvals->room * sizeof(uint32_t));
		if (!tsvals->at)
			abort();
	}
	tsvals->at[tsvals->count++] = tsval;
}

bool tsvals_has(const struct tsvals *tsvals, uint32_t tsval)
{
	for (uint32_t i = tsvals->count; i-- > 0;)
		if (tsvals->at[i] == tsval)
			return true;
	return false;
}

bool side_is_finished(const struct side *side)
{
	const struct side *other = &side->talk->side[1 - side->index];

	return side->fin_offset && other->fin_offset && side->heard_ack > side->fin_offset &&
	       ranges_contiguous(&side->got) > other->fin_offset;
}

const char *side_text(const struct side *side, char text[128])
{
	char address[64];

	snprintf(text, 128, "talk %u, %s (host %c)", side->talk->number, address_text(&side->address, address),
		 side->host == TALK_NO_HOST ? '-' : 'A' + side->host);
	return text;
}
