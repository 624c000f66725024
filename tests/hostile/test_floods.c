/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods, and answers without state: what a flood leaves behind, whom its answers reach, who still gets through it, and what
 * a cookie is worth to somebody who was not given it, or was given it long ago.
 */
#include "tests/flood/flood_aim.h"
#include "tests/hostile/place.h"

#include "lib/core/half_open.h"

#define SYNS 20000

static struct sluice_config config_of(enum sluice_cookies cookies)
{
	struct sluice_config config = scene_config();

	config.cookies = cookies;
	return config;
}

static struct flood flood_at_us(bool ipv6, uint64_t seed)
{
	struct flood_plan plan = {.source_mac = {2, 0, 0, 0, 0, 2},
				  .destination_mac = {2, 0, 0, 0, 0, 1},
				  .destination = address_of(ipv6, 1, 80),
				  .has_options = true,
				  .seed = seed};
	struct flood flood;

	assert_int_equal(sluice_subnet_parse(ipv6 ? "2001:2:0:ff::/64" : "198.19.0.0/16", &plan.sources), 0);
	assert_true(flood_make(&flood, &plan));
	return flood;
}

/* So many frames of it, in bursts; returns how many answers had these flags. */
static uint32_t pours(struct scene *scene, struct flood *flood, enum flood_kind kind, uint32_t count, uint8_t answer)
{
	uint32_t answers = 0;

	for (uint32_t i = 1; i <= count; i++) {
		struct bytes frame;

		frame.count = flood_fill(flood, kind, frame.at);
		put_frame(scene, &frame);
		if (i % 16 && i < count)
			continue;
		turn(scene);
		answers += sent_with(scene, answer);
	}
	return answers;
}

/* ---- SYNs ------------------------------------------------------------------------------------------------ */

/* One answer each, in the SYN's own packet, and then nothing: no entry, no record, no packet, and no SYN-ACK ever again. */
static void test_syns_answered_without_state_leave_nothing(void **state)
{
	struct sluice_config config = config_of(SLUICE_COOKIES_ALWAYS);

	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = stage_at(PLACE_ESTABLISHED, &config);
		struct scene *scene = stage.scene;
		struct flood flood = flood_at_us(ipv6, 1);
		uint32_t entries = scene->tcp->table.count, packets = scene->packets;

		assert_int_equal(pours(scene, &flood, FLOOD_SYN, SYNS, TCP_SYN | TCP_ACK), SYNS);
		assert_int_equal(counted(scene, half_open_created), 0);
		assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
		assert_int_equal(scene->tcp->table.count, entries);
		assert_int_equal(scene->tcp->conns.used_count, 1);
		assert_true(scene->packets <= packets + 16);
		still_works(scene, stage.conn);
		passes_ms(scene, 300000);
		assert_int_equal(sent_with(scene, TCP_SYN), 0);
		stage_free(&stage);
	}
}

/* Left to itself it makes entries up to the mark, and none is evicted for another: what is beyond is answered without. */
static void test_syns_become_too_many(void **state)
{
	struct sluice_config config = config_of(SLUICE_COOKIES_AUTO);
	uint32_t mark = config.half_open * config.cookies_half_open_percent / 100, answers;
	struct stage stage = stage_at(PLACE_ESTABLISHED, &config);
	struct scene *scene = stage.scene;
	struct flood flood = flood_at_us(false, 2);

	(void)state;
	answers = pours(scene, &flood, FLOOD_SYN, SYNS, TCP_SYN | TCP_ACK);
	assert_int_equal(answers, SYNS);
	assert_int_equal(half_open_count(&scene->tcp->half_open), mark);
	assert_int_equal(counted(scene, half_open_evicted), 0);
	assert_int_equal(counted(scene, cookies_begun), 1);
	assert_int_equal(counted(scene, cookies_sent), SYNS - mark);
	still_works(scene, stage.conn);
	passes_ms(scene, 300000);
	assert_in_range(sent_with(scene, TCP_SYN | TCP_ACK), 1, mark * (HALF_OPEN_ATTEMPTS_MAX - 1));
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	stage_free(&stage);
}

/* Whoever means it gets in, with floods before its SYN, between that and its request, and after; its first ACK may be lost. */
static void test_honest_handshakes_in_a_flood(void **state)
{
	static const enum sluice_cookies modes[] = {SLUICE_COOKIES_AUTO, SLUICE_COOKIES_ALWAYS};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct sluice_config config = config_of(modes[i / 2]);
		struct scene *scene = scene_new(&config);
		struct flood flood = flood_at_us(i & 1, 3);
		struct tcp_conn *conn;

		listens(scene);
		scene->side.ipv6 = i & 1;
		pours(scene, &flood, FLOOD_SYN, 1000, 0);
		arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000});
		expect(scene, {.seq = 0, .ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = i & 1 ? 1440 : 1460});
		pours(scene, &flood, FLOOD_SYN, 1000, 0);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK | TCP_PSH, .text = "GET"});
		conn = opens(scene, SLUICE_READABLE);
		reads(scene, conn, "GET");
		pours(scene, &flood, FLOOD_SYN, 1000, 0);
		still_works(scene, conn);
		scene_free(scene);
	}
}

