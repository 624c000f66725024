/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text and FIN (RFC 9293 section 3.10.7.4, seventh and eighth step): in order and out of order, when it is acknowledged (RFC 5681
 * section 4.2), how the window follows the rate, and what becomes of text that nobody will read.
 */
#include "lib/core/segment.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define MSS 1000U

static void text(struct scene *scene, uint32_t seq, uint32_t bytes)
{
	arrives(scene, (struct segment){.seq = seq, .ack = 1, .flags = TCP_ACK, .bytes = bytes});
}

static void expect_ack(struct scene *scene, uint32_t ack)
{
	expect(scene, {.seq = 1, .ack = ack, .flags = TCP_ACK});
	expect_nothing(scene);
}

/* ---- When it is acknowledged ------------------------------------------------------------------------------- */

/* MUST-58, SHLD-18: an ACK at least for every second full segment. */
CLAIMS(SHLD_19)
static void test_every_second_segment(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	for (uint32_t i = 0; i < 6; i++) {
		text(scene, 1 + i * MSS, MSS);
		if (i % 2)
			expect_ack(scene, 1 + (i + 1) * MSS);
		expect_nothing(scene);
	}
	assert_int_equal(counted(scene, acks_delayed), 0);
	scene_free(scene);
}

/* MUST-40: and after less than 0.5 s at the latest. */
CLAIMS(SHLD_18, MUST_40)
static void test_alone_after_the_delay(void **state)
{
	struct sluice_config config = scene_config();
	static const uint32_t delay_ms[] = {1, 40, 499};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct scene *scene;
		uint64_t came_us;

		config.delayed_ack_ms = delay_ms[i];
		scene = scene_new(&config);
		established(scene);
		came_us = scene->tcp->now_ns / 1000;
		text(scene, 1, MSS);
		expect_nothing(scene);
		passes_ms(scene, 600);
		assert_in_range(expect(scene, {.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK}) - came_us,
				delay_ms[i] * 1000, delay_ms[i] * 1000 + 500);
		expect_nothing(scene);
		assert_int_equal(counted(scene, acks_delayed), 1);
		scene_free(scene);
	}
}

/* Carried by what we send, it is not sent again. */
static void test_piggybacked(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	text(scene, 1, 10);
	sends(scene, conn, "reply", 0);
	expect(scene, {.seq = 1, .ack = 11, .flags = TCP_ACK, .text = "reply"});
	passes_ms(scene, 100);
	expect_nothing(scene);
	scene_free(scene);
}

/* The first segments of a connection are acknowledged at once, so that the peer's window can open. */
static void test_quickly_at_first(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	conn->quick_acks = QUICK_ACKS;
	for (uint32_t i = 0; i < QUICK_ACKS; i++) {
		text(scene, 1 + i * 10, 10);
		expect_ack(scene, 11 + i * 10);
	}
	text(scene, 81, 10);
	expect_nothing(scene);
	scene_free(scene);
}

/* A gap is filled: its sender recovers from a loss, and the next ones are acknowledged at once, too. */
static void test_quickly_after_a_gap(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	text(scene, 11, 10);
	expect_ack(scene, 1);
	text(scene, 1, 10);
	expect_ack(scene, 21);
	for (uint32_t i = 0; i < QUICK_ACKS - 1; i++) {
		text(scene, 21 + i * 10, 10);
		expect_ack(scene, 31 + i * 10);
	}
	text(scene, 21 + (QUICK_ACKS - 1) * 10, 10);
	expect_nothing(scene);
	scene_free(scene);
}

/* No room among the delayed: at once. */
static void test_no_room_to_delay(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct ack_fifo *fifo = &scene->tcp->ack_fifo;
	uint32_t first;

	(void)state;
	established(scene);
	first = fifo->first;
	for (uint32_t i = 0; i < fifo->capacity_count; i++)
		fifo->entry[(first + i) & (fifo->capacity_count - 1)] =
			(struct ack_fifo_entry){0, scene->tcp->now_tick + 1000};
	fifo->end = first + fifo->capacity_count;
	text(scene, 1, 10);
	expect_ack(scene, 11);
	fifo->end = fifo->first;
	scene_free(scene);
}

/* ---- Out of order ------------------------------------------------------------------------------------------ */

