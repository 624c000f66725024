/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wheel of TIME-WAIT records against a plain list of them: never early, each once, the oldest first, every chunk back; and at
 * the sizes and times at which its numbers wrap.
 */
#include "lib/core/time_wait_wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/random.h"

#define FIRST_S 0xfffffff0U /* seconds wrap soon */
#define RECORDS 600
#define LONGEST 60
#define CHUNK   TIME_WAIT_CHUNK_RECORDS_MAX

struct known {
	uint32_t place; /* TIME_WAIT_NO_PLACE: none */
	uint32_t deadline_s, number;
};

struct stand {
	struct time_wait_wheel wheel;
	void *block;
	uint32_t now_s;
	uint32_t filed; /* records so far */
	struct known *known;
	uint32_t known_max;
};

static struct stand *stand_new(uint32_t records, uint32_t longest_s)
{
	struct stand *stand = calloc(1, sizeof(*stand));
	struct arena arena = {0};

	assert_non_null(stand);
	time_wait_wheel_make(&stand->wheel, &arena, records, longest_s);
	stand->block = arena.block = aligned_alloc(CACHE_LINE_BYTES, (arena.used_bytes + 63) / 64 * 64);
	arena.size_bytes = arena.used_bytes;
	arena.used_bytes = 0;
	assert_non_null(arena.block);
	memset(arena.block, 0xff, arena.size_bytes);
	time_wait_wheel_make(&stand->wheel, &arena, records, longest_s);
	stand->now_s = stand->wheel.expired_s = FIRST_S;
	stand->known_max = records;
	stand->known = calloc(records, sizeof(*stand->known));
	assert_non_null(stand->known);
	for (uint32_t i = 0; i < records; i++)
		stand->known[i].place = TIME_WAIT_NO_PLACE;
	return stand;
}

static void stand_free(struct stand *stand)
{
	free(stand->known);
	free(stand->block);
	free(stand);
}

/* Files record `i`, which says its own number, so that whoever overlaps it is found out. */
static bool file(struct stand *stand, uint32_t i, uint32_t after_s, bool ipv6)
{
	uint32_t deadline_s = stand->now_s + after_s;
	uint32_t place = time_wait_wheel_file(&stand->wheel, (uint16_t)deadline_s, ipv6);
	struct time_wait *record;

	if (place == TIME_WAIT_NO_PLACE)
		return false;
	record = time_wait_wheel_at(&stand->wheel, place);
	*record = (struct time_wait){.deadline_s = (uint16_t)deadline_s, .flags = ipv6 ? TIME_WAIT_IPV6 : 0};
	record->snd_nxt.value = i;
	memset(record->remote, (int)i, ipv6 ? 16 : 4);
	stand->known[i] = (struct known){place, deadline_s, stand->filed++};
	return true;
}

static struct time_wait *check_known(struct stand *stand, uint32_t i)
{
	struct time_wait *record = time_wait_wheel_at(&stand->wheel, stand->known[i].place);

	assert_int_equal(record->snd_nxt.value, i);
	for (uint32_t byte = 0; byte < (record->flags & TIME_WAIT_IPV6 ? 16 : 4); byte++)
		assert_int_equal(record->remote[byte], (uint8_t)i);
	return record;
}

static void drop(struct stand *stand, uint32_t i)
{
	check_known(stand, i);
	time_wait_wheel_drop(&stand->wheel, stand->known[i].place);
	stand->known[i].place = TIME_WAIT_NO_PLACE;
}

/* One step of expiry; returns how many records it brought, all of them due and now dropped. */
static uint32_t expire(struct stand *stand)
{
	uint32_t place[TIME_WAIT_CHUNK_RECORDS_MAX];
	uint32_t count = time_wait_wheel_due(&stand->wheel, stand->now_s, place);

	assert_true(count <= TIME_WAIT_CHUNK_RECORDS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = time_wait_wheel_at(&stand->wheel, place[i])->snd_nxt.value;

		assert_true(number < stand->known_max);
		assert_int_equal(stand->known[number].place, place[i]);
		assert_true((int32_t)(stand->now_s - stand->known[number].deadline_s) >= 0);
		assert_true(time_wait_wheel_is_over(&stand->wheel, (uint16_t)stand->known[number].deadline_s,
						    stand->now_s));
		drop(stand, number);
	}
	return count;
}

static uint32_t known_count(const struct stand *stand)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < stand->known_max; i++)
		count += stand->known[i].place != TIME_WAIT_NO_PLACE;
	return count;
}

