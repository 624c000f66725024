/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SACK blocks that a peer sends (RFC 2018 section 5, RFC 2883): which are believed, what they mark, how much work they may make.
 * The sums are counted again from the records after every turn (scoreboard.h).
 */
#include "lib/core/sack.h"

#include "tests/claims/claims.h"
#include "tests/core/loss.h"

static struct tcp_conn *ten_segments(struct scene **scene)
{
	return loss_flight(scene, (struct loss_setting){.congestion = SLUICE_CONGESTION_NEWRENO}, 10);
}

/* RFC 2018 section 5.1: what is reported is not sent again, the holes are; and all it takes is reports. */
CLAIMS(RFC2018_5)
static void test_holes_are_sent_again(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten_segments(&scene);

	(void)state;
	reports(scene, 0, BLOCK(1, 4), BLOCK(6, 10));
	expect_segment(scene, 0); /* at once; the others as the window comes down */
	expect_segment(scene, 4);
	expect_segment(scene, 5);
	expect_nothing(scene);
	assert_int_equal(path_in(scene, conn)->sacked_bytes, 7 * MSS);
	assert_int_equal(counted(scene, retransmits_fast), 3);
	acks(scene, 10);
	expect_nothing(scene);
	assert_int_equal(path_in(scene, conn)->sacked_bytes, 0);
	scene_free(scene);
}

/* Four blocks in any order, one within another and two that overlap, mark what each of them covers; again, they mark nothing. */
static void test_blocks_in_any_order(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten_segments(&scene);

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		reports(scene, 0, BLOCK(7, 8), BLOCK(2, 5), BLOCK(3, 4), BLOCK(4, 6));
		assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 5);
	}
	assert_int_equal(counted(scene, sack_blocks_refused), 0);
	scene_free(scene);
}

/* A record that is covered in part has not arrived: it is sent again whole.  Two blocks that cover it together do not make one. */
static void test_part_of_a_record(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten_segments(&scene);

	(void)state;
	reports(scene, 0, {AT(1) + 1, AT(3)}, {AT(4), AT(6) - 1});
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 2); /* 2 and 4 */
	reports(scene, 0, {AT(1), AT(1) + 500}, {AT(1) + 500, AT(2)});
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 2);
	scene_free(scene);
}

/* What cannot be true is refused, one block at a time: the next block counts, and so does the acknowledgment. */
CLAIMS(RFC2018_5_1)
static void test_blocks_refused(void **state)
{
	static const struct {
		uint32_t start, end;
		const char *name;
	} row[] = {
		{AT(9), AT(10) + 1, "beyond SND.NXT"},
		{AT(10), AT(11), "all beyond SND.NXT"},
		{AT(9), AT(9), "of nothing"},
		{AT(9), AT(8), "reversed"},
		{AT(9), 0x40000000, "far beyond"},
		{AT(1) - 1, AT(9), "from before the acknowledgment"},
		{AT(1), AT(9), "begins at the acknowledgment, which says the opposite"},
		{0xf0000000, AT(9), "from long ago"},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *scene;
		struct tcp_conn *conn = ten_segments(&scene);

		print_message("%s\n", row[i].name);
		reports(scene, 1, {row[i].start, row[i].end}, BLOCK(3, 4));
		assert_int_equal(counted(scene, sack_blocks_refused), 1);
		assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 1);
		assert_int_equal(conn->snd_una.value, OUR_ISS + AT(1));
		assert_int_equal(counted(scene, dsacks_received), 0);
		scene_free(scene);
	}
}

/* Reports of what is acknowledged meanwhile are old news, not nonsense. */
static void test_old_blocks(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten_segments(&scene);

	(void)state;
	acks(scene, 4);
	reports(scene, 4, BLOCK(6, 7), BLOCK(1, 2), BLOCK(3, 4));
	assert_int_equal(counted(scene, sack_blocks_refused), 0);
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 1);
	scene_free(scene);
}

/* An ACK that is older than SND.UNA reports nothing. */
static void test_old_ack(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten_segments(&scene);

	(void)state;
	acks(scene, 4);
	reports(scene, 3, BLOCK(6, 10));
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 0);
	scene_free(scene);
}

