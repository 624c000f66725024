/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options with wrong lengths, twice, late or absurd: on a SYN they must not keep the connection from opening, later they must not end
 * it; and no size of the peer's makes us send segments without end.
 */
#include "tests/hostile/place.h"

#define OPTION_BYTES 40

/* The segment with these bytes for options, padded with zeros. */
static struct bytes with_options(const struct side *side, const struct segment *segment, const uint8_t *options,
				 uint32_t bytes)
{
	struct bytes frame = segment_frame(side, segment);
	uint8_t padded[OPTION_BYTES] = {0};
	uint32_t l4 = l4_of(&frame), count = (bytes + 3) / 4 * 4;

	memcpy(padded, options, bytes);
	insert_bytes(&frame, l4 + 20, padded, count);
	frame.at[l4 + 12] = (uint8_t)((5 + count / 4) << 4);
	set_16(&frame, L3 + (side->ipv6 ? 4 : 2), get_16(&frame, L3 + (side->ipv6 ? 4 : 2)) + count);
	mend(&frame);
	return frame;
}

/* Opened by a SYN with these options; its connection. */
static struct tcp_conn *opened_with(struct scene *scene, const uint8_t *options, uint32_t bytes)
{
	struct bytes syn = with_options(&scene->side, &(struct segment){.flags = TCP_SYN}, options, bytes);
	struct bytes copy;

	listens(scene);
	frame_arrives(scene, &syn);
	assert_int_equal(sent_count(scene), 1);
	copy = scene->sent[scene->sent_first].bytes;
	scene->side.our_iss = be32_value(be32_at(copy.at + l4_of(&copy) + 4));
	scene->knows_our_iss = true;
	forget_sent(scene);
	arrives(scene,
		(struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = scene->tcp->config.timestamps});
	return opens(scene, 0);
}

/* Every kind with every length from 0 to past the header, on a SYN: it opens, and what it says of MSS is the default or more. */
static void test_every_option_length_on_a_syn(void **state)
{
	static const uint8_t kinds[] = {2, 3, 4, 5, 8, 30, 254};

	(void)state;
	for (uint32_t k = 0; k < sizeof(kinds); k++) {
		for (uint32_t length = 0; length <= 41; length++) {
			struct scene *scene = scene_new(NULL);
			uint8_t options[8] = {kinds[k], (uint8_t)length, 5, 5, 5, 5, 5, 5};
			struct tcp_conn *conn = opened_with(scene, options, sizeof(options));

			assert_true(conn->mss_bytes >= MSS_FLOOR_BYTES);
			still_works(scene, conn);
			scene_free(scene);
		}
	}
}

/* The same on an established connection: never a reason to reset, nor to answer. */
static void test_every_option_length_when_established(void **state)
{
	static const uint8_t kinds[] = {2, 3, 4, 5, 8, 30, 254};

	(void)state;
	for (uint32_t k = 0; k < sizeof(kinds); k++) {
		struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);

		for (uint32_t length = 0; length <= 41; length++) {
			uint8_t options[12] = {1, kinds[k], (uint8_t)length, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
			struct bytes frame = with_options(
				&stage.scene->side,
				&(struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 1000 + length},
				options, sizeof(options));

			frame_arrives(stage.scene, &frame);
			expect_nothing(stage.scene);
		}
		still_works(stage.scene, stage.conn);
		stage_free(&stage);
	}
}

/* A kind in the header's last byte, with no room for its length. */
static void test_kind_in_the_last_byte(void **state)
{
	const uint8_t options[4] = {1, 1, 1, 2};
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = opened_with(scene, options, sizeof(options));

	(void)state;
	still_works(scene, conn);
	scene_free(scene);
}

/* Of options that come twice the first counts, on the SYN as later. */
static void test_duplicate_options(void **state)
{
	const uint8_t options[] = {2, 4, 0x04, 0x00, 2, 4, 0x00, 0x01, 3, 3, 2, 3, 3, 14, 4, 2, 4, 2};
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.sack = true;
	config.window_shift = 1;
	scene = scene_new(&config);
	conn = opened_with(scene, options, sizeof(options));
	assert_int_equal(conn->mss_bytes, 1024);
	assert_int_equal(conn->snd_shift, 2);
	still_works(scene, conn);
	scene_free(scene);
}

