/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keep-alive (RFC 9293 section 3.8.4): off at first, only in silence, probes without text, and no end but after a row of them.
 */
#include "lib/core/keepalive.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define HOUR_MS 3600000ULL

static void set(struct scene *scene, struct tcp_conn *conn, enum sluice_option option, uint64_t value)
{
	assert_int_equal(user_set_option(scene->tcp, conn, option, value), 0);
}

/* Probes after 10 s, then each 2 s, three of them. */
static void set_all(struct scene *scene, struct tcp_conn *conn)
{
	set(scene, conn, SLUICE_OPTION_KEEPALIVE_MS, 10000);
	set(scene, conn, SLUICE_OPTION_KEEPALIVE_INTERVAL_MS, 2000);
	set(scene, conn, SLUICE_OPTION_KEEPALIVE_PROBES, 3);
	set(scene, conn, SLUICE_OPTION_KEEPALIVE, 1);
}

static const struct segment probe = {.seq = 0, .ack = 1, .flags = TCP_ACK};

/* One more probe, between two moments from now. */
static void probes_between(struct scene *scene, uint64_t before_ms, uint64_t after_ms)
{
	passes_ms(scene, before_ms);
	expect_nothing(scene);
	passes_ms(scene, after_ms - before_ms);
	expect_at(scene, probe, __FILE__, __LINE__);
	expect_nothing(scene);
}

CLAIMS(MUST_25)
static void test_off_at_first(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	passes_ms(scene, 20 * HOUR_MS);
	expect_nothing(scene);
	hears_nothing(scene);
	scene_free(scene);
}

/* Two hours; and off again when asked. */
CLAIMS(MUST_28, MUST_24)
static void test_two_hours(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	set(scene, conn, SLUICE_OPTION_KEEPALIVE, 1);
	probes_between(scene, 2 * HOUR_MS - 10, 2 * HOUR_MS + 10);
	set(scene, conn, SLUICE_OPTION_KEEPALIVE, 0);
	passes_ms(scene, 20 * HOUR_MS);
	expect_nothing(scene);
	hears_nothing(scene);
	scene_free(scene);
}

/* The probe is SEG.SEQ = SND.NXT-1 without text, and whoever answers goes on for another interval, for ever. */
CLAIMS(MAY_5, SHLD_12, MUST_27)
static void test_answered(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	set_all(scene, conn);
	for (uint32_t i = 0; i < 20; i++) {
		probes_between(scene, 9990, 10010);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
		expect_nothing(scene);
	}
	hears_nothing(scene);
	assert_int_equal(counted(scene, keepalives_sent), 20);
	assert_int_equal(counted(scene, keepalives_failed), 0);
	scene_free(scene);
}

/* One that is lost means nothing, nor do two; the end comes when none of the row was answered, with an RST. */
CLAIMS(MUST_29)
static void test_not_answered(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	set_all(scene, conn);
	probes_between(scene, 9990, 10010);
	probes_between(scene, 1970, 2010);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	probes_between(scene, 9990, 10010);
	probes_between(scene, 1970, 2010);
	probes_between(scene, 1970, 2010);
	hears_nothing(scene);
	passes_ms(scene, 2010);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
	assert_int_equal(counted(scene, keepalives_sent), 5);
	assert_int_equal(counted(scene, keepalives_failed), 1);
	assert_int_equal(counted(scene, connections_timed_out), 1);
	scene_free(scene);
}

/* Whatever comes starts the time anew, old text and the peer's own probes too; what is far out of the window does not. */
static void test_heard(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	set_all(scene, conn);
	passes_ms(scene, 8000);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "x"});
	passes_ms(scene, 8000);
	arrives(scene, (struct segment){.seq = 2, .ack = 1, .flags = TCP_ACK});
	passes_ms(scene, 8000);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "x"});
	passes_ms(scene, 8000);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	passes_ms(scene, 8000);
	arrives(scene, (struct segment){.seq = 2 + 32767, .ack = 1, .flags = TCP_ACK});
	passes_ms(scene, 8000);
	arrives(scene, (struct segment){.seq = 1000000, .ack = 1, .flags = TCP_ACK});
	forget_sent(scene);
	forget_events(scene);
	passes_ms(scene, 1900);
	expect_nothing(scene);
	passes_ms(scene, 200);
	expect(scene, {.seq = 0, .ack = 2, .flags = TCP_ACK});
	scene_free(scene);
}

