/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of TCP: what a good one means, and that nothing else gets through: cut, split and with every single bit turned.
 * Every reason to drop is reached by the one change to a good frame that it is about.
 */
#include "lib/wire/frame.h"

#include "lib/base/random.h"
#include "tests/claims/claims.h"
#include "tests/wire/frames.h"

static void expect_data_frame(const struct frame *frame, bool ipv6)
{
	struct ip local = test_ip(ipv6, 1), remote = test_ip(ipv6, 2);

	assert_int_equal(frame->kind, FRAME_TCP);
	assert_memory_equal(&frame->tuple.local, &local, 16);
	assert_memory_equal(&frame->tuple.remote, &remote, 16);
	assert_int_equal(frame->tuple.local_port, 80);
	assert_int_equal(frame->tuple.remote_port, 4000);
	assert_int_equal(frame->seq.value, 0x01020304);
	assert_int_equal(frame->ack.value, 0x0a0b0c0d);
	assert_int_equal(frame->window, 0x1122);
	assert_int_equal(frame->flags, TCP_PSH | TCP_ACK);
	assert_int_equal(frame->ttl, 61);
	assert_int_equal(frame->dscp_ecn, 0xb8);
	assert_int_equal(frame->protocol, 6);
	assert_int_equal(frame->ipv6, ipv6);
	assert_int_equal(frame->group_mac, false);
	assert_int_equal(frame->text_bytes, 11);
	assert_int_equal(frame->l4_bytes, 43);
	assert_int_equal(frame->text_offset, frame->l4_offset + 32);
	assert_int_equal(frame->options.present, TCP_HAS_TIMESTAMPS);
	assert_int_equal(frame->options.tsval, 7);
	assert_int_equal(frame->options.tsecr, 9);
	assert_int_equal(frame->options.sack_count, 0);
}

static void test_values(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = data_frame(ipv6);
		struct rte_mbuf *packet = packet_from_bytes(bytes.at, bytes.count);
		struct frame frame;

		frame_parse(packet, &our_rules, &frame);
		expect_data_frame(&frame, ipv6);
		assert_int_equal(frame.l3_offset, 14);
		assert_int_equal(frame.l4_offset, ipv6 ? 54 : 34);
		assert_ptr_equal(frame.packet, packet);
		assert_memory_equal(packet_bytes(packet) + frame.text_offset, "abcdefghijk", 11);
		assert_true(mac_equal(frame_source_mac(&frame), &peer_mac));
		packet_free(packet);
	}
}

/* The short way through options and the long one say the same. */
static void test_options_both_ways(void **state)
{
	static const uint8_t other_order[12] = {8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 1};
	static const uint8_t sack[28] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 1, 5, 10, 0, 0, 0, 16, 0, 0, 0, 32};

	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes usual = data_frame(ipv6), other = tcp_frame(ipv6, other_order, 12, 11);
		struct bytes none = tcp_frame(ipv6, NULL, 0, 5), more = tcp_frame(ipv6, sack, 28, 0);
		struct frame a = parsed(&usual), b = parsed(&other), c = parsed(&none), d = parsed(&more);

		assert_same_segment(&a, &b);
		assert_int_equal(c.kind, FRAME_TCP);
		assert_int_equal(c.options.present, 0);
		assert_int_equal(c.options.sack_count, 0);
		assert_int_equal(c.text_bytes, 5);
		assert_int_equal(d.options.present, TCP_HAS_TIMESTAMPS | TCP_HAS_SACK);
		assert_int_equal(d.options.sack[0].end.value, 32);
		assert_int_equal(d.text_bytes, 0);
	}
}

static void test_cut_at_every_length(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = data_frame(ipv6);
		uint32_t whole = bytes.count;

		for (bytes.count = 0; bytes.count < whole; bytes.count++)
			expect_drop(&bytes, SLUICE_COUNTER_drop_frame_short);
	}
}

/* Headers must be in the first buffer; text may be anywhere. */
static void test_split_at_every_place(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = data_frame(ipv6);
		uint32_t headers = bytes.count - 11;

		for (uint32_t first = 0; first <= bytes.count; first++) {
			struct rte_mbuf *packet = packet_from_bytes_split(bytes.at, bytes.count, first);
			struct frame frame;

			frame_parse(packet, &our_rules, &frame);
			if (first < headers) {
				assert_int_equal(frame.kind, FRAME_DROP);
				assert_int_equal(frame.drop, SLUICE_COUNTER_drop_frame_chained);
			} else {
				expect_data_frame(&frame, ipv6);
			}
			packet_free(packet);
		}
	}
}

