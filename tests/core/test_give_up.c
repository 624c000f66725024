/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a connection is given up: by the user's timeout, and when the peer's window stays shut; R2 itself is in test_timer.c.
 */
#include "lib/core/give_up.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

static void set_user_timeout(struct scene *scene, struct tcp_conn *conn, uint64_t ms)
{
	assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_USER_TIMEOUT_MS, ms), 0);
}

/* A window that stays shut, and a peer that says so for so long. */
static void stays_shut(struct scene *scene, uint32_t seconds)
{
	for (uint32_t i = 0; i < seconds && counted(scene, connections_closed) == 0; i++) {
		passes_ms(scene, 1000);
		if (sent_count(scene) && counted(scene, connections_closed) == 0)
			arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
		forget_sent(scene);
	}
}

static struct tcp_conn *with_shut_window(struct scene *scene)
{
	struct tcp_conn *conn = established(scene);

	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
	sends(scene, conn, "hello", 0);
	expect_nothing(scene);
	return conn;
}

/* It ends on its time, not on the next retransmission's, which backs off. */
CLAIMS(RFC5482_3)
static void test_user_timeout(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	uint32_t waited_ms = 0;

	(void)state;
	set_user_timeout(scene, conn, 12000);
	sends(scene, conn, "hello", 0);
	passes_ms(scene, 1010); /* the first timeout */
	while (counted(scene, connections_timed_out) == 0 && waited_ms < 60000) {
		passes_ms(scene, 10);
		waited_ms += 10;
	}
	assert_in_range(waited_ms, 11990,
			12000 + 2 * TROUBLE_MS); /* never early, and late by what its clock rounds off */
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
	forget_sent(scene);
	scene_free(scene);
}

/* What is acknowledged ends the trouble; 0 is R2 again. */
static void test_user_timeout_starts_anew(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	set_user_timeout(scene, conn, 5000);
	for (uint32_t i = 0; i < 5; i++) {
		sends(scene, conn, "hello", 0);
		passes_ms(scene, 5000);
		hears_nothing(scene);
		arrives(scene, (struct segment){.seq = 1, .ack = conn->snd_nxt.value - OUR_ISS, .flags = TCP_ACK});
		hears(scene, SLUICE_ACKED);
		passes_ms(scene, 20000);
		hears_nothing(scene);
	}
	set_user_timeout(scene, conn, 0);
	sends(scene, conn, "hello", 0);
	passes_ms(scene, 60000);
	hears_nothing(scene);
	forget_sent(scene);
	scene_free(scene);
}

/* MUST-37: whoever answers probes is never given up; MUST-35, 36 see to it that there are probes. */
static void test_shut_for_ever(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	with_shut_window(scene);
	stays_shut(scene, 4000);
	hears_nothing(scene);
	assert_true(counted(scene, window_probes) > 50);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	scene_free(scene);
}

/* Unless the user said how long, or nobody is left here to care; the peer, which is there, hears an RST. */
static void test_shut_is_bounded(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = with_shut_window(scene);

		if (i)
			user_close(scene->tcp, conn);
		else
			set_user_timeout(scene, conn, 30000);
		turn(scene);
		stays_shut(scene, i ? 95 : 28);
		hears_nothing(scene);
		stays_shut(scene, i ? 70 : 40);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
		assert_int_equal(counted(scene, connections_stuck), 1);
		assert_int_equal(counted(scene, resets_sent), 1);
		scene_free(scene);
	}
}

/* RFC 6429: where records are short, those that cannot move give way after R2, answered or not; and not before they are short. */
CLAIMS(RFC6429_3)
static void test_shut_while_short(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct side stuck;
	uint32_t count = 0;

	(void)state;
	config.connections = 16;
	scene = scene_new(&config);
	with_shut_window(scene);
	stuck = scene->side;
	stays_shut(scene, 1000);
	hears_nothing(scene);
	while (count++ < 14) {
		scene->side.port++;
		established(scene);
	}
	speaks(scene, stuck);
	stays_shut(scene, 60);
	hears_nothing(scene);
	stays_shut(scene, 200);
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_NO_MEMORY);
	assert_int_equal(counted(scene, connections_stuck), 1);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user_timeout),     cmocka_unit_test(test_user_timeout_starts_anew),
		cmocka_unit_test(test_shut_for_ever),    cmocka_unit_test(test_shut_is_bounded),
		cmocka_unit_test(test_shut_while_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
