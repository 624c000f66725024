/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deadlines: retransmission and its backoff (RFC 6298 section 5), giving up (RFC 9293 section 3.8.3), the application's timer, what
 * is due next, and the bounds on one turn's work.
 */
#include "lib/core/timer.h"

#include "lib/core/rtt.h"
#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define MSS 1000U

static struct scene *scene_with_r2(uint32_t r2_ms, struct tcp_conn **conn)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	config.r2_ms = r2_ms;
	scene = scene_new(&config);
	*conn = established(scene);
	return scene;
}

/* Lets the RTO pass; the first segment must go again.  Returns when, in µs. */
static uint64_t repeated(struct scene *scene, uint64_t sent_us, uint64_t wait_us, uint32_t bytes)
{
	uint64_t again_us;

	passes_us(scene, sent_us + wait_us - 500 - scene->tcp->now_ns / 1000);
	forget_asks(scene);
	expect_nothing(scene);
	passes_us(scene, 1500);
	forget_asks(scene);
	again_us = expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = bytes});
	expect_nothing(scene);
	assert_in_range(again_us - sent_us, wait_us, wait_us + 750); /* late by at most a few ticks, never early */
	return again_us;
}

/* 5.1, 5.4 to 5.6: only the oldest goes again, after the RTO, 2 RTO, 4 RTO … and 60 s at most. */
CLAIMS(MUST_19)
static void test_backs_off_rfc6298_5(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_with_r2(1000000, &conn);
	uint64_t sent_us = scene->tcp->now_ns / 1000;

	(void)state;
	rtt_measured(conn, 100000); /* an RTO of 300 ms */
	sends_bytes(scene, conn, 3 * MSS, 0);
	forget_sent(scene);
	for (uint32_t i = 0; i < 11; i++) {
		uint64_t wait_us = 300000ULL << i;

		sent_us = repeated(scene, sent_us, wait_us < 60000000 ? wait_us : 60000000, MSS);
	}
	assert_int_equal(counted(scene, recoveries_timeout), 11);
	assert_int_equal(counted(scene, retransmits_timeout), 11);
	assert_int_equal(conn->cwnd_bytes, MSS);
	hears_nothing(scene);
	scene_free(scene);
}

/* RFC 5681 (4): ssthresh by what was on the way at the first timeout; the later ones of a row leave it. */
static void test_ssthresh_once(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_with_r2(100000, &conn);

	(void)state;
	sends_bytes(scene, conn, 8 * MSS, 0);
	passes_ms(scene, 1100);
	assert_int_equal(conn->ssthresh_bytes, 4 * MSS);
	passes_ms(scene, 2100);
	assert_int_equal(conn->ssthresh_bytes, 4 * MSS);
	forget_sent(scene);
	scene_free(scene);
}

/* 5.3: an ACK of something new restarts the timer; an old one does not. */
CLAIMS(RFC6298_5_3)
static void test_restarted_by_new_acks(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_with_r2(100000, &conn);
	uint64_t acked_us, again_us;

	(void)state;
	sends_bytes(scene, conn, 2 * MSS, 0);
	forget_sent(scene);
	passes_ms(scene, 700);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK});
	acked_us = scene->tcp->now_ns / 1000;
	passes_ms(scene, 700);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK});
	expect_nothing(scene);
	passes_us(scene, rtt_rto_us(&scene->tcp->config, conn) - 700000 + 1000);
	again_us = expect(scene, {.seq = 1 + MSS, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	assert_in_range(again_us - acked_us, rtt_base_rto_us(&scene->tcp->config, conn),
			rtt_base_rto_us(&scene->tcp->config, conn) + 1000);
	scene_free(scene);
}

/* MUST-20, 22, SHLD-11: after R2 the connection ends, silently towards the peer, with everything given back. */
CLAIMS(MUST_20)
static void test_r2(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_with_r2(100000, &conn);
	uint64_t sent_ns;

	(void)state;
	sends_bytes(scene, conn, 3 * MSS, 0);
	sent_ns = scene->tcp->now_ns;
	passes_ms(scene, 100000);
	hears_nothing(scene);
	passes_ms(scene, 100000);
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
	assert_true(scene->tcp->now_ns - sent_ns >= 100 * 1000000000ULL);
	assert_int_equal(counted(scene, connections_timed_out), 1);
	assert_int_equal(counted(scene, resets_sent), 0);
	forget_sent(scene);
	scene_free(scene);
}

/* MUST-21: a connection's own R2, shorter or longer. */
CLAIMS(MUST_21)
static void test_r2_of_its_own(void **state)
{
	static const uint32_t r2_s[] = {3, 1000, 10800};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct tcp_conn *conn;
		struct scene *scene = scene_with_r2(100000, &conn);
		uint32_t passed_s = 0;

		assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_R2_MS, r2_s[i] * 1000), 0);
		sends_bytes(scene, conn, 10, 0);
		while (scene->event_end == 0 && passed_s < 20000) {
			passes_ms(scene, 1000);
			passed_s++;
			forget_sent(scene);
		}
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
		assert_in_range(passed_s, r2_s[i], r2_s[i] + 63);
		scene_free(scene);
	}
}

