/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of ARP, ICMP, ICMPv6 and neighbour discovery: the good ones, and each thing that makes them bad.
 */
#include "lib/wire/frame.h"

#include "tests/claims/claims.h"
#include "tests/wire/frames.h"

enum { ICMP = 1, ICMPV6 = 58 };

static struct bytes arp_frame(uint16_t operation)
{
	struct bytes out = {0};

	put_bytes(&out, "\xff\xff\xff\xff\xff\xff", 6);
	put_bytes(&out, &peer_mac, 6);
	put_16(&out, 0x0806);
	put_16(&out, 1);
	put_16(&out, 0x0800);
	put_8(&out, 6);
	put_8(&out, 4);
	put_16(&out, operation);
	put_bytes(&out, &peer_mac, 6);
	put_32(&out, 0xc6120002);
	put_bytes(&out, "\0\0\0\0\0\0", 6);
	put_32(&out, 0xc6120001);
	return out;
}

/* Echo request with 20 bytes of data. */
static struct bytes echo_frame(bool ipv6)
{
	uint8_t message[28] = {ipv6 ? 128 : 8, 0, 0, 0, 0x12, 0x34, 0, 1, 'd', 'a', 't', 'a'};

	return ip_frame(ipv6, ipv6 ? ICMPV6 : ICMP, message, sizeof(message));
}

/* A solicitation or advertisement about .9, with one link-layer option of the given kind. */
static struct bytes nd_frame(uint8_t type, uint8_t option)
{
	struct ip target = test_ip(true, 9);
	struct bytes message = {0}, frame;

	put_8(&message, type);
	put_8(&message, 0);
	put_16(&message, 0);
	put_32(&message, type == 136 ? 0x60000000 : 0);
	put_bytes(&message, &target, 16);
	put_8(&message, option);
	put_8(&message, 1);
	put_bytes(&message, &peer_mac, 6);
	frame = ip_frame(true, ICMPV6, message.at, message.count);
	frame.at[L3 + 7] = 255;
	return frame;
}

/* An error that quotes the start of a segment of ours. */
static struct bytes error_frame(bool ipv6, uint8_t type)
{
	struct bytes message = {0}, quoted = data_frame(ipv6);

	put_8(&message, type);
	put_8(&message, 0);
	put_16(&message, 0);
	put_32(&message, 0);
	put_bytes(&message, quoted.at + L3, (ipv6 ? 40 : 20) + 8);
	return ip_frame(ipv6, ipv6 ? ICMPV6 : ICMP, message.at, message.count);
}

static void expect_kind(const struct bytes *bytes, enum frame_kind kind)
{
	assert_int_equal(parsed(bytes).kind, kind);
}

/* A cut frame is short; one in two buffers is refused while what is read would cross from one to the other. */
static void expect_whole(const struct bytes *whole, enum frame_kind kind, uint32_t header_bytes)
{
	struct bytes bytes = *whole;

	for (uint32_t first = 0; first < whole->count; first++) {
		struct rte_mbuf *packet = packet_from_bytes_split(whole->at, whole->count, first);
		struct frame frame;

		frame_parse(packet, &our_rules, &frame);
		assert_int_equal(frame.kind, first < header_bytes ? FRAME_DROP : kind);
		if (first < header_bytes)
			assert_int_equal(frame.drop, SLUICE_COUNTER_drop_frame_chained);
		packet_free(packet);
		bytes.count = first;
		expect_drop(&bytes, SLUICE_COUNTER_drop_frame_short);
	}
}

/* Sets one byte, mends the sums if there are any, and expects the drop. */
static void expect_drop_with(struct bytes bytes, uint32_t at, uint8_t value, enum sluice_counter drop)
{
	bytes.at[at] = value;
	if (get_16(&bytes, 12) != 0x0806)
		mend(&bytes);
	expect_drop(&bytes, drop);
}

