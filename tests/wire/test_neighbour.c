/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP and neighbour discovery, there and back: what one side builds the other side's parser accepts and reads.
 */
#include "lib/wire/build.h"
#include "lib/wire/frame.h"

#include "tests/wire/frames.h"

static const struct mac all_stations = {.byte = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* Parses a built packet as the station with `mac` would. */
static struct frame received(struct rte_mbuf *packet, const struct mac *mac)
{
	const struct frame_rules rules = {.mac = *mac};
	struct frame frame;

	frame_parse(packet, &rules, &frame);
	return frame;
}

static const struct mac *destination_of(const struct rte_mbuf *packet)
{
	return (const struct mac *)packet_bytes(packet);
}

static void test_request(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct ip ours = test_ip(ipv6, 1), target = test_ip(ipv6, 0xb7);
		struct rte_mbuf *packet = packet_new();
		struct neighbour_message message;
		struct frame frame;

		build_neighbour_request(packet, &our_mac, &ours, &target, NULL);
		frame = received(packet, &peer_mac);
		assert_int_equal(frame.kind, ipv6 ? FRAME_ND_SOLICIT : FRAME_ARP);
		assert_true(frame.group_mac);
		assert_true(mac_equal(frame_source_mac(&frame), &our_mac));
		if (ipv6)
			assert_memory_equal(destination_of(packet), "\x33\x33\xff\0\0\xb7", 6);
		else
			assert_memory_equal(destination_of(packet), &all_stations, 6);
		message = neighbour_message_read(&frame);
		assert_true(message.is_request && message.has_sender_mac);
		assert_true(ip_equal(&message.sender_ip, &ours));
		assert_true(ip_equal(&message.target_ip, &target));
		assert_true(mac_equal(&message.sender_mac, &our_mac));
		packet_free(packet);
	}
}

static void test_solicited_node_group(void **state)
{
	static const struct ip group = {.byte = {0xff, 2, [11] = 1, 0xff, 0x12, 0x34, 0x56}};
	struct ip ours = test_ip(true, 1), target = test_ip(true, 0x56);
	struct rte_mbuf *packet = packet_new();
	struct frame frame;

	(void)state;
	target.byte[13] = 0x12;
	target.byte[14] = 0x34;
	build_neighbour_request(packet, &our_mac, &ours, &target, NULL);
	frame = received(packet, &peer_mac);
	assert_true(ip_equal(&frame.tuple.local, &group));
	assert_int_equal(frame.ttl, 255);
	assert_int_equal(packet->pkt_len, 14 + 40 + 32);
	packet_free(packet);
}

/* A neighbour whose MAC is believed known is asked directly. */
static void test_unicast_probe(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct ip ours = test_ip(ipv6, 1), target = test_ip(ipv6, 2);
		struct rte_mbuf *packet = packet_new();
		struct frame frame;

		build_neighbour_request(packet, &our_mac, &ours, &target, &peer_mac);
		frame = received(packet, &peer_mac);
		assert_int_equal(frame.kind, ipv6 ? FRAME_ND_SOLICIT : FRAME_ARP);
		assert_false(frame.group_mac);
		assert_true(ip_equal(&frame.tuple.local, &target));
		packet_free(packet);
	}
}

static void test_reply(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct ip ours = test_ip(ipv6, 1), asker = test_ip(ipv6, 2);
		struct rte_mbuf *packet = packet_new();
		struct neighbour_message message;
		struct frame frame;

		build_neighbour_reply(packet, &our_mac, &ours, &asker, &peer_mac);
		frame = received(packet, &peer_mac);
		assert_int_equal(frame.kind, ipv6 ? FRAME_ND_ADVERT : FRAME_ARP);
		assert_false(frame.group_mac);
		message = neighbour_message_read(&frame);
		assert_true(!message.is_request && message.has_sender_mac && message.is_override &&
			    message.is_solicited);
		assert_true(ip_equal(&message.sender_ip, &ours));
		assert_true(ip_equal(&message.target_ip, &asker));
		assert_true(mac_equal(&message.sender_mac, &our_mac));
		packet_free(packet);
	}
}

/* Who looks for its own address asks from nowhere, and is answered by way of all. */
static void test_duplicate_address_detection(void **state)
{
	struct ip nobody = {0}, tried = test_ip(true, 1);
	struct rte_mbuf *probe = packet_new(), *answer = packet_new();
	struct neighbour_message message;
	struct frame frame;

	(void)state;
	build_neighbour_request(probe, &peer_mac, &nobody, &tried, NULL);
	frame = received(probe, &our_mac);
	assert_int_equal(frame.kind, FRAME_ND_SOLICIT);
	message = neighbour_message_read(&frame);
	assert_true(message.is_request && !message.has_sender_mac);
	assert_true(ip_equal(&message.sender_ip, &nobody) && ip_equal(&message.target_ip, &tried));
	build_neighbour_reply(answer, &our_mac, &tried, &message.sender_ip, frame_source_mac(&frame));
	frame = received(answer, &peer_mac);
	assert_int_equal(frame.kind, FRAME_ND_ADVERT);
	assert_memory_equal(destination_of(answer), "\x33\x33\0\0\0\1", 6);
	message = neighbour_message_read(&frame);
	assert_true(!message.is_solicited && message.has_sender_mac);
	assert_true(ip_equal(&message.sender_ip, &tried));
	packet_free(probe);
	packet_free(answer);
}

static void test_arp_probe(void **state)
{
	struct ip nobody = ip_from_ipv4(be32_from(0)), tried = test_ip(false, 1);
	struct rte_mbuf *packet = packet_new();
	struct frame frame;

	(void)state;
	build_neighbour_request(packet, &peer_mac, &nobody, &tried, NULL);
	frame = received(packet, &our_mac);
	assert_int_equal(frame.kind, FRAME_ARP);
	assert_true(ip_is_unspecified(&frame.tuple.remote));
	packet_free(packet);
}

/* A group's MAC in the option, or an option that is not Ethernet's, tells nothing. */
static void test_useless_options(void **state)
{
	struct ip ours = test_ip(true, 1), asker = test_ip(true, 2);
	struct rte_mbuf *packet = packet_new();
	struct bytes bytes = {0};
	struct frame frame;

	(void)state;
	build_neighbour_reply(packet, &our_mac, &ours, &asker, &peer_mac);
	bytes.count = packet_copy_out(packet, bytes.at, sizeof(bytes.at));
	packet_free(packet);
	bytes.at[80] = 0x03;
	mend(&bytes);
	packet = packet_from_bytes(bytes.at, bytes.count);
	frame = received(packet, &peer_mac);
	assert_int_equal(frame.kind, FRAME_ND_ADVERT);
	assert_false(neighbour_message_read(&frame).has_sender_mac);
	packet_free(packet);
	put_bytes(&bytes, bytes.at + 78, 8);
	bytes.at[79] = 2;
	bytes.at[80] = 0x02;
	set_16(&bytes, 18, 40);
	mend(&bytes);
	packet = packet_from_bytes(bytes.at, bytes.count);
	frame = received(packet, &peer_mac);
	assert_int_equal(frame.kind, FRAME_ND_ADVERT);
	assert_false(neighbour_message_read(&frame).has_sender_mac);
	packet_free(packet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_solicited_node_group),
		cmocka_unit_test(test_unicast_probe),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_duplicate_address_detection),
		cmocka_unit_test(test_arp_probe),
		cmocka_unit_test(test_useless_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