/* SHLD-31; RFC 5681 section 4.2: a duplicate ACK at once, for what fills a gap one that covers it all. */
CLAIMS(SHLD_31, RFC5681_4_2)
static void test_gap(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	text(scene, 11, 10);
	expect_ack(scene, 1);
	text(scene, 31, 10);
	expect_ack(scene, 1);
	hears_nothing(scene);
	assert_int_equal(counted(scene, out_of_order), 2);
	text(scene, 1, 10);
	expect_ack(scene, 21);
	assert_int_equal(hears(scene, SLUICE_READABLE).readable_bytes, 20);
	text(scene, 21, 10);
	expect_ack(scene, 41);
	assert_int_equal(hears(scene, SLUICE_READABLE).readable_bytes, 40);
	assert_int_equal(conn->readable_bytes, 40);
	assert_null(conn->ooo_head);
	scene_free(scene);
}

/* A peer without SACK counts duplicates: each segment out of order has its own, even of one turn. */
CLAIMS(MAY_13)
static void test_duplicates_are_counted_without_sack(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	for (uint32_t i = 0; i < 3; i++)
		put(scene, (struct segment){.seq = 101 + i * 10, .ack = 1, .flags = TCP_ACK, .bytes = 10});
	turn(scene);
	for (uint32_t i = 0; i < 3; i++)
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	expect_nothing(scene);
	scene_free(scene);
}

/* RFC 2018 section 4: the newest first, as many as fit beside the timestamps; one ACK a turn says all. */
CLAIMS(RFC2018_4)
static void test_sack_blocks_rfc2018_4(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.sack = true;
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.mss = MSS, .sack_ok = true});
	text(scene, 11, 10);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .sack = {{11, 21}}});
	for (uint32_t i = 1; i < 5; i++)
		put(scene, (struct segment){.seq = 11 + 20 * i, .ack = 1, .flags = TCP_ACK, .bytes = 10});
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .sack = {{91, 101}, {71, 81}, {51, 61}, {31, 41}}});
	expect_nothing(scene);
	text(scene, 21, 10); /* joins two */
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .sack = {{11, 41}, {91, 101}, {71, 81}, {51, 61}}});
	text(scene, 1, 10);
	expect(scene, {.seq = 1, .ack = 41, .flags = TCP_ACK, .sack = {{91, 101}, {71, 81}, {51, 61}}});
	assert_int_equal(conn->readable_bytes, 40);
	scene_free(scene);
}

/* Bounded for all connections together; what is refused is as if it was lost. */
static void test_out_of_order_bound(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.out_of_order = 2;
	scene = scene_new(&config);
	established(scene);
	for (uint32_t i = 0; i < 3; i++) {
		text(scene, 101 + i * 20, 10);
		expect_ack(scene, 1);
	}
	assert_int_equal(scene->tcp->ooo_packets, 2);
	assert_int_equal(counted(scene, drop_tcp_text_out_of_order), 1);
	scene_free(scene);
}

/* ---- FIN --------------------------------------------------------------------------------------------------- */

/* Eighth step: the next state of each, PEER_CLOSED, and an ACK at once. */
static void test_fin_in_order(void **state)
{
	static const struct {
		enum sluice_state from, to;
	} row[] = {{SLUICE_STATE_ESTABLISHED, SLUICE_STATE_CLOSE_WAIT},
		   {SLUICE_STATE_FIN_WAIT_1, SLUICE_STATE_CLOSING},
		   {SLUICE_STATE_FIN_WAIT_2, SLUICE_STATE_CLOSED}};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, row[i].from);
		uint32_t next = conn->snd_nxt.value - OUR_ISS;

		arrives(scene,
			(struct segment){.seq = 1, .ack = conn->snd_una.value - OUR_ISS, .flags = TCP_FIN | TCP_ACK});
		expect(scene, {.seq = next, .ack = 2, .flags = TCP_ACK});
		expect_nothing(scene);
		if (row[i].to == SLUICE_STATE_CLOSED)
			assert_int_equal(hears(scene, SLUICE_PEER_CLOSED | SLUICE_CLOSED).reason,
					 SLUICE_REASON_FINISHED);
		else
			hears(scene, SLUICE_PEER_CLOSED);
		assert_int_equal(conn->state, row[i].to);
		assert_int_equal(counted(scene, time_wait_created), i == 2);
		scene_free(scene);
	}
}

