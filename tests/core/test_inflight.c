/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In-flight records against an array: appended, acknowledged whole and in part, marked lost, dropped.
 */
#include "lib/core/inflight.h"

#include "tests/core/instance.h"

#define RECORDS_MAX 4096

struct model_record {
	uint32_t seq, sent_us;
	uint16_t bytes;
	uint8_t flags, retransmits;
};

struct scene {
	struct tcp *tcp;
	struct tcp_conn *conn;
	struct random random;
	uint32_t nxt;
	uint32_t first, end; /* of the model */
	struct model_record model[RECORDS_MAX];
};

static struct scene *scene_new(uint64_t seed)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct sluice_config config = instance_config();

	assert_non_null(scene);
	scene->tcp = instance_new(&config);
	scene->conn = tcp_conn_at(scene->tcp, pool_take(&scene->tcp->conns));
	scene->conn->inflight_last = INDEX_NONE;
	scene->conn->path = INDEX_NONE;
	scene->conn->mss_bytes = UINT16_MAX;
	scene->random.state = seed;
	scene->nxt = 0U - 100000; /* the numbers wrap on the way */
	return scene;
}

static void scene_free(struct scene *scene)
{
	inflight_drop(scene->tcp, scene->conn);
	assert_true(inflight_is_empty(scene->conn));
	assert_int_equal(path_lost_bytes(scene->tcp, scene->conn), 0);
	assert_int_equal(scene->tcp->inflight.used_count, 0);
	path_drop(scene->tcp, scene->conn);
	assert_int_equal(scene->tcp->paths.used_count, 0);
	free(scene->tcp);
	free(scene);
}

static void append(struct scene *scene, uint16_t bytes, uint8_t retransmits)
{
	struct model_record *record = &scene->model[scene->end++];

	assert_true(inflight_has_room(scene->tcp, scene->conn));
	*record = (struct model_record){scene->nxt, scene->tcp->now_us, bytes, 0, retransmits};
	inflight_append(scene->tcp, scene->conn,
			(struct tcp_inflight){.seq = seq_of(record->seq),
					      .sent_us = record->sent_us,
					      .bytes = bytes,
					      .retransmits = retransmits});
	scene->nxt += bytes;
}

static void check(const struct scene *scene)
{
	const struct tcp_inflight *record = inflight_is_empty(scene->conn) ? NULL : &scene->conn->inflight;
	uint32_t lost_bytes = 0;

	for (uint32_t i = scene->first; i < scene->end; i++) {
		const struct model_record *expected = &scene->model[i];

		assert_non_null(record);
		assert_int_equal(record->seq.value, expected->seq);
		assert_int_equal(record->bytes, expected->bytes);
		assert_int_equal(record->sent_us, expected->sent_us);
		assert_int_equal(record->flags, expected->flags);
		assert_int_equal(record->retransmits, expected->retransmits);
		if (record->flags & INFLIGHT_LOST)
			lost_bytes += record->bytes;
		record = inflight_next(scene->tcp, record);
	}
	assert_null(record);
	assert_int_equal(path_lost_bytes(scene->tcp, scene->conn), lost_bytes);
	assert_int_equal(scene->tcp->inflight.used_count,
			 scene->end > scene->first ? scene->end - scene->first - 1 : 0);
}

/* The time is that of the newest record covered whole, unless one of them was sent again or is to be (Karn). */
static void acknowledge(struct scene *scene, uint32_t ack)
{
	uint32_t expected_us = 0;
	struct delivery delivery = {0};
	bool is_clear = true;

	while (scene->first < scene->end &&
	       (int32_t)(ack - scene->model[scene->first].seq - scene->model[scene->first].bytes) >= 0) {
		const struct model_record *record = &scene->model[scene->first++];

		expected_us = scene->tcp->now_us - record->sent_us + 1;
		is_clear &= !record->retransmits && !(record->flags & INFLIGHT_LOST);
	}
	if (scene->first < scene->end && (int32_t)(ack - scene->model[scene->first].seq) > 0) {
		struct model_record *record = &scene->model[scene->first];

		is_clear &= !record->retransmits;
		record->bytes = (uint16_t)(record->bytes - (ack - record->seq));
		record->seq = ack;
	}
	inflight_acked(scene->tcp, scene->conn, seq_of(ack), &delivery);
	assert_int_equal(delivery.rtt_us, is_clear ? expected_us : 0);
}

static void mark_one(struct scene *scene)
{
	uint32_t count = scene->end - scene->first, place;
	struct tcp_inflight *record = &scene->conn->inflight;

	if (count == 0)
		return;
	place = random_below(&scene->random, count);
	scene->model[scene->first + place].flags |= INFLIGHT_LOST;
	while (place--)
		record = inflight_next(scene->tcp, record);
	inflight_mark_lost(scene->tcp, scene->conn, record);
	inflight_mark_lost(scene->tcp, scene->conn, record); /* counted once */
}

