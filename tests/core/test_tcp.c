/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An instance: which configurations it refuses, that measuring and carving agree, that its clocks may wrap, and that it gives every
 * packet back at its end.
 */
#include "lib/core/tcp.h"

#include "tests/core/scene.h"

/* ---- Carving --------------------------------------------------------------------------------------------------------- */

static const char *refused_with(const struct sluice_config *config, uint32_t worker_index, uint16_t mtu_bytes)
{
	const struct sluice_io io = {.mac = {2, 0, 0, 0, 0, 1}, .mtu_bytes = mtu_bytes};
	struct tcp *measured = calloc(1, sizeof(*measured));
	struct arena arena = {0};
	const char *error;

	assert_non_null(measured);
	error = tcp_make(measured, &arena, config, worker_index, &io, 0);
	free(measured);
	return error;
}

static void test_refused(void **state)
{
	static const struct {
		size_t offset;
		uint32_t least, most;
	} row[] = {
		{offsetof(struct sluice_config, connections), 1, 1U << 29},
		{offsetof(struct sluice_config, half_open), 1, 1U << 22},
		{offsetof(struct sluice_config, time_wait), 1, 1U << 27},
		{offsetof(struct sluice_config, time_wait_ms), 0, TIME_WAIT_LONGEST_MAX_S * 1000},
		{offsetof(struct sluice_config, fin_wait_2_ms), 0, TIME_WAIT_LONGEST_MAX_S * 1000},
		{offsetof(struct sluice_config, receive_bytes), 256, 65535U << 10},
		{offsetof(struct sluice_config, receive_max_bytes), 256, 65535U << 10},
		{offsetof(struct sluice_config, send_queue_bytes), 1024, 65535U << 10},
		{offsetof(struct sluice_config, rto_initial_ms), 1, 60000},
		{offsetof(struct sluice_config, delayed_ack_ms), 0, 499},
		{offsetof(struct sluice_config, r2_ms), 0, R2_MAX_S * 1000},
		{offsetof(struct sluice_config, syn_r2_ms), 0, R2_MAX_S * 1000},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sluice_config config = scene_config();
		uint32_t *value = (uint32_t *)(void *)((uint8_t *)&config + row[i].offset);

		*value = row[i].least;
		assert_null(refused_with(&config, 0, 1500));
		*value = row[i].most;
		assert_null(refused_with(&config, 0, 1500));
		*value = row[i].most + 1;
		assert_non_null(refused_with(&config, 0, 1500));
		*value = row[i].least - 1;
		if (row[i].least)
			assert_non_null(refused_with(&config, 0, 1500));
	}
}

static void test_refused_together(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	assert_non_null(refused_with(&config, 1, 1500)); /* no port for it */
	assert_non_null(refused_with(&config, 0, 575));
	assert_null(refused_with(&config, 0, 576));
	assert_non_null(refused_with(&config, 0, PACKET_ROOM_BYTES + 1));
	config.window_shift = 15;
	assert_non_null(refused_with(&config, 0, 1500));
	config.window_shift = 14;
	config.receive_bytes = config.receive_max_bytes = 1 << 14;
	assert_null(refused_with(&config, 0, 1500));
	config.rto_min_ms = config.rto_max_ms + 1;
	assert_non_null(refused_with(&config, 0, 1500));
}

/* What is measured is what is carved, for any sizes; nothing is written while measuring. */
static void test_measures_what_it_carves(void **state)
{
	struct random random = {4};

	(void)state;
	for (uint32_t i = 0; i < 30; i++) {
		struct sluice_config config = scene_config();
		struct tcp *tcp;

		config.connections = 1 + random_below(&random, 300);
		config.half_open = 1 + random_below(&random, 300);
		config.time_wait = 1 + random_below(&random, 300);
		config.descriptors = random_below(&random, 300);
		config.chunks_small = random_below(&random, 30);
		config.inflight = random_below(&random, 300);
		tcp = instance_new(&config); /* asks twice */
		assert_int_equal(tcp->conns.capacity_count, config.connections);
		assert_int_equal(tcp->half_open.ipv6.capacity_count, config.half_open);
		assert_true(tcp_next_deadline_ns(tcp) == UINT64_MAX);
		free(tcp);
	}
}

/* ---- Time ------------------------------------------------------------------------------------------------------------ */

