/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods: what each frame says to a stack, how it is drawn, and that none can be meant for a network that is not a test's.
 */
#include "tests/flood/flood.h"

#include "tests/flood/attack.h"

#define FRAMES 5000

static const uint8_t flags[FLOOD_KINDS] = {TCP_SYN, TCP_ACK, TCP_RST, TCP_FIN | TCP_ACK};

static struct flood_plan plan_of(bool ipv6)
{
	struct flood_plan plan = {.destination = attack_end(ipv6, 1, 80), .seed = 1, .has_options = true};
	struct sluice_address sources = attack_end(ipv6, 0, 0);

	sources.ip[ipv6 ? 7 : 13] = ipv6 ? 9 : 19;
	memcpy(plan.sources.ip, sources.ip, 16);
	plan.sources.prefix_bits = ipv6 ? 64 : 16;
	memcpy(plan.source_mac, peer_mac.byte, 6);
	memcpy(plan.destination_mac, our_mac.byte, 6);
	return plan;
}

static struct flood flood_of(const struct flood_plan *plan)
{
	struct flood flood;

	assert_true(flood_make(&flood, plan));
	return flood;
}

static struct frame next(struct flood *flood, enum flood_kind kind)
{
	uint8_t bytes[FLOOD_FRAME_BYTES];
	uint32_t count = flood_fill(flood, kind, bytes);

	assert_in_range(count, 54, FLOOD_FRAME_BYTES);
	return read_attack(bytes, count);
}

/* Every kind, family, with options and without: a right segment, from the prefix, to where it was aimed. */
static void test_every_frame_is_right(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4 * FLOOD_KINDS; i++) {
		struct flood_plan plan = plan_of(i & 1);
		struct ip network;
		struct flood flood;

		plan.has_options = i & 2;
		flood = flood_of(&plan);
		memcpy(&network, plan.sources.ip, 16);
		for (uint32_t j = 0; j < FRAMES; j++) {
			struct frame frame = next(&flood, i / 4);

			assert_int_equal(frame.kind, FRAME_TCP);
			assert_int_equal(frame.flags, flags[i / 4]);
			assert_int_equal(frame.ipv6, i & 1);
			assert_true(ip_in_prefix(&frame.tuple.remote, &network, plan.sources.prefix_bits));
			assert_memory_equal(&frame.tuple.local, plan.destination.ip, 16);
			assert_int_equal(frame.tuple.local_port, 80);
			assert_int_not_equal(frame.tuple.remote_port, 0);
			assert_int_equal(frame.text_bytes, 0);
		}
	}
}

static void test_options_of_a_syn(void **state)
{
	struct flood_plan plan = plan_of(false);
	struct flood flood = flood_of(&plan);
	struct frame frame = next(&flood, FLOOD_SYN);

	(void)state;
	assert_int_equal(frame.options.present,
			 TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS | TCP_HAS_WINDOW_SCALE);
	assert_int_equal(frame.options.mss_bytes, 1460);
	assert_int_equal(frame.options.window_shift, 7);
	assert_int_equal(next(&flood, FLOOD_ACK).options.present, TCP_HAS_TIMESTAMPS);
	plan.has_options = false;
	flood = flood_of(&plan);
	assert_int_equal(next(&flood, FLOOD_SYN).options.present, 0);
}

/* Everything that is drawn takes many values: no two frames of a flood are of one connection. */
static void test_everything_is_drawn(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct flood_plan plan = plan_of(ipv6);
		struct flood flood = flood_of(&plan);
		uint64_t seen_seq = 0, seen_ack = 0, seen_tsval = 0, seen_port = 0, seen_host = 0;

		for (uint32_t i = 0; i < 1000; i++) {
			struct frame frame = next(&flood, FLOOD_ACK);

			seen_seq |= UINT64_C(1) << (frame.seq.value >> 26);
			seen_ack |= UINT64_C(1) << (frame.ack.value >> 26);
			seen_tsval |= UINT64_C(1) << (frame.options.tsval >> 26);
			seen_port |= UINT64_C(1) << (frame.tuple.remote_port >> 10);
			seen_host |= UINT64_C(1) << (frame.tuple.remote.byte[14] >> 2);
		}
		assert_true(!~seen_seq && !~seen_ack && !~seen_tsval && !~seen_port && !~seen_host);
	}
}