/* One bit of what IP and TCP say: it is noticed, or it is not about what TCP acts on (hop limit, class, flow label). */
CLAIMS(MUST_3)
static void test_every_bit_turned(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = data_frame(ipv6);
		struct frame good = parsed(&bytes);
		uint32_t accepted = 0;

		for (uint32_t bit = L3 * 8; bit < bytes.count * 8; bit++) {
			struct frame frame;

			bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			frame = parsed(&bytes);
			if (frame.kind != FRAME_DROP) {
				assert_same_segment(&frame, &good);
				accepted++;
			}
			bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(accepted, ipv6 ? 8 + 20 + 8 : 0);
	}
}

/* A change to a good frame of either family; `mended` says whether its sums are made right afterwards. */
struct change {
	const char *name;
	uint8_t family; /* 4, 6 or 0: both */
	bool mended;
	uint8_t from_l4; /* whether `at` counts from TCP's header, else from the frame's start */
	uint8_t at, bytes;
	uint32_t value;
	enum sluice_counter drop;
};

#define DROP(name) SLUICE_COUNTER_drop_##name

static const struct change changes[] = {
	{"another station", 0, true, 0, 5, 1, 0x09, DROP(frame_other_host)},
	{"VLAN", 0, false, 0, 12, 2, 0x8100, DROP(frame_vlan)},
	{"service VLAN", 0, false, 0, 12, 2, 0x88a8, DROP(frame_vlan)},
	{"other type", 0, false, 0, 12, 2, 0x88cc, DROP(frame_ethertype)},
	{"802.3 length", 0, false, 0, 12, 2, 0x0040, DROP(frame_ethertype)},
	{"version 5", 4, true, 0, 14, 1, 0x55, DROP(ipv4_header)},
	{"header of 16 bytes", 4, false, 0, 14, 1, 0x44, DROP(ipv4_header)},
	{"total below header", 4, true, 0, 16, 2, 19, DROP(ipv4_header)},
	{"total beyond frame", 4, true, 0, 16, 2, 64, DROP(frame_short)},
	{"header sum", 4, false, 0, 24, 2, 0x1111, DROP(ipv4_checksum)},
	{"more fragments", 4, true, 0, 20, 2, 0x2000, DROP(ipv4_fragment)},
	{"last fragment", 4, true, 0, 20, 2, 0x0001, DROP(ipv4_fragment)},
	{"source 0/8", 4, true, 0, 26, 1, 0, DROP(ip_source)},
	{"source loopback", 4, true, 0, 26, 1, 127, DROP(ip_source)},
	{"source multicast", 4, true, 0, 26, 1, 224, DROP(ip_source)},
	{"source 240/4", 4, true, 0, 26, 1, 240, DROP(ip_source)},
	{"source broadcast", 4, true, 0, 26, 4, 0xffffffff, DROP(ip_source)},
	{"destination multicast", 4, true, 0, 30, 1, 239, DROP(ip_destination)},
	{"destination broadcast", 4, true, 0, 30, 4, 0xffffffff, DROP(ip_destination)},
	{"destination loopback", 4, true, 0, 30, 1, 127, DROP(ip_destination)},
	{"UDP", 4, true, 0, 23, 1, 17, DROP(ip_protocol)},
	{"ICMPv6 over IPv4", 4, true, 0, 23, 1, 58, DROP(ip_protocol)},
	{"version 4", 6, true, 0, 14, 1, 0x46, DROP(ipv6_header)},
	{"payload beyond frame", 6, true, 0, 18, 2, 44, DROP(frame_short)},
	{"payload below TCP", 6, true, 0, 18, 2, 19, DROP(tcp_header)},
	{"no payload", 6, false, 0, 18, 2, 0, DROP(tcp_header)},
	{"source multicast", 6, true, 0, 22, 1, 0xff, DROP(ip_source)},
	{"source unspecified, mapped and loopback's /64", 6, true, 0, 22, 4, 0, DROP(ip_source)},
	{"destination multicast", 6, true, 0, 38, 1, 0xff, DROP(ip_destination)},
	{"destination in ::/64", 6, true, 0, 38, 4, 0, DROP(ip_destination)},
	{"UDP", 6, true, 0, 20, 1, 17, DROP(ip_protocol)},
	{"no next header", 6, true, 0, 20, 1, 59, DROP(ip_protocol)},
	{"ICMP over IPv6", 6, true, 0, 20, 1, 1, DROP(ip_protocol)},
	{"fragment header", 6, true, 0, 20, 1, 44, DROP(ipv6_fragment)},
	{"data offset 4", 0, true, 1, 12, 1, 0x40, DROP(tcp_header)},
	{"data offset 0", 0, true, 1, 12, 1, 0x00, DROP(tcp_header)},
	{"data offset beyond segment", 0, true, 1, 12, 1, 0xb0, DROP(tcp_header)},
	{"TCP sum", 0, false, 1, 16, 2, 0x1111, DROP(tcp_checksum)},
	{"TCP sum zero", 0, false, 1, 16, 2, 0, DROP(tcp_checksum)},
	{"source port 0", 0, true, 1, 0, 2, 0, DROP(tcp_header)},
	{"destination port 0", 0, true, 1, 2, 2, 0, DROP(tcp_header)},
};

