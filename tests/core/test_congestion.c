/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control as a connection meets it: what ACKs, losses and time-outs make of the window under CUBIC, NewReno and none.  The
 * arithmetic has its own tests (test_cc.c, test_cubic.c, test_hystart.c).
 */
#include "lib/core/congestion.h"

#include "tests/core/loss.h"

static struct tcp_conn *ten(struct scene **scene, enum sluice_congestion congestion)
{
	return loss_flight(scene, (struct loss_setting){.congestion = congestion, .queued = 20}, 10);
}

/* RFC 5681 section 3.1, RFC 3465: slow start grows by what is acknowledged; one ACK by no more than so many segments. */
static void test_slow_start_rfc5681_3_1(void **state)
{
	static const enum sluice_congestion row[] = {SLUICE_CONGESTION_CUBIC, SLUICE_CONGESTION_NEWRENO};

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct scene *scene;
		struct tcp_conn *conn =
			loss_flight(&scene, (struct loss_setting){.congestion = row[i], .queued = 20}, 20);

		acks(scene, 1);
		assert_int_equal(conn->cwnd_bytes, 21 * MSS);
		acks(scene, 20);
		assert_int_equal(conn->cwnd_bytes, (21 + CC_SLOW_START_SEGMENTS_MAX) * MSS);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* RFC 5681 section 3.1, RFC 9438 section 5.8: a window that is not in use does not grow, before and after the threshold. */
static void test_unused_window_stays(void **state)
{
	static const enum sluice_congestion row[] = {SLUICE_CONGESTION_CUBIC, SLUICE_CONGESTION_NEWRENO};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct scene *scene;
		struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){.congestion = row[i % 2]}, 2);

		conn->cwnd_bytes = 10 * MSS;
		if (i >= 2)
			conn->ssthresh_bytes = 5 * MSS;
		for (uint32_t number = 2; number < 20; number += 2) {
			acks(scene, number);
			sends_bytes(scene, conn, 2 * MSS, 0);
			forget_sent(scene);
			passes_ms(scene, RTT_MS);
		}
		assert_int_equal(conn->cwnd_bytes, 10 * MSS);
		scene_free(scene);
	}
}

