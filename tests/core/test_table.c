/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connection table against a plain list: millions of random operations, hashes that collide on purpose, a table
 * filled to the brim and past it.  Built twice: with the vector compare, and without.
 */
#include "lib/core/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/random.h"

/* What is filed, or was and may be again; no two have the same value. */
struct item {
	uint64_t hash;
	uint32_t value;
	bool is_filed;
};

struct scene {
	struct table table;
	struct random random;
	void *block;
	uint32_t items, filed;
	struct item *item;
};

static struct scene scene_new(uint32_t entries, uint32_t items, uint64_t seed)
{
	struct scene scene = {.random = {seed}, .items = items, .item = calloc(items, sizeof(struct item))};
	struct arena arena = {0};

	table_make(&scene.table, &arena, entries);
	assert_null(scene.table.bucket);
	arena.block = aligned_alloc(CACHE_LINE_BYTES, arena.used_bytes);
	arena.size_bytes = arena.used_bytes;
	arena.used_bytes = 0;
	memset(arena.block, 0xff, arena.size_bytes);
	for (uint32_t i = 0; i < items; i++)
		scene.item[i].value = i;
	table_make(&scene.table, &arena, entries);
	assert_non_null(scene.table.bucket);
	scene.block = arena.block;
	return scene;
}

static void scene_free(struct scene *scene)
{
	free(scene->block);
	free(scene->item);
}

/* How often the value is shown under the hash. */
static uint32_t shown(const struct table *table, uint64_t hash, uint32_t wanted)
{
	uint32_t value, count = 0, walked = 0;

	for (struct table_cursor cursor = table_find(table, hash); table_next(table, &cursor, &value); walked++)
		count += value == wanted;
	assert_true(walked <= TABLE_SLOTS * TABLE_BUCKETS_MAX);
	return count;
}

static void check_empty(const struct table *table)
{
	assert_int_equal(table->count, 0);
	for (uint32_t i = 0; i < table->bucket_count; i++) {
		assert_int_equal(table->bucket[i].passed, 0);
		for (uint32_t slot = 0; slot < TABLE_SLOTS; slot++)
			assert_int_equal(table->bucket[i].tag[slot], 0);
	}
}

/* Of the entries, how many buckets beyond the first it takes to reach one. */
static double steps_per_entry(const struct table *table)
{
	uint64_t passed = 0;

	for (uint32_t i = 0; i < table->bucket_count; i++)
		passed += table->bucket[i].passed;
	return (double)passed / table->count;
}

static void put(struct scene *scene, struct item *item, uint64_t hash)
{
	if (table_insert(&scene->table, hash, item->value)) {
		item->hash = hash;
		item->is_filed = true;
		scene->filed++;
	} else {
		assert_int_equal(scene->filed, scene->table.entries);
	}
}

static void take(struct scene *scene, struct item *item)
{
	assert_int_equal(shown(&scene->table, item->hash, item->value), 1);
	assert_true(table_remove(&scene->table, item->hash, item->value));
	assert_int_equal(shown(&scene->table, item->hash, item->value), 0);
	assert_false(table_remove(&scene->table, item->hash, item->value));
	item->is_filed = false;
	scene->filed--;
}

static void swap_value(struct scene *scene, struct item *item)
{
	uint32_t other = item->value ^ 0x40000000;

	assert_true(table_replace(&scene->table, item->hash, item->value, other));
	assert_false(table_replace(&scene->table, item->hash, item->value, other));
	item->value = other;
}

/* Now and then hashes of few distinct values, or of one way through the table; not too many for it to hold. */
static uint64_t random_hash(struct scene *scene)
{
	uint64_t hash = random_next(&scene->random);

	switch (random_below(&scene->random, 8 + scene->items / 16)) {
	case 0:
		return hash & 0x0003000000000000; /* among them tag 0 */
	case 1:
		return hash & 0xffff000000000000;
	default:
		return hash;
	}
}

static void random_step(struct scene *scene, bool shrink)
{
	struct item *item = &scene->item[random_below(&scene->random, scene->items)];

	if (!item->is_filed) {
		assert_int_equal(shown(&scene->table, item->hash, item->value), 0);
		if (!shrink || random_below(&scene->random, 4) == 0)
			put(scene, item, random_hash(scene));
	} else if (random_below(&scene->random, 3) == 0) {
		swap_value(scene, item);
	} else if (shrink || random_below(&scene->random, 4) == 0) {
		take(scene, item);
	}
	assert_int_equal(scene->table.count, scene->filed);
}

static void run_against_list(uint32_t entries, uint32_t items, uint32_t steps, uint64_t seed)
{
	struct scene scene = scene_new(entries, items, seed);

	check_empty(&scene.table);
	for (uint32_t i = 0; i < steps; i++)
		random_step(&scene, i / (steps / 8) % 2);
	for (uint32_t i = 0; i < items; i++) {
		if (scene.item[i].is_filed)
			take(&scene, &scene.item[i]);
	}
	check_empty(&scene.table);
	scene_free(&scene);
}

