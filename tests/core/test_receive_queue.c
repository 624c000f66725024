/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive queue against a map of bytes: what overlaps, what comes twice with other bytes, what fills a gap, in
 * which order SACK tells of it, and that every packet is given back.
 */
#include "lib/core/receive_queue.h"

#include "tests/core/instance.h"

#define STREAM_BYTES 40000
#define STREAM_BASE  (0U - STREAM_BYTES / 2) /* the numbers wrap on the way */

struct scene {
	struct tcp *tcp;
	struct tcp_conn *conn;
	struct random random;
	uint32_t packets; /* handed over */
	uint32_t next, read;
	uint32_t kept; /* out of order */
	/* The model: of each byte, which packet out of order brought it (0: none), and its value. */
	uint32_t stamp[STREAM_BYTES];
	uint8_t value[STREAM_BYTES];
};

static struct scene *scene_new(uint64_t seed)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct sluice_config config = instance_config();

	assert_non_null(scene);
	scene->tcp = instance_new(&config);
	scene->conn = tcp_conn_at(scene->tcp, pool_take(&scene->tcp->conns));
	scene->conn->rcv_nxt = seq_of(STREAM_BASE);
	scene->random.state = seed;
	return scene;
}

/* Everything handed over comes back. */
static void scene_free(struct scene *scene)
{
	receive_queue_drop(scene->tcp, scene->conn);
	receive_queue_drop_out_of_order(scene->tcp, scene->conn);
	assert_int_equal(scene->conn->readable_bytes, 0);
	assert_null(scene->conn->rcv_tail);
	assert_null(scene->conn->ooo_head);
	assert_int_equal(scene->tcp->packets_held, 0);
	assert_int_equal(scene->tcp->ooo_packets, 0);
	assert_int_equal(instance_drain(scene->tcp), scene->packets);
	free(scene->tcp);
	free(scene);
}

/* A packet of `bytes`, each different from another packet's copy of it. */
static struct rte_mbuf *text_packet(struct scene *scene, uint32_t offset, uint32_t bytes)
{
	struct rte_mbuf *packet = packet_new();
	uint8_t salt = (uint8_t)random_next(&scene->random);

	packet->data_off = (uint16_t)(packet->data_off + random_below(&scene->random, 80));
	packet->data_len = (uint16_t)bytes;
	packet->pkt_len = bytes;
	for (uint32_t i = 0; i < bytes; i++)
		((uint8_t *)packet->buf_addr)[packet->data_off + i] = (uint8_t)((offset + i) * 31 + salt);
	return packet;
}

static const uint8_t *text_of(const struct rte_mbuf *packet)
{
	return (const uint8_t *)packet->buf_addr + packet->data_off;
}

/* The first copy stays: of a new text, what lies after a range that it begins in and before the next one. */
static enum receive_verdict model_insert(struct scene *scene, const struct rte_mbuf *packet, uint32_t offset)
{
	uint32_t end = offset + packet->data_len, from = offset;

	while (from < end && scene->stamp[from])
		from++;
	scene->kept++;
	if (from == end) {
		scene->stamp[offset] = scene->kept; /* RFC 2883: its range is told first */
		return RECEIVE_DUPLICATE;
	}
	for (; from < end && !scene->stamp[from]; from++) {
		scene->stamp[from] = scene->kept;
		scene->value[from] = text_of(packet)[from - offset];
	}
	return RECEIVE_KEPT;
}

static void insert(struct scene *scene, uint32_t offset, uint32_t bytes)
{
	struct rte_mbuf *packet = text_packet(scene, offset, bytes);
	enum receive_verdict expected = model_insert(scene, packet, offset), verdict;

	stash_guard(packet);
	verdict = receive_queue_insert(scene->tcp, scene->conn, packet, seq_of(STREAM_BASE + offset), false);
	assert_int_equal(verdict, expected);
	if (verdict == RECEIVE_KEPT) {
		scene->packets++;
		return;
	}
	stash_unguard(packet);
	packet_free(packet);
}