/* SYN MSS 0 (as good as none: 536), 1, 8, 48, 65,535: a floor, the port's MTU above (CVE-2019-11479); no segment is empty. */
static void test_mss_has_a_floor_and_a_ceiling(void **state)
{
	static const uint16_t offered[] = {0, 1, 8, 48, 215, 65535};

	(void)state;
	for (uint32_t i = 0; i < sizeof(offered) / sizeof(offered[0]); i++) {
		uint8_t options[4] = {2, 4, (uint8_t)(offered[i] >> 8), (uint8_t)offered[i]};
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = opened_with(scene, options, sizeof(options));
		uint16_t mss = offered[i] > 1000 ? 1460 : offered[i] ? MSS_FLOOR_BYTES : 536;
		uint32_t segments;

		assert_int_equal(conn->mss_bytes, mss);
		sends_bytes(scene, conn, 4000, 0);
		segments = sent_count(scene);
		assert_in_range(segments, 1, 4000 / mss + 1);
		for (uint32_t s = scene->sent_first; s < scene->sent_end; s++)
			assert_true(scene->sent[s].bytes.count > 54 && scene->sent[s].bytes.count <= 1514);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* An MSS smaller than the options that every segment carries: what is left is still the floor's. */
static void test_mss_less_than_the_options(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.timestamps = true;
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.mss = 9, .stamped = true, .tsval = 7});
	assert_int_equal(conn->mss_bytes, MSS_FLOOR_BYTES - 12);
	sends_bytes(scene, conn, 1000, 0);
	assert_in_range(sent_with(scene, TCP_ACK), 1, 1000 / (MSS_FLOOR_BYTES - 12) + 1);
	scene_free(scene);
}

/* Shifts of 15 to 255 are taken as 14 (RFC 7323 section 2.3); a window of 65,535 with it does not overflow. */
static void test_window_shift_is_at_most_14(void **state)
{
	static const uint8_t shifts[] = {14, 15, 16, 31, 32, 64, 127, 255};

	(void)state;
	for (uint32_t i = 0; i < sizeof(shifts); i++) {
		struct sluice_config config = scene_config();
		uint8_t options[] = {2, 4, 4, 0, 1, 3, 3, shifts[i]};
		struct scene *scene;
		struct tcp_conn *conn;

		config.window_shift = 1;
		scene = scene_new(&config);
		conn = opened_with(scene, options, sizeof(options));
		assert_int_equal(conn->snd_shift, 14);
		assert_int_equal(conn->snd_wnd_bytes, 65535U << 14);
		sends_bytes(scene, conn, 20000, 0);
		assert_true(sent_count(scene) >= 4 &&
			    sent_count(scene) <= 10); /* the initial window's, not the peer's */
		forget_sent(scene);
		scene_free(scene);
	}
}

/* A scale, an MSS or SACK-permitted that comes after the SYN means nothing. */
static void test_negotiation_after_the_syn_is_ignored(void **state)
{
	const uint8_t options[] = {2, 4, 0, 100, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 1};
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct bytes frame = with_options(&stage.scene->side,
					  &(struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 2000},
					  options, sizeof(options));

	(void)state;
	frame_arrives(stage.scene, &frame);
	assert_int_equal(stage.conn->mss_bytes, 1000);
	assert_int_equal(stage.conn->snd_shift, 0);
	assert_int_equal(stage.conn->snd_wnd_bytes, 2000);
	assert_int_equal(stage.conn->flags & (CONN_SACK | CONN_TIMESTAMPS), 0);
	still_works(stage.scene, stage.conn);
	stage_free(&stage);
}

/* The window shrinks below what is on its way, to nothing, and then is as large as can be (MUST-34). */
static void test_window_shrinks_and_jumps(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;

	(void)state;
	sends_bytes(scene, stage.conn, 8000, 0);
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1001, .flags = TCP_ACK, .window = 500});
	expect_nothing(scene); /* nothing new beyond an edge that went back */
	arrives(scene, (struct segment){.seq = 1, .ack = 2001, .flags = TCP_ACK, .window = SHUT});
	expect_nothing(scene);
	for (uint32_t acked = 2001; stage.conn->snd_queued_bytes;
	     acked = stage.conn->snd_nxt.value - scene->side.our_iss) {
		arrives(scene, (struct segment){.seq = 1, .ack = acked, .flags = TCP_ACK, .window = 65535});
		passes_ms(scene, 300);
		forget_sent(scene);
	}
	still_works(scene, stage.conn);
	stage_free(&stage);
}

