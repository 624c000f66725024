/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a turn tells and what it sends: one event a connection, in order, bounded; and a fair share of the burst for everybody who
 * has something to send.
 */
#include "lib/core/work.h"

#include "tests/core/scene.h"

#define MSS 1000U

/* All that happened to a connection in one turn is one event; bytes add up. */
static void test_one_event_a_turn(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	struct sluice_event event;

	(void)state;
	conn->context = &event;
	sends_bytes(scene, conn, 3000, 0);
	user_set_timer(scene->tcp, conn, scene->tcp->now_ns + 1);
	tcp_set_time(scene->tcp, scene->tcp->now_ns + 1000000);
	put(scene, (struct segment){.seq = 1, .ack = 1001, .flags = TCP_ACK, .text = "ab"});
	put(scene, (struct segment){.seq = 3, .ack = 2001, .flags = TCP_ACK, .text = "cd"});
	put(scene, (struct segment){.seq = 5, .ack = 2501, .flags = TCP_FIN | TCP_ACK});
	turn(scene);
	event = hears(scene, SLUICE_READABLE | SLUICE_ACKED | SLUICE_PEER_CLOSED | SLUICE_TIMER);
	hears_nothing(scene);
	assert_ptr_equal(event.context, &event);
	assert_int_equal(event.readable_bytes, 4);
	assert_int_equal(event.acked_bytes, 2500);
	assert_true(event.conn.id == life_handle(scene->tcp, conn).id);
	assert_int_equal(event.listener, 0);
	arrives(scene, (struct segment){.seq = 6, .ack = 3001, .flags = TCP_ACK});
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 500); /* of this turn alone */
	scene_free(scene);
}

/* Edges: nothing new, nothing told. */
static void test_nothing_new(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "text"});
	hears(scene, SLUICE_READABLE);
	for (uint32_t i = 0; i < 5; i++)
		turn(scene);
	hears_nothing(scene);
	scene_free(scene);
}

/* Connections that open and end within a turn are told both, and CLOSED is last. */
static void test_opened_and_closed_in_one_turn(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_event event;

	(void)state;
	listens(scene);
	arrives(scene, (struct segment){.flags = TCP_SYN});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	put(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	put(scene, (struct segment){.seq = 1, .flags = TCP_RST});
	turn(scene);
	event = hears(scene, SLUICE_OPENED | SLUICE_CLOSED);
	assert_int_equal(event.reason, SLUICE_REASON_RESET);
	assert_null(life_conn(scene->tcp, event.conn));
	hears_nothing(scene);
	scene_free(scene);
}

/* As many connections as the configuration has, from the same address, by port. */
static struct scene *scene_of_many(uint32_t count)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	config.connections = count;
	config.chunks_large = 512;
	config.inflight = config.descriptors = 1024;
	scene = scene_new(&config);
	for (uint32_t i = 0; i < count; i++) {
		speaks(scene, (struct side){.last = 2, .port = (uint16_t)(2000 + i), .our_port = 80, .iss = PEER_ISS});
		established(scene);
	}
	return scene;
}

static void abort_all(struct scene *scene)
{
	for (uint32_t i = 0; i < scene->tcp->conns.fresh_count; i++)
		if (life_is_used(tcp_conn_at(scene->tcp, i)))
			user_abort(scene->tcp, tcp_conn_at(scene->tcp, i));
	for (uint32_t i = 0; i < 1000 && scene->tcp->conns.used_count; i++)
		tcp_collect_events(scene->tcp);
}

/* More news than a turn may tell: the rest comes with the next, in the order that it came. */
static void test_events_are_bounded(void **state)
{
	uint32_t count = EVENTS_PER_TURN_MAX + 100;
	struct scene *scene = scene_of_many(count);

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		work_raise(scene->tcp, tcp_conn_at(scene->tcp, i), SLUICE_TIMER);
	tcp_collect_events(scene->tcp);
	assert_int_equal(scene->tcp->event_count, EVENTS_PER_TURN_MAX);
	for (uint32_t i = 0; i < EVENTS_PER_TURN_MAX; i++)
		assert_int_equal((uint32_t)scene->tcp->event[i].conn.id, i);
	assert_true(tcp_next_deadline_ns(scene->tcp) <= scene->tcp->now_ns);
	tcp_collect_events(scene->tcp);
	assert_int_equal(scene->tcp->event_count, 100);
	assert_int_equal((uint32_t)scene->tcp->event[0].conn.id, EVENTS_PER_TURN_MAX);
	abort_all(scene);
	scene_free(scene);
}

