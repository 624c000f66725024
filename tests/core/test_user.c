/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The user's calls (RFC 9293 section 3.10.2 to 3.10.6) in every state: what they take, what they refuse, and what is told when a
 * pool has run out.
 */
#include "lib/core/user.h"

#include <errno.h>

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define MSS 1000U

/* ---- RECEIVE --------------------------------------------------------------------------------------------------- */

/* In place, in order, as many slices as asked for; what is not consumed is shown again. */
static void test_peek_and_consume(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	struct sluice_slice slice[4];

	(void)state;
	assert_int_equal(user_peek(conn, slice, 4), 0);
	for (uint32_t i = 0; i < 3; i++) /* too large to share a packet */
		arrives(scene, (struct segment){.seq = 1 + i * MSS, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	assert_int_equal(user_peek(conn, slice, 0), 0);
	assert_int_equal(user_peek(conn, slice, 2), 2);
	assert_int_equal(slice[0].bytes + slice[1].bytes, 2 * MSS);
	assert_non_null(slice[0].packet);
	user_consume(scene->tcp, conn, MSS + 1);
	assert_int_equal(user_peek(conn, slice, 4), 2);
	assert_int_equal(slice[0].bytes, MSS - 1);
	assert_int_equal(*(const char *)slice[0].data, segment_pattern(MSS + 1));
	assert_int_equal(scene->tcp->packets_held, 2);
	user_consume(scene->tcp, conn, UINT32_MAX);
	assert_int_equal(user_peek(conn, slice, 4), 0);
	assert_int_equal(conn->readable_bytes, 0);
	assert_int_equal(scene->tcp->packets_held, 0);
	scene_free(scene);
}

/* ---- SEND ------------------------------------------------------------------------------------------------------ */

/* What was read is told at once to a peer that has little window left, and with the next ACK to one that has more. */
static void test_reading_opens_the_window(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	uint32_t seq = 1;

	(void)state;
	for (; seq < 10 * MSS; seq += MSS)
		arrives(scene, (struct segment){.seq = seq, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	forget_sent(scene);
	user_consume(scene->tcp, conn, 10 * MSS);
	turn(scene);
	expect_nothing(scene); /* 22,768 bytes are left of 32,768 */
	for (; seq < 27 * MSS; seq += MSS)
		arrives(scene, (struct segment){.seq = seq, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	forget_sent(scene);
	user_consume(scene->tcp, conn, 14 * MSS);
	turn(scene);
	expect_nothing(scene);
	user_consume(scene->tcp, conn, 3 * MSS);
	turn(scene);
	expect(scene, {.seq = 1, .ack = seq, .flags = TCP_ACK, .window = 32768});
	scene_free(scene);
}

/* Static, borrowed and copied memory, in one stream; empty slices between. */
static void test_send_kinds(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	const struct sluice_slice slice[] = {{"stat", 4, NULL}, {NULL, 0, NULL}, {"ic ", 3, NULL}};

	(void)state;
	assert_int_equal(user_send(scene->tcp, conn, slice, 3, SLUICE_SEND_STATIC), 7);
	assert_int_equal(user_send(scene->tcp, conn, slice, 3, SLUICE_SEND_BORROW), 7);
	assert_int_equal(user_send(scene->tcp, conn, slice, 3, SLUICE_SEND_COPY), 7);
	assert_int_equal(user_send(scene->tcp, conn, NULL, 0, SLUICE_SEND_FIN), 0);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK, .text = "static static static "});
	arrives(scene, (struct segment){.seq = 1, .ack = 23, .flags = TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 21);
	scene_free(scene);
}

/* Section 3.10.2: "connection closing" where our direction is closed; before it is open nothing is taken. */
static void test_send_in_every_state(void **state)
{
	(void)state;
	for (enum sluice_state s = SLUICE_STATE_SYN_SENT; s <= SLUICE_STATE_LAST_ACK; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, s);
		bool may = s == SLUICE_STATE_ESTABLISHED || s == SLUICE_STATE_CLOSE_WAIT;

		assert_int_equal(sends(scene, conn, "text", 0), may ? 4 : 0);
		assert_int_equal(sends(scene, conn, "", SLUICE_SEND_FIN), 0);
		assert_int_equal(conn->state, s == SLUICE_STATE_ESTABLISHED  ? SLUICE_STATE_FIN_WAIT_1
					      : s == SLUICE_STATE_CLOSE_WAIT ? SLUICE_STATE_LAST_ACK
									     : s);
		assert_int_equal(sends(scene, conn, "more", 0), 0);
		scene_free(scene);
	}
}

/* A full queue takes what fits, no FIN, and says WRITABLE when it has room. */
static void test_send_short(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_SEND_QUEUE_BYTES, 2048), 0);
	assert_int_equal(sends_bytes(scene, conn, 2049, SLUICE_SEND_FIN), 2048);
	assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
	assert_int_equal(sends_bytes(scene, conn, 1, 0), 0);
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK});
	hears(scene, SLUICE_ACKED | SLUICE_WRITABLE);
	assert_int_equal(sends_bytes(scene, conn, 10, SLUICE_SEND_FIN), 10);
	assert_int_equal(conn->state, SLUICE_STATE_FIN_WAIT_1);
	scene_free(scene);
}

