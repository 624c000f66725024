/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text in the order that costs most: single bytes with gaps between, overlaps that disagree, numbers that wrap.  What is held stays
 * within bounds that do not grow with what is sent, and the stream is what was sent first.
 */
#include "tests/hostile/place.h"

#define WINDOW 32768 /* of a fresh scene's connection */

static void arrives_byte(struct scene *scene, uint32_t seq)
{
	put(scene, (struct segment){.seq = seq, .ack = 1, .flags = TCP_ACK, .bytes = 1});
}

/* The bytes held unread by all packets together. */
static void assert_stream(struct scene *scene, struct tcp_conn *conn, uint32_t from, uint32_t bytes)
{
	struct sluice_slice slice[64];
	uint32_t at = from;

	while (at < from + bytes) {
		uint32_t count = user_peek(conn, slice, 64);

		assert_true(count > 0);
		for (uint32_t i = 0; i < count; i++) {
			const char *text = slice[i].data;

			for (uint32_t b = 0; b < slice[i].bytes; b++)
				assert_int_equal(text[b], segment_pattern(at++));
			user_consume(scene->tcp, conn, slice[i].bytes);
			break; /* a slice lives until the next consume */
		}
	}
	assert_int_equal(at, from + bytes);
	assert_int_equal(conn->readable_bytes, 0);
}

/* CVE-2018-5390: every second byte of the window, backwards, forwards and again: ranges and packets are bounded. */
static void test_single_bytes_with_gaps(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;
	uint32_t most = 0;

	(void)state;
	config.packets = 4096;
	config.out_of_order = 100000; /* the bound on one connection counts here */
	scene = scene_new(&config);
	conn = established(scene);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 2; i < WINDOW; i += 2) {
			arrives_byte(scene, 1 + (round & 1 ? i : WINDOW - i));
			most = scene->tcp->packets_held > most ? scene->tcp->packets_held : most;
			if (i % 128 == 0)
				turn(scene);
		}
		forget_sent(scene);
	}
	assert_in_range(most, 1, OUT_OF_ORDER_RANGES_MAX);
	assert_int_equal(conn->readable_bytes, 0);
	assert_true(counted(scene, drop_tcp_text_out_of_order) > WINDOW);
	still_works(scene, conn);
	scene_free(scene);
}

/* Tiny texts side by side share memory: a window of single bytes does not hold a packet for each. */
static void test_single_bytes_side_by_side(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.packets = 4096;
	scene = scene_new(&config);
	conn = established(scene);
	for (uint32_t i = 0; i < 8000; i++) {
		arrives_byte(scene, 2 + i);
		if (i % 64 == 0)
			turn(scene);
	}
	assert_true(scene->tcp->packets_held * 1000 <= 8000 + 2000);
	arrives_byte(scene, 1);
	turn(scene);
	assert_stream(scene, conn, 0, 8001);
	still_works(scene, conn);
	scene_free(scene);
}

/* The same over many connections: the instance's own bound holds, and text in order still gets in. */
static void test_gaps_on_every_connection(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn[8];
	struct side side;

	(void)state;
	config.out_of_order = 50;
	scene = scene_new(&config);
	side = scene->side;
	for (uint16_t c = 0; c < 8; c++) {
		side.port = (uint16_t)(5000 + c);
		scene->knows_our_iss = false;
		speaks(scene, side);
		conn[c] = established(scene);
		for (uint32_t i = 0; i < 40; i++)
			arrives_byte(scene, 3 + 2 * i);
		turn(scene);
		forget_sent(scene);
	}
	assert_true(scene->tcp->ooo_packets <= 50);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 2});
	assert_true(conn[7]->readable_bytes >= 2);
	forget_sent(scene);
	scene_free(scene);
}

