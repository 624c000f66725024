/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Borrowing and giving back; memory that was never borrowed is never touched.
 */
#include "app/httpd/httpd_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_every_item_once(void **state)
{
	struct httpd_pool pool;
	bool seen[8] = {0};

	(void)state;
	assert_int_equal(httpd_pool_open(&pool, 16, 8), 0);
	for (unsigned i = 0; i < 8; i++) {
		uint32_t index = httpd_pool_borrow(&pool);

		assert_true(index < 8 && !seen[index]);
		seen[index] = true;
		assert_ptr_equal(httpd_pool_item(&pool, index), pool.memory + index * 16);
		assert_int_equal(httpd_pool_index(&pool, httpd_pool_item(&pool, index)), index);
	}
	assert_true(httpd_pool_is_empty(&pool));
	assert_int_equal(httpd_pool_borrow(&pool), HTTPD_POOL_NONE);
	assert_int_equal(pool.used_count, 8);
	httpd_pool_close(&pool);
}

static void test_last_in_first_out(void **state)
{
	struct httpd_pool pool;
	uint32_t a, b;

	(void)state;
	assert_int_equal(httpd_pool_open(&pool, 32, 8), 0);
	a = httpd_pool_borrow(&pool);
	b = httpd_pool_borrow(&pool);
	memset(httpd_pool_item(&pool, a), 0xff, 32);
	memset(httpd_pool_item(&pool, b), 0xff, 32);
	httpd_pool_give_back(&pool, a);
	httpd_pool_give_back(&pool, b);
	assert_int_equal(pool.used_count, 0);
	assert_int_equal(httpd_pool_borrow(&pool), b);
	assert_int_equal(httpd_pool_borrow(&pool), a);
	assert_int_equal(pool.fresh, 2); /* the rest was not touched */
	httpd_pool_close(&pool);
}

static void test_any_order(void **state)
{
	struct httpd_pool pool;
	uint32_t held[64], held_count = 0, random = 12345;

	(void)state;
	assert_int_equal(httpd_pool_open(&pool, 8, 64), 0);
	for (unsigned round = 0; round < 100000; round++) {
		random = random * 1664525 + 1013904223;
		if (random >> 31 && held_count < 64) {
			held[held_count] = httpd_pool_borrow(&pool);
			assert_true(held[held_count] < 64);
			for (uint32_t i = 0; i < held_count; i++)
				assert_int_not_equal(held[i], held[held_count]);
			held_count++;
		} else if (held_count > 0) {
			uint32_t place = (random >> 8) % held_count;

			httpd_pool_give_back(&pool, held[place]);
			held[place] = held[--held_count];
		}
		assert_int_equal(pool.used_count, held_count);
		assert_int_equal(httpd_pool_is_empty(&pool), held_count == 64);
	}
	httpd_pool_close(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_item_once),
		cmocka_unit_test(test_last_in_first_out),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
