/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may be sent, and when (RFC 9293 section 3.8.6, 3.7.4): windows, Nagle's algorithm and the sender's silly windows, zero-window
 * probes, FIN, the headers of a connection, and what happens when packets, records or room run out.
 */
#include "lib/core/output.h"

#include <errno.h>

#include "lib/core/inflight.h"
#include "lib/core/transmit.h"
#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define MSS 1000U

static struct scene *scene_delaying(struct tcp_conn **conn)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	config.nodelay = false;
	scene = scene_new(&config);
	*conn = established(scene);
	return scene;
}

static void acks(struct scene *scene, uint32_t ack, uint32_t window)
{
	arrives(scene, (struct segment){.seq = 1, .ack = ack, .flags = TCP_ACK, .window = window});
}

static void expect_bytes(struct scene *scene, uint32_t seq, uint32_t bytes)
{
	expect(scene, {.seq = seq, .ack = 1, .flags = TCP_ACK, .bytes = bytes});
}

/* ---- Segments ---------------------------------------------------------------------------------------------- */

CLAIMS(SHLD_28)
static void test_full_segments_and_a_rest(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 2 * MSS + 7, 0);
	expect_bytes(scene, 1, MSS);
	assert_false(scene->frame.flags & TCP_PSH);
	expect_bytes(scene, 1 + MSS, MSS);
	expect_bytes(scene, 1 + 2 * MSS, 7);
	assert_true(scene->frame.flags & TCP_PSH); /* MUST-61: with the last of what is queued */
	expect_nothing(scene);
	assert_int_equal(counted(scene, text_bytes_sent), 2 * MSS + 7);
	scene_free(scene);
}

/* The last of several that leave together is pushed, though more waits for the window, and the last of the first half; and so is
 * that of the turn when it is sent again. */
static void test_a_burst_is_pushed(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 15 * MSS, 0);
	for (uint32_t i = 0; i < 10; i++) {
		expect_bytes(scene, 1 + i * MSS, MSS);
		assert_int_equal((scene->frame.flags & TCP_PSH) != 0, i == 4 || i == 9);
	}
	expect_nothing(scene);
	passes_ms(scene, 1100);
	expect_bytes(scene, 1, MSS);
	assert_false(scene->frame.flags & TCP_PSH);
	acks(scene, 1 + 9 * MSS, 65535);
	expect_bytes(scene, 1 + 10 * MSS, MSS); /* the time-out may have been spurious: RFC 5682 */
	expect_bytes(scene, 1 + 11 * MSS, MSS);
	acks(scene, 1 + 9 * MSS, 65535);
	expect_bytes(scene, 1 + 9 * MSS, MSS);
	assert_true(scene->frame.flags & TCP_PSH);
	scene_free(scene);
}

/* MUST-61: with the last of what is queued, however it was given; SHLD-27: one PSH for all the sends that a segment carries. */
CLAIMS(MUST_61, SHLD_27)
static void test_end_of_the_queue_is_pushed(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 10, 0);
	expect_bytes(scene, 1, 10);
	assert_true(scene->frame.flags & TCP_PSH);
	for (uint32_t i = 0; i < 3; i++)
		sends_bytes(scene, conn, 10, SLUICE_SEND_MORE);
	sends_bytes(scene, conn, MSS, 0);
	expect_bytes(scene, 11, MSS);
	assert_false(scene->frame.flags & TCP_PSH);
	expect_bytes(scene, 11 + MSS, 30);
	assert_true(scene->frame.flags & TCP_PSH);
	expect_nothing(scene);
	scene_free(scene);
}

/* One that leaves alone is not: nobody merges it with anything. */
CLAIMS(RFC3042_2)
static void test_one_alone_is_not_pushed(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 15 * MSS, 0);
	forget_sent(scene);
	acks(scene, 1, 65535);
	expect_bytes(scene, 1 + 10 * MSS, MSS); /* limited transmit */
	assert_false(scene->frame.flags & TCP_PSH);
	scene_free(scene);
}

