/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The observer against hand-made segments: each test is a right exchange with one thing wrong, and names the rule that
 * must say so.  Nothing of the stack is linked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/observer.h"
#include "tests/sim/violation.h"

#define ISS_A 0xfffffff0U /* wraps at once */
#define ISS_B 5000U

static struct observer observer;
static struct talk *talk;
static jmp_buf caught;
static const char *caught_rule;

static void catch_it(const char *rule, const char *text)
{
	(void)text;
	caught_rule = rule;
	longjmp(caught, 1);
}

static const uint8_t stream[4000] = "all of what host A has to say";

/* A segment between the two, with what every segment has. */
static struct dissect segment(int from, struct dissect seg)
{
	seg.kind = DISSECT_TCP;
	seg.source = talk->side[from].address;
	seg.destination = talk->side[1 - from].address;
	seg.hop_limit = 64;
	seg.options_sane = true;
	seg.ip_bytes = 40 + seg.text_bytes + seg.option_bytes;
	return seg;
}

static struct side *sent(int from, struct dissect seg)
{
	seg = segment(from, seg);
	return observer_sent(&observer, (uint8_t)from, &seg);
}

/* Sent, and received by the other side. */
static void passes(int from, struct dissect seg)
{
	struct side *side = sent(from, seg);

	seg = segment(from, seg);
	observer_delivered(&observer, (uint8_t)(1 - from), &seg, side, false);
}

#define NOTHING "nothing"

/* Runs `statement` and expects that it violates `rule`. */
#define EXPECT(rule, statement)                         \
	do {                                            \
		caught_rule = NOTHING;                  \
		if (!setjmp(caught))                    \
			statement;                      \
		assert_string_equal(caught_rule, rule); \
	} while (0)

static int setup(void **state)
{
	struct address a = {.ip = {[10] = 0xff, 0xff, 198, 18, 0, 1}, .port = 1000};
	struct address b = {.ip = {[10] = 0xff, 0xff, 198, 18, 0, 2}, .port = 80};

	(void)state;
	memset(&observer, 0, sizeof(observer));
	for (uint32_t i = 0; i < 2; i++) {
		observer.host[i].mtu_bytes = 1500;
		memcpy(observer.host[i].ip[0], i ? b.ip : a.ip, 16);
	}
	talk = talk_begin(&observer.talks, &a, 0, &b, 1);
	talk->side[0].is_active = talk->side[0].has_conn = talk->side[1].has_conn = true;
	violation_catch = catch_it;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	talks_free(&observer.talks);
	return 0;
}

/* Handshake: A offers scale 2 and 60,000; B scale 1 and 1,000 (unscaled). */
static void open_it(void)
{
	passes(0, (struct dissect){.seq = ISS_A,
				   .flags = SEG_SYN,
				   .window = 60000,
				   .has_mss = true,
				   .mss = 1460,
				   .has_shift = true,
				   .shift = 2,
				   .has_sack_permitted = true});
	passes(1, (struct dissect){.seq = ISS_B,
				   .ack = ISS_A + 1,
				   .flags = SEG_SYN | SEG_ACK,
				   .window = 1000,
				   .has_mss = true,
				   .mss = 1000,
				   .has_shift = true,
				   .shift = 1,
				   .has_sack_permitted = true});
	passes(0, (struct dissect){.seq = ISS_A + 1, .ack = ISS_B + 1, .flags = SEG_ACK, .window = 15000});
	talk->side[0].opened = talk->side[1].opened = true;
	side_take_bytes(&talk->side[0], stream, sizeof(stream));
}

static struct dissect text(uint32_t offset, uint32_t bytes)
{
	return (struct dissect){.seq = ISS_A + 1 + offset,
				.ack = ISS_B + 1,
				.flags = SEG_ACK,
				.window = 15000,
				.text = stream + offset,
				.text_bytes = bytes};
}

static void a_right_exchange_passes(void **state)
{
	struct dissect fin = {.seq = ISS_A + 4001, .ack = ISS_B + 1, .flags = SEG_ACK | SEG_FIN, .window = 15000};

	(void)state;
	EXPECT(NOTHING, open_it());
	EXPECT(NOTHING, passes(0, text(0, 600)));
	EXPECT(NOTHING, passes(0, text(600, 400)));
	EXPECT(NOTHING,
	       passes(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 1001, .flags = SEG_ACK, .window = 2000}));
	EXPECT(NOTHING, passes(0, text(1000, 1000)));
	EXPECT(NOTHING, sent(0, text(500, 700))); /* again, cut otherwise */
	EXPECT(NOTHING, passes(0, text(2000, 1000)));
	EXPECT(NOTHING, passes(0, text(3000, 1000)));
	talk->side[0].fin_asked = true;
	EXPECT(NOTHING, passes(0, fin));
	EXPECT(NOTHING,
	       passes(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 4002, .flags = SEG_ACK, .window = 2000}));
	EXPECT(NOTHING, sent(0, fin));
	assert_int_equal(ranges_contiguous(&talk->side[1].got), 4002);
}