/* FIN and the ACK of our FIN in one segment: FIN-WAIT-1 is left for TIME-WAIT. */
static void test_fin_with_ack_of_ours(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	in_state(scene, SLUICE_STATE_FIN_WAIT_1);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	expect(scene, {.seq = 2, .ack = 2, .flags = TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_PEER_CLOSED | SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
	assert_int_equal(scene->tcp->time_wait.live_count, 1);
	scene_free(scene);
}

/* Before its time it waits with its text; alone it is not kept. */
static void test_fin_out_of_order(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		arrives(scene, (struct segment){.seq = 11, .ack = 1, .flags = TCP_FIN | TCP_ACK});
		expect_ack(scene, 1);
	}
	assert_int_equal(scene->tcp->ooo_packets, 1);
	arrives(scene, (struct segment){.seq = 6, .ack = 1, .flags = TCP_FIN | TCP_ACK, .bytes = 5});
	expect_ack(scene, 1);
	hears_nothing(scene);
	text(scene, 1, 5);
	expect_ack(scene, 12);
	hears(scene, SLUICE_READABLE | SLUICE_PEER_CLOSED);
	assert_int_equal(conn->state, SLUICE_STATE_CLOSE_WAIT);
	scene_free(scene);
}

/* Alone behind a gap, behind text that is held, and with text that was held without it: it need not come again. */
CLAIMS(SHLD_31, RFC2018_3)
static void test_fin_alone_is_held(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.sack = true;
	for (uint32_t i = 0; i < 3; i++) {
		struct scene *scene = scene_new(&config);
		struct tcp_conn *conn = established_by(scene, (struct segment){.mss = 1000, .sack_ok = true});

		if (i > 0) {
			text(scene, 6, 5);
			expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .sack = {{6, 11}}});
		}
		arrives(scene,
			(struct segment){
				.seq = i == 2 ? 6 : 11, .ack = 1, .flags = TCP_FIN | TCP_ACK, .bytes = i == 2 ? 5 : 0});
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .sack = {{i ? 6 : 11, 12}}});
		hears_nothing(scene);
		text(scene, 1, i ? 5 : 10);
		expect_ack(scene, 12);
		assert_int_equal(hears(scene, SLUICE_READABLE | SLUICE_PEER_CLOSED).readable_bytes, 10);
		assert_int_equal(conn->state, SLUICE_STATE_CLOSE_WAIT);
		scene_free(scene);
	}
}