/* Past the threshold, a window of ACKs adds a segment, and no more if they come byte by byte. */
static void test_split_acks_gain_nothing(void **state)
{
	static const uint32_t step[] = {1000, 100, 10, 3};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct scene *scene;
		struct tcp_conn *conn = ten(&scene, SLUICE_CONGESTION_NEWRENO);

		conn->ssthresh_bytes = 5 * MSS;
		for (uint32_t acked = step[i]; acked <= 10 * MSS; acked += step[i]) {
			arrives(scene, (struct segment){.seq = 1, .ack = 1 + acked, .flags = TCP_ACK});
			forget_events(scene);
		}
		assert_in_range(conn->cwnd_bytes, 10 * MSS + (i ? 0 : 900), 11 * MSS);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* RFC 5681 equation (4), RFC 9438 section 4.6: a loss leaves half of what is out, or seven tenths; once for all of a flight. */
static void test_loss_reduces_once(void **state)
{
	static const struct {
		enum sluice_congestion congestion;
		uint32_t left_bytes;
	} row[] = {{SLUICE_CONGESTION_NEWRENO, 5 * MSS}, {SLUICE_CONGESTION_CUBIC, 7 * MSS}};

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct scene *scene;
		struct tcp_conn *conn = ten(&scene, row[i].congestion);

		reports(scene, 0, BLOCK(2, 6));
		reports(scene, 0, BLOCK(2, 6), BLOCK(7, 10));
		acks(scene, 1);
		assert_int_equal(counted(scene, recoveries_fast), 1);
		assert_int_equal(conn->ssthresh_bytes, row[i].left_bytes);
		while (conn->flags & CONN_RECOVERY) {
			forget_sent(scene);
			passes_ms(scene, 10);
			acks(scene, (conn->snd_nxt.value - scene->side.our_iss) / MSS);
		}
		assert_int_equal(conn->cwnd_bytes, row[i].left_bytes);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* RFC 5681 section 3.1: after a time-out one segment; the next ones of the same row leave the threshold as the first one set it. */
static void test_time_out_leaves_one_segment(void **state)
{
	static const struct {
		enum sluice_congestion congestion;
		uint32_t ssthresh_bytes;
	} row[] = {{SLUICE_CONGESTION_NEWRENO, 5 * MSS}, {SLUICE_CONGESTION_CUBIC, 7 * MSS}};

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct scene *scene;
		struct tcp_conn *conn = loss_flight(
			&scene, (struct loss_setting){.congestion = row[i].congestion, .has_no_sack = true}, 10);

		passes_ms(scene, 950);
		assert_int_equal(counted(scene, recoveries_timeout), 1);
		assert_int_equal(conn->cwnd_bytes, MSS);
		assert_int_equal(conn->ssthresh_bytes, row[i].ssthresh_bytes);
		passes_ms(scene, 8000);
		assert_true(counted(scene, recoveries_timeout) > 2);
		assert_int_equal(conn->cwnd_bytes, MSS);
		assert_int_equal(conn->ssthresh_bytes, row[i].ssthresh_bytes);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* None: losses are repaired as ever, and nothing holds the sender back but the peer's window. */
static void test_none(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){.congestion = SLUICE_CONGESTION_NONE}, 30);

	(void)state;
	reports(scene, 0, BLOCK(1, 30));
	expect_segment(scene, 0);
	passes_ms(scene, RTT_MS);
	acks(scene, 30);
	assert_int_equal(conn->cwnd_bytes, 1U << 30);
	sends_bytes(scene, conn, 20 * MSS, 0);
	assert_int_equal(sent_count(scene), 20);
	forget_sent(scene);
	passes_ms(scene, 5000);
	assert_int_equal(conn->cwnd_bytes, 1U << 30);
	assert_true(counted(scene, recoveries_timeout) > 0);
	forget_sent(scene);
	scene_free(scene);
}

/* RFC 9438 section 4.9, RFC 4015: what comes back is what was there, unless more has grown meanwhile. */
static void test_undo_restores_the_larger(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten(&scene, SLUICE_CONGESTION_CUBIC);
	struct tcp_path *path = path_in(scene, conn);

	(void)state;
	path->undo = cubic_save(&path->cubic, 10 * MSS, 30 * MSS);
	conn->cwnd_bytes = 4 * MSS;
	congestion_undo(scene->tcp, conn);
	assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	assert_int_equal(conn->ssthresh_bytes, 30 * MSS);
	conn->cwnd_bytes = 12 * MSS;
	congestion_undo(scene->tcp, conn);
	assert_int_equal(conn->cwnd_bytes, 12 * MSS);
	scene_free(scene);
}

/* RFC 3168: a mark is no guess; what it reduced, no report of duplicates restores. */
static void test_marks_are_not_undone(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten(&scene, SLUICE_CONGESTION_NEWRENO);

	(void)state;
	reports(scene, 0, BLOCK(1, 10));
	forget_sent(scene);
	acks(scene, 10);
	assert_true(path_in(scene, conn)->flags & PATH_UNDO);
	congestion_marked(scene->tcp, conn);
	reports(scene, 10, BLOCK(0, 1));
	assert_int_equal(counted(scene, dsacks_received), 1);
	assert_int_equal(counted(scene, recoveries_undone), 0);
	forget_sent(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_start_rfc5681_3_1),      cmocka_unit_test(test_unused_window_stays),
		cmocka_unit_test(test_split_acks_gain_nothing),     cmocka_unit_test(test_loss_reduces_once),
		cmocka_unit_test(test_time_out_leaves_one_segment), cmocka_unit_test(test_none),
		cmocka_unit_test(test_undo_restores_the_larger),    cmocka_unit_test(test_marks_are_not_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
