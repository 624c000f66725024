/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP options: every kind with every length, cut at every byte, doubled, random; and written as most stacks write them.
 * Each list lies at the very end of its block.
 */
#include "lib/wire/tcp.h"

#include "lib/base/random.h"
#include "tests/claims/claims.h"
#include "tests/wire/frames.h"

static struct tcp_options read_at_end(const uint8_t *bytes, uint32_t count)
{
	uint8_t *block = exact_copy(bytes, count);
	struct tcp_options options = tcp_options_read(block, count);

	free(block);
	return options;
}

static uint8_t length_of(uint32_t kind)
{
	static const uint8_t length[256] = {[2] = 4, [3] = 3, [4] = 2, [5] = 10, [8] = 10};

	return length[kind];
}

static uint8_t has_of(uint32_t kind)
{
	static const uint8_t has[256] = {
		[2] = TCP_HAS_MSS,  [3] = TCP_HAS_WINDOW_SCALE, [4] = TCP_HAS_SACK_PERMITTED,
		[5] = TCP_HAS_SACK, [8] = TCP_HAS_TIMESTAMPS,
	};

	return has[kind];
}

/* Right only with the kind's own length; read at all only if it fits; and what follows is found where the length says. */
CLAIMS(MUST_4, MUST_6, MUST_68)
static void test_every_kind_and_length(void **state)
{
	(void)state;
	for (uint32_t kind = 2; kind < 256; kind++) {
		for (uint32_t length = 0; length < 256; length++) {
			uint8_t list[40] = {(uint8_t)kind, (uint8_t)length};
			bool fits = length >= 2 && length <= 36, right, followed;
			struct tcp_options options;

			memset(list + 2, TCP_OPT_NOP, 38);
			if (fits)
				memcpy(list + length, (uint8_t[]){3, 3, 11, 0}, 4);
			options = read_at_end(list, 40);
			right = kind == 5 ? length >= 10 && length <= 34 && length % 8 == 2 : length == length_of(kind);
			followed = fits && !(kind == 3 && right);
			assert_int_equal(options.present & has_of(kind) & ~TCP_HAS_WINDOW_SCALE,
					 fits && right ? has_of(kind) & ~TCP_HAS_WINDOW_SCALE : 0);
			assert_int_equal(options.present & ~has_of(kind) & ~TCP_HAS_WINDOW_SCALE, 0);
			assert_int_equal(options.present & TCP_HAS_WINDOW_SCALE, fits ? TCP_HAS_WINDOW_SCALE : 0);
			if (followed)
				assert_int_equal(options.window_shift, 11);
		}
	}
}

static const uint8_t syn_list[20] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7};

static void test_values(void **state)
{
	static const uint8_t sack_list[20] = {1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 9};
	struct tcp_options options = read_at_end(syn_list, sizeof(syn_list));

	(void)state;
	assert_int_equal(options.present,
			 TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS | TCP_HAS_WINDOW_SCALE);
	assert_int_equal(options.mss_bytes, 1460);
	assert_int_equal(options.tsval, 0x01020304);
	assert_int_equal(options.tsecr, 0x05060708);
	assert_int_equal(options.window_shift, 7);
	options = read_at_end(sack_list, sizeof(sack_list));
	assert_int_equal(options.present, TCP_HAS_SACK);
	assert_int_equal(options.sack_count, 2);
	assert_int_equal(options.sack[0].start.value, 1);
	assert_int_equal(options.sack[0].end.value, 2);
	assert_int_equal(options.sack[1].start.value, 0xfffffffe);
	assert_int_equal(options.sack[1].end.value, 9);
}

/* What came whole before the cut counts, and nothing else does. */
CLAIMS(MUST_7)
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (uint32_t count = 0; count <= sizeof(syn_list); count++) {
		uint32_t present = (count >= 4 ? TCP_HAS_MSS : 0) | (count >= 6 ? TCP_HAS_SACK_PERMITTED : 0) |
				   (count >= 16 ? TCP_HAS_TIMESTAMPS : 0) | (count >= 20 ? TCP_HAS_WINDOW_SCALE : 0);

		assert_int_equal(read_at_end(syn_list, count).present, present);
	}
}

static void test_first_of_duplicates_counts(void **state)
{
	static const uint8_t list[] = {2,  4, 0, 1, 3, 3, 5, 2, 4, 0, 2,  3, 3, 6, 4, 2, 4, 2, 8,
				       10, 0, 0, 0, 3, 0, 0, 0, 4, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6};
	static const uint8_t wrong_first[] = {2, 3, 9, 2, 4, 0, 2};
	struct tcp_options options = read_at_end(list, sizeof(list));

	(void)state;
	assert_int_equal(options.mss_bytes, 1);
	assert_int_equal(options.window_shift, 5);
	assert_int_equal(options.tsval, 3);
	assert_int_equal(options.tsecr, 4);
	assert_int_equal(read_at_end(wrong_first, sizeof(wrong_first)).mss_bytes, 2);
}

static void test_end_ends(void **state)
{
	static const uint8_t list[] = {1, 0, 2, 4, 5, 0xb4};

	(void)state;
	assert_int_equal(read_at_end(list, sizeof(list)).present, 0);
}