static void test_arp(void **state)
{
	struct bytes request = arp_frame(1), reply = arp_frame(2);
	struct ip peer = test_ip(false, 2), ours = test_ip(false, 1);
	struct frame frame = parsed(&request);

	(void)state;
	assert_int_equal(frame.kind, FRAME_ARP);
	assert_int_equal(frame.l3_offset, 14);
	assert_true(frame.group_mac);
	assert_memory_equal(&frame.tuple.remote, &peer, 16);
	assert_memory_equal(&frame.tuple.local, &ours, 16);
	expect_kind(&reply, FRAME_ARP);
	expect_whole(&request, FRAME_ARP, 42);
	put_bytes(&request, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
	expect_kind(&request, FRAME_ARP);
	memset(request.at + 28, 0, 4);
	expect_kind(&request, FRAME_ARP); /* a probe */
}

static void test_bad_arp(void **state)
{
	static const struct {
		uint8_t at, value;
	} changes[] = {{15, 2}, {16, 0x86}, {17, 0xdd}, {18, 8},    {18, 0},   {19, 16},
		       {20, 1}, {21, 0},    {21, 3},    {22, 0x01}, {28, 127}, {28, 239}};
	struct bytes probe_reply = arp_frame(2);

	(void)state;
	for (uint32_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		expect_drop_with(arp_frame(1), changes[i].at, changes[i].value, SLUICE_COUNTER_drop_arp);
	memset(probe_reply.at + 28, 0, 4);
	expect_drop(&probe_reply, SLUICE_COUNTER_drop_arp);
}

static void test_echo(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = echo_frame(ipv6);
		struct ip peer = test_ip(ipv6, 2), ours = test_ip(ipv6, 1);
		uint32_t l4 = l4_of(&bytes);
		struct frame frame = parsed(&bytes);

		assert_int_equal(frame.kind, FRAME_ECHO);
		assert_int_equal(frame.l4_offset, l4);
		assert_int_equal(frame.l4_bytes, 28);
		assert_int_equal(frame.tuple.local_port, 0);
		assert_int_equal(frame.tuple.remote_port, 0);
		assert_memory_equal(&frame.tuple.remote, &peer, 16);
		assert_memory_equal(&frame.tuple.local, &ours, 16);
		expect_whole(&bytes, FRAME_ECHO, l4 + 8);
		expect_drop_with(bytes, l4 + 1, 1, SLUICE_COUNTER_drop_icmp);
		bytes.at[l4 + 9] ^= 1;
		expect_drop(&bytes, SLUICE_COUNTER_drop_icmp); /* the sum */
		bytes = ip_frame(ipv6, ipv6 ? ICMPV6 : ICMP, "\x8\0\0\0\0\0\0", 7);
		expect_drop(&bytes, SLUICE_COUNTER_drop_icmp);
	}
}

static void test_echo_to_a_group(void **state)
{
	struct bytes bytes = echo_frame(false), with_group_mac = bytes;

	(void)state;
	memset(with_group_mac.at, 0xff, 6);
	expect_drop(&with_group_mac, SLUICE_COUNTER_drop_ip_destination);
	expect_drop_with(bytes, 30, 224, SLUICE_COUNTER_drop_ip_destination);
	expect_drop_with(echo_frame(true), 38, 0xff, SLUICE_COUNTER_drop_ip_destination);
}

static void test_other_icmp(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 256; type++) {
		struct bytes icmp = error_frame(false, (uint8_t)type), icmpv6 = error_frame(true, (uint8_t)type);

		if (type != 3 && type != 8 && type != 11 && type != 12)
			expect_drop(&icmp, SLUICE_COUNTER_drop_icmp);
		if (type != 135 && type != 136 && type != 128 && (type < 1 || type > 4))
			expect_drop(&icmpv6, SLUICE_COUNTER_drop_icmp);
	}
}