/* One that has much to send does not keep the others from sending. */
static void test_fair_output(void **state)
{
	struct scene *scene = scene_of_many(3);
	uint32_t seen[3] = {0};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct tcp_conn *conn = tcp_conn_at(scene->tcp, i);
		static const uint8_t text[200 * 1024];
		struct sluice_slice slice = {text, i ? 500 : sizeof(text), NULL};

		conn->cwnd_bytes = 1 << 20;
		conn->snd_wnd_bytes = 1 << 20;
		assert_int_equal(user_send(scene->tcp, conn, &slice, 1, SLUICE_SEND_STATIC), slice.bytes);
	}
	tcp_output_work(scene->tcp);
	for (uint32_t i = 0; i < scene->tcp->transmit.count; i++) {
		struct frame frame;
		const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, 2}}};

		frame_parse(scene->tcp->transmit.packet[i], &rules, &frame);
		seen[frame.tuple.local_port - 2000]++;
	}
	assert_int_equal(seen[0], OUTPUT_SEGMENTS_PER_CONNECTION_MAX);
	assert_int_equal(seen[1], 1);
	assert_int_equal(seen[2], 1);
	scene_free(scene);
}

/* While the port refuses, who waits to send still hears what happens to it; and nothing is forgotten. */
static void test_news_while_the_port_refuses(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	scene->refuses = true;
	sends_bytes(scene, conn, MSS, 0);
	sends_bytes(scene, conn, MSS, 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK, .text = "news"});
	assert_int_equal(hears(scene, SLUICE_READABLE | SLUICE_ACKED).acked_bytes, MSS);
	scene->refuses = false;
	scene->tcp->transmit.refused_count = 0;
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	expect(scene, {.seq = 1 + MSS, .ack = 5, .flags = TCP_ACK, .bytes = MSS});
	expect_nothing(scene);
	scene_free(scene);
}

/* The stash runs dry in the middle: who was not served is served next, each byte once. */
static void test_stash_runs_dry(void **state)
{
	struct scene *scene = scene_of_many(8);
	uint32_t sent = 0;

	(void)state;
	stash_is_empty(scene);
	for (; scene->tcp->stash.fresh_count < STASH_RESERVE_PACKETS; scene->packets++)
		scene->tcp->stash.fresh[scene->tcp->stash.fresh_count++] = packet_new();
	for (uint32_t i = 0; i < 8; i++) {
		struct sluice_slice slice = {scene, 2 * MSS, NULL};

		user_send(scene->tcp, tcp_conn_at(scene->tcp, i), &slice, 1, SLUICE_SEND_STATIC);
	}
	for (uint32_t i = 0; i < 16; i++) {
		assert_true(tcp_next_deadline_ns(scene->tcp) <= scene->tcp->now_ns);
		scene->tcp->stash.fresh[scene->tcp->stash.fresh_count++] = packet_new();
		scene->packets++;
		tcp_output_work(scene->tcp);
		sent += scene->tcp->transmit.count;
		assert_int_equal(scene->tcp->transmit.count, 1);
		packet_free(scene->tcp->transmit.packet[0]);
		scene->packets--;
		scene->tcp->transmit.count = 0;
	}
	assert_int_equal(sent, 16);
	assert_false(tcp_output_work(scene->tcp));
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(tcp_conn_at(scene->tcp, i)->snd_nxt.value, OUR_ISS + 1 + 2 * MSS);
	assert_int_equal(counted(scene, text_bytes_sent), 16 * MSS);
	abort_all(scene);
	scene_free(scene);
}

