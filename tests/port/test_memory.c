/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings are zeroed, aligned, whole, present and given back; and what cannot fit is refused, not killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/port/memory.h"

static void test_maps_zeroed_and_aligned(void **state)
{
	struct memory memory;
	unsigned char present[2];
	uint8_t *bytes;

	(void)state;
	assert_int_equal(memory_map(&memory, 5000000, -1), 0);
	assert_int_equal(memory.bytes, 3 * MEMORY_HUGEPAGE_BYTES);
	assert_int_equal((uintptr_t)memory.address % MEMORY_HUGEPAGE_BYTES, 0);
	bytes = memory.address;
	assert_int_equal(mincore(bytes + memory.bytes - 4096, 4096, present), 0);
	assert_true(present[0] & 1);
	for (size_t i = 0; i < memory.bytes; i++) {
		if (bytes[i] != 0)
			fail_msg("byte %zu is not zero", i);
	}
	bytes[memory.bytes - 1] = 1;
	memory_unmap(&memory);
	assert_null(memory.address);
	assert_int_equal(mincore(bytes, 4096, present), -1); /* nothing there */
	assert_int_equal(errno, ENOMEM);
	memory_unmap(&memory); /* harmless */
}

static void test_binds_to_a_node(void **state)
{
	struct memory memory;

	(void)state;
	assert_int_equal(memory_map(&memory, 1, 0), 0);
	assert_int_equal(memory.bytes, MEMORY_HUGEPAGE_BYTES);
	*(uint8_t *)memory.address = 1;
	memory_unmap(&memory);
}

static void test_too_much_is_refused(void **state)
{
	struct memory memory;

	(void)state;
	assert_int_equal(memory_map(&memory, (size_t)1 << 60, -1), -ENOMEM);
	assert_null(memory.address);
	assert_int_equal(memory_map(&memory, SIZE_MAX, -1), -ENOMEM);
	assert_int_equal(memory_map(&memory, 0, -1), -ENOMEM);
	assert_null(memory.address);
}

static void test_knows_what_is_left(void **state)
{
	size_t all = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	assert_in_range(memory_available_bytes(), (size_t)1 << 20, all + memory_hugepages_free_bytes());
	assert_true(memory_hugepages_free_bytes() < all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_zeroed_and_aligned),
		cmocka_unit_test(test_binds_to_a_node),
		cmocka_unit_test(test_too_much_is_refused),
		cmocka_unit_test(test_knows_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
