/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an ICMP error quotes: read from as little as the RFCs guarantee, from nothing that is not ours, never past the end.
 */
#include "lib/wire/icmp.h"

#include "lib/base/random.h"
#include "tests/wire/frames.h"

/* An error that quotes `count` bytes of a packet. */
static struct bytes error_about(bool ipv6, uint8_t type, uint8_t code, uint32_t rest, const uint8_t *quote,
				uint32_t count)
{
	struct bytes message = {0};

	put_8(&message, type);
	put_8(&message, code);
	put_16(&message, 0);
	put_32(&message, rest);
	put_bytes(&message, quote, count);
	return ip_frame(ipv6, ipv6 ? 58 : 1, message.at, message.count);
}

/* A segment that we might have sent: the good frame, turned round. */
static struct bytes our_segment(bool ipv6)
{
	struct bytes bytes = data_frame(ipv6);
	uint32_t each = ipv6 ? 16 : 4, l4 = l4_of(&bytes);
	struct ip ours = test_ip(ipv6, 1), peer = test_ip(ipv6, 2);

	memcpy(bytes.at + l4 - 2 * each, ours.byte + 16 - each, each);
	memcpy(bytes.at + l4 - each, peer.byte + 16 - each, each);
	set_16(&bytes, l4, 80);
	set_16(&bytes, l4 + 2, 4000);
	return bytes;
}

static struct icmp_error read_error(const struct bytes *bytes)
{
	struct rte_mbuf *packet = packet_from_bytes(bytes->at, bytes->count);
	struct frame frame;
	struct icmp_error error;

	frame_parse(packet, &our_rules, &frame);
	assert_int_equal(frame.kind, FRAME_ICMP_ERROR);
	error = icmp_error_read(&frame);
	packet_free(packet);
	return error;
}

static void test_quoted_segment(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes segment = our_segment(ipv6);
		uint32_t least = l4_of(&segment) - L3 + 8;
		struct ip ours = test_ip(ipv6, 1), peer = test_ip(ipv6, 2);

		for (uint32_t count = least; count <= segment.count - L3; count++) {
			struct bytes bytes = error_about(ipv6, ipv6 ? 1 : 3, 3, 0, segment.at + L3, count);
			struct icmp_error error = read_error(&bytes);

			assert_true(error.is_tcp);
			assert_int_equal(error.ipv6, ipv6);
			assert_int_equal(error.type, ipv6 ? 1 : 3);
			assert_int_equal(error.code, 3);
			assert_int_equal(error.mtu_bytes, 0);
			assert_memory_equal(&error.tuple.local, &ours, 16);
			assert_memory_equal(&error.tuple.remote, &peer, 16);
			assert_int_equal(error.tuple.local_port, 80);
			assert_int_equal(error.tuple.remote_port, 4000);
			assert_int_equal(error.seq.value, 0x01020304);
		}
	}
}

static void test_mtu(void **state)
{
	struct bytes segment = our_segment(false), segment_6 = our_segment(true);
	struct bytes needed = error_about(false, 3, 4, 0xffff0000 + 1400, segment.at + L3, 28);
	struct bytes other = error_about(false, 3, 1, 1400, segment.at + L3, 28);
	struct bytes too_big = error_about(true, 2, 0, 0x12345678, segment_6.at + L3, 48);

	(void)state;
	assert_int_equal(read_error(&needed).mtu_bytes, 1400);
	assert_int_equal(read_error(&other).mtu_bytes, 0);
	assert_int_equal(read_error(&too_big).mtu_bytes, 0x12345678);
}

/* Options in the quote move the ports; they must still be there. */
static void test_quote_with_options(void **state)
{
	struct bytes segment = our_segment(false);
	uint32_t count = 20 + 40 + 8;
	struct bytes bytes;

	(void)state;
	insert_bytes(&segment, 34, (uint8_t[40]){0}, 40);
	segment.at[14] = 0x4f;
	for (uint32_t quoted = 28; quoted <= count; quoted++) {
		bytes = error_about(false, 3, 1, 0, segment.at + L3, quoted);
		assert_int_equal(read_error(&bytes).is_tcp, quoted == count);
	}
	assert_int_equal(read_error(&bytes).seq.value, 0x01020304);
}

static void test_quotes_of_others(void **state)
{
	static const struct {
		uint8_t ipv6, at, value;
	} changes[] = {{0, 0, 0x55}, {0, 0, 0x44}, {0, 9, 17}, {0, 6, 0x20},
		       {0, 7, 1},    {1, 0, 0x40}, {1, 6, 17}, {1, 6, 44}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		bool ipv6 = changes[i].ipv6;
		struct bytes segment = our_segment(ipv6), bytes;

		segment.at[L3 + changes[i].at] = changes[i].value;
		bytes = error_about(ipv6, ipv6 ? 1 : 3, 1, 0, segment.at + L3, segment.count - L3);
		assert_false(read_error(&bytes).is_tcp);
	}
}

static void test_random_quotes(void **state)
{
	struct random random = {1};

	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		bool ipv6 = i % 2;
		uint32_t count = (ipv6 ? 48 : 28) + random_below(&random, 60);
		struct bytes bytes, segment = our_segment(ipv6);

		for (uint32_t k = 0; k < 4; k++)
			segment.at[L3 + random_below(&random, 40)] = (uint8_t)random_next(&random);
		bytes = error_about(ipv6, ipv6 ? 1 : 3, 0, 0, segment.at + L3, count);
		read_error(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted_segment),     cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_quote_with_options), cmocka_unit_test(test_quotes_of_others),
		cmocka_unit_test(test_random_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
