/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Initial sequence numbers: every cookie is known again while it is fresh and never after, strangers' guesses pass no
 * more often than arithmetic allows, and the numbers of one tuple move on with the clock.
 */
#include "lib/core/cookie.h"

#include "tests/claims/claims.h"
#include "tests/core/instance.h"

#define SECOND_NS 1000000000ULL

static struct tcp_keys keys_of(uint8_t first_byte)
{
	struct sluice_config config = {.secret = {first_byte, 2, 3, 5, 8, 13, [40] = 21, [63] = 34}};
	struct tcp_keys keys;

	cookie_keys(&keys, &config);
	return keys;
}

static struct seq make(const struct tcp_keys *keys, const struct tuple *tuple, struct seq irs, uint64_t now_ns,
		       uint32_t code)
{
	return cookie_make(keys->cookie, tuple, irs, (uint32_t)(now_ns / COOKIE_EPOCH_NS), code);
}

static int check(const struct tcp_keys *keys, const struct tuple *tuple, struct seq irs, uint64_t now_ns,
		 struct seq isn)
{
	return cookie_check(keys->cookie, tuple, irs, (uint32_t)(now_ns / COOKIE_EPOCH_NS), 0, isn);
}

static struct tuple random_tuple(struct random *random)
{
	struct tuple tuple;
	uint64_t part[5];

	for (uint32_t i = 0; i < 5; i++)
		part[i] = random_next(random);
	memcpy(&tuple, part, sizeof(tuple));
	return tuple;
}

/* About 4.5 hours, so that the ten bits of the epoch wrap. */
static uint64_t random_time(struct random *random)
{
	return random_next(random) % (20000 * SECOND_NS);
}

static void test_round_trip(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {1};

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct tuple tuple = random_tuple(&random);
		struct seq irs = seq_of((uint32_t)random_next(&random));
		uint64_t made_ns = random_time(&random);
		uint32_t code = i % COOKIE_CODES_COUNT;
		struct seq isn = make(&keys, &tuple, irs, made_ns, code);

		assert_int_equal(check(&keys, &tuple, irs, made_ns, isn), code);
		assert_int_equal(check(&keys, &tuple, irs, made_ns + COOKIE_EPOCH_NS, isn), code);
		assert_int_equal(check(&keys, &tuple, irs, made_ns + random_next(&random) % COOKIE_EPOCH_NS, isn),
				 code);
	}
}

static void test_expires_after_two_epochs(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {2};

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		struct tuple tuple = random_tuple(&random);
		struct seq irs = seq_of((uint32_t)random_next(&random));
		uint64_t made_ns = random_time(&random), epoch_start_ns = made_ns / COOKIE_EPOCH_NS * COOKIE_EPOCH_NS;
		struct seq isn = make(&keys, &tuple, irs, made_ns, i % COOKIE_CODES_COUNT);
		uint64_t end_ns = epoch_start_ns + 2 * COOKIE_EPOCH_NS;
		uint64_t later_ns = end_ns + random_below(&random, 1022) * COOKIE_EPOCH_NS;

		assert_int_equal(check(&keys, &tuple, irs, end_ns - 1, isn), i % COOKIE_CODES_COUNT);
		assert_int_equal(check(&keys, &tuple, irs, end_ns, isn), COOKIE_NOT_NOW);
		assert_int_equal(check(&keys, &tuple, irs, later_ns, isn), COOKIE_NOT_NOW);
		if (epoch_start_ns > 0)
			assert_int_equal(check(&keys, &tuple, irs, epoch_start_ns - 1, isn), COOKIE_NOT_NOW);
	}
}

/* The epoch's ten bits come round again after 1,024 epochs; the hash must not. */
static void test_does_not_come_round_again(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {3};
	uint32_t passed = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct tuple tuple = random_tuple(&random);
		uint64_t made_ns = random_time(&random);
		struct seq isn = make(&keys, &tuple, seq_of(i), made_ns, 0);

		passed += check(&keys, &tuple, seq_of(i), made_ns + 1024 * COOKIE_EPOCH_NS, isn) >= 0;
	}
	assert_true(passed <= 10); /* 15 bits of them are the epoch's: 3 expected */
}

/*
 * A blind guess must hit one of two epochs' 32 codes, 64 of 2^32 numbers: of 2^24 guesses a quarter of one is expected,
 * and more than 6 has a chance below 10^-8.
 */