/* A text in order; what is known of it already stays as it was first. */
static void append(struct scene *scene, uint32_t bytes)
{
	uint32_t offset = scene->next;
	struct rte_mbuf *packet = text_packet(scene, offset, bytes);

	for (uint32_t i = 0; i < bytes; i++)
		if (!scene->stamp[offset + i])
			scene->value[offset + i] = text_of(packet)[i];
	scene->packets++;
	scene->next += bytes;
	while (scene->next < STREAM_BYTES && scene->stamp[scene->next])
		scene->next++;
	stash_guard(packet);
	receive_queue_append(scene->tcp, scene->conn, packet);
	assert_false(receive_queue_join(scene->tcp, scene->conn));
}

static void check_readable(const struct scene *scene)
{
	const struct rte_mbuf *tail = scene->conn->rcv_tail;
	struct rte_mbuf *packet = scene->conn->rcv_tail;
	uint32_t at = scene->read;

	assert_int_equal(scene->conn->rcv_nxt.value, STREAM_BASE + scene->next);
	assert_int_equal(scene->conn->readable_bytes, scene->next - scene->read);
	while (packet) {
		packet = packet_of(packet)->next;
		assert_true(at + packet->data_len <= scene->next);
		assert_memory_equal(text_of(packet), scene->value + at, packet->data_len);
		at += packet->data_len;
		if (packet == tail)
			break;
	}
	assert_int_equal(at, scene->next);
}

static uint32_t model_range(const struct scene *scene, uint32_t from, uint32_t *end, uint32_t *newest)
{
	*newest = 0;
	while (from < STREAM_BYTES && !scene->stamp[from])
		from++;
	for (*end = from; *end < STREAM_BYTES && scene->stamp[*end]; ++*end)
		if (scene->stamp[*end] > *newest)
			*newest = scene->stamp[*end];
	return from;
}

static void check_range(const struct scene *scene, struct rte_mbuf *range, uint32_t start, uint32_t end)
{
	uint32_t at = start;

	assert_int_equal(packet_of(range)->range_end, STREAM_BASE + end);
	for (struct rte_mbuf *packet = range; packet; packet = packet_of(packet)->next) {
		assert_int_equal(packet_of(packet)->seq, STREAM_BASE + at);
		assert_true(at + packet->data_len <= end);
		assert_memory_equal(text_of(packet), scene->value + at, packet->data_len);
		at += packet->data_len;
		assert_int_equal(packet == packet_of(range)->range_last, at == end);
	}
	assert_int_equal(at, end);
}

/* The ranges, and the SACK blocks: those that changed last, newest first. */
static void check_ranges(const struct scene *scene)
{
	struct rte_mbuf *range = scene->conn->ooo_head;
	struct tcp_sack_block expected[TCP_SACK_BLOCKS_MAX], block[TCP_SACK_BLOCKS_MAX];
	uint32_t newest[TCP_SACK_BLOCKS_MAX] = {0};
	uint32_t count = 0, end, stamp;

	for (uint32_t start = model_range(scene, scene->next, &end, &stamp); start < STREAM_BYTES;
	     start = model_range(scene, end, &end, &stamp)) {
		uint32_t place = 0;

		assert_non_null(range);
		check_range(scene, range, start, end);
		range = packet_of(range)->range_next;
		count++;
		while (place < TCP_SACK_BLOCKS_MAX && newest[place] > stamp)
			place++;
		if (place == TCP_SACK_BLOCKS_MAX)
			continue;
		for (uint32_t i = TCP_SACK_BLOCKS_MAX - 1; i > place; i--) {
			newest[i] = newest[i - 1];
			expected[i] = expected[i - 1];
		}
		newest[place] = stamp;
		expected[place] = (struct tcp_sack_block){seq_of(STREAM_BASE + start), seq_of(STREAM_BASE + end)};
	}
	assert_null(range);
	assert_int_equal(scene->conn->ooo_count, count);
	for (uint32_t max = 0; max <= TCP_SACK_BLOCKS_MAX; max++) {
		uint32_t told = receive_queue_sack(scene->conn, block, max);

		assert_int_equal(told, count < max ? count : max);
		for (uint32_t i = 0; i < told; i++)
			assert_memory_equal(&block[i], &expected[i], sizeof(block[i]));
	}
}

