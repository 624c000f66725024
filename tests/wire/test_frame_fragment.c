/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments: which are taken, where their part of the segment lies, and each reason to refuse one.
 */
#include "lib/wire/frame.h"

#include "tests/claims/claims.h"
#include "tests/wire/frames.h"

#define FRAGMENT_BYTES 16

static const struct frame_rules taking = {.mac = {.byte = {0x02, 0, 0, 0, 0, 0x01}}, .fragments = true};

/* Only IPv4's header has a sum that a fragment must have right. */
static void mend_header(struct bytes *frame)
{
	mend_at(frame, frame->count, 0, 17);
}

/* FRAGMENT_BYTES of a datagram from `offset` on. */
static struct bytes fragment(bool ipv6, uint8_t protocol, uint32_t offset, bool more)
{
	static const uint8_t payload[8 + FRAGMENT_BYTES];
	struct bytes frame;

	if (ipv6) {
		frame = ip_frame(true, 44, payload, sizeof(payload));
		frame.at[L3 + 40] = protocol;
		set_16(&frame, L3 + 42, offset | more);
		return frame;
	}
	frame = ip_frame(false, protocol, payload + 8, FRAGMENT_BYTES);
	set_16(&frame, L3 + 6, offset / 8 | (more ? 0x2000U : 0));
	mend_header(&frame);
	return frame;
}

static struct frame taken(const struct bytes *bytes, const struct frame_rules *rules)
{
	struct rte_mbuf *packet = packet_from_bytes(bytes->at, bytes->count);
	struct frame frame;

	memset(&frame, 0x5a, sizeof(frame));
	frame_parse(packet, rules, &frame);
	packet_free(packet);
	return frame;
}

static void refused(const struct bytes *bytes, const struct frame_rules *rules, enum sluice_counter drop)
{
	struct frame frame = taken(bytes, rules);

	assert_int_equal(frame.kind, FRAME_DROP);
	assert_int_equal(frame.drop, drop);
}

static void test_taken(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		for (uint32_t i = 0; i < 3; i++) {
			struct bytes bytes = fragment(ipv6, 6, i == 0 ? 0 : 1400, i < 2);
			struct frame frame = taken(&bytes, &taking);
			struct ip peer = test_ip(ipv6, 2), our = test_ip(ipv6, 1);

			assert_int_equal(frame.kind, FRAME_FRAGMENT);
			assert_int_equal(frame.l4_offset, ipv6 ? L3 + 48 : L3 + 20);
			assert_int_equal(frame.l4_bytes, FRAGMENT_BYTES);
			assert_memory_equal(&frame.tuple.remote, &peer, 16);
			assert_memory_equal(&frame.tuple.local, &our, 16);
			refused(&bytes, &our_rules,
				ipv6 ? SLUICE_COUNTER_drop_ipv6_fragment : SLUICE_COUNTER_drop_ipv4_fragment);
		}
	}
}

/* Nothing, an odd end in the middle, and what no packet of ours could hold: teardrop, ping of death, and their like. */
static void test_sizes(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		uint32_t headers = L3 + (ipv6 ? 48 : 20), length_at = L3 + (ipv6 ? 4 : 2);
		uint32_t last = (PACKET_ROOM_BYTES - headers - FRAGMENT_BYTES) / 8 * 8;
		struct bytes bytes = fragment(ipv6, 6, last, false);

		assert_int_equal(taken(&bytes, &taking).kind, FRAME_FRAGMENT);
		bytes = fragment(ipv6, 6, last + 8, false);
		refused(&bytes, &taking, SLUICE_COUNTER_drop_fragment_size);
		bytes = fragment(ipv6, 6, 0xfff8, false);
		refused(&bytes, &taking, SLUICE_COUNTER_drop_fragment_size);
		for (uint32_t bytes_count = 0; bytes_count <= FRAGMENT_BYTES; bytes_count++) {
			bytes = fragment(ipv6, 6, 8, true);
			set_16(&bytes, length_at, (ipv6 ? 8 : 20) + bytes_count);
			mend_header(&bytes);
			if (bytes_count && bytes_count % 8 == 0)
				assert_int_equal(taken(&bytes, &taking).l4_bytes, bytes_count);
			else
				refused(&bytes, &taking, SLUICE_COUNTER_drop_fragment_size);
		}
	}
}

