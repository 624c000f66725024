/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The acknowledgment field (RFC 9293 section 3.10.7.4, fifth step): what it frees and tells, which are refused, the send
 * window, duplicates and fast recovery (RFC 5681, 6582), the round trip (RFC 6298), and what follows when our FIN is covered.
 */
#include "lib/core/inflight.h"
#include "lib/core/segment.h"
#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define MSS 1000U

static void acks(struct scene *scene, uint32_t ack)
{
	arrives(scene, (struct segment){.seq = 1, .ack = ack, .flags = TCP_ACK});
}

/* An established connection with `segments` full segments on the way, the first one at 1. */
static struct tcp_conn *sending(struct scene *scene, uint32_t segments)
{
	struct tcp_conn *conn = established(scene);

	assert_int_equal(sends_bytes(scene, conn, segments * MSS, 0), segments * MSS);
	for (uint32_t i = 0; i < segments; i++)
		expect(scene, {.seq = 1 + i * MSS, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	expect_nothing(scene);
	return conn;
}

static void expect_segment(struct scene *scene, uint32_t number)
{
	expect(scene, {.seq = 1 + number * MSS, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
}

/* Across the wrap of our numbers, byte by byte and at once. */
static void test_acknowledged(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 3);

	(void)state;
	acks(scene, 2);
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 1);
	acks(scene, 1 + MSS + 1);
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, MSS);
	assert_int_equal(conn->snd_queued_bytes, 2 * MSS - 1);
	acks(scene, 1 + MSS + 1); /* again: nothing new */
	acks(scene, 1);           /* old */
	hears_nothing(scene);
	acks(scene, 1 + 3 * MSS);
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 2 * MSS - 1);
	assert_int_equal(conn->snd_queued_bytes, 0);
	assert_true(inflight_is_empty(conn));
	assert_int_equal(conn->retransmit_deadline, 0); /* RFC 6298 section 5.2 */
	expect_nothing(scene);
	scene_free(scene);
}

/* "If the ACK acks something not yet sent (SEG.ACK > SND.NXT), then send an ACK, drop the segment". */
CLAIMS(RFC5961_5_2)
static void test_of_what_was_never_sent(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 1);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 2 + MSS, .flags = TCP_ACK, .text = "text"});
	expect(scene, {.seq = 1 + MSS, .ack = 1, .flags = TCP_ACK});
	hears_nothing(scene);
	assert_int_equal(conn->readable_bytes, 0);
	assert_int_equal(counted(scene, drop_tcp_ack_future), 1);
	scene_free(scene);
}

/* RFC 5961 section 5.2: more than MAX.SND.WND before SND.UNA is challenged and dropped; not so old, its text is taken. */
CLAIMS(MAY_12)
static void test_of_long_ago_rfc5961_5_2(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = 4000});

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1U - 4000, .flags = TCP_ACK, .text = "new"});
	assert_int_equal(hears(scene, SLUICE_READABLE).readable_bytes, 3);
	arrives(scene, (struct segment){.seq = 4, .ack = 1U - 4010, .flags = TCP_ACK, .text = "forged"});
	expect(scene, {.seq = 1, .ack = 4, .flags = TCP_ACK});
	hears_nothing(scene);
	assert_int_equal(conn->readable_bytes, 3);
	assert_int_equal(counted(scene, drop_tcp_ack_past), 1);
	scene_free(scene);
}

/* SND.WL1, SND.WL2: a window is taken from a segment not older, by sequence and then by acknowledgment. */
static void test_which_window_is_taken(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 2);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK, .window = 5000, .text = "ab"});
	assert_int_equal(conn->snd_wnd_bytes, 5000);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 6000, .text = "abcd"});
	assert_int_equal(conn->snd_wnd_bytes, 5000); /* an older ACK */
	arrives(scene, (struct segment){.seq = 5, .ack = 1 + MSS, .flags = TCP_ACK, .window = 4000});
	assert_int_equal(conn->snd_wnd_bytes, 4000); /* newer, and smaller: SHLD-15 */
	arrives(scene, (struct segment){.seq = 5, .ack = 1 + MSS, .flags = TCP_ACK, .window = 4500});
	assert_int_equal(conn->snd_wnd_bytes, 4500);
	scene_free(scene);
}