/* ---- Timestamps ------------------------------------------------------------------------------------------ */

static struct tcp_conn *stamped(struct scene **scene, uint32_t tsval)
{
	struct sluice_config config = scene_config();

	config.timestamps = true;
	*scene = scene_new(&config);
	return established_by(*scene, (struct segment){.mss = 1000, .stamped = true, .tsval = tsval});
}

/* A forged TSval far ahead poisons nothing unless its segment is acceptable and its ACK too (RFC 7323 section 4.3). */
static void test_ts_recent_is_not_poisoned(void **state)
{
	struct segment forged = {.ack = 1, .flags = TCP_ACK, .stamped = true, .tsval = 1000U + 0x7fffffffU, .bytes = 5};
	struct scene *scene;
	struct tcp_conn *conn = stamped(&scene, 1000);

	(void)state;
	forged.seq = 40000; /* beyond the window */
	arrives(scene, forged);
	assert_int_equal(conn->ts_recent, 1000);
	forged.seq = 1;
	forged.ack = 5000; /* of what was never sent */
	arrives(scene, forged);
	assert_int_equal(conn->ts_recent, 1000);
	forged.seq = 100; /* in the window, behind a gap: not the segment that the next ACK answers */
	forged.ack = 1;
	arrives(scene, forged);
	assert_int_equal(conn->ts_recent, 1000);
	still_works(scene, conn);
	scene_free(scene);
}

/* TSval goes back, then wraps: what is older is dropped and acknowledged, what wraps is newer. */
static void test_tsval_backward_and_wrapping(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = stamped(&scene, 0xffffff00);

	(void)state;
	arrives(scene,
		(struct segment){
			.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "old", .stamped = true, .tsval = 0xfffffeff});
	assert_int_equal(conn->readable_bytes, 0);
	assert_int_equal(counted(scene, drop_tcp_paws), 1);
	assert_int_equal(sent_with(scene, TCP_ACK), 1);
	arrives(scene,
		(struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "new", .stamped = true, .tsval = 5});
	assert_int_equal(conn->readable_bytes, 3);
	assert_int_equal(conn->ts_recent, 5);
	still_works(scene, conn);
	scene_free(scene);
}

/* Echoes that we never sent, from the future or the deep past, do not move the RTO out of its bounds. */
static void test_tsecr_never_sent(void **state)
{
	static const uint32_t echoes[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
	struct scene *scene;
	struct tcp_conn *conn = stamped(&scene, 1000);
	struct sluice_conn_info info;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		uint32_t acked = conn->snd_nxt.value - scene->side.our_iss + 100;

		sends_bytes(scene, conn, 100, 0);
		passes_ms(scene, 10);
		arrives(scene, (struct segment){.seq = 1,
						.ack = acked,
						.flags = TCP_ACK,
						.stamped = true,
						.tsval = 1001 + i,
						.tsecr = echoes[i]});
		user_info(scene->tcp, conn, &info);
		assert_in_range(info.srtt_us, 5000, 20000);
		assert_in_range(info.rto_us, 200000, 1000000);
	}
	still_works(scene, conn);
	scene_free(scene);
}

/* Only some segments carry timestamps: those that do not are dropped silently (RFC 7323 section 3.2), RST apart. */
static void test_timestamps_only_sometimes(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = stamped(&scene, 1000);

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "bare"});
	assert_int_equal(conn->readable_bytes, 0);
	expect_nothing(scene);
	still_works(scene, conn);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_option_length_on_a_syn),
		cmocka_unit_test(test_every_option_length_when_established),
		cmocka_unit_test(test_kind_in_the_last_byte),
		cmocka_unit_test(test_duplicate_options),
		cmocka_unit_test(test_mss_has_a_floor_and_a_ceiling),
		cmocka_unit_test(test_mss_less_than_the_options),
		cmocka_unit_test(test_window_shift_is_at_most_14),
		cmocka_unit_test(test_negotiation_after_the_syn_is_ignored),
		cmocka_unit_test(test_window_shrinks_and_jumps),
		cmocka_unit_test(test_ts_recent_is_not_poisoned),
		cmocka_unit_test(test_tsval_backward_and_wrapping),
		cmocka_unit_test(test_tsecr_never_sent),
		cmocka_unit_test(test_timestamps_only_sometimes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
