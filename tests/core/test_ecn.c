/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explicit congestion notification (RFC 3168): who agrees on it, what carries a codepoint, who echoes how long, who obeys how often.
 */
#include "lib/core/ecn.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define MSS 1000U

static struct scene *scene_asking(enum sluice_ecn ecn)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	config.ecn = ecn;
	scene = scene_new(&config);
	scene->side.ipv6 = true; /* its traffic class is under no checksum */
	return scene;
}

/* A connection on which both agreed; the peer opened it. */
static struct tcp_conn *agreed(struct scene *scene)
{
	struct tcp_conn *conn;

	listens(scene);
	arrives(scene, (struct segment){.flags = TCP_SYN | TCP_ECE | TCP_CWR, .mss = MSS});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK | TCP_ECE, .mss = 1440});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	conn = opens(scene, 0);
	assert_true(ecn_is_on(conn));
	return conn;
}

/* Text that a router marked. */
static void arrives_marked(struct scene *scene, struct segment segment)
{
	struct bytes frame = segment_frame(&scene->side, &segment);

	frame.at[15] |= 0x30;
	frame_arrives(scene, &frame);
}

static uint8_t codepoint(const struct scene *scene)
{
	return scene->frame.dscp_ecn & 3;
}

/* Section 6.1.1: granted with ECE alone, to a SYN with both flags, unless the configuration says no. */
CLAIMS(RFC3168_6_1)
static void test_granted(void **state)
{
	static const struct {
		enum sluice_ecn ecn;
		uint8_t asks, grants;
	} cases[] = {
		{SLUICE_ECN_GRANT, TCP_ECE | TCP_CWR, TCP_ECE},
		{SLUICE_ECN_ASK, TCP_ECE | TCP_CWR, TCP_ECE},
		{SLUICE_ECN_OFF, TCP_ECE | TCP_CWR, 0},
		{SLUICE_ECN_GRANT, TCP_ECE, 0},
		{SLUICE_ECN_GRANT, TCP_CWR, 0},
		{SLUICE_ECN_GRANT, 0, 0},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene *scene = scene_asking(cases[i].ecn);
		struct tcp_conn *conn;

		listens(scene);
		arrives(scene, (struct segment){.flags = TCP_SYN | cases[i].asks, .mss = MSS});
		expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK | cases[i].grants, .mss = 1440});
		assert_int_equal(codepoint(scene), 0);
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
		conn = opens(scene, 0);
		assert_int_equal(ecn_is_on(conn), cases[i].grants != 0);
		scene_free(scene);
	}
}

/* A SYN with a codepoint has met somebody who writes over them. */
static void test_not_granted_to_a_marked_syn(void **state)
{
	struct scene *scene = scene_asking(SLUICE_ECN_GRANT);

	(void)state;
	listens(scene);
	arrives_marked(scene, (struct segment){.flags = TCP_SYN | TCP_ECE | TCP_CWR, .mss = MSS});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1440});
	scene_free(scene);
}

/* Asked for by the first SYN only (section 6.1.1.1), and not taken from a SYN-ACK that only reflects the flags. */
CLAIMS(RFC3168_6_1_1)
static void test_asked(void **state)
{
	static const uint8_t answers[] = {TCP_ECE, TCP_ECE | TCP_CWR, 0};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct scene *scene = scene_asking(SLUICE_ECN_ASK);
		struct tcp_conn *conn;

		syn_sent(scene);
		passes_ms(scene, 1100);
		expect(scene, {.flags = TCP_SYN, .mss = 1440, .scale = SCALE(scene->tcp->config.window_shift)});
		arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK | answers[i], .mss = MSS});
		conn = opens(scene, 0);
		assert_int_equal(ecn_is_on(conn), answers[i] == TCP_ECE);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* Section 6.1.5: new text carries ECT(0); bare ACKs, what is sent again, and window probes (6.1.6) carry nothing. */
CLAIMS(RFC3168_6_1_5)
static void test_codepoints(void **state)
{
	struct scene *scene = scene_asking(SLUICE_ECN_GRANT);
	struct tcp_conn *conn = agreed(scene);

	(void)state;
	sends_bytes(scene, conn, MSS, 0);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	assert_int_equal(codepoint(scene), ECN_ECT0);
	passes_ms(scene, 300);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	assert_int_equal(codepoint(scene), 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK, .window = SHUT});
	sends_bytes(scene, conn, MSS, 0);
	passes_ms(scene, 4000);
	expect(scene, {.seq = 1 + MSS, .ack = 1, .flags = TCP_ACK, .bytes = 1});
	assert_int_equal(codepoint(scene), 0);
	forget_sent(scene);
	scene_free(scene);
}