/* A reordered ACK must not reopen a window that was shut since. */
static void test_older_segment_says_nothing(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 9000, .text = "abcdef"});
	arrives(scene, (struct segment){.seq = 7, .ack = 1, .flags = TCP_ACK, .window = 100});
	arrives(scene, (struct segment){.seq = 3, .ack = 1, .flags = TCP_ACK, .window = 8000, .text = "cdefgh"});
	assert_int_equal(conn->snd_wnd_bytes, 8000); /* its new text lies at 7: not older */
	arrives(scene, (struct segment){.seq = 9, .ack = 1, .flags = TCP_ACK, .window = 100, .text = "ij"});
	arrives(scene, (struct segment){.seq = 8, .ack = 1, .flags = TCP_ACK, .window = 7000});
	assert_int_equal(conn->snd_wnd_bytes, 100);
	scene_free(scene);
}

/* The window opens: what waited goes. */
static void test_window_opens(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = 2 * MSS});

	(void)state;
	sends_bytes(scene, conn, 5 * MSS, 0);
	expect_segment(scene, 0);
	expect_segment(scene, 1);
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK, .window = 3 * MSS});
	expect_segment(scene, 2);
	expect_segment(scene, 3);
	expect_nothing(scene);
	scene_free(scene);
}

/* WRITABLE once, after a short send, when there is room. */
static void test_writable(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.send_queue_bytes = 2048;
	scene = scene_new(&config);
	conn = established(scene);
	assert_int_equal(sends_bytes(scene, conn, 3000, 0), 2048);
	forget_sent(scene);
	acks(scene, 1 + 1000);
	assert_int_equal(hears(scene, SLUICE_ACKED | SLUICE_WRITABLE).acked_bytes, 1000);
	acks(scene, 1 + 2048);
	hears(scene, SLUICE_ACKED);
	scene_free(scene);
}

/* ---- Duplicates and fast recovery ------------------------------------------------------------------------- */

/*
 * RFC 5681 section 3.2, RFC 3042, RFC 6582, RFC 9937: two duplicates let a new segment go each, the third has one sent again; the
 * window comes down to its half over a round trip, one segment out for two that arrived; an ACK of a part has the next hole sent.
 */
CLAIMS(RFC5681_3_2)
static void test_fast_recovery_rfc6582(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.chunks_large = 16;
	scene = scene_new(&config);
	conn = sending(scene, 10);
	sends_bytes(scene, conn, 10 * MSS, 0); /* waits for the window: 10 segments at first */
	expect_nothing(scene);
	for (uint32_t i = 0; i < 2; i++) {
		acks(scene, 1);
		expect_segment(scene, 10 + i);
		expect_nothing(scene);
		assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	}
	acks(scene, 1);
	expect_segment(scene, 0);
	expect_nothing(scene);
	assert_int_equal(conn->ssthresh_bytes, 5 * MSS); /* of the window, not of what went beyond it */
	for (uint32_t i = 4; i <= 8; i++) {
		acks(scene, 1);
		if (i == 6)
			expect_segment(scene, 12); /* and then what is on the way has come down to the target */
		expect_nothing(scene);
	}
	acks(scene, 1 + 3 * MSS); /* partial: the next hole, at once */
	expect_segment(scene, 3);
	expect_segment(scene, 13);
	expect_nothing(scene);
	hears(scene, SLUICE_ACKED);
	assert_true(conn->flags & CONN_RECOVERY);
	forget_sent(scene);
	acks(scene, 1 + 12 * MSS); /* all that was out when it began */
	assert_false(conn->flags & CONN_RECOVERY);
	assert_int_equal(conn->cwnd_bytes, 5 * MSS);
	assert_int_equal(counted(scene, recoveries_fast), 1);
	assert_int_equal(counted(scene, retransmits_fast), 2);
	assert_int_equal(counted(scene, acks_duplicate), 8);
	scene_free(scene);
}

