/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * OPEN, active (RFC 9293 section 3.10.1): the SYN, how long it is repeated, which addresses may be called, and the choice of a
 * local port (RFC 6056 section 3.3.4).
 */
#include <errno.h>

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

static int connects_to(struct scene *scene, struct sluice_address address, const struct sluice_connect_options *options,
		       struct tcp_conn **conn)
{
	*conn = NULL;
	return user_connect(scene->tcp, &address, options, scene, conn);
}

static int refused(struct scene *scene, struct sluice_address address)
{
	struct tcp_conn *conn;

	return connects_to(scene, address, NULL, &conn);
}

/* The next hop is asked for, and the SYN leaves when it answers. */
CLAIMS(MUST_14, SHLD_5)
static void test_syn_with_our_options(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.timestamps = config.sack = true;
	config.window_shift = 7;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(&config);
		struct bytes reply;
		struct tcp_conn *conn;

		scene->side.ipv6 = family;
		assert_int_equal(connects_to(scene, address_of(family, 2, 4000), NULL, &conn), 0);
		scene->side.our_port = conn->tuple.local_port;
		turn(scene);
		expect_asks(scene, 2, 0);
		expect_nothing(scene);
		reply = neighbour_reply_frame(&scene->side, 2, 2);
		frame_arrives(scene, &reply);
		expect(scene, {.flags = TCP_SYN,
			       .window = 32768,
			       .mss = family ? 1440 : 1460,
			       .scale = SCALE(7),
			       .sack_ok = true,
			       .stamped = true});
		assert_memory_equal(scene->sent[0].bytes.at, "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
		expect_nothing(scene);
		hears_nothing(scene);
		assert_int_equal(conn->state, SLUICE_STATE_SYN_SENT);
		assert_ptr_equal(conn->context, scene);
		assert_int_equal(counted(scene, connects), 1);
		assert_int_equal(counted(scene, active_opens), 0);
		scene_free(scene);
	}
}

/* Its SYN asks for segments no larger than the user wants, and it sends none. */
static void test_smaller_segments(void **state)
{
	const struct sluice_connect_options options = {.mss_bytes = 1100}, too_few = {.mss_bytes = MSS_FLOOR_BYTES - 1};
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn;

	(void)state;
	syn_sent(scene);
	assert_int_equal(connects_to(scene, address_of(false, 2, 4001), &too_few, &conn), -EINVAL);
	assert_int_equal(connects_to(scene, address_of(false, 2, 4001), &options, &conn), 0);
	speaks(scene, (struct side){.last = 2, .port = 4001, .our_port = conn->tuple.local_port, .iss = PEER_ISS});
	scene->knows_our_iss = false;
	turn(scene);
	expect(scene, {.flags = TCP_SYN, .mss = 1100, .scale = SCALE(0)});
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1400});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	assert_int_equal(conn->mss_bytes, 1100);
	scene_free(scene);
}

/* A known neighbour is not asked again: the SYN leaves with the same flush. */
static void test_known_neighbour(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn;

	(void)state;
	syn_sent(scene);
	assert_int_equal(connects_to(scene, address_of(false, 2, 4001), NULL, &conn), 0);
	speaks(scene, (struct side){.last = 2, .port = 4001, .our_port = conn->tuple.local_port});
	scene->knows_our_iss = false;
	turn(scene);
	expect(scene, {.flags = TCP_SYN, .mss = 1460, .scale = SCALE(0)});
	expect_nothing(scene);
	scene_free(scene);
}