/* MUST-65: what the options take is counted off: text and options together are what the peer's MSS allows. */
CLAIMS(MUST_16)
static void test_options_are_counted_off(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.timestamps = config.sack = true;
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.mss = MSS, .sack_ok = true, .stamped = true, .tsval = 5});
	sends_bytes(scene, conn, 988, 0);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 988, .stamped = true, .tsecr = 5});
	arrives(scene,
		(struct segment){.seq = 101, .ack = 1, .flags = TCP_ACK, .bytes = 10, .stamped = true, .tsval = 5});
	expect(scene, {.seq = 989, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsecr = 5, .sack = {{101, 111}}});
	sends_bytes(scene, conn, 988, 0);
	expect(scene, {.seq = 989,
		       .ack = 1,
		       .flags = TCP_ACK,
		       .bytes = 988 - 12,
		       .stamped = true,
		       .tsecr = 5,
		       .sack = {{101, 111}}});
	expect(scene, {.seq = 989 + 976,
		       .ack = 1,
		       .flags = TCP_ACK,
		       .bytes = 12,
		       .stamped = true,
		       .tsecr = 5,
		       .sack = {{101, 111}}});
	expect_nothing(scene);
	scene_free(scene);
}

/* The MSS that we offer is the MTU less the headers (MUST-14), that we use at most it, and at least the floor. */
CLAIMS(MUST_15, SHLD_6, MUST_67)
static void test_mss(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	assert_int_equal(output_our_mss(scene->tcp, true), 1460);
	assert_int_equal(output_our_mss(scene->tcp, false), 1440);
	assert_int_equal(output_mss(1460, true, 0, false), 536);
	assert_int_equal(output_mss(1440, false, 0, false), 1220);
	assert_int_equal(output_mss(1460, true, 65535, true), 1448);
	assert_int_equal(output_mss(1460, true, 10, false), MSS_FLOOR_BYTES);
	scene_free(scene);
}

/* MUST-48, 49: TTL and DSCP as set, on every segment of the connection. */
CLAIMS(MUST_48, SHLD_21, SHLD_22)
static void test_ttl_and_dscp(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn;

		scene->side.ipv6 = family;
		conn = established(scene);
		assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_TTL, 3), 0);
		assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_DSCP, 46), 0);
		sends(scene, conn, "hello", SLUICE_SEND_FIN);
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK, .text = "hello"});
		assert_int_equal(scene->frame.ttl, 3);
		assert_int_equal(scene->frame.dscp_ecn, 46 << 2);
		scene_free(scene);
	}
}

/* As the listener, or the call, was given them: from the first segment to the RST. */
static void test_ttl_and_dscp_from_the_start(void **state)
{
	const struct sluice_listen_options listens_with = {.ttl = 7, .dscp = 10};
	const struct sluice_connect_options connects_with = {.ttl = 8, .dscp = 11}, wrong = {.dscp = 64};
	const struct sluice_address any = {.port = 80}, peer = address_of(false, 2, 4000);
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn;

	(void)state;
	assert_true(listen_open(scene->tcp, &any, &listens_with) >= 0);
	arrives(scene, (struct segment){.flags = TCP_SYN});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	assert_int_equal(scene->frame.ttl, 7);
	assert_int_equal(scene->frame.dscp_ecn, 10 << 2);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	conn = opens(scene, 0);
	user_abort(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(scene->frame.ttl, 7);
	assert_int_equal(scene->frame.dscp_ecn, 10 << 2);
	forget_events(scene);
	assert_int_equal(user_connect(scene->tcp, &peer, &wrong, NULL, &conn), -EINVAL);
	assert_int_equal(listen_open(scene->tcp, &(struct sluice_address){.port = 81},
				     &(struct sluice_listen_options){.dscp = 64}),
			 -EINVAL);
	assert_int_equal(user_connect(scene->tcp, &peer, &connects_with, NULL, &conn), 0);
	assert_int_equal(conn->ttl, 8);
	assert_int_equal(conn->dscp_ecn, 11 << 2);
	scene_free(scene);
}

/* ---- Windows ----------------------------------------------------------------------------------------------- */

/* Never beyond the peer's window, nor the congestion window; a window of any size is filled to its last byte. */
static void test_within_both_windows(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = 2500});

	(void)state;
	sends_bytes(scene, conn, 30 * MSS, 0);
	expect_bytes(scene, 1, MSS);
	expect_bytes(scene, 1 + MSS, MSS);
	expect_nothing(scene); /* the 500 left are less than a segment, and than half of the largest window */
	acks(scene, 1 + 2 * MSS, 65535);
	assert_int_equal(sent_count(scene), conn->cwnd_bytes / MSS);
	forget_sent(scene);
	scene_free(scene);
}

