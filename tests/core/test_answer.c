/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments without a connection (RFC 9293 section 3.10.7.1): what a segment to nothing is answered with, to whom, and how often.
 */
#include "lib/core/answer.h"

#include "lib/wire/build.h"
#include "tests/core/scene.h"

static struct scene *scene_of(bool ipv6)
{
	struct scene *scene = scene_new(NULL);

	scene->side.ipv6 = ipv6;
	return scene;
}

/* "If the ACK bit is off, sequence number zero is used, <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>". */
static void test_no_ack_3_10_7_1(void **state)
{
	static const struct {
		uint8_t flags;
		const char *text;
		uint32_t length;
	} row[] = {
		{TCP_SYN, NULL, 1},           {TCP_FIN, NULL, 1}, {0, "hello", 5},
		{TCP_SYN | TCP_FIN, "hi", 4}, {TCP_SYN, "x", 2},  {TCP_PSH, NULL, 0},
	};

	(void)state;
	for (uint32_t i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		struct scene *scene = scene_of(i % 2);
		uint32_t length = row[i / 2].length;

		arrives(scene, (struct segment){.seq = 14, .flags = row[i / 2].flags, .text = row[i / 2].text});
		expect(scene, {.seq = 0, .ack = 14 + length, .flags = TCP_RST | TCP_ACK, .window = SHUT});
		expect_nothing(scene);
		assert_int_equal(counted(scene, drop_tcp_no_connection), 1);
		assert_int_equal(counted(scene, resets_sent), 1);
		scene_free(scene);
	}
}

/* "If the ACK bit is on, <SEQ=SEG.ACK><CTL=RST>". */
static void test_ack_3_10_7_1(void **state)
{
	static const uint8_t flags[] = {TCP_ACK, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK};

	(void)state;
	for (uint32_t i = 0; i < 2 * sizeof(flags); i++) {
		struct scene *scene = scene_of(i % 2);

		scene->side.our_iss = 0xffffff00;
		arrives(scene, (struct segment){.seq = 3, .ack = 1000, .flags = flags[i / 2], .text = "text"});
		expect(scene, {.seq = 1000, .flags = TCP_RST, .window = SHUT});
		assert_int_equal(scene->frame.ack.value, 0);
		expect_nothing(scene);
		scene_free(scene);
	}
}

/* "An incoming segment containing a RST is discarded." */
static void test_rst_is_never_answered(void **state)
{
	struct scene *scene = scene_of(false);

	(void)state;
	arrives(scene, (struct segment){.flags = TCP_RST});
	arrives(scene, (struct segment){.flags = TCP_RST | TCP_ACK, .ack = 7, .text = "text"});
	arrives(scene, (struct segment){.flags = TCP_RST | TCP_SYN});
	expect_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_no_connection), 3);
	assert_int_equal(counted(scene, resets_sent), 0);
	scene_free(scene);
}

/* It goes back to the MAC that it came from, and no neighbour is asked for or remembered. */
static void test_back_where_it_came_from(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_of(family);

		scene->side.last = 77;
		arrives(scene, (struct segment){.flags = TCP_SYN});
		assert_memory_equal(scene->sent[0].bytes.at, "\2\0\0\0\0\115\2\0\0\0\0\1", 12);
		expect(scene, {.ack = 1, .flags = TCP_RST | TCP_ACK});
		assert_int_equal(scene->frame.ttl, 64);
		assert_int_equal(counted(scene, neighbours_asked), 0);
		for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
			assert_int_equal(scene->tcp->neighbours.entry[i].state, NEIGHBOUR_FREE);
		scene_free(scene);
	}
}

/* At most resets_per_second, or up to an eighth less so that nobody can count the others; the next second begins anew. */
static void test_limited_per_second(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.resets_per_second = 80;
	scene = scene_new(&config);
	for (uint32_t second = 1; second <= 20; second++) {
		uint64_t before = counted(scene, resets_sent);

		for (uint32_t i = 0; i < 100; i++)
			arrives(scene, (struct segment){.seq = i, .flags = TCP_SYN});
		assert_in_range(counted(scene, resets_sent) - before, 71, 80);
		assert_int_equal(counted(scene, resets_sent) + counted(scene, resets_limited), second * 100);
		assert_int_equal(sent_count(scene), counted(scene, resets_sent) - before);
		forget_sent(scene);
		tcp_set_time(scene->tcp, scene->tcp->now_ns + 1000000000);
	}
	assert_true(counted(scene, resets_limited) > 20 * 20 + 20); /* the jitter is not nothing */
	scene_free(scene);
}