/* RFC 6298: 1, 2, 4 s and so on, 60 s at most; given up after R2, at least three minutes (MUST-23). */
CLAIMS(MUST_22, MUST_23)
static void test_repeated_and_given_up_must_23(void **state)
{
	struct scene *scene = scene_new(NULL);
	uint64_t wait_us = 1000000, sent_us, first_us;
	struct sluice_event event;

	(void)state;
	syn_sent(scene);
	first_us = sent_us = scene->tcp->now_ns / 1000;
	for (uint32_t i = 0; i < 7; i++) {
		uint64_t again_us;

		passes_us(scene, sent_us + wait_us + 1000 - scene->tcp->now_ns / 1000);
		forget_asks(scene); /* the next hop is suspected, too */
		again_us = expect(scene, {.flags = TCP_SYN, .mss = 1460, .scale = SCALE(0)});
		assert_in_range(again_us - sent_us, wait_us, wait_us + 1000);
		sent_us = again_us;
		wait_us = wait_us < 30000000 ? wait_us * 2 : 60000000;
		expect_nothing(scene);
		hears_nothing(scene);
	}
	assert_int_equal(counted(scene, retransmits_syn), 7);
	passes_ms(scene, 180000);
	event = hears(scene, SLUICE_CLOSED);
	assert_int_equal(event.reason, SLUICE_REASON_TIMED_OUT);
	assert_ptr_equal(event.context, scene);
	assert_int_equal(event.listener, SLUICE_NO_LISTENER);
	assert_true(scene->tcp->now_ns / 1000 - first_us >= 180000000);
	assert_int_equal(counted(scene, connections_timed_out), 1);
	scene_free(scene);
}

CLAIMS(MUST_46)
static void test_no_host_must_46(void **state)
{
	struct scene *scene = scene_new(NULL);
	static const char *const text[] = {"0.0.0.0",      "127.0.0.1",  "224.0.0.1", "255.255.255.255",
					   "198.18.0.255", "198.18.0.1", "::",        "::1",
					   "ff02::1",      "2001:2::1",  "240.0.0.1"};
	struct sluice_address address;

	(void)state;
	for (uint32_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		assert_int_equal(sluice_address_parse(text[i], &address), 0);
		address.port = 80;
		assert_int_equal(refused(scene, address), -EINVAL);
	}
	assert_int_equal(refused(scene, address_of(false, 2, 0)), -EINVAL);
	assert_int_equal(scene->tcp->conns.used_count, 0);
	assert_int_equal(counted(scene, connects), 0);
	scene_free(scene);
}

static void test_no_route(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_address address;

	(void)state;
	assert_int_equal(sluice_address_parse("198.19.0.1:80", &address), 0);
	assert_int_equal(refused(scene, address), -ENETUNREACH);
	assert_int_equal(sluice_address_parse("[2001:3::1]:80", &address), 0);
	assert_int_equal(refused(scene, address), -ENETUNREACH);
	scene_free(scene);
}

CLAIMS(MUST_43)
static void test_local_address(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_connect_options options = {.local = address_of(false, 2, 0)};
	struct tcp_conn *conn;

	(void)state;
	assert_int_equal(connects_to(scene, address_of(false, 9, 80), &options, &conn), -EADDRNOTAVAIL);
	options.local = address_of(true, 1, 0);
	assert_int_equal(connects_to(scene, address_of(false, 9, 80), &options, &conn), -EADDRNOTAVAIL);
	options.local = address_of(false, 1, 1234);
	assert_int_equal(connects_to(scene, address_of(false, 9, 80), &options, &conn), 0);
	assert_int_equal(conn->tuple.local_port, 1234);
	assert_int_equal(connects_to(scene, address_of(false, 9, 80), &options, &conn), -EADDRINUSE);
	options.local = (struct sluice_address){.port = 1234};
	assert_int_equal(connects_to(scene, address_of(false, 9, 80), &options, &conn), -EADDRINUSE);
	assert_int_equal(connects_to(scene, address_of(false, 9, 81), &options, &conn), 0);
	assert_int_equal(conn->tuple.local_port, 1234);
	scene_free(scene);
}

static void test_options(void **state)
{
	struct sluice_config config = scene_config();
	struct sluice_connect_options options = {.receive_bytes = 255, .delay = true};
	struct tcp_conn *conn;
	struct scene *scene;

	(void)state;
	config.nodelay = true;
	scene = scene_new(&config);
	assert_int_equal(connects_to(scene, address_of(false, 2, 80), &options, &conn), -EINVAL);
	options.receive_bytes = UINT32_MAX;
	assert_int_equal(connects_to(scene, address_of(false, 2, 80), &options, &conn), -EINVAL);
	options.receive_bytes = 4321;
	assert_int_equal(connects_to(scene, address_of(false, 2, 80), &options, &conn), 0);
	assert_int_equal(conn->rcv_buffer_bytes, 4321);
	assert_false(conn->flags & CONN_NODELAY);
	scene_free(scene);
}