static bool known_is_older(const struct known *one, const struct known *other)
{
	if (one->deadline_s != other->deadline_s)
		return (int32_t)(one->deadline_s - other->deadline_s) < 0;
	return one->number < other->number;
}

/* The oldest by the list: first by second, then by when it was filed. */
static uint32_t known_oldest(const struct stand *stand)
{
	uint32_t oldest = UINT32_MAX;

	for (uint32_t i = 0; i < stand->known_max; i++) {
		const struct known *here = &stand->known[i];

		if (here->place == TIME_WAIT_NO_PLACE)
			continue;
		if (oldest == UINT32_MAX || known_is_older(here, &stand->known[oldest]))
			oldest = i;
	}
	return oldest;
}

static void check_against_list(struct stand *stand)
{
	uint32_t oldest = known_oldest(stand), due_s;

	assert_int_equal(time_wait_wheel_oldest(&stand->wheel),
			 oldest == UINT32_MAX ? TIME_WAIT_NO_PLACE : stand->known[oldest].place);
	assert_int_equal(time_wait_wheel_next(&stand->wheel, &due_s), oldest != UINT32_MAX);
	if (oldest != UINT32_MAX)
		assert_int_equal(due_s, stand->known[oldest].deadline_s);
}

static void test_against_a_list(void **state)
{
	struct stand *stand = stand_new(RECORDS, LONGEST);
	struct random random = {11};
	uint32_t expired = 0;

	(void)state;
	for (uint32_t step = 0; step < 40000; step++) {
		uint32_t i = random_below(&random, RECORDS);

		if (random_below(&random, 400) == 0)
			stand->now_s += 1 + random_below(&random, 9);
		if (stand->known[i].place != TIME_WAIT_NO_PLACE)
			drop(stand, i);
		else if (random_below(&random, 3))
			file(stand, i, 1 + random_below(&random, LONGEST + 1), random_below(&random, 2));
		for (uint32_t count; (count = expire(stand)) > 0;)
			expired += count;
		if (step % 16 == 0)
			check_against_list(stand);
	}
	assert_true(expired > 1000);
	stand->now_s += LONGEST + 1;
	while (expire(stand))
		;
	assert_int_equal(known_count(stand), 0);
	check_against_list(stand);
	stand_free(stand);
}

/* So many as it was made for always fit, over all the seconds there are, of the family that takes more; and again, once they
 * ended in any order. */
static void test_holds_what_it_was_made_for(void **state)
{
	struct stand *stand = stand_new(RECORDS, LONGEST);
	struct random random = {3};

	(void)state;
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < RECORDS; i++)
			assert_true(file(stand, i, 1 + random_below(&random, LONGEST + 1), true));
		for (uint32_t left = RECORDS; left; left--) {
			uint32_t i = random_below(&random, RECORDS);

			while (stand->known[i].place == TIME_WAIT_NO_PLACE)
				i = (i + 1) % RECORDS;
			drop(stand, i);
		}
	}
	stand_free(stand);
}

/* What is left of a full wheel when all but one record a chunk ended: each step brings one, and misses none. */
static void test_holes_are_passed(void **state)
{
	struct stand *stand = stand_new(10 * CHUNK, LONGEST);

	(void)state;
	for (uint32_t i = 0; i < 10 * CHUNK; i++)
		assert_true(file(stand, i, 5, false));
	for (uint32_t i = 0; i < 10 * CHUNK; i++)
		if (i % CHUNK != i / CHUNK * 7 % CHUNK)
			drop(stand, i);
	check_against_list(stand);
	stand->now_s += 5;
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(expire(stand), 1);
	assert_int_equal(expire(stand), 0);
	stand_free(stand);
}

/* A slot's records come in steps of a chunk, and a step brings no more. */
static void test_steps(void **state)
{
	struct stand *stand = stand_new(5 * CHUNK, LONGEST);

	(void)state;
	for (uint32_t i = 0; i < 5 * CHUNK; i++)
		assert_true(file(stand, i, 1, false));
	assert_int_equal(expire(stand), 0);
	stand->now_s++;
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(expire(stand), CHUNK);
	assert_int_equal(expire(stand), 0);
	stand_free(stand);
}

