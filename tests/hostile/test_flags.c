/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flags that nobody sends in earnest: Christmas trees, nulls, reserved bits; URG with any pointer; RST in answer to RST; text and
 * FIN on a SYN.  Which answer RFC 9293 owes to each is tests/matrix's matter: here it is what no flag may do.
 */
#include "tests/hostile/place.h"

#define TEXT_BYTES 5

/* One segment in a fresh instance, with the reserved bits beside the data offset. */
static struct trace answer_to(enum place place, struct segment segment, uint8_t reserved)
{
	struct stage stage = stage_at(place, NULL);
	struct bytes frame;
	struct trace trace;

	segment.seq = stage.rcv_nxt;
	segment.ack = stage.snd_nxt;
	frame = segment_frame(&stage.scene->side, &segment);
	frame.at[l4_of(&frame) + 12] |= reserved;
	mend(&frame);
	frame_arrives(stage.scene, &frame);
	trace = stage_trace(&stage);
	stage_free(&stage);
	return trace;
}

static struct segment with_flags(uint32_t flags)
{
	return (struct segment){.flags = (uint8_t)flags, .bytes = TEXT_BYTES, .window = 1000, .mss = 1000};
}

/* All 512: a reserved bit and PSH change nothing, nor does URG, whose text is ordinary text. */
static void test_all_512_flags_in_every_state(void **state)
{
	const uint8_t same = TCP_PSH | TCP_URG;
	static struct trace expected[256]; /* by flags, of those that change something */

	(void)state;
	for (uint32_t place = 0; place < PLACE_COUNT; place++) {
		for (uint32_t flags = 0; flags < 512; flags++) {
			struct trace trace =
				answer_to((enum place)place, with_flags(flags & 0xff), (uint8_t)(flags >> 8));

			if (!(flags & (same | 256U)))
				expected[flags] = trace; /* lower flags come first */
			assert_string_equal(trace.words, expected[flags & 0xff & ~(uint32_t)same].words);
		}
	}
}

/* The other three bits beside the data offset. */
static void test_reserved_bits_in_every_state(void **state)
{
	static const uint8_t flags[] = {TCP_SYN, TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, TCP_SYN | TCP_ACK};

	(void)state;
	for (uint32_t place = 0; place < PLACE_COUNT; place++) {
		for (uint32_t i = 0; i < sizeof(flags); i++) {
			struct trace expected = answer_to((enum place)place, with_flags(flags[i]), 0);

			for (uint8_t reserved = 1; reserved < 16; reserved++) {
				struct trace trace = answer_to((enum place)place, with_flags(flags[i]), reserved);

				assert_string_equal(trace.words, expected.words);
			}
		}
	}
}

/* SYN with FIN or RST opens nothing; with a connection, neither of them closes it. */
static void test_syn_with_fin_or_rst(void **state)
{
	static const uint8_t flags[] = {TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST, TCP_SYN | TCP_FIN | TCP_RST, 0xff};

	(void)state;
	for (uint32_t i = 0; i < sizeof(flags); i++) {
		struct stage listening = stage_at(PLACE_LISTEN, NULL), open = stage_at(PLACE_ESTABLISHED, NULL);

		arrives(listening.scene, with_flags(flags[i]));
		assert_int_equal(half_open_count(&listening.scene->tcp->half_open), 0);
		expect_nothing(listening.scene);
		arrives(open.scene,
			(struct segment){
				.seq = 100, .ack = 1, .flags = flags[i], .bytes = TEXT_BYTES}); /* in the window */
		assert_true(sent_count(open.scene) <= 1);
		still_works(open.scene, open.conn);
		stage_free(&listening);
		stage_free(&open);
	}
}

/* A segment without ACK is dropped in every synchronized state (3.10.7.4, fifth step), whatever else it carries. */
static void test_no_ack_in_synchronized_states(void **state)
{
	static const uint8_t flags[] = {0, TCP_FIN, TCP_PSH, TCP_URG, TCP_FIN | TCP_PSH | TCP_URG, TCP_ECE | TCP_CWR};

	(void)state;
	for (uint32_t place = PLACE_ESTABLISHED; place <= PLACE_LAST_ACK; place++) {
		for (uint32_t i = 0; i < sizeof(flags); i++) {
			struct stage stage = stage_at((enum place)place, NULL);
			uint8_t before = stage.conn->state;

			arrives(stage.scene, (struct segment){.seq = stage.rcv_nxt, .flags = flags[i], .window = 1});
			assert_int_equal(counted(stage.scene, drop_tcp_no_ack), 1);
			assert_int_equal(stage.conn->state, before);
			expect_nothing(stage.scene);
			hears_nothing(stage.scene);
			stage_free(&stage);
		}
	}
}

