/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst in: every frame finds the record it is for, or its one reason to be dropped, and every packet is kept or given back.
 */
#include "lib/core/tcp.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

/* Changes the last byte of the IP destination, or source, of a segment. */
static struct bytes readdressed(const struct scene *scene, struct segment segment, bool source, uint8_t last)
{
	struct bytes frame = segment_frame(&scene->side, &segment);
	uint32_t at = scene->side.ipv6 ? L3 + (source ? 23 : 39) : L3 + (source ? 15 : 19);

	frame.at[at] = last;
	mend(&frame);
	return frame;
}

static void put_packet(struct scene *scene, struct rte_mbuf *packet)
{
	for (const struct rte_mbuf *part = packet; part; part = part->next)
		scene->packets++;
	tcp_input(scene->tcp, &packet, 1);
}

/* A chain with `first` bytes in its first buffer and at most `each` in the others. */
static struct rte_mbuf *chain_of(const struct bytes *frame, uint32_t first, uint32_t each)
{
	struct rte_mbuf *packet = packet_from_bytes(frame->at, first);

	for (uint32_t at = first; at < frame->count; at += each) {
		uint32_t count = frame->count - at < each ? frame->count - at : each;

		packet_chain(packet, packet_from_bytes(frame->at + at, count));
	}
	return packet;
}

static void test_to_somebody_else(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		struct bytes frame;

		scene->side.ipv6 = family;
		listens(scene);
		frame = readdressed(scene, (struct segment){.flags = TCP_SYN}, false, 3);
		frame_arrives(scene, &frame);
		expect_nothing(scene);
		assert_int_equal(counted(scene, drop_ip_destination), 1);
		assert_int_equal(counted(scene, segments_received), 0);
		scene_free(scene);
	}
}

/* MUST-57 and common sense: not from our own address (land), nor from a broadcast one. */
static void test_from_nobody(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		struct bytes frame;

		scene->side.ipv6 = family;
		listens(scene);
		frame = readdressed(scene, (struct segment){.flags = TCP_SYN}, true, 1);
		frame_arrives(scene, &frame);
		assert_int_equal(counted(scene, drop_ip_source), 1);
		if (!family) {
			frame = readdressed(scene, (struct segment){.flags = TCP_SYN}, true, 255);
			frame_arrives(scene, &frame);
			assert_int_equal(counted(scene, drop_ip_source), 2);
		}
		expect_nothing(scene);
		assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
		scene_free(scene);
	}
}

/* Same ports, other family; same addresses, other port: each has a record of its own. */
static void test_each_tuple_its_record(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn[4];
	struct side side[4];

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		speaks(scene, (struct side){.ipv6 = i & 1,
					    .last = i & 2 ? 2 : 3,
					    .port = 4000,
					    .our_port = 80,
					    .iss = 0xffffff00 + i});
		conn[i] = established(scene);
		side[i] = scene->side;
	}
	for (uint32_t i = 0; i < 4; i++) {
		speaks(scene, side[i]);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 10 + i});
	}
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(conn[i]->readable_bytes, 10 + i);
	assert_int_equal(counted(scene, segments_received), 12);
	scene_free(scene);
}

static void test_is_taken(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tuple tuple = {
		.local = test_ip(false, 1), .remote = test_ip(false, 2), .local_port = 80, .remote_port = 4000};
	struct tcp_conn *conn;

	(void)state;
	assert_false(tcp_tuple_is_taken(scene->tcp, &tuple, 0));
	conn = established(scene);
	assert_true(tcp_tuple_is_taken(scene->tcp, &tuple, 0));
	tuple.remote_port++;
	assert_false(tcp_tuple_is_taken(scene->tcp, &tuple, 0));
	tuple.remote_port--;
	user_shutdown(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	assert_int_equal(scene->tcp->conns.used_count, 0);
	assert_true(tcp_tuple_is_taken(scene->tcp, &tuple, 0)); /* in TIME-WAIT */
	arrives(scene, (struct segment){.seq = 5000, .flags = TCP_SYN});
	assert_int_equal(scene->tcp->time_wait.live_count, 0);
	assert_true(tcp_tuple_is_taken(scene->tcp, &tuple, 0)); /* half open */
	scene_free(scene);
}

/* Text over several buffers arrives in one piece, wherever it was cut behind its headers. */
static void test_chained_text(void **state)
{
	struct segment segment = {
		.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "the quick brown fox jumps over the dog"};

	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		uint32_t headers = 14 + (family ? 40 : 20) + 20;

		for (uint32_t first = headers; first < headers + 38; first += 5) {
			struct scene *scene = scene_new(NULL);
			struct tcp_conn *conn;
			struct bytes frame;

			scene->side.ipv6 = family;
			conn = established(scene);
			frame = segment_frame(&scene->side, &segment);
			put_packet(scene, chain_of(&frame, first, 7));
			turn(scene);
			hears(scene, SLUICE_READABLE);
			reads(scene, conn, segment.text);
			scene_free(scene);
		}
	}
}

