/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The send queue against a plain array: pieces of every kind and size appended, read anywhere and as often as wanted,
 * acknowledged in other pieces; exhausted pools make sends short, and everything is returned.
 */
#include "lib/core/send_queue.h"

#include "tests/core/instance.h"

#define MODEL_BYTES (1 << 20)

struct scene {
	struct tcp *tcp;
	struct tcp_conn *conn;
	struct random random;
	uint32_t first, end; /* of what is queued, in the model */
	uint8_t *source;     /* what STATIC descriptors point into */
	uint8_t model[MODEL_BYTES];
};

static struct scene *scene_new(const struct sluice_config *config, uint64_t seed)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->tcp = instance_new(config);
	scene->conn = tcp_conn_at(scene->tcp, pool_take(&scene->tcp->conns));
	scene->conn->descriptor_last = DESCRIPTOR_NONE;
	scene->conn->descriptor.next = DESCRIPTOR_NONE;
	scene->random.state = seed;
	scene->source = malloc(MODEL_BYTES);
	assert_non_null(scene->source);
	for (uint32_t i = 0; i < MODEL_BYTES; i++)
		scene->source[i] = (uint8_t)random_next(&scene->random);
	return scene;
}

static void check_all_returned(const struct scene *scene)
{
	assert_int_equal(scene->conn->snd_queued_bytes, 0);
	assert_int_equal(scene->tcp->descriptors.used_count, 0);
	assert_int_equal(scene->tcp->chunks_small.used_count, 0);
	assert_int_equal(scene->tcp->chunks_large.used_count, 0);
}

static void scene_free(struct scene *scene)
{
	send_queue_drop(scene->tcp, scene->conn);
	check_all_returned(scene);
	free(scene->source);
	free(scene->tcp);
	free(scene);
}

/* Copied bytes come from memory that is gone after the call. */
static uint32_t append(struct scene *scene, uint32_t bytes, bool is_copy)
{
	uint32_t from = random_below(&scene->random, MODEL_BYTES - bytes);
	const uint8_t *data = scene->source + from;
	uint8_t *brief = NULL;
	uint32_t taken;

	if (is_copy) {
		brief = malloc(bytes);
		assert_non_null(brief);
		memcpy(brief, data, bytes);
	}
	taken = send_queue_append(scene->tcp, scene->conn, is_copy ? brief : data, bytes,
				  is_copy ? DESCRIPTOR_SMALL : DESCRIPTOR_STATIC);
	if (brief)
		memset(brief, 0xee, bytes);
	free(brief);
	assert_true(taken <= bytes);
	assert_true(scene->end + taken <= MODEL_BYTES);
	memcpy(scene->model + scene->end, data, taken);
	scene->end += taken;
	assert_int_equal(scene->conn->snd_queued_bytes, scene->end - scene->first);
	return taken;
}

static void acknowledge(struct scene *scene, uint32_t bytes)
{
	send_queue_acked(scene->tcp, scene->conn, bytes);
	scene->first += bytes;
	assert_int_equal(scene->conn->snd_queued_bytes, scene->end - scene->first);
}

/* Reads to the very end of a block, so that a sanitizer sees a byte too many. */
static void read_back(struct scene *scene, uint32_t offset, uint32_t bytes)
{
	uint8_t *to = malloc(bytes);

	assert_non_null(to);
	send_queue_read(scene->tcp, scene->conn, offset, to, bytes);
	assert_memory_equal(to, scene->model + scene->first + offset, bytes);
	free(to);
}

static void read_anywhere(struct scene *scene)
{
	uint32_t queued = scene->end - scene->first;
	uint32_t offset, most;

	if (queued == 0)
		return;
	offset = random_below(&scene->random, queued);
	most = queued - offset < 3000 ? queued - offset : 3000;
	read_back(scene, offset, 1 + random_below(&scene->random, most));
}

static void test_random_against_array(void **state)
{
	struct sluice_config config = instance_config();

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct scene *scene = scene_new(&config, seed);
		bool shorts = false;

		while (scene->end < MODEL_BYTES - 20000) {
			uint32_t bytes = 1 + random_below(&scene->random, random_below(&scene->random, 2) ? 300 : 6000);

			if (append(scene, bytes, random_below(&scene->random, 3)) < bytes)
				shorts = true;
			for (uint32_t i = 0; i < 4; i++)
				read_anywhere(scene);
			if (random_below(&scene->random, shorts ? 1 : 3) == 0)
				acknowledge(scene, random_below(&scene->random, scene->end - scene->first + 1));
		}
		if (scene->end > scene->first)
			read_back(scene, 0, scene->end - scene->first);
		if (seed % 2) {
			acknowledge(scene, scene->end - scene->first);
			check_all_returned(scene);
		}
		assert_true(shorts); /* or exhausted pools were not met */
		scene_free(scene);
	}
}

/* Small copies fill the chunk that is there before they take another. */
static void test_small_copies_share_a_chunk(void **state)
{
	struct sluice_config config = instance_config();
	struct scene *scene = scene_new(&config, 1);

	(void)state;
	for (uint32_t i = 0; i < SEND_COPY_SMALL_BYTES; i++)
		assert_int_equal(append(scene, 1, true), 1);
	assert_int_equal(scene->tcp->chunks_small.used_count, 1);
	assert_int_equal(scene->tcp->descriptors.used_count, 0);
	assert_int_equal(append(scene, 1, true), 1);
	assert_int_equal(scene->tcp->chunks_small.used_count, 2);
	assert_int_equal(append(scene, 100, false), 100);
	assert_int_equal(append(scene, 1, true), 1); /* not behind what is not a chunk */
	assert_int_equal(scene->tcp->chunks_small.used_count, 3);
	read_back(scene, 0, scene->end);
	acknowledge(scene, SEND_COPY_SMALL_BYTES - 1);
	assert_int_equal(scene->tcp->chunks_small.used_count, 3);
	acknowledge(scene, 1);
	assert_int_equal(scene->tcp->chunks_small.used_count, 2);
	scene_free(scene);
}