static void check_change(const struct change *change, bool ipv6)
{
	struct bytes bytes = data_frame(ipv6);
	uint32_t at = change->at + (change->from_l4 ? l4_of(&bytes) : 0);
	struct frame frame;

	for (uint32_t i = 0; i < change->bytes; i++)
		bytes.at[at + i] = (uint8_t)(change->value >> 8 * (change->bytes - 1 - i));
	if (change->family == 6 && change->value == 0 && change->bytes == 4)
		memset(bytes.at + at, 0, 8); /* the /64 of it all */
	if (change->mended)
		mend(&bytes);
	frame = parsed(&bytes);
	if (frame.kind != FRAME_DROP || frame.drop != change->drop)
		fail_msg("%s, IPv%d: kind %u, drop %u", change->name, ipv6 ? 6 : 4, frame.kind, frame.drop);
}

static void test_every_reason(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (changes[i].family != 6)
			check_change(&changes[i], false);
		if (changes[i].family != 4)
			check_change(&changes[i], true);
	}
}

static void test_segment_to_itself(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = data_frame(ipv6);
		uint32_t bytes_each = ipv6 ? 16 : 4, l4 = l4_of(&bytes);

		memcpy(bytes.at + l4 - 2 * bytes_each, bytes.at + l4 - bytes_each, bytes_each);
		mend(&bytes);
		assert_int_equal(parsed(&bytes).kind, FRAME_TCP); /* its own address alone is for others to judge */
		set_16(&bytes, l4, 80);
		mend(&bytes);
		expect_drop(&bytes, SLUICE_COUNTER_drop_ip_source);
	}
}

static void test_group_mac(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = data_frame(ipv6);

		memset(bytes.at, 0xff, 6);
		expect_drop(&bytes, SLUICE_COUNTER_drop_ip_destination);
		bytes.at[0] = 0x01;
		expect_drop(&bytes, SLUICE_COUNTER_drop_ip_destination);
	}
}

/* A short frame is padded to 60 bytes, and a trailer may follow anything: neither is text. */
static void test_padding_is_no_text(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = tcp_frame(ipv6, NULL, 0, 1), with_trailer = data_frame(ipv6);
		struct frame frame;

		put_bytes(&bytes, "paddingpadding", 14);
		frame = parsed(&bytes);
		assert_int_equal(frame.kind, FRAME_TCP);
		assert_int_equal(frame.text_bytes, 1);
		put_bytes(&with_trailer, "trailer", 7);
		frame = parsed(&with_trailer);
		expect_data_frame(&frame, ipv6);
	}
}

static struct frame parsed_with(const struct bytes *bytes, const struct frame_rules *rules, uint64_t ol_flags)
{
	struct rte_mbuf *packet = packet_from_bytes(bytes->at, bytes->count);
	struct frame frame;

	packet->ol_flags = ol_flags;
	frame_parse(packet, rules, &frame);
	packet_free(packet);
	return frame;
}