static void beyond_the_window(void **state)
{
	(void)state;
	open_it();
	EXPECT(NOTHING, sent(0, text(0, 1000)));
	EXPECT("window", sent(0, text(1000, 2)));
}

static void a_probe_of_one_byte_is_allowed(void **state)
{
	(void)state;
	open_it();
	EXPECT(NOTHING, sent(0, text(0, 1000)));
	EXPECT(NOTHING, sent(0, text(1000, 1)));
}

static void a_window_not_yet_heard_does_not_count(void **state)
{
	(void)state;
	open_it();
	passes(0, text(0, 1000));
	sent(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 1001, .flags = SEG_ACK, .window = 2000});
	EXPECT("window", sent(0, text(1000, 100)));
}

static void text_that_changes(void **state)
{
	struct dissect seg;

	(void)state;
	open_it();
	sent(0, text(0, 500));
	seg = text(0, 500);
	seg.text = stream + 1;
	EXPECT("text", sent(0, seg));
}

static void text_nobody_gave(void **state)
{
	(void)state;
	open_it();
	talk->side[0].taken_bytes = 100;
	EXPECT("text", sent(0, text(0, 101)));
}

static void a_gap(void **state)
{
	(void)state;
	open_it();
	EXPECT("gap", sent(0, text(1, 100)));
}

static void acknowledgment_of_what_is_missing(void **state)
{
	(void)state;
	open_it();
	passes(0, text(0, 100));
	sent(0, text(100, 100)); /* lost */
	passes(0, text(200, 100));
	EXPECT("ack",
	       sent(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 102, .flags = SEG_ACK, .window = 1000}));
}

static void acknowledgment_that_goes_back(void **state)
{
	(void)state;
	open_it();
	passes(0, text(0, 100));
	sent(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 101, .flags = SEG_ACK, .window = 1000});
	EXPECT("ack",
	       sent(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 100, .flags = SEG_ACK, .window = 2000}));
}

static void right_edge_that_goes_back(void **state)
{
	(void)state;
	open_it();
	sent(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 1, .flags = SEG_ACK, .window = 1000});
	EXPECT(NOTHING,
	       sent(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 1, .flags = SEG_ACK, .window = 1000}));
	EXPECT("edge", sent(1, (struct dissect){.seq = ISS_B + 1, .ack = ISS_A + 1, .flags = SEG_ACK, .window = 999}));
}

static void sack_of_what_is_missing(void **state)
{
	struct dissect ack = {.seq = ISS_B + 1, .ack = ISS_A + 1, .flags = SEG_ACK, .window = 1000, .sack_count = 1};

	(void)state;
	open_it();
	sent(0, text(0, 100)); /* lost */
	passes(0, text(100, 100));
	ack.sack[0].start = ISS_A + 101;
	ack.sack[0].end = ISS_A + 201;
	EXPECT(NOTHING, sent(1, ack));
	ack.sack[0].end++;
	EXPECT("sack", sent(1, ack));
}

static void fin_nobody_asked_for(void **state)
{
	(void)state;
	open_it();
	talk->side[0].taken_bytes = 0;
	EXPECT("fin",
	       sent(0, (struct dissect){.seq = ISS_A + 1, .ack = ISS_B + 1, .flags = SEG_FIN | SEG_ACK, .window = 9}));
}

/* SHLD-3: what was not read is told by RST.  A FIN that had gone before may go again. */
static void fin_after_a_close_with_bytes_unread(void **state)
{
	struct dissect fin = {.seq = ISS_A + 1, .ack = ISS_B + 1, .flags = SEG_FIN | SEG_ACK, .window = 15000};

	(void)state;
	open_it();
	talk->side[0].taken_bytes = 0;
	talk->side[0].fin_asked = talk->side[0].close_asked = talk->side[0].freed_unread = true;
	EXPECT("fin", sent(0, fin));
	talk->side[0].freed_unread = false;
	EXPECT(NOTHING, sent(0, fin));
	talk->side[0].freed_unread = true;
	EXPECT(NOTHING, sent(0, fin));
}

static void text_after_fin(void **state)
{
	struct dissect seg = text(100, 0);

	(void)state;
	open_it();
	talk->side[0].taken_bytes = 100;
	talk->side[0].fin_asked = true;
	sent(0, text(0, 100));
	seg.flags |= SEG_FIN;
	sent(0, seg);
	talk->side[0].taken_bytes = 200;
	EXPECT("fin", sent(0, text(100, 50)));
}