/* No record: nothing is left behind. */
static void test_no_record(void **state)
{
	struct scene *scene = scene_new(NULL);
	uint32_t count = scene->tcp->conns.capacity_count;
	struct tcp_conn *conn;

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(connects_to(scene, address_of(false, 2, 80), NULL, &conn), 0);
	assert_int_equal(connects_to(scene, address_of(false, 2, 80), NULL, &conn), -ENOBUFS);
	assert_int_equal(counted(scene, connects), count);
	assert_int_equal(scene->tcp->table.count, count);
	scene_free(scene);
}

/* RFC 6056: every port of 1024 to 65535 once for one destination, in no order that its neighbour shares, then none is left. */
CLAIMS(RFC6056_3_3_4)
static void test_every_port_once_rfc6056(void **state)
{
	struct sluice_config config = scene_config();
	static uint8_t taken[65536];
	struct scene *scene;
	uint32_t first[2] = {0, 0};
	struct tcp_conn *conn;

	(void)state;
	config.connections = 65536;
	scene = scene_new(&config);
	for (uint32_t i = 0; i < 65536 - 1024; i++) {
		assert_int_equal(connects_to(scene, address_of(false, 2, 80), NULL, &conn), 0);
		assert_in_range(conn->tuple.local_port, 1024, 65535);
		assert_int_equal(taken[conn->tuple.local_port]++, 0);
		first[0] = i ? first[0] : conn->tuple.local_port;
	}
	assert_int_equal(connects_to(scene, address_of(false, 2, 80), NULL, &conn), -EADDRNOTAVAIL);
	assert_int_equal(connects_to(scene, address_of(false, 2, 81), NULL, &conn), 0);
	first[1] = conn->tuple.local_port;
	assert_int_not_equal(first[0], first[1]);
	for (uint32_t i = 0; i < scene->tcp->conns.fresh_count; i++)
		user_abort(scene->tcp, tcp_conn_at(scene->tcp, i));
	for (uint32_t i = 0; i < 65536 && scene->tcp->conns.used_count; i++)
		tcp_collect_events(scene->tcp); /* more than a scene keeps */
	scene_free(scene);
}

/* Closing what is not open yet: the SYN is forgotten, CLOSED comes, a late SYN-ACK is answered as one to nothing (3.10.4). */
static void test_closed_while_opening(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = syn_sent(scene);

	(void)state;
	user_shutdown(scene->tcp, conn); /* nothing yet to shut down */
	assert_int_equal(sends(scene, conn, "early", 0), 0);
	assert_int_equal(conn->state, SLUICE_STATE_SYN_SENT);
	user_close(scene->tcp, conn);
	turn(scene);
	expect_nothing(scene);
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ABORTED);
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK});
	expect(scene, {.seq = 1, .flags = TCP_RST});
	scene_free(scene);
}

/* RFC 6528: another tuple, another number; the same tuple later, a later one. */
CLAIMS(SHLD_1)
static void test_isn_rfc6528(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_connect_options options = {.local = {.port = 2000}};
	struct tcp_conn *conn;
	struct seq iss, other_iss, later_iss;

	(void)state;
	assert_int_equal(connects_to(scene, address_of(false, 2, 80), &options, &conn), 0);
	iss = conn->snd_una;
	assert_int_equal(connects_to(scene, address_of(false, 2, 81), &options, &conn), 0);
	other_iss = conn->snd_una;
	assert_int_not_equal(iss.value, other_iss.value);
	end_all(scene);
	passes_ms(scene, 60000);
	assert_int_equal(connects_to(scene, address_of(false, 2, 80), &options, &conn), 0);
	later_iss = conn->snd_una;
	assert_true(seq_after(later_iss, iss));
	assert_in_range(seq_distance(later_iss, iss), 60000000 / 4, 60000000 / 4 + 1000);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_with_our_options),
		cmocka_unit_test(test_smaller_segments),
		cmocka_unit_test(test_known_neighbour),
		cmocka_unit_test(test_repeated_and_given_up_must_23),
		cmocka_unit_test(test_no_host_must_46),
		cmocka_unit_test(test_no_route),
		cmocka_unit_test(test_local_address),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_every_port_once_rfc6056),
		cmocka_unit_test(test_closed_while_opening),
		cmocka_unit_test(test_isn_rfc6528),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
