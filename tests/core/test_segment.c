/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SEGMENT ARRIVES in the synchronized states (RFC 9293 section 3.10.7.4): the sequence check, RST, SYN and the missing ACK, PAWS,
 * challenge ACKs; and that header prediction changes nothing.
 */
#include "lib/core/segment.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define WINDOW 32768 /* of a fresh scene's connection */

static const enum sluice_state synchronized[] = {
	SLUICE_STATE_ESTABLISHED, SLUICE_STATE_FIN_WAIT_1, SLUICE_STATE_FIN_WAIT_2,
	SLUICE_STATE_CLOSE_WAIT,  SLUICE_STATE_CLOSING,    SLUICE_STATE_LAST_ACK,
};

#define SYNCHRONIZED_COUNT (sizeof(synchronized) / sizeof(synchronized[0]))

/* RCV.NXT and SND.NXT as segments of this test count. */
static uint32_t rcv_nxt(const struct scene *scene, const struct tcp_conn *conn)
{
	return conn->rcv_nxt.value - scene->side.iss;
}

static uint32_t snd_nxt(const struct scene *scene, const struct tcp_conn *conn)
{
	return conn->snd_nxt.value - scene->side.our_iss;
}

static uint32_t snd_una(const struct scene *scene, const struct tcp_conn *conn)
{
	return conn->snd_una.value - scene->side.our_iss;
}

/* "<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>" was sent, and nothing else. */
static void expect_ack(struct scene *scene, const struct tcp_conn *conn)
{
	expect(scene, {.seq = snd_nxt(scene, conn), .ack = rcv_nxt(scene, conn), .flags = TCP_ACK});
	expect_nothing(scene);
}

/* Table 6, no text: acceptable from RCV.NXT up to the last byte of the window, in every state. */
static void test_sequence_without_text(void **state)
{
	(void)state;
	for (uint32_t s = 0; s < SYNCHRONIZED_COUNT; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, synchronized[s]);
		int32_t window = 1 + WINDOW - (int32_t)rcv_nxt(scene, conn); /* the edge stays */
		const int32_t offset[] = {-100000, -1, 0, 1, window - 1, window, window + 1, INT32_MAX, INT32_MIN};
		uint32_t acks = 0;

		for (uint32_t i = 0; i < sizeof(offset) / sizeof(offset[0]); i++) {
			bool is_inside = offset[i] >= 0 && offset[i] < window;

			arrives(scene, (struct segment){.seq = rcv_nxt(scene, conn) + (uint32_t)offset[i],
							.ack = snd_una(scene, conn),
							.flags = TCP_ACK,
							.window = 1000 + i}); /* no duplicates */
			if (!is_inside)
				expect_ack(scene, conn);
			expect_nothing(scene);
			acks += !is_inside;
			assert_int_equal(counted(scene, drop_tcp_sequence), acks);
		}
		hears_nothing(scene);
		assert_int_equal(conn->state, synchronized[s]);
		scene_free(scene);
	}
}

/* Table 6, text: its first or its last byte lies in the window.  What is outside is cut off. */
static void test_sequence_with_text(void **state)
{
	static const struct {
		int32_t offset;
		uint32_t bytes, taken_from, taken;
	} row[] = {
		{-5, 5, 0, 0},      {-5, 6, 0, 1}, {-600, 1200, 0, 600}, {0, 1, 0, 1}, {WINDOW - 1, 10, WINDOW - 1, 1},
		{WINDOW, 10, 0, 0},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = established(scene);

		arrives(scene,
			(struct segment){
				.seq = 1 + (uint32_t)row[i].offset, .ack = 1, .flags = TCP_ACK, .bytes = row[i].bytes});
		if (row[i].offset == 0)
			expect_nothing(scene); /* the ACK is delayed */
		else
			expect_ack(scene, conn);
		if (row[i].taken && row[i].taken_from == 0) {
			hears(scene, SLUICE_READABLE);
			assert_int_equal(conn->readable_bytes, row[i].taken);
		}
		hears_nothing(scene);
		assert_int_equal(scene->tcp->packets_held, row[i].taken != 0);
		assert_int_equal(counted(scene, drop_tcp_text_window), row[i].offset == WINDOW - 1);
		scene_free(scene);
	}
}

