/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer wheel against a plain array of deadlines: random filing, unfiling, postponing and jumps of every size,
 * across the wrap of the tick counter.
 */
#include "lib/base/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/random.h"

#define RECORDS_MAX 3000

/* A record as a connection has it: the link lies amid other things. */
struct record {
	uint64_t before;
	struct wheel_link link;
	uint32_t after[3];
};

struct scene {
	struct wheel wheel;
	struct random random;
	uint32_t records;
	struct record record[RECORDS_MAX];
	bool filed[RECORDS_MAX]; /* the model */
	uint32_t deadline[RECORDS_MAX];
	uint32_t due[RECORDS_MAX];
};

static struct scene *scene_new(uint32_t records, uint32_t now, uint64_t seed)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->records = records;
	scene->random.state = seed;
	wheel_make(&scene->wheel, &scene->record[0].link, sizeof(scene->record[0]), now);
	for (uint32_t i = 0; i < records; i++)
		wheel_link_reset(&scene->record[i].link);
	return scene;
}

static void file(struct scene *scene, uint32_t index, uint32_t deadline)
{
	wheel_file(&scene->wheel, index, deadline);
	scene->filed[index] = true;
	scene->deadline[index] = deadline;
}

static void unfile(struct scene *scene, uint32_t index)
{
	wheel_unfile(&scene->wheel, index);
	scene->filed[index] = false;
}

static void postpone(struct scene *scene, uint32_t index, uint32_t deadline)
{
	wheel_postpone(&scene->record[index].link, deadline);
	scene->deadline[index] = deadline;
}

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* One call: what comes back was filed, is due, and lies in order unless it was overdue; returns how many. */
static uint32_t advance(struct scene *scene, uint32_t now, uint32_t max)
{
	uint32_t start = scene->wheel.now, last = start;
	uint32_t count = wheel_advance(&scene->wheel, now, scene->due, max);

	assert_true(count <= max);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = scene->due[i], deadline = scene->deadline[index];

		assert_true(scene->filed[index]);
		assert_false(wheel_is_filed(&scene->record[index].link));
		assert_false(is_after(deadline, now));
		if (is_after(deadline, start)) {
			assert_false(is_after(last, deadline));
			last = deadline;
		}
		scene->filed[index] = false;
	}
	assert_true(scene->wheel.now == start || !is_after(scene->wheel.now, now));
	return count;
}

/* Nothing that is due was kept, and the wheel's own account agrees. */
static void check(const struct scene *scene)
{
	uint32_t count = 0, tick = 0, earliest_rest = UINT32_MAX;

	for (uint32_t i = 0; i < scene->records; i++) {
		assert_int_equal(scene->filed[i], wheel_is_filed(&scene->record[i].link));
		if (!scene->filed[i])
			continue;
		count++;
		if (!is_after(scene->deadline[i], scene->wheel.now))
			earliest_rest = 0;
		else if (scene->deadline[i] - scene->wheel.now < earliest_rest)
			earliest_rest = scene->deadline[i] - scene->wheel.now;
	}
	assert_int_equal(scene->wheel.count, count);
	assert_int_equal(wheel_next(&scene->wheel, &tick), count > 0);
	if (count)
		assert_true(tick - scene->wheel.now <= earliest_rest);
}

static void check_nothing_due(const struct scene *scene)
{
	for (uint32_t i = 0; i < scene->records; i++)
		assert_true(!scene->filed[i] || is_after(scene->deadline[i], scene->wheel.now));
}

/* Advances until the wheel says that it is done. */
static void advance_fully(struct scene *scene, uint32_t now, uint32_t max)
{
	for (uint32_t calls = 0;; calls++) {
		uint32_t count = advance(scene, now, max);

		assert_true(calls < 10 * RECORDS_MAX);
		if (count < max && scene->wheel.now == now)
			break;
	}
	check_nothing_due(scene);
}

/* A distance of every magnitude up to 2^31-1. */
static uint32_t random_distance(struct random *random)
{
	return (uint32_t)(random_next(random) >> 33 >> random_below(random, 31));
}

static void random_step(struct scene *scene)
{
	uint32_t index = random_below(&scene->random, scene->records);
	uint32_t deadline = scene->wheel.now + random_distance(&scene->random);

	if (!scene->filed[index]) {
		if (random_below(&scene->random, 16) == 0)
			deadline = scene->wheel.now - random_below(&scene->random, 1000);
		file(scene, index, deadline);
	} else if (random_below(&scene->random, 3) == 0) {
		unfile(scene, index);
	} else if (is_after(deadline, scene->deadline[index])) {
		postpone(scene, index, deadline);
	}
}

static void test_random_against_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		uint32_t records = seed % 3 ? 40 : 1000;
		struct scene *scene = scene_new(records, (uint32_t)-70000 * (uint32_t)(seed % 2), seed);

		for (uint32_t round = 0; round < 1500; round++) {
			for (uint32_t i = 0; i < 1 + records / 10; i++)
				random_step(scene);
			check(scene);
			advance_fully(scene, scene->wheel.now + random_distance(&scene->random),
				      1 + random_below(&scene->random, 100));
			check(scene);
		}
		free(scene);
	}
}

