/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers that want us to run out of something: entries, records, packets, timers, answers.  Every pool is bounded and comes back, every
 * answer is rationed, and a connection that is honest goes on beside it.  What needs answers without state, or decides whom to give up
 * when memory is short, is not judged here.
 */
#include "tests/hostile/place.h"

#include "lib/core/half_open.h"

static uint32_t draw(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 16);
}

/* A segment from anybody in 198.18.0.0/15 but us, to this port. */
static struct bytes from_anybody(uint64_t *random, uint8_t flags, uint16_t port)
{
	struct side side = {
		.last = 2, .port = (uint16_t)(1 + draw(random) % 65535), .our_port = port, .iss = draw(random)};
	struct bytes frame = segment_frame(
		&side, &(struct segment){.flags = flags, .ack = draw(random), .mss = flags & TCP_SYN ? 1460 : 0});

	frame.at[L3 + 13] = 19;
	frame.at[L3 + 14] = (uint8_t)draw(random);
	frame.at[L3 + 15] = (uint8_t)draw(random);
	mend(&frame);
	return frame;
}

/* ---- Floods ---------------------------------------------------------------------------------------------- */

/* SYNs from everywhere: no more entries than there are, one answer each, and who is connected does not notice. */
static void test_syn_flood_is_bounded(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	uint64_t random = 1;
	uint32_t held = scene->tcp->packets_held;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct bytes frame = from_anybody(&random, TCP_SYN, 80);

		put_frame(scene, &frame);
		assert_true(half_open_count(&scene->tcp->half_open) <= scene->tcp->config.half_open);
		if (i % 16 == 0)
			turn(scene);
		if (i % 1000 == 0) {
			assert_true(sent_with(scene, TCP_SYN | TCP_ACK) <= 1000 + 16 * 5);
			still_works(scene, stage.conn);
		}
	}
	turn(scene);
	assert_int_equal(scene->tcp->conns.used_count, 1);
	assert_int_equal(scene->tcp->packets_held, held);
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* A spoofed SYN makes us send a few SYN-ACKs and no more: five in half a minute, then never again. */
static void test_syn_ack_reflection_is_bounded(void **state)
{
	struct stage stage = stage_at(PLACE_LISTEN, NULL);
	struct scene *scene = stage.scene;
	uint64_t random = 2;
	struct bytes frame = from_anybody(&random, TCP_SYN, 80);

	(void)state;
	frame_arrives(scene, &frame);
	passes_ms(scene, 300000);
	assert_in_range(sent_with(scene, TCP_SYN | TCP_ACK), 1, HALF_OPEN_ATTEMPTS_MAX);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		frame = from_anybody(&random, TCP_SYN, 80);
		frame_arrives(scene, &frame);
	}
	sent_with(scene, TCP_SYN); /* one each */
	passes_ms(scene, 300000);
	assert_true(sent_with(scene, TCP_SYN | TCP_ACK) <= scene->tcp->config.half_open * (HALF_OPEN_ATTEMPTS_MAX - 1));
	stage_free(&stage);
}

/* ACKs, FINs, SYN-ACKs, RSTs and data to nobody: nothing is kept, and RSTs are rationed. */
static void test_flood_to_no_connection(void **state)
{
	static const uint8_t flags[] = {TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, TCP_SYN | TCP_ACK, TCP_PSH | TCP_ACK, 0,
					0xff};
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	uint32_t entries = scene->tcp->table.count, resets = 0;
	uint64_t random = 3;

	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		struct bytes frame = from_anybody(&random, flags[i % 7], i & 1 ? 80 : 81);

		put_frame(scene, &frame);
		if (i % 16 == 0) {
			turn(scene);
			resets += sent_with(scene, TCP_RST);
		}
	}
	turn(scene);
	resets += sent_with(scene, TCP_RST);
	assert_in_range(resets, 1, scene->tcp->config.resets_per_second * 2); /* two seconds may meet */
	assert_true(scene->tcp->table.count <= entries + scene->tcp->config.half_open);
	assert_int_equal(scene->tcp->conns.used_count, 1);
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* Nobody can make the neighbour cache grow by asking, answering, or speaking. */
static void test_arp_flood(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	struct side liar = scene->side;
	uint32_t known = 0;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct bytes frame = i & 1 ? neighbour_request_frame(&liar, 1)
					   : neighbour_reply_frame(&liar, (uint8_t)(3 + i % 250), 66);

		frame.at[L3 + 14 + 2] = (uint8_t)(i >> 8); /* the sender's address, and its MAC */
		frame.at[L3 + 8] = (uint8_t)i;
		put_frame(scene, &frame);
		if (i % 16 == 0) {
			turn(scene);
			forget_sent(scene);
		}
	}
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
		known += scene->tcp->neighbours.entry[i].state != NEIGHBOUR_FREE;
	assert_true(known <= 1);
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* Ports in a row, addresses in a row: no chain of the table grows, and under another key other tuples meet. */
static void test_chosen_tuples_do_not_collide(void **state)
{
	uint32_t meets[2] = {0}, both = 0, first[2] = {0};

	(void)state;
	for (uint32_t key = 0; key < 2; key++) {
		struct siphash_key keys = {0x1234567890abcdefU + key, 42};
		struct tuple tuple = {.local = test_ip(false, 1), .remote = test_ip(false, 2), .local_port = 80};

		for (uint32_t port = 1; port < 65536; port++) {
			uint32_t bucket;

			tuple.remote_port = (uint16_t)port;
			bucket = (uint32_t)(table_hash(keys, &tuple) & 0xffff);
			if (port == 1)
				first[key] = bucket;
			meets[key] += bucket == first[key] && port > 1;
			both += key && bucket == first[0];
		}
		assert_in_range(meets[key], 0, 12); /* one on average */
	}
	assert_in_range(both, 0, 12);
}