/* SHLD-15, MUST-34: the peer takes its window back; nothing beyond it is sent, not even again, but a probe. */
CLAIMS(MUST_34, SHLD_15, MUST_35)
static void test_window_taken_back(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 4 * MSS, 0);
	forget_sent(scene);
	acks(scene, 1 + MSS, MSS);
	sends_bytes(scene, conn, MSS, 0);
	expect_nothing(scene);
	acks(scene, 1 + 4 * MSS, MSS);
	expect_bytes(scene, 1 + 4 * MSS, MSS);
	expect_nothing(scene);
	scene_free(scene);
}

/* ---- Nagle and silly windows (section 3.7.4, 3.8.6.2.1) ---------------------------------------------------- */

/* MUST-17: while something is on the way a short segment waits; a full one does not. */
CLAIMS(MUST_60, SHLD_7)
static void test_nagle(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_delaying(&conn);

	(void)state;
	sends_bytes(scene, conn, 10, 0); /* nothing is on the way */
	expect_bytes(scene, 1, 10);
	sends_bytes(scene, conn, 10, 0);
	sends_bytes(scene, conn, 10, 0);
	expect_nothing(scene);
	sends_bytes(scene, conn, MSS - 15, 0);
	expect_bytes(scene, 11, MSS);
	expect_nothing(scene);
	acks(scene, 11 + MSS, 65535);
	expect_bytes(scene, 11 + MSS, 5);
	scene_free(scene);
}

/* MUST-17 again: and it can be switched off, which lets go what waits. */
CLAIMS(MUST_17)
static void test_nodelay(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_delaying(&conn);

	(void)state;
	sends_bytes(scene, conn, 10, 0);
	sends_bytes(scene, conn, 10, 0);
	expect_bytes(scene, 1, 10);
	expect_nothing(scene);
	assert_int_equal(user_set_option(scene->tcp, conn, SLUICE_OPTION_NODELAY, 1), 0);
	turn(scene);
	expect_bytes(scene, 11, 10);
	sends_bytes(scene, conn, 10, 0);
	expect_bytes(scene, 21, 10);
	scene_free(scene);
}

/* A last short segment with the FIN has nothing to wait for. */
static void test_nagle_and_fin(void **state)
{
	struct tcp_conn *conn;
	struct scene *scene = scene_delaying(&conn);

	(void)state;
	sends_bytes(scene, conn, 10, 0);
	sends_bytes(scene, conn, 10, SLUICE_SEND_FIN);
	expect_bytes(scene, 1, 10);
	expect(scene, {.seq = 11, .ack = 1, .flags = TCP_FIN | TCP_ACK, .bytes = 10});
	scene_free(scene);
}

/* The application says that more follows: the rest waits, without Nagle too, until it says otherwise. */
CLAIMS(MAY_16)
static void test_more(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, MSS + 10, SLUICE_SEND_MORE);
	expect_bytes(scene, 1, MSS);
	expect_nothing(scene);
	sends_bytes(scene, conn, 10, 0);
	expect_bytes(scene, 1 + MSS, 20);
	scene_free(scene);
}

