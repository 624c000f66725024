/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chunks of TIME-WAIT records, taken, filled and given back; the slots that list them.
 */
#include "lib/core/time_wait_wheel.h"

#include "lib/base/assert.h"

#define CHUNK_NONE UINT32_MAX

static_assert(((uint64_t)TIME_WAIT_RECORDS_MAX / TIME_WAIT_CHUNK_RECORDS_MIN + TIME_WAIT_SLOTS + 1) *
			      TIME_WAIT_CHUNK_UNITS <
		      1U << 30,
	      "a place must fit the index of a table's value");
static_assert(TIME_WAIT_LONGEST_MAX_S < UINT16_MAX / 4, "deadlines are seconds of 16 bits");

void time_wait_wheel_make(struct time_wait_wheel *wheel, struct arena *arena, uint32_t records_count,
			  uint32_t longest_s)
{
	/* Of the slots in use at a time each may leave a chunk partly filled. */
	uint32_t slots = longest_s + 3 < TIME_WAIT_SLOTS ? longest_s + 3 : TIME_WAIT_SLOTS;
	uint32_t chunks = records_count / TIME_WAIT_CHUNK_RECORDS_MIN + 1 + slots;

	*wheel = (struct time_wait_wheel){
		.units = arena_take(arena, (size_t)chunks * TIME_WAIT_CHUNK_UNITS, TIME_WAIT_UNIT_BYTES),
		.chunk = arena_take(arena, chunks, sizeof(struct time_wait_chunk)),
		.chunk_count = chunks,
		.chunk_free = CHUNK_NONE,
		.longest_s = longest_s,
	};
	for (uint32_t i = 0; i < TIME_WAIT_SLOTS; i++)
		wheel->slot[i] = (struct time_wait_list){CHUNK_NONE, CHUNK_NONE};
}

static uint32_t record_units(const struct time_wait *record)
{
	return (record->flags & TIME_WAIT_IPV6 ? TIME_WAIT_IPV6_BYTES : TIME_WAIT_IPV4_BYTES) / TIME_WAIT_UNIT_BYTES;
}

static uint32_t chunk_take(struct time_wait_wheel *wheel)
{
	uint32_t index = wheel->chunk_free;

	if (index == CHUNK_NONE)
		return wheel->chunk_fresh < wheel->chunk_count ? wheel->chunk_fresh++ : CHUNK_NONE;
	wheel->chunk_free = wheel->chunk[index].next;
	return index;
}

/* Links a chunk, free till now, as its slot's newest. */
static void chunk_link(struct time_wait_wheel *wheel, uint32_t index, uint32_t slot)
{
	struct time_wait_list *list = &wheel->slot[slot];

	wheel->chunk[index] =
		(struct time_wait_chunk){.next = CHUNK_NONE, .previous = list->last, .slot = (uint16_t)slot};
	if (list->last == CHUNK_NONE)
		list->first = index;
	else
		wheel->chunk[list->last].next = index;
	list->last = index;
	wheel->occupied[slot / 64] |= 1ULL << slot % 64;
}

static void chunk_give(struct time_wait_wheel *wheel, uint32_t index)
{
	struct time_wait_chunk *chunk = &wheel->chunk[index];
	struct time_wait_list *list = &wheel->slot[chunk->slot];

	if (chunk->previous == CHUNK_NONE)
		list->first = chunk->next;
	else
		wheel->chunk[chunk->previous].next = chunk->next;
	if (chunk->next == CHUNK_NONE)
		list->last = chunk->previous;
	else
		wheel->chunk[chunk->next].previous = chunk->previous;
	if (list->first == CHUNK_NONE)
		wheel->occupied[chunk->slot / 64] &= ~(1ULL << chunk->slot % 64);
	chunk->next = wheel->chunk_free;
	wheel->chunk_free = index;
}

/* Where a deadline is filed: in its own slot, or in the farthest one, from where it is filed again. */
static uint32_t wheel_ahead_s(const struct time_wait_wheel *wheel, uint16_t deadline_s)
{
	uint32_t ahead_s = (uint16_t)(deadline_s - wheel->expired_s);

	return ahead_s < TIME_WAIT_SLOTS ? ahead_s : TIME_WAIT_SLOTS;
}

uint32_t time_wait_wheel_file(struct time_wait_wheel *wheel, uint16_t deadline_s, bool ipv6)
{
	uint32_t slot = (wheel->expired_s + wheel_ahead_s(wheel, deadline_s)) % TIME_WAIT_SLOTS;
	uint32_t index = wheel->slot[slot].last;
	uint32_t units = (ipv6 ? TIME_WAIT_IPV6_BYTES : TIME_WAIT_IPV4_BYTES) / TIME_WAIT_UNIT_BYTES;
	struct time_wait_chunk *chunk;
	uint32_t place;

	if (index == CHUNK_NONE || wheel->chunk[index].end_unit + units > TIME_WAIT_CHUNK_UNITS) {
		index = chunk_take(wheel);
		if (index == CHUNK_NONE)
			return TIME_WAIT_NO_PLACE;
		chunk_link(wheel, index, slot);
	}
	chunk = &wheel->chunk[index];
	place = index * TIME_WAIT_CHUNK_UNITS + chunk->end_unit;
	chunk->end_unit = (uint16_t)(chunk->end_unit + units);
	chunk->live_count++;
	return place;
}