static void test_never_back(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	tcp_set_time(scene->tcp, 7654321987654321);
	assert_true(scene->tcp->now_ns == 7654321987654321);
	assert_int_equal(scene->tcp->now_us, (uint32_t)(7654321987654321 / 1000));
	assert_int_equal(scene->tcp->now_ms, (uint32_t)(7654321987654321 / 1000000));
	assert_int_equal(scene->tcp->now_s, 7654321);
	assert_int_equal(scene->tcp->now_tick, (uint32_t)(7654321987654321 / TICK_NS));
	tcp_set_time(scene->tcp, 5);
	assert_true(scene->tcp->now_ns == 7654321987654321);
	tcp_set_time(scene->tcp, INSTANCE_NOW_NS);
	scene_free(scene);
}

/* A handshake, text both ways with a delayed ACK and a lost segment, and the end, just as a clock wraps. */
static void lives_across(uint64_t wrap_ns)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;
	uint64_t sent_us, again_us;

	config.timestamps = true;
	scene = scene_new(&config);
	while (scene->tcp->now_ns < wrap_ns - 600000000) { /* an idle worker looks at its clock now and then */
		uint64_t step_ns = (1ULL << 30) * TICK_NS, left_ns = wrap_ns - 600000000 - scene->tcp->now_ns;

		tcp_set_time(scene->tcp, scene->tcp->now_ns + (left_ns < step_ns ? left_ns : step_ns));
		turn(scene);
	}
	conn = established_by(scene, (struct segment){.mss = 1000, .stamped = true, .tsval = 0xffffff00});
	arrives(scene,
		(struct segment){
			.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "ask", .stamped = true, .tsval = 0xffffff00});
	passes_ms(scene, 45);
	expect(scene, {.seq = 1, .ack = 4, .flags = TCP_ACK, .stamped = true, .tsecr = 0xffffff00});
	sends(scene, conn, "answer", 0);
	sent_us = expect(
		scene, {.seq = 1, .ack = 4, .flags = TCP_ACK, .text = "answer", .stamped = true, .tsecr = 0xffffff00});
	passes_ms(scene, 990);
	expect_nothing(scene);
	passes_ms(scene, 15);
	again_us = expect(
		scene, {.seq = 1, .ack = 4, .flags = TCP_ACK, .text = "answer", .stamped = true, .tsecr = 0xffffff00});
	assert_in_range(again_us - sent_us, 1000000, 1001000);
	arrives(scene, (struct segment){.seq = 4, .ack = 7, .flags = TCP_FIN | TCP_ACK, .stamped = true, .tsval = 5});
	forget_events(scene);
	forget_sent(scene);
	user_consume(scene->tcp, conn, 3);
	user_close(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 7, .ack = 5, .flags = TCP_FIN | TCP_ACK, .stamped = true, .tsecr = 5});
	arrives(scene, (struct segment){.seq = 5, .ack = 8, .flags = TCP_ACK, .stamped = true, .tsval = 6});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
	scene_free(scene);
}

static void test_clocks_wrap(void **state)
{
	(void)state;
	lives_across((1ULL << 32) * 1000);    /* microseconds: 71 minutes */
	lives_across((1ULL << 32) * TICK_NS); /* ticks: 12 days */
	lives_across((1ULL << 31) * TICK_NS);
	lives_across((1ULL << 32) * 1000000);    /* milliseconds: 49 days */
	lives_across((1ULL << 16) * 1000000000); /* seconds of TIME-WAIT records: 18 hours */
	lives_across((1ULL << 16) * 16000000);   /* half-open entries: 17 minutes */
}

/* ---- The end --------------------------------------------------------------------------------------------------------- */

/* Whatever it holds: read and unread, out of order, built and not taken. */
static void test_discard(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	scene->refuses = true;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	arrives(scene, (struct segment){.seq = 3001, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	sends_bytes(scene, conn, 500, 0);
	assert_true(scene->tcp->transmit.count > 0);
	assert_int_equal(scene->tcp->packets_held, 2);
	tcp_discard(scene->tcp);
	assert_int_equal(scene->tcp->transmit.count, 0);
	assert_int_equal(scene->tcp->packets_held, 0);
	assert_int_equal(instance_drain(scene->tcp), scene->packets);
	free(scene->tcp);
	free(scene->sent);
	free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_together),
		cmocka_unit_test(test_measures_what_it_carves),
		cmocka_unit_test(test_never_back),
		cmocka_unit_test(test_clocks_wrap),
		cmocka_unit_test(test_discard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