/* R1: from the third timeout in a row on the next hop is asked whether it is still there. */
CLAIMS(MUST_20, SHLD_10)
static void test_r1_asks_the_next_hop(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_with_r2(100000, &conn);

	(void)state;
	sends_bytes(scene, conn, 10, 0);
	passes_ms(scene, 3500);
	assert_int_equal(counted(scene, neighbours_asked), 0);
	passes_ms(scene, 4000);
	assert_true(counted(scene, neighbours_asked) > 0);
	forget_sent(scene);
	scene_free(scene);
}

/* ---- The application's timer -------------------------------------------------------------------------------- */

/* Once, at its time or within a tick after; set anew it moves either way; 0 disarms. */
static void test_application_timer(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_with_r2(100000, &conn);
	uint64_t start_ns = scene->tcp->now_ns;

	(void)state;
	user_set_timer(scene->tcp, conn, start_ns + 10000001);
	assert_in_range(tcp_next_deadline_ns(scene->tcp), start_ns + 10000001, start_ns + 10000001 + TICK_NS);
	passes_us(scene, 10000);
	hears_nothing(scene);
	passes_us(scene, 250);
	hears(scene, SLUICE_TIMER);
	passes_ms(scene, 1000);
	hears_nothing(scene);
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 50000000);
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 5000000);
	passes_ms(scene, 6);
	hears(scene, SLUICE_TIMER);
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 5000000);
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 50000000);
	passes_ms(scene, 49);
	hears_nothing(scene);
	passes_ms(scene, 2);
	hears(scene, SLUICE_TIMER);
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 5000000);
	user_set_timer(scene->tcp, conn, 0);
	passes_ms(scene, 1000);
	hears_nothing(scene);
	scene_free(scene);
}

/* It and the RTO do not disturb each other. */
static void test_both_timers(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_with_r2(100000, &conn);

	(void)state;
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 500000000);
	sends_bytes(scene, conn, 10, 0);
	forget_sent(scene);
	passes_ms(scene, 600);
	hears(scene, SLUICE_TIMER);
	expect_nothing(scene);
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 5000000000);
	passes_ms(scene, 500);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 10});
	hears_nothing(scene);
	passes_ms(scene, 4600);
	hears(scene, SLUICE_TIMER);
	forget_sent(scene);
	scene_free(scene);
}

/* A time that has passed is due in the next turn; the worker's timer names no connection. */
static void test_worker_timer(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	scene->tcp->worker_timer = user_tick(scene->tcp, 1);
	turn(scene);
	hears(scene, SLUICE_TIMER);
	scene->tcp->worker_timer = user_tick(scene->tcp, scene->tcp->now_ns + 3000000);
	assert_in_range(tcp_next_deadline_ns(scene->tcp), scene->tcp->now_ns + 3000000,
			scene->tcp->now_ns + 3000000 + TICK_NS);
	passes_us(scene, 2900);
	hears_nothing(scene);
	passes_us(scene, 400);
	assert_int_equal(hears(scene, SLUICE_TIMER).conn.id, 0);
	assert_true(tcp_next_deadline_ns(scene->tcp) == UINT64_MAX);
	scene_free(scene);
}

