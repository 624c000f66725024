/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loss recovery on the wire: what one ACK lets out (RFC 9937, RFC 6582), when recovery begins and ends, what follows a time-out
 * (RFC 6298, RFC 8985 section 6.3, RFC 5682), and what is undone (RFC 3522, RFC 4015, RFC 3708).  The sums are counted again after
 * every turn (scoreboard.h).
 */
#include "lib/core/recovery.h"

#include "tests/claims/claims.h"
#include "tests/core/loss.h"

/* NewReno, whose threshold is half of what is outstanding. */
#define RENO .congestion = SLUICE_CONGESTION_NEWRENO

/* ---- Proportional rate reduction -------------------------------------------------------------------------- */

/*
 * RFC 9937 section 5: two reports let a new segment go each (RFC 3042), the third begins recovery with a retransmission, whatever the
 * proportion says; from there on one segment leaves for two that arrive, until the window is halved; and that is where it ends.
 */
CLAIMS(RFC6937_3)
static void test_proportional_rfc9937_5(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .queued = 20}, 20);
	uint32_t next = 20;

	(void)state;
	for (uint32_t end = 2; end <= 3; end++) {
		reports(scene, 0, BLOCK(1, end));
		expect_segment(scene, next++);
		expect_nothing(scene);
		assert_int_equal(conn->cwnd_bytes, 20 * MSS);
	}
	reports(scene, 0, BLOCK(1, 4));
	expect_segment(scene, 0);
	expect_nothing(scene);
	assert_int_equal(conn->ssthresh_bytes, 10 * MSS);
	for (uint32_t end = 5; end <= 18; end++) {
		reports(scene, 0, BLOCK(1, end));
		if (end % 2 && end > 5) /* the retransmission was the first half's */
			expect_segment(scene, next++);
		expect_nothing(scene);
	}
	assert_int_equal(path_pipe_bytes(scene->tcp, conn), 11 * MSS);
	reports(scene, 0, BLOCK(1, 19));
	expect_nothing(scene); /* it has come down to the target */
	acks(scene, 22);       /* all that was out when it began */
	assert_false(conn->flags & CONN_RECOVERY);
	assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	assert_int_equal(conn->ssthresh_bytes, 10 * MSS);
	assert_int_equal(counted(scene, recoveries_fast), 1);
	scene_free(scene);
}

/* Section 5, CRB: where more is lost than the window comes down by, what arrives lets as much out; and a segment more with an ACK
 * of something new that tells of no new loss (SSRB). */
CLAIMS(RFC9937_5)
static void test_conservation_and_slow_start_rfc9937_5(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .queued = 20}, 20);

	(void)state;
	reports(scene, 0, BLOCK(17, 20)); /* 17 lost, 3 arrived */
	for (uint32_t i = 0; i < 3; i++)
		expect_segment(scene, i);
	expect_nothing(scene);
	assert_int_equal(conn->ssthresh_bytes, 10 * MSS);
	passes_ms(scene, RTT_MS);
	reports(scene, 1, BLOCK(17, 20));
	expect_segment(scene, 3);
	expect_segment(scene, 4);
	expect_nothing(scene);
	reports(scene, 2, BLOCK(17, 20));
	expect_segment(scene, 5);
	expect_segment(scene, 6);
	expect_nothing(scene);
	scene_free(scene);
}

/* Section 5: never above the threshold that it comes down to. */
static void test_reduction_bound_rfc9937_5(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .queued = 40}, 20);
	uint32_t acked = 0;

	(void)state;
	reports(scene, 0, BLOCK(10, 20)); /* 10 arrive at once */
	assert_int_equal(sent_count(scene), 10);
	for (uint32_t round = 0; conn->flags & CONN_RECOVERY && round < 20; round++) {
		uint32_t out = sent_count(scene);

		forget_sent(scene);
		passes_ms(scene, RTT_MS);
		for (uint32_t i = 0; i < out && acked < 10; i++) {
			acked = acked == 9 ? 20 : acked + 1;
			reports(scene, acked, BLOCK(10, acked < 10 ? 20 : 10));
			assert_true(path_pipe_bytes(scene->tcp, conn) <= 10 * MSS);
		}
	}
	assert_int_equal(acked, 20);
	assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	forget_sent(scene);
	scene_free(scene);
}

