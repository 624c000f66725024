/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams put together from fragments: in any order, of either family, within the bounds, and never from what overlaps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_mbuf.h>

#include "config/limits.h"
#include "lib/port/fragments.h"
#include "tests/port/scene.h"

#define NOW_NS    1000000000ULL
#define SECOND_NS 1000000000ULL
#define DATAGRAMS 16
#define PACKETS   1024

static struct ports ports;
static struct fragments fragments;
static uint32_t lost_count;

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

static int make(void **state)
{
	(void)state;
	lost_count = 0;
	return fragments_make(&fragments, DATAGRAMS, PACKETS, -1);
}

/* Whatever a test left in there comes back. */
static int unmake(void **state)
{
	(void)state;
	fragments_free(&fragments);
	return fragments.held_count || rte_mempool_in_use_count(ports.port[0].mempool);
}

static uint8_t byte_of(uint32_t offset)
{
	return (uint8_t)(offset * 7 + offset / 256);
}

/* `bytes` of datagram `id` from `offset` on, in a frame with lengths told as the worker tells them. */
static struct rte_mbuf *fragment(bool ipv6, uint32_t id, uint32_t offset, uint32_t bytes, bool more)
{
	struct rte_mbuf *packet;
	uint32_t l3_bytes = ipv6 ? 48 : 20;
	uint8_t *at;

	scene_make_packets(&ports.io[0], &packet, 1, (uint16_t)(14 + l3_bytes + bytes));
	at = rte_pktmbuf_mtod(packet, uint8_t *);
	memcpy(at + 12, ipv6 ? "\x86\xdd" : "\x08\x00", 2);
	if (ipv6) {
		struct rte_ipv6_hdr *header = (struct rte_ipv6_hdr *)(at + 14);
		struct rte_ipv6_fragment_ext *extension = (struct rte_ipv6_fragment_ext *)(header + 1);

		header->vtc_flow = rte_cpu_to_be_32(6U << 28);
		header->payload_len = rte_cpu_to_be_16((uint16_t)(8 + bytes));
		header->proto = 44;
		header->src_addr[15] = 2;
		extension->next_header = 6;
		extension->frag_data = rte_cpu_to_be_16((uint16_t)(offset | more));
		extension->id = id;
	} else {
		struct rte_ipv4_hdr *header = (struct rte_ipv4_hdr *)(at + 14);

		header->version_ihl = 0x45;
		header->total_length = rte_cpu_to_be_16((uint16_t)(20 + bytes));
		header->packet_id = (uint16_t)id;
		header->fragment_offset = rte_cpu_to_be_16((uint16_t)(offset / 8 | (more ? 0x2000U : 0)));
		header->next_proto_id = 6;
		header->src_addr = 2;
		header->hdr_checksum = rte_ipv4_cksum(header);
	}
	for (uint32_t i = 0; i < bytes; i++)
		at[14 + l3_bytes + i] = byte_of(offset + i);
	packet->l2_len = 14;
	packet->l3_len = l3_bytes & 0x1ff;
	packet->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return packet;
}

/* Hands one in; the whole, or NULL. */
static struct rte_mbuf *join(uint64_t now_ns, struct rte_mbuf *packet)
{
	struct sluice_fragments work = {.packet = &packet, .count = packet ? 1 : 0, .lost_count = 99};

	fragments_join(&fragments, now_ns, &work);
	lost_count += work.lost_count;
	assert_true(work.count <= 1);
	assert_int_equal(work.held_count, fragments.held_count);
	return work.count ? packet : NULL;
}

/* All of a datagram of `bytes`, in one buffer, a header that is right in front of it, and no verdict believed. */
static void expect_whole(struct rte_mbuf *packet, bool ipv6, uint32_t bytes)
{
	uint32_t l3_bytes = ipv6 ? 40 : 20;
	const uint8_t *at;

	if (!packet) {
		fail_msg("it did not become whole");
		return;
	}
	at = rte_pktmbuf_mtod(packet, uint8_t *);
	assert_int_equal(packet->nb_segs, 1);
	assert_int_equal(packet->pkt_len, packet->data_len);
	assert_int_equal(packet->data_len, 14 + l3_bytes + bytes);
	assert_true(packet->ol_flags == 0);
	assert_int_equal(at[12] << 8 | at[13], ipv6 ? 0x86dd : 0x0800);
	if (ipv6) {
		assert_int_equal(at[14 + 6], 6);
		assert_int_equal(at[14 + 4] << 8 | at[14 + 5], bytes);
	} else {
		assert_int_equal(rte_raw_cksum(at + 14, 20), 0xffff);
		assert_int_equal((at[14 + 6] << 8 | at[14 + 7]) & 0x3fff, 0);
		assert_int_equal(at[14 + 2] << 8 | at[14 + 3], 20 + bytes);
	}
	for (uint32_t i = 0; i < bytes; i++)
		assert_int_equal(at[14 + l3_bytes + i], byte_of(i));
	rte_pktmbuf_free(packet);
}

/* Three parts in each of the six orders; the first is too short for TCP's header. */
static void test_every_order(void **state)
{
	static const uint8_t order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const uint32_t offset[3] = {0, 8, 808}, bytes[3] = {8, 800, 601};

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		struct rte_mbuf *whole = NULL;

		for (uint32_t k = 0; k < 3; k++) {
			uint32_t part = order[i % 6][k];

			assert_null(whole);
			whole = join(NOW_NS, fragment(i >= 6, i, offset[part], bytes[part], part < 2));
		}
		expect_whole(whole, i >= 6, 1409);
	}
	assert_int_equal(fragments.held_count, 0);
	assert_int_equal(lost_count, 0);
}

