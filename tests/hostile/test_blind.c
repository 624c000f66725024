/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An attacker who does not see the connection and guesses: RST, SYN and data at numbers near and far, ICMP about it, floods meant to be
 * counted elsewhere; and two ends made to argue about who is out of step.
 */
#include "tests/core/icmp.h"
#include "tests/hostile/place.h"

#define WINDOW 32768 /* of a fresh scene's connection */

/* CVE-2004-0230: over the whole window and beyond, in steps no larger than an attacker's, only RCV.NXT resets. */
static void test_rst_across_the_window(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	uint32_t answers;

	(void)state;
	for (uint32_t offset = 1; offset < 3 * WINDOW; offset += 97) {
		arrives(stage.scene, (struct segment){.seq = 1 + offset - WINDOW / 2 * (offset & 1), .flags = TCP_RST});
		arrives(stage.scene, (struct segment){.seq = 1 - offset, .ack = 1, .flags = TCP_RST | TCP_ACK});
	}
	hears_nothing(stage.scene);
	answers = sent_with(stage.scene, TCP_ACK);
	assert_in_range(answers, 1, CHALLENGE_ACKS_PER_SECOND);
	still_works(stage.scene, stage.conn);
	stage_free(&stage);
}

/* One less, one more, and with an ACK of anything: a challenge, whose honest answer is an RST at RCV.NXT. */
static void test_rst_next_to_rcv_nxt(void **state)
{
	static const struct segment near[] = {
		{.seq = 0, .flags = TCP_RST},
		{.seq = 2, .flags = TCP_RST},
		{.seq = 2, .ack = 0x80000000U, .flags = TCP_RST | TCP_ACK},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);

		arrives(stage.scene, near[i]);
		if (near[i].seq == 2)
			expect(stage.scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
		expect_nothing(stage.scene);
		still_works(stage.scene, stage.conn);
		arrives(stage.scene, (struct segment){.seq = 5, .flags = TCP_RST});
		assert_int_equal(hears(stage.scene, SLUICE_CLOSED).reason, SLUICE_REASON_RESET);
		stage_free(&stage);
	}
}

/* SYN inside and outside the window, with text, with and without ACK: a challenge, and nothing else (RFC 5961 section 4.2). */
static void test_syn_on_a_connection(void **state)
{
	static const uint32_t offset[] = {0, 1, 100, WINDOW - 1, WINDOW, 0x80000000U, 0xffffffffU};

	(void)state;
	for (uint32_t place = PLACE_ESTABLISHED; place <= PLACE_LAST_ACK; place++) {
		for (uint32_t i = 0; i < 14; i++) {
			struct stage stage = stage_at((enum place)place, NULL);
			uint8_t before = stage.conn->state;
			uint32_t una = stage.conn->snd_una.value;

			arrives(stage.scene, (struct segment){.seq = stage.rcv_nxt + offset[i % 7],
							      .ack = stage.snd_nxt,
							      .flags = i < 7 ? TCP_SYN : TCP_SYN | TCP_ACK,
							      .bytes = 10,
							      .mss = 500});
			assert_int_equal(sent_with(stage.scene, TCP_ACK), 1);
			assert_int_equal(stage.conn->state, before);
			assert_int_equal(stage.conn->snd_una.value, una);
			assert_int_equal(stage.conn->readable_bytes, 0);
			hears_nothing(stage.scene);
			stage_free(&stage);
		}
	}
}

/* RFC 5961 section 5.2: text in the window whose ACK is of the far past or of the future is not taken. */
static void test_data_with_an_impossible_ack(void **state)
{
	static const uint32_t acks[] = {2, 1000, 0x40000000U, 0x7fffffffU, 0x80000001U, 0xc0000000U, 0xfffe0000U};
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);

	(void)state;
	for (uint32_t i = 0; i < sizeof(acks) / sizeof(acks[0]); i++) {
		arrives(stage.scene, (struct segment){.seq = 1, .ack = acks[i], .flags = TCP_ACK, .text = "injected"});
		assert_int_equal(stage.conn->readable_bytes, 0);
	}
	assert_in_range(sent_with(stage.scene, TCP_ACK), 1, CHALLENGE_ACKS_PER_SECOND);
	hears_nothing(stage.scene);
	still_works(stage.scene, stage.conn);
	stage_free(&stage);
}

