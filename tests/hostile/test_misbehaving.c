/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A receiver that lies about what it has: acknowledges early, in slices, again and again, with SACK blocks of any kind, or takes back
 * what it said.  It gets no more than an honest one, costs no more than one, and an honest end still finds every byte.
 */
#include "tests/hostile/place.h"

static struct tcp_conn *with_sack(struct scene **scene)
{
	struct sluice_config config = scene_config();

	config.sack = true;
	config.inflight = 512;
	config.descriptors = 512;
	config.chunks_small = config.chunks_large = 256;
	config.send_queue_bytes = 1 << 18;
	*scene = scene_new(&config);
	(*scene)->stash_packets = 400;
	return established_by(*scene, (struct segment){.mss = 1000, .sack_ok = true});
}

static uint32_t una(const struct scene *scene, const struct tcp_conn *conn)
{
	return conn->snd_una.value - scene->side.our_iss;
}

static uint32_t nxt(const struct scene *scene, const struct tcp_conn *conn)
{
	return conn->snd_nxt.value - scene->side.our_iss;
}

#define STREAM_BYTES_MAX 400000

/* What an honest receiver has, by byte of the stream. */
struct honest {
	bool has[STREAM_BYTES_MAX];
	uint32_t newest; /* the first byte of the last segment */
};

/* Takes what was sent; every byte is as it was given.  Returns whether there was any. */
static bool takes(struct scene *scene, struct honest *honest)
{
	bool is_any = false;

	for (uint32_t i = scene->sent_first; i < scene->sent_end; i++) {
		const struct bytes *frame = &scene->sent[i].bytes;
		uint32_t l4 = l4_of(frame), text = l4 + (frame->at[l4 + 12] >> 4) * 4U;
		uint32_t seq = be32_value(be32_at(frame->at + l4 + 4)) - scene->side.our_iss;

		for (uint32_t b = 0; text + b < frame->count; b++) {
			assert_int_equal((char)frame->at[text + b], segment_pattern(seq - 1 + b));
			honest->has[seq + b] = true;
			honest->newest = seq;
			is_any = true;
		}
	}
	forget_sent(scene);
	return is_any;
}

/* Acknowledges all of it, and reports the range that the newest segment lies in. */
static void answers(struct scene *scene, const struct tcp_conn *conn, const struct honest *honest)
{
	struct segment ack = {.seq = 1, .ack = una(scene, conn), .flags = TCP_ACK};
	uint32_t start = honest->newest, end = honest->newest;

	while (honest->has[ack.ack])
		ack.ack++;
	while (start > ack.ack && honest->has[start - 1])
		start--;
	while (honest->has[end])
		end++;
	if (conn->flags & CONN_SACK && start > ack.ack) {
		ack.sack[0][0] = start;
		ack.sack[0][1] = end;
	}
	arrives(scene, ack);
}

/* From here on the receiver is honest, and has lost what was sent so far: every byte of the queue comes, and is acknowledged. */
static void drains(struct scene *scene, struct tcp_conn *conn)
{
	struct honest *honest = calloc(1, sizeof(*honest));

	assert_non_null(honest);
	for (uint32_t round = 0; conn->snd_queued_bytes && round < 2000; round++) {
		if (takes(scene, honest))
			answers(scene, conn, honest);
		else
			passes_ms(scene, 500);
		forget_events(scene);
	}
	free(honest);
	assert_int_equal(conn->snd_queued_bytes, 0);
	still_works(scene, conn);
}

/* ---- ACKs ------------------------------------------------------------------------------------------------ */

/* Savage et al.: what was never sent cannot be acknowledged, and asking for it gains no window. */
static void test_optimistic_acks(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = with_sack(&scene);
	uint32_t cwnd, sent;

	(void)state;
	sends_bytes(scene, conn, 100000, 0);
	cwnd = conn->cwnd_bytes;
	sent = nxt(scene, conn);
	forget_sent(scene);
	for (uint32_t ahead = 1; ahead < 60000; ahead += 331)
		arrives(scene, (struct segment){.seq = 1, .ack = sent + ahead, .flags = TCP_ACK});
	assert_int_equal(conn->cwnd_bytes, cwnd);
	assert_int_equal(nxt(scene, conn), sent);
	assert_int_equal(una(scene, conn), 1);
	assert_in_range(sent_with(scene, TCP_ACK), 1, CHALLENGE_ACKS_PER_SECOND);
	passes_ms(scene, 1000); /* what was sent is sent again */
	drains(scene, conn);
	scene_free(scene);
}