/* RFC 5681 section 2: five conditions; what fails one is no duplicate. */
static void test_no_duplicates(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	uint32_t next = 1;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		acks(scene, 1); /* nothing is outstanding */
	sends_bytes(scene, conn, 4 * MSS, 0);
	forget_sent(scene);
	for (uint32_t i = 0; i < 4; i++, next += 2) /* with text */
		arrives(scene, (struct segment){.seq = next, .ack = 1, .flags = TCP_ACK, .bytes = 2});
	for (uint32_t i = 0; i < 4; i++) /* with a new window */
		arrives(scene, (struct segment){.seq = next, .ack = 1, .flags = TCP_ACK, .window = 60000 + i});
	acks(scene, 0); /* older */
	assert_int_equal(counted(scene, acks_duplicate), 0);
	assert_int_equal(counted(scene, recoveries_fast), 0);
	scene_free(scene);
}

/* RFC 6582 section 3.2 step 1: duplicates of what a timeout or a recovery has sent again begin no other one. */
CLAIMS(RFC6582_4)
static void test_no_second_recovery_rfc6582(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 5);

	(void)state;
	passes_ms(scene, 1100); /* the RTO */
	expect_segment(scene, 0);
	expect_nothing(scene);
	for (uint32_t i = 0; i < 5; i++)
		acks(scene, 1);
	expect_nothing(scene);
	assert_int_equal(counted(scene, recoveries_fast), 0);
	assert_int_equal(conn->cwnd_bytes, MSS);
	acks(scene, 1 + MSS);
	for (uint32_t i = 0; i < 5; i++)
		acks(scene, 1 + MSS);
	assert_int_equal(counted(scene, recoveries_fast), 0);
	acks(scene, 1 + 5 * MSS);
	forget_sent(scene);
	conn->cwnd_bytes = 10 * MSS;
	sends_bytes(scene, conn, 5 * MSS, 0);
	for (uint32_t i = 0; i < 3; i++)
		acks(scene, 1 + 5 * MSS); /* "covers more than recover": not yet */
	assert_int_equal(counted(scene, recoveries_fast), 0);
	acks(scene, 1 + 6 * MSS);
	for (uint32_t i = 0; i < 3; i++)
		acks(scene, 1 + 6 * MSS);
	assert_int_equal(counted(scene, recoveries_fast), 1);
	scene_free(scene);
}

/* RFC 5681 section 3.1: slow start by what was acknowledged, only while the window is what holds us back. */
CLAIMS(MUST_19)
static void test_slow_start(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 10);

	(void)state;
	assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	acks(scene, 1 + 2 * MSS);
	assert_int_equal(conn->cwnd_bytes, 12 * MSS);
	acks(scene, 1 + 10 * MSS);
	assert_int_equal(conn->cwnd_bytes, 20 * MSS);
	sends_bytes(scene, conn, 2 * MSS, 0);
	acks(scene, 1 + 12 * MSS);
	assert_int_equal(conn->cwnd_bytes, 20 * MSS); /* it was not in use */
	scene_free(scene);
}

/* ---- The round trip ---------------------------------------------------------------------------------------- */

CLAIMS(MUST_18)
static void test_round_trip_rfc6298(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 1);

	(void)state;
	passes_ms(scene, 80);
	acks(scene, 1 + MSS);
	assert_in_range(conn->srtt_us, 80000, 80001);
	sends_bytes(scene, conn, MSS, 0);
	passes_ms(scene, 160);
	acks(scene, 1 + 2 * MSS);
	assert_in_range(conn->srtt_us, 90000 - 8, 90000 + 8);
	scene_free(scene);
}