/* The last packets are not for text: the ACK of one further back goes, and the text when there are more. */
static void test_text_leaves_packets_for_acks(void **state)
{
	struct scene *scene = scene_of_many(2);
	struct tcp_conn *second = tcp_conn_at(scene->tcp, 1);

	(void)state;
	stash_is_empty(scene);
	scene->stash_packets = STASH_RESERVE_PACKETS;
	turn(scene);
	sends_bytes(scene, tcp_conn_at(scene->tcp, 0), 100, 0);
	second->flags |= CONN_ACK_NOW;
	work_output(scene->tcp, second);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	expect_nothing(scene);
	scene->stash_packets = STASH_RESERVE_PACKETS + 1;
	turn(scene);
	turn(scene);
	speaks(scene, (struct side){.last = 2, .port = 2000, .our_port = 80, .iss = PEER_ISS, .our_iss = OUR_ISS});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_PSH | TCP_ACK, .bytes = 100});
	scene_free(scene);
}

/* Text waits on more connections than one turn looks at: all have their turn, and so has the ACK behind them. */
static void test_ack_behind_a_crowd(void **state)
{
	uint32_t count = 3 * WAITING_PER_TURN_MAX;
	struct scene *scene = scene_of_many(count);
	struct tcp_conn *last = tcp_conn_at(scene->tcp, count - 1);
	static const char text[] = "hello";
	struct sluice_slice slice = {text, 5, NULL};
	uint32_t rounds = 0;

	(void)state;
	stash_is_empty(scene);
	scene->stash_packets = STASH_RESERVE_PACKETS;
	turn(scene);
	for (uint32_t i = 0; i < count - 1; i++)
		user_send(scene->tcp, tcp_conn_at(scene->tcp, i), &slice, 1, SLUICE_SEND_STATIC);
	last->flags |= CONN_ACK_NOW;
	work_output(scene->tcp, last);
	while (tcp_output_work(scene->tcp) && scene->tcp->transmit.count == 0)
		rounds++;
	assert_int_equal(rounds, 2);
	assert_int_equal(scene->tcp->transmit.count, 1);
	abort_all(scene);
	forget_sent(scene);
	scene_free(scene);
}

/* A turn in which so many packets can be built; who got one has no ACK to send any more. */
static void scarce_turn(struct scene *scene, uint32_t packets)
{
	struct tcp *tcp = scene->tcp;

	tcp_collect_events(tcp);
	while (tcp->stash.fresh_count < packets) {
		tcp->stash.fresh[tcp->stash.fresh_count++] = packet_new();
		scene->packets++;
	}
	tcp_output_work(tcp);
	assert_int_equal(tcp->transmit.count, packets);
	scene->packets -= packets;
	while (tcp->transmit.count)
		packet_free(tcp->transmit.packet[--tcp->transmit.count]);
}

/* More who always have something to send than packets: each has its turn, whatever is looked at for news meanwhile. */
static void test_everybody_has_a_turn(void **state)
{
	enum { COUNT = WAITING_PER_TURN_MAX + 44, PACKETS = 44, TURNS = 60 };
	struct scene *scene = scene_of_many(COUNT);
	uint32_t served[COUNT] = {0};

	(void)state;
	stash_is_empty(scene);
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		for (uint32_t i = 0; i < COUNT; i++) {
			tcp_conn_at(scene->tcp, i)->flags |= CONN_ACK_NOW;
			work_output(scene->tcp, tcp_conn_at(scene->tcp, i));
		}
		scarce_turn(scene, PACKETS);
		for (uint32_t i = 0; i < COUNT; i++)
			served[i] += !(tcp_conn_at(scene->tcp, i)->flags & CONN_ACK_NOW);
	}
	for (uint32_t i = 0; i < COUNT; i++)
		assert_in_range(served[i], TURNS * PACKETS / COUNT - 1, TURNS * PACKETS / COUNT + 2);
	abort_all(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_event_a_turn),
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_opened_and_closed_in_one_turn),
		cmocka_unit_test(test_events_are_bounded),
		cmocka_unit_test(test_fair_output),
		cmocka_unit_test(test_news_while_the_port_refuses),
		cmocka_unit_test(test_stash_runs_dry),
		cmocka_unit_test(test_text_leaves_packets_for_acks),
		cmocka_unit_test(test_ack_behind_a_crowd),
		cmocka_unit_test(test_everybody_has_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