/* RFC 6582 section 3.2 without SACK: each partial ACK has the next hole sent, in a round trip each, and the last one ends it. */
CLAIMS(RFC6582_3_2)
static void test_partial_acks_rfc6582_3_2(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .has_no_sack = true}, 10);
	static const uint32_t hole[] = {0, 3, 4, 8};

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		acks(scene, 0); /* 1, 2, 5, 6, 7, 9 arrive */
	expect_segment(scene, 0);
	for (uint32_t i = 1; i < 4; i++) {
		expect_nothing(scene);
		passes_ms(scene, RTT_MS);
		acks(scene, hole[i]);
		expect_segment(scene, hole[i]);
		assert_true(conn->flags & CONN_RECOVERY);
	}
	passes_ms(scene, RTT_MS);
	acks(scene, 10);
	expect_nothing(scene);
	assert_false(conn->flags & CONN_RECOVERY);
	assert_int_equal(conn->cwnd_bytes, 5 * MSS);
	assert_int_equal(counted(scene, retransmits_fast), 4);
	assert_int_equal(counted(scene, retransmits_timeout), 0);
	scene_free(scene);
}

/* ---- Time-outs --------------------------------------------------------------------------------------------- */

/* RFC 8985 section 6.3: lost is the oldest, and what RACK gives up by now; what left only lately is still on the way. */
CLAIMS(RFC8985_6_3)
static void test_time_out_marks_what_is_old_rfc8985_6_3(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO}, 10);

	(void)state;
	acks(scene, 2);
	passes_ms(scene, 210); /* the tail probe, at two round trips */
	expect_segment(scene, 9);
	passes_ms(scene, 280); /* 300 after it comes the time-out */
	sends_bytes(scene, conn, 2 * MSS, 0);
	expect_segment(scene, 10);
	expect_segment(scene, 11);
	passes_ms(scene, 20);
	expect_segment(scene, 2);
	expect_nothing(scene);
	assert_int_equal(counted(scene, recoveries_timeout), 1);
	assert_int_equal(marked(scene, conn, INFLIGHT_LOST), 7); /* 3 to 9 */
	assert_int_equal(path_pipe_bytes(scene->tcp, conn), 3 * MSS);
	assert_int_equal(conn->cwnd_bytes, MSS);
	scene_free(scene);
}

/* RFC 2018 section 8: a peer that took back what it had reported is found out by the time-out, and is sent it again. */
CLAIMS(RFC2018_8)
static void test_reneging_rfc2018_8(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO}, 10);

	(void)state;
	reports(scene, 0, BLOCK(1, 10));
	expect_segment(scene, 0);
	passes_ms(scene, RTT_MS);
	acks(scene, 1); /* and not 10: it has nothing of the rest */
	expect_nothing(scene);
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 9);
	passes_ms(scene, 1000);
	expect_segment(scene, 1);
	assert_int_equal(counted(scene, sacks_reneged), 1);
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 0);
	for (uint32_t i = 2; i < 10; i++) {
		acks(scene, i);
		assert_true(sent_count(scene) > 0);
	}
	acks(scene, 10);
	assert_true(inflight_is_empty(conn));
	forget_sent(scene);
	scene_free(scene);
}

/* ---- F-RTO ------------------------------------------------------------------------------------------------- */

/* The oldest of five has timed out and was sent again; five more wait. */
static struct tcp_conn *timed_out(struct scene **scene, uint32_t queued)
{
	struct tcp_conn *conn =
		loss_flight(scene, (struct loss_setting){RENO, .has_no_sack = true, .queued = queued}, 5);

	passes_ms(*scene, 950);
	expect_segment(*scene, 0);
	expect_nothing(*scene);
	assert_int_equal(conn->cwnd_bytes, MSS);
	return conn;
}

