/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A record from birth to death: handles that go stale, ends that are told once and last, unread bytes that outlive an orderly end
 * and no other, and pools that are full again.
 */
#include "lib/core/life.h"

#include "lib/core/inflight.h"
#include "tests/claims/claims.h"
#include "tests/core/scene.h"

static void test_handles(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	sluice_conn handle = life_handle(scene->tcp, conn), other = handle;

	(void)state;
	assert_true(handle.id != 0);
	assert_ptr_equal(life_conn(scene->tcp, handle), conn);
	other.id = 0;
	assert_null(life_conn(scene->tcp, other));
	other.id = handle.id ^ 1ULL << 32; /* another generation */
	assert_null(life_conn(scene->tcp, other));
	other.id = handle.id ^ 1ULL << 56; /* another worker */
	assert_null(life_conn(scene->tcp, other));
	other.id = (handle.id & ~0xffffffffULL) | scene->tcp->conns.fresh_count; /* never used */
	assert_null(life_conn(scene->tcp, other));
	other.id = handle.id | 0xffffffff;
	assert_null(life_conn(scene->tcp, other));
	scene_free(scene);
}

/* The record is used again at once, and the old handle is not its handle. */
static void test_stale_handle(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	sluice_conn before = {0};

	(void)state;
	config.connections = 1;
	scene = scene_new(&config);
	for (uint16_t i = 0; i < 20; i++) {
		struct tcp_conn *conn;

		scene->side.port = (uint16_t)(4000 + i);
		conn = established(scene);
		assert_null(life_conn(scene->tcp, before));
		before = life_handle(scene->tcp, conn);
		end_all(scene);
		forget_sent(scene);
		assert_true(hears(scene, SLUICE_CLOSED).conn.id == before.id);
		assert_null(life_conn(scene->tcp, before));
	}
	scene_free(scene);
}

/* A generation has 24 bits and is never 0. */
static void test_generation_wraps(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.connections = 1;
	scene = scene_new(&config);
	conn = established(scene);
	conn->generation = 0xffffff;
	end_all(scene);
	forget_events(scene);
	forget_sent(scene);
	scene->side.port++;
	conn = established(scene);
	assert_int_equal(conn->generation, 1);
	scene_free(scene);
}

static void test_none_free(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tuple tuple = {.local = test_ip(false, 1), .remote = test_ip(false, 2)};
	struct tcp_conn *conn[8];

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		conn[i] = life_new(scene->tcp, &tuple);
		assert_non_null(conn[i]);
	}
	assert_null(life_new(scene->tcp, &tuple));
	for (uint32_t i = 0; i < 8; i++)
		life_free(scene->tcp, conn[i]);
	assert_non_null(conn[0] = life_new(scene->tcp, &tuple));
	life_free(scene->tcp, conn[0]);
	scene_free(scene);
}

/* Nothing of the record's last user is left. */
static void test_blank(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.connections = 1;
	scene = scene_new(&config);
	conn = established(scene);
	conn->context = scene;
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 1000000);
	user_set_option(scene->tcp, conn, SLUICE_OPTION_TTL, 9);
	user_set_option(scene->tcp, conn, SLUICE_OPTION_R2_MS, 9000);
	sends_bytes(scene, conn, 5000, 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "text"});
	end_all(scene);
	forget_events(scene);
	forget_sent(scene);
	scene->side.port++;
	conn = established(scene);
	assert_null(conn->context);
	assert_int_equal(conn->ttl, 64);
	assert_int_equal(conn->r2_s, 0);
	assert_int_equal(conn->snd_queued_bytes + conn->readable_bytes + conn->timer_deadline, 0);
	passes_ms(scene, 10);
	hears_nothing(scene);
	scene_free(scene);
}

/* ---- Ends --------------------------------------------------------------------------------------------------------- */

/* With text queued, on the way, unread and out of order, whatever ends it: all of it is given back, and CLOSED is told once. */
static void test_everything_is_given_back(void **state)
{
	enum { RESET, ABORTED, TIMED_OUT, ENDS };
	static const enum sluice_reason reason[] = {SLUICE_REASON_RESET, SLUICE_REASON_ABORTED,
						    SLUICE_REASON_TIMED_OUT};

	(void)state;
	for (uint32_t end = 0; end < ENDS; end++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = established(scene);
		sluice_conn handle = life_handle(scene->tcp, conn);

		conn->cwnd_bytes = 4000;
		sends_bytes(scene, conn, 9000, 0);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 700});
		arrives(scene, (struct segment){.seq = 2001, .ack = 1, .flags = TCP_ACK, .bytes = 700});
		forget_sent(scene);
		forget_events(scene);
		assert_int_equal(scene->tcp->packets_held, 2);
		if (end == RESET)
			arrives(scene, (struct segment){.seq = 701, .flags = TCP_RST});
		else if (end == ABORTED)
			user_abort(scene->tcp, conn);
		else
			passes_ms(scene, 200000);
		turn(scene);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, reason[end]);
		hears_nothing(scene);
		assert_null(life_conn(scene->tcp, handle));
		assert_int_equal(scene->tcp->packets_held, 0);
		assert_int_equal(scene->tcp->inflight.used_count, 0);
		assert_int_equal(scene->tcp->chunks_large.used_count, 0);
		assert_int_equal(scene->tcp->table.count, 0);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* Closed by both in order, text still unread: the record waits, out of the table, until it is read. */