/* The port's word counts if the rules say so, and only GOOD and BAD are words. */
static void test_checksum_offload(void **state)
{
	const uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	struct bytes right = data_frame(false), wrong = right, wrong_ip = right;
	struct frame_rules believe = our_rules;

	(void)state;
	believe.checksum_offload = true;
	wrong.at[l4_of(&wrong) + 16] ^= 1;
	wrong_ip.at[24] ^= 1;
	assert_int_equal(parsed_with(&wrong, &believe, good).kind, FRAME_TCP);
	assert_int_equal(parsed_with(&wrong_ip, &believe, good).kind, FRAME_TCP);
	assert_int_equal(parsed_with(&wrong, &our_rules, good).drop, SLUICE_COUNTER_drop_tcp_checksum);
	assert_int_equal(parsed_with(&wrong_ip, &our_rules, good).drop, SLUICE_COUNTER_drop_ipv4_checksum);
	assert_int_equal(parsed_with(&right, &believe, RTE_MBUF_F_RX_L4_CKSUM_BAD).drop,
			 SLUICE_COUNTER_drop_tcp_checksum);
	assert_int_equal(parsed_with(&right, &believe, RTE_MBUF_F_RX_IP_CKSUM_BAD).drop,
			 SLUICE_COUNTER_drop_ipv4_checksum);
	assert_int_equal(parsed_with(&right, &our_rules, RTE_MBUF_F_RX_L4_CKSUM_BAD).kind, FRAME_TCP);
	assert_int_equal(parsed_with(&right, &believe, 0).kind, FRAME_TCP);
	assert_int_equal(parsed_with(&wrong, &believe, 0).drop, SLUICE_COUNTER_drop_tcp_checksum);
	assert_int_equal(parsed_with(&wrong, &believe, RTE_MBUF_F_RX_L4_CKSUM_NONE).drop,
			 SLUICE_COUNTER_drop_tcp_checksum);
	assert_int_equal(parsed_with(&wrong_ip, &believe, RTE_MBUF_F_RX_IP_CKSUM_NONE).drop,
			 SLUICE_COUNTER_drop_ipv4_checksum);
}

/* A good data frame with IPv4 options of `count` bytes, a multiple of 4. */
static struct bytes with_ipv4_options(const uint8_t *options, uint32_t count)
{
	struct bytes bytes = data_frame(false);

	insert_bytes(&bytes, 34, options, count);
	bytes.at[14] = (uint8_t)(0x45 + count / 4);
	set_16(&bytes, 16, get_16(&bytes, 16) + count);
	mend(&bytes);
	return bytes;
}

CLAIMS(MUST_50, RFC1122_3_2_1_8)
static void test_ipv4_options(void **state)
{
	static const uint8_t record_route[8] = {7, 7, 4, 0, 0, 0, 0, 0};
	static const uint8_t loose[8] = {1, 131, 7, 4, 10, 0, 0, 1}, strict[8] = {137, 7, 4, 10, 0, 0, 1, 0};
	static const uint8_t too_long[4] = {7, 5, 0, 0};
	struct bytes bytes = with_ipv4_options(record_route, 8);
	struct frame frame = parsed(&bytes);

	(void)state;
	expect_data_frame(&frame, false);
	assert_int_equal(frame.l4_offset, 42);
	bytes = with_ipv4_options(loose, 8);
	expect_drop(&bytes, SLUICE_COUNTER_drop_ipv4_source_route);
	bytes = with_ipv4_options(strict, 8);
	expect_drop(&bytes, SLUICE_COUNTER_drop_ipv4_source_route);
	bytes = with_ipv4_options(too_long, 4);
	expect_drop(&bytes, SLUICE_COUNTER_drop_ipv4_header);
}

/* A good data frame behind extension headers, the last of which says TCP. */
static struct bytes with_extensions(uint8_t first, const uint8_t *extensions, uint32_t count)
{
	struct bytes bytes = data_frame(true);

	insert_bytes(&bytes, 54, extensions, count);
	bytes.at[20] = first;
	set_16(&bytes, 18, get_16(&bytes, 18) + count);
	mend_at(&bytes, 54 + count, bytes.count - 54 - count, 6);
	return bytes;
}

static void test_ipv6_extensions(void **state)
{
	static const uint8_t pads[16] = {60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0};
	static const uint8_t type_0[8] = {6, 0, 0, 0}, type_2[8] = {6, 0, 2, 0}, left[8] = {6, 0, 2, 1};
	static const uint8_t too_long[8] = {6, 200, 1, 4};
	struct bytes bytes = with_extensions(0, pads, 16);
	struct frame frame = parsed(&bytes);

	(void)state;
	expect_data_frame(&frame, true);
	assert_int_equal(frame.l4_offset, 70);
	bytes = with_extensions(43, type_2, 8);
	frame = parsed(&bytes);
	expect_data_frame(&frame, true);
	bytes = with_extensions(43, type_0, 8);
	expect_drop(&bytes, SLUICE_COUNTER_drop_ipv6_routing);
	bytes = with_extensions(43, left, 8);
	expect_drop(&bytes, SLUICE_COUNTER_drop_ipv6_routing);
	bytes = with_extensions(60, too_long, 8);
	expect_drop(&bytes, SLUICE_COUNTER_drop_ipv6_header);
}