static void mark_all(struct scene *scene)
{
	if (scene->first == scene->end)
		return;
	inflight_mark_all_lost(scene->tcp, scene->conn);
	for (uint32_t i = scene->first; i < scene->end; i++)
		scene->model[i].flags |= INFLIGHT_LOST;
}

static void step(struct scene *scene)
{
	uint32_t choice = random_below(&scene->random, 32);
	uint32_t una = scene->first < scene->end ? scene->model[scene->first].seq : scene->nxt;

	tcp_set_time(scene->tcp, scene->tcp->now_ns + random_below(&scene->random, 2000000));
	if (choice < 16 && inflight_has_room(scene->tcp, scene->conn))
		append(scene, (uint16_t)(1 + random_below(&scene->random, 1460)),
		       (uint8_t)(random_below(&scene->random, 4) == 0));
	else if (choice < 22)
		acknowledge(scene, una + random_below(&scene->random, (scene->nxt - una) / 4 + 1));
	else if (choice < 24)
		acknowledge(scene, scene->nxt);
	else if (choice < 31)
		mark_one(scene);
	else
		mark_all(scene);
}

static void test_random_against_array(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct scene *scene = scene_new(seed);

		while (scene->end < RECORDS_MAX) {
			step(scene);
			check(scene);
		}
		scene_free(scene);
	}
}

/* A record that is lost and acknowledged in part, byte by byte. */
static void test_partly_acknowledged(void **state)
{
	struct scene *scene = scene_new(1);
	uint32_t start = scene->nxt;

	(void)state;
	append(scene, 100, 0);
	append(scene, 50, 0);
	mark_all(scene);
	assert_int_equal(path_lost_bytes(scene->tcp, scene->conn), 150);
	for (uint32_t i = 0; i <= 150; i++) {
		acknowledge(scene, start + i);
		check(scene);
		assert_int_equal(path_lost_bytes(scene->tcp, scene->conn), 150 - i);
	}
	acknowledge(scene, start + 150); /* with nothing left */
	assert_true(inflight_is_empty(scene->conn));
	scene_free(scene);
}

/* Old and repeated acknowledgments change nothing. */
static void test_old_acknowledgment(void **state)
{
	struct scene *scene = scene_new(1);

	(void)state;
	append(scene, 100, 0);
	acknowledge(scene, scene->nxt - 100);
	acknowledge(scene, scene->nxt - 5000);
	check(scene);
	assert_int_equal(scene->conn->inflight.bytes, 100);
	scene_free(scene);
}

/* The pool is all that bounds the list of who has little on the way, and an empty list needs none of it. */
static void test_room(void **state)
{
	struct scene *scene = scene_new(1);
	uint32_t capacity = scene->tcp->inflight.capacity_count;
	struct tcp_conn *other = tcp_conn_at(scene->tcp, pool_take(&scene->tcp->conns));

	(void)state;
	for (uint32_t i = 0; i < capacity + 1; i++)
		append(scene, 1, 0);
	assert_false(inflight_has_room(scene->tcp, scene->conn));
	assert_true(inflight_has_room(scene->tcp, other));
	acknowledge(scene, scene->nxt - capacity);
	assert_true(inflight_has_room(scene->tcp, scene->conn));
	check(scene);
	scene_free(scene);
}

/* Who has much on the way leaves an eighth of the records to those who have little. */
static void test_reserve(void **state)
{
	struct scene *scene = scene_new(1);
	uint32_t capacity = scene->tcp->inflight.capacity_count, unreserved = capacity - capacity / SEND_RESERVE_PART;
	struct tcp_conn *conn = scene->conn;

	(void)state;
	conn->mss_bytes = 1000;
	conn->snd_una = seq_of(scene->nxt);
	for (uint32_t i = 0; i < unreserved + 1; i++) {
		append(scene, 1000, 0);
		conn->snd_nxt = seq_of(scene->nxt);
	}
	assert_false(inflight_has_room(scene->tcp, conn));
	conn->snd_nxt = seq_add(conn->snd_una, 8 * 1000);
	assert_false(inflight_has_room(scene->tcp, conn));
	conn->snd_nxt = seq_add(conn->snd_una, 8 * 1000 - 1); /* as another would that has so little */
	for (uint32_t i = 0; i < capacity - unreserved; i++)
		append(scene, 1000, 0);
	assert_false(inflight_has_room(scene->tcp, conn));
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_against_array),
		cmocka_unit_test(test_partly_acknowledged),
		cmocka_unit_test(test_old_acknowledgment),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_reserve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
