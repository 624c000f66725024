/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN-SENT (RFC 9293 section 3.10.7.3), the simultaneous open that leads through SYN-RECEIVED, and what two SYNs agree on.
 */
#include "lib/core/rtt.h"
#include "lib/core/segment.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

static struct sluice_config config_with_options(void)
{
	struct sluice_config config = scene_config();

	config.timestamps = config.sack = true;
	config.window_shift = 7;
	return config;
}

static void test_syn_ack_opens(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn;
		struct sluice_event event;

		scene->side.ipv6 = family;
		conn = syn_sent(scene);
		arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1000, .window = 5000});
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 32768});
		expect_nothing(scene);
		event = hears(scene, SLUICE_OPENED);
		assert_ptr_equal(event.context, scene);
		assert_int_equal(event.listener, SLUICE_NO_LISTENER);
		assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
		assert_int_equal(conn->snd_wnd_bytes, 5000);
		assert_int_equal(conn->mss_bytes, 1000);
		assert_int_equal(counted(scene, active_opens), 1);
		passes_ms(scene, 5000); /* the SYN is acknowledged: nothing is repeated */
		expect_nothing(scene);
		scene_free(scene);
	}
}

/* First step: an ACK of anything but our SYN is answered <SEQ=SEG.ACK><CTL=RST>, and the opening goes on. */
static void test_unacceptable_ack(void **state)
{
	static const uint32_t ack[] = {0, 2, 0x80000000, 0xffffffff};
	struct scene *scene = scene_new(NULL);

	(void)state;
	syn_sent(scene);
	for (uint32_t i = 0; i < sizeof(ack) / sizeof(ack[0]); i++) {
		arrives(scene, (struct segment){.seq = 7, .ack = ack[i], .flags = TCP_ACK});
		expect(scene, {.seq = ack[i], .flags = TCP_RST});
		arrives(scene, (struct segment){.seq = 7, .ack = ack[i], .flags = TCP_SYN | TCP_ACK});
		expect(scene, {.seq = ack[i], .flags = TCP_RST});
		arrives(scene, (struct segment){.seq = 7, .ack = ack[i], .flags = TCP_RST | TCP_ACK});
		expect_nothing(scene);
	}
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_syn_sent_ack), 12);
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK});
	hears(scene, SLUICE_OPENED);
	scene_free(scene);
}

/* Second step: RST counts only with an acceptable ACK, whatever its sequence. */
static void test_rst(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	syn_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_RST});
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_rst), 1);
	arrives(scene, (struct segment){.seq = 12345, .ack = 1, .flags = TCP_RST | TCP_ACK});
	expect_nothing(scene);
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_REFUSED);
	assert_int_equal(counted(scene, connections_refused), 1);
	scene_free(scene);
}

/* Fifth step: neither SYN nor RST. */
static void test_neither_syn_nor_rst(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	syn_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "text"});
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_FIN});
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_syn_sent_other), 2);
	scene_free(scene);
}

/* "If there are other controls or text in the segment, then continue processing": text and FIN with the SYN-ACK. */
static void test_syn_ack_with_text_and_fin(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = syn_sent(scene);

	(void)state;
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_FIN | TCP_ACK, .text = "220 hello"});
	expect(scene, {.seq = 1, .ack = 11, .flags = TCP_ACK});
	hears(scene, SLUICE_OPENED | SLUICE_READABLE | SLUICE_PEER_CLOSED);
	assert_int_equal(conn->state, SLUICE_STATE_CLOSE_WAIT);
	reads(scene, conn, "220 hello");
	scene_free(scene);
}