/* RFC 5682 section 2.1, step 3b: two ACKs of what was sent once: the time-out was too early, and what it did is undone. */
CLAIMS(RFC5682_2_1)
static void test_frto_spurious_rfc5682_2_1(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = timed_out(&scene, 5);

	(void)state;
	acks(scene, 1);
	expect_segment(scene, 5);
	expect_segment(scene, 6);
	expect_nothing(scene);
	acks(scene, 2);
	assert_int_equal(counted(scene, recoveries_undone), 1);
	assert_false(conn->flags & CONN_TIMEOUT);
	assert_int_equal(conn->cwnd_bytes, 5 * MSS);
	assert_int_equal(conn->ssthresh_bytes, SSTHRESH_NONE_BYTES);
	for (uint32_t i = 3; i <= 10; i++)
		acks(scene, i);
	assert_int_equal(counted(scene, retransmits_timeout), 1);
	forget_sent(scene);
	scene_free(scene);
}

/* Step 3a: the second ACK is a duplicate: what was sent before is lost, and goes again. */
static void test_frto_lost_rfc5682_2_1(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = timed_out(&scene, 5);

	(void)state;
	acks(scene, 1);
	expect_segment(scene, 5);
	expect_segment(scene, 6);
	acks(scene, 1);
	expect_segment(scene, 1);
	expect_nothing(scene);
	assert_true(conn->cwnd_bytes <= 3 * MSS);
	acks(scene, 1);
	for (uint32_t i = 2; i < 5; i++)
		acks(scene, i);
	assert_int_equal(counted(scene, recoveries_undone), 0);
	assert_int_equal(counted(scene, retransmits_timeout), 5);
	forget_sent(scene);
	scene_free(scene);
}

