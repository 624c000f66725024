/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RACK-TLP (RFC 8985): which segment is given up, and when, by what was sent after it and has arrived; how long reordering is waited
 * for; and what asks when nothing arrives any more.  Flights take RTT_MS, so that a quarter of the least round trip is 25 ms.
 */
#include "lib/core/rack.h"

#include "lib/core/timer.h"
#include "tests/claims/claims.h"
#include "tests/core/loss.h"

#define RENO    .congestion = SLUICE_CONGESTION_NEWRENO
#define WAIT_MS (RTT_MS / 4)

static struct tcp_conn *in_flight(struct scene **scene, uint32_t segments)
{
	return loss_flight(scene, (struct loss_setting){RENO}, segments);
}

static uint32_t now_ms(const struct scene *scene)
{
	return (uint32_t)(scene->tcp->now_ns / 1000000);
}

/* When segment `number` leaves next, within `within_ms`: so many ms from now. */
static uint32_t leaves_after_ms(struct scene *scene, uint32_t number, uint32_t within_ms)
{
	uint64_t now_us = scene->tcp->now_ns / 1000;

	passes_ms(scene, within_ms);
	return (uint32_t)((expect_segment(scene, number) - now_us) / 1000);
}

/* Segment 0 comes after 1 did: the path reorders.  All on the way until then is acknowledged, and ten more are sent for RTT_MS. */
static void reorders(struct scene *scene, struct tcp_conn *conn)
{
	reports(scene, 0, BLOCK(1, 2));
	acks(scene, 10);
	conn->cwnd_bytes = 10 * MSS;
	sends_bytes(scene, conn, 10 * MSS, 0);
	forget_sent(scene);
	passes_ms(scene, RTT_MS);
	expect_nothing(scene);
}

/* ---- Lost by time ------------------------------------------------------------------------------------------ */

/* Section 6.2 step 5: one that was sent later has arrived: the hole has a quarter of a round trip left. */
CLAIMS(RFC8985_6)
static void test_waits_for_reordering_rfc8985_6_2(void **state)
{
	struct scene *scene;

	(void)state;
	in_flight(&scene, 10);
	reports(scene, 0, BLOCK(1, 2));
	expect_nothing(scene);
	assert_int_equal(leaves_after_ms(scene, 0, 50), WAIT_MS);
	expect_nothing(scene);
	assert_int_equal(counted(scene, recoveries_fast), 1);
	scene_free(scene);
}

/* Step 4: three reported, and no reordering ever seen: at once. */
static void test_three_are_enough_rfc8985_6_2(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 10);

	(void)state;
	reports(scene, 0, BLOCK(5, 7));
	expect_nothing(scene);
	reports(scene, 0, BLOCK(5, 8));
	expect_segment(scene, 0);
	assert_int_equal(marked(scene, conn, INFLIGHT_LOST) + sent_count(scene) + 1, 5); /* 0 to 4, not 8 and 9 */
	forget_sent(scene);
	scene_free(scene);
}

/* Step 4: where reordering was seen, ten reports do not hurry it. */
CLAIMS(RFC8985_6_2)
static void test_reordering_was_seen_rfc8985_6_2(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 10);

	(void)state;
	reorders(scene, conn);
	assert_int_equal(counted(scene, recoveries_fast), 0);
	for (uint32_t end = 12; end <= 20; end++)
		reports(scene, 10, BLOCK(11, end));
	expect_nothing(scene);
	assert_int_equal(leaves_after_ms(scene, 10, 100), WAIT_MS);
	scene_free(scene);
}

/* A segment that comes late within that time is not sent again, and nothing is reduced. */
static void test_reordered_rfc8985_6_2(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 10);

	(void)state;
	reports(scene, 0, BLOCK(1, 2));
	passes_ms(scene, WAIT_MS - 1);
	reports(scene, 2);
	passes_ms(scene, WAIT_MS);
	expect_nothing(scene);
	assert_int_equal(conn->ssthresh_bytes, SSTHRESH_NONE_BYTES);
	scene_free(scene);
}