/* CVE-2016-5696: what one connection's challenges use up, another's do not lack. */
static void test_challenges_tell_nothing_of_another_connection(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	struct side mine = scene->side, other = mine;
	struct tcp_conn *victim;
	uint32_t alone, beside;

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		arrives(scene, (struct segment){.seq = 100, .flags = TCP_RST});
	alone = sent_with(scene, TCP_ACK);
	assert_int_equal(alone, CHALLENGE_ACKS_PER_SECOND);
	other.port = 4001;
	speaks(scene, other);
	victim = established(scene);
	for (uint32_t i = 0; i < 500; i++)
		arrives(scene, (struct segment){.seq = 100, .flags = TCP_RST});
	beside = sent_with(scene, TCP_ACK);
	assert_int_equal(beside, alone);
	still_works(scene, victim);
	speaks(scene, mine);
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* Two ends that each believe the other to be out of step: what one says is answered a few times a second, and not for ever. */
static void test_ack_storm_dies_down(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *one, *two;
	struct tcp_conn *conn;
	uint32_t sent = 0;

	(void)state;
	one = scene_new(&config);
	two = scene_new(&config);
	conn = established(one);
	established(two);
	for (uint32_t i = 0; i < 2000; i++) {
		/* What two acknowledges was never sent by one, and the other way round. */
		arrives(one, (struct segment){.seq = 60000, .ack = 50000, .flags = TCP_ACK});
		arrives(two, (struct segment){.seq = 60000, .ack = 50000, .flags = TCP_ACK});
		sent += sent_with(one, TCP_ACK) + sent_with(two, TCP_ACK);
	}
	assert_int_equal(sent, 2 * CHALLENGE_ACKS_PER_SECOND);
	still_works(one, conn);
	scene_free(one);
	scene_free(two);
}

/* ---- ICMP: RFC 5927 ------------------------------------------------------------------------------------- */

/* Hard errors about a synchronized connection end it in no state, whatever they quote; in flight or not, none is answered. */
static void test_icmp_hard_errors_end_no_connection(void **state)
{
	static const uint8_t codes[] = {0, 1, 2, 3, 5, 6, 9, 10, 13};

	(void)state;
	for (uint32_t place = PLACE_ESTABLISHED; place <= PLACE_LAST_ACK; place++) {
		for (uint32_t i = 0; i < 2 * sizeof(codes); i++) {
			struct stage stage = stage_at((enum place)place, NULL);
			uint32_t una = stage.conn->snd_una.value - stage.scene->side.our_iss;
			uint8_t before = stage.conn->state;

			error_arrives(
				stage.scene,
				{.type = UNREACHABLE, .code = codes[i / 2], .seq = i & 1 ? una : una + 0x1000000});
			assert_int_equal(counted(stage.scene, drop_icmp), 0); /* it was understood */
			assert_int_equal(stage.conn->state, before);
			expect_nothing(stage.scene);
			hears_nothing(stage.scene);
			stage_free(&stage);
		}
	}
}

/* In SYN-SENT only an error that quotes our ISN ends the attempt. */
static void test_icmp_hard_errors_in_syn_sent(void **state)
{
	static const uint8_t codes[] = {2, 3};

	(void)state;
	for (uint32_t i = 0; i < sizeof(codes); i++) {
		struct stage stage = stage_at(PLACE_SYN_SENT, NULL);

		for (uint32_t guess = 1; guess < 100; guess++)
			error_arrives(stage.scene, {.type = UNREACHABLE, .code = codes[i], .seq = guess * 7919});
		hears_nothing(stage.scene);
		assert_int_equal(stage.conn->state, SLUICE_STATE_SYN_SENT);
		passes_ms(stage.scene, 2000); /* limits of a second begin anew */
		error_arrives(stage.scene, {.type = UNREACHABLE, .code = codes[i], .seq = 0});
		hears(stage.scene, SLUICE_CLOSED);
		forget_sent(stage.scene);
		stage_free(&stage);
	}
}

/* CVE-2004-1060: MTUs of 0, 68, 296 and above the port's, about numbers that are not in flight, thousands of them. */
static void test_fragmentation_needed_of_what_is_not_in_flight(void **state)
{
	static const uint16_t mtus[] = {0, 68, 296, 552, 1400, 1500, 9000, 65535};
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	uint16_t mss = stage.conn->mss_bytes;

	(void)state;
	sends_bytes(scene, stage.conn, 3000, 0);
	forget_sent(scene);
	for (uint32_t i = 0; i < 4000; i++)
		error_arrives(scene, {.type = UNREACHABLE, .code = 4, .rest = mtus[i % 8], .seq = 3001 + i * 1048573});
	expect_nothing(scene);
	assert_int_equal(stage.conn->mss_bytes, mss);
	assert_int_equal(counted(scene, drop_icmp_sequence) + counted(scene, drop_icmp_limited), 4000);
	arrives(scene, (struct segment){.seq = 1, .ack = 3001, .flags = TCP_ACK});
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* Even about what is in flight: never below the floor, never above the MTU, no burst of small segments, and it goes on. */
static void test_fragmentation_needed_has_a_floor(void **state)
{
	static const uint16_t mtus[] = {65535, 1, 67, 68, 69, 296, 551, 0};

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
		struct scene *scene = stage.scene;

		sends_bytes(scene, stage.conn, 3000, 0);
		for (uint32_t again = 0; again < 20; again++)
			error_arrives(scene, {.type = UNREACHABLE, .code = 4, .rest = mtus[(i + again) % 8], .seq = 1});
		assert_true(stage.conn->mss_bytes == 552 - 40 || (i == 0 && stage.conn->mss_bytes == 1000));
		assert_true(sent_count(scene) <= 12);
		arrives(scene, (struct segment){.seq = 1, .ack = 3001, .flags = TCP_ACK});
		still_works(scene, stage.conn);
		stage_free(&stage);
	}
}

/* MUST-55: type 4 changes nothing, least of all the congestion window. */
static void test_source_quench(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	uint32_t cwnd = stage.conn->cwnd_bytes;

	(void)state;
	sends_bytes(scene, stage.conn, 3000, 0);
	forget_sent(scene);
	for (uint32_t i = 0; i < 100; i++)
		error_arrives(scene, {.type = 4, .seq = 1});
	assert_int_equal(stage.conn->cwnd_bytes, cwnd);
	expect_nothing(scene);
	hears_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 3001, .flags = TCP_ACK});
	still_works(scene, stage.conn);
	stage_free(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_across_the_window),
		cmocka_unit_test(test_rst_next_to_rcv_nxt),
		cmocka_unit_test(test_syn_on_a_connection),
		cmocka_unit_test(test_data_with_an_impossible_ack),
		cmocka_unit_test(test_challenges_tell_nothing_of_another_connection),
		cmocka_unit_test(test_ack_storm_dies_down),
		cmocka_unit_test(test_icmp_hard_errors_end_no_connection),
		cmocka_unit_test(test_icmp_hard_errors_in_syn_sent),
		cmocka_unit_test(test_fragmentation_needed_of_what_is_not_in_flight),
		cmocka_unit_test(test_fragmentation_needed_has_a_floor),
		cmocka_unit_test(test_source_quench),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
