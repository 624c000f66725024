/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attacks on a connection: each frame is its peer's to the last bit but for the one thing that hurts.
 */
#include "tests/flood/flood_aim.h"

#include "lib/wire/icmp.h"
#include "tests/flood/attack.h"
#include "tests/sim/forge.h"

#define FRAMES 3000

static struct flood_aim aim_of(bool ipv6, bool has_timestamps)
{
	struct flood_aim aim = {.source = attack_end(ipv6, 2, 4000),
				.destination = attack_end(ipv6, 1, 80),
				.seq = 0xffffff00,
				.ack = 0xfffff000,
				.window_bytes = 60000,
				.inflight_bytes = 30000,
				.has_timestamps = has_timestamps,
				.tsval = 7,
				.tsecr = 9};

	memcpy(aim.source_mac, peer_mac.byte, 6);
	memcpy(aim.destination_mac, our_mac.byte, 6);
	return aim;
}

static void expect_of_connection(const struct frame *frame, const struct flood_aim *aim)
{
	assert_int_equal(frame->kind, FRAME_TCP);
	assert_int_equal(frame->flags, TCP_ACK);
	assert_int_equal(frame->ack.value, aim->ack);
	assert_memory_equal(&frame->tuple.remote, aim->source.ip, 16);
	assert_memory_equal(&frame->tuple.local, aim->destination.ip, 16);
	assert_int_equal(frame->tuple.remote_port, 4000);
	assert_int_equal(frame->tuple.local_port, 80);
	assert_int_equal(!!(frame->options.present & TCP_HAS_TIMESTAMPS), aim->has_timestamps);
}

static void test_tiny_segments(void **state)
{
	struct random random = {1};

	(void)state;
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct flood_aim aim = aim_of(i & 1, i & 2);
		uint8_t bytes[FLOOD_FRAME_BYTES];
		uint32_t count = flood_tiny(&random, &aim, bytes);
		struct frame frame = read_attack(bytes, count);

		expect_of_connection(&frame, &aim);
		assert_int_equal(frame.text_bytes, 1);
		assert_in_range(frame.seq.value - aim.seq, 1, aim.window_bytes - 1);
	}
}

static void test_sack_holes(void **state)
{
	struct random random = {2};

	(void)state;
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct flood_aim aim = aim_of(i & 1, i & 2);
		uint8_t bytes[FLOOD_FRAME_BYTES];
		uint32_t count = flood_sack_holes(&random, &aim, bytes);
		struct frame frame = read_attack(bytes, count);

		expect_of_connection(&frame, &aim);
		assert_int_equal(frame.text_bytes, 0);
		assert_int_equal(frame.options.sack_count, aim.has_timestamps ? 3 : 4);
		for (uint32_t j = 0; j < frame.options.sack_count; j++) {
			const struct tcp_sack_block *block = &frame.options.sack[j];

			assert_int_equal(block->end.value - block->start.value, 1);
			assert_in_range(block->end.value - aim.ack, 2, aim.inflight_bytes);
		}
	}
}

static struct icmp_error error_of(struct random *random, const struct flood_aim *aim, enum flood_quote quote)
{
	uint8_t bytes[FLOOD_FRAME_BYTES];
	uint32_t count = flood_icmp(random, aim, quote, bytes);
	struct rte_mbuf *packet = packet_from_bytes(bytes, count);
	struct icmp_error error;
	struct frame frame;

	frame_parse(packet, &our_rules, &frame);
	assert_int_equal(frame.kind, FRAME_ICMP_ERROR);
	frame.packet = packet;
	error = icmp_error_read(&frame);
	packet_free(packet);
	return error;
}