/* The range that holds the newest stamp is as if it had never come. */
static void drop_newest(struct scene *scene)
{
	uint32_t newest = 0, from = 0, to = 0, end, stamp;

	for (uint32_t start = model_range(scene, scene->next, &end, &stamp); start < STREAM_BYTES;
	     start = model_range(scene, end, &end, &stamp)) {
		if (stamp < newest)
			continue;
		newest = stamp;
		from = start;
		to = end;
	}
	memset(&scene->stamp[from], 0, (to - from) * sizeof(scene->stamp[0]));
	receive_queue_drop_newest(scene->tcp, scene->conn);
}

static void step(struct scene *scene)
{
	uint32_t choice = random_below(&scene->random, 16);
	uint32_t bytes = 1 + random_below(&scene->random, choice & 1 ? 60 : 1460);
	uint32_t offset = scene->next + 1 + random_below(&scene->random, 6000);

	if (choice == 0) {
		if (bytes > STREAM_BYTES - scene->next)
			bytes = STREAM_BYTES - scene->next;
		append(scene, bytes);
	} else if (choice == 1) {
		bytes = random_below(&scene->random, scene->conn->readable_bytes + 1);
		receive_queue_consume(scene->tcp, scene->conn, bytes);
		scene->read += bytes;
	} else if (choice == 2 && random_below(&scene->random, 4) == 0) {
		drop_newest(scene);
	} else if (offset < STREAM_BYTES) {
		insert(scene, offset, bytes < STREAM_BYTES - offset ? bytes : STREAM_BYTES - offset);
	}
}

static void test_random_against_map(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct scene *scene = scene_new(seed);
		uint32_t until = seed % 2 ? STREAM_BYTES : STREAM_BYTES / 2; /* the half of them dropped half full */

		while (scene->next < until) {
			step(scene);
			check_readable(scene);
			check_ranges(scene);
		}
		scene_free(scene);
	}
}

/* The same range from both sides, a bridge, a duplicate within it. */
static void test_joining(void **state)
{
	struct scene *scene = scene_new(1);

	(void)state;
	insert(scene, 1000, 100);
	insert(scene, 1200, 100);
	insert(scene, 1400, 100);
	assert_int_equal(scene->conn->ooo_count, 3);
	insert(scene, 1050, 250); /* bridges what it touches, but reaches no further than the next range */
	check_ranges(scene);
	assert_int_equal(scene->conn->ooo_count, 2);
	insert(scene, 1000, 300);
	assert_int_equal(scene->tcp->ooo_packets, 3); /* the last moved in with the one before it */
	insert(scene, 900, 100);
	insert(scene, 1300, 100);
	check_ranges(scene);
	assert_int_equal(scene->conn->ooo_count, 1);
	append(scene, 900);
	assert_int_equal(scene->next, 1500);
	assert_int_equal(scene->conn->ooo_count, 0);
	check_readable(scene);
	scene_free(scene);
}

/* Ranges of one connection, and packets of all. */
static void test_bounds(void **state)
{
	struct scene *scene = scene_new(1);
	struct rte_mbuf *packet = packet_from_bytes("x", 1);

	(void)state;
	for (uint32_t i = 0; i < OUT_OF_ORDER_RANGES_MAX; i++)
		insert(scene, 10 + 2 * i, 1);
	assert_int_equal(receive_queue_insert(scene->tcp, scene->conn, packet, seq_of(STREAM_BASE + 5000), false),
			 RECEIVE_REFUSED);
	check_ranges(scene);
	append(scene, 11);
	assert_int_equal(scene->conn->ooo_count, OUT_OF_ORDER_RANGES_MAX - 1);
	insert(scene, 5000, 1);
	append(scene, 300);
	scene->tcp->config.out_of_order = scene->tcp->ooo_packets;
	assert_int_equal(receive_queue_insert(scene->tcp, scene->conn, packet, seq_of(STREAM_BASE + 6000), false),
			 RECEIVE_REFUSED);
	scene->tcp->config.out_of_order++;
	insert(scene, 6000, 1);
	check_ranges(scene);
	packet_free(packet);
	scene_free(scene);
}