/* A segment acknowledged byte by byte opens the window by its bytes, not by its ACKs (RFC 3465). */
static void test_split_acks(void **state)
{
	struct scene *whole, *split;
	struct tcp_conn *one = with_sack(&whole), *many = with_sack(&split);

	(void)state;
	sends_bytes(whole, one, 100000, 0);
	sends_bytes(split, many, 100000, 0);
	arrives(whole, (struct segment){.seq = 1, .ack = 1001, .flags = TCP_ACK});
	for (uint32_t acked = 2; acked <= 1001; acked++) {
		arrives(split, (struct segment){.seq = 1, .ack = acked, .flags = TCP_ACK});
		forget_events(split);
	}
	assert_true(many->cwnd_bytes <= one->cwnd_bytes);
	assert_true(nxt(split, many) <= nxt(whole, one));
	drains(whole, one);
	drains(split, many);
	scene_free(whole);
	scene_free(split);
}

/* A thousand duplicates for one lost segment: no more is on its way than before the loss, and a few segments. */
static void test_a_thousand_duplicate_acks(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = with_sack(&scene);
	uint32_t before;

	(void)state;
	sends_bytes(scene, conn, 200000, 0);
	before = nxt(scene, conn);
	forget_sent(scene);
	for (uint32_t i = 0; i < 1000; i++)
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	assert_true(nxt(scene, conn) - before <= before + 3000);
	assert_true(sent_count(scene) <= 20);
	drains(scene, conn);
	scene_free(scene);
}

/* ---- SACK ------------------------------------------------------------------------------------------------ */

/* An ACK of `ack` with one block; the window says something new each time, so that it is no duplicate. */
static void sacks(struct scene *scene, uint32_t ack, uint32_t from, uint32_t to)
{
	arrives(scene, (struct segment){.seq = 1, .ack = ack, .flags = TCP_ACK, .sack = {{from, to}}});
}

/* Blocks beyond SND.NXT, below SND.UNA, reversed, empty, of half the space: each alone is as if it were not there. */
static void test_insane_sack_blocks(void **state)
{
	static const uint32_t blocks[][2] = {
		{100001, 101001},    {0xffff0000U, 0xffff1000U}, {3001, 2001},        {2001, 2001},
		{2001, 0x80002001U}, {0x80000000U, 1},           {2001, 0xfffffff0U},
	};
	struct scene *scene;
	struct tcp_conn *conn = with_sack(&scene);
	uint32_t count;

	(void)state;
	sends_bytes(scene, conn, 10000, 0);
	count = sent_count(scene);
	for (uint32_t i = 0; i < 2 * sizeof(blocks) / sizeof(blocks[0]); i++)
		sacks(scene, 1, blocks[i / 2][0], blocks[i / 2][1]);
	assert_true(sent_count(scene) <=
		    count + 12); /* limited transmit and one retransmission each, if they count as duplicates */
	assert_int_equal(una(scene, conn), 1);
	drains(scene, conn);
	scene_free(scene);
}

/* Good ones beside bad ones count; four blocks, overlapping, with a D-SACK of what was never doubled in front. */
static void test_sack_blocks_that_overlap(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = with_sack(&scene);

	(void)state;
	sends_bytes(scene, conn, 10000, 0);
	for (uint32_t i = 0; i < 50; i++)
		arrives(scene,
			(struct segment){
				.seq = 1,
				.ack = 1,
				.flags = TCP_ACK,
				.sack = {{0xfffff001U, 1}, {2001, 4001}, {3001 - i, 5001}, {2001 + i, 200000 + i}}});
	assert_int_equal(una(scene, conn), 1);
	drains(scene, conn);
	scene_free(scene);
}

