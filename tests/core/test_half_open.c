/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN-RECEIVED of a passive open (RFC 9293 section 3.10.7.4): what the SYN-ACK says, how long it is repeated, which segment opens
 * the connection and which are refused, and what happens when entries or connections run out.
 */
#include "lib/core/half_open.h"

#include "tests/claims/claims.h"
#include "tests/core/syn.h"

static struct scene *scene_listening(const struct sluice_config *config)
{
	struct scene *scene = scene_new(config);

	listens(scene);
	return scene;
}

/* RFC 7323 section 2.2 and 3.2, RFC 2018 section 2: we offer what the SYN offered, if the configuration has it. */
CLAIMS(MAY_3)
static void test_syn_ack_answers_options(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 64; bits++) {
		bool scale = bits & 1, sack = bits & 2, stamps = bits & 4, we_sack = bits & 8, we_stamp = bits & 16;
		struct sluice_config config = scene_config();
		struct scene *scene;

		config.sack = we_sack;
		config.timestamps = we_stamp;
		config.window_shift = 6;
		scene = scene_listening(&config);
		scene->side.ipv6 = bits & 32;
		arrives(scene, (struct segment){.flags = TCP_SYN,
						.mss = 1300,
						.scale = scale ? SCALE(9) : 0,
						.sack_ok = sack,
						.stamped = stamps,
						.tsval = stamps ? 777 : 0});
		expect(scene, {.ack = 1,
			       .flags = TCP_SYN | TCP_ACK,
			       .mss = bits & 32 ? 1440 : 1460,
			       .window = 32768,
			       .scale = scale ? SCALE(6) : 0,
			       .sack_ok = sack && we_sack,
			       .stamped = stamps && we_stamp,
			       .tsecr = stamps && we_stamp ? 777 : 0});
		expect_nothing(scene);
		scene_free(scene);
	}
}

/* What was agreed holds for the connection: MUST-15 for a SYN without MSS, and the floor under a tiny one. */
static void test_connection_as_agreed(void **state)
{
	static const struct {
		bool ipv6;
		uint16_t offered, used;
	} row[] = {{false, 0, 536},     {true, 0, 1220},    {false, 1400, 1400},
		   {false, 9000, 1460}, {true, 9000, 1440}, {false, 1, 216}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn;

		scene->side.ipv6 = row[i].ipv6;
		conn = established_by(scene, (struct segment){.mss = row[i].offered});
		assert_int_equal(conn->mss_bytes, row[i].used);
		assert_int_equal(conn->snd_shift + conn->rcv_shift, 0);
		assert_int_equal(conn->snd_wnd_bytes, 65535);
		scene_free(scene);
	}
}

/* The window of the SYN is not scaled, that of the ACK is; a shift beyond 14 is taken as 14 (RFC 7323 section 2.2, 2.3). */
CLAIMS(RFC7323_2_3)
static void test_scales(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.window_shift = 5;
	config.timestamps = true;
	scene = scene_new(&config);
	conn = established_by(
		scene, (struct segment){.mss = 1200, .scale = SCALE(15), .window = 60000, .stamped = true, .tsval = 5});
	assert_int_equal(conn->snd_shift, 14);
	assert_int_equal(conn->rcv_shift, 5);
	assert_int_equal(conn->snd_wnd_bytes, 1U << 14 << 0); /* 60000 >> 15 is 1 */
	assert_int_equal(conn->mss_bytes, 1200 - 12);
	assert_int_equal(conn->ts_recent, 5);
	scene_free(scene);
}

CLAIMS(MUST_45)
static void test_ack_opens(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_listening(NULL);
		struct tcp_conn *conn;

		comes_from(scene, 4000, family);
		arrives(scene, plain_ack());
		conn = opens(scene, 0);
		expect_nothing(scene);
		assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
		assert_int_equal(conn->listener, 0);
		assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
		assert_int_equal(counted(scene, half_open_completed), 1);
		assert_int_equal(counted(scene, passive_opens), 1);
		scene_free(scene);
	}
}

/* Text and FIN that come with the ACK are taken with it. */
static void test_ack_with_text_and_fin(void **state)
{
	struct scene *scene = scene_listening(NULL);
	struct tcp_conn *conn;

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK, .text = "GET /"});
	conn = opens(scene, SLUICE_READABLE | SLUICE_PEER_CLOSED);
	expect(scene, {.seq = 1, .ack = 7, .flags = TCP_ACK});
	assert_int_equal(conn->state, SLUICE_STATE_CLOSE_WAIT);
	reads(scene, conn, "GET /");
	scene_free(scene);
}

/* The ACK was lost and text comes first: it acknowledges as well. */
static void test_later_text_opens(void **state)
{
	struct scene *scene = scene_listening(NULL);
	struct tcp_conn *conn;

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 6, .ack = 1, .flags = TCP_ACK, .text = "second"});
	conn = opens(scene, 0);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "first"});
	hears(scene, SLUICE_READABLE);
	reads(scene, conn, "firstsecond");
	scene_free(scene);
}

