/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is built is what was asked for: by our parser, and, where our own eyes could share a mistake, byte by byte and by the
 * plain sum of frames.h.
 */
#include "lib/wire/build.h"

#include "lib/base/random.h"
#include "lib/wire/frame.h"
#include "tests/claims/claims.h"
#include "tests/wire/frames.h"

static const struct frame_rules peer_rules = {.mac = {.byte = {0x02, 0, 0, 0, 0, 0x02}}};

static struct tuple our_tuple(bool ipv6)
{
	return (struct tuple){
		.local = test_ip(ipv6, 1), .remote = test_ip(ipv6, 2), .local_port = 80, .remote_port = 4000};
}

static struct build_segment segment_of(const struct tuple *tuple, const uint8_t *options, uint8_t option_bytes)
{
	return (struct build_segment){
		.tuple = tuple,
		.source_mac = &our_mac,
		.destination_mac = &peer_mac,
		.seq = seq_of(0xfffffff0),
		.ack = seq_of(0x80000001),
		.window = 0xfedc,
		.flags = TCP_PSH | TCP_ACK,
		.ttl = 64,
		.dscp_ecn = 0x2a,
		.option_bytes = option_bytes,
		.options = options,
	};
}

static struct rte_mbuf *text_packet(struct random *random, uint32_t text_bytes)
{
	struct rte_mbuf *packet = packet_new();

	for (uint32_t i = 0; i < text_bytes; i++)
		packet_bytes(packet)[i] = (uint8_t)random_next(random);
	packet->data_len = (uint16_t)text_bytes;
	packet->pkt_len = text_bytes;
	return packet;
}

/* The sums are right by plain reckoning: setting them again changes nothing. */
static void assert_sums_right(const struct rte_mbuf *packet)
{
	struct bytes built = {0}, mended;

	built.count = packet_copy_out(packet, built.at, sizeof(built.at));
	mended = built;
	mend(&mended);
	assert_memory_equal(built.at, mended.at, built.count);
}

static void assert_as_asked(const struct frame *frame, const struct build_segment *segment, uint32_t text_bytes)
{
	assert_int_equal(frame->kind, FRAME_TCP);
	assert_true(ip_equal(&frame->tuple.local, &segment->tuple->remote));
	assert_true(ip_equal(&frame->tuple.remote, &segment->tuple->local));
	assert_int_equal(frame->tuple.local_port, segment->tuple->remote_port);
	assert_int_equal(frame->tuple.remote_port, segment->tuple->local_port);
	assert_int_equal(frame->seq.value, segment->seq.value);
	assert_int_equal(frame->ack.value, segment->ack.value);
	assert_int_equal(frame->window, segment->window);
	assert_int_equal(frame->flags, segment->flags);
	assert_int_equal(frame->ttl, segment->ttl);
	assert_int_equal(frame->dscp_ecn, segment->dscp_ecn);
	assert_int_equal(frame->text_bytes, text_bytes);
}

static void check_built(struct random *random, bool ipv6, uint8_t option_bytes, uint32_t text_bytes)
{
	struct tuple tuple = our_tuple(ipv6);
	uint8_t options[40], text[1500];
	struct build_segment segment = segment_of(&tuple, options, option_bytes);
	struct rte_mbuf *packet = text_packet(random, text_bytes);
	struct frame frame;

	for (uint32_t i = 0; i < 40; i++)
		options[i] = TCP_OPT_NOP;
	memcpy(text, packet_bytes(packet), text_bytes);
	build_segment(packet, &segment);
	assert_int_equal(packet->pkt_len, build_header_bytes(!ipv6, option_bytes) + text_bytes);
	assert_int_equal(packet->data_len, packet->pkt_len);
	assert_int_equal(packet->ol_flags, 0);
	assert_sums_right(packet);
	frame_parse(packet, &peer_rules, &frame);
	assert_as_asked(&frame, &segment, text_bytes);
	assert_memory_equal(packet_bytes(packet) + frame.text_offset, text, text_bytes);
	assert_memory_equal(packet_bytes(packet) + frame.l4_offset + 20, options, option_bytes);
	packet_free(packet);
}

CLAIMS(MUST_2)
static void test_built_and_parsed(void **state)
{
	struct random random = {1};

	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		for (uint8_t option_bytes = 0; option_bytes <= 40; option_bytes = (uint8_t)(option_bytes + 4)) {
			for (uint32_t text_bytes = 0; text_bytes <= 1400; text_bytes += text_bytes < 70 ? 1 : 133)
				check_built(&random, ipv6, option_bytes, text_bytes);
		}
	}
}