/* ---- Cookies --------------------------------------------------------------------------------------------- */

/* With the gate open: each guess is two hashes at most, an RST now and then, and nothing else. */
static void test_guessed_cookies(void **state)
{
	static const enum flood_kind kinds[] = {FLOOD_ACK, FLOOD_FIN, FLOOD_RST};
	struct sluice_config config = config_of(SLUICE_COOKIES_ALWAYS);

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		struct stage stage = stage_at(PLACE_ESTABLISHED, &config);
		struct scene *scene = stage.scene;
		struct flood flood = flood_at_us(i & 1, 4);
		uint32_t entries = scene->tcp->table.count;
		uint32_t resets = pours(scene, &flood, kinds[i / 2], 1 << 15, TCP_RST);

		assert_int_equal(scene->tcp->table.count, entries);
		assert_int_equal(scene->tcp->conns.used_count, 1);
		if (kinds[i / 2] == FLOOD_RST) {
			assert_int_equal(resets, 0);
		} else {
			assert_in_range(resets, 1, scene->tcp->config.resets_per_second);
			assert_int_equal(counted(scene, cookies_refused_epoch) + counted(scene, cookies_refused_hash) +
						 counted(scene, drop_tcp_cookie_hash),
					 1 << 15);
		}
		still_works(scene, stage.conn);
		stage_free(&stage);
	}
}

/* The ACK that the answer to one SYN of a flood asks for. */
static struct bytes cookie_given(struct scene *scene)
{
	struct flood flood = flood_at_us(false, 5);
	struct bytes frame;

	listens(scene);
	frame.count = flood_fill(&flood, FLOOD_SYN, frame.at);
	frame_arrives(scene, &frame);
	assert_int_equal(sent_count(scene), 1);
	frame.count = flood_replay(scene->sent[scene->sent_first].bytes.at, scene->sent[scene->sent_first].bytes.count,
				   frame.at);
	assert_int_not_equal(frame.count, 0);
	forget_sent(scene);
	return frame;
}

/* A thousand copies open one connection. */
static void test_a_cookie_played_again(void **state)
{
	struct sluice_config config = config_of(SLUICE_COOKIES_ALWAYS);
	struct scene *scene = scene_new(&config);
	struct bytes frame = cookie_given(scene);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		frame_arrives(scene, &frame);
	opens(scene, 0);
	hears_nothing(scene);
	assert_int_equal(scene->tcp->conns.used_count, 1);
	assert_int_equal(counted(scene, cookies_accepted), 1);
	assert_int_equal(sent_with(scene, TCP_RST), 0);
	end_all(scene);
	scene_free(scene);
}

/* It is one for two epochs of 16 s, and for its own tuple. */
static void test_a_cookie_too_late_or_of_another(void **state)
{
	struct sluice_config config = config_of(SLUICE_COOKIES_ALWAYS);
	struct scene *scene = scene_new(&config);
	struct bytes frame = cookie_given(scene), others = frame;

	(void)state;
	others.at[L3 + 20] ^= 1; /* the source port */
	mend(&others);
	frame_arrives(scene, &others);
	assert_int_equal(sent_with(scene, TCP_RST), 1);
	passes_ms(scene, 33000);
	frame_arrives(scene, &frame);
	assert_int_equal(sent_with(scene, TCP_RST), 1);
	assert_int_equal(scene->tcp->conns.used_count, 0);
	assert_int_equal(counted(scene, cookies_accepted), 0);
	scene_free(scene);
}

/* A worker that has given none for two epochs takes none, be it a right one by its keys and its clock. */
static void test_no_cookie_counts_in_quiet_times(void **state)
{
	struct sluice_config busy = config_of(SLUICE_COOKIES_ALWAYS), quiet = config_of(SLUICE_COOKIES_AUTO);
	struct scene *scene = scene_new(&busy);
	struct bytes frame = cookie_given(scene);

	(void)state;
	scene_free(scene);
	scene = scene_new(&quiet);
	listens(scene);
	frame_arrives(scene, &frame);
	assert_int_equal(sent_with(scene, TCP_RST), 1);
	assert_int_equal(counted(scene, cookies_refused_gate), 1);
	assert_int_equal(scene->tcp->conns.used_count, 0);
	scene_free(scene);
	scene = scene_new(&busy); /* where it is one */
	listens(scene);
	frame_arrives(scene, &frame);
	opens(scene, 0);
	end_all(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syns_answered_without_state_leave_nothing),
		cmocka_unit_test(test_syns_become_too_many),
		cmocka_unit_test(test_honest_handshakes_in_a_flood),
		cmocka_unit_test(test_guessed_cookies),
		cmocka_unit_test(test_a_cookie_played_again),
		cmocka_unit_test(test_a_cookie_too_late_or_of_another),
		cmocka_unit_test(test_no_cookie_counts_in_quiet_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
