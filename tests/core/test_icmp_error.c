/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors: which find a connection, which are believed, what each kind does in which state, and that a flood does nothing.
 */
#include "lib/core/icmp_error.h"

#include <errno.h>

#include "tests/claims/claims.h"
#include "tests/core/icmp.h"

static struct sluice_conn_info info_of(const struct scene *scene, const struct tcp_conn *conn)
{
	struct sluice_conn_info info;

	user_info(scene->tcp, conn, &info);
	return info;
}

/* MUST-56: none of these ends anything; MUST-54, 47: each is noted for its connection, and for no other. */
CLAIMS(MUST_54, MUST_47, MUST_56)
static void test_soft(void **state)
{
	static const struct told errors[2][6] = {
		{{UNREACHABLE, 0},
		 {UNREACHABLE, 1},
		 {UNREACHABLE, 5},
		 {TIME_EXCEEDED, 0},
		 {TIME_EXCEEDED, 1},
		 {PARAMETER, 0}},
		{{UNREACHABLE_6, 0},
		 {UNREACHABLE_6, 3},
		 {TIME_EXCEEDED_6, 0},
		 {TIME_EXCEEDED_6, 1},
		 {PARAMETER_6, 0},
		 {PARAMETER_6, 2}},
	};

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		struct scene *scene = scene_new(NULL);
		struct told told = errors[i / 6][i % 6];
		struct tcp_conn *conn, *other;

		scene->side.ipv6 = i / 6;
		conn = established(scene);
		sends(scene, conn, "hello", 0);
		forget_sent(scene);
		told.seq = 1;
		error_arrives_at(scene, &told);
		expect_nothing(scene);
		hears_nothing(scene);
		assert_int_equal(counted(scene, icmp_soft), 1);
		assert_true(info_of(scene, conn).has_icmp);
		assert_int_equal(info_of(scene, conn).icmp_type, told.type);
		assert_int_equal(info_of(scene, conn).icmp_code, told.code);
		assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
		scene->side.port++;
		other = established(scene);
		assert_false(info_of(scene, other).has_icmp);
		scene->side.port--;
		scene_free(scene);
	}
}

/* RFC 5927 section 5.2: what would end a connection that opens is soft once it is open, in every state. */
CLAIMS(RFC5927_4_1, RFC5927_5_2)
static void test_hard_is_soft_when_open(void **state)
{
	static const enum sluice_state states[] = {SLUICE_STATE_ESTABLISHED, SLUICE_STATE_FIN_WAIT_1,
						   SLUICE_STATE_CLOSE_WAIT,  SLUICE_STATE_CLOSING,
						   SLUICE_STATE_LAST_ACK,    SLUICE_STATE_SYN_RECEIVED};

	(void)state;
	for (uint32_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, states[i]);

		if (states[i] == SLUICE_STATE_ESTABLISHED || states[i] == SLUICE_STATE_CLOSE_WAIT)
			sends(scene, conn, "hello", 0);
		forget_sent(scene);
		forget_events(scene);
		for (uint8_t code = 2; code <= 13; code++)
			if (code != 4)
				error_arrives(scene, {UNREACHABLE, code, .seq = conn->snd_una.value - OUR_ISS});
		expect_nothing(scene);
		hears_nothing(scene);
		assert_int_equal(conn->state, states[i]);
		assert_int_equal(counted(scene, icmp_soft), 11);
		scene_free(scene);
	}
}

/* In SYN-SENT, a hard error about our SYN is the answer (SHLD-26). */
CLAIMS(SHLD_26)
static void test_hard_while_opening(void **state)
{
	static const struct told errors[2][5] = {
		{{UNREACHABLE, 2}, {UNREACHABLE, 3}, {UNREACHABLE, 9}, {UNREACHABLE, 10}, {UNREACHABLE, 13}},
		{{UNREACHABLE_6, 4}, {UNREACHABLE_6, 1}, {PARAMETER_6, 1}, {UNREACHABLE_6, 4}, {UNREACHABLE_6, 4}},
	};

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		struct scene *scene = scene_new(NULL);
		struct told told = errors[i / 5][i % 5];

		scene->side.ipv6 = i / 5;
		syn_sent(scene);
		for (uint32_t seq = UINT32_MAX; seq != 3; seq++) {
			if (seq == 0)
				continue;
			told.seq = seq;
			error_arrives_at(scene, &told);
		}
		hears_nothing(scene);
		assert_int_equal(counted(scene, drop_icmp_sequence), 3);
		told.seq = 0;
		error_arrives_at(scene, &told);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ICMP);
		assert_int_equal(counted(scene, connections_unreachable), 1);
		expect_nothing(scene);
		scene_free(scene);
	}
}

/* A soft one is not, nor is one about the size: the SYN goes on. */
static void test_soft_while_opening(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = syn_sent(scene);

	(void)state;
	error_arrives(scene, {UNREACHABLE, 1});
	error_arrives(scene, {TIME_EXCEEDED, 0});
	error_arrives(scene, {UNREACHABLE, 4, .rest = 1000});
	hears_nothing(scene);
	assert_int_equal(counted(scene, icmp_soft), 2);
	assert_int_equal(counted(scene, drop_icmp_useless), 1);
	assert_true(info_of(scene, conn).has_icmp);
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK});
	hears(scene, SLUICE_OPENED);
	scene_free(scene);
}