/* While something is on the way its own timer watches, and nothing else is sent; a shut window has its probes. */
CLAIMS(MUST_26)
static void test_only_when_idle(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	set_all(scene, conn);
	passes_ms(scene, 9000);
	sends(scene, conn, "hello", 0);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	for (uint32_t i = 0; i < 60; i++) {
		passes_ms(scene, 1000);
		forget_asks(scene);
		while (sent_count(scene))
			expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	}
	assert_int_equal(counted(scene, keepalives_sent), 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 6, .flags = TCP_ACK, .window = SHUT});
	sends(scene, conn, "x", 0);
	passes_ms(scene, 90000);
	assert_true(counted(scene, window_probes) > 0);
	assert_int_equal(counted(scene, keepalives_sent), 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 7, .flags = TCP_ACK});
	forget_sent(scene);
	forget_events(scene);
	passes_ms(scene, 10100);
	expect(scene, {.seq = 6, .ack = 1, .flags = TCP_ACK});
	scene_free(scene);
}

/* After our FIN is acknowledged nothing is on the way, and a peer that is gone would hold the record for ever. */
static void test_in_states(void **state)
{
	static const enum sluice_state states[] = {SLUICE_STATE_FIN_WAIT_2, SLUICE_STATE_CLOSE_WAIT};

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, states[i]);

		forget_sent(scene);
		forget_events(scene);
		set_all(scene, conn);
		passes_ms(scene, 20000);
		assert_int_equal(counted(scene, keepalives_sent), 3);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* By the configuration, of every connection from its opening on, of either side. */
static void test_configured(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.keepalive = true;
	config.keepalive_ms = 5000;
	config.keepalive_interval_ms = 1000;
	config.keepalive_probes = 1;
	for (uint32_t i = 0; i < 2; i++) {
		struct scene *scene = scene_new(&config);

		if (i) {
			syn_sent(scene);
			arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK});
		} else {
			established(scene);
		}
		forget_events(scene);
		forget_sent(scene);
		passes_ms(scene, 4900);
		expect_nothing(scene);
		passes_ms(scene, 200);
		expect_at(scene, probe, __FILE__, __LINE__);
		passes_ms(scene, 1000);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* A probe for which there was no packet was none. */
static void test_no_packets(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	uint32_t packets = scene->stash_packets;

	(void)state;
	set_all(scene, conn);
	passes_ms(scene, 9000);
	stash_is_empty(scene);
	passes_ms(scene, 10000);
	assert_int_equal(counted(scene, keepalives_sent), 0);
	hears_nothing(scene);
	scene->stash_packets = packets;
	passes_ms(scene, 1);
	expect_at(scene, probe, __FILE__, __LINE__);
	scene_free(scene);
}

/* Where the clock's ticks wrap, too. */
static void test_wrap(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	for (uint64_t tick = 1U << 30; tick <= 1ULL << 32; tick += 1U << 30) {
		tcp_set_time(scene->tcp, (tick - 20000) * TICK_NS);
		turn(scene);
	}
	set_all(scene, conn);
	for (uint32_t i = 0; i < 3; i++) {
		probes_between(scene, 9990, 10010);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	}
	assert_true(scene->tcp->now_tick < 1U << 30);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off_at_first), cmocka_unit_test(test_two_hours),
		cmocka_unit_test(test_answered),     cmocka_unit_test(test_not_answered),
		cmocka_unit_test(test_heard),        cmocka_unit_test(test_only_when_idle),
		cmocka_unit_test(test_in_states),    cmocka_unit_test(test_configured),
		cmocka_unit_test(test_no_packets),   cmocka_unit_test(test_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