/* The very bytes of one segment. */
static void test_bytes(void **state)
{
	static const uint8_t expected[] = {
		0x02, 0,  0,    0,    0,    2,    2,    0,    0,    0,   0,  1, 0x08, 0x00, 0x45, 0x2a, 0,
		52,   0,  0,    0x40, 0,    64,   6,    0,    0,    198, 18, 0, 1,    198,  18,   0,    2,
		0,    80, 0x0f, 0xa0, 0xff, 0xff, 0xff, 0xf0, 0x80, 0,   0,  1, 0x80, 0x18, 0xfe, 0xdc, 0,
		0,    0,  0,    1,    1,    8,    10,   0,    0,    0,   7,  0, 0,    0,    9};
	struct bytes whole = {.count = sizeof(expected)};
	struct tuple tuple = our_tuple(false);
	struct build_segment segment = segment_of(&tuple, timestamps_alone, sizeof(timestamps_alone));
	struct rte_mbuf *packet = packet_new();

	(void)state;
	memcpy(whole.at, expected, sizeof(expected));
	mend(&whole);
	build_segment(packet, &segment);
	assert_int_equal(packet->pkt_len, whole.count);
	assert_memory_equal(packet_bytes(packet), whole.at, whole.count);
	packet_free(packet);
}

/* Values at which sums carry, or come out as all ones or zero. */
static void test_random_values(void **state)
{
	struct random random = {2};

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct tuple tuple = our_tuple(i % 2);
		struct build_segment segment = segment_of(&tuple, timestamps_alone, i % 3 ? 12 : 0);
		struct rte_mbuf *packet = text_packet(&random, random_below(&random, 8));
		uint32_t mask = random_below(&random, 2) ? 0xffffffff : 0;

		tuple.local_port = (uint16_t)(1 + random_below(&random, 65535));
		segment.seq = seq_of((uint32_t)random_next(&random) | mask);
		segment.ack = seq_of((uint32_t)random_next(&random) & ~mask);
		segment.window = (uint16_t)random_next(&random);
		segment.flags = (uint8_t)random_next(&random);
		segment.dscp_ecn = (uint8_t)random_next(&random);
		segment.ttl = (uint8_t)random_next(&random);
		build_segment(packet, &segment);
		assert_sums_right(packet);
		packet_free(packet);
	}
}

/* Text in buffers of any length behind an empty one. */
static void test_chained_text(void **state)
{
	struct random random = {3};

	(void)state;
	for (uint32_t first = 0; first <= 40; first++) {
		struct tuple tuple = our_tuple(first % 2);
		struct build_segment segment = segment_of(&tuple, timestamps_alone, 12);
		struct rte_mbuf *packet = packet_new();
		struct frame frame;

		packet_chain(packet, text_packet(&random, first));
		packet_chain(packet, text_packet(&random, 41 - first));
		build_segment(packet, &segment);
		assert_int_equal(packet->nb_segs, 3);
		assert_int_equal(packet->data_len, build_header_bytes(first % 2 == 0, 12));
		assert_int_equal(packet->pkt_len, packet->data_len + 41U);
		assert_sums_right(packet);
		frame_parse(packet, &peer_rules, &frame);
		assert_as_asked(&frame, &segment, 41);
		packet_free(packet);
	}
}

/* What the port sums is left to it, with all that it needs to know; what it does not is done. */
static void test_offload(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct tuple tuple = our_tuple(ipv6);
		struct build_segment segment = segment_of(&tuple, timestamps_alone, 12);
		struct rte_mbuf *packet = packet_new();
		struct bytes built = {0};
		uint32_t pseudo;

		packet->ol_flags = RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		packet->tx_offload = UINT64_MAX;
		segment.io_flags = SLUICE_IO_TX_TCP_CHECKSUM | SLUICE_IO_TX_IPV4_CHECKSUM;
		build_segment(packet, &segment);
		built.count = packet_copy_out(packet, built.at, sizeof(built.at));
		assert_int_equal(packet->ol_flags,
				 RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_TX_TCP_CKSUM |
					 (ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM));
		assert_int_equal(packet->l2_len, 14);
		assert_int_equal(packet->l3_len, ipv6 ? 40 : 20);
		assert_int_equal(packet->l4_len, 32);
		assert_int_equal(packet->tso_segsz, 0);
		pseudo = plain_sum(6 + 32, built.at + L3 + (ipv6 ? 8 : 12), ipv6 ? 32 : 8);
		assert_int_equal(get_16(&built, l4_of(&built) + 16), pseudo);
		if (!ipv6)
			assert_int_equal(get_16(&built, L3 + 10), 0);
		packet_free(packet);
	}
}

static void test_offload_of_one_kind(void **state)
{
	struct tuple tuple = our_tuple(false);
	struct build_segment segment = segment_of(&tuple, NULL, 0);
	struct rte_mbuf *packet = packet_new();
	struct bytes built = {0}, mended;

	(void)state;
	segment.io_flags = SLUICE_IO_TX_TCP_CHECKSUM;
	build_segment(packet, &segment);
	assert_int_equal(packet->ol_flags, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4);
	built.count = packet_copy_out(packet, built.at, sizeof(built.at));
	mended = built;
	mend(&mended);
	assert_int_equal(get_16(&built, L3 + 10), get_16(&mended, L3 + 10));
	packet_free(packet);
}