/* Nobody looked for a while: whatever the seconds of 16 bits say by then, all is over, and what is filed now is not. */
static void test_long_sleep(void **state)
{
	static const uint32_t sleeps_s[] = {61, 511, 512, 513, 3000, 32767, 32768, 40000, 65400, 65536 + 61, 200000};

	(void)state;
	for (uint32_t i = 0; i < sizeof(sleeps_s) / sizeof(sleeps_s[0]); i++) {
		struct stand *stand = stand_new(RECORDS, LONGEST);
		uint32_t place[TIME_WAIT_CHUNK_RECORDS_MAX], count;

		for (uint32_t j = 0; j < 100; j++)
			assert_true(file(stand, j, 1 + j % LONGEST, j & 1));
		stand->now_s += sleeps_s[i];
		assert_true(file(stand, 100, LONGEST + 1, false)); /* before the timers run */
		while ((count = time_wait_wheel_due(&stand->wheel, stand->now_s, place)) > 0) {
			for (uint32_t j = 0; j < count; j++) {
				const struct time_wait *record = time_wait_wheel_at(&stand->wheel, place[j]);
				uint32_t number = record->snd_nxt.value;

				assert_int_equal(
					time_wait_wheel_is_over(&stand->wheel, record->deadline_s, stand->now_s),
					number != 100);
				drop(stand, number);
				if (number == 100) /* seen too soon: filed again */
					assert_true(file(stand, 100, LONGEST + 1, false));
			}
		}
		assert_int_equal(known_count(stand), 1);
		assert_false(
			time_wait_wheel_is_over(&stand->wheel, (uint16_t)stand->known[100].deadline_s, stand->now_s));
		stand->now_s += LONGEST + 1;
		assert_int_equal(expire(stand), 1);
		stand_free(stand);
	}
}

/* Deadlines farther off than the wheel is long lie in its farthest slot; they come up in time, and not over. */
static void test_beyond_the_wheel(void **state)
{
	struct stand *stand = stand_new(RECORDS, TIME_WAIT_LONGEST_MAX_S);
	uint32_t place[TIME_WAIT_CHUNK_RECORDS_MAX];

	(void)state;
	assert_true(file(stand, 0, TIME_WAIT_LONGEST_MAX_S + 1, false));
	for (uint32_t s = 0; s < TIME_WAIT_LONGEST_MAX_S; s++) {
		stand->now_s++;
		if (time_wait_wheel_due(&stand->wheel, stand->now_s, place) == 0)
			continue;
		assert_int_equal(place[0], stand->known[0].place);
		assert_false(
			time_wait_wheel_is_over(&stand->wheel, (uint16_t)stand->known[0].deadline_s, stand->now_s));
		drop(stand, 0);
		assert_true(file(stand, 0, TIME_WAIT_LONGEST_MAX_S - s, false));
	}
	stand->now_s++;
	assert_int_equal(expire(stand), 1);
	stand_free(stand);
}

static void test_filed_after(void **state)
{
	struct stand *stand = stand_new(RECORDS, TIME_WAIT_LONGEST_MAX_S);

	(void)state;
	assert_true(file(stand, 0, 60, false));
	assert_true(file(stand, 1, TIME_WAIT_SLOTS + 100, false)); /* in the farthest slot */
	for (uint32_t after_s = 1; after_s < 2000; after_s++) {
		uint16_t deadline_s = (uint16_t)(stand->now_s + after_s);

		assert_int_equal(time_wait_wheel_is_filed_after(&stand->wheel, stand->known[0].place, deadline_s),
				 after_s < 60);
		assert_int_equal(time_wait_wheel_is_filed_after(&stand->wheel, stand->known[1].place, deadline_s),
				 after_s < TIME_WAIT_SLOTS);
	}
	stand_free(stand);
}

/* What a record costs, of the family that takes more: 40 bytes and at most one for chunks, whatever their number. */
static void test_sizes(void **state)
{
	static const uint32_t counts[] = {262144, 4000000, TIME_WAIT_RECORDS_MAX};
	struct time_wait_wheel wheel;
	struct arena one = {0};

	(void)state;
	time_wait_wheel_make(&wheel, &one, 1, 60);
	assert_true(one.used_bytes < 256 << 10); /* a minute's slots, none full */
	for (uint32_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct arena arena = {0};

		time_wait_wheel_make(&wheel, &arena, counts[i], 60);
		assert_in_range(arena.used_bytes - one.used_bytes, (uint64_t)(counts[i] - 1) * 40,
				(uint64_t)(counts[i] - 1) * 41);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_a_list),   cmocka_unit_test(test_holds_what_it_was_made_for),
		cmocka_unit_test(test_holes_are_passed), cmocka_unit_test(test_steps),
		cmocka_unit_test(test_long_sleep),       cmocka_unit_test(test_beyond_the_wheel),
		cmocka_unit_test(test_filed_after),      cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