/* Section 3, Karn: the ACK of what was sent twice says nothing of time, neither after a timeout nor in recovery. */
CLAIMS(RFC6298_3)
static void test_karn_rfc6298_3(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 5);

	(void)state;
	passes_ms(scene, 1100);
	expect_segment(scene, 0);
	passes_ms(scene, 30);
	acks(scene, 1 + MSS);
	assert_int_equal(conn->srtt_us, 0);
	scene_free(scene);
}

/* Section 5.5 and the note at its end: a doubled RTO stays doubled until something sent once was acknowledged.  Or a path slower
 * than the RTO would be sent everything twice for ever. */
static void test_backoff_until_measured_rfc6298_5(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = sending(scene, 1);

	(void)state;
	passes_ms(scene, 1500); /* the RTO is 1 s, the path takes 1.5 s */
	expect_segment(scene, 0);
	acks(scene, 1 + MSS);
	for (uint32_t i = 1; i < 10; i++) {
		sends_bytes(scene, conn, MSS, 0);
		expect_segment(scene, i);
		passes_ms(scene, 1500);
		acks(scene, 1 + (i + 1) * MSS);
		expect_nothing(scene);
	}
	assert_in_range(conn->srtt_us, 1400000, 1600000);
	assert_int_equal(counted(scene, retransmits_timeout), 1);
	scene_free(scene);
}

/* ---- Our FIN ----------------------------------------------------------------------------------------------- */

static void test_fin_acknowledged(void **state)
{
	static const struct {
		enum sluice_state from, to;
	} row[] = {{SLUICE_STATE_FIN_WAIT_1, SLUICE_STATE_FIN_WAIT_2},
		   {SLUICE_STATE_CLOSING, SLUICE_STATE_CLOSED},
		   {SLUICE_STATE_LAST_ACK, SLUICE_STATE_CLOSED}};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, row[i].from);
		uint32_t seq = conn->rcv_nxt.value - PEER_ISS;

		arrives(scene, (struct segment){.seq = seq, .ack = 1, .flags = TCP_ACK}); /* not yet */
		assert_int_equal(conn->state, row[i].from);
		arrives(scene, (struct segment){.seq = seq, .ack = 2, .flags = TCP_ACK});
		expect_nothing(scene);
		if (row[i].to == SLUICE_STATE_CLOSED)
			assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
		hears_nothing(scene); /* a FIN is no byte of the stream */
		assert_int_equal(conn->state, row[i].to);
		assert_int_equal(counted(scene, time_wait_created), row[i].from == SLUICE_STATE_CLOSING);
		scene_free(scene);
	}
}

/* The ACK of all text but not of the FIN closes nothing. */
static void test_text_before_fin_acknowledged(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends(scene, conn, "last words", SLUICE_SEND_FIN);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK, .text = "last words"});
	acks(scene, 11);
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 10);
	assert_int_equal(conn->state, SLUICE_STATE_FIN_WAIT_1);
	passes_ms(scene, 1100);
	expect(scene, {.seq = 11, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	acks(scene, 12);
	assert_int_equal(conn->state, SLUICE_STATE_FIN_WAIT_2);
	hears_nothing(scene);
	scene_free(scene);
}

/* Neither a field with its top bit set nor one shifted past 2^29 is taken for a negative number. */
CLAIMS(MUST_1, REC_1)
static void test_window_is_unsigned(void **state)
{
	struct sluice_config config = scene_config();
	struct sluice_conn_info info;
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	for (uint32_t shift = 0; shift <= 14; shift += 14) {
		config.window_shift = shift ? 8 : 0;
		scene = scene_new(&config);
		conn = established_by(scene, (struct segment){.mss = 1000, .scale = shift ? SCALE(14) : 0});
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 65535});
		user_info(scene->tcp, conn, &info);
		assert_int_equal(info.send_window_bytes, 65535U << shift);
		arrives(scene,
			(struct segment){.seq = 1, .ack = 1U - (40000U << shift), .flags = TCP_ACK, .text = "x"});
		hears(scene, SLUICE_READABLE); /* an ACK as old as the window is wide is still one */
		scene_free(scene);
	}
}