bool time_wait_wheel_is_filed_after(const struct time_wait_wheel *wheel, uint32_t place, uint16_t deadline_s)
{
	uint32_t slot = wheel->chunk[place / TIME_WAIT_CHUNK_UNITS].slot;
	uint32_t filed_s = (slot - wheel->expired_s - 1) % TIME_WAIT_SLOTS + 1;

	return filed_s > wheel_ahead_s(wheel, deadline_s);
}

void time_wait_wheel_drop(struct time_wait_wheel *wheel, uint32_t place)
{
	struct time_wait_chunk *chunk = &wheel->chunk[place / TIME_WAIT_CHUNK_UNITS];

	ASSERT(chunk->live_count > 0);
	time_wait_wheel_at(wheel, place)->flags |= TIME_WAIT_HOLE;
	if (--chunk->live_count == 0)
		chunk_give(wheel, place / TIME_WAIT_CHUNK_UNITS);
}

/* Moves a chunk's first unit past holes: each is met once. */
static uint32_t chunk_first(struct time_wait_wheel *wheel, uint32_t index)
{
	struct time_wait_chunk *chunk = &wheel->chunk[index];
	uint32_t place = index * TIME_WAIT_CHUNK_UNITS + chunk->first_unit;

	while (time_wait_wheel_at(wheel, place)->flags & TIME_WAIT_HOLE)
		place += record_units(time_wait_wheel_at(wheel, place));
	chunk->first_unit = (uint16_t)(place % TIME_WAIT_CHUNK_UNITS);
	return place;
}

/* How far ahead the first slot with records is: 1 to TIME_WAIT_SLOTS; 0: there is none. */
static uint32_t wheel_occupied_s(const struct time_wait_wheel *wheel)
{
	uint32_t start = (wheel->expired_s + 1) % TIME_WAIT_SLOTS;

	for (uint32_t i = 0; i <= TIME_WAIT_SLOTS / 64; i++) {
		uint32_t word = (start / 64 + i) % (TIME_WAIT_SLOTS / 64);
		uint64_t bits = wheel->occupied[word];

		if (i == 0)
			bits &= UINT64_MAX << start % 64;
		if (bits) {
			uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(bits);

			return (slot - start) % TIME_WAIT_SLOTS + 1;
		}
	}
	return 0;
}

uint32_t time_wait_wheel_oldest(struct time_wait_wheel *wheel)
{
	uint32_t ahead_s = wheel_occupied_s(wheel);

	if (ahead_s == 0)
		return TIME_WAIT_NO_PLACE;
	return chunk_first(wheel, wheel->slot[(wheel->expired_s + ahead_s) % TIME_WAIT_SLOTS].first);
}

/* Every live record of a chunk. */
static uint32_t chunk_read(struct time_wait_wheel *wheel, uint32_t index, uint32_t *place)
{
	const struct time_wait_chunk *chunk = &wheel->chunk[index];
	uint32_t next = chunk_first(wheel, index), count = 0;

	while (count < chunk->live_count) {
		const struct time_wait *record = time_wait_wheel_at(wheel, next);

		if (!(record->flags & TIME_WAIT_HOLE))
			place[count++] = next;
		next += record_units(record);
	}
	return count;
}

uint32_t time_wait_wheel_due(struct time_wait_wheel *wheel, uint32_t now_s, uint32_t place[TIME_WAIT_CHUNK_RECORDS_MAX])
{
	uint32_t behind_s = now_s - wheel->expired_s;
	uint32_t ahead_s = wheel_occupied_s(wheel);

	if (ahead_s == 0 || ahead_s > behind_s) {
		wheel->expired_s = now_s;
		return 0;
	}
	/* After a long sleep the wheel has turned more than once, and every slot is looked at once. */
	wheel->expired_s = behind_s > TIME_WAIT_SLOTS ? now_s - TIME_WAIT_SLOTS : wheel->expired_s + ahead_s - 1;
	ahead_s = wheel_occupied_s(wheel);
	return chunk_read(wheel, wheel->slot[(wheel->expired_s + ahead_s) % TIME_WAIT_SLOTS].first, place);
}

bool time_wait_wheel_is_over(const struct time_wait_wheel *wheel, uint16_t deadline_s, uint32_t now_s)
{
	uint32_t left_s = (uint16_t)(deadline_s - now_s);

	return left_s == 0 || left_s > wheel->longest_s + 1;
}

bool time_wait_wheel_next(const struct time_wait_wheel *wheel, uint32_t *due_s)
{
	uint32_t ahead_s = wheel_occupied_s(wheel);

	*due_s = wheel->expired_s + ahead_s;
	return ahead_s != 0;
}