static void test_errors(void **state)
{
	static const uint8_t types[] = {3, 11, 12}, types_6[] = {1, 2, 3, 4};

	(void)state;
	for (uint32_t i = 0; i < sizeof(types); i++) {
		struct bytes bytes = error_frame(false, types[i]);

		expect_whole(&bytes, FRAME_ICMP_ERROR, 34 + 8 + 28);
		set_16(&bytes, 16, get_16(&bytes, 16) - 1);
		mend(&bytes);
		expect_drop(&bytes, SLUICE_COUNTER_drop_icmp);
		expect_drop_with(error_frame(false, types[i]), 30, 224, SLUICE_COUNTER_drop_ip_destination);
	}
	for (uint32_t i = 0; i < sizeof(types_6); i++) {
		struct bytes bytes = error_frame(true, types_6[i]);

		expect_whole(&bytes, FRAME_ICMP_ERROR, 54 + 8 + 48);
		set_16(&bytes, 18, get_16(&bytes, 18) - 1);
		mend(&bytes);
		expect_drop(&bytes, SLUICE_COUNTER_drop_icmp);
	}
}

static void test_nd(void **state)
{
	struct bytes solicit = nd_frame(135, 1), advert = nd_frame(136, 2);
	uint32_t without_option[2] = {solicit.count - 8, advert.count - 8};

	(void)state;
	expect_whole(&solicit, FRAME_ND_SOLICIT, solicit.count);
	expect_kind(&solicit, FRAME_ND_SOLICIT);
	expect_kind(&advert, FRAME_ND_ADVERT);
	set_16(&solicit, 18, 24);
	mend(&solicit);
	expect_kind(&solicit, FRAME_ND_SOLICIT);
	solicit.count = without_option[0];
	expect_kind(&solicit, FRAME_ND_SOLICIT);
	set_16(&advert, 18, 24);
	mend(&advert);
	advert.count = without_option[1];
	expect_kind(&advert, FRAME_ND_ADVERT);
}

CLAIMS(RFC4861_7_1)
static void test_bad_nd(void **state)
{
	static const struct {
		uint8_t at, value;
	} changes[] = {{21, 254}, {21, 64},  {55, 1},  {62, 0xff}, {79, 0},
		       {79, 2},   {79, 255}, {19, 23}, {19, 31},   {19, 25}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		expect_drop_with(nd_frame(135, 1), changes[i].at, changes[i].value, SLUICE_COUNTER_drop_nd);
		expect_drop_with(nd_frame(136, 2), changes[i].at, changes[i].value, SLUICE_COUNTER_drop_nd);
	}
}

/* To the solicited-node group of the target. */
static struct bytes probe_frame(uint8_t option)
{
	struct bytes bytes = nd_frame(135, option);
	static const uint8_t group[16] = {0xff, 2, [11] = 1, 0xff, 0, 0, 9};

	memset(bytes.at + 22, 0, 16);
	memcpy(bytes.at + 38, group, 16);
	mend(&bytes);
	return bytes;
}

/* Duplicate address detection asks from nowhere, to the group, without a MAC; nothing else may. */
static void test_duplicate_address_probe(void **state)
{
	struct bytes probe = probe_frame(14), with_mac = probe_frame(1), advert = probe_frame(14),
		     echo = echo_frame(true);

	(void)state;
	expect_kind(&probe, FRAME_ND_SOLICIT);
	expect_drop(&with_mac, SLUICE_COUNTER_drop_nd);
	expect_drop_with(probe, 49, 2, SLUICE_COUNTER_drop_nd);
	advert.at[54] = 136;
	mend(&advert);
	expect_drop(&advert, SLUICE_COUNTER_drop_nd);
	memset(echo.at + 22, 0, 16);
	mend(&echo);
	expect_drop(&echo, SLUICE_COUNTER_drop_ip_source);
}

/* An advertisement to a group answers nobody. */
static void test_solicited_advert_to_a_group(void **state)
{
	struct bytes bytes = nd_frame(136, 2);

	(void)state;
	memcpy(bytes.at + 38, (uint8_t[16]){0xff, 2, [15] = 1}, 16);
	mend(&bytes);
	expect_drop(&bytes, SLUICE_COUNTER_drop_nd);
	bytes.at[58] = 0x20;
	mend(&bytes);
	expect_kind(&bytes, FRAME_ND_ADVERT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_bad_arp),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_echo_to_a_group),
		cmocka_unit_test(test_other_icmp),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_nd),
		cmocka_unit_test(test_bad_nd),
		cmocka_unit_test(test_duplicate_address_probe),
		cmocka_unit_test(test_solicited_advert_to_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
