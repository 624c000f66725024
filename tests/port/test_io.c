/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * struct sluice_io over a ring: two ends exchange packets, none is lost or made, and what is private stays so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "config/limits.h"
#include "tests/port/scene.h"

static struct ports ports;
static struct sluice_io *one = &ports.io[0], *other = &ports.io[1];

static int open_scene(void **state)
{
	(void)state;
	scene_open(&ports);
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	return (int)ports_destroy(&ports); /* packets missing fail the run */
}

static uint32_t packets_out(void)
{
	return rte_mempool_in_use_count(ports.port[0].mempool);
}

static void test_fresh_packets_are_reset(void **state)
{
	struct rte_mbuf *packet[64];

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(one->allocate(one->user, packet, 64), 64);
		for (int i = 0; i < 64; i++) {
			assert_int_equal(packet[i]->data_len, 0);
			assert_int_equal(packet[i]->pkt_len, 0);
			assert_int_equal(packet[i]->data_off, PACKET_HEADROOM_BYTES);
			assert_int_equal(rte_pktmbuf_tailroom(packet[i]), PACKET_ROOM_BYTES);
			assert_int_equal(rte_pktmbuf_priv_size(packet[i]->pool), PACKET_PRIVATE_BYTES);
			assert_true(packet[i]->nb_segs == 1 && packet[i]->ol_flags == 0);
			packet[i]->data_len = 77; /* must not be seen in the next round */
			packet[i]->data_off = 3;
		}
		one->release(one->user, packet, 64);
	}
	assert_int_equal(packets_out(), 0);
}

static void test_packets_cross_in_order(void **state)
{
	struct rte_mbuf *sent[64], *received[64];

	(void)state;
	for (int round = 0; round < 100; round++) {
		scene_make_packets(one, sent, 64, 60);
		assert_int_equal(one->send(one->user, sent, 64), 64);
		assert_int_equal(other->receive(other->user, received, 64), 64);
		for (uint32_t i = 0; i < 64; i++) {
			assert_int_equal(*rte_pktmbuf_mtod(received[i], uint32_t *), i);
			assert_int_equal(received[i]->pkt_len, 60);
		}
		assert_int_equal(one->receive(one->user, sent, 64), 0);
		other->release(other->user, received, 64);
	}
	assert_int_equal(packets_out(), 0);
}

static void test_receive_gives_no_more_than_asked(void **state)
{
	struct rte_mbuf *packet[10];

	(void)state;
	scene_make_packets(other, packet, 10, 60);
	assert_int_equal(other->send(other->user, packet, 10), 10);
	assert_int_equal(one->receive(one->user, packet, 3), 3);
	assert_int_equal(one->receive(one->user, packet + 3, 7), 7);
	one->release(one->user, packet, 10);
	assert_int_equal(packets_out(), 0);
}

static void test_verdicts_do_not_cross(void **state)
{
	struct rte_mbuf *packet[1];

	(void)state;
	scene_make_packets(one, packet, 1, 60);
	packet[0]->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM;
	packet[0]->packet_type = RTE_PTYPE_L4_TCP;
	assert_int_equal(one->send(one->user, packet, 1), 1);
	assert_int_equal(other->receive(other->user, packet, 1), 1);
	assert_int_equal(packet[0]->ol_flags, 0);
	assert_int_equal(packet[0]->packet_type, 0);
	other->release(other->user, packet, 1);
}

static void test_full_ring_sends_part(void **state)
{
	struct rte_mbuf *packet[2 * RING_PACKETS];
	uint32_t sent = 0, received = 0, taken;

	(void)state;
	scene_make_packets(one, packet, 2 * RING_PACKETS, 60);
	while ((taken = one->send(one->user, packet + sent, 100)) > 0)
		sent += taken;
	assert_int_equal(sent, RING_PACKETS - 1);
	assert_int_equal(packets_out(), 2 * RING_PACKETS);
	one->release(one->user, packet + sent, 2 * RING_PACKETS - sent);
	while ((taken = other->receive(other->user, packet + received, 64)) > 0)
		received += taken;
	assert_int_equal(received, sent);
	other->release(other->user, packet, received);
	assert_int_equal(packets_out(), 0);
}

static uint8_t lent[512];
static uint32_t lent_returned;

static void take_back(void *address, void *context)
{
	(void)address;
	(void)context;
	lent_returned++;
}

