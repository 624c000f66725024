/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer wheel.  Time stands between two ticks: all up to wheel->now is done, T = now + 1 is next.  A deadline that
 * lies `rest` ticks after T goes to the level that can tell it apart from every other deadline there:
 *
 *      level 0:  rest < 2^8       slot = deadline bits 0-7       given back at the deadline
 *      level 1:  rest < 2^16             bits 8-15               moved down when those bits of T become the slot's
 *      level 2:  rest < 2^24             bits 16-23              and the bits below are zero
 *      level 3:  rest < 2^31             bits 24-31
 *
 * A slot thus holds deadlines of one revolution only (or postponed ones, which are re-filed when it opens), and the
 * occupancy bitmaps tell the next tick at which anything happens, however far: nothing walks over empty time.
 */
#include "lib/base/wheel.h"

#include "lib/base/assert.h"

#define SLOT_BITS 8
#define SLOT_MARK 0x80000000U /* in a link: a slot, not a record */
#define OVERDUE   (WHEEL_LEVELS * WHEEL_SLOTS)

static struct wheel_link *wheel_link(const struct wheel *wheel, uint32_t index)
{
	return (struct wheel_link *)(void *)(wheel->links + index * wheel->stride_bytes);
}

static void wheel_mark(struct wheel *wheel, uint32_t slot)
{
	if (slot != OVERDUE)
		wheel->occupied[slot / WHEEL_SLOTS][slot % WHEEL_SLOTS / 64] |= 1ULL << slot % 64;
}

static void wheel_unmark(struct wheel *wheel, uint32_t slot)
{
	if (slot != OVERDUE)
		wheel->occupied[slot / WHEEL_SLOTS][slot % WHEEL_SLOTS / 64] &= ~(1ULL << slot % 64);
}

void wheel_make(struct wheel *wheel, void *first_link, size_t stride_bytes, uint32_t now)
{
	*wheel = (struct wheel){.links = first_link, .stride_bytes = stride_bytes, .now = now};
	for (uint32_t slot = 0; slot <= OVERDUE; slot++)
		wheel->head[slot] = SLOT_MARK | slot;
}

static uint32_t wheel_slot(const struct wheel *wheel, uint32_t deadline)
{
	uint32_t rest = deadline - (wheel->now + 1);
	uint32_t level;

	if (rest < WHEEL_SLOTS)
		return deadline % WHEEL_SLOTS;
	if (rest > INT32_MAX)
		return OVERDUE;
	level = (31 - (uint32_t)__builtin_clz(rest)) / SLOT_BITS;
	return level * WHEEL_SLOTS + (deadline >> level * SLOT_BITS) % WHEEL_SLOTS;
}

static void wheel_insert(struct wheel *wheel, uint32_t index, uint32_t slot)
{
	struct wheel_link *link = wheel_link(wheel, index);
	uint32_t next = wheel->head[slot];

	link->next = next;
	link->previous = SLOT_MARK | slot;
	if (next & SLOT_MARK)
		wheel_mark(wheel, slot);
	else
		wheel_link(wheel, next)->previous = index;
	wheel->head[slot] = index;
}

void wheel_file(struct wheel *wheel, uint32_t index, uint32_t deadline)
{
	ASSERT(!wheel_is_filed(wheel_link(wheel, index)) && !(index & SLOT_MARK));
	wheel_link(wheel, index)->deadline = deadline;
	wheel_insert(wheel, index, wheel_slot(wheel, deadline));
	wheel->count++;
}

void wheel_unfile(struct wheel *wheel, uint32_t index)
{
	struct wheel_link *link = wheel_link(wheel, index);
	uint32_t next = link->next, previous = link->previous;

	ASSERT(wheel_is_filed(link));
	if (previous & SLOT_MARK) {
		wheel->head[previous & ~SLOT_MARK] = next;
		if (next & SLOT_MARK)
			wheel_unmark(wheel, next & ~SLOT_MARK);
	} else {
		wheel_link(wheel, previous)->next = next;
	}
	if (!(next & SLOT_MARK))
		wheel_link(wheel, next)->previous = previous;
	wheel_link_reset(link);
	wheel->count--;
}

