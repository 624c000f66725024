/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three levels: reached at their marks, left below them, each pool by itself, the worst of a resource told, and the time counted.
 */
#include "lib/core/pressure.h"

#include "lib/core/receive_queue.h"
#include "tests/core/instance.h"

#define RECORDS 64

static struct tcp *with_pools(void)
{
	struct sluice_config config = instance_config();

	config.connections = config.descriptors = config.chunks_small = config.chunks_large = RECORDS;
	config.packets = RECORDS;
	return instance_new(&config);
}

static enum sluice_pressure level(struct tcp *tcp, enum sluice_resource resource)
{
	pressure_judge(tcp);
	return tcp->pressure.level[resource];
}

/* Sets `used` to each count up and down again; the counts at which the level changes are the marks. */
static void goes_up_and_down(struct tcp *tcp, uint32_t *used, enum sluice_resource resource, uint32_t some,
			     uint32_t severe)
{
	uint32_t gap = PRESSURE_GAP * RECORDS / 16;

	for (*used = 0; *used <= RECORDS; (*used)++) {
		enum sluice_pressure expected = *used >= severe ? SLUICE_PRESSURE_SEVERE
						: *used >= some ? SLUICE_PRESSURE_SOME
								: SLUICE_PRESSURE_NONE;

		assert_int_equal(level(tcp, resource), expected);
		assert_int_equal(tcp->pressure.level[SLUICE_RESOURCE_ANY], expected);
	}
	while ((*used)-- > 0)
		assert_int_equal(level(tcp, resource), *used >= severe - gap ? SLUICE_PRESSURE_SEVERE
						       : *used >= some - gap ? SLUICE_PRESSURE_SOME
									     : SLUICE_PRESSURE_NONE);
	*used = 0;
}