/* The FIN of a segment whose text the window cut is cut with it. */
static void test_fin_beyond_the_window(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.receive_bytes = 500;
	scene = scene_new(&config);
	conn = established(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK, .bytes = 500});
	expect(scene, {.seq = 1, .ack = 501, .flags = TCP_ACK, .window = SHUT});
	hears(scene, SLUICE_READABLE);
	assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
	user_consume(scene->tcp, conn, 500);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 501, .flags = TCP_ACK, .window = 500});
	arrives(scene, (struct segment){.seq = 501, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	hears(scene, SLUICE_PEER_CLOSED);
	scene_free(scene);
}

/* The FIN again: acknowledged again, told once.  Text behind it is nobody's. */
static void test_after_fin(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	in_state(scene, SLUICE_STATE_CLOSE_WAIT);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	expect_ack(scene, 2);
	text(scene, 2, 10);
	assert_int_equal(counted(scene, drop_tcp_text_after_fin), 1);
	hears_nothing(scene);
	assert_int_equal(counted(scene, text_bytes_received), 0);
	scene_free(scene);
}

/* ---- Nobody reads ------------------------------------------------------------------------------------------ */

/* SHLD-3 and RFC 1122 section 4.2.2.13: text after close is answered with RST. */
CLAIMS(MAY_1, RFC1122_4_2_2_13)
static void test_text_after_close(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	user_close(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	text(scene, 1, 10);
	expect(scene, {.seq = 2, .ack = 1, .flags = TCP_RST | TCP_ACK});
	expect_nothing(scene);
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_ABORTED);
	assert_int_equal(counted(scene, drop_tcp_text_closed), 1);
	scene_free(scene);
}

/* ---- The window -------------------------------------------------------------------------------------------- */

/* Packets are short: nothing more is kept out of order, nor reported; what is in order goes on. */
static void test_nothing_out_of_order_under_pressure(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	for (uint32_t level = SLUICE_PRESSURE_SOME; level <= SLUICE_PRESSURE_SEVERE; level++) {
		scene->tcp->pressure.level[SLUICE_RESOURCE_PACKETS] = level;
		put(scene, (struct segment){.seq = 2001, .ack = 1, .flags = TCP_ACK, .text = "late"});
		assert_int_equal(counted(scene, drop_tcp_text_memory), level);
		assert_null(conn->ooo_head);
	}
	put(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	reads(scene, conn, "hello");
	scene->tcp->pressure.level[SLUICE_RESOURCE_PACKETS] = SLUICE_PRESSURE_NONE;
	put(scene, (struct segment){.seq = 2001, .ack = 1, .flags = TCP_ACK, .text = "late"});
	assert_non_null(conn->ooo_head);
	turn(scene);
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

/* Severely short, two packets are all that is offered: a reader's ACK tells of them though the peer has some bytes left, and waits. */
static void test_window_reopens_under_pressure(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.receive_bytes = config.receive_max_bytes = 10000;
	scene = scene_new(&config);
	conn = established(scene);
	for (uint32_t i = 0; i < 9; i++)
		text(scene, 1 + i * 1000, 1000);
	text(scene, 9001, 900);
	forget_sent(scene);
	scene->tcp->pressure.level[SLUICE_RESOURCE_PACKETS] = SLUICE_PRESSURE_SEVERE;
	user_consume(scene->tcp, conn, 9900);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 9901, .flags = TCP_ACK, .window = 2 * scene->tcp->mtu_bytes});
	expect_nothing(scene);
	forget_events(scene);
	scene_free(scene);
}

static struct sluice_config config_growing(void)
{
	struct sluice_config config = scene_config();

	config.receive_bytes = 16000;
	config.receive_max_bytes = 63 * 1024;
	return config;
}

/* A peer that fills the window within a round trip gets a larger one, as large as may be; a slow one does not. */
static void test_window_follows_the_rate(void **state)
{
	struct sluice_config config = config_growing();

	(void)state;
	for (uint32_t slow = 0; slow < 2; slow++) {
		struct scene *scene = scene_new(&config);
		struct tcp_conn *conn = established(scene);
		uint32_t seq = 1;

		conn->srtt_us = 10000;
		for (uint32_t i = 0; i < 300; i++, seq += MSS) {
			text(scene, seq, MSS);
			user_consume(scene->tcp, conn, MSS);
			passes_us(scene, slow ? 5000 : 200);
			forget_sent(scene);
			forget_events(scene);
		}
		assert_int_equal(conn->rcv_buffer_bytes, slow ? 16000 : 63 * 1024);
		scene_free(scene);
	}
}

/* Nobody reads: however fast it comes, the buffer is what it was, and nothing is offered beyond it. */
static void test_window_does_not_follow_arrivals(void **state)
{
	struct sluice_config config = config_growing();
	struct scene *scene = scene_new(&config);
	struct tcp_conn *conn = established(scene);
	uint32_t seq = 1;

	(void)state;
	conn->srtt_us = 10000;
	while (seq_after(tcp_conn_rcv_edge(conn), seq_add(conn->rcv_nxt, MSS))) {
		text(scene, seq, MSS);
		passes_us(scene, 2000);
		forget_sent(scene);
		seq += MSS;
		assert_in_range(seq, 1, 16000);
	}
	assert_int_equal(conn->rcv_buffer_bytes, 16000);
	passes_ms(scene, 100);
	user_consume(scene->tcp, conn, seq - 1); /* all at once, but ten round trips late */
	assert_int_equal(conn->rcv_buffer_bytes, 16000);
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

/* Reading on sends an update once the peer could use it: two segments or half the buffer (RFC 9293 section 3.8.6.2.2). */
static void test_window_update(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	for (uint32_t i = 0; i < 32; i++)
		text(scene, 1 + i * MSS, MSS);
	forget_sent(scene);
	user_consume(scene->tcp, conn, MSS);
	turn(scene);
	expect_nothing(scene);
	user_consume(scene->tcp, conn, 2 * MSS);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1 + 32 * MSS, .flags = TCP_ACK, .window = 768 + 3 * MSS});
	expect_nothing(scene);
	scene_free(scene);
}