/* How many slots after `first`, circularly, the next occupied one lies; WHEEL_SLOTS: none is. */
static uint32_t wheel_scan(const uint64_t occupied[WHEEL_SLOTS / 64], uint32_t first)
{
	uint32_t word = first / 64;
	uint64_t bits = occupied[word] >> first % 64 << first % 64;

	for (uint32_t i = 0; i <= WHEEL_SLOTS / 64; i++) {
		if (bits)
			return (word * 64 + (uint32_t)__builtin_ctzll(bits) - first) % WHEEL_SLOTS;
		word = (word + 1) % (WHEEL_SLOTS / 64);
		bits = occupied[word];
	}
	return WHEEL_SLOTS;
}

/*
 * How far after T the first occupied slot of a level is handled.  Where T is not the first tick of its slot, that slot
 * was moved down already and what it holds is one revolution away.
 */
static uint32_t wheel_level_rest(const struct wheel *wheel, uint32_t level)
{
	uint32_t next = wheel->now + 1, shift = level * SLOT_BITS;
	uint32_t passed = next & ((1U << shift) - 1);
	uint32_t place = (next >> shift) + (passed != 0);
	uint32_t ahead = wheel_scan(wheel->occupied[level], place % WHEEL_SLOTS);

	return ahead == WHEEL_SLOTS ? UINT32_MAX : ((place + ahead) << shift) - next;
}

/* How far after T anything happens, other than what is overdue; UINT32_MAX: never. */
static uint32_t wheel_rest(const struct wheel *wheel)
{
	uint32_t rest = UINT32_MAX;

	for (uint32_t level = 0; level < WHEEL_LEVELS; level++) {
		uint32_t level_rest = wheel_level_rest(wheel, level);

		if (level_rest < rest)
			rest = level_rest;
	}
	return rest;
}

/* What one wheel_advance() has done, and may yet do. */
struct wheel_work {
	uint32_t *due;
	uint32_t count, max, moves_left;
};

/* Empties a slot: what is due at `tick` is given back, the rest re-filed.  False when a bound was hit first. */
static bool wheel_empty(struct wheel *wheel, uint32_t slot, uint32_t tick, struct wheel_work *work)
{
	for (;;) {
		uint32_t index = wheel->head[slot], deadline;
		bool is_due;

		if (index & SLOT_MARK)
			return true;
		deadline = wheel_link(wheel, index)->deadline;
		is_due = (int32_t)(tick - deadline) >= 0;
		if (is_due ? work->count == work->max : work->moves_left == 0)
			return false;
		wheel_unfile(wheel, index);
		if (is_due) {
			work->due[work->count++] = index;
		} else {
			work->moves_left--;
			wheel_file(wheel, index, deadline);
		}
	}
}

/*
 * Moves down what T opens, from the top, so that a record falls through several levels at once.  Nothing is due at
 * wheel->now, so all of it is re-filed; what is due at T lands in its slot of level 0.
 */
static bool wheel_open(struct wheel *wheel, struct wheel_work *work)
{
	uint32_t next = wheel->now + 1;

	for (uint32_t level = WHEEL_LEVELS - 1; level > 0; level--) {
		uint32_t shift = level * SLOT_BITS;

		if (next & ((1U << shift) - 1))
			continue;
		if (!wheel_empty(wheel, level * WHEEL_SLOTS + (next >> shift) % WHEEL_SLOTS, wheel->now, work))
			return false;
	}
	return true;
}

uint32_t wheel_advance(struct wheel *wheel, uint32_t now, uint32_t *due, uint32_t max)
{
	struct wheel_work work = {.due = due, .max = max, .moves_left = WHEEL_MOVES_MAX};

	ASSERT(max > 0);
	if (!wheel_empty(wheel, OVERDUE, wheel->now, &work))
		return work.count;
	while ((int32_t)(now - wheel->now) > 0) {
		uint32_t rest = wheel_rest(wheel);

		if (rest >= now - wheel->now) {
			wheel->now = now;
			break;
		}
		wheel->now += rest;
		if (!wheel_open(wheel, &work) ||
		    !wheel_empty(wheel, (wheel->now + 1) % WHEEL_SLOTS, wheel->now + 1, &work))
			break;
		wheel->now++;
	}
	return work.count;
}

bool wheel_next(const struct wheel *wheel, uint32_t *tick)
{
	if (!wheel->count)
		return false;
	if (wheel->head[OVERDUE] & SLOT_MARK)
		*tick = wheel->now + 1 + wheel_rest(wheel);
	else
		*tick = wheel->now;
	return true;
}