/* RFC 5681 section 3.1: a window that was put to use grows by all of what was, its last ACKs included; half of one does not. */
static void test_growth_of_a_used_window(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 5 * MSS, 0);
	acks(scene, 1 + 2 * MSS);
	assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	acks(scene, 1 + 5 * MSS);
	assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	sends_bytes(scene, conn, 10 * MSS, 0);
	for (uint32_t i = 1; i <= 5; i++) {
		acks(scene, 1 + (5 + 2 * i) * MSS);
		assert_int_equal(conn->cwnd_bytes, (10 + 2 * i) * MSS);
	}
	scene_free(scene);
}

/* What duplicates told of has made room for others then; the ACK that covers it is no news of it. */
static void test_growth_by_news(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 10 * MSS, 0);
	acks(scene, 1);
	acks(scene, 1);
	acks(scene, 1 + 3 * MSS); /* the one that was missing, and the two */
	assert_int_equal(conn->cwnd_bytes, 11 * MSS);
	acks(scene, 1 + 5 * MSS);
	assert_int_equal(conn->cwnd_bytes, 13 * MSS);
	scene_free(scene);
}

/* RFC 5961 section 5.2: the oldest ACK that is let pass is SND.UNA - MAX.SND.WND, to the octet. */
static void test_oldest_acknowledgment(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = 1000});

	(void)state;
	for (uint32_t i = 1; i <= 2; i++) {
		sends_bytes(scene, conn, MSS, 0);
		arrives(scene, (struct segment){.seq = 1, .ack = 1 + i * MSS, .flags = TCP_ACK, .window = 1000});
	}
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK, .window = 1000});
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = MSS, .flags = TCP_ACK, .window = 1000});
	expect(scene, {.seq = 1 + 2 * MSS, .ack = 1, .flags = TCP_ACK});
	assert_int_equal(counted(scene, drop_tcp_ack_past), 1);
	scene_free(scene);
}

/* RFC 8985 section 6.2: three are reported out of a burst, and what left before them is lost: at once, not with the next tick. */
static void test_sack_finds_a_burst_s_losses_at_once(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.sack = true;
	config.congestion = SLUICE_CONGESTION_CUBIC; /* whose window lets both out */
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.mss = 1000, .sack_ok = true});
	sends_bytes(scene, conn, 10000, 0);
	forget_sent(scene);
	passes_ms(scene, 100);
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .sack = {{2001, 5001}}});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	expect(scene, {.seq = 1001, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acknowledged),
		cmocka_unit_test(test_of_what_was_never_sent),
		cmocka_unit_test(test_of_long_ago_rfc5961_5_2),
		cmocka_unit_test(test_which_window_is_taken),
		cmocka_unit_test(test_older_segment_says_nothing),
		cmocka_unit_test(test_window_opens),
		cmocka_unit_test(test_writable),
		cmocka_unit_test(test_fast_recovery_rfc6582),
		cmocka_unit_test(test_no_duplicates),
		cmocka_unit_test(test_no_second_recovery_rfc6582),
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_round_trip_rfc6298),
		cmocka_unit_test(test_karn_rfc6298_3),
		cmocka_unit_test(test_backoff_until_measured_rfc6298_5),
		cmocka_unit_test(test_fin_acknowledged),
		cmocka_unit_test(test_text_before_fin_acknowledged),
		cmocka_unit_test(test_window_is_unsigned),
		cmocka_unit_test(test_growth_of_a_used_window),
		cmocka_unit_test(test_growth_by_news),
		cmocka_unit_test(test_oldest_acknowledgment),
		cmocka_unit_test(test_sack_finds_a_burst_s_losses_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