/* MUST-38: less than a segment only if it is all there is, or half of the largest window; and for ever it does not wait. */
CLAIMS(MUST_38)
static void test_silly_window(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = 800});

	(void)state;
	acks(scene, 1, 300);
	sends_bytes(scene, conn, 5000, 0);
	expect_nothing(scene); /* 300 of at most 800 */
	acks(scene, 1, 450);
	expect_bytes(scene, 1, 450);
	acks(scene, 451, 300);
	expect_nothing(scene);
	passes_ms(scene, 1500); /* the override timeout */
	expect_bytes(scene, 451, 300);
	scene_free(scene);
}

/* ---- The window is shut (section 3.8.6.1) ------------------------------------------------------------------- */

/* MUST-36, SHLD-29, 30: one byte after an RTO, then ever more slowly; MUST-37: as long as the peer answers. */
CLAIMS(MUST_36, MUST_37, SHLD_30)
static void test_probes(void **state)
{
	struct sluice_config config = scene_config();
	uint64_t before_us;
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.rto_max_ms = 8000;
	scene = scene_new(&config);
	conn = established(scene);
	acks(scene, 1, SHUT);
	before_us = scene->tcp->now_ns / 1000;
	sends_bytes(scene, conn, 100, 0);
	for (uint32_t i = 0; i < 40; i++) {
		uint32_t wait_ms = i < 2 ? 1000 : i < 5 ? 1000U << (i - 1) : 8000;
		uint64_t probe_us;

		passes_us(scene, before_us + wait_ms * 1000 - 1000 - scene->tcp->now_ns / 1000);
		forget_asks(scene); /* the next hop is suspected, too */
		expect_nothing(scene);
		passes_ms(scene, 2);
		forget_asks(scene);
		probe_us = expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 1});
		expect_nothing(scene);
		assert_in_range(probe_us - before_us, wait_ms * 1000, wait_ms * 1000 + 1000);
		before_us = probe_us;
		acks(scene, 1, SHUT);
	}
	hears_nothing(scene);
	assert_int_equal(counted(scene, window_probes), 40);
	assert_true(scene->tcp->now_ns > 200 * 1000000000ULL); /* R2 is 100 s */
	scene_free(scene);
}

/* The window opens while a probe is on the way: its byte goes again, with all that fits, and is not sent a third time. */
static void test_window_opens_after_a_probe(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	acks(scene, 1, SHUT);
	sends_bytes(scene, conn, 2 * MSS, 0);
	passes_ms(scene, 1100);
	expect_bytes(scene, 1, 1);
	acks(scene, 1, 65535);
	expect_bytes(scene, 1, MSS);
	expect_bytes(scene, 1 + MSS, MSS);
	expect_nothing(scene);
	acks(scene, 1 + 2 * MSS, 65535);
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 2 * MSS);
	passes_ms(scene, 5000);
	expect_nothing(scene);
	scene_free(scene);
}

/* The peer takes the byte and stays shut: the next byte is probed with. */
CLAIMS(SHLD_29)
static void test_probe_is_taken(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	acks(scene, 1, SHUT);
	sends_bytes(scene, conn, 100, 0);
	passes_ms(scene, 1100);
	expect_bytes(scene, 1, 1);
	acks(scene, 2, SHUT);
	hears(scene, SLUICE_ACKED);
	passes_ms(scene, 1100);
	expect_bytes(scene, 2, 1);
	scene_free(scene);
}

/* While the probe's byte is beyond the window, ACKs and RSTs are not: the peer would not look at them there. */
static void test_bare_segments_stay_in_the_window(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	acks(scene, 1, SHUT);
	sends_bytes(scene, conn, 100, 0);
	passes_ms(scene, 1100);
	expect_bytes(scene, 1, 1);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT, .text = "a"});
	passes_ms(scene, 50); /* a delayed ACK */
	expect(scene, {.seq = 1, .ack = 2, .flags = TCP_ACK});
	user_abort(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 2, .flags = TCP_RST | TCP_ACK});
	scene_free(scene);
}

