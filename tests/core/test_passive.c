/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a SYN-ACK promises, and the connection that keeps it, whether an entry or a cookie remembered it.
 */
#include "lib/core/passive.h"

#include "tests/core/scene.h"

static const struct handshake plain = {.shift = HANDSHAKE_NO_SHIFT};

static void test_window_and_mss_are_the_listeners(void **state)
{
	struct sluice_config config = scene_config();
	struct sluice_listen_options options = {.receive_bytes = 10000, .mss_bytes = 800};
	struct sluice_address any = {.port = 81};
	struct handshake scaled = plain;
	struct scene *scene;

	(void)state;
	config.window_shift = 4;
	scene = scene_new(&config);
	listens(scene);
	assert_int_equal(listen_open(scene->tcp, &any, &options), 1);
	scaled.shift = 3;
	assert_int_equal(passive_window(scene->tcp, 0, &plain), 32768);
	assert_int_equal(passive_window(scene->tcp, 1, &plain), 10000);
	assert_int_equal(passive_window(scene->tcp, 1, &scaled), 10000 / 16 * 16);
	assert_int_equal(passive_mss(scene->tcp, 0, false), 1460);
	assert_int_equal(passive_mss(scene->tcp, 0, true), 1440);
	assert_int_equal(passive_mss(scene->tcp, 1, true), 800);
	scene_free(scene);
}

/* Each of what was agreed is found in the connection. */
static void test_kept(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.timestamps = config.sack = true;
	config.window_shift = 4;
	scene = scene_new(&config);
	conn = established_by(
		scene, (struct segment){.mss = 1200, .scale = SCALE(3), .sack_ok = true, .stamped = true, .tsval = 99});
	assert_int_equal(conn->mss_bytes, 1200 - 12);
	assert_int_equal(conn->snd_shift, 3);
	assert_int_equal(conn->rcv_shift, 4);
	assert_int_equal(conn->flags & (CONN_SACK | CONN_TIMESTAMPS), CONN_SACK | CONN_TIMESTAMPS);
	assert_int_equal(conn->ts_recent, 99);
	assert_int_equal(conn->listener, 0);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_and_mss_are_the_listeners),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