/* Options and extensions are headers too: cut and split like the rest. */
static void test_long_headers_cut_and_split(void **state)
{
	static const uint8_t pads[16] = {60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0};
	struct bytes frames[2] = {with_ipv4_options((const uint8_t *)"\7\7\4\0\0\0\0\0", 8),
				  with_extensions(0, pads, 16)};

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct bytes bytes = frames[i];

		for (uint32_t first = 0; first < bytes.count; first++) {
			struct rte_mbuf *packet = packet_from_bytes_split(bytes.at, bytes.count, first);
			struct frame frame;

			frame_parse(packet, &our_rules, &frame);
			assert_int_equal(frame.kind, first < bytes.count - 11 ? FRAME_DROP : FRAME_TCP);
			if (frame.kind == FRAME_DROP)
				assert_int_equal(frame.drop, SLUICE_COUNTER_drop_frame_chained);
			packet_free(packet);
			bytes.count = first;
			expect_drop(&bytes, SLUICE_COUNTER_drop_frame_short);
			bytes.count = frames[i].count;
		}
	}
}

/* Whatever the bytes: no read past them (the sanitizer's to say), and what is accepted lies within them. */
static void test_random_damage(void **state)
{
	struct random random = {1};

	(void)state;
	for (uint32_t i = 0; i < 200000; i++) {
		struct bytes bytes = data_frame(i % 2);
		struct frame frame;

		for (uint32_t k = random_below(&random, 6); k > 0; k--)
			bytes.at[12 + random_below(&random, bytes.count - 12)] = (uint8_t)random_next(&random);
		if (random_below(&random, 4) == 0)
			bytes.count = random_below(&random, bytes.count + 1);
		else if (i % 4 < 2 && bytes.at[14] == 0x45 && get_16(&bytes, 12) == 0x0800 &&
			 get_16(&bytes, 16) >= 22 && get_16(&bytes, 16) <= bytes.count - 14)
			mend(&bytes);
		frame = parsed(&bytes);
		assert_true(frame.kind <= FRAME_ICMP_ERROR);
		if (frame.kind == FRAME_DROP)
			assert_true(frame.drop < SLUICE_DROP_COUNT);
		else if (frame.kind == FRAME_TCP)
			assert_true(frame.text_offset + frame.text_bytes <= bytes.count);
	}
}

/* The layout of most SYNs has a short way, too; each byte of it that is another takes the long one. */
static void test_syn_options_both_ways(void **state)
{
	static const uint8_t usual[20] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 200};

	(void)state;
	for (uint32_t i = 0; i <= sizeof(usual); i++) {
		for (uint32_t flip = 1; flip < 256; flip *= 2) {
			struct frame frame;
			struct tcp_options expected;
			struct bytes bytes;
			uint8_t options[20];

			memcpy(options, usual, sizeof(options));
			if (i < sizeof(usual))
				options[i] = (uint8_t)(options[i] ^ flip);
			expected = tcp_options_read(options, sizeof(options));
			bytes = tcp_frame(flip & 1, options, sizeof(options), 0);
			frame = parsed(&bytes);
			assert_int_equal(frame.options.present, expected.present);
			assert_int_equal(frame.options.sack_count, expected.sack_count);
			if (expected.present & TCP_HAS_MSS)
				assert_int_equal(frame.options.mss_bytes, expected.mss_bytes);
			if (expected.present & TCP_HAS_TIMESTAMPS) {
				assert_int_equal(frame.options.tsval, expected.tsval);
				assert_int_equal(frame.options.tsecr, expected.tsecr);
			}
			if (expected.present & TCP_HAS_WINDOW_SCALE)
				assert_int_equal(frame.options.window_shift, expected.window_shift);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_options_both_ways),
		cmocka_unit_test(test_syn_options_both_ways),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_split_at_every_place),
		cmocka_unit_test(test_every_bit_turned),
		cmocka_unit_test(test_every_reason),
		cmocka_unit_test(test_segment_to_itself),
		cmocka_unit_test(test_group_mac),
		cmocka_unit_test(test_padding_is_no_text),
		cmocka_unit_test(test_checksum_offload),
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_long_headers_cut_and_split),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