static void test_blind_forgeries(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {4};
	struct tuple tuple = random_tuple(&random);
	uint32_t passed = 0;

	(void)state;
	for (uint32_t i = 0; i < 1U << 24; i++) {
		uint64_t guess = random_next(&random);

		tuple.remote_port = (uint16_t)i;
		passed += check(&keys, &tuple, seq_of((uint32_t)(guess >> 32)), 77 * SECOND_NS,
				seq_of((uint32_t)guess)) >= 0;
	}
	assert_true(passed <= 6);
}

/* Whoever has seen one cookie of a tuple knows its front and epoch, and still has 32 of 2^22 per guess. */
static void test_informed_forgeries(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {5};
	struct tuple tuple = random_tuple(&random);
	struct seq seen = make(&keys, &tuple, seq_of(1), 77 * SECOND_NS, 0);
	uint32_t passed = 0;

	(void)state;
	for (uint32_t i = 0; i < 1U << 22; i++)
		passed += check(&keys, &tuple, seq_of(i + 2), 77 * SECOND_NS, seen) >= 0;
	assert_in_range(passed, 5, 80); /* 32 expected */
}

/* Every part of what a cookie was made for counts. */
CLAIMS(MUST_9)
static void test_for_nobody_else(void **state)
{
	struct tcp_keys keys = keys_of(1), other_keys = keys_of(2);
	struct random random = {6};
	uint32_t passed[6] = {0};

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct tuple tuple = random_tuple(&random), changed[4] = {tuple, tuple, tuple, tuple};
		uint64_t now_ns = random_time(&random);
		struct seq irs = seq_of((uint32_t)random_next(&random));
		struct seq isn = make(&keys, &tuple, irs, now_ns, 7);

		changed[0].local.byte[i % 16] ^= 1;
		changed[1].remote.byte[i % 16] ^= 0x80;
		changed[2].local_port ^= 1;
		changed[3].remote_port ^= 0x8000;
		for (uint32_t c = 0; c < 4; c++)
			passed[c] += check(&keys, &changed[c], irs, now_ns, isn) >= 0;
		passed[4] += check(&keys, &tuple, seq_add(irs, 1), now_ns, isn) >= 0;
		passed[5] += check(&other_keys, &tuple, irs, now_ns, isn) >= 0;
	}
	for (uint32_t c = 0; c < 6; c++)
		assert_true(passed[c] <= 4); /* 0.2 expected at most */
}

/* Text of a first flight, which may overtake the segment that returns the cookie, never returns it: wherever IRS wraps. */
static void test_for_no_later_byte(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {8};

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		struct tuple tuple = random_tuple(&random);
		uint64_t now_ns = random_time(&random);
		uint32_t code = random_below(&random, COOKIE_CODES_COUNT);
		struct seq irs = i ? seq_of((uint32_t)random_next(&random)) : seq_of(UINT32_MAX - 9);
		struct seq isn = make(&keys, &tuple, irs, now_ns, code);

		assert_int_equal(check(&keys, &tuple, irs, now_ns, isn), code);
		for (uint32_t on = 1; on <= UINT16_MAX; on++)
			assert_true(check(&keys, &tuple, seq_add(irs, on), now_ns, isn) < 0);
	}
}

/* Nor is what answers so many bytes taken for it, more often than by chance. */
static void test_for_no_later_answer(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {9};
	uint32_t passed = 0;

	(void)state;
	for (uint32_t i = 0; i < 1U << 20; i++) {
		struct tuple tuple = random_tuple(&random);
		struct seq irs = seq_of((uint32_t)random_next(&random));
		struct seq isn = make(&keys, &tuple, irs, 77 * SECOND_NS, i % COOKIE_CODES_COUNT);
		uint32_t on = 1 + i % 200;

		passed += check(&keys, &tuple, seq_add(irs, on), 77 * SECOND_NS,
				seq_add(isn, i % 3 ? on : on * COOKIE_CODES_COUNT)) >= 0;
	}
	assert_in_range(passed, 0, 30); /* 8 expected */
}