/* Section 6.1.3: each ACK echoes until CWR has come; a mark after that is echoed anew.  The first mark is answered at once. */
CLAIMS(SHLD_8, RFC3168_6_1_3)
static void test_echo(void **state)
{
	struct scene *scene = scene_asking(SLUICE_ECN_GRANT);
	struct tcp_conn *conn = agreed(scene);

	(void)state;
	conn->quick_acks = 0;
	arrives_marked(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 10});
	expect(scene, {.seq = 1, .ack = 11, .flags = TCP_ACK | TCP_ECE});
	for (uint32_t i = 0; i < 2; i++)
		arrives(scene, (struct segment){.seq = 11 + 10 * i, .ack = 1, .flags = TCP_ACK, .bytes = 10});
	expect(scene, {.seq = 1, .ack = 31, .flags = TCP_ACK | TCP_ECE});
	arrives(scene, (struct segment){.seq = 31, .ack = 1, .flags = TCP_ACK | TCP_CWR, .bytes = 10});
	arrives(scene, (struct segment){.seq = 41, .ack = 1, .flags = TCP_ACK, .bytes = 10});
	expect(scene, {.seq = 1, .ack = 51, .flags = TCP_ACK});
	arrives_marked(scene, (struct segment){.seq = 51, .ack = 1, .flags = TCP_ACK | TCP_CWR, .bytes = 10});
	expect(scene, {.seq = 1, .ack = 61, .flags = TCP_ACK | TCP_ECE});
	assert_int_equal(counted(scene, ecn_marks_received), 2);
	scene_free(scene);
}

/* Section 6.1.2: an echo halves the window, once for all that was on the way, and the next new text says so. */
CLAIMS(RFC3168_6_1_2)
static void test_obeyed_once_a_round(void **state)
{
	struct scene *scene = scene_asking(SLUICE_ECN_GRANT);
	struct tcp_conn *conn = agreed(scene);
	uint32_t cwnd_bytes;

	(void)state;
	sends_bytes(scene, conn, 30 * MSS, 0);
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK | TCP_ECE});
	cwnd_bytes = conn->cwnd_bytes;
	assert_in_range(cwnd_bytes, 4 * MSS, 6 * MSS);
	assert_int_equal(conn->ssthresh_bytes, cwnd_bytes);
	expect_nothing(scene); /* more is on the way than may be now */
	for (uint32_t i = 2; i < 5; i++)
		arrives(scene, (struct segment){.seq = 1, .ack = 1 + i * MSS, .flags = TCP_ACK | TCP_ECE});
	assert_int_equal(counted(scene, ecn_reductions), 1);
	assert_int_equal(counted(scene, retransmits_fast), 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + 8 * MSS, .flags = TCP_ACK});
	expect(scene, {.seq = 1 + 10 * MSS, .ack = 1, .flags = TCP_ACK | TCP_CWR, .bytes = MSS});
	expect(scene, {.seq = 1 + 11 * MSS, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + 12 * MSS, .flags = TCP_ACK | TCP_ECE});
	assert_int_equal(counted(scene, ecn_reductions), 2);
	forget_sent(scene);
	scene_free(scene);
}

/* Who did not agree neither echoes nor obeys. */
static void test_not_agreed(void **state)
{
	struct scene *scene = scene_asking(SLUICE_ECN_OFF);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 4 * MSS, 0);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = MSS});
	assert_int_equal(codepoint(scene), 0);
	forget_sent(scene);
	arrives_marked(scene, (struct segment){.seq = 1, .ack = 1 + MSS, .flags = TCP_ACK | TCP_ECE, .bytes = 10});
	passes_ms(scene, 50);
	expect(scene, {.seq = 1 + 4 * MSS, .ack = 11, .flags = TCP_ACK});
	assert_int_equal(counted(scene, ecn_reductions) + counted(scene, ecn_marks_received), 0);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_granted),    cmocka_unit_test(test_not_granted_to_a_marked_syn),
		cmocka_unit_test(test_asked),      cmocka_unit_test(test_codepoints),
		cmocka_unit_test(test_echo),       cmocka_unit_test(test_obeyed_once_a_round),
		cmocka_unit_test(test_not_agreed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