/* A probe, first or again, may be dropped with the ACK in it, as Linux does: one that is owed goes by itself, too. */
static void test_probe_settles_no_ack(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	acks(scene, 1, SHUT);
	sends_bytes(scene, conn, 100, 0);
	for (uint32_t i = 0; i < 2; i++) {
		tcp_set_time(scene->tcp, scene->tcp->now_ns + 2100000000ULL);
		put(scene, (struct segment){.seq = 1 + i, .ack = 1, .flags = TCP_ACK, .window = SHUT, .text = "a"});
		turn(scene);
		expect(scene, {.seq = 1, .ack = 2 + i, .flags = TCP_ACK, .bytes = 1});
		passes_ms(scene, 50);
		expect(scene, {.seq = 1, .ack = 2 + i, .flags = TCP_ACK});
		expect_nothing(scene);
	}
	scene_free(scene);
}

/* A FIN is all there is to send: it is the probe. */
static void test_fin_is_the_probe(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	acks(scene, 1, SHUT);
	user_shutdown(scene->tcp, conn);
	turn(scene);
	expect_nothing(scene);
	passes_ms(scene, 1100);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	acks(scene, 2, SHUT);
	assert_int_equal(conn->state, SLUICE_STATE_FIN_WAIT_2);
	scene_free(scene);
}

/* ---- FIN --------------------------------------------------------------------------------------------------- */