/* CVE-2019-11477..11479, CVE-2019-5599: every other byte of a full queue, over and over.  Records do not multiply. */
static void test_sack_of_every_other_byte(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = with_sack(&scene);
	uint32_t records, segments = 0;

	(void)state;
	sends_bytes(scene, conn, 200000, 0);
	records = scene->tcp->inflight.used_count;
	forget_sent(scene);
	for (uint32_t round = 0; round < 4; round++) {
		for (uint32_t at = 3; at + 8 < nxt(scene, conn); at += 8) {
			arrives(scene,
				(struct segment){
					.seq = 1,
					.ack = 1,
					.flags = TCP_ACK,
					.sack = {{at, at + 1}, {at + 2, at + 3}, {at + 4, at + 5}, {at + 6, at + 7}}});
			segments += sent_count(scene);
			forget_sent(scene);
			assert_true(scene->tcp->inflight.used_count <= records + 30);
		}
	}
	assert_true(segments <= 100);
	passes_ms(scene, 1000);
	drains(scene, conn);
	scene_free(scene);
}

/* A peer of the smallest MSS that reports every second segment of a long queue. */
static void test_sack_holes_over_tiny_segments(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.sack = true;
	config.inflight = 200;
	config.initial_window_segments = 10;
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.mss = 1, .sack_ok = true});
	sends_bytes(scene, conn, 20000, 0);
	for (uint32_t round = 0; round < 50; round++) {
		for (uint32_t at = 1 + MSS_FLOOR_BYTES; at < nxt(scene, conn); at += 2 * MSS_FLOOR_BYTES)
			sacks(scene, una(scene, conn), at, at + MSS_FLOOR_BYTES);
		arrives(scene, (struct segment){.seq = 1, .ack = una(scene, conn) + MSS_FLOOR_BYTES, .flags = TCP_ACK});
		assert_true(scene->tcp->inflight.used_count <= 200);
	}
	passes_ms(scene, 1000);
	drains(scene, conn);
	scene_free(scene);
}

/* What was reported is denied again: after the timeout all of it is sent once more (RFC 2018 section 8). */
static void test_sack_reneging(void **state)
{
	struct scene *scene;
	struct tcp_conn *conn = with_sack(&scene);
	uint32_t seen = 0;

	(void)state;
	sends_bytes(scene, conn, 8000, 0);
	for (uint32_t i = 0; i < 4; i++)
		sacks(scene, 1, 1001, 2001 + i * 1000);
	arrives(scene, (struct segment){.seq = 1, .ack = 1001, .flags = TCP_ACK}); /* and here the report is gone */
	forget_sent(scene);
	for (uint32_t round = 0; round < 60 && conn->snd_queued_bytes; round++) {
		uint32_t acked = una(scene, conn);

		for (uint32_t i = scene->sent_first; i < scene->sent_end; i++) {
			const struct bytes *frame = &scene->sent[i].bytes;
			uint32_t seq = be32_value(be32_at(frame->at + l4_of(frame) + 4)) - scene->side.our_iss;
			uint32_t bytes = frame->count - l4_of(frame) - (frame->at[l4_of(frame) + 12] >> 4) * 4U;

			seen |= bytes ? 1U << (seq / 1000) : 0;
			if (seq == acked)
				acked += bytes;
		}
		forget_sent(scene);
		if (acked != una(scene, conn))
			arrives(scene, (struct segment){.seq = 1, .ack = acked, .flags = TCP_ACK});
		else
			passes_ms(scene, 500);
	}
	assert_int_equal(conn->snd_queued_bytes, 0);
	assert_int_equal(seen & 0x1e, 0x1e); /* what was reported, too */
	still_works(scene, conn);
	scene_free(scene);
}

/* Blocks on a connection that never agreed on them say nothing. */
static void test_sack_that_was_not_negotiated(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);
	struct scene *scene = stage.scene;
	uint32_t count;

	(void)state;
	sends_bytes(scene, stage.conn, 5000, 0);
	count = sent_count(scene);
	sacks(scene, 1, 2001, 4001);
	assert_true(sent_count(scene) <= count + 1); /* limited transmit at most */
	drains(scene, stage.conn);
	stage_free(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_optimistic_acks),
		cmocka_unit_test(test_split_acks),
		cmocka_unit_test(test_a_thousand_duplicate_acks),
		cmocka_unit_test(test_insane_sack_blocks),
		cmocka_unit_test(test_sack_blocks_that_overlap),
		cmocka_unit_test(test_sack_of_every_other_byte),
		cmocka_unit_test(test_sack_holes_over_tiny_segments),
		cmocka_unit_test(test_sack_reneging),
		cmocka_unit_test(test_sack_that_was_not_negotiated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
