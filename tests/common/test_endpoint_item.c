/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "TEXT@N" taken apart.
 */
#include "app/common/endpoint_item.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_items(void **state)
{
	struct endpoint_item item = endpoint_item_split("198.18.0.1/15");

	(void)state;
	assert_true(item.is_good);
	assert_int_equal(item.port, UINT32_MAX);
	assert_string_equal(item.text, "198.18.0.1/15");
	item = endpoint_item_split("2001:2::1/48@7");
	assert_true(item.is_good);
	assert_int_equal(item.port, 7);
	assert_string_equal(item.text, "2001:2::1/48");
}

static void test_bad_ports(void **state)
{
	(void)state;
	assert_false(endpoint_item_split("a@").is_good);
	assert_false(endpoint_item_split("a@x").is_good);
	assert_false(endpoint_item_split("a@1x").is_good);
	assert_false(endpoint_item_split("a@-1").is_good);
	assert_false(endpoint_item_split("a@8").is_good);
	assert_false(endpoint_item_split("a@99999999999999999999").is_good);
	assert_false(
		endpoint_item_split("an-address-that-is-much-longer-than-any-address-can-ever-be-in-text").is_good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_bad_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