static void test_marks(void **state)
{
	struct tcp *tcp = with_pools();
	struct {
		uint32_t *used;
		enum sluice_resource resource;
	} records[] = {
		{&tcp->conns.used_count, SLUICE_RESOURCE_CONNECTIONS},
		{&tcp->descriptors.used_count, SLUICE_RESOURCE_SENDING},
		{&tcp->chunks_small.used_count, SLUICE_RESOURCE_SENDING},
		{&tcp->chunks_large.used_count, SLUICE_RESOURCE_SENDING},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		goes_up_and_down(tcp, records[i].used, records[i].resource, RECORDS * PRESSURE_RECORDS_SOME / 16,
				 RECORDS * PRESSURE_RECORDS_SEVERE / 16);
	goes_up_and_down(tcp, &tcp->packets_held, SLUICE_RESOURCE_PACKETS, RECORDS * PRESSURE_PACKETS_SOME / 16,
			 RECORDS * PRESSURE_PACKETS_SEVERE / 16);
	free(tcp);
}

/* Of a resource the worst pool counts, and what another resource has is nothing to it. */
static void test_worst(void **state)
{
	struct tcp *tcp = with_pools();

	(void)state;
	tcp->chunks_small.used_count = RECORDS;
	tcp->descriptors.used_count = RECORDS * PRESSURE_RECORDS_SOME / 16;
	assert_int_equal(level(tcp, SLUICE_RESOURCE_SENDING), SLUICE_PRESSURE_SEVERE);
	assert_int_equal(level(tcp, SLUICE_RESOURCE_PACKETS), SLUICE_PRESSURE_NONE);
	assert_int_equal(level(tcp, SLUICE_RESOURCE_CONNECTIONS), SLUICE_PRESSURE_NONE);
	tcp->chunks_small.used_count = 0;
	assert_int_equal(level(tcp, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_SOME);
	free(tcp);
}

/* Few records: the last one is not out of reach of the marks, and none at all are never short. */
static void test_small_pools(void **state)
{
	struct sluice_config config = instance_config();
	struct tcp *tcp;

	(void)state;
	config.connections = 1;
	config.chunks_small = 0;
	tcp = instance_new(&config);
	assert_int_equal(level(tcp, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_NONE);
	tcp->conns.used_count = 1;
	assert_int_equal(level(tcp, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_SEVERE);
	tcp->conns.used_count = 0;
	assert_int_equal(level(tcp, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_NONE);
	free(tcp);
}

/* A port that gave all it was asked for is not short, however little that was; one that did not is, until the stash is full again. */
static void test_port_without_packets(void **state)
{
	static const struct {
		uint32_t fresh_count, missing_count;
		enum sluice_pressure level;
	} cases[] = {
		{0, 0, SLUICE_PRESSURE_NONE},
		{0, 320, SLUICE_PRESSURE_SEVERE},
		{2 * STASH_RESERVE_PACKETS - 1, 1, SLUICE_PRESSURE_SEVERE},
		{2 * STASH_RESERVE_PACKETS, 1, SLUICE_PRESSURE_SOME},
		{STASH_LOW_PACKETS - 1, 1, SLUICE_PRESSURE_SOME},
		{STASH_LOW_PACKETS, 1, SLUICE_PRESSURE_NONE},
		{STASH_LOW_PACKETS - 1, 0, SLUICE_PRESSURE_NONE},
	};
	struct tcp *tcp = with_pools();

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcp->stash.fresh_count = cases[i].fresh_count;
		tcp->stash.missing_count = cases[i].missing_count;
		assert_int_equal(level(tcp, SLUICE_RESOURCE_PACKETS), cases[i].level);
	}
	tcp->stash.fresh_count = 0;
	free(tcp);
}

static void passes(struct tcp *tcp, uint32_t ms)
{
	tcp_set_time(tcp, tcp->now_ns + ms * 1000000ULL);
	pressure_judge(tcp);
}

/* Time goes to the level that lasted, until a turn finds another. */
static void test_time(void **state)
{
	struct tcp *tcp = with_pools();

	(void)state;
	passes(tcp, 100);
	tcp->conns.used_count = RECORDS * PRESSURE_RECORDS_SOME / 16;
	passes(tcp, 1000); /* found now */
	passes(tcp, 7);
	tcp->conns.used_count = RECORDS;
	passes(tcp, 4);
	passes(tcp, 300);
	tcp->conns.used_count = 0;
	passes(tcp, 20);
	passes(tcp, 5000);
	assert_int_equal(tcp->counter[SLUICE_COUNTER_pressure_some_ms], 11);
	assert_int_equal(tcp->counter[SLUICE_COUNTER_pressure_severe_ms], 320);
	free(tcp);
}

/* Holds `ranges` packets out of order, with a gap before each. */
static void holds(struct tcp *tcp, struct tcp_conn *conn, uint32_t ranges)
{
	for (uint32_t i = 1; i <= ranges; i++) {
		struct rte_mbuf *packet = packet_new();

		packet->data_len = 10;
		assert_int_equal(receive_queue_insert(tcp, conn, packet, seq_of(100 * i), false), RECEIVE_KEPT);
	}
}

/* Severe: what came last goes first, of each in turn, until the level is left; never before. */
static void test_out_of_order_is_given_up(void **state)
{
	struct sluice_config config = instance_config();
	struct tcp_conn *conn[2];
	struct tcp *tcp;

	(void)state;
	config.packets = 16;
	tcp = instance_new(&config);
	for (uint32_t i = 0; i < 2; i++) {
		conn[i] = tcp_conn_at(tcp, pool_take(&tcp->conns));
		holds(tcp, conn[i], i ? 4 : 7);
	}
	assert_int_equal(level(tcp, SLUICE_RESOURCE_PACKETS), SLUICE_PRESSURE_SOME);
	assert_int_equal(tcp->ooo_packets, 11);
	holds(tcp, tcp_conn_at(tcp, pool_take(&tcp->conns)), 1);
	assert_int_equal(level(tcp, SLUICE_RESOURCE_PACKETS), SLUICE_PRESSURE_SEVERE);
	while (level(tcp, SLUICE_RESOURCE_PACKETS) == SLUICE_PRESSURE_SEVERE)
		;
	assert_in_range(tcp->ooo_packets, 1, 9);
	assert_int_equal(tcp->counter[SLUICE_COUNTER_out_of_order_given_up], 12 - tcp->ooo_packets);
	for (uint32_t i = 0; i < tcp->conns.fresh_count; i++) {
		struct tcp_conn *left = tcp_conn_at(tcp, i);

		assert_true(!left->ooo_head || packet_of(left->ooo_head)->seq == 100); /* the oldest stays longest */
		receive_queue_drop_out_of_order(tcp, left);
	}
	assert_int_equal(tcp->packets_held, 0);
	assert_int_equal(instance_drain(tcp), 12);
	free(tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),       cmocka_unit_test(test_worst),
		cmocka_unit_test(test_small_pools), cmocka_unit_test(test_port_without_packets),
		cmocka_unit_test(test_time),        cmocka_unit_test(test_out_of_order_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