/* Fifth step: "if the segment acknowledgment is not acceptable, form <SEQ=SEG.ACK><CTL=RST>"; the entry stays. */
static void test_wrong_ack(void **state)
{
	struct scene *scene = scene_listening(NULL);

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	expect(scene, {.seq = 2, .flags = TCP_RST});
	arrives(scene, (struct segment){.seq = 1, .ack = 0, .flags = TCP_ACK, .text = "text"});
	expect(scene, {.seq = 0, .flags = TCP_RST});
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_half_open_ack), 2);
	arrives(scene, plain_ack());
	opens(scene, 0);
	scene_free(scene);
}

/* First step: outside the window an acknowledgment is sent; without ACK the segment is dropped. */
static void test_outside_the_window(void **state)
{
	struct scene *scene = scene_listening(NULL);

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 1 + 32768, .ack = 1, .flags = TCP_ACK});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 32768});
	arrives(scene, (struct segment){.seq = 0, .ack = 1, .flags = TCP_ACK});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .text = "text"});
	expect_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_half_open_other), 3);
	assert_int_equal(counted(scene, challenge_acks), 2);
	arrives(scene, (struct segment){.seq = 32768, .ack = 1, .flags = TCP_ACK});
	opens(scene, 0);
	scene_free(scene);
}

static void test_syn_again(void **state)
{
	struct scene *scene = scene_listening(NULL);

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.flags = TCP_SYN});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	arrives(scene, (struct segment){.seq = 5, .flags = TCP_SYN}); /* RFC 5961 section 4 */
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	arrives(scene, (struct segment){.seq = 0, .ack = 1, .flags = TCP_SYN | TCP_ACK});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	expect_nothing(scene);
	assert_int_equal(counted(scene, half_open_created), 1);
	assert_int_equal(counted(scene, syns_received), 1);
	scene_free(scene);
}

/* Second step, RFC 5961 section 3.2: exact, in the window, outside of it. */
CLAIMS(MUST_11)
static void test_rst(void **state)
{
	struct scene *scene = scene_listening(NULL);

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 0, .flags = TCP_RST});
	arrives(scene, (struct segment){.seq = 1 + 32768, .flags = TCP_RST});
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 2, .flags = TCP_RST});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_RST});
	expect_nothing(scene);
	hears_nothing(scene); /* MUST-12: back to LISTEN, and the user is not told */
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	assert_int_equal(counted(scene, half_open_reset), 1);
	comes_from(scene, 4000, false);
	scene_free(scene);
}

/* With timestamps agreed, an ACK without one opens nothing, silently (RFC 7323 section 3.2); an older one is answered (5.3). */
static void test_paws(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.timestamps = true;
	scene = scene_listening(&config);
	arrives(scene, (struct segment){.flags = TCP_SYN, .stamped = true, .tsval = 2});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460, .stamped = true, .tsecr = 2});
	arrives(scene, plain_ack());
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsval = 0xfffffff0});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsecr = 2});
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_paws), 2);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsval = 2});
	opens(scene, 0);
	scene_free(scene);
}

/* After 1, 2, 4, 8 s, and 16 s after the fifth it is forgotten. */
static void test_repeated_and_given_up(void **state)
{
	struct scene *scene = scene_listening(NULL);
	uint64_t sent_us = scene->tcp->now_ns / 1000;

	(void)state;
	comes_from(scene, 4000, true);
	for (uint32_t i = 0; i < HALF_OPEN_ATTEMPTS_MAX - 1; i++) {
		uint64_t again_us;

		passes_us(scene, (1000000U << i) + 40000);
		again_us = expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1440});
		expect_nothing(scene);
		assert_in_range(again_us - sent_us, 1000000U << i, (1000000U << i) + 32000);
		sent_us = again_us;
	}
	passes_ms(scene, 15900 - 40);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
	passes_ms(scene, 200);
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	assert_int_equal(counted(scene, half_open_expired), 1);
	assert_int_equal(counted(scene, retransmits_syn), 4);
	scene_free(scene);
}

/* RFC 6298 section 5.7: a SYN-ACK sent twice makes the first RTO 3 s. */
static void test_syn_ack_was_lost(void **state)
{
	struct scene *scene = scene_listening(NULL);
	struct tcp_conn *conn;
	uint64_t sent_us, again_us;

	(void)state;
	comes_from(scene, 4000, false);
	passes_ms(scene, 1100);
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	arrives(scene, plain_ack());
	conn = opens(scene, 0);
	sends(scene, conn, "hello", 0);
	sent_us = expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	passes_ms(scene, 3100);
	again_us = expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	assert_in_range(again_us - sent_us, 3000000, 3002000);
	scene_free(scene);
}