/* As many as the library joins, and one more. */
static void test_how_many(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct rte_mbuf *whole = NULL;
		uint32_t count = RTE_LIBRTE_IP_FRAG_MAX_FRAG;

		for (uint32_t i = 0; i < count; i++)
			whole = join(NOW_NS, fragment(ipv6, 1, i * 8, 8, i + 1 < count));
		expect_whole(whole, ipv6, count * 8);
		for (uint32_t i = 0; i <= count; i++)
			assert_null(join(NOW_NS, fragment(ipv6, 2, i * 8, 8, i < count)));
		join(NOW_NS + (FRAGMENTS_LIFE_S + 1) * SECOND_NS, NULL);
		assert_int_equal(lost_count, count + 1);
		assert_int_equal(fragments.held_count, 0);
		lost_count = 0;
	}
}

/* RFC 5722: whatever overlaps, by bytes that differ or not, ends the datagram; nothing of it is delivered. */
static void test_overlaps(void **state)
{
	static const uint32_t parts[][4][3] = {
		/* offset, bytes, more */
		{{0, 64, 1}, {56, 64, 1}, {120, 8, 0}},              /* by eight bytes */
		{{0, 64, 1}, {0, 64, 1}, {64, 8, 0}},                /* the first twice */
		{{0, 64, 1}, {64, 64, 1}, {64, 64, 1}, {128, 8, 0}}, /* one twice */
		{{0, 64, 1}, {64, 8, 0}, {64, 8, 0}},                /* the last twice, the whole being out by then */
		{{0, 128, 1}, {8, 8, 1}, {128, 8, 0}},               /* inside */
		{{64, 64, 1}, {0, 120, 1}, {128, 8, 0}},             /* from below */
		{{0, 8, 1}, {16, 16, 1}, {16, 16, 1}, {32, 8, 0}},   /* as long as the whole, with a hole */
		{{0, 8, 1}, {8, 16, 1}, {16, 8, 1}, {32, 8, 0}},     /* the same */
		{{0, 16, 1}, {64, 8, 0}, {32, 8, 0}},                /* two ends */
	};

	(void)state;
	for (uint32_t i = 0; i < 2 * sizeof(parts) / sizeof(parts[0]); i++) {
		uint32_t wholes = 0, given = 0;

		for (uint32_t k = 0; k < 4 && parts[i / 2][k][1]; k++, given++) {
			const uint32_t *part = parts[i / 2][k];
			struct rte_mbuf *whole = join(NOW_NS, fragment(i % 2, 100 + i, part[0], part[1], part[2]));

			if (whole && i / 2 == 3) {
				expect_whole(whole, i % 2, 72);
				given -= 2;
				wholes--;
			} else if (whole) {
				fail_msg("case %u was joined", i / 2);
			}
		}
		join(NOW_NS + (FRAGMENTS_LIFE_S + 1) * SECOND_NS, NULL);
		assert_int_equal(lost_count, given);
		lost_count = 0;
	}
}

/* Others wait until their time, from the first on; a later fragment does not lengthen it. */
static void test_time(void **state)
{
	uint64_t life_ns = FRAGMENTS_LIFE_S * SECOND_NS;

	(void)state;
	assert_null(join(NOW_NS, fragment(false, 1, 0, 8, true)));
	assert_null(join(NOW_NS + life_ns - SECOND_NS, fragment(false, 1, 8, 8, true)));
	assert_null(join(NOW_NS + life_ns, NULL));
	assert_int_equal(lost_count, 0);
	assert_int_equal(fragments.held_count, 2);
	join(NOW_NS + life_ns + SECOND_NS, NULL);
	assert_int_equal(lost_count, 2);
	assert_null(join(NOW_NS + life_ns + SECOND_NS, fragment(false, 1, 16, 8, false)));
	assert_int_equal(fragments.held_count, 1);
}

/* A flood of datagrams begun holds so many buffers and no more; those of before go on, and later all is as at first. */
static void test_bounds(void **state)
{
	uint32_t most = PACKETS / FRAGMENTS_PACKETS_PART + 1, sent = 0;

	(void)state;
	for (uint32_t id = 1; id < 1000; id++, sent++)
		assert_null(join(NOW_NS, fragment(id & 1, id, 0, 8, true)));
	assert_true(fragments.held_count <= DATAGRAMS && fragments.held_count > 0);
	assert_int_equal(fragments.held_count + lost_count, sent);
	for (uint32_t id = 1; id < 1000; id++)
		for (uint32_t i = 1; i < 7; i++, sent++)
			assert_null(join(NOW_NS, fragment(id & 1, id, 8 + 8 * i, 8, true)));
	assert_true(fragments.held_count <= most);
	assert_int_equal(fragments.held_count + lost_count, sent);
	join(NOW_NS + (FRAGMENTS_LIFE_S + 1) * SECOND_NS, NULL);
	assert_int_equal(fragments.held_count, 0);
	assert_int_equal(lost_count, sent);
	assert_null(join(NOW_NS, fragment(false, 5, 0, 8, true)));
	expect_whole(join(NOW_NS, fragment(false, 5, 8, 8, false)), false, 16);
}

static void test_off(void **state)
{
	struct fragments none;

	(void)state;
	assert_int_equal(fragments_make(&none, 0, PACKETS, -1), 0);
	assert_null(none.table);
	fragments_free(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_order, make, unmake),
		cmocka_unit_test_setup_teardown(test_how_many, make, unmake),
		cmocka_unit_test_setup_teardown(test_overlaps, make, unmake),
		cmocka_unit_test_setup_teardown(test_time, make, unmake),
		cmocka_unit_test_setup_teardown(test_bounds, make, unmake),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