/* Behind all text, with the last of it where it fits, or by itself. */
static void test_fin(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.mss = MSS, .window = 2 * MSS});

	(void)state;
	sends_bytes(scene, conn, 2 * MSS, SLUICE_SEND_FIN);
	expect_bytes(scene, 1, MSS);
	expect_bytes(scene, 1 + MSS, MSS);
	expect_nothing(scene);
	acks(scene, 1 + MSS, 2 * MSS);
	expect(scene, {.seq = 1 + 2 * MSS, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	assert_int_equal(sends(scene, conn, "more", 0), 0);
	scene_free(scene);
}

/* ---- Short of something ------------------------------------------------------------------------------------- */

/* No packet: nothing is lost, and it leaves once there are some. */
static void test_stash_empty(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	stash_is_empty(scene);
	sends_bytes(scene, conn, 3 * MSS, 0);
	expect_nothing(scene);
	assert_int_equal(conn->snd_queued_bytes, 3 * MSS);
	assert_true(tcp_next_deadline_ns(scene->tcp) <= scene->tcp->now_ns);
	scene->stash_packets = 128;
	turn(scene);
	for (uint32_t i = 0; i < 3; i++)
		expect_bytes(scene, 1 + i * MSS, MSS);
	scene_free(scene);
}

/* No in-flight record: one segment at a time, which needs none of the pool. */
static void test_no_inflight_record(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.inflight = 1;
	scene = scene_new(&config);
	conn = established(scene);
	sends_bytes(scene, conn, 4 * MSS, 0);
	expect_bytes(scene, 1, MSS);
	expect_bytes(scene, 1 + MSS, MSS);
	expect_nothing(scene);
	acks(scene, 1 + 2 * MSS, 65535);
	expect_bytes(scene, 1 + 2 * MSS, MSS);
	expect_bytes(scene, 1 + 3 * MSS, MSS);
	scene_free(scene);
}

/* The port refuses: new text waits in its queue; what answers a peer still finds room. */
static void test_port_refuses(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	scene->refuses = true;
	sends_bytes(scene, conn, MSS, 0);
	assert_int_equal(scene->tcp->transmit.count, 1);
	sends_bytes(scene, conn, MSS, 0);
	assert_int_equal(scene->tcp->transmit.count, 1);
	put(scene, (struct segment){.seq = 0x7000000, .flags = TCP_SYN});
	scene->refuses = false;
	scene->tcp->transmit.refused_count = 0;
	turn(scene);
	expect_bytes(scene, 1, MSS);
	expect_bytes(scene, 1 + MSS, MSS); /* carries the ACK that the SYN is owed */
	expect_nothing(scene);
	scene_free(scene);
}

/* RFC 5681 section 4.1: after a silence longer than the RTO the window begins anew. */
CLAIMS(RFC5681_4_1)
static void test_idle_restart(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	sends_bytes(scene, conn, 10 * MSS, 0);
	acks(scene, 1 + 10 * MSS, 65535);
	assert_int_equal(conn->cwnd_bytes, 20 * MSS);
	forget_sent(scene);
	passes_ms(scene, 100);
	sends_bytes(scene, conn, MSS, 0);
	acks(scene, 1 + 11 * MSS, 65535);
	assert_int_equal(conn->cwnd_bytes, 20 * MSS);
	forget_sent(scene);
	passes_ms(scene, 1100);
	sends_bytes(scene, conn, 30 * MSS, 0);
	assert_int_equal(sent_count(scene), 10);
	scene_free(scene);
}

/* All that was sent is beyond the window now: the oldest goes again, and while the peer answers nobody is given up. */
CLAIMS(SHLD_16, SHLD_17, MAY_7)
static void test_window_taken_back_loses_nobody(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.rto_max_ms = 8000;
	scene = scene_new(&config);
	conn = established(scene);
	sends_bytes(scene, conn, 4 * MSS, 0);
	forget_sent(scene);
	acks(scene, 1, SHUT);
	for (uint32_t i = 0; i < 30; i++) {
		passes_ms(scene, 8300);
		forget_asks(scene);
		assert_true(sent_count(scene) > 0);
		expect_bytes(scene, 1, MSS);
		forget_sent(scene);
		acks(scene, 1, SHUT);
	}
	hears_nothing(scene);
	acks(scene, 1, 2 * MSS);
	passes_ms(scene, 8300);
	forget_asks(scene);
	expect_bytes(scene, 1, MSS);
	acks(scene, 1 + 4 * MSS, 65535);
	assert_int_equal(hears(scene, SLUICE_ACKED).acked_bytes, 4 * MSS);
	scene_free(scene);
}

CLAIMS(MUST_65)
static void test_mss_only_on_syn(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = syn_sent(scene);

	(void)state;
	passes_ms(scene, 1100);
	expect(scene, {.flags = TCP_SYN, .mss = 1460, .scale = SCALE(0)});
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = MSS});
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK});
	sends_bytes(scene, conn, 10, 0);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 10});
	user_shutdown(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 11, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	user_abort(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 12, .ack = 1, .flags = TCP_RST | TCP_ACK});
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_segments_and_a_rest),
		cmocka_unit_test(test_a_burst_is_pushed),
		cmocka_unit_test(test_end_of_the_queue_is_pushed),
		cmocka_unit_test(test_one_alone_is_not_pushed),
		cmocka_unit_test(test_options_are_counted_off),
		cmocka_unit_test(test_mss),
		cmocka_unit_test(test_ttl_and_dscp),
		cmocka_unit_test(test_ttl_and_dscp_from_the_start),
		cmocka_unit_test(test_within_both_windows),
		cmocka_unit_test(test_window_taken_back),
		cmocka_unit_test(test_nagle),
		cmocka_unit_test(test_nodelay),
		cmocka_unit_test(test_nagle_and_fin),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_silly_window),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_window_opens_after_a_probe),
		cmocka_unit_test(test_probe_is_taken),
		cmocka_unit_test(test_bare_segments_stay_in_the_window),
		cmocka_unit_test(test_probe_settles_no_ack),
		cmocka_unit_test(test_fin_is_the_probe),
		cmocka_unit_test(test_fin),
		cmocka_unit_test(test_stash_empty),
		cmocka_unit_test(test_no_inflight_record),
		cmocka_unit_test(test_port_refuses),
		cmocka_unit_test(test_idle_restart),
		cmocka_unit_test(test_window_taken_back_loses_nobody),
		cmocka_unit_test(test_mss_only_on_syn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
