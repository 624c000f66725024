/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash against the vectors of its authors (key 00…0f, message 00 01 02 …) and, for 1-3, of an implementation written
 * from the paper, which the same vectors and CPython's hash() confirm.
 */
#include "lib/base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/bytes.h"

struct vector {
	uint32_t bytes;
	uint64_t hash_2_4, hash_1_3;
};

static const struct vector vectors[] = {
	{0, 0x726fdb47dd0e0e31, 0xabac0158050fc4dc},  {1, 0x74f839c593dc67fd, 0xc9f49bf37d57ca93},
	{2, 0x0d6c8009d9a94f5a, 0x82cb9b024dc7d44d},  {3, 0x85676696d7fb7e2d, 0x8bf80ab8e7ddf7fb},
	{4, 0xcf2794e0277187b7, 0xcf75576088d38328},  {5, 0x18765564cd99a68d, 0xdef9d52f49533b67},
	{6, 0xcbc9466e58fee3ce, 0xc50d2b50c59f22a7},  {7, 0xab0200f58b01d137, 0xd3927d989bb11140},
	{8, 0x93f5f5799a932462, 0x369095118d299a8e},  {9, 0x9e0082df0ba9e4b0, 0x25a48eb36c063de4},
	{10, 0x7a5dbbc594ddb9f3, 0x79de85ee92ff097f}, {11, 0xf4b32f46226bada7, 0x70c118c1f94dc352},
	{12, 0x751e8fbc860ee5fb, 0x78a384b157b4d9a2}, {15, 0xa129ca6149be45e5, 0xd320d86d2a519956},
	{16, 0x3f2acc7f57c29bdb, 0xcc4fdd1a7d908b66}, {36, 0x314dffbe0815a3b4, 0x2cf508d3ada26206},
	{63, 0x958a324ceb064572, 0x9d199062b7bbb3a8},
};

static struct siphash_key reference_key(void)
{
	uint8_t byte[16];

	for (uint8_t i = 0; i < 16; i++)
		byte[i] = i;
	return (struct siphash_key){le64_at(byte), le64_at(byte + 8)};
}

/* The message ends where its block ends, at every alignment, so that a read past it is caught. */
static void test_vectors(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		for (uint32_t shift = 0; shift < 8; shift++) {
			const struct vector *vector = &vectors[i];
			uint8_t *block = malloc(shift + vector->bytes + !(shift + vector->bytes));

			for (uint32_t at = 0; at < vector->bytes; at++)
				block[shift + at] = (uint8_t)at;
			assert_int_equal(siphash_2_4(reference_key(), block + shift, vector->bytes), vector->hash_2_4);
			assert_int_equal(siphash_1_3(reference_key(), block + shift, vector->bytes), vector->hash_1_3);
			free(block);
		}
	}
}

static void test_of_12(void **state)
{
	uint64_t first_8 = 0x0706050403020100;

	(void)state;
	assert_int_equal(siphash_1_3_of_12(reference_key(), first_8, 0x0b0a0908), 0x78a384b157b4d9a2);
}

static void test_every_bit_of_the_key_counts(void **state)
{
	(void)state;
	for (uint32_t bit = 0; bit < 64; bit++) {
		struct siphash_key key = reference_key(), one = key, other = key;

		one.k0 ^= 1ULL << bit;
		other.k1 ^= 1ULL << bit;
		assert_int_not_equal(siphash_1_3(key, "sluice", 6), siphash_1_3(one, "sluice", 6));
		assert_int_not_equal(siphash_1_3(key, "sluice", 6), siphash_1_3(other, "sluice", 6));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_of_12),
		cmocka_unit_test(test_every_bit_of_the_key_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