/* Of what overlaps what was received, the new part is taken; the rest is what it was. */
static void test_overlap_is_trimmed(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "abcdefghijklmnop"});
	arrives(scene, (struct segment){.seq = 9, .ack = 1, .flags = TCP_ACK, .text = "IJKLMNOPqrst"});
	hears(scene, SLUICE_READABLE);
	hears(scene, SLUICE_READABLE);
	reads(scene, conn, "abcdefghijklmnopqrst");
	scene_free(scene);
}

/* MUST-66: with the window shut, ACK, RST and URG are still processed at RCV.NXT; text is not taken. */
CLAIMS(MUST_66)
static void test_window_shut_must_66(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.receive_bytes = 1000;
	scene = scene_new(&config);
	conn = established(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	passes_ms(scene, 100);
	expect(scene, {.seq = 1, .ack = 1001, .flags = TCP_ACK, .window = SHUT});
	forget_events(scene);
	sends(scene, conn, "hello", 0);
	expect(scene, {.seq = 1, .ack = 1001, .flags = TCP_ACK, .text = "hello", .window = SHUT});
	arrives(scene, (struct segment){.seq = 1001, .ack = 6, .flags = TCP_ACK, .text = "x"});
	expect(scene, {.seq = 6, .ack = 1001, .flags = TCP_ACK, .window = SHUT});
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 5);
	assert_int_equal(conn->readable_bytes, 1000);
	assert_int_equal(counted(scene, drop_tcp_text_window), 1);
	arrives(scene, (struct segment){.seq = 1002, .ack = 6, .flags = TCP_ACK});
	expect_ack(scene, conn);
	arrives(scene, (struct segment){.seq = 1001, .flags = TCP_RST});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_RESET);
	scene_free(scene);
}

/* Both sides' window probes were taken, and each now speaks from before its own: the ACK counts, and is answered. */
static void test_ack_between_probes(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
	sends_bytes(scene, conn, 100, 0);
	passes_ms(scene, 1100);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 1});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT, .text = "a"});
	passes_ms(scene, 50);
	expect(scene, {.seq = 1, .ack = 2, .flags = TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK, .window = 5000});
	expect(scene, {.seq = 2, .ack = 2, .flags = TCP_ACK, .bytes = 99});
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 101, .flags = TCP_ACK, .window = 5000}); /* it is over */
	assert_int_equal(counted(scene, drop_tcp_sequence), 1);
	assert_int_equal(conn->snd_queued_bytes, 99);
	scene_free(scene);
}

/*
 * RFC 7323 section 2.4: what was inside the window of any ACK is taken.  The edge of an ACK slips back by less than a unit of its
 * scale when the room ends inside one; what the peer sent by the ACK before is on its way already.
 */