/* A later connection of the same tuple, 32 s on or more, starts after the earlier one's number (within half the space). */
CLAIMS(MUST_8)
static void test_never_backwards(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {7};

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct tuple tuple = random_tuple(&random);
		uint64_t first_ns = random_time(&random);
		uint64_t later_ns = first_ns + 32 * SECOND_NS + random_next(&random) % (8000 * SECOND_NS);
		struct seq first = make(&keys, &tuple, seq_of((uint32_t)random_next(&random)), first_ns,
					random_below(&random, COOKIE_CODES_COUNT));
		struct seq later = make(&keys, &tuple, seq_of((uint32_t)random_next(&random)), later_ns,
					random_below(&random, COOKIE_CODES_COUNT));

		assert_true(seq_after(later, first));
	}
}

static void test_keys_differ(void **state)
{
	struct tcp_keys keys = keys_of(1), again = keys_of(1), other = keys_of(2);
	uint64_t word[sizeof(keys) / 8], other_word[sizeof(keys) / 8];

	(void)state;
	assert_memory_equal(&keys, &again, sizeof(keys));
	memcpy(word, &keys, sizeof(keys));
	memcpy(other_word, &other, sizeof(other));
	for (uint32_t i = 0; i < sizeof(keys) / 8; i++) {
		assert_int_not_equal(word[i], other_word[i]);
		for (uint32_t k = 0; k < i; k++)
			assert_int_not_equal(word[i], word[k]);
	}
}

/* Each of the secret's 64 bytes changes every key. */
static void test_keys_depend_on_the_whole_secret(void **state)
{
	struct sluice_config config = {0};
	struct tcp_keys keys, changed;

	(void)state;
	cookie_keys(&keys, &config);
	for (uint32_t i = 0; i < sizeof(config.secret); i++) {
		uint64_t word[sizeof(keys) / 8], changed_word[sizeof(keys) / 8];

		config.secret[i] = 1;
		cookie_keys(&changed, &config);
		config.secret[i] = 0;
		memcpy(word, &keys, sizeof(keys));
		memcpy(changed_word, &changed, sizeof(changed));
		for (uint32_t k = 0; k < sizeof(keys) / 8; k++)
			assert_int_not_equal(word[k], changed_word[k]);
	}
}

/* RFC 6528: one step each 4 µs, and another offset for every tuple. */
CLAIMS(MUST_8, RFC6528_3)
static void test_active_isn(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {8};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct tuple tuple = random_tuple(&random), changed = tuple;
		uint64_t now_ns = random_time(&random) / 4000 * 4000;
		struct seq isn = cookie_active_isn(&keys, &tuple, now_ns);

		assert_int_equal(seq_distance(cookie_active_isn(&keys, &tuple, now_ns + 3999), isn), 0);
		assert_int_equal(seq_distance(cookie_active_isn(&keys, &tuple, now_ns + SECOND_NS), isn), 250000);
		changed.local_port ^= 1;
		assert_false(seq_equal(cookie_active_isn(&keys, &changed, now_ns), isn));
	}
}

/* The timestamp clock belongs to a pair of addresses, whatever the ports. */
static void test_timestamp_offset(void **state)
{
	struct tcp_keys keys = keys_of(1);
	struct random random = {9};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct tuple tuple = random_tuple(&random), changed = tuple;
		uint32_t offset = cookie_timestamp_offset(keys.cookie, &tuple);

		changed.local_port ^= 0x1234;
		changed.remote_port ^= 0x4321;
		assert_int_equal(cookie_timestamp_offset(keys.cookie, &changed), offset);
		changed.remote.byte[i % 16] ^= 1;
		assert_int_not_equal(cookie_timestamp_offset(keys.cookie, &changed), offset);
		changed = tuple;
		changed.local.byte[i % 16] ^= 1;
		assert_int_not_equal(cookie_timestamp_offset(keys.cookie, &changed), offset);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_expires_after_two_epochs),
		cmocka_unit_test(test_does_not_come_round_again),
		cmocka_unit_test(test_blind_forgeries),
		cmocka_unit_test(test_informed_forgeries),
		cmocka_unit_test(test_for_nobody_else),
		cmocka_unit_test(test_for_no_later_byte),
		cmocka_unit_test(test_for_no_later_answer),
		cmocka_unit_test(test_never_backwards),
		cmocka_unit_test(test_keys_differ),
		cmocka_unit_test(test_keys_depend_on_the_whole_secret),
		cmocka_unit_test(test_active_isn),
		cmocka_unit_test(test_timestamp_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