static void test_a_seed_replays_a_flood(void **state)
{
	struct flood_plan plan = plan_of(true);
	struct flood one = flood_of(&plan), two = flood_of(&plan), other;
	uint32_t same = 0;

	(void)state;
	plan.seed = 2;
	other = flood_of(&plan);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct frame frame = next(&one, i % FLOOD_KINDS);

		assert_int_equal(frame.seq.value, next(&two, i % FLOOD_KINDS).seq.value);
		same += frame.seq.value == next(&other, i % FLOOD_KINDS).seq.value;
	}
	assert_in_range(same, 0, 1);
}

static void test_wrong_sums(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct flood_plan plan = plan_of(ipv6);
		struct flood flood;

		plan.has_wrong_sums = true;
		flood = flood_of(&plan);
		for (uint32_t i = 0; i < FRAMES; i++) {
			struct frame frame = next(&flood, i % FLOOD_KINDS);

			assert_int_equal(frame.kind, FRAME_DROP);
			assert_int_equal(frame.drop, SLUICE_COUNTER_drop_tcp_checksum);
		}
	}
}

/* One address alone, and every address of a host's last bits. */
static void test_prefixes(void **state)
{
	struct flood_plan plan = plan_of(true);
	struct flood flood;
	struct frame last;

	(void)state;
	plan.sources.ip[15] = 77;
	for (uint32_t bits = 48; bits <= 128; bits++) {
		plan.sources.prefix_bits = (uint8_t)bits;
		flood = flood_of(&plan);
		for (uint32_t i = 0; i < 20; i++) {
			struct frame frame = next(&flood, FLOOD_SYN);
			struct ip network;

			memcpy(&network, plan.sources.ip, 16);
			assert_int_equal(frame.kind, FRAME_TCP);
			assert_true(ip_in_prefix(&frame.tuple.remote, &network, plan.sources.prefix_bits));
		}
	}
	last = next(&flood, FLOOD_SYN);
	assert_memory_equal(&last.tuple.remote, plan.sources.ip, 16);
}

static void test_nobody_else_is_flooded(void **state)
{
	static const struct {
		const char *sources, *destination;
	} refused[] = {
		{"192.0.2.0/24", "198.18.0.1:80"},   {"198.19.0.0/16", "192.0.2.1:80"},
		{"198.18.0.0/14", "198.18.0.1:80"},  {"198.20.0.0/16", "198.18.0.1:80"},
		{"2001:2::/47", "[2001:2::1]:80"},   {"2001:2:1::/64", "[2001:2::1]:80"},
		{"2001:2::/48", "[2001:2:1::1]:80"}, {"2001:2::/48", "198.18.0.1:80"},
		{"198.19.0.0/16", "[2001:2::1]:80"}, {"198.19.0.0/16", "198.17.255.255:80"},
		{"2001:db8::/48", "[2001:2::1]:80"},
	};
	struct flood_plan plan = plan_of(false);
	struct flood flood;

	(void)state;
	for (uint32_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(sluice_subnet_parse(refused[i].sources, &plan.sources), 0);
		assert_int_equal(sluice_address_parse(refused[i].destination, &plan.destination), 0);
		assert_false(flood_make(&flood, &plan));
	}
	assert_int_equal(sluice_subnet_parse("198.18.0.0/15", &plan.sources), 0);
	assert_int_equal(sluice_address_parse("198.19.255.255:80", &plan.destination), 0);
	assert_true(flood_make(&flood, &plan));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_frame_is_right),
		cmocka_unit_test(test_options_of_a_syn),
		cmocka_unit_test(test_everything_is_drawn),
		cmocka_unit_test(test_a_seed_replays_a_flood),
		cmocka_unit_test(test_wrong_sums),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_nobody_else_is_flooded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