/* A retransmission that says something else: the first copy stays, in order and out of order, whole and in part. */
static void test_overlaps_that_disagree(void **state)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz";
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;

	(void)state;
	arrives(scene, (struct segment){.seq = 11, .ack = 1, .flags = TCP_ACK, .text = first + 10}); /* k to z */
	for (uint32_t from = 1; from < 27; from++)
		arrives(scene, (struct segment){.seq = from < 11 ? 11 : from,
						.ack = 1,
						.flags = TCP_ACK,
						.text = "XXXXXXXXXXXX",
						.bytes = from < 16 ? 12 : 27 - from});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "abcdefghij"});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "YYYYYYYYYYYYYYYYYYYY"});
	reads(scene, stage.conn, first);
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* Overlaps on both sides of a gap, each by a byte or two: nothing comes twice, nothing is missing. */
static void test_tiny_overlaps(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;

	(void)state;
	for (uint32_t at = 300; at > 0; at -= 3)
		put(scene, (struct segment){.seq = at, .ack = 1, .flags = TCP_ACK, .bytes = 5});
	turn(scene);
	for (uint32_t at = 1; at < 300; at += 2)
		put(scene, (struct segment){.seq = at, .ack = 1, .flags = TCP_ACK, .bytes = 3});
	turn(scene);
	assert_int_equal(stage.conn->readable_bytes, 304);
	assert_stream(scene, stage.conn, 0, 304);
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* More out of order than the window, or right at its edge: beyond is cut off, however it is sent. */
static void test_beyond_the_window(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		put(scene, (struct segment){.seq = 2 + i * 1000, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	turn(scene);
	arrives_byte(scene, 1);
	turn(scene);
	assert_int_equal(stage.conn->readable_bytes, WINDOW);
	assert_stream(scene, stage.conn, 0, WINDOW);
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* ISNs around the wrap, both ways; the window across it, gaps across it, ACKs at it. */
static void test_numbers_wrap_everywhere(void **state)
{
	(void)state;
	for (uint32_t before = 0; before < 40; before++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn;

		scene->side.iss = 0U - 1 - before;
		conn = established(scene);
		count_from(scene, conn, 0U - 1 - before * 37 % 41);
		for (uint32_t at = 40; at > 10; at -= 10)
			arrives(scene, (struct segment){.seq = at - 9, .ack = 1, .flags = TCP_ACK, .bytes = 10});
		assert_int_equal(conn->readable_bytes, 0);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 10});
		assert_int_equal(conn->readable_bytes, 40);
		assert_stream(scene, conn, 0, 40);
		sends_bytes(scene, conn, 50, 0);
		for (uint32_t acked = 1; acked <= 51; acked += 5)
			arrives(scene, (struct segment){.seq = 41, .ack = acked, .flags = TCP_ACK});
		assert_int_equal(conn->snd_queued_bytes, 0);
		still_works(scene, conn);
		scene_free(scene);
	}
}

/* A stream that crosses zero a segment at a time, with an ISN of 0xffffff00. */
static void test_a_transfer_across_zero(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn;
	uint32_t bytes = 0;

	(void)state;
	scene->side.iss = 0xffffff00;
	conn = established(scene);
	for (; bytes < 3000; bytes += 100) {
		arrives(scene, (struct segment){.seq = 1 + bytes, .ack = 1, .flags = TCP_ACK, .bytes = 100});
		assert_stream(scene, conn, bytes, 100);
	}
	assert_int_equal(conn->rcv_nxt.value, 0xffffff00U + 1 + bytes);
	still_works(scene, conn);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_bytes_with_gaps),
		cmocka_unit_test(test_single_bytes_side_by_side),
		cmocka_unit_test(test_gaps_on_every_connection),
		cmocka_unit_test(test_overlaps_that_disagree),
		cmocka_unit_test(test_tiny_overlaps),
		cmocka_unit_test(test_beyond_the_window),
		cmocka_unit_test(test_numbers_wrap_everywhere),
		cmocka_unit_test(test_a_transfer_across_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