static uint32_t unreserved(uint32_t count)
{
	return count - count / SEND_RESERVE_PART;
}

/* One kind of chunk stands in for the other; when both are out, a copy is short to the byte, and none when all is full. */
static void test_chunks_exhausted(void **state)
{
	struct sluice_config config = instance_config();
	struct scene *scene = scene_new(&config, 1);
	uint32_t room = unreserved(config.chunks_small) * SEND_COPY_SMALL_BYTES +
			unreserved(config.chunks_large) * SEND_COPY_LARGE_BYTES;

	(void)state;
	assert_int_equal(append(scene, room + 1000, true), room);
	assert_int_equal(append(scene, 1, true), 0);
	assert_int_equal(append(scene, 1000, false), 1000);
	read_back(scene, 0, room + 1000);
	acknowledge(scene, room);
	assert_int_equal(append(scene, room + 1, true), room);
	assert_int_equal(scene->tcp->chunks_small.used_count, unreserved(config.chunks_small));
	scene_free(scene);
}

/* Another connection, with nothing queued. */
static struct tcp_conn *newcomer(struct tcp *tcp)
{
	struct tcp_conn *conn = tcp_conn_at(tcp, pool_take(&tcp->conns));

	conn->descriptor_last = conn->descriptor.next = DESCRIPTOR_NONE;
	return conn;
}

/* Whoever takes all there is leaves a chunk to each that has none, down to the last: 16 small ones and 8 large. */
static void test_reserve_of_chunks(void **state)
{
	struct sluice_config config = instance_config();
	struct scene *scene = scene_new(&config, 1);
	struct tcp_conn *conn[4];
	uint8_t bytes[SEND_COPY_SMALL_BYTES + 1] = {0};

	(void)state;
	assert_in_range(append(scene, 30000, true), 16000, 20000);
	for (uint32_t i = 0; i < 4; i++) {
		conn[i] = newcomer(scene->tcp);
		assert_int_equal(send_queue_append(scene->tcp, conn[i], bytes, SEND_COPY_SMALL_BYTES, DESCRIPTOR_SMALL),
				 i < 3 ? SEND_COPY_SMALL_BYTES : 0);
		assert_int_equal(send_queue_append(scene->tcp, conn[i], bytes, 1, DESCRIPTOR_SMALL), i == 2 ? 1 : 0);
	}
	assert_int_equal(scene->tcp->chunks_small.used_count + scene->tcp->chunks_large.used_count, 16 + 8);
	for (uint32_t i = 0; i < 4; i++)
		send_queue_drop(scene->tcp, conn[i]);
	scene_free(scene);
}

/* The same of descriptors, of which an answer needs two: the connection's own, and one more. */
static void test_reserve_of_descriptors(void **state)
{
	struct sluice_config config = instance_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.descriptors = 8;
	scene = scene_new(&config, 1);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(append(scene, 10, false), i < 8 ? 10 : 0);
	conn = newcomer(scene->tcp);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(send_queue_append(scene->tcp, conn, scene->source, 10, DESCRIPTOR_STATIC),
				 i < 2 ? 10 : 0);
	assert_int_equal(scene->tcp->descriptors.used_count, 8);
	send_queue_drop(scene->tcp, conn);
	scene_free(scene);
}

/* Without descriptors one piece fits, the connection's own; no chunk is lost on the way. */
static void test_descriptors_exhausted(void **state)
{
	struct sluice_config config = instance_config();
	struct scene *scene;

	(void)state;
	config.descriptors = 2;
	scene = scene_new(&config, 1);
	assert_int_equal(append(scene, 10, false), 10);
	assert_int_equal(append(scene, 20, false), 20);
	assert_int_equal(append(scene, 3000, true), SEND_COPY_LARGE_BYTES);
	assert_int_equal(scene->tcp->chunks_small.used_count + scene->tcp->chunks_large.used_count, 1);
	assert_int_equal(append(scene, 30, false), 0);
	assert_int_equal(append(scene, 30, true), 0);
	read_back(scene, 0, scene->end);
	acknowledge(scene, 10);
	assert_int_equal(append(scene, 30, false), 30);
	read_back(scene, 0, scene->end - scene->first);
	scene_free(scene);
}

static void test_room(void **state)
{
	struct sluice_config config = instance_config();
	struct scene *scene = scene_new(&config, 1);

	(void)state;
	scene->conn->snd_queue_kib = 4;
	assert_int_equal(send_queue_room(scene->conn), 4096);
	assert_int_equal(append(scene, 4000, false), 4000);
	assert_int_equal(send_queue_room(scene->conn), 96);
	assert_int_equal(append(scene, 200, false), 200);
	assert_int_equal(send_queue_room(scene->conn), 0);
	assert_int_equal(send_queue_append(scene->tcp, scene->conn, scene->source, 0, DESCRIPTOR_STATIC), 0);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_against_array),
		cmocka_unit_test(test_small_copies_share_a_chunk),
		cmocka_unit_test(test_chunks_exhausted),
		cmocka_unit_test(test_reserve_of_chunks),
		cmocka_unit_test(test_reserve_of_descriptors),
		cmocka_unit_test(test_descriptors_exhausted),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