/* Section 6.2 step 4: each round trip with a report of a duplicate adds a quarter, up to SRTT; sixteen recoveries later it is
 * forgotten. */
static void test_window_grows_and_shrinks_rfc8985_6_2(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 10);

	(void)state;
	reorders(scene, conn);
	reports(scene, 10, BLOCK(0, 1));
	reports(scene, 10, BLOCK(0, 1)); /* within the same round trip */
	assert_int_equal(path_in(scene, conn)->reorder_steps, 2);
	reports(scene, 10, BLOCK(11, 12));
	assert_int_equal(leaves_after_ms(scene, 10, 200), 2 * WAIT_MS);
	for (uint32_t i = 0; i < REORDER_ROUNDS; i++) {
		assert_int_equal(path_in(scene, conn)->reorder_steps, 2);
		rack_recovered(path_in(scene, conn));
	}
	assert_int_equal(path_in(scene, conn)->reorder_steps, 1);
	for (uint32_t i = 0; i < 300; i++) {
		path_in(scene, conn)->flags &= (uint16_t)~PATH_DSACK_ROUND;
		rack_take_dsack(path_in(scene, conn), conn);
	}
	assert_int_equal(path_in(scene, conn)->reorder_steps, UINT8_MAX);
	acks(scene, 20);
	sends_bytes(scene, conn, 5 * MSS, 0);
	forget_sent(scene);
	passes_ms(scene, RTT_MS);
	reports(scene, 20, BLOCK(21, 22));
	assert_in_range(leaves_after_ms(scene, 20, 300), RTT_MS - 10, RTT_MS + 30);
	forget_sent(scene);
	scene_free(scene);
}

/* A round that ended is forgotten, and not taken for one to come when the numbers have gone half way round. */
static void test_old_round_is_forgotten(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 10);

	(void)state;
	acks(scene, 5);
	reports(scene, 5, BLOCK(0, 1));
	assert_true(path_in(scene, conn)->flags & PATH_DSACK_ROUND);
	acks(scene, 10);
	assert_false(path_in(scene, conn)->flags & PATH_DSACK_ROUND);
	scene_free(scene);
}

/* Section 3.1: a retransmission is lost when something sent after it arrives: it goes once more, without a time-out. */
CLAIMS(RFC8985_3_1)
static void test_lost_retransmission_rfc8985_3_1(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .queued = 10}, 10);

	(void)state;
	reports(scene, 0, BLOCK(1, 6));
	expect_segment(scene, 0);
	passes_ms(scene, 1);
	reports(scene, 0, BLOCK(1, 10));
	expect_segment(scene, 10);
	forget_sent(scene);
	passes_ms(scene, RTT_MS);
	reports(scene, 0, BLOCK(1, 11));
	expect_segment(scene, 0);
	assert_int_equal(counted(scene, recoveries_timeout), 0);
	assert_int_equal(counted(scene, recoveries_fast), 1);
	assert_true(conn->flags & CONN_RECOVERY);
	forget_sent(scene);
	scene_free(scene);
}

/* The same between two retransmissions, though timestamps cannot tell: what a report above a hole echoes is older than both. */
static void test_lost_retransmission_with_timestamps(void **state)
{
	struct scene *scene;
	struct segment report = {.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsval = 9};
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .is_stamped = true}, 10);
	uint32_t tsval = conn->ts_offset + scene->tcp->now_ms - RTT_MS;

	(void)state;
	report.tsecr = tsval;
	memcpy(report.sack, (uint32_t[4][2]){BLOCK(1, 5), BLOCK(6, 10)}, sizeof(report.sack));
	arrives(scene, report);
	assert_int_equal(sent_count(scene), 2); /* 0 and 5 */
	forget_sent(scene);
	passes_ms(scene, RTT_MS);
	memcpy(report.sack, (uint32_t[4][2]){BLOCK(1, 10)}, sizeof(report.sack));
	arrives(scene, report);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = MSS, .stamped = true, .tsecr = 9});
	expect_nothing(scene);
	scene_free(scene);
}