CLAIMS(RFC7323_2_4)
static void test_what_was_offered_once_is_taken_rfc7323_2_4(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;
	struct seq offered;

	(void)state;
	config.receive_bytes = config.receive_max_bytes = 1000;
	config.window_shift = 8;
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.scale = SCALE(0)});
	for (uint32_t got = 0; got < 500; got += 100) {
		offered = tcp_conn_rcv_told(conn);
		arrives(scene, (struct segment){.seq = 1 + got, .ack = 1, .flags = TCP_ACK, .bytes = 100});
		passes_ms(scene, 100);
		expect(scene, {.seq = 1, .ack = 101 + got, .flags = TCP_ACK});
	}
	assert_true(seq_before(tcp_conn_rcv_told(conn), offered)); /* it slipped */
	arrives(scene, (struct segment){
			       .seq = 501, .ack = 1, .flags = TCP_ACK, .bytes = seq_distance(offered, conn->rcv_nxt)});
	passes_ms(scene, 100);
	assert_int_equal(conn->rcv_nxt.value, offered.value);
	expect_ack(scene, conn);
	assert_int_equal(counted(scene, drop_tcp_text_window), 0);
	arrives(scene, (struct segment){.seq = rcv_nxt(scene, conn), .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	assert_int_equal(counted(scene, drop_tcp_text_window), 1);
	assert_int_equal(conn->rcv_nxt.value, offered.value); /* and nothing beyond it */
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

/* RFC 5961 section 3.2 in every state: exact resets, in the window is challenged, outside is dropped. */
CLAIMS(RFC5961_3_2)
static void test_rst(void **state)
{
	(void)state;
	for (uint32_t s = 0; s < SYNCHRONIZED_COUNT; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, synchronized[s]);
		uint32_t next = rcv_nxt(scene, conn), edge = 1 + WINDOW;

		arrives(scene, (struct segment){.seq = next - 1, .flags = TCP_RST});
		arrives(scene, (struct segment){.seq = edge, .flags = TCP_RST});
		expect_nothing(scene);
		arrives(scene, (struct segment){.seq = next + 1, .flags = TCP_RST});
		expect_ack(scene, conn);
		arrives(scene, (struct segment){.seq = edge - 1, .ack = 1, .flags = TCP_RST | TCP_ACK});
		expect_ack(scene, conn);
		hears_nothing(scene);
		assert_int_equal(counted(scene, drop_tcp_rst), 2);
		assert_int_equal(conn->state, synchronized[s]);
		arrives(scene, (struct segment){.seq = next, .flags = TCP_RST});
		expect_nothing(scene);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_RESET);
		assert_int_equal(counted(scene, connections_reset), 1);
		assert_int_equal(scene->tcp->conns.used_count, 0);
		scene_free(scene);
	}
}

/* RFC 5961 section 4.2 in every state: whatever its sequence, challenged. */
CLAIMS(RFC5961_4_2)
static void test_syn(void **state)
{
	static const int32_t offset[] = {-1, 0, 5, WINDOW + 5};

	(void)state;
	for (uint32_t s = 0; s < SYNCHRONIZED_COUNT; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, synchronized[s]);

		for (uint32_t i = 0; i < sizeof(offset) / sizeof(offset[0]); i++) {
			arrives(scene,
				(struct segment){.seq = rcv_nxt(scene, conn) + (uint32_t)offset[i], .flags = TCP_SYN});
			expect_ack(scene, conn);
		}
		hears_nothing(scene);
		assert_int_equal(conn->state, synchronized[s]);
		scene_free(scene);
	}
}

/* Fifth step: "if the ACK bit is off, drop the segment". */
static void test_no_ack(void **state)
{
	(void)state;
	for (uint32_t s = 0; s < SYNCHRONIZED_COUNT; s++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = in_state(scene, synchronized[s]);

		arrives(scene, (struct segment){.seq = rcv_nxt(scene, conn), .text = "text"});
		arrives(scene, (struct segment){.seq = rcv_nxt(scene, conn), .flags = TCP_FIN});
		expect_nothing(scene);
		hears_nothing(scene);
		assert_int_equal(counted(scene, drop_tcp_no_ack), 2);
		assert_int_equal(conn->state, synchronized[s]);
		scene_free(scene);
	}
}

/* At most CHALLENGE_ACKS_PER_SECOND each second, for each connection. */
CLAIMS(RFC5961_7)
static void test_challenges_are_limited(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	for (uint32_t second = 0; second < 3; second++) {
		for (uint32_t i = 0; i < 15; i++)
			arrives(scene, (struct segment){.seq = 2, .flags = TCP_RST});
		assert_int_equal(sent_count(scene), CHALLENGE_ACKS_PER_SECOND);
		forget_sent(scene);
		passes_ms(scene, 1000);
	}
	assert_int_equal(counted(scene, challenge_acks), 3 * CHALLENGE_ACKS_PER_SECOND);
	assert_int_equal(counted(scene, challenge_acks_limited), 3 * (15 - CHALLENGE_ACKS_PER_SECOND));
	scene_free(scene);
}

