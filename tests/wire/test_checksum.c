/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The checksum against the plainest sum: every length at every alignment, every split of a chain.
 */
#include "lib/wire/checksum.h"

#include "lib/base/random.h"
#include "tests/wire/frames.h"

static void fill(struct random *random, uint8_t *byte, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		byte[i] = (uint8_t)random_next(random);
}

/* As the two bytes that go into a header. */
static uint32_t stored(uint16_t checksum)
{
	return __builtin_bswap16(checksum);
}

static uint32_t plain(const uint8_t *byte, uint32_t count)
{
	return (uint16_t)~plain_sum(0, byte, count);
}

static void test_lengths_and_alignments(void **state)
{
	struct random random = {1};

	(void)state;
	for (uint32_t count = 0; count <= 330; count++) {
		for (uint32_t shift = 0; shift < 32; shift++) {
			uint8_t *block = malloc(shift + count + 1);

			fill(&random, block, shift + count);
			block = realloc(block, shift + count + !(shift + count));
			assert_int_equal(stored(checksum_finish(checksum_add(0, block + shift, count))),
					 plain(block + shift, count));
			free(block);
		}
	}
}

/* Carries everywhere: the sums that overflow first. */
static void test_all_ones_and_large(void **state)
{
	uint32_t count = 9001;
	uint8_t *block = malloc(count);

	(void)state;
	memset(block, 0xff, count);
	for (uint32_t bytes = 1; bytes <= count; bytes += 97)
		assert_int_equal(stored(checksum_finish(checksum_add(UINT64_MAX, block, bytes))), plain(block, bytes));
	free(block);
}

static void test_sums_chain(void **state)
{
	struct random random = {2};
	uint8_t block[400];

	(void)state;
	fill(&random, block, sizeof(block));
	for (uint32_t cut = 0; cut <= sizeof(block); cut += 2) {
		uint64_t sum = checksum_add(0, block, cut);

		sum = checksum_add(sum, block + cut, (uint32_t)sizeof(block) - cut);
		assert_int_equal(stored(checksum_finish(sum)), plain(block, sizeof(block)));
	}
}

/* The fold against the plainest one, where carries meet carries. */
static void test_folds(void **state)
{
	static const uint64_t parts[] = {0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff};
	struct random random = {4};

	(void)state;
	for (uint32_t i = 0; i < 6 * 6 * 6 * 6 + 100000; i++) {
		uint64_t sum = random_next(&random), left;

		if (i < 6 * 6 * 6 * 6)
			sum = parts[i % 6] | parts[i / 6 % 6] << 16 | parts[i / 36 % 6] << 32 | parts[i / 216] << 48;
		for (left = sum; left >> 16;)
			left = (left >> 16) + (left & 0xffff);
		assert_int_equal(checksum_finish(sum), (uint16_t)~left);
	}
}

static void test_twenty_bytes(void **state)
{
	struct random random = {5};
	uint8_t block[20];

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		fill(&random, block, sizeof(block));
		if (i < 1000)
			memset(block, 0xff, i % 21);
		assert_int_equal(stored(checksum_finish(checksum_add_20(0, block))), plain(block, sizeof(block)));
	}
}

/* Putting the checksum in makes the whole come out as zero, and any changed bit does not. */
static void test_verifies(void **state)
{
	struct random random = {3};
	uint8_t block[64];
	uint16_t checksum;

	(void)state;
	fill(&random, block, sizeof(block));
	block[6] = block[7] = 0;
	checksum = checksum_finish(checksum_add(0, block, sizeof(block)));
	memcpy(block + 6, &checksum, 2);
	assert_int_equal(checksum_finish(checksum_add(0, block, sizeof(block))), 0);
	for (uint32_t bit = 0; bit < 8 * sizeof(block); bit++) {
		block[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(checksum_finish(checksum_add(0, block, sizeof(block))), 0);
		block[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* A chain of buffers of the given lengths, over the same bytes. */
static struct rte_mbuf *chain_of(const uint8_t *bytes, const uint32_t *length, uint32_t buffers)
{
	struct rte_mbuf *packet = packet_from_bytes(bytes, length[0]);

	bytes += length[0];
	for (uint32_t i = 1; i < buffers; bytes += length[i], i++)
		packet_chain(packet, packet_from_bytes(bytes, length[i]));
	return packet;
}

static void check_chain(const uint8_t *bytes, const uint32_t *length, uint32_t buffers, uint32_t total)
{
	struct rte_mbuf *packet = chain_of(bytes, length, buffers);

	for (uint32_t offset = 0; offset <= total; offset += 1 + total / 7) {
		uint32_t left = total - offset, some = left / 2;

		assert_int_equal(stored(checksum_finish(checksum_add_packet(0, packet, offset, left))),
				 plain(bytes + offset, left));
		assert_int_equal(stored(checksum_finish(checksum_add_packet(0, packet, offset, some))),
				 plain(bytes + offset, some));
	}
	packet_free(packet);
}

static void test_chains_at_every_split(void **state)
{
	struct random random = {4};
	uint8_t bytes[70];

	(void)state;
	fill(&random, bytes, sizeof(bytes));
	for (uint32_t total = 0; total <= sizeof(bytes); total++) {
		for (uint32_t first = 0; first <= total; first++)
			check_chain(bytes, (uint32_t[]){first, total - first}, 2, total);
	}
	for (uint32_t first = 0; first <= 30; first++) {
		for (uint32_t second = 0; first + second <= 30; second++)
			check_chain(bytes, (uint32_t[]){first, second, 30 - first - second, 0}, 4, 30);
	}
}

static void test_long_random_chains(void **state)
{
	struct random random = {5};
	uint8_t bytes[1600];

	(void)state;
	fill(&random, bytes, sizeof(bytes));
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t length[5], total = 0;

		for (uint32_t k = 0; k < 5; k++)
			total += length[k] = random_below(&random, 320);
		check_chain(bytes, length, 5, total);
	}
}

static void test_pseudo_header(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct ip source = test_ip(ipv6, 0xfe), destination = test_ip(ipv6, 0x77);
		struct bytes plainly = {0};

		put_bytes(&plainly, source.byte + (ipv6 ? 0 : 12), ipv6 ? 16 : 4);
		put_bytes(&plainly, destination.byte + (ipv6 ? 0 : 12), ipv6 ? 16 : 4);
		put_32(&plainly, 0xfedc);
		put_32(&plainly, 6);
		assert_int_equal(stored(checksum_finish(checksum_add_pseudo(0, &source, &destination, 6, 0xfedc))),
				 plain(plainly.at, plainly.count));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths_and_alignments),
		cmocka_unit_test(test_all_ones_and_large),
		cmocka_unit_test(test_sums_chain),
		cmocka_unit_test(test_folds),
		cmocka_unit_test(test_twenty_bytes),
		cmocka_unit_test(test_verifies),
		cmocka_unit_test(test_chains_at_every_split),
		cmocka_unit_test(test_long_random_chains),
		cmocka_unit_test(test_pseudo_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