/* Section 6.2 step 2: what is acknowledged sooner than the least round trip after it was sent again is the original: it says nothing
 * of what was sent since. */
static void test_ambiguous_rfc8985_6_2(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 10);
	uint32_t sent_us;

	(void)state;
	reports(scene, 0, BLOCK(2, 7));
	expect_segment(scene, 0);
	expect_segment(scene, 1);
	sent_us = path_in(scene, conn)->rack_sent_us;
	passes_ms(scene, RTT_MS - 50);
	reports(scene, 1, BLOCK(2, 7));
	assert_int_equal(path_in(scene, conn)->rack_sent_us, sent_us);
	expect_nothing(scene);
	scene_free(scene);
}

/* A turn's bound is reached: the search goes on a tick later, and nothing is forgotten. */
static void test_search_is_bounded(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 10);

	(void)state;
	reports(scene, 0, BLOCK(1, 3));
	scene->tcp->sack_records = SACK_RECORDS_PER_TURN_MAX - 1;
	reports(scene, 0, BLOCK(1, 4));
	expect_nothing(scene);
	assert_true(conn->retransmit_deadline - scene->tcp->now_tick <= 2);
	assert_true(leaves_after_ms(scene, 0, 2) <= 1);
	scene_free(scene);
}

/* The clock of microseconds wraps every 71 minutes: between a flight and its ACK, too. */
static void test_clock_wraps(void **state)
{
	struct sluice_config config = loss_config(&(struct loss_setting){RENO});
	struct scene *scene = scene_new(&config);
	struct tcp_conn *conn;

	(void)state;
	tcp_set_time(scene->tcp, 4294967296000ULL - 50000000);
	turn(scene);
	conn = established_by(scene, (struct segment){.mss = MSS, .sack_ok = true});
	sends_bytes(scene, conn, 8 * MSS, 0);
	forget_sent(scene);
	passes_ms(scene, RTT_MS);
	assert_true(scene->tcp->now_us < 1000000);
	reports(scene, 0, BLOCK(1, 2));
	assert_int_equal(leaves_after_ms(scene, 0, 50), WAIT_MS);
	assert_in_range(conn->srtt_us, 100000, 100001);
	scene_free(scene);
}

/* ---- Tail loss probe --------------------------------------------------------------------------------------- */

/* A connection with a round trip measured, nothing on the way, and so many segments just sent; the first one is 1. */
static struct tcp_conn *tail_of(struct scene **scene, uint32_t segments)
{
	struct tcp_conn *conn = in_flight(scene, 1);

	acks(*scene, 1);
	conn->cwnd_bytes = 10 * MSS;
	sends_bytes(*scene, conn, segments * MSS, 0);
	forget_sent(*scene);
	return conn;
}

/* Section 7.2: two round trips after the last segment; one alone may have its ACK delayed; unknown, a second. */
CLAIMS(RFC8985_7)
static void test_when_a_probe_leaves_rfc8985_7_2(void **state)
{
	struct scene *scene;

	(void)state;
	tail_of(&scene, 3);
	assert_in_range(leaves_after_ms(scene, 3, 290), 2 * RTT_MS, 2 * RTT_MS + 4);
	scene_free(scene);
	in_flight(&scene, 3);
	assert_in_range(leaves_after_ms(scene, 2, 1000), 1000 - RTT_MS, 1000 - RTT_MS + 4);
	scene_free(scene);
	tail_of(&scene, 1); /* 400 ms, but its time-out comes first: a probe then, all the same */
	assert_in_range(leaves_after_ms(scene, 1, 500), 299, 304);
	assert_int_equal(counted(scene, tail_probes), 1);
	assert_int_equal(counted(scene, recoveries_timeout), 0);
	scene_free(scene);
}