/* What is attached, chained or shared is copied: the receiver never reads our memory. */
static void test_only_whole_packets_cross(void **state)
{
	static struct rte_mbuf_ext_shared_info info = {.free_cb = take_back};
	struct rte_mbuf *head[3], *piece[1], *received[3];

	(void)state;
	memset(lent, 'L', sizeof(lent));
	rte_mbuf_ext_refcnt_set(&info, 1);
	scene_make_packets(one, head, 3, 54);
	scene_make_packets(one, piece, 1, 0);
	rte_pktmbuf_attach_extbuf(piece[0], lent, RTE_BAD_IOVA, sizeof(lent), &info);
	piece[0]->data_len = sizeof(lent);
	piece[0]->pkt_len = sizeof(lent);
	assert_int_equal(rte_pktmbuf_chain(head[1], piece[0]), 0);
	rte_mbuf_refcnt_update(head[2], 1); /* we keep a reference */

	assert_int_equal(one->send(one->user, head, 3), 3);
	assert_int_equal(lent_returned, 1);
	memset(lent, 'x', sizeof(lent));
	assert_int_equal(other->receive(other->user, received, 3), 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(*rte_pktmbuf_mtod(received[i], uint32_t *), i);
		assert_true(received[i]->nb_segs == 1 && RTE_MBUF_DIRECT(received[i]));
		assert_int_equal(rte_mbuf_refcnt_read(received[i]), 1);
	}
	assert_int_equal(received[1]->pkt_len, 54 + sizeof(lent));
	assert_int_equal(*rte_pktmbuf_mtod_offset(received[1], char *, 54), 'L');
	assert_int_equal(*rte_pktmbuf_mtod_offset(received[1], char *, 54 + sizeof(lent) - 1), 'L');
	assert_int_equal(ports.port[0].io.copied_packets, 2);
	other->release(other->user, received, 3);
	assert_int_equal(packets_out(), 1);
	rte_pktmbuf_free(head[2]);
}

static void test_empty_pool_gives_fewer(void **state)
{
	uint32_t all = ports.port[0].mempool->size, got = 0, part;
	struct rte_mbuf **packet = calloc(all + 64, sizeof(struct rte_mbuf *));

	(void)state;
	assert_non_null(packet);
	while ((part = one->allocate(one->user, packet + got, 48)) == 48)
		got += part;
	got += part;
	assert_in_range(got, all - POOL_FLUSH_PACKETS, all);
	assert_int_equal(one->allocate(one->user, packet + got, 1), 0);
	one->release(one->user, packet, got);
	assert_int_equal(packets_out(), 0);
	free(packet);
}

static void test_clock_goes_on(void **state)
{
	uint64_t before_ns = one->now_ns(one->user), before_cycles = one->cycles(one->user);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t now_ns = one->now_ns(one->user);

		assert_true(now_ns >= before_ns);
		before_ns = now_ns;
	}
	assert_true(one->cycles(one->user) > before_cycles);
}

static void test_wait_ends_at_the_deadline(void **state)
{
	uint64_t start_ns = one->now_ns(one->user), now_ns;

	(void)state;
	one->wait(one->user, start_ns); /* due: no sleep */
	for (now_ns = start_ns; now_ns < start_ns + 2000000; now_ns = one->now_ns(one->user))
		one->wait(one->user, start_ns + 2000000);
	assert_true(now_ns < start_ns + 2000000 + 50000000); /* a busy machine may be late, but not by much */
}

static void test_wait_without_deadline_ends(void **state)
{
	uint64_t start_ns = one->now_ns(one->user), longest_ns = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		uint64_t before_ns = one->now_ns(one->user), took_ns;

		one->wait(one->user, UINT64_MAX);
		took_ns = one->now_ns(one->user) - before_ns;
		if (took_ns > longest_ns)
			longest_ns = took_ns;
	}
	assert_true(longest_ns >= IO_NAP_MOST_NS); /* it backed off */
	assert_true(one->now_ns(one->user) - start_ns < 1000000000);
}

static void test_wait_sees_what_has_come(void **state)
{
	struct rte_mbuf *packet[1];
	uint64_t shortest_ns = UINT64_MAX;

	(void)state;
	for (int i = 0; i < 20; i++) /* backed off */
		one->wait(one->user, UINT64_MAX);
	scene_make_packets(other, packet, 1, 60);
	assert_int_equal(other->send(other->user, packet, 1), 1);
	for (int i = 0; i < 10; i++) {
		uint64_t before_ns = one->now_ns(one->user), took_ns;

		one->wait(one->user, UINT64_MAX);
		took_ns = one->now_ns(one->user) - before_ns;
		if (took_ns < shortest_ns)
			shortest_ns = took_ns;
	}
	assert_true(shortest_ns < IO_NAP_LEAST_NS);
	assert_int_equal(one->receive(one->user, packet, 1), 1);
	assert_int_equal(ports.port[0].io.naps, 0);
	one->release(one->user, packet, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fresh_packets_are_reset),
		cmocka_unit_test(test_packets_cross_in_order),
		cmocka_unit_test(test_receive_gives_no_more_than_asked),
		cmocka_unit_test(test_verdicts_do_not_cross),
		cmocka_unit_test(test_full_ring_sends_part),
		cmocka_unit_test(test_only_whole_packets_cross),
		cmocka_unit_test(test_empty_pool_gives_fewer),
		cmocka_unit_test(test_clock_goes_on),
		cmocka_unit_test(test_wait_ends_at_the_deadline),
		cmocka_unit_test(test_wait_without_deadline_ends),
		cmocka_unit_test(test_wait_sees_what_has_come),
	};

	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