/* An echo request from the peer, with IP options or extension headers in front of it if asked for. */
static struct bytes echo_request(bool ipv6, bool longer, uint32_t data_bytes)
{
	static const uint8_t route[8] = {7, 7, 4}, pads[8] = {58, 0, 1, 4};
	uint8_t message[1000] = {ipv6 ? 128 : 8, 0, 0, 0, 0x12, 0x34, 0xff, 0xff};
	struct bytes bytes;

	for (uint32_t i = 0; i < data_bytes; i++)
		message[8 + i] = (uint8_t)(i * 7);
	bytes = ip_frame(ipv6, ipv6 ? 58 : 1, message, 8 + data_bytes);
	bytes.at[15] |= ipv6 ? 0x30 : 0x03; /* congestion experienced */
	mend(&bytes);
	if (longer) {
		insert_bytes(&bytes, l4_of(&bytes), ipv6 ? pads : route, 8);
		if (ipv6)
			bytes.at[20] = 60;
		else
			bytes.at[14] = 0x47;
		set_16(&bytes, ipv6 ? 18 : 16, get_16(&bytes, ipv6 ? 18 : 16) + 8);
		mend_at(&bytes, bytes.count - 8 - data_bytes, 8 + data_bytes, ipv6 ? 58 : 1);
	}
	put_bytes(&bytes, "padding", 7);
	return bytes;
}

static void check_echo_reply(const struct bytes *request, bool ipv6, uint32_t data_bytes)
{
	struct rte_mbuf *packet = packet_from_bytes(request->at, request->count);
	struct bytes reply = {0};
	struct frame frame;
	uint32_t l4 = ipv6 ? 54 : 34;

	packet->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	frame_parse(packet, &our_rules, &frame);
	assert_int_equal(frame.kind, FRAME_ECHO);
	build_echo_reply(&frame, &our_mac, 0);
	assert_sums_right(packet);
	assert_int_equal(packet->ol_flags, 0);
	reply.count = packet_copy_out(packet, reply.at, sizeof(reply.at));
	assert_int_equal(reply.count, packet->pkt_len);
	assert_int_equal(reply.count, l4 + 8 + data_bytes);
	assert_memory_equal(reply.at, &peer_mac, 6);
	assert_memory_equal(reply.at + 6, &our_mac, 6);
	assert_int_equal(reply.at[l4], ipv6 ? 129 : 0);
	assert_int_equal(reply.at[l4 + 1], 0);
	assert_memory_equal(reply.at + l4 + 4, request->at + request->count - 7 - data_bytes - 4, data_bytes + 4);
	assert_memory_equal(reply.at + l4 - (ipv6 ? 16 : 4), test_ip(ipv6, 2).byte + (ipv6 ? 0 : 12), ipv6 ? 16 : 4);
	assert_memory_equal(reply.at + l4 - (ipv6 ? 32 : 8), test_ip(ipv6, 1).byte + (ipv6 ? 0 : 12), ipv6 ? 16 : 4);
	assert_int_equal(reply.at[ipv6 ? 21 : 22], 64);
	assert_int_equal(ipv6 ? (reply.at[14] & 15) << 4 | reply.at[15] >> 4 : reply.at[15], 0xb8); /* no ECN */
	packet_free(packet);
}

static void test_echo_reply(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		for (uint32_t data_bytes = 0; data_bytes < 900; data_bytes += 1 + data_bytes / 3) {
			struct bytes request = echo_request(i % 2, i / 2, data_bytes);

			check_echo_reply(&request, i % 2, data_bytes);
		}
	}
}

/* Every value the sum can have survives the change of type. */
static void test_echo_reply_sums(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		for (uint32_t value = 0; value < 65536; value += 5) {
			struct bytes request = echo_request(ipv6, false, 2);
			uint32_t l4 = l4_of(&request);

			set_16(&request, l4 + 8, value);
			mend(&request);
			check_echo_reply(&request, ipv6, 2);
		}
	}
}

static void test_echo_reply_offload(void **state)
{
	struct bytes request = echo_request(false, false, 20);
	struct rte_mbuf *packet = packet_from_bytes(request.at, request.count);
	struct frame frame;

	(void)state;
	frame_parse(packet, &our_rules, &frame);
	build_echo_reply(&frame, &our_mac, SLUICE_IO_TX_IPV4_CHECKSUM | SLUICE_IO_TX_TCP_CHECKSUM);
	assert_int_equal(packet->ol_flags, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM);
	assert_int_equal(packet->l2_len, 14);
	assert_int_equal(packet->l3_len, 20);
	packet_free(packet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_and_parsed),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_random_values),
		cmocka_unit_test(test_chained_text),
		cmocka_unit_test(test_offload),
		cmocka_unit_test(test_offload_of_one_kind),
		cmocka_unit_test(test_echo_reply),
		cmocka_unit_test(test_echo_reply_sums),
		cmocka_unit_test(test_echo_reply_offload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