/* No chunk and no descriptor: nothing is taken; with nothing of our own on the way a timer brings WRITABLE. */
static void test_send_without_memory(void **state)
{
	(void)state;
	for (uint32_t kind = 0; kind < 2; kind++) {
		struct sluice_config config = scene_config();
		struct scene *scene;
		struct tcp_conn *hog, *conn;
		struct sluice_slice one = {"x", 1, NULL};
		struct side first;

		config.chunks_small = config.chunks_large = 2;
		config.descriptors = 3;
		scene = scene_new(&config);
		hog = established(scene);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
		first = scene->side;
		scene->side.port++;
		conn = established(scene);
		while (user_send(scene->tcp, hog, &one, 1, kind ? SLUICE_SEND_STATIC : SLUICE_SEND_COPY))
			;
		if (kind == 0) {
			assert_int_equal(sends(scene, conn, "text", 0), 0);
			hears_nothing(scene);
			passes_ms(scene, 11);
			hears(scene, SLUICE_WRITABLE);
			passes_ms(scene, 100);
			hears_nothing(scene);
		} else {
			const struct sluice_slice two[] = {{"one", 3, NULL}, {"two", 3, NULL}};

			assert_int_equal(user_send(scene->tcp, conn, two, 2, SLUICE_SEND_STATIC | SLUICE_SEND_FIN), 3);
			turn(scene);
			expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "one"});
			arrives(scene, (struct segment){.seq = 1, .ack = 4, .flags = TCP_ACK});
			hears(scene, SLUICE_ACKED | SLUICE_WRITABLE);
		}
		speaks(scene, first);
		scene_free(scene);
	}
}

/* ---- CLOSE ------------------------------------------------------------------------------------------------------- */

/* Section 3.10.4. */
static void test_shutdown_in_every_state(void **state)
{
	static const enum sluice_state next[SLUICE_STATE_COUNT] = {
		[SLUICE_STATE_SYN_SENT] = SLUICE_STATE_SYN_SENT,
		[SLUICE_STATE_SYN_RECEIVED] = SLUICE_STATE_SYN_RECEIVED,
		[SLUICE_STATE_ESTABLISHED] = SLUICE_STATE_FIN_WAIT_1,
		[SLUICE_STATE_FIN_WAIT_1] = SLUICE_STATE_FIN_WAIT_1,
		[SLUICE_STATE_FIN_WAIT_2] = SLUICE_STATE_FIN_WAIT_2,
		[SLUICE_STATE_CLOSE_WAIT] = SLUICE_STATE_LAST_ACK,
		[SLUICE_STATE_CLOSING] = SLUICE_STATE_CLOSING,
		[SLUICE_STATE_LAST_ACK] = SLUICE_STATE_LAST_ACK,
	};

	(void)state;
	for (enum sluice_state s = SLUICE_STATE_SYN_SENT; s <= SLUICE_STATE_LAST_ACK; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, s);
		bool sends_fin = next[s] != s;

		for (uint32_t i = 0; i < 2; i++) {
			user_shutdown(scene->tcp, conn);
			turn(scene);
			assert_int_equal(conn->state, next[s]);
			if (i == 0 && sends_fin)
				expect(scene,
				       {.seq = 1, .ack = conn->rcv_nxt.value - PEER_ISS, .flags = TCP_FIN | TCP_ACK});
			expect_nothing(scene);
		}
		hears_nothing(scene);
		scene_free(scene);
	}
}