/* RFC 7323 section 2.2, 3.2 and RFC 2018: an option holds if both SYNs carry it. */
CLAIMS(RFC2018_2)
static void test_agreed_options(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 8; bits++) {
		bool scale = bits & 1, sack = bits & 2, stamps = bits & 4;
		struct sluice_config config = config_with_options();
		struct scene *scene = scene_new(&config);
		struct tcp_conn *conn = syn_sent(scene);

		arrives(scene, (struct segment){.ack = 1,
						.flags = TCP_SYN | TCP_ACK,
						.mss = 1300,
						.scale = scale ? SCALE(3) : 0,
						.sack_ok = sack,
						.stamped = stamps,
						.tsval = stamps ? 99 : 0,
						.window = 1000});
		expect(scene, {.seq = 1,
			       .ack = 1,
			       .flags = TCP_ACK,
			       .window = scale ? 32768 >> 7 : 32768,
			       .stamped = stamps,
			       .tsecr = stamps ? 99 : 0});
		assert_int_equal(conn->snd_wnd_bytes, 1000); /* of a SYN never scaled */
		assert_int_equal(conn->snd_shift, scale ? 3 : 0);
		assert_int_equal(conn->rcv_shift, scale ? 7 : 0);
		assert_int_equal(!!(conn->flags & CONN_SACK), sack);
		assert_int_equal(!!(conn->flags & CONN_TIMESTAMPS), stamps);
		assert_int_equal(conn->mss_bytes, stamps ? 1288 : 1300);
		arrives(scene, (struct segment){.seq = 1,
						.ack = 1,
						.flags = TCP_ACK,
						.window = 500,
						.stamped = stamps,
						.tsval = stamps ? 100 : 0});
		assert_int_equal(conn->snd_wnd_bytes, scale ? 4000 : 500);
		forget_events(scene);
		scene_free(scene);
	}
}

/* The time from SYN to SYN-ACK is a measurement; if the SYN was sent twice it is none (Karn), and the RTO is 3 s. */
static void test_round_trip_of_syn_rfc6298(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = syn_sent(scene);

	(void)state;
	passes_ms(scene, 100);
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK});
	assert_in_range(conn->srtt_us, 100000, 100001);
	assert_in_range(conn->rttvar_us, 50000, 50001);
	forget_events(scene);
	forget_sent(scene);
	user_abort(scene->tcp, conn);
	turn(scene);
	forget_events(scene);
	forget_sent(scene);
	conn = syn_sent(scene);
	passes_ms(scene, 1100);
	expect(scene, {.flags = TCP_SYN, .mss = 1460, .scale = SCALE(0)});
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK});
	assert_int_equal(conn->srtt_us, 0);
	assert_int_equal(rtt_rto_us(&scene->tcp->config, conn), 3000000);
	scene_free(scene);
}

/* ---- Simultaneous open (figure 8, MUST-10) ---------------------------------------------------------------- */

static struct tcp_conn *crossed(struct scene *scene, struct segment syn)
{
	struct tcp_conn *conn = syn_sent(scene);

	syn.flags = TCP_SYN;
	arrives(scene, syn);
	assert_int_equal(conn->state, SLUICE_STATE_SYN_RECEIVED);
	hears_nothing(scene);
	return conn;
}

/* Our SYN again, with its old number, and an ACK; in it what we offer and the peer's SYN offered too. */
static void test_crossing_syn(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 8; bits++) {
		bool scale = bits & 1, sack = bits & 2, stamps = bits & 4;
		struct sluice_config config = config_with_options();
		struct scene *scene = scene_new(&config);

		crossed(scene, (struct segment){.mss = 1000,
						.scale = scale ? SCALE(3) : 0,
						.sack_ok = sack,
						.stamped = stamps,
						.tsval = stamps ? 99 : 0});
		expect(scene, {.ack = 1,
			       .flags = TCP_SYN | TCP_ACK,
			       .mss = 1460,
			       .window = 32768,
			       .scale = scale ? SCALE(7) : 0,
			       .sack_ok = sack,
			       .stamped = stamps,
			       .tsecr = stamps ? 99 : 0});
		expect_nothing(scene);
		scene_free(scene);
	}
}