/* Step 2a: a duplicate, and step 2b with nothing new to send, or no window for it: the conventional way. */
static void test_frto_conventional_rfc5682_2_1(void **state)
{
	(void)state;
	for (uint32_t way = 0; way < 3; way++) {
		struct scene *scene;
		struct tcp_conn *conn = timed_out(&scene, way == 1 ? 0 : 5);

		if (way == 0)
			acks(scene, 0);
		expect_nothing(scene);
		arrives(scene, (struct segment){
				       .seq = 1, .ack = AT(1), .flags = TCP_ACK, .window = way == 2 ? 4 * MSS : 65535});
		expect_segment(scene, 1);
		expect_segment(scene, 2);
		expect_nothing(scene);
		acks(scene, 2);
		acks(scene, 3);
		assert_int_equal(counted(scene, recoveries_undone), 0);
		assert_true(conn->flags & CONN_TIMEOUT);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* Step 2a: an ACK of but a part of what was sent again proves nothing of the originals, nor does the next part. */
static void test_frto_split_ack_rfc5682_2_1(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = timed_out(&scene, 5);

	(void)state;
	for (uint32_t i = 1; i < 4; i++) {
		arrives(scene, (struct segment){.seq = 1, .ack = AT(0) + i * 100, .flags = TCP_ACK});
		expect_nothing(scene);
	}
	acks(scene, 1);
	assert_int_equal(counted(scene, recoveries_undone), 0);
	expect_segment(scene, 1);
	assert_true(conn->cwnd_bytes <= 3 * MSS);
	scene_free(scene);
}

/* Step 1: a second time-out in the same recovery is a time-out, though something was acknowledged between. */
static void test_frto_once_rfc5682_2_1(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = timed_out(&scene, 5);

	(void)state;
	acks(scene, 1);
	expect_segment(scene, 5);
	expect_segment(scene, 6);
	passes_ms(scene, 4000); /* the duplicates are lost, too */
	expect_segment(scene, 1);
	expect_nothing(scene);
	acks(scene, 2);
	expect_segment(scene, 2);
	expect_segment(scene, 3);
	expect_nothing(scene);
	assert_int_equal(counted(scene, recoveries_undone), 0);
	assert_int_equal(conn->ssthresh_bytes, 2 * MSS);
	scene_free(scene);
}

/* Section 3.1: with SACK, a report of what was sent once before the time-out tells the same; one of new text, the opposite. */
CLAIMS(RFC5682_3_1)
static void test_frto_with_sack_rfc5682_3_1(void **state)
{
	(void)state;
	for (uint32_t is_spurious = 0; is_spurious < 2; is_spurious++) {
		struct scene *scene;
		struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .queued = 5}, 5);

		passes_ms(scene, 950);
		expect_segment(scene, 5); /* the tail probe */
		passes_ms(scene, 1000);
		expect_segment(scene, 0);
		acks(scene, 1);
		expect_segment(scene, 6);
		expect_segment(scene, 7);
		expect_nothing(scene);
		if (is_spurious)
			reports(scene, 1, BLOCK(2, 3));
		else
			reports(scene, 1, BLOCK(6, 7));
		assert_int_equal(counted(scene, recoveries_undone), is_spurious);
		assert_int_equal((conn->flags & CONN_TIMEOUT) != 0, !is_spurious);
		if (!is_spurious)
			expect_segment(scene, 1);
		assert_int_equal(counted(scene, retransmits_timeout), is_spurious ? 1 : 2);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* ---- What was spurious --------------------------------------------------------------------------------------- */

static void acks_stamped(struct scene *scene, uint32_t number, uint32_t tsecr)
{
	arrives(scene,
		(struct segment){
			.seq = 1, .ack = AT(number), .flags = TCP_ACK, .stamped = true, .tsval = 9, .tsecr = tsecr});
}

/* RFC 3522 section 3.2, RFC 4015: the ACK that advances echoes a time before the retransmission: window and threshold come back. */
CLAIMS(RFC3522_3_2, RFC4015_3)
static void test_undone_by_timestamps_rfc3522(void **state)
{
	(void)state;
	for (uint32_t is_original = 0; is_original < 2; is_original++) {
		struct scene *scene;
		struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .is_stamped = true}, 10);
		uint32_t tsval;

		arrives(scene, (struct segment){.seq = 1,
						.ack = 1,
						.flags = TCP_ACK,
						.stamped = true,
						.tsval = 9,
						.sack = {BLOCK(3, 7)}});
		assert_true(sent_count(scene) >= 1);
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = MSS, .stamped = true, .tsecr = 9});
		tsval = scene->frame.options.tsval;
		forget_sent(scene);
		passes_ms(scene, 10);
		acks_stamped(scene, 1, is_original ? tsval - RTT_MS : tsval);
		assert_int_equal(counted(scene, recoveries_undone), is_original);
		assert_int_equal((conn->flags & CONN_RECOVERY) != 0, !is_original);
		if (is_original) {
			assert_int_equal(conn->cwnd_bytes, 10 * MSS);
			assert_int_equal(conn->ssthresh_bytes, SSTHRESH_NONE_BYTES);
			assert_int_equal(marked(scene, conn, INFLIGHT_LOST), 0);
		}
		forget_sent(scene);
		scene_free(scene);
	}
}

/* RFC 3708: everything that was sent again is reported as received twice: at once, or when recovery has ended already. */
CLAIMS(RFC3708_3)
static void test_undone_by_dsack_rfc3708(void **state)
{
	(void)state;
	for (uint32_t is_late = 0; is_late < 2; is_late++) {
		struct scene *scene;
		struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO}, 10);

		reports(scene, 0, BLOCK(2, 7));
		expect_segment(scene, 0);
		expect_segment(scene, 1);
		expect_nothing(scene);
		if (is_late)
			acks(scene, 10);
		else
			acks(scene, 7);
		assert_int_equal((conn->flags & CONN_RECOVERY) != 0, !is_late);
		assert_true(conn->cwnd_bytes <= 5 * MSS);
		passes_ms(scene, 1);
		reports(scene, is_late ? 10 : 7, BLOCK(0, 1));
		assert_int_equal(counted(scene, recoveries_undone), 0); /* of two but one */
		reports(scene, is_late ? 10 : 7, BLOCK(1, 2));
		assert_int_equal(counted(scene, recoveries_undone), 1);
		assert_int_equal(conn->cwnd_bytes, 10 * MSS);
		assert_int_equal(conn->ssthresh_bytes, SSTHRESH_NONE_BYTES);
		assert_false(conn->flags & CONN_RECOVERY);
		scene_free(scene);
	}
}