/* ---- Peers that sit still -------------------------------------------------------------------------------- */

/* Sockstress: a shut window costs a probe now and then, no memory, and none when the user has had enough. */
static void test_shut_window_costs_a_probe_now_and_then(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	uint32_t probes = 0;

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
	sends_bytes(scene, stage.conn, 3000, 0);
	expect_nothing(scene);
	for (uint32_t second = 0; second < 3600; second++) {
		passes_ms(scene, 1000);
		forget_asks(scene); /* of the next hop, which has nothing to do with it */
		probes += sent_count(scene);
		for (uint32_t i = scene->sent_first; i < scene->sent_end; i++)
			assert_int_equal(scene->sent[i].bytes.count, 55); /* one byte */
		forget_sent(scene);
		if (second % 3 == 0)
			arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
		assert_int_equal(scene->tcp->inflight.used_count, 0);
	}
	assert_in_range(probes, 10, 100);
	user_abort(scene->tcp, stage.conn);
	stage_free(&stage);
}

/* A window of one byte, for ever: no tinygrams but the probes (MUST-38). */
static void test_window_of_one_byte(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	uint32_t segments = 0;

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 1});
	sends_bytes(scene, stage.conn, 3000, 0);
	for (uint32_t second = 0; second < 600; second++) {
		uint32_t acked = stage.conn->snd_nxt.value - scene->side.our_iss;

		segments += sent_count(scene);
		forget_sent(scene);
		arrives(scene, (struct segment){.seq = 1, .ack = acked, .flags = TCP_ACK, .window = 1});
		passes_ms(scene, 1000);
	}
	assert_true(segments <= 620); /* at most one an RTO: an ACK of ours never makes another at once */
	user_abort(scene->tcp, stage.conn);
	stage_free(&stage);
}

/* Our FIN behind text that the window shuts in: the record lives only as long as the peer answers, and holds nothing else up. */
static void test_fin_behind_a_shut_window(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
	sends_bytes(scene, stage.conn, 3000, 0);
	user_close(scene->tcp, stage.conn);
	turn(scene);
	passes_ms(scene, 1000000); /* and now it is silent */
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_TIMED_OUT);
	assert_int_equal(scene->tcp->conns.used_count, 0);
	stage_free(&stage);
}

/* LAST-ACK and CLOSING whose FIN is never acknowledged: retransmitted, then given up (R2). */
static void test_fin_that_is_never_acknowledged(void **state)
{
	static const enum place places[] = {PLACE_LAST_ACK, PLACE_CLOSING, PLACE_FIN_WAIT_1};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct stage stage = stage_at(places[i], NULL);

		passes_ms(stage.scene, stage.scene->tcp->config.r2_ms + stage.scene->tcp->config.rto_max_ms + 10000);
		assert_int_equal(stage.scene->tcp->conns.used_count, 0);
		assert_true(sent_with(stage.scene, TCP_FIN) <= 20);
		stage_free(&stage);
	}
}

/* FIN-WAIT-2 after close: a small record, for a bounded time, whatever the peer keeps saying. */
static void test_fin_wait_2_of_a_peer_that_never_closes(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;

	(void)state;
	user_close(scene->tcp, stage.conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	assert_int_equal(scene->tcp->conns.used_count, 0);
	for (uint32_t second = 0; second <= scene->tcp->config.fin_wait_2_ms / 1000 + 10; second++) {
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK, .window = 1 + second});
		passes_ms(scene, 1000);
	}
	assert_int_equal(scene->tcp->time_wait.live_count, 0);
	forget_sent(scene);
	forget_events(scene);
	stage_free(&stage);
}