/* What is not in flight is not believed: what was acknowledged, what was not sent, nothing at all being out. */
static void test_sequence(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	static const uint32_t believed[] = {6, 7, 10}, refused[] = {0, 1, 5, 11, 12, 0x80000006, 0xfffffffe};

	(void)state;
	error_arrives(scene, {UNREACHABLE, 1, .seq = 1});
	assert_int_equal(counted(scene, drop_icmp_sequence), 1);
	sends(scene, conn, "hello", 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 6, .flags = TCP_ACK});
	sends(scene, conn, "world", 0);
	for (uint32_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		error_arrives(scene, {UNREACHABLE, 1, .seq = refused[i]});
	assert_int_equal(counted(scene, drop_icmp_sequence), 8);
	assert_int_equal(counted(scene, icmp_soft), 0);
	assert_false(info_of(scene, conn).has_icmp);
	for (uint32_t i = 0; i < sizeof(believed) / sizeof(believed[0]); i++)
		error_arrives(scene, {UNREACHABLE, 1, .seq = believed[i]});
	assert_int_equal(counted(scene, icmp_soft), 3);
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

/* Another port, another address, a handshake, TIME-WAIT: no connection of ours; and Source Quench is nothing (MUST-55). */
CLAIMS(MUST_55)
static void test_about_nobody(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	struct side side = scene->side;
	struct bytes frame;

	(void)state;
	sends(scene, conn, "hello", 0);
	forget_sent(scene);
	for (uint32_t i = 0; i < 3; i++) {
		scene->side = side;
		scene->side.port = (uint16_t)(side.port + (i == 0));
		scene->side.our_port = (uint16_t)(side.our_port + (i == 1));
		scene->side.last = (uint8_t)(side.last + (i == 2));
		error_arrives(scene, {UNREACHABLE, 1, .seq = 1});
	}
	assert_int_equal(counted(scene, drop_icmp_no_connection), 3);
	scene->side = side;
	frame = icmp_error_frame(&scene->side, &(struct told){UNREACHABLE, 1, .seq = 1});
	frame.at[L3 + 19] = 3; /* not to us */
	mend(&frame);
	frame_arrives(scene, &frame);
	assert_int_equal(counted(scene, drop_ip_destination), 1);
	frame = icmp_error_frame(&scene->side, &(struct told){UNREACHABLE, 1, .seq = 1});
	frame.at[L3 + 20 + 8 + 15] = 9; /* to us, about somebody else's segment */
	mend(&frame);
	frame_arrives(scene, &frame);
	assert_int_equal(counted(scene, drop_icmp), 1);
	error_arrives(scene, {4, 0, .seq = 1});
	assert_int_equal(counted(scene, drop_icmp), 2);
	scene->side.port++;
	scene->knows_our_iss = false;
	arrives(scene, (struct segment){.flags = TCP_SYN});
	error_arrives(scene, {UNREACHABLE, 3, .seq = 0});
	assert_int_equal(counted(scene, drop_icmp_no_connection), 4);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
	assert_int_equal(counted(scene, icmp_soft), 0);
	hears_nothing(scene);
	forget_sent(scene);
	scene_free(scene);
}

/* So many a second are looked at, and the next second as many. */
static void test_flood(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends(scene, conn, "hello", 0);
	for (uint32_t second = 1; second <= 2; second++) {
		uint64_t into_us = scene->tcp->now_ns / 1000 % 1000000;

		passes_us(scene, 1000000 - into_us);
		for (uint32_t i = 0; i < ICMP_ERRORS_PER_SECOND_MAX + 10; i++)
			error_arrives(scene, {UNREACHABLE, 1, .seq = 1});
		assert_int_equal(counted(scene, icmp_soft), second * ICMP_ERRORS_PER_SECOND_MAX);
		assert_int_equal(counted(scene, drop_icmp_limited), second * 10);
	}
	hears_nothing(scene);
	forget_sent(scene);
	scene_free(scene);
}

/* Told only to who asked for it (SHLD-20, 25), and R1 likewise (SHLD-9, 10). */
CLAIMS(SHLD_25, SHLD_20, SHLD_9)
static void test_reports(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends(scene, conn, "hello", 0);
	error_arrives(scene, {UNREACHABLE, 1, .seq = 1});
	hears_nothing(scene);
	assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_REPORTS, 2), -EINVAL);
	assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_REPORTS, 1), 0);
	error_arrives(scene, {UNREACHABLE, 1, .seq = 1});
	hears(scene, SLUICE_TROUBLE);
	while (counted(scene, recoveries_timeout) < 3) {
		hears_nothing(scene);
		passes_ms(scene, 100);
	}
	hears(scene, SLUICE_TROUBLE);
	passes_ms(scene, 3000);
	hears_nothing(scene);
	assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_REPORTS, 0), 0);
	error_arrives(scene, {UNREACHABLE, 1, .seq = 1});
	hears_nothing(scene);
	forget_sent(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soft),
		cmocka_unit_test(test_hard_is_soft_when_open),
		cmocka_unit_test(test_hard_while_opening),
		cmocka_unit_test(test_soft_while_opening),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_about_nobody),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