/* What a copy in the network explains undoes nothing once a round trip is over. */
static void test_not_undone_later(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO}, 10);

	(void)state;
	reports(scene, 0, BLOCK(1, 10));
	expect_segment(scene, 0);
	passes_ms(scene, RTT_MS);
	acks(scene, 10);
	for (uint32_t i = 0; i < 3; i++) {
		sends_bytes(scene, conn, 5 * MSS, 0);
		forget_sent(scene);
		passes_ms(scene, RTT_MS);
		acks(scene, 15 + 5 * i);
	}
	reports(scene, 25, BLOCK(24, 25));
	assert_int_equal(counted(scene, dsacks_received), 1);
	assert_int_equal(counted(scene, recoveries_undone), 0);
	assert_int_equal(conn->ssthresh_bytes, 5 * MSS);
	scene_free(scene);
}

/* ---- Sums ---------------------------------------------------------------------------------------------------- */

/* Duplicates count as segments that arrived, never as more than are on the way, whatever is lost: a FIN has its place, too, and a
 * record may be longer than segments are now. */
static void test_duplicates_beyond_count(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	for (uint32_t segments = 1; segments < 4; segments++) {
		conn = loss_flight(&scene, (struct loss_setting){RENO, .has_no_sack = true, .queued = 0}, segments);
		user_shutdown(scene->tcp, conn);
		turn(scene);
		for (uint32_t i = 0; i < 20; i++) {
			acks(scene, 0);
			if (i == 10)
				conn->mss_bytes = 500;
		}
		acks(scene, segments);
		forget_sent(scene);
		scene_free(scene);
	}
	conn = loss_flight(&scene, (struct loss_setting){RENO, .has_no_sack = true}, 0);
	sends(scene, conn, "a", 0);
	sends_bytes(scene, conn, MSS, SLUICE_SEND_FIN); /* one segment with its FIN: longer than a full one by that */
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	for (uint32_t i = 0; i < 20; i++)
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	forget_sent(scene);
	scene_free(scene);
}

/* RFC 8985 section 7.2: a probe is due two round trips after the last news, whatever says the same again meanwhile. */
static void test_probe_is_not_put_off(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){.queued = 0}, 1);
	uint64_t sent_us, probed_us;

	(void)state;
	acks(scene, 1);
	conn->cwnd_bytes = 10 * MSS;
	sends_bytes(scene, conn, 4 * MSS, 0);
	sent_us = expect_segment(scene, 1);
	forget_sent(scene);
	for (uint32_t i = 0; i < 3; i++) {
		passes_ms(scene, 50);
		acks(scene, 1);
		forget_sent(scene);
		expect_nothing(scene);
	}
	passes_ms(scene, 60);
	probed_us = expect_segment(scene, 4);
	assert_in_range(probed_us - sent_us, 200000, 203000);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proportional_rfc9937_5),
		cmocka_unit_test(test_conservation_and_slow_start_rfc9937_5),
		cmocka_unit_test(test_reduction_bound_rfc9937_5),
		cmocka_unit_test(test_partial_acks_rfc6582_3_2),
		cmocka_unit_test(test_time_out_marks_what_is_old_rfc8985_6_3),
		cmocka_unit_test(test_reneging_rfc2018_8),
		cmocka_unit_test(test_frto_spurious_rfc5682_2_1),
		cmocka_unit_test(test_frto_lost_rfc5682_2_1),
		cmocka_unit_test(test_frto_conventional_rfc5682_2_1),
		cmocka_unit_test(test_frto_split_ack_rfc5682_2_1),
		cmocka_unit_test(test_frto_once_rfc5682_2_1),
		cmocka_unit_test(test_frto_with_sack_rfc5682_3_1),
		cmocka_unit_test(test_undone_by_timestamps_rfc3522),
		cmocka_unit_test(test_undone_by_dsack_rfc3708),
		cmocka_unit_test(test_not_undone_later),
		cmocka_unit_test(test_duplicates_beyond_count),
		cmocka_unit_test(test_probe_is_not_put_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