/* Several in one turn need one ACK. */
static void test_one_challenge_a_turn(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		put(scene, (struct segment){.seq = 7 + i, .flags = TCP_RST});
	turn(scene);
	expect_ack(scene, conn);
	scene_free(scene);
}

static struct scene *scene_stamped(struct tcp_conn **conn, uint32_t tsval)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	config.timestamps = true;
	scene = scene_new(&config);
	*conn = established_by(scene, (struct segment){.mss = 1000, .stamped = true, .tsval = tsval});
	return scene;
}

static struct segment stamped(uint32_t seq, uint32_t tsval, const char *text)
{
	return (struct segment){.seq = seq, .ack = 1, .flags = TCP_ACK, .text = text, .stamped = true, .tsval = tsval};
}

/* RFC 7323 section 5.3 R1: an older timestamp is answered with an ACK and dropped, across the clock's wrap too. */
CLAIMS(RFC7323_5_3)
static void test_paws_rfc7323_5_3(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_stamped(&conn, 0xfffffffe);

	(void)state;
	arrives(scene, stamped(1, 3, "new"));
	passes_ms(scene, 100);
	expect(scene, {.seq = 1, .ack = 4, .flags = TCP_ACK, .stamped = true, .tsecr = 3});
	hears(scene, SLUICE_READABLE);
	arrives(scene, stamped(4, 0xffffffff, "old"));
	expect(scene, {.seq = 1, .ack = 4, .flags = TCP_ACK, .stamped = true, .tsecr = 3});
	arrives(scene, stamped(4, 2, "old"));
	expect(scene, {.seq = 1, .ack = 4, .flags = TCP_ACK, .stamped = true, .tsecr = 3});
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_paws), 2);
	arrives(scene, stamped(4, 3, "same"));
	hears(scene, SLUICE_READABLE);
	reads(scene, conn, "newsame");
	scene_free(scene);
}

/* Section 5.5: after 24 days of silence the timestamp of before says nothing. */
CLAIMS(RFC7323_5_5)
static void test_paws_outdated_rfc7323_5_5(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_stamped(&conn, 0x10000);

	(void)state;
	passes_ms(scene, 23U * 86400 * 1000);
	arrives(scene, stamped(1, 1, "old"));
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsecr = 0x10000});
	hears_nothing(scene);
	passes_ms(scene, 2U * 86400 * 1000);
	arrives(scene, stamped(1, 1, "new"));
	hears(scene, SLUICE_READABLE);
	reads(scene, conn, "new");
	passes_ms(scene, 200);
	expect(scene, {.seq = 1, .ack = 4, .flags = TCP_ACK, .stamped = true, .tsecr = 1});
	scene_free(scene);
}

/* Section 3.2: once agreed, a segment without timestamps is dropped, silently; RST is not subject to it. */
CLAIMS(RFC7323_3_2)
static void test_timestamp_missing_rfc7323_3_2(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_stamped(&conn, 5);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "text"});
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_paws), 1);
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_RST, .stamped = true, .tsval = 1});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_RESET);
	scene_free(scene);
}

/* Section 4.3: TS.Recent is that of the segment which the next ACK answers first, not of one out of order. */
CLAIMS(RFC7323_4_3)
static void test_ts_recent_rfc7323_4_3(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_stamped(&conn, 5);

	(void)state;
	put(scene, stamped(1, 10, "ab"));
	put(scene, stamped(3, 20, "cd"));
	turn(scene);
	expect(scene, {.seq = 1, .ack = 5, .flags = TCP_ACK, .stamped = true, .tsecr = 10});
	arrives(scene, stamped(7, 30, "gh"));
	expect(scene, {.seq = 1, .ack = 5, .flags = TCP_ACK, .stamped = true, .tsecr = 10});
	arrives(scene, stamped(5, 25, "ef"));
	expect(scene, {.seq = 1, .ack = 9, .flags = TCP_ACK, .stamped = true, .tsecr = 25});
	scene_free(scene);
}