/* Each deadline comes back in the very call that reaches its tick. */
static void test_exact_to_the_tick(void **state)
{
	static const uint32_t starts[] = {
		0, 1, 254, 255, 256, 65279, 65535, 0xfffffe00, UINT32_MAX - 1, UINT32_MAX, 0x7ffffff0};
	static const uint32_t rests[] = {1,     2,     255,   256,      257,      511,      512,      65535,
					 65536, 65537, 65791, 16777215, 16777216, 16777471, INT32_MAX};

	(void)state;
	for (uint32_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (uint32_t r = 0; r < sizeof(rests) / sizeof(rests[0]); r++) {
			struct scene *scene = scene_new(1, starts[s], 1);
			uint32_t deadline = starts[s] + rests[r];

			file(scene, 0, deadline);
			assert_int_equal(advance(scene, deadline - 1, 8), 0);
			assert_int_equal(advance(scene, deadline, 8), 1);
			assert_int_equal(scene->wheel.count, 0);
			free(scene);
		}
	}
}

static void test_every_tick_of_three_revolutions(void **state)
{
	struct scene *scene = scene_new(1000, 65000, 1);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		file(scene, i, 65001 + i);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t tick;

		assert_true(wheel_next(&scene->wheel, &tick));
		assert_true(tick == 65001 + i || tick % 256 == 0);
		assert_int_equal(advance(scene, 65001 + i, 8), 1);
		assert_int_equal(scene->due[0], i);
	}
	free(scene);
}

static void test_next_is_exact_within_256_ticks(void **state)
{
	(void)state;
	for (uint32_t now = 1000; now < 1300; now++) {
		for (uint32_t rest = 1; rest <= 256; rest++) {
			struct scene *scene = scene_new(1, now, 1);
			uint32_t tick;

			assert_false(wheel_next(&scene->wheel, &tick));
			file(scene, 0, now + rest);
			assert_true(wheel_next(&scene->wheel, &tick));
			assert_int_equal(tick, now + rest);
			free(scene);
		}
		now += 36;
	}
}

static void test_overdue_comes_back_at_once(void **state)
{
	struct scene *scene = scene_new(10, 100, 1);
	uint32_t tick;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		file(scene, i, 100 - i * 7);
	assert_true(wheel_next(&scene->wheel, &tick));
	assert_int_equal(tick, 100);
	assert_int_equal(advance(scene, 100, 4), 4);
	assert_int_equal(advance(scene, 90, 4), 4); /* a clock behind the wheel's changes nothing */
	assert_int_equal(scene->wheel.now, 100);
	assert_int_equal(advance(scene, 101, 4), 2);
	assert_int_equal(scene->wheel.now, 101);
	free(scene);
}

/* A deadline moved on by a store, over and over, is found only when it is due. */
static void test_postponed(void **state)
{
	struct scene *scene = scene_new(2, 0, 1);

	(void)state;
	file(scene, 0, 10);
	file(scene, 1, 10);
	for (uint32_t now = 1; now <= 5000; now++) {
		postpone(scene, 0, now + 40);
		assert_int_equal(advance(scene, now, 8), now == 10);
	}
	assert_int_equal(advance(scene, 5039, 8), 0);
	assert_int_equal(advance(scene, 5040, 8), 1);
	assert_int_equal(scene->due[0], 0);
	free(scene);
}

/* Many records of one upper slot are moved down a bounded number at a time, and none is lost or early. */
static void test_moves_are_bounded(void **state)
{
	struct scene *scene = scene_new(RECORDS_MAX, 0, 1);
	uint32_t calls = 0, count = 0;

	(void)state;
	for (uint32_t i = 0; i < RECORDS_MAX; i++)
		file(scene, i, 0x10000 + 300 + i % 200);
	assert_int_equal(advance(scene, 0x10000 - 1, 8), 0);
	while (scene->wheel.now != 0x10000 + 500) {
		uint32_t tick;

		count += advance(scene, 0x10000 + 500, RECORDS_MAX);
		if (scene->wheel.count) {
			assert_true(wheel_next(&scene->wheel, &tick));
			assert_false(is_after(tick, 0x10000 + 500));
		}
		calls++;
	}
	assert_int_equal(count, RECORDS_MAX);
	assert_true(calls >= 2 * RECORDS_MAX / WHEEL_MOVES_MAX); /* twice down: levels 2 to 1 to 0 */
	free(scene);
}

/* New deadlines filed while a bound holds the wheel back still come at their ticks. */
static void test_filing_while_held_back(void **state)
{
	struct scene *scene = scene_new(RECORDS_MAX, 0, 7);

	(void)state;
	for (uint32_t i = 0; i < 2500; i++)
		file(scene, i, 1000);
	while (advance(scene, 2000, 10) == 0)
		assert_true(is_after(1000, scene->wheel.now));
	assert_true(is_after(1000, scene->wheel.now));
	for (uint32_t i = 2500; i < 3000; i++)
		file(scene, i, 1000 + (i - 2500) * 3);
	advance_fully(scene, 2000, 64);
	check(scene);
	assert_true(scene->wheel.count > 100);
	advance_fully(scene, 2500, 64);
	assert_int_equal(scene->wheel.count, 0);
	free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_to_the_tick),
		cmocka_unit_test(test_every_tick_of_three_revolutions),
		cmocka_unit_test(test_next_is_exact_within_256_ticks),
		cmocka_unit_test(test_overdue_comes_back_at_once),
		cmocka_unit_test(test_postponed),
		cmocka_unit_test(test_moves_are_bounded),
		cmocka_unit_test(test_filing_while_held_back),
		cmocka_unit_test(test_random_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