/* After close only CLOSED is told, whatever happens; and it is told. */
static void test_close_in_every_state(void **state)
{
	(void)state;
	for (enum sluice_state s = SLUICE_STATE_SYN_SENT; s <= SLUICE_STATE_LAST_ACK; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, s);

		user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 1000000);
		user_close(scene->tcp, conn);
		turn(scene);
		forget_sent(scene);
		if (life_is_used(conn))
			user_close(scene->tcp, conn); /* twice is once */
		passes_ms(scene, 300000);             /* the peer is silent */
		assert_int_equal(scene->event_end - scene->event_first, 1);
		hears(scene, SLUICE_CLOSED);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* SHLD-3: bytes unread, and the peer must know that they were. */
CLAIMS(SHLD_3)
static void test_close_with_unread_bytes(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "unread"});
	forget_events(scene);
	user_close(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 7, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ABORTED);
	scene_free(scene);
}

/* What was queued before close is still sent, and its FIN after it. */
static void test_close_sends_what_is_queued(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = MSS});

	(void)state;
	sends_bytes(scene, conn, 2 * MSS, 0);
	user_close(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK});
	expect(scene, {.seq = 1 + MSS, .ack = 1, .flags = TCP_FIN | TCP_ACK, .bytes = MSS});
	arrives(scene, (struct segment){.seq = 1, .ack = 2 + 2 * MSS, .flags = TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_CLOSED_LOCALLY);
	hears_nothing(scene);
	scene_free(scene);
}

/* ---- ABORT ------------------------------------------------------------------------------------------------------- */

/* Section 3.10.5: <SEQ=SND.NXT><CTL=RST>, but for SYN-SENT, which has nobody to tell. */
static void test_abort_in_every_state(void **state)
{
	(void)state;
	for (enum sluice_state s = SLUICE_STATE_SYN_SENT; s <= SLUICE_STATE_LAST_ACK; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, s);
		uint32_t seq = conn->snd_nxt.value - OUR_ISS, ack = conn->rcv_nxt.value - PEER_ISS;

		user_abort(scene->tcp, conn);
		turn(scene);
		if (s != SLUICE_STATE_SYN_SENT)
			expect(scene, {.seq = seq, .ack = ack, .flags = TCP_RST | TCP_ACK});
		expect_nothing(scene);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ABORTED);
		assert_int_equal(scene->tcp->conns.used_count, 0);
		assert_int_equal(counted(scene, connections_aborted), 1);
		scene_free(scene);
	}
}

/* No packet for the RST: it ends all the same. */
static void test_abort_without_packets(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	stash_is_empty(scene);
	user_abort(scene->tcp, conn);
	turn(scene);
	expect_nothing(scene);
	hears(scene, SLUICE_CLOSED);
	assert_int_equal(counted(scene, drop_no_buffer), 1);
	scene_free(scene);
}