/* Without a scale a buffer beyond 64 KiB says nothing new: reading sends no ACK of its own, which would be a duplicate. */
static void test_no_update_that_says_nothing(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.receive_bytes = config.receive_max_bytes = 1 << 20;
	scene = scene_new(&config);
	conn = established(scene);
	text(scene, 1, 100);
	expect_nothing(scene);
	user_consume(scene->tcp, conn, 100);
	turn(scene);
	expect_nothing(scene);
	passes_ms(scene, 50);
	expect(scene, {.seq = 1, .ack = 101, .flags = TCP_ACK, .window = 65435});
	expect_nothing(scene);
	scene_free(scene);
}

/* MUST-58, 59: what came in one burst is looked at whole, and then acknowledged once, after the fourth as after the fifth. */
CLAIMS(MUST_58, MUST_59)
static void test_one_ack_a_burst(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	for (uint32_t i = 0; i < 5; i++)
		put(scene, (struct segment){.seq = 1 + i * 100, .ack = 1, .flags = TCP_ACK, .bytes = 100});
	turn(scene);
	expect(scene, {.seq = 1, .ack = 501, .flags = TCP_ACK});
	expect_nothing(scene);
	assert_int_equal(hears(scene, SLUICE_READABLE).readable_bytes, 500);
	passes_ms(scene, 500);
	expect_nothing(scene);
	scene_free(scene);
}

/* RFC 2883 section 4: what comes twice is told once, first; acknowledged already, or part of what is held, which comes next. */
CLAIMS(RFC2883_4)
static void test_duplicates_are_reported_rfc2883(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.sack = true;
	scene = scene_new(&config);
	established_by(scene, (struct segment){.mss = MSS, .sack_ok = true});
	text(scene, 1, 10);
	text(scene, 11, 10);
	expect_ack(scene, 21);
	text(scene, 1, 20);
	expect(scene, {.seq = 1, .ack = 21, .flags = TCP_ACK, .sack = {{1, 21}}});
	text(scene, 11, 20); /* in part */
	expect(scene, {.seq = 1, .ack = 31, .flags = TCP_ACK, .sack = {{11, 21}}});
	text(scene, 51, 20);
	expect(scene, {.seq = 1, .ack = 31, .flags = TCP_ACK, .sack = {{51, 71}}});
	text(scene, 91, 10);
	expect(scene, {.seq = 1, .ack = 31, .flags = TCP_ACK, .sack = {{91, 101}, {51, 71}}});
	text(scene, 61, 5);
	expect(scene, {.seq = 1, .ack = 31, .flags = TCP_ACK, .sack = {{61, 66}, {51, 71}, {91, 101}}});
	text(scene, 31, 20);
	expect(scene, {.seq = 1, .ack = 71, .flags = TCP_ACK, .sack = {{91, 101}}});
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_second_segment),
		cmocka_unit_test(test_alone_after_the_delay),
		cmocka_unit_test(test_piggybacked),
		cmocka_unit_test(test_quickly_at_first),
		cmocka_unit_test(test_quickly_after_a_gap),
		cmocka_unit_test(test_no_room_to_delay),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_duplicates_are_counted_without_sack),
		cmocka_unit_test(test_sack_blocks_rfc2018_4),
		cmocka_unit_test(test_duplicates_are_reported_rfc2883),
		cmocka_unit_test(test_out_of_order_bound),
		cmocka_unit_test(test_fin_in_order),
		cmocka_unit_test(test_fin_with_ack_of_ours),
		cmocka_unit_test(test_fin_out_of_order),
		cmocka_unit_test(test_fin_alone_is_held),
		cmocka_unit_test(test_fin_beyond_the_window),
		cmocka_unit_test(test_after_fin),
		cmocka_unit_test(test_text_after_close),
		cmocka_unit_test(test_window_reopens_under_pressure),
		cmocka_unit_test(test_window_follows_the_rate),
		cmocka_unit_test(test_window_does_not_follow_arrivals),
		cmocka_unit_test(test_nothing_out_of_order_under_pressure),
		cmocka_unit_test(test_window_update),
		cmocka_unit_test(test_no_update_that_says_nothing),
		cmocka_unit_test(test_one_ack_a_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