static void insert_fin(struct scene *scene, uint32_t offset, uint32_t bytes)
{
	struct rte_mbuf *packet = text_packet(scene, offset, bytes);

	assert_int_equal(model_insert(scene, packet, offset), RECEIVE_KEPT);
	assert_int_equal(receive_queue_insert(scene->tcp, scene->conn, packet, seq_of(STREAM_BASE + offset), true),
			 RECEIVE_KEPT);
	scene->packets++;
}

/* The peer's FIN is told when all before it is in order, and not of a text whose end was cut off. */
static void test_fin(void **state)
{
	struct scene *scene = scene_new(1);
	struct rte_mbuf *packet;

	(void)state;
	insert_fin(scene, 500, 100);
	insert(scene, 200, 100);
	append(scene, 200);
	assert_int_equal(scene->next, 300);
	packet = text_packet(scene, 300, 200);
	scene->packets++;
	receive_queue_append(scene->tcp, scene->conn, packet);
	assert_true(receive_queue_join(scene->tcp, scene->conn));
	assert_int_equal(scene->conn->rcv_nxt.value, STREAM_BASE + 600);
	scene_free(scene);

	scene = scene_new(2);
	insert(scene, 300, 100);
	insert_fin(scene, 200, 150);
	append(scene, 200); /* asserts that no FIN is told */
	assert_int_equal(scene->next, 400);
	scene_free(scene);
}

/* Tiny texts share packets, and a packet that somebody else holds is not written to. */
static void test_tiny_texts_share_packets(void **state)
{
	struct scene *scene = scene_new(1);
	struct rte_mbuf *shared;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		append(scene, 1);
	check_readable(scene);
	assert_in_range(scene->tcp->packets_held, 1, 3);
	shared = scene->conn->rcv_tail;
	shared->refcnt++;
	append(scene, 1);
	assert_ptr_not_equal(scene->conn->rcv_tail, shared);
	check_readable(scene);
	shared->refcnt--;
	append(scene, 1400);
	append(scene, 1400);
	assert_int_equal(scene->conn->rcv_tail->data_len, 1400);
	check_readable(scene);
	scene_free(scene);
}

/* Whatever the size of its segments, a peer has what it sends kept in little more than twice as much memory, in order or not. */
static void test_small_texts_share_packets(void **state)
{
	(void)state;
	for (uint32_t bytes = 1; bytes <= 1460; bytes += bytes < 20 ? 1 : 7) {
		for (uint32_t gap = 0; gap < 2; gap++) {
			struct scene *scene = scene_new(bytes);
			uint32_t total = STREAM_BYTES / bytes * bytes;

			for (uint32_t offset = 0; offset < total; offset += bytes) {
				struct rte_mbuf *packet = text_packet(scene, offset, bytes);

				scene->packets++;
				if (gap)
					assert_int_equal(receive_queue_insert(scene->tcp, scene->conn, packet,
									      seq_of(STREAM_BASE + 1 + offset), false),
							 RECEIVE_KEPT);
				else
					receive_queue_append(scene->tcp, scene->conn, packet);
			}
			assert_true(scene->tcp->packets_held * 950 <= total + 950);
			scene_free(scene);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_against_map),
		cmocka_unit_test(test_joining),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_fin),
		cmocka_unit_test(test_tiny_texts_share_packets),
		cmocka_unit_test(test_small_texts_share_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
