/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw segments: they say what the caller says, with a right checksum, and nothing is kept of them.
 */
#include <errno.h>

#include "tests/worker/port.h"

static struct sluice_raw_segment raw_of(bool ipv6)
{
	struct sluice_raw_segment raw = {
		.source = {.port = 1234},
		.destination = {.port = 4000},
		.destination_mac = {2, 0, 0, 0, 0, 2},
		.sequence = 0xfffffffe,
		.acknowledgment = 0x12345678,
		.window = 4321,
		.flags = TCP_SYN | TCP_ACK,
		.option_bytes = 4,
		.options = {2, 4, 5, 0xb4},
		.text = "any text",
		.text_bytes = 8,
	};
	struct ip source = test_ip(ipv6, 99), destination = test_ip(ipv6, 2);

	memcpy(raw.source.ip, &source, 16);
	memcpy(raw.destination.ip, &destination, 16);
	return raw;
}

static void test_as_worded(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct port *port = port_new(NULL);
		struct sluice_raw_segment raw = raw_of(family);
		const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, 2}}};
		struct ip source = test_ip(family, 99);
		struct rte_mbuf *packet;
		struct frame frame;

		port_turn(port);
		assert_int_equal(sluice_raw_send(port->worker, &raw), 0);
		assert_int_equal(port->sent_count, 0);
		sluice_flush(port->worker);
		assert_int_equal(port->sent_count, 1);
		packet = packet_from_bytes(port->sent[0].at, port->sent[0].count);
		frame_parse(packet, &rules, &frame); /* sums it */
		assert_int_equal(frame.kind, FRAME_TCP);
		assert_true(ip_equal(&frame.tuple.remote, &source));
		assert_int_equal(frame.tuple.remote_port, 1234);
		assert_int_equal(frame.tuple.local_port, 4000);
		assert_int_equal(frame.seq.value, 0xfffffffe);
		assert_int_equal(frame.ack.value, 0x12345678);
		assert_int_equal(frame.window, 4321);
		assert_int_equal(frame.flags, TCP_SYN | TCP_ACK);
		assert_int_equal(frame.options.present, TCP_HAS_MSS);
		assert_int_equal(frame.options.mss_bytes, 1460);
		assert_int_equal(frame.text_bytes, 8);
		assert_memory_equal(port->sent[0].at + frame.text_offset, "any text", 8);
		assert_memory_equal(port->sent[0].at + 6, "\2\0\0\0\0\1", 6);
		packet_free(packet);
		assert_int_equal(port->worker->tcp.conns.used_count, 0);
		assert_int_equal(port->worker->tcp.table.count, 0);
		port_free(port);
	}
}

static void test_invalid(void **state)
{
	struct port *port = port_new(NULL);
	struct sluice_raw_segment raw = raw_of(false), other = raw_of(true);

	(void)state;
	port_turn(port);
	raw.option_bytes = 3;
	assert_int_equal(sluice_raw_send(port->worker, &raw), -EINVAL);
	raw.option_bytes = 44;
	assert_int_equal(sluice_raw_send(port->worker, &raw), -EINVAL);
	raw = raw_of(false);
	raw.source = other.source; /* two families */
	assert_int_equal(sluice_raw_send(port->worker, &raw), -EINVAL);
	assert_int_equal(port->worker->tcp.transmit.count, 0);
	port_free(port);
}

/* To the last byte of the MTU. */
static void test_mtu(void **state)
{
	static const char text[1500];

	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct port *port = port_new(NULL);
		struct sluice_raw_segment raw = raw_of(family);

		port_turn(port);
		raw.text = text;
		raw.text_bytes = family ? 1436 : 1456;
		assert_int_equal(sluice_raw_send(port->worker, &raw), 0);
		raw.text_bytes++;
		assert_int_equal(sluice_raw_send(port->worker, &raw), -EINVAL);
		raw.text_bytes = UINT16_MAX;
		assert_int_equal(sluice_raw_send(port->worker, &raw), -EINVAL);
		sluice_flush(port->worker);
		assert_int_equal(port->sent[0].count, 1514);
		port_free(port);
	}
}

/* No packet, or no room left beside the reserve: -ENOBUFS, and after a flush there is room again. */
static void test_no_room(void **state)
{
	struct port *port = port_new(NULL);
	struct sluice_raw_segment raw = raw_of(true);
	uint32_t count = 0;

	(void)state;
	assert_int_equal(sluice_raw_send(port->worker, &raw), -ENOBUFS); /* no turn has filled the stash */
	port_turn(port);
	while (sluice_raw_send(port->worker, &raw) == 0)
		count++;
	assert_in_range(count, STASH_LOW_PACKETS, TRANSMIT_PACKETS_MAX - TRANSMIT_RESERVE);
	assert_int_equal(sluice_raw_send(port->worker, &raw), -ENOBUFS);
	port->may_send = 10;
	port_turn(port);
	assert_int_equal(sluice_raw_send(port->worker, &raw), -ENOBUFS); /* the port refused */
	port->may_send = UINT32_MAX;
	port_turn(port);
	assert_int_equal(port->sent_count, count);
	assert_int_equal(sluice_raw_send(port->worker, &raw), 0);
	port_free(port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_worded),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