/* Thousands of connections one after another: TIME-WAIT records are recycled, oldest first, and no connection is refused for them. */
static void test_time_wait_is_recycled(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		struct tcp_conn *conn;

		scene->side.port = (uint16_t)(10000 + i);
		scene->knows_our_iss = false;
		conn = established(scene);
		user_close(scene->tcp, conn);
		turn(scene);
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
		forget_sent(scene);
		forget_events(scene);
		assert_true(scene->tcp->time_wait.live_count <= scene->tcp->config.time_wait);
	}
	assert_true(counted(scene, time_wait_recycled) >= 200 - scene->tcp->config.time_wait);
	scene_free(scene);
}

/* A SYN from this port; false: silence. */
static bool is_syn_answered(struct scene *scene, uint16_t port, struct side *side)
{
	scene->side.port = port;
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000});
	if (sent_count(scene) == 0)
		return false;
	scene->side.our_iss = be32_value(be32_at(scene->sent[scene->sent_first].bytes.at + L3 + 24));
	*side = scene->side;
	forget_sent(scene);
	return true;
}

/* Records run out: of handshakes under way the last ACK is dropped, not answered, and whoever begins one then meets silence. */
static void test_more_connections_than_records(void **state)
{
	struct scene *scene = scene_new(NULL);
	uint32_t opened = 0, answered = 0;

	(void)state;
	listens(scene);
	for (uint32_t i = 0; i < 30; i += 3) {
		struct side side[3];
		uint32_t count = 0;

		for (uint32_t k = 0; k < 3; k++)
			count += is_syn_answered(scene, (uint16_t)(10000 + i + k), &side[count]);
		answered += count;
		while (count--) {
			speaks(scene, side[count]);
			arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
			assert_int_equal(sent_with(scene, TCP_RST), 0);
			opened += scene->event_end;
			forget_events(scene);
		}
	}
	assert_int_equal(opened, scene->tcp->config.connections);
	assert_int_equal(counted(scene, drop_tcp_connections_full), answered - opened);
	assert_int_equal(counted(scene, drop_tcp_listen_full), 30 - answered);
	assert_true(answered > opened && answered < 30);
	assert_true(half_open_count(&scene->tcp->half_open) <= scene->tcp->config.half_open);
	scene_free(scene);
}

/* The listener goes while handshakes are under way: they are forgotten, nothing is sent, and their last ACK finds nobody. */
static void test_listener_closes_under_handshakes(void **state)
{
	struct scene *scene = scene_new(NULL);
	uint8_t number = listens(scene);

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		scene->side.port = (uint16_t)(10000 + i);
		arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000});
	}
	forget_sent(scene);
	listen_close(scene->tcp, number);
	turn(scene);
	expect_nothing(scene);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	assert_int_equal(scene->tcp->table.count, 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	assert_int_equal(sent_with(scene, TCP_RST), 1);
	scene_free(scene);
}

/* ---- Time ------------------------------------------------------------------------------------------------ */

/* The clock jumps: by the wrap of milliseconds and of ticks, by years.  Work in a turn stays bounded, nothing fires early or twice. */
static void test_clock_jumps(void **state)
{
	static const uint64_t jumps_s[] = {60, 4294968, 1073742, 86400 * 365};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
		struct tcp *tcp = stage.scene->tcp;

		tcp_set_time(tcp, tcp->now_ns + jumps_s[i] * 1000000000);
		turn(stage.scene);
		expect_nothing(stage.scene);
		hears_nothing(stage.scene);
		still_works(stage.scene, stage.conn);
		sends_bytes(stage.scene, stage.conn, 100, 0);
		forget_sent(stage.scene);
		tcp_set_time(tcp, tcp->now_ns + jumps_s[i] * 1000000000);
		turn(stage.scene);
		assert_true(sent_count(stage.scene) <= 2);
		forget_sent(stage.scene);
		stage_free(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_flood_is_bounded),
		cmocka_unit_test(test_syn_ack_reflection_is_bounded),
		cmocka_unit_test(test_flood_to_no_connection),
		cmocka_unit_test(test_arp_flood),
		cmocka_unit_test(test_chosen_tuples_do_not_collide),
		cmocka_unit_test(test_shut_window_costs_a_probe_now_and_then),
		cmocka_unit_test(test_window_of_one_byte),
		cmocka_unit_test(test_fin_behind_a_shut_window),
		cmocka_unit_test(test_fin_that_is_never_acknowledged),
		cmocka_unit_test(test_fin_wait_2_of_a_peer_that_never_closes),
		cmocka_unit_test(test_time_wait_is_recycled),
		cmocka_unit_test(test_more_connections_than_records),
		cmocka_unit_test(test_listener_closes_under_handshakes),
		cmocka_unit_test(test_clock_jumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