static void test_unread_outlives_an_orderly_end(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK, .text = "last words"});
	hears(scene, SLUICE_READABLE | SLUICE_PEER_CLOSED);
	user_shutdown(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 12, .ack = 2, .flags = TCP_ACK});
	hears_nothing(scene);
	assert_int_equal(scene->tcp->table.count, 0);
	assert_true(life_is_used(conn));
	assert_int_equal(sends(scene, conn, "too late", 0), 0);
	user_consume(scene->tcp, conn, 5);
	turn(scene);
	hears_nothing(scene);
	reads(scene, conn, "words");
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
	scene_free(scene);
}

/* Or until nobody wants to. */
static void test_unread_and_unwanted(void **state)
{
	(void)state;
	for (uint32_t aborts = 0; aborts < 2; aborts++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = established(scene);

		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK, .text = "last words"});
		user_shutdown(scene->tcp, conn);
		turn(scene);
		arrives(scene, (struct segment){.seq = 12, .ack = 2, .flags = TCP_ACK});
		forget_events(scene);
		forget_sent(scene);
		if (aborts)
			user_abort(scene->tcp, conn);
		else
			user_close(scene->tcp, conn);
		turn(scene);
		expect_nothing(scene);
		hears(scene, SLUICE_CLOSED);
		scene_free(scene);
	}
}

/* What the user is told tells a close from an abort, and whose it was. */
CLAIMS(MUST_12)
static void test_reasons_tell_a_close_from_an_abort(void **state)
{
	static const enum sluice_reason reasons[] = {SLUICE_REASON_FINISHED, SLUICE_REASON_RESET, SLUICE_REASON_ABORTED,
						     SLUICE_REASON_TIMED_OUT};

	(void)state;
	for (uint32_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, SLUICE_STATE_CLOSE_WAIT);

		user_shutdown(scene->tcp, conn);
		turn(scene);
		if (reasons[i] == SLUICE_REASON_FINISHED)
			arrives(scene, (struct segment){.seq = 2, .ack = 2, .flags = TCP_ACK});
		else if (reasons[i] == SLUICE_REASON_RESET)
			arrives(scene, (struct segment){.seq = 2, .flags = TCP_RST});
		else if (reasons[i] == SLUICE_REASON_ABORTED)
			user_abort(scene->tcp, conn);
		else
			passes_ms(scene, 300000);
		turn(scene);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, reasons[i]);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* Simultaneous close (RFC 9293 figure 13): both FINs cross, both ends come to TIME-WAIT by way of CLOSING. */
static void test_simultaneous_close(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn;

		scene->side.ipv6 = family;
		conn = established(scene);
		user_shutdown(scene->tcp, conn);
		turn(scene);
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
		expect(scene, {.seq = 2, .ack = 2, .flags = TCP_ACK});
		hears(scene, SLUICE_PEER_CLOSED);
		assert_int_equal(conn->state, SLUICE_STATE_CLOSING);
		arrives(scene, (struct segment){.seq = 2, .ack = 2, .flags = TCP_ACK});
		expect_nothing(scene);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
		assert_int_equal(scene->tcp->time_wait.live_count, 1);
		scene_free(scene);
	}
}

/* Half-close each way: the other direction goes on. */
static void test_half_close(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	user_shutdown(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK, .text = "the answer"});
	hears(scene, SLUICE_READABLE);
	reads(scene, conn, "the answer");
	assert_int_equal(conn->state, SLUICE_STATE_FIN_WAIT_2);
	scene_free(scene);

	scene = scene_new(NULL);
	conn = established(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	hears(scene, SLUICE_PEER_CLOSED);
	forget_sent(scene);
	assert_int_equal(sends(scene, conn, "the answer", SLUICE_SEND_FIN), 10);
	expect(scene, {.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK, .text = "the answer"});
	assert_int_equal(conn->state, SLUICE_STATE_LAST_ACK);
	arrives(scene, (struct segment){.seq = 2, .ack = 12, .flags = TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_ACKED | SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
	assert_int_equal(scene->tcp->time_wait.live_count, 0); /* who closes last needs none */
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_stale_handle),
		cmocka_unit_test(test_generation_wraps),
		cmocka_unit_test(test_none_free),
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_everything_is_given_back),
		cmocka_unit_test(test_unread_outlives_an_orderly_end),
		cmocka_unit_test(test_unread_and_unwanted),
		cmocka_unit_test(test_reasons_tell_a_close_from_an_abort),
		cmocka_unit_test(test_simultaneous_close),
		cmocka_unit_test(test_half_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