/* A close with an end: RST when its time has come, unless all was over before. */
static void test_close_within(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends(scene, conn, "hello", 0);
	user_close_within(scene->tcp, conn, 500);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	expect(scene, {.seq = 6, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	passes_ms(scene, 499);
	expect_nothing(scene);
	hears_nothing(scene);
	passes_ms(scene, 2);
	expect(scene, {.seq = 7, .ack = 1, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ABORTED);
	scene->side.port++;
	conn = established(scene);
	user_close_within(scene->tcp, conn, 500);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	expect(scene, {.seq = 2, .ack = 2, .flags = TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
	passes_ms(scene, 2000);
	expect_nothing(scene);
	scene_free(scene);
}

/* At once; and after an ordinary close, which may be given another time. */
static void test_close_within_nothing(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	user_close_within(scene->tcp, conn, 0);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ABORTED);
	scene->side.port++;
	conn = established(scene);
	user_close(scene->tcp, conn);
	turn(scene);
	passes_ms(scene, 100);
	forget_sent(scene);
	user_close_within(scene->tcp, conn, 10000);
	user_close_within(scene->tcp, conn, 100);
	passes_ms(scene, 101);
	expect(scene, {.seq = 2, .ack = 1, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ABORTED);
	scene_free(scene);
}

/* ---- Options and STATUS -------------------------------------------------------------------------------------------- */

CLAIMS(MUST_49)
static void test_options(void **state)
{
	static const struct {
		enum sluice_option option;
		uint64_t least, most;
	} row[] = {
		{SLUICE_OPTION_NODELAY, 0, 1},
		{SLUICE_OPTION_R2_MS, 1, R2_MAX_S * 1000ULL},
		{SLUICE_OPTION_SEND_QUEUE_BYTES, 1024, 65535ULL << 10},
		{SLUICE_OPTION_RECEIVE_MAX_BYTES, 1024, 65535ULL << 10},
		{SLUICE_OPTION_DSCP, 0, 63},
		{SLUICE_OPTION_TTL, 1, 255},
		{SLUICE_OPTION_KEEPALIVE, 0, 1},
		{SLUICE_OPTION_KEEPALIVE_MS, 1000, KEEPALIVE_MAX_S * 1000ULL},
		{SLUICE_OPTION_KEEPALIVE_INTERVAL_MS, 1000, KEEPALIVE_INTERVAL_MAX_S * 1000ULL},
		{SLUICE_OPTION_KEEPALIVE_PROBES, 1, KEEPALIVE_PROBES_MAX},
		{SLUICE_OPTION_USER_TIMEOUT_MS, 0, R2_MAX_S * 1000ULL},
		{SLUICE_OPTION_REPORTS, 0, 1},
	};
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(user_set_option(scene->tcp, conn, row[i].option, row[i].least), 0);
		assert_int_equal(user_set_option(scene->tcp, conn, row[i].option, row[i].most), 0);
		assert_int_equal(user_set_option(scene->tcp, conn, row[i].option, row[i].most + 1), -EINVAL);
		assert_int_equal(user_set_option(scene->tcp, conn, row[i].option, UINT64_MAX), -EINVAL);
		if (row[i].least)
			assert_int_equal(user_set_option(scene->tcp, conn, row[i].option, row[i].least - 1), -EINVAL);
	}
	assert_int_equal(user_set_option(scene->tcp, conn, (enum sluice_option)99, 1), -EINVAL);
	scene_free(scene);
}

/* Section 3.10.6. */
static void test_info(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = 1500});
	struct sluice_conn_info info;

	(void)state;
	sends_bytes(scene, conn, 2000, 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 300, .window = 1500});
	arrives(scene, (struct segment){.seq = 501, .ack = 1, .flags = TCP_ACK, .bytes = 10, .window = 1500});
	passes_ms(scene, 1100);
	user_info(scene->tcp, conn, &info);
	assert_int_equal(info.state, SLUICE_STATE_ESTABLISHED);
	assert_int_equal(info.mss_bytes, MSS);
	assert_int_equal(info.send_window_bytes, 1500);
	assert_int_equal(info.receive_window_bytes, 32768 - 300);
	assert_int_equal(info.queued_bytes, 2000);
	assert_int_equal(info.inflight_bytes, 1000);
	assert_int_equal(info.readable_bytes, 300);
	assert_int_equal(info.out_of_order_packets, 1);
	assert_int_equal(info.retransmits_timeout, 1);
	assert_int_equal(info.cwnd_bytes, MSS);
	assert_int_equal(info.rto_us, 2000000);
	assert_false(info.timestamps || info.sack);
	scene_free(scene);
}

/* The first tick that is not before the time; what has passed is now, and 0 is never said. */
static void test_tick(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp *tcp = scene->tcp;

	(void)state;
	assert_int_equal(user_tick(tcp, 0), tcp->now_tick);
	assert_int_equal(user_tick(tcp, tcp->now_ns), tcp->now_tick);
	assert_int_equal(user_tick(tcp, tcp->now_ns + 1), tcp->now_tick + 1);
	assert_int_equal(user_tick(tcp, tcp->now_ns + TICK_NS), tcp->now_tick + 1);
	assert_int_equal(user_tick(tcp, tcp->now_ns + TICK_NS + 1), tcp->now_tick + 2);
	assert_int_equal(user_tick(tcp, UINT64_MAX), tcp->now_tick + INT32_MAX);
	tcp->now_tick = UINT32_MAX;
	assert_int_equal(user_tick(tcp, tcp->now_ns + 1), 1);
	scene->tcp->now_tick = (uint32_t)(tcp->now_ns / TICK_NS);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peek_and_consume),
		cmocka_unit_test(test_reading_opens_the_window),
		cmocka_unit_test(test_send_kinds),
		cmocka_unit_test(test_send_in_every_state),
		cmocka_unit_test(test_send_short),
		cmocka_unit_test(test_send_without_memory),
		cmocka_unit_test(test_shutdown_in_every_state),
		cmocka_unit_test(test_close_in_every_state),
		cmocka_unit_test(test_close_with_unread_bytes),
		cmocka_unit_test(test_close_sends_what_is_queued),
		cmocka_unit_test(test_abort_in_every_state),
		cmocka_unit_test(test_abort_without_packets),
		cmocka_unit_test(test_close_within),
		cmocka_unit_test(test_close_within_nothing),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