/* ---- Bounds -------------------------------------------------------------------------------------------------- */

/* More due than a turn may look at: the rest comes with the next, and that is counted. */
static void test_bound(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	uint32_t events = 0;

	(void)state;
	config.connections = TIMERS_PER_TURN_MAX + 44;
	scene = scene_new(&config);
	for (uint32_t i = 0; i < config.connections; i++) {
		struct sluice_address address = address_of(false, 2, 80);
		struct tcp_conn *conn = NULL;

		assert_int_equal(user_connect(scene->tcp, &address, NULL, NULL, &conn), 0);
		user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 1000000);
	}
	tcp_set_time(scene->tcp, scene->tcp->now_ns + 2000000);
	tcp_timers(scene->tcp);
	tcp_collect_events(scene->tcp);
	events = scene->tcp->event_count;
	assert_in_range(events, 1, TIMERS_PER_TURN_MAX);
	assert_true(counted(scene, timers_bound_hit) >= 1);
	for (uint32_t i = 0; i < 16; i++) {
		tcp_timers(scene->tcp);
		tcp_collect_events(scene->tcp);
		events += scene->tcp->event_count;
	}
	assert_int_equal(events, config.connections);
	for (uint32_t i = 0; i < config.connections; i++)
		user_abort(scene->tcp, tcp_conn_at(scene->tcp, i));
	for (uint32_t i = 0; i < 100; i++)
		tcp_collect_events(scene->tcp);
	scene_free(scene);
}

/* Nothing to wait for: never.  Something to send: now. */
static void test_next_deadline(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn;

	(void)state;
	assert_true(tcp_next_deadline_ns(scene->tcp) == UINT64_MAX);
	conn = established(scene);
	assert_true(tcp_next_deadline_ns(scene->tcp) == UINT64_MAX);
	put(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "text"});
	assert_true(tcp_next_deadline_ns(scene->tcp) == scene->tcp->now_ns);
	turn(scene);
	assert_in_range(tcp_next_deadline_ns(scene->tcp) - scene->tcp->now_ns, 40000000 - TICK_NS, 40000000 + TICK_NS);
	scene->refuses = true;
	sends(scene, conn, "text", 0);
	assert_in_range(tcp_next_deadline_ns(scene->tcp) - scene->tcp->now_ns, 1, 1000000);
	scene_free(scene);
}

/* The delayed ACK's place outlives its connection, and is not another one's: a new connection's ACK may be early, never lost. */
static void test_delayed_ack_of_a_record_used_again(void **state)
{
	struct sluice_config config = scene_config();
	struct tcp_conn *conn, *next;
	struct scene *scene;

	(void)state;
	config.connections = 1;
	scene = scene_new(&config);
	conn = established(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "text"});
	user_abort(scene->tcp, conn);
	turn(scene);
	forget_sent(scene);
	forget_events(scene);
	scene->side.port = 4001;
	next = established(scene);
	assert_ptr_equal(next, conn);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "text"});
	expect_nothing(scene);
	passes_ms(scene, 50);
	expect(scene, {.seq = 1, .ack = 5, .flags = TCP_ACK});
	expect_nothing(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backs_off_rfc6298_5),   cmocka_unit_test(test_ssthresh_once),
		cmocka_unit_test(test_restarted_by_new_acks), cmocka_unit_test(test_r2),
		cmocka_unit_test(test_r2_of_its_own),         cmocka_unit_test(test_r1_asks_the_next_hop),
		cmocka_unit_test(test_application_timer),     cmocka_unit_test(test_both_timers),
		cmocka_unit_test(test_worker_timer),          cmocka_unit_test(test_bound),
		cmocka_unit_test(test_next_deadline),         cmocka_unit_test(test_delayed_ack_of_a_record_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