static void test_icmp_quotes(void **state)
{
	struct random random = {3};
	uint32_t types = 0;

	(void)state;
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct flood_aim aim = aim_of(i & 1, false);
		struct icmp_error error = error_of(&random, &aim, i % 3);
		bool in_flight = error.seq.value - aim.ack < aim.inflight_bytes;

		assert_true(error.is_tcp);
		assert_memory_equal(&error.tuple.local, aim.destination.ip, 16);
		assert_int_equal(error.tuple.local_port, 80);
		assert_memory_equal(&error.tuple.remote, aim.source.ip, 16);
		assert_int_equal(error.tuple.remote_port == 4000, i % 3 != FLOOD_QUOTE_WRONG_TUPLE);
		assert_int_equal(in_flight, i % 3 != FLOOD_QUOTE_WRONG_SEQ);
		types |= 1U << error.type;
	}
	assert_int_equal(types, 1U << 1 | 1U << 2 | 1U << 3 | 1U << 4 | 1U << 11 | 1U << 12);
}

/* A SYN-ACK from the victim to the peer of the aim. */
static uint32_t syn_ack(const struct flood_aim *aim, uint8_t flags, uint8_t *frame)
{
	static const uint8_t options[12] = {2, 4, 5, 180, 4, 2, 1, 1, 1, 3, 3, 8};
	static const uint8_t stamped[16] = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 70, 0, 0, 0, 33};
	struct forged forged = {.source_mac = our_mac.byte,
				.destination_mac = peer_mac.byte,
				.source.port = aim->destination.port,
				.destination.port = aim->source.port,
				.seq = 0xffffffff,
				.ack = 1000,
				.flags = flags,
				.options = aim->has_timestamps ? stamped : options,
				.option_bytes = aim->has_timestamps ? sizeof(stamped) : sizeof(options)};

	memcpy(forged.source.ip, aim->destination.ip, 16);
	memcpy(forged.destination.ip, aim->source.ip, 16);
	return forge_tcp(frame, &forged);
}

static void test_replayed_cookies(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct flood_aim aim = aim_of(i & 1, i & 2);
		uint8_t answer[FLOOD_FRAME_BYTES], bytes[FLOOD_FRAME_BYTES];
		uint32_t count = flood_replay(answer, syn_ack(&aim, TCP_SYN | TCP_ACK, answer), bytes);
		struct frame frame = read_attack(bytes, count);

		aim.ack = 0;
		expect_of_connection(&frame, &aim);
		assert_int_equal(frame.seq.value, 1000);
		if (aim.has_timestamps) {
			assert_int_equal(frame.options.tsval, 34);
			assert_int_equal(frame.options.tsecr, 70);
		}
		assert_int_equal(flood_replay(answer, syn_ack(&aim, TCP_ACK, answer), bytes), 0);
		assert_int_equal(flood_replay(answer, syn_ack(&aim, TCP_SYN | TCP_ACK, answer) - 1, bytes), 0);
	}
}

static void test_nobody_else_is_attacked(void **state)
{
	struct random random = {4};
	struct flood_aim aims[3] = {aim_of(false, false), aim_of(false, true), aim_of(false, false)};
	uint8_t bytes[FLOOD_FRAME_BYTES], answer[FLOOD_FRAME_BYTES];

	(void)state;
	aims[0].source.ip[12] = 10;
	aims[1].destination.ip[13] = 20;
	aims[2].source = attack_end(true, 2, 4000);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(flood_tiny(&random, &aims[i], bytes), 0);
		assert_int_equal(flood_sack_holes(&random, &aims[i], bytes), 0);
		assert_int_equal(flood_icmp(&random, &aims[i], FLOOD_QUOTE_RIGHT, bytes), 0);
		if (i < 2)
			assert_int_equal(flood_replay(answer, syn_ack(&aims[i], TCP_SYN | TCP_ACK, answer), bytes), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiny_segments),
		cmocka_unit_test(test_sack_holes),
		cmocka_unit_test(test_icmp_quotes),
		cmocka_unit_test(test_replayed_cookies),
		cmocka_unit_test(test_nobody_else_is_attacked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