static void test_random_against_list(void **state)
{
	(void)state;
	run_against_list(1, 4, 10000, 1);
	run_against_list(7, 20, 100000, 2);
	run_against_list(60, 80, 500000, 3);
	run_against_list(300, 310, 1000000, 4);
	run_against_list(5000, 5200, 2000000, 5);
	run_against_list(200000, 200000, 2000000, 6);
}

/* Every entry that it was made for fits, at the promised fill and in few steps; not one more. */
static void test_full(void **state)
{
	struct scene scene = scene_new(100000, 100001, 1);

	(void)state;
	assert_true(scene.table.bucket_count * (uint64_t)TABLE_SLOTS * TABLE_FILL_PERCENT >= 100000ULL * 100);
	assert_true(scene.table.bucket_count * (uint64_t)TABLE_SLOTS < 100000ULL * 119 / 100 + 100 * TABLE_SLOTS);
	for (uint32_t i = 0; i < 100000; i++)
		put(&scene, &scene.item[i], random_next(&scene.random));
	assert_int_equal(scene.filed, 100000);
	assert_true(steps_per_entry(&scene.table) < 0.2);
	assert_false(table_insert(&scene.table, random_next(&scene.random), 1));
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(shown(&scene.table, scene.item[i].hash, i), 1);
	for (uint32_t i = 0; i < 100000; i++)
		take(&scene, &scene.item[i]);
	check_empty(&scene.table);
	scene_free(&scene);
}

/* At the brim for long: entries that went on early must not make the searches ever longer. */
static void test_churn_at_the_brim(void **state)
{
	struct scene scene = scene_new(20000, 20000, 1);

	(void)state;
	for (uint32_t i = 0; i < 20000; i++)
		put(&scene, &scene.item[i], random_next(&scene.random));
	for (uint32_t i = 0; i < 1000000; i++) {
		struct item *item = &scene.item[random_below(&scene.random, 20000)];

		assert_true(table_remove(&scene.table, item->hash, item->value));
		item->hash = random_next(&scene.random);
		assert_true(table_insert(&scene.table, item->hash, item->value));
	}
	assert_true(steps_per_entry(&scene.table) < 1.0);
	scene_free(&scene);
}

/* Whoever knew the key could fill one way through the table; even then a search ends, and the rest works. */
static void test_one_way_filled(void **state)
{
	struct scene scene = scene_new(10000, 10000, 1);
	uint32_t count = 0, value;

	(void)state;
	while (table_insert(&scene.table, 42, count))
		count++;
	assert_int_equal(count, TABLE_SLOTS * TABLE_BUCKETS_MAX);
	for (struct table_cursor cursor = table_find(&scene.table, 42); table_next(&scene.table, &cursor, &value);)
		count--;
	assert_int_equal(count, 0);
	for (uint32_t i = 0; i < 5000; i++)
		assert_true(table_insert(&scene.table, random_next(&scene.random), i));
	scene_free(&scene);
}

static void test_values(void **state)
{
	const enum table_kind kinds[] = {TABLE_CONNECTION, TABLE_HALF_OPEN, TABLE_TIME_WAIT};
	const uint32_t indexes[] = {0, 1, 0x3fffffff};

	(void)state;
	for (uint32_t kind = 0; kind < 3; kind++) {
		for (uint32_t i = 0; i < 3; i++) {
			uint32_t value = table_value(kinds[kind], indexes[i]);

			assert_int_equal(table_kind(value), kinds[kind]);
			assert_int_equal(table_index(value), indexes[i]);
		}
	}
}

/* Every byte of the tuple and of the key counts, in both families. */
static void test_hash(void **state)
{
	struct siphash_key key = {1, 2};

	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct tuple tuple = {.local_port = 80, .remote_port = 4000};
		uint8_t *byte = (uint8_t *)&tuple;
		uint64_t hash;

		tuple.local = ip_from_ipv4(be32_from(0xc6120001));
		tuple.remote = ip_from_ipv4(be32_from(0xc6120002));
		if (family) {
			tuple.local.byte[0] = 0x20;
			tuple.remote.byte[0] = 0x20;
		}
		hash = table_hash(key, &tuple);
		assert_int_not_equal(table_hash((struct siphash_key){1, 3}, &tuple), hash);
		for (uint32_t i = 0; i < sizeof(tuple); i++) {
			if (!family && i % 16 < 12 && i < 32)
				continue; /* the prefix that all IPv4 addresses share */
			byte[i] ^= 1;
			assert_int_not_equal(table_hash(key, &tuple), hash);
			byte[i] ^= 1;
		}
		assert_int_equal(table_hash(key, &tuple), hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),         cmocka_unit_test(test_hash),
		cmocka_unit_test(test_full),           cmocka_unit_test(test_churn_at_the_brim),
		cmocka_unit_test(test_one_way_filled), cmocka_unit_test(test_random_against_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