static void test_ends_and_protocols(void **state)
{
	struct bytes bytes;

	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		bytes = fragment(ipv6, ipv6 ? 58 : 1, 0, true);
		refused(&bytes, &taking, SLUICE_COUNTER_drop_ip_protocol);
		bytes = fragment(ipv6, 44, 0, true);
		refused(&bytes, &taking, SLUICE_COUNTER_drop_ip_protocol);
		bytes = fragment(ipv6, 6, 0, true);
		bytes.at[L3 + (ipv6 ? 8 : 12)] = ipv6 ? 0xff : 224;
		mend_header(&bytes);
		refused(&bytes, &taking, SLUICE_COUNTER_drop_ip_source);
		bytes = fragment(ipv6, 6, 0, true);
		bytes.at[L3 + (ipv6 ? 24 : 16)] = ipv6 ? 0xff : 224;
		mend_header(&bytes);
		refused(&bytes, &taking, SLUICE_COUNTER_drop_ip_destination);
		bytes = fragment(ipv6, 6, 0, true);
		memset(bytes.at, 0xff, 6);
		refused(&bytes, &taking, SLUICE_COUNTER_drop_ip_destination);
		bytes = fragment(ipv6, 6, 0, true);
		bytes.count--;
		refused(&bytes, &taking, SLUICE_COUNTER_drop_frame_short);
	}
	bytes = fragment(true, 6, 0, true); /* behind a destination options header */
	insert_bytes(&bytes, L3 + 40, (const uint8_t[8]){44, 0, 1, 4}, 8);
	bytes.at[L3 + 6] = 60;
	set_16(&bytes, L3 + 4, get_16(&bytes, L3 + 4) + 8);
	refused(&bytes, &taking, SLUICE_COUNTER_drop_ipv6_fragment);
}

/* RFC 6946: a fragment header around what is whole is skipped, fragments taken or not; RFC 6980: not with ICMPv6. */
CLAIMS(RFC6980_5)
static void test_atomic(void **state)
{
	struct bytes bytes = data_frame(true);
	struct frame plain = parsed(&bytes), frame;

	(void)state;
	insert_bytes(&bytes, L3 + 40, (const uint8_t[8]){6, 0, 0, 0, 1, 2, 3, 4}, 8);
	bytes.at[L3 + 6] = 44;
	set_16(&bytes, L3 + 4, get_16(&bytes, L3 + 4) + 8);
	frame = parsed(&bytes);
	assert_same_segment(&frame, &plain);
	bytes.at[L3 + 40] = 58;
	refused(&bytes, &our_rules, SLUICE_COUNTER_drop_ipv6_fragment);
}

/* Cut anywhere, spread anywhere: said so, and nothing read that is not there. */
static void test_cut_and_split(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct bytes bytes = fragment(ipv6, 6, 8, true);
		uint32_t whole = bytes.count;

		for (uint32_t first = 0; first < whole; first++) {
			struct rte_mbuf *packet = packet_from_bytes_split(bytes.at, whole, first);
			struct frame frame;

			frame_parse(packet, &taking, &frame);
			assert_int_equal(frame.kind, FRAME_DROP);
			assert_int_equal(frame.drop, SLUICE_COUNTER_drop_frame_chained);
			packet_free(packet);
			bytes.count = first;
			refused(&bytes, &taking, SLUICE_COUNTER_drop_frame_short);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_ends_and_protocols),
		cmocka_unit_test(test_atomic),
		cmocka_unit_test(test_cut_and_split),
	};

	return cmocka_run_group_tests_name("wire/frame_fragment", tests, NULL, NULL);
}