/* A segment outside the window says nothing of time. */
static void test_ts_recent_of_nothing_unacceptable(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_stamped(&conn, 5);

	(void)state;
	arrives(scene, stamped(0x80000000, 0x70000000, NULL));
	forget_sent(scene);
	assert_int_equal(conn->ts_recent, 5);
	arrives(scene, stamped(1, 6, "text"));
	hears(scene, SLUICE_READABLE);
	scene_free(scene);
}

/* ---- Header prediction ---------------------------------------------------------------------------------- */

/* The same, past the fast path. */
static void put_slowly(struct scene *scene, struct tcp_conn *conn, struct segment segment)
{
	struct bytes bytes = segment_frame(&scene->side, &segment);
	struct rte_mbuf *packet = packet_new();
	struct frame frame;

	memcpy(packet_bytes(packet), bytes.at, bytes.count);
	packet->data_len = (uint16_t)bytes.count;
	packet->pkt_len = bytes.count;
	scene->packets++;
	frame_parse(packet, &scene->tcp->rules, &frame);
	frame.packet = packet;
	assert_int_equal(frame.kind, FRAME_TCP);
	if (!segment_arrives_slowly(scene->tcp, conn, &frame))
		stash_give(&scene->tcp->stash, packet);
}

static void assert_same_output(struct scene *a, struct scene *b)
{
	assert_int_equal(sent_count(a), sent_count(b));
	for (uint32_t i = 0; i < a->sent_end; i++) {
		assert_int_equal(a->sent[i].bytes.count, b->sent[i].bytes.count);
		assert_memory_equal(a->sent[i].bytes.at, b->sent[i].bytes.at, a->sent[i].bytes.count);
	}
	assert_int_equal(a->event_end, b->event_end);
	for (uint32_t i = 0; i < a->event_end; i++) {
		assert_int_equal(a->event[i].mask, b->event[i].mask);
		assert_int_equal(a->event[i].readable_bytes, b->event[i].readable_bytes);
		assert_int_equal(a->event[i].acked_bytes, b->event[i].acked_bytes);
	}
	forget_sent(a);
	forget_sent(b);
	forget_events(a);
	forget_events(b);
}

/* Line by line of the record, but for pointers and places in lists. */
static void assert_same_conn(const struct tcp_conn *a, const struct tcp_conn *b)
{
	assert_memory_equal(a, b, offsetof(struct tcp_conn, context));
	assert_int_equal(a->snd_queued_bytes, b->snd_queued_bytes);
	assert_int_equal(a->readable_bytes, b->readable_bytes);
	assert_int_equal(a->acked_bytes, b->acked_bytes);
	assert_memory_equal(&a->timer_deadline, &b->timer_deadline,
			    sizeof(*a) - offsetof(struct tcp_conn, timer_deadline));
}

struct twins {
	struct scene *fast, *slow;
	struct tcp_conn *fast_conn, *slow_conn;
};

static void twins_take(struct twins *twins, struct segment segment)
{
	put(twins->fast, segment);
	put_slowly(twins->slow, twins->slow_conn, segment);
}

static void twins_do(struct twins *twins, struct random *random, uint32_t *next, uint32_t *clock)
{
	uint32_t in_flight = twins->fast_conn->snd_nxt.value - twins->fast_conn->snd_una.value;
	uint32_t una = twins->fast_conn->snd_una.value - OUR_ISS;
	struct segment segment = {
		.seq = *next, .ack = una + random_below(random, in_flight + 1), .flags = TCP_ACK, .stamped = true};
	uint32_t bytes = random_below(random, 1000);

	*clock += random_below(random, 3);
	segment.tsval = *clock;
	if (random_below(random, 2))
		segment.bytes = bytes;
	segment.window = 20000 + 1000 * random_below(random, 20);
	if (twins->fast_conn->readable_bytes + segment.bytes >= 30000)
		return;
	twins_take(twins, segment);
	*next += segment.bytes;
}