/* Section 7.3: new text, if there is some, beyond the congestion window; and no further probe until it is answered. */
CLAIMS(RFC8985_7_3)
static void test_probe_with_new_text_rfc8985_7_3(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = loss_flight(&scene, (struct loss_setting){RENO, .queued = 3}, 5);

	(void)state;
	assert_in_range(leaves_after_ms(scene, 5, 950), 899, 904);
	passes_ms(scene, 900);
	expect_nothing(scene);
	assert_int_equal(counted(scene, tail_probes), 1);
	acks(scene, 6);
	assert_int_equal(conn->ssthresh_bytes, SSTHRESH_NONE_BYTES);
	forget_sent(scene);
	scene_free(scene);
}

/* Section 7.3: not while segments are reported, in no recovery, and not without SACK: then there is the time-out. */
static void test_no_probe_rfc8985_7_3(void **state)
{
	struct scene *scene;

	(void)state;
	in_flight(&scene, 10);
	reports(scene, 0, BLOCK(1, 10));
	expect_segment(scene, 0);
	passes_ms(scene, 2000);
	assert_int_equal(counted(scene, tail_probes), 0);
	assert_true(counted(scene, recoveries_timeout) >= 1);
	forget_sent(scene);
	scene_free(scene);
	loss_flight(&scene, (struct loss_setting){RENO, .has_no_sack = true}, 3);
	passes_ms(scene, 2000);
	assert_int_equal(counted(scene, tail_probes), 0);
	assert_true(counted(scene, recoveries_timeout) >= 1);
	forget_sent(scene);
	scene_free(scene);
}

/* Section 7.2: what is sent meanwhile postpones the probe, but not for longer than the time-out of the oldest. */
static void test_not_postponed_for_ever_rfc8985_7_2(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = tail_of(&scene, 1);
	uint32_t began_ms = now_ms(scene);

	(void)state;
	for (uint32_t i = 0; counted(scene, tail_probes) == 0 && i < 40; i++) {
		sends_bytes(scene, conn, 10, 0);
		passes_ms(scene, 50);
	}
	assert_in_range(now_ms(scene) - began_ms, 300, 360);
	forget_sent(scene);
	scene_free(scene);
}

/* An ACK of nothing new postpones nothing either. */
static void test_not_postponed_by_duplicates(void **state)
{
	struct scene *scene;
	uint32_t began_ms;

	(void)state;
	tail_of(&scene, 3);
	began_ms = now_ms(scene);
	for (uint32_t i = 0; counted(scene, tail_probes) == 0 && i < 40; i++) {
		acks(scene, 1);
		passes_ms(scene, 20);
	}
	assert_in_range(now_ms(scene) - began_ms, 200, 230);
	forget_sent(scene);
	scene_free(scene);
}

/* The probe is reported: what was sent before it is lost, and recovery needs no time-out (section 7.1). */
static void test_probe_starts_recovery_rfc8985_7_1(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = tail_of(&scene, 3);

	(void)state;
	leaves_after_ms(scene, 3, 210);
	passes_ms(scene, RTT_MS - 8);
	reports(scene, 1, BLOCK(3, 4));
	expect_segment(scene, 1); /* both are old enough */
	expect_nothing(scene);
	reports(scene, 2, BLOCK(3, 4));
	expect_segment(scene, 2);
	assert_true(conn->flags & CONN_RECOVERY);
	assert_int_equal(counted(scene, recoveries_timeout), 0);
	scene_free(scene);
}

/* Section 7.4.2: three ends of a probe that was a retransmission.  An ACK beyond it, and no duplicate before: it repaired a loss, to
 * which the window answers.  A report of the duplicate, or a bare duplicate ACK: both copies arrived. */