/* RFC 6298 section 2.2: the SYN-ACK's round trip is the first that is measured; Karn: unless it was sent twice. */
static void test_handshake_is_timed(void **state)
{
	(void)state;
	for (uint32_t wait_ms = 1; wait_ms < 900; wait_ms += wait_ms < 40 ? 1 : 111) {
		struct scene *scene = scene_listening(NULL);
		struct sluice_conn_info info;

		passes_us(scene, wait_ms * 777);
		comes_from(scene, 4000, false);
		passes_ms(scene, wait_ms);
		arrives(scene, plain_ack());
		user_info(scene->tcp, opens(scene, 0), &info);
		assert_in_range(info.srtt_us, wait_ms * 1000 - 500, wait_ms * 1000 + 1000);
		assert_int_equal(info.rttvar_us, info.srtt_us / 2);
		scene_free(scene);
	}
}

static void test_handshake_is_not_timed(void **state)
{
	(void)state;
	for (uint32_t is_again = 0; is_again < 2; is_again++) {
		struct scene *scene = scene_listening(NULL);
		struct sluice_conn_info info;

		comes_from(scene, 4000, false);
		if (is_again)
			arrives(scene, (struct segment){.flags = TCP_SYN});
		else
			passes_ms(scene, 1100);
		expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
		arrives(scene, plain_ack());
		user_info(scene->tcp, opens(scene, 0), &info);
		assert_int_equal(info.srtt_us, 0);
		scene_free(scene);
	}
}

/* Without cookies the oldest of the family goes; its late ACK meets a listener, and is reset. */
CLAIMS(RFC4987_3_4)
static void test_evicted(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.cookies = SLUICE_COOKIES_NEVER;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_listening(&config);
		uint32_t count = scene->tcp->config.half_open;
		struct side oldest, second;

		comes_from(scene, 3999, !family);
		comes_from(scene, 4000, family);
		oldest = scene->side;
		passes_ms(scene, 1500); /* sent twice: still the oldest */
		forget_sent(scene);
		comes_from(scene, 4001, family);
		second = scene->side;
		for (uint32_t i = 2; i < count; i++)
			comes_from(scene, (uint16_t)(4000 + i), family);
		assert_int_equal(counted(scene, half_open_evicted), 0);
		comes_from(scene, 5000, family);
		assert_int_equal(counted(scene, half_open_evicted), 1);
		assert_int_equal(half_open_count(&scene->tcp->half_open), count + 1);
		speaks(scene, oldest);
		arrives(scene, plain_ack());
		expect(scene, {.seq = 1, .flags = TCP_RST});
		speaks(scene, second);
		arrives(scene, plain_ack());
		opens(scene, 0);
		scene_free(scene);
	}
}

/* No connection record: the ACK is dropped and the entry stays, until one is free. */
static void test_connections_full(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *first;
	struct side second;

	(void)state;
	config.connections = 1;
	scene = scene_listening(&config);
	comes_from(scene, 4001, false);
	second = scene->side;
	comes_from(scene, 4000, false);
	arrives(scene, plain_ack());
	first = opens(scene, 0);
	speaks(scene, second);
	arrives(scene, plain_ack());
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_connections_full), 1);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
	user_abort(scene->tcp, first);
	turn(scene);
	forget_sent(scene);
	hears(scene, SLUICE_CLOSED);
	arrives(scene, plain_ack());
	opens(scene, 0);
	scene_free(scene);
}

/* No packet for the SYN-ACK: the entry waits for the retransmission. */
static void test_stash_empty(void **state)
{
	struct scene *scene = scene_listening(NULL);

	(void)state;
	scene->stash_packets = 0;
	put(scene, (struct segment){.flags = TCP_SYN});
	assert_int_equal(counted(scene, drop_no_buffer), 1);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
	scene->stash_packets = 16;
	passes_ms(scene, 1100);
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	arrives(scene, plain_ack());
	opens(scene, 0);
	scene_free(scene);
}

/* Challenges of half-open entries share the limit of RSTs. */
static void test_challenges_are_limited(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.resets_per_second = 3;
	scene = scene_listening(&config);
	comes_from(scene, 4000, false);
	for (uint32_t i = 0; i < 5; i++)
		arrives(scene, (struct segment){.seq = 5, .flags = TCP_SYN});
	assert_int_equal(sent_count(scene), 3);
	assert_int_equal(counted(scene, resets_limited), 2);
	forget_sent(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_ack_answers_options),
		cmocka_unit_test(test_connection_as_agreed),
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_ack_opens),
		cmocka_unit_test(test_ack_with_text_and_fin),
		cmocka_unit_test(test_later_text_opens),
		cmocka_unit_test(test_wrong_ack),
		cmocka_unit_test(test_outside_the_window),
		cmocka_unit_test(test_syn_again),
		cmocka_unit_test(test_rst),
		cmocka_unit_test(test_paws),
		cmocka_unit_test(test_repeated_and_given_up),
		cmocka_unit_test(test_syn_ack_was_lost),
		cmocka_unit_test(test_handshake_is_timed),
		cmocka_unit_test(test_handshake_is_not_timed),
		cmocka_unit_test(test_evicted),
		cmocka_unit_test(test_connections_full),
		cmocka_unit_test(test_stash_empty),
		cmocka_unit_test(test_challenges_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