/* Text and ACKs in order, in any mixture: records, segments sent and events are the same either way. */
static void test_prediction_changes_nothing(void **state)
{
	struct twins twins;
	struct random random = {11};
	uint32_t next = 1, clock = 5;

	(void)state;
	twins.fast = scene_stamped(&twins.fast_conn, 5);
	twins.slow = scene_stamped(&twins.slow_conn, 5);
	for (uint32_t i = 0; i < 3000; i++) {
		uint64_t us = random_below(&random, 30000);

		twins_do(&twins, &random, &next, &clock);
		turn(twins.fast);
		turn(twins.slow);
		if (random_below(&random, 3) == 0) {
			uint32_t bytes = random_below(&random, 2500);

			sends_bytes(twins.fast, twins.fast_conn, bytes, 0);
			sends_bytes(twins.slow, twins.slow_conn, bytes, 0);
		}
		user_consume(twins.fast->tcp, twins.fast_conn, 3000);
		user_consume(twins.slow->tcp, twins.slow_conn, 3000);
		passes_us(twins.fast, us);
		passes_us(twins.slow, us);
		assert_same_output(twins.fast, twins.slow);
		assert_same_conn(twins.fast_conn, twins.slow_conn);
	}
	assert_true(counted(twins.fast, segments_fast) > 1000);
	assert_int_equal(counted(twins.slow, segments_fast), 0);
	scene_free(twins.fast);
	scene_free(twins.slow);
}

/* MUST-5: timestamps count wherever they are; what belongs on a SYN may come again, in vain. */
CLAIMS(MUST_5)
static void test_options_in_any_segment(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.timestamps = true;
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.mss = 1000, .stamped = true, .tsval = 5});
	arrives(scene, (struct segment){.seq = 1,
					.ack = 1,
					.flags = TCP_FIN | TCP_ACK,
					.window = 300,
					.text = "x",
					.mss = 100,
					.scale = SCALE(7),
					.sack_ok = true,
					.stamped = true,
					.tsval = 6});
	expect(scene, {.seq = 1, .ack = 3, .flags = TCP_ACK, .stamped = true, .tsecr = 6});
	assert_int_equal(conn->snd_wnd_bytes, 300);
	assert_int_equal(conn->mss_bytes, 988);
	hears(scene, SLUICE_READABLE | SLUICE_PEER_CLOSED);
	scene_free(scene);
}

/* SHLD-2: the text says why, to a reader of the wire; it is not the stream's. */
CLAIMS(SHLD_2)
static void test_rst_with_text(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	established(scene);
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_RST, .text = "go away"});
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_RESET);
	expect_nothing(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence_without_text),
		cmocka_unit_test(test_sequence_with_text),
		cmocka_unit_test(test_overlap_is_trimmed),
		cmocka_unit_test(test_window_shut_must_66),
		cmocka_unit_test(test_ack_between_probes),
		cmocka_unit_test(test_what_was_offered_once_is_taken_rfc7323_2_4),
		cmocka_unit_test(test_rst),
		cmocka_unit_test(test_syn),
		cmocka_unit_test(test_no_ack),
		cmocka_unit_test(test_challenges_are_limited),
		cmocka_unit_test(test_one_challenge_a_turn),
		cmocka_unit_test(test_paws_rfc7323_5_3),
		cmocka_unit_test(test_paws_outdated_rfc7323_5_5),
		cmocka_unit_test(test_timestamp_missing_rfc7323_3_2),
		cmocka_unit_test(test_ts_recent_rfc7323_4_3),
		cmocka_unit_test(test_ts_recent_of_nothing_unacceptable),
		cmocka_unit_test(test_prediction_changes_nothing),
		cmocka_unit_test(test_options_in_any_segment),
		cmocka_unit_test(test_rst_with_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