/* Headers spread over buffers, more than a packet holds, no packet to copy to: dropped, and counted as what it was. */
static void test_chains_refused(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct segment segment = {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 500};
	struct bytes frame;

	(void)state;
	established(scene);
	frame = segment_frame(&scene->side, &segment);
	put_packet(scene, chain_of(&frame, 40, 300));
	assert_int_equal(counted(scene, drop_frame_chained), 1);
	stash_is_empty(scene);
	put_packet(scene, chain_of(&frame, 100, 300));
	assert_int_equal(counted(scene, drop_no_buffer), 1);
	scene->stash_packets = 16;
	turn(scene);
	hears_nothing(scene);
	expect_nothing(scene);
	scene_free(scene);
}

/* ---- ICMP ------------------------------------------------------------------------------------------------------ */

static struct bytes icmp_frame(bool ipv6, uint8_t type)
{
	uint8_t message[16] = {type, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g'};

	return ip_frame(ipv6, ipv6 ? 58 : 1, message, sizeof(message));
}

CLAIMS(RFC1122_3_2_2_6)
static void test_echo(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		struct bytes frame = icmp_frame(family, family ? 128 : 8);
		uint32_t l4 = family ? 54 : 34, addresses = family ? L3 + 8 : L3 + 12, bytes = family ? 16 : 4;
		const uint8_t *reply;

		frame_arrives(scene, &frame);
		assert_int_equal(sent_count(scene), 1);
		reply = scene->sent[0].bytes.at;
		assert_int_equal(scene->sent[0].bytes.count, frame.count);
		assert_memory_equal(reply, frame.at + 6, 6);
		assert_memory_equal(reply + 6, frame.at, 6);
		assert_memory_equal(reply + addresses, frame.at + addresses + bytes, bytes);
		assert_memory_equal(reply + addresses + bytes, frame.at + addresses, bytes);
		assert_int_equal(reply[l4], family ? 129 : 0);
		assert_memory_equal(reply + l4 + 4, frame.at + l4 + 4, 12);
		assert_int_equal(counted(scene, echoes_answered), 1);
		forget_sent(scene);
		frame.at[L3 + (family ? 39 : 19)] = 9;
		mend(&frame);
		frame_arrives(scene, &frame);
		expect_nothing(scene);
		assert_int_equal(counted(scene, drop_ip_destination), 1);
		scene_free(scene);
	}
}

/* RFC 9293 section 3.9.2.2: an ICMP error ends nothing here. */
static void test_icmp_error(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	uint8_t message[8 + 28] = {3, 3, [8] = 0x45, [11] = 28, [16] = 64, 6};
	struct bytes frame;

	(void)state;
	frame = ip_frame(false, 1, message, sizeof(message));
	frame_arrives(scene, &frame);
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_icmp), 1);
	assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
	scene_free(scene);
}

/* ---- Bursts ------------------------------------------------------------------------------------------------------ */

/* A whole burst of every kind at once, in the order that it came; one ACK for the connection, one event. */
static void test_full_burst(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	struct rte_mbuf *burst[BURST_PACKETS_MAX];
	uint32_t text_packets = 0;

	(void)state;
	turn(scene);
	for (uint32_t i = 0; i < BURST_PACKETS_MAX; i++) {
		struct side nobody = {.last = 2, .port = (uint16_t)(10000 + i), .our_port = 81};
		struct segment text = {.seq = 1 + text_packets * 100, .ack = 1, .flags = TCP_ACK, .bytes = 100};
		struct segment syn = {.flags = TCP_SYN};
		struct bytes frame;

		if (i % 4 == 0)
			frame = segment_frame(&nobody, &syn);
		else if (i % 4 == 1)
			frame = icmp_frame(i % 8 == 1, 200);
		else
			frame = segment_frame(&scene->side, &text);
		text_packets += i % 4 > 1;
		burst[i] = packet_new();
		memcpy(packet_bytes(burst[i]), frame.at, frame.count);
		burst[i]->data_len = (uint16_t)frame.count;
		burst[i]->pkt_len = frame.count;
		scene->packets++;
	}
	tcp_input(scene->tcp, burst, BURST_PACKETS_MAX);
	turn(scene);
	assert_int_equal(hears(scene, SLUICE_READABLE).readable_bytes, 100 * BURST_PACKETS_MAX / 2);
	hears_nothing(scene);
	assert_int_equal(conn->rcv_nxt.value, PEER_ISS + 1 + 100 * BURST_PACKETS_MAX / 2);
	assert_int_equal(counted(scene, drop_tcp_no_connection), BURST_PACKETS_MAX / 4);
	assert_int_equal(counted(scene, drop_icmp), BURST_PACKETS_MAX / 4);
	assert_int_equal(sent_count(scene), BURST_PACKETS_MAX / 4 + 1);
	forget_sent(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_somebody_else),
		cmocka_unit_test(test_from_nobody),
		cmocka_unit_test(test_each_tuple_its_record),
		cmocka_unit_test(test_is_taken),
		cmocka_unit_test(test_chained_text),
		cmocka_unit_test(test_chains_refused),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_icmp_error),
		cmocka_unit_test(test_full_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