CLAIMS(RFC8985_7_4)
static void test_three_ends_rfc8985_7_4_2(void **state)
{
	(void)state;
	for (uint32_t end = 0; end < 5; end++) {
		struct scene *scene;
		struct tcp_conn *conn = tail_of(&scene, 3);
		bool was_lost = end == 0, has_more = end != 4;

		leaves_after_ms(scene, 3, 210);
		if (has_more)
			sends_bytes(scene, conn, 3 * MSS, 0);
		forget_sent(scene);
		if (end == 1)
			reports(scene, 4, BLOCK(3, 4)); /* as the first copy, too, was a duplicate */
		else
			acks(scene, 4);
		if (end == 2)
			reports(scene, 4, BLOCK(3, 4));
		if (end >= 3)
			acks(scene, 4);
		if (!has_more) {
			sends_bytes(scene, conn, 3 * MSS, 0);
			forget_sent(scene);
		}
		acks(scene, 5);
		assert_int_equal(conn->ssthresh_bytes != SSTHRESH_NONE_BYTES, was_lost);
		if (was_lost)
			assert_in_range(conn->cwnd_bytes, conn->ssthresh_bytes, conn->ssthresh_bytes + MSS);
		assert_false(path_in(scene, conn)->flags & (PATH_PROBED | PATH_PROBE_AGAIN));
		scene_free(scene);
	}
}

/* A report of a duplicate while the peer's window is shut leaves the persist timer as it is. */
static void test_persist_timer_stays(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = in_flight(&scene, 2);
	uint32_t deadline;

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = AT(2), .flags = TCP_ACK, .window = SHUT});
	sends_bytes(scene, conn, MSS, 0);
	deadline = conn->retransmit_deadline;
	assert_true(conn->flags & CONN_PERSIST);
	passes_ms(scene, 100);
	arrives(scene,
		(struct segment){.seq = 1, .ack = AT(2), .flags = TCP_ACK, .window = SHUT, .sack = {BLOCK(1, 2)}});
	assert_int_equal(counted(scene, dsacks_received), 1);
	assert_int_equal(conn->retransmit_deadline, deadline);
	scene_free(scene);
}

/* No path is free when the probe is due: it is not taken for a time-out. */
static void test_no_path_for_a_probe(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn;
	uint32_t taken = 0;

	(void)state;
	conn = tail_of(&scene, 1);
	path_drop(scene->tcp, conn);
	while (pool_take(&scene->tcp->paths) != POOL_NONE)
		taken++;
	passes_ms(scene, 310);
	expect_nothing(scene);
	assert_int_equal(conn->cwnd_bytes, 10 * MSS);
	passes_ms(scene, 310);
	expect_segment(scene, 1); /* but now it is one */
	for (uint32_t i = 0; i < taken; i++)
		pool_give(&scene->tcp->paths, i);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_reordering_rfc8985_6_2),
		cmocka_unit_test(test_three_are_enough_rfc8985_6_2),
		cmocka_unit_test(test_reordering_was_seen_rfc8985_6_2),
		cmocka_unit_test(test_reordered_rfc8985_6_2),
		cmocka_unit_test(test_window_grows_and_shrinks_rfc8985_6_2),
		cmocka_unit_test(test_old_round_is_forgotten),
		cmocka_unit_test(test_lost_retransmission_rfc8985_3_1),
		cmocka_unit_test(test_lost_retransmission_with_timestamps),
		cmocka_unit_test(test_ambiguous_rfc8985_6_2),
		cmocka_unit_test(test_search_is_bounded),
		cmocka_unit_test(test_clock_wraps),
		cmocka_unit_test(test_when_a_probe_leaves_rfc8985_7_2),
		cmocka_unit_test(test_probe_with_new_text_rfc8985_7_3),
		cmocka_unit_test(test_no_probe_rfc8985_7_3),
		cmocka_unit_test(test_not_postponed_for_ever_rfc8985_7_2),
		cmocka_unit_test(test_not_postponed_by_duplicates),
		cmocka_unit_test(test_probe_starts_recovery_rfc8985_7_1),
		cmocka_unit_test(test_three_ends_rfc8985_7_4_2),
		cmocka_unit_test(test_persist_timer_stays),
		cmocka_unit_test(test_no_path_for_a_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