/* RFC 2883 section 4: the first block tells of a duplicate if it lies before the acknowledgment, or within the second. */
CLAIMS(RFC2883_5)
static void test_duplicates_reported_rfc2883_4(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten_segments(&scene);

	(void)state;
	acks(scene, 4);
	reports(scene, 4, BLOCK(1, 2));
	assert_int_equal(counted(scene, dsacks_received), 1);
	reports(scene, 4, BLOCK(6, 7), BLOCK(5, 8));
	assert_int_equal(counted(scene, dsacks_received), 2);
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 3);
	reports(scene, 4, BLOCK(5, 8), BLOCK(1, 2)); /* where it does not come first it is old news */
	assert_int_equal(counted(scene, dsacks_received), 2);
	scene_free(scene);
}

/* A forged one, of what was never sent or is too old to be told from it, is refused. */
static void test_duplicates_refused(void **state)
{
	static const uint32_t row[][2] = {
		{AT(4), AT(3)},               /* reversed */
		{AT(4), AT(4)},               /* of nothing */
		{0U - 200000, 0U - 190000},   /* before the first byte, further back than two windows */
		{0x80000000, 0x80000000 + 1}, /* half the numbers away */
	};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct scene *scene;
		struct tcp_conn *conn = ten_segments(&scene);

		acks(scene, 5);
		reports(scene, 5, {row[i][0], row[i][1]}, BLOCK(7, 8));
		assert_int_equal(counted(scene, dsacks_received), 0);
		assert_int_equal(counted(scene, sack_blocks_refused), 1);
		assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 1);
		scene_free(scene);
	}
}

/* What is looked at for reports in a turn is bounded; beyond that the acknowledgment still counts, and the next turn reads on. */
static void test_work_is_bounded(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = ten_segments(&scene);

	(void)state;
	scene->tcp->sack_records = SACK_RECORDS_PER_TURN_MAX;
	reports(scene, 2, BLOCK(5, 10));
	assert_int_equal(counted(scene, sacks_skipped), 1);
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 0);
	assert_int_equal(conn->snd_una.value, OUR_ISS + AT(2));
	passes_ms(scene, 1);
	reports(scene, 2, BLOCK(5, 10));
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 5);
	assert_true(scene->tcp->sack_records <= 2 * 8); /* by the report, and by RACK */
	scene_free(scene);
}

/* Without SACK in both SYNs blocks mean nothing: what came with them is a duplicate ACK like any other. */
static void test_not_agreed(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){.has_no_sack = true}, 10);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		reports(scene, 0, BLOCK(1, 2 + i));
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 0);
	expect_segment(scene, 0);
	assert_int_equal(counted(scene, recoveries_fast), 1);
	scene_free(scene);
}

/* A probe of one byte beyond a shut window, reported as received and not acknowledged, and then the window opens. */
static void test_report_of_a_window_probe(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){0}, 2);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = AT(2), .flags = TCP_ACK, .window = SHUT});
	sends_bytes(scene, conn, 5 * MSS, 0);
	passes_ms(scene, 1000);
	expect(scene, {.seq = AT(2), .ack = 1, .flags = TCP_ACK, .bytes = 1});
	arrives(scene, (struct segment){
			       .seq = 1, .ack = AT(2), .flags = TCP_ACK, .window = SHUT, .sack = {{AT(2), AT(2) + 1}}});
	assert_int_equal(marked(scene, conn, INFLIGHT_SACKED), 0);
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = AT(2), .flags = TCP_ACK, .window = 65535});
	expect_segment(scene, 2);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes_are_sent_again),
		cmocka_unit_test(test_blocks_in_any_order),
		cmocka_unit_test(test_part_of_a_record),
		cmocka_unit_test(test_blocks_refused),
		cmocka_unit_test(test_old_blocks),
		cmocka_unit_test(test_old_ack),
		cmocka_unit_test(test_duplicates_reported_rfc2883_4),
		cmocka_unit_test(test_duplicates_refused),
		cmocka_unit_test(test_work_is_bounded),
		cmocka_unit_test(test_not_agreed),
		cmocka_unit_test(test_report_of_a_window_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