/* The peer does the same, and its SYN-ACK opens us though its sequence is taken; a plain ACK does as well. */
CLAIMS(MUST_10)
static void test_crossing_opens(void **state)
{
	(void)state;
	for (uint32_t kind = 0; kind < 2; kind++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = crossed(scene, (struct segment){.mss = 1000});

		forget_sent(scene);
		if (kind == 0)
			arrives(scene,
				(struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1000, .window = 700});
		else
			arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 700});
		assert_int_equal(hears(scene, SLUICE_OPENED).listener, SLUICE_NO_LISTENER);
		assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
		assert_int_equal(conn->snd_wnd_bytes, 700);
		forget_sent(scene);
		assert_int_equal(counted(scene, active_opens), 1);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
		hears(scene, SLUICE_READABLE);
		reads(scene, conn, "hello");
		expect(scene, {.seq = 1, .ack = 6, .flags = TCP_ACK});
		assert_int_equal(sends(scene, conn, "hello", 0), 5);
		forget_asks(scene);
		expect(scene, {.seq = 1, .ack = 6, .flags = TCP_ACK, .text = "hello"});
		scene_free(scene);
	}
}

/* The SYN-ACK is repeated until it is acknowledged. */
static void test_crossing_repeated(void **state)
{
	struct scene *scene = scene_new(NULL);
	uint64_t sent_us, again_us;

	(void)state;
	crossed(scene, (struct segment){.mss = 1000});
	sent_us = expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	for (uint32_t i = 0; i < 4; i++) {
		passes_us(scene, (1000000U << i) + 1000);
		forget_asks(scene);
		again_us = expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
		expect_nothing(scene);
		assert_in_range(again_us - sent_us, 1000000U << i, (1000000U << i) + 1000);
		sent_us = again_us;
	}
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000}); /* the peer's, too: answered at once */
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	hears_nothing(scene);
	scene_free(scene);
}

/* RST at its exact place: an active open was refused; elsewhere it is challenged. */
CLAIMS(MUST_11)
static void test_crossing_rst(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	crossed(scene, (struct segment){.mss = 1000});
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 2, .flags = TCP_RST});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	hears_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_RST});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_REFUSED);
	scene_free(scene);
}

/* An ACK that does not cover our SYN does not open (3.10.7.4, fifth step: SND.UNA < SEG.ACK =< SND.NXT). */
static void test_crossing_wrong_ack(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = crossed(scene, (struct segment){.mss = 1000});

	(void)state;
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .ack = 0, .flags = TCP_ACK});
	assert_int_equal(conn->state, SLUICE_STATE_SYN_RECEIVED);
	hears_nothing(scene);
	scene_free(scene);
}

/* CLOSE in SYN-RECEIVED (3.10.4): the FIN follows once our SYN is acknowledged; only CLOSED is told. */
static void test_crossing_closed(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = crossed(scene, (struct segment){.mss = 1000});

	(void)state;
	forget_sent(scene);
	user_close(scene->tcp, conn);
	turn(scene);
	assert_int_equal(conn->state, SLUICE_STATE_SYN_RECEIVED);
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_CLOSED_LOCALLY);
	scene_free(scene);
}

/* Nothing is told before OPENED: a connection not yet open is not half closed either. */
static void test_crossing_shut_down(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = crossed(scene, (struct segment){.mss = 1000});

	(void)state;
	forget_sent(scene);
	user_shutdown(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	hears(scene, SLUICE_OPENED | SLUICE_READABLE);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_ack_opens),
		cmocka_unit_test(test_unacceptable_ack),
		cmocka_unit_test(test_rst),
		cmocka_unit_test(test_neither_syn_nor_rst),
		cmocka_unit_test(test_syn_ack_with_text_and_fin),
		cmocka_unit_test(test_agreed_options),
		cmocka_unit_test(test_round_trip_of_syn_rfc6298),
		cmocka_unit_test(test_crossing_syn),
		cmocka_unit_test(test_crossing_opens),
		cmocka_unit_test(test_crossing_repeated),
		cmocka_unit_test(test_crossing_rst),
		cmocka_unit_test(test_crossing_wrong_ack),
		cmocka_unit_test(test_crossing_closed),
		cmocka_unit_test(test_crossing_shut_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