static void test_none_allowed(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.resets_per_second = 0;
	scene = scene_new(&config);
	arrives(scene, (struct segment){.flags = TCP_SYN});
	expect_nothing(scene);
	assert_int_equal(counted(scene, resets_limited), 1);
	scene_free(scene);
}

/* No packet: counted, and nothing else happens. */
static void test_stash_empty(void **state)
{
	struct scene *scene = scene_of(false);
	struct tuple tuple = {
		.local = test_ip(false, 1), .remote = test_ip(false, 2), .local_port = 80, .remote_port = 9};
	struct answer answer = {.tuple = &tuple, .mac = &peer_mac, .flags = TCP_RST};

	(void)state;
	assert_false(answer_send(scene->tcp, &answer));
	assert_int_equal(counted(scene, stash_empty), 1);
	assert_int_equal(counted(scene, drop_no_buffer), 1);
	assert_int_equal(counted(scene, segments_sent), 0);
	assert_int_equal(scene->tcp->transmit.count, 0);
	scene_free(scene);
}

/* A port that takes nothing: the burst fills to its last place, and what finds none goes back to the stash. */
static void test_burst_full(void **state)
{
	struct scene *scene = scene_of(false);

	(void)state;
	scene->refuses = true;
	for (uint32_t i = 0; i < TRANSMIT_PACKETS_MAX + 5; i++)
		arrives(scene, (struct segment){.seq = i, .flags = TCP_SYN});
	assert_int_equal(scene->tcp->transmit.count, TRANSMIT_PACKETS_MAX);
	assert_int_equal(counted(scene, drop_send_refused), 5);
	for (uint32_t i = 0; i < TRANSMIT_PACKETS_MAX; i++)
		packet_free(scene->tcp->transmit.packet[i]);
	scene->packets -= TRANSMIT_PACKETS_MAX;
	scene->tcp->transmit.count = 0;
	scene_free(scene);
}

/* The timestamp is this pair of addresses' clock, which every other segment between them shows too. */
static void test_timestamps(void **state)
{
	struct scene *scene = scene_of(true);
	struct tuple tuple = {
		.local = test_ip(true, 1), .remote = test_ip(true, 2), .local_port = 80, .remote_port = 4000};
	struct answer answer = {.tuple = &tuple,
				.mac = &peer_mac,
				.flags = TCP_ACK,
				.seq = seq_of(5),
				.ack = seq_of(PEER_ISS + 6),
				.window = 77,
				.options = {.present = TCP_HAS_TIMESTAMPS, .tsecr = 99}};
	uint32_t first;

	(void)state;
	turn(scene);
	assert_true(answer_send(scene->tcp, &answer));
	turn(scene);
	expect(scene, {.seq = 5, .ack = 6, .flags = TCP_ACK, .window = 77, .stamped = true, .tsecr = 99});
	first = scene->frame.options.tsval;
	passes_ms(scene, 1234);
	tuple.local_port = 81;
	scene->side.our_port = 81;
	assert_true(answer_send(scene->tcp, &answer));
	turn(scene);
	expect(scene, {.seq = 5, .ack = 6, .flags = TCP_ACK, .window = 77, .stamped = true, .tsecr = 99});
	assert_int_equal(scene->frame.options.tsval - first, 1234);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_ack_3_10_7_1),
		cmocka_unit_test(test_ack_3_10_7_1),
		cmocka_unit_test(test_rst_is_never_answered),
		cmocka_unit_test(test_back_where_it_came_from),
		cmocka_unit_test(test_limited_per_second),
		cmocka_unit_test(test_none_allowed),
		cmocka_unit_test(test_stash_empty),
		cmocka_unit_test(test_burst_full),
		cmocka_unit_test(test_timestamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