static void reset_out_of_the_blue(void **state)
{
	(void)state;
	open_it();
	EXPECT("reset", sent(0, (struct dissect){.seq = 123456, .flags = SEG_RST}));
	EXPECT(NOTHING, sent(0, (struct dissect){.seq = ISS_A + 1, .flags = SEG_RST}));
	EXPECT("reset", observer_check_side(&observer, &talk->side[0], 0));
	talk->side[0].closed = true;
	EXPECT("reset", sent(0, text(0, 10)));
}

static void reset_that_answers(void **state)
{
	struct dissect stray = segment(1, (struct dissect){.seq = 77, .ack = 4711, .flags = SEG_ACK});

	(void)state;
	observer_delivered(&observer, 0, &stray, NULL, false);
	EXPECT(NOTHING, sent(0, (struct dissect){.seq = 4711, .flags = SEG_RST}));
}

static void second_initial_number(void **state)
{
	struct dissect again = {.seq = ISS_B + 9, .ack = ISS_A + 1, .flags = SEG_SYN | SEG_ACK, .window = 1000};

	(void)state;
	open_it();
	EXPECT("iss", sent(1, again));
}

static void too_large_for_the_peer(void **state)
{
	(void)state;
	open_it();
	talk->side[0].heard_edge += 5000;
	EXPECT(NOTHING, sent(0, text(0, 1000)));
	EXPECT("mss", sent(0, text(1000, 1001)));
}

static void timestamps_nobody_agreed_on(void **state)
{
	struct dissect seg = text(0, 10);

	(void)state;
	open_it();
	seg.has_timestamps = true;
	EXPECT("timestamps", sent(0, seg));
}

/* What is older than what was echoed is dropped by PAWS: it owes nothing, though it fills the gap. */
static void old_timestamps_owe_no_ack(void **state)
{
	struct dissect seg = text(0, 10);

	(void)state;
	open_it();
	talk->side[1].has_tsval = true;
	talk->side[1].tsecr = 100;
	observer.now_ns = 1000;
	talk->side[0].sent_end = 100;
	seg.has_timestamps = true;
	seg.tsval = 99;
	observer_delivered(&observer, 1, &seg, &talk->side[0], false);
	assert_int_equal(talk->side[1].owes_ack_ns, 0);
	seg = text(10, 10);
	seg.has_timestamps = true;
	seg.tsval = 100;
	observer_delivered(&observer, 1, &seg, &talk->side[0], false);
	assert_int_equal(talk->side[1].owes_ack_ns, 1000);
}

static void acknowledgment_that_never_comes(void **state)
{
	(void)state;
	open_it();
	observer.now_ns = 1000;
	passes(0, text(0, 10));
	observer.now_ns += 500000000;
	EXPECT(NOTHING, observer_check_side(&observer, &talk->side[1], 500000000));
	observer.now_ns += 1;
	EXPECT("late ack", observer_check_side(&observer, &talk->side[1], 500000000));
}

static void flags_that_make_no_sense(void **state)
{
	struct dissect seg = text(0, 10);

	(void)state;
	open_it();
	seg.flags = SEG_PSH;
	EXPECT("flags", sent(0, seg));
	seg.flags = SEG_ACK | SEG_URG;
	EXPECT("flags", sent(0, seg));
	seg.flags = SEG_ACK;
	seg.reserved = 1;
	EXPECT("flags", sent(0, seg));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_right_exchange_passes),
		TEST(beyond_the_window),
		TEST(a_probe_of_one_byte_is_allowed),
		TEST(a_window_not_yet_heard_does_not_count),
		TEST(text_that_changes),
		TEST(text_nobody_gave),
		TEST(a_gap),
		TEST(acknowledgment_of_what_is_missing),
		TEST(acknowledgment_that_goes_back),
		TEST(right_edge_that_goes_back),
		TEST(sack_of_what_is_missing),
		TEST(fin_nobody_asked_for),
		TEST(fin_after_a_close_with_bytes_unread),
		TEST(text_after_fin),
		TEST(reset_out_of_the_blue),
		TEST(reset_that_answers),
		TEST(second_initial_number),
		TEST(too_large_for_the_peer),
		TEST(timestamps_nobody_agreed_on),
		TEST(old_timestamps_owe_no_ack),
		TEST(acknowledgment_that_never_comes),
		TEST(flags_that_make_no_sense),
	};

	return cmocka_run_group_tests_name("sim/observer", tests, NULL, NULL);
}