/* Never reads past the list (the sanitizer's to say), never shows more than there can be. */
static void test_random_bytes(void **state)
{
	static const uint8_t kinds[] = {0, 1, 2, 3, 4, 5, 8, 10, 18, 34, 255};
	struct random random = {1};

	(void)state;
	for (uint32_t i = 0; i < 300000; i++) {
		uint32_t count = random_below(&random, 41);
		struct tcp_options options;
		uint8_t list[40];

		for (uint32_t k = 0; k < count; k++)
			list[k] = random_below(&random, 3) ? kinds[random_below(&random, sizeof(kinds))]
							   : (uint8_t)random_next(&random);
		options = read_at_end(list, count);
		assert_true(options.sack_count <= TCP_SACK_BLOCKS_MAX);
		assert_int_equal(options.sack_count > 0, (options.present & TCP_HAS_SACK) != 0);
		assert_true(options.present < 32);
	}
}

static uint32_t sack_room(uint32_t fixed_bytes)
{
	return fixed_bytes + 12 > 40 ? 0 : (40 - fixed_bytes - 4) / 8;
}

static void check_round_trip(uint8_t present, uint8_t sack_count)
{
	struct tcp_options in = {
		.tsval = 0x11223344, .tsecr = 0x55667788, .mss_bytes = 1460, .present = present, .window_shift = 9};
	uint8_t list[40];
	uint32_t bytes = tcp_options_bytes(&in), room = sack_room(bytes);
	struct tcp_options out;

	in.sack_count = sack_count;
	for (uint32_t i = 0; i < TCP_SACK_BLOCKS_MAX; i++)
		in.sack[i] = (struct tcp_sack_block){seq_of(1000 * i), seq_of(1000 * i + 500)};
	if (sack_count)
		in.present |= TCP_HAS_SACK;
	memset(list, 0xee, sizeof(list));
	bytes = tcp_options_write(list, &in);
	assert_int_equal(bytes, tcp_options_bytes(&in));
	assert_true(bytes <= 40 && bytes % 4 == 0);
	for (uint32_t i = bytes; i < 40; i++)
		assert_int_equal(list[i], 0xee);
	out = read_at_end(list, bytes);
	assert_int_equal(out.sack_count, sack_count < room ? sack_count : room);
	assert_int_equal(out.present, present | (out.sack_count ? TCP_HAS_SACK : 0));
	assert_memory_equal(out.sack, in.sack, out.sack_count * sizeof(in.sack[0]));
	assert_int_equal(out.mss_bytes, present & TCP_HAS_MSS ? 1460 : 0);
	assert_int_equal(out.window_shift, present & TCP_HAS_WINDOW_SCALE ? 9 : 0);
	assert_int_equal(out.tsval, present & TCP_HAS_TIMESTAMPS ? 0x11223344 : 0);
	assert_int_equal(out.tsecr, present & TCP_HAS_TIMESTAMPS ? 0x55667788 : 0);
}

static void test_round_trips(void **state)
{
	(void)state;
	for (uint8_t present = 0; present < 16; present++) {
		for (uint8_t sack_count = 0; sack_count <= TCP_SACK_BLOCKS_MAX; sack_count++)
			check_round_trip(present, sack_count);
	}
}

CLAIMS(MUST_69)
static void test_order(void **state)
{
	struct tcp_options options = {.tsval = 0x01020304,
				      .tsecr = 0x05060708,
				      .mss_bytes = 1460,
				      .window_shift = 7,
				      .present = TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS |
						 TCP_HAS_WINDOW_SCALE,
				      .sack_count = 1,
				      .sack = {{{16}, {32}}}};
	static const uint8_t data_list[24] = {1, 1, 8, 10, 1, 2, 3, 4,  5, 6, 7, 8,
					      1, 1, 5, 10, 0, 0, 0, 16, 0, 0, 0, 32};
	uint8_t list[40];

	(void)state;
	assert_int_equal(tcp_options_write(list, &options), sizeof(syn_list));
	assert_memory_equal(list, syn_list, sizeof(syn_list));
	options.present = TCP_HAS_TIMESTAMPS | TCP_HAS_SACK;
	assert_int_equal(tcp_options_write(list, &options), sizeof(data_list));
	assert_memory_equal(list, data_list, sizeof(data_list));
}

/* MUST-64: behind no, one, two and three octets that move everything. */
CLAIMS(MUST_64)
static void test_unaligned(void **state)
{
	(void)state;
	for (uint32_t shift = 0; shift < 4; shift++) {
		uint8_t list[sizeof(syn_list) + 3];
		struct tcp_options options;

		memset(list, TCP_OPT_NOP, sizeof(list));
		memcpy(list + shift, syn_list, sizeof(syn_list));
		options = read_at_end(list, shift + (uint32_t)sizeof(syn_list));
		assert_int_equal(options.mss_bytes, 1460);
		assert_int_equal(options.tsval, 0x01020304);
		assert_int_equal(options.tsecr, 0x05060708);
		assert_int_equal(options.window_shift, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_and_length),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_first_of_duplicates_counts),
		cmocka_unit_test(test_end_ends),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_unaligned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
