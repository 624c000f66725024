/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records sent again: which, in which order, how many, with which flags, cut to what fits now, and counted by what they were for.
 */
#include "lib/core/retransmit.h"

#include "lib/core/work.h"
#include "tests/core/loss.h"

#define RENO .congestion = SLUICE_CONGESTION_NEWRENO

/* RFC 6675 section 5, NextSeg() rule 1: the lowest first, and no new text before the last of them. */
static void test_oldest_first(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .queued = 5}, 20);

	(void)state;
	reports(scene, 0, BLOCK(1, 3), BLOCK(4, 9), BLOCK(10, 20));
	expect_segment(scene, 0);
	expect_segment(scene, 3);
	expect_segment(scene, 9);
	expect_segment(scene, 20);
	assert_int_equal(path_lost_bytes(scene->tcp, conn), 0);
	forget_sent(scene);
	scene_free(scene);
}

/* The oldest leaves whatever the window is, or nothing might ever; the others as it lets them. */
static void test_oldest_whatever_the_window(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .has_no_sack = true}, 10);

	(void)state;
	inflight_mark_all_lost(scene->tcp, conn);
	conn->cwnd_bytes = 10;
	work_output(scene->tcp, conn);
	turn(scene);
	expect_segment(scene, 0);
	expect_nothing(scene);
	conn->cwnd_bytes = 3 * MSS + 10;
	work_output(scene->tcp, conn);
	turn(scene);
	expect_segment(scene, 1);
	expect_segment(scene, 2);
	expect_nothing(scene);
	scene_free(scene);
}

/* The port takes nothing: what was to leave leaves when it takes again, once, and counts once. */
static void test_port_refuses(void **state)
{
	struct scene *scene;

	(void)state;
	loss_flight(&scene, (struct loss_setting){RENO}, 10);
	scene->refuses = true;
	reports(scene, 0, BLOCK(1, 10));
	expect_nothing(scene);
	passes_ms(scene, 1);
	scene->refuses = false;
	scene->tcp->transmit.refused_count = 0;
	turn(scene);
	expect_segment(scene, 0);
	expect_nothing(scene);
	assert_int_equal(counted(scene, retransmits_fast), 1);
	scene_free(scene);
}

/* A segment that has become too long is cut; its FIN and its PSH stay with its end. */
static void test_cut_to_what_fits(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .has_no_sack = true}, 0);

	(void)state;
	sends_bytes(scene, conn, 2 * MSS, SLUICE_SEND_FIN);
	expect_segment(scene, 0);
	expect(scene, {.seq = AT(1), .ack = 1, .flags = TCP_FIN | TCP_ACK, .bytes = MSS});
	conn->mss_bytes = 400;
	conn->cwnd_bytes = 10 * MSS;
	inflight_mark_all_lost(scene->tcp, conn);
	work_output(scene->tcp, conn);
	turn(scene);
	for (uint32_t at = 0; at < 2 * MSS; at += at % MSS == 800 ? 200 : 400) {
		uint32_t bytes = at % MSS == 800 ? 200 : 400;
		bool is_last = at == MSS + 800;

		expect(scene,
		       {.seq = 1 + at, .ack = 1, .flags = is_last ? TCP_FIN | TCP_ACK : TCP_ACK, .bytes = bytes});
		assert_int_equal((scene->frame.flags & TCP_PSH) != 0, is_last);
	}
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = AT(2) + 1, .flags = TCP_ACK});
	assert_true(inflight_is_empty(conn));
	scene_free(scene);
}

/* inflight_split() of records that are marked keeps every sum; the scoreboard is counted after the turn. */
static void test_split_keeps_sums(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO}, 10);
	struct tcp_inflight *record;
	uint32_t count = 0;

	(void)state;
	reports(scene, 0, BLOCK(1, 4), BLOCK(6, 8));
	forget_sent(scene);
	for (record = inflight_first(conn); record; count++) {
		const struct tcp_inflight *second;

		assert_true(inflight_split(scene->tcp, conn, record, (uint16_t)(1 + count * 99)));
		second = inflight_next(scene->tcp, record);
		record = second ? inflight_next(scene->tcp, second) : NULL;
	}
	turn(scene);
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 10);
	reports(scene, 0, BLOCK(1, 10));
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 18);
	acks(scene, 10);
	assert_int_equal(scene->tcp->inflight.used_count, 0);
	forget_sent(scene);
	scene_free(scene);
}

/* A tail probe repeats the last segment with its FIN, is counted by itself, and begins no recovery. */
static void test_probe_with_fin(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO}, 1);

	(void)state;
	acks(scene, 1);
	sends_bytes(scene, conn, 2 * MSS, SLUICE_SEND_FIN);
	forget_sent(scene);
	passes_ms(scene, 250);
	expect(scene, {.seq = AT(2), .ack = 1, .flags = TCP_FIN | TCP_ACK, .bytes = MSS});
	expect_nothing(scene);
	assert_int_equal(counted(scene, retransmits_probe), 1);
	assert_int_equal(counted(scene, retransmits_fast) + counted(scene, retransmits_timeout), 0);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oldest_first),     cmocka_unit_test(test_oldest_whatever_the_window),
		cmocka_unit_test(test_port_refuses),     cmocka_unit_test(test_cut_to_what_fits),
		cmocka_unit_test(test_split_keeps_sums), cmocka_unit_test(test_probe_with_fin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
