/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Initial sequence numbers, timestamps and ports as somebody outside sees them, who collects 100,000 of them and has a secret of his
 * own to compare with: nothing follows from what he has (RFC 6528, RFC 6056; CVE-2020-13988 and the like).
 */
#include "lib/core/cookie.h"

#include "tests/core/instance.h"
#include "tests/wire/frames.h"

#define COLLECTED 100000

static struct tcp_keys keys_of(uint8_t seed)
{
	struct tcp_keys keys;
	struct sluice_config config = {0};

	for (uint32_t i = 0; i < sizeof(config.secret); i++)
		config.secret[i] = (uint8_t)(seed + i * 7);
	cookie_keys(&keys, &config);
	return keys;
}

static struct tuple tuple_of(uint32_t number)
{
	struct tuple tuple = {.local = test_ip(false, 1), .remote = test_ip(false, 2), .local_port = 80};

	tuple.remote_port = (uint16_t)(1 + number % 65535);
	tuple.remote.byte[14] = (uint8_t)(number / 65535);
	return tuple;
}

/* Passive or active, at one moment. */
static uint32_t isn(const struct tcp_keys *keys, bool is_active, uint32_t number, uint64_t now_ns)
{
	struct tuple tuple = tuple_of(number);

	return is_active
		       ? cookie_active_isn(keys, &tuple, now_ns).value
		       : cookie_make(keys->cookie, &tuple, seq_of(number * 31), (uint32_t)(now_ns / COOKIE_EPOCH_NS), 0)
				 .value;
}

/* Neighbouring tuples at one moment: each bit is as often set as not, and no difference comes more often than chance has it. */
static void test_isns_of_neighbouring_tuples(void **state)
{
	struct tcp_keys keys = keys_of(1);

	(void)state;
	for (uint32_t is_active = 0; is_active < 2; is_active++) {
		uint32_t set[32] = {0}, differences[256] = {0};
		uint32_t last = isn(&keys, is_active, 0, 77 * COOKIE_EPOCH_NS);

		for (uint32_t i = 1; i <= COLLECTED; i++) {
			uint32_t next = isn(&keys, is_active, i, 77 * COOKIE_EPOCH_NS);

			for (uint32_t bit = 0; bit < 32; bit++)
				set[bit] += next >> bit & 1;
			differences[(next - last) >> 24]++;
			last = next;
		}
		for (uint32_t bit = 0; bit < 32; bit++)
			assert_in_range(set[bit], COLLECTED / 2 - 1000, COLLECTED / 2 + 1000); /* six deviations */
		for (uint32_t i = 0; i < 256; i++)
			assert_in_range(differences[i], COLLECTED / 256 - 130, COLLECTED / 256 + 130);
	}
}

/* One tuple over time: the clock is all that moves it, so that an old segment of it is always behind. */
static void test_isns_of_one_tuple_go_forward(void **state)
{
	struct tcp_keys keys = keys_of(1);
	uint32_t last = isn(&keys, true, 5, 0);

	(void)state;
	for (uint32_t second = 1; second < 3600; second++) {
		uint32_t next = isn(&keys, true, 5, second * 1000000000ULL);

		assert_int_equal(next - last, 250000); /* a tick of 4 us */
		last = next;
	}
}

/* What was collected before a restart, or from another host, says nothing about the next. */
static void test_isns_across_restarts(void **state)
{
	struct tcp_keys one = keys_of(1), two = keys_of(2);

	(void)state;
	for (uint32_t is_active = 0; is_active < 2; is_active++) {
		uint32_t same_difference = 0, difference = isn(&one, is_active, 0, 0) - isn(&two, is_active, 0, 0);

		for (uint32_t i = 1; i <= COLLECTED; i++)
			same_difference +=
				(isn(&one, is_active, i, 0) - isn(&two, is_active, i, 0) - difference + 65536) >> 17 ==
				0;
		assert_in_range(same_difference, 0, 30); /* 3 by chance */
	}
}

/* The offset of timestamps is one for a pair of addresses, and tells neither uptime nor another pair's. */
static void test_timestamp_offsets(void **state)
{
	struct tcp_keys keys = keys_of(1);
	uint32_t set[32] = {0};

	(void)state;
	for (uint32_t i = 0; i < COLLECTED; i++) {
		struct tuple tuple = tuple_of(0);

		tuple.remote.byte[12] = (uint8_t)(i >> 16);
		tuple.remote.byte[13] = (uint8_t)(i >> 8);
		tuple.remote.byte[14] = (uint8_t)i;
		for (uint32_t bit = 0; bit < 32; bit++)
			set[bit] += cookie_timestamp_offset(keys.cookie, &tuple) >> bit & 1;
	}
	for (uint32_t bit = 0; bit < 32; bit++)
		assert_in_range(set[bit], COLLECTED / 2 - 1000, COLLECTED / 2 + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_isns_of_neighbouring_tuples),
		cmocka_unit_test(test_isns_of_one_tuple_go_forward),
		cmocka_unit_test(test_isns_across_restarts),
		cmocka_unit_test(test_timestamp_offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