/* CVE-2020-17437, URGENT/11: pointers before, inside, at the end of, and far behind the segment, in every state. */
static void test_urgent_pointer_in_every_state(void **state)
{
	static const uint16_t pointers[] = {0,    1,      TEXT_BYTES - 1, TEXT_BYTES, TEXT_BYTES + 1,
					    1000, 0x7fff, 0x8000,         0xffff};

	(void)state;
	for (uint32_t place = 0; place < PLACE_COUNT; place++) {
		struct trace expected = answer_to((enum place)place, with_flags(TCP_ACK), 0);

		for (uint32_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
			struct stage stage = stage_at((enum place)place, NULL);
			struct segment segment = with_flags(TCP_ACK | TCP_URG);
			struct bytes frame;
			struct trace trace;

			segment.seq = stage.rcv_nxt;
			segment.ack = stage.snd_nxt;
			frame = segment_frame(&stage.scene->side, &segment);
			set_16(&frame, l4_of(&frame) + 18, pointers[i]);
			mend(&frame);
			frame_arrives(stage.scene, &frame);
			trace = stage_trace(&stage);
			assert_string_equal(trace.words, expected.words);
			stage_free(&stage);
		}
	}
}

/* A pointer that changes with every segment, and segments with URG and no text. */
static void test_urgent_text_is_in_line(void **state)
{
	struct stage stage = stage_at(PLACE_ESTABLISHED, NULL);

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		struct segment segment = {
			.seq = 1 + i, .ack = 1, .flags = TCP_ACK | TCP_URG, .text = i & 1 ? "b" : "a"};
		struct segment empty = {.seq = 2 + i, .ack = 1, .flags = TCP_ACK | TCP_URG, .window = 30000 + i};
		struct bytes frame = segment_frame(&stage.scene->side, &segment);

		set_16(&frame, l4_of(&frame) + 18, i * 9001);
		mend(&frame);
		frame_arrives(stage.scene, &frame);
		arrives(stage.scene, empty);
	}
	reads(stage.scene, stage.conn, "abababab");
	still_works(stage.scene, stage.conn);
	stage_free(&stage);
}

/* RST to a port nobody listens at, and to every state: nothing comes back that could be answered in turn. */
static void test_rst_is_never_answered_by_rst(void **state)
{
	static const uint32_t offset[] = {0, 1, 100, 40000, 0x80000000U};

	(void)state;
	for (uint32_t place = 0; place < PLACE_COUNT; place++) {
		for (uint32_t i = 0; i < 16 * 5; i++) {
			uint8_t flags =
				(uint8_t)(TCP_RST | (i & 1 ? TCP_FIN : 0) | (i & 2 ? TCP_SYN : 0) |
					  (i & 4 ? TCP_ACK : 0) | (i & 8 ? TCP_PSH | TCP_URG | TCP_ECE | TCP_CWR : 0));
			struct stage stage = stage_at((enum place)place, NULL);

			arrives(stage.scene, (struct segment){.seq = stage.rcv_nxt + offset[i / 16],
							      .ack = stage.snd_nxt + offset[4 - i / 16],
							      .flags = flags});
			assert_int_equal(sent_with(stage.scene, TCP_RST), 0);
			stage_free(&stage);
		}
	}
}

/* Text on a SYN is not taken twice and takes no memory; FIN beside it closes nothing. */
static void test_text_and_fin_on_a_syn(void **state)
{
	struct stage stage = stage_at(PLACE_LISTEN, NULL);
	struct scene *scene = stage.scene;
	struct tcp_conn *conn;

	(void)state;
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000, .text = "early"});
	assert_int_equal(scene->tcp->packets_held, 0);
	expect(scene, {.seq = 0, .ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "early"});
	conn = opens(scene, SLUICE_READABLE);
	reads(scene, conn, "early");
	still_works(scene, conn);
	stage_free(&stage);

	stage = stage_at(PLACE_LISTEN, NULL);
	arrives(stage.scene, (struct segment){.flags = TCP_SYN | TCP_FIN, .mss = 1000, .text = "all there is"});
	assert_int_equal(half_open_count(&stage.scene->tcp->half_open), 0);
	stage_free(&stage);
}

/* On the SYN-ACK the text is kept (RFC 9293 3.10.7.3), within the window. */
static void test_text_and_fin_on_a_syn_ack(void **state)
{
	struct stage stage = stage_at(PLACE_SYN_SENT, NULL);
	struct tcp_conn *conn;

	(void)state;
	arrives(stage.scene,
		(struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK | TCP_FIN, .mss = 1000, .text = "hello"});
	conn = opens(stage.scene, SLUICE_READABLE | SLUICE_PEER_CLOSED);
	assert_int_equal(conn->state, SLUICE_STATE_CLOSE_WAIT);
	reads(stage.scene, conn, "hello");
	stage_free(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_512_flags_in_every_state),
		cmocka_unit_test(test_reserved_bits_in_every_state),
		cmocka_unit_test(test_syn_with_fin_or_rst),
		cmocka_unit_test(test_no_ack_in_synchronized_states),
		cmocka_unit_test(test_urgent_pointer_in_every_state),
		cmocka_unit_test(test_urgent_text_is_in_line),
		cmocka_unit_test(test_rst_is_never_answered_by_rst),
		cmocka_unit_test(test_text_and_fin_on_a_syn),
		cmocka_unit_test(test_text_and_fin_on_a_syn_ack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
