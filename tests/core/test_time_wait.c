/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TIME-WAIT (RFC 9293 section 3.10.7.4, 3.4.2; RFC 6191, RFC 1337), and FIN-WAIT-2 after close: what restarts it, what reopens it,
 * what it answers and how often, how long it lasts, and that the oldest is given up at the cap.
 */
#include "lib/core/time_wait.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define TEXT_AFTER 2 /* sequence after our FIN, and after the peer's */

/* Closed by us first, then by the peer: what remains is one record, and our last ACK was sent. */
static void into_time_wait(struct scene *scene, struct segment syn)
{
	struct tcp_conn *conn = established_by(scene, syn);
	struct segment fin = {
		.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK, .stamped = syn.stamped, .tsval = syn.tsval};

	user_shutdown(scene->tcp, conn);
	turn(scene);
	arrives(scene, fin);
	forget_sent(scene);
	hears(scene, SLUICE_PEER_CLOSED | SLUICE_CLOSED);
	assert_int_equal(scene->tcp->conns.used_count, 0);
	assert_int_equal(counted(scene, time_wait_created), 1);
}

static struct scene *scene_waiting(bool ipv6, bool stamped)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	config.timestamps = stamped;
	scene = scene_new(&config);
	scene->side.ipv6 = ipv6;
	into_time_wait(scene, (struct segment){.mss = 1000, .stamped = stamped, .tsval = stamped ? 100 : 0});
	return scene;
}

/* Our last ACK. */
static void expect_ack(struct scene *scene)
{
	expect(scene, {.seq = TEXT_AFTER, .ack = TEXT_AFTER, .flags = TCP_ACK});
	expect_nothing(scene);
}

/* 2MSL after the last FIN, and not before. */
CLAIMS(MUST_13)
static void test_lasts_2msl(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_waiting(family, false);

		passes_ms(scene, 60000);
		assert_int_equal(scene->tcp->time_wait.live_count, 1);
		passes_ms(scene, 2100);
		assert_int_equal(scene->tcp->time_wait.live_count, 0);
		assert_int_equal(counted(scene, time_wait_expired), 1);
		assert_true(tcp_next_deadline_ns(scene->tcp) == UINT64_MAX);
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
		expect(scene, {.seq = 2, .flags = TCP_RST});
		scene_free(scene);
	}
}

/* "The only thing that can arrive is a retransmission of the remote FIN.  Acknowledge it, and restart the 2 MSL timeout." */
static void test_fin_again_restarts(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_waiting(family, false);

		for (uint32_t i = 0; i < 5; i++) {
			passes_ms(scene, 50000);
			arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
			expect_ack(scene);
		}
		assert_int_equal(counted(scene, time_wait_restarted), 5);
		passes_ms(scene, 60000);
		assert_int_equal(scene->tcp->time_wait.live_count, 1);
		passes_ms(scene, 2100);
		assert_int_equal(scene->tcp->time_wait.live_count, 0);
		scene_free(scene);
	}
}

/* With the text that it came with the first time. */
static void test_fin_again_with_text(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	user_shutdown(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK, .text = "bye"});
	hears(scene, SLUICE_READABLE | SLUICE_PEER_CLOSED);
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK, .text = "bye"});
	expect(scene, {.seq = 2, .ack = 5, .flags = TCP_ACK});
	assert_int_equal(counted(scene, time_wait_restarted), 1);
	reads(scene, conn, "bye"); /* the record stays until it is read */
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_FINISHED);
	scene_free(scene);
}

/* RFC 1337: RST does not assassinate. */
CLAIMS(RFC1337_3)
static void test_rst_is_ignored_rfc1337(void **state)
{
	struct scene *scene = scene_waiting(false, false);

	(void)state;
	arrives(scene, (struct segment){.seq = TEXT_AFTER, .flags = TCP_RST});
	arrives(scene, (struct segment){.seq = TEXT_AFTER, .ack = TEXT_AFTER, .flags = TCP_RST | TCP_ACK});
	arrives(scene, (struct segment){.seq = 0, .flags = TCP_RST});
	expect_nothing(scene);
	assert_int_equal(scene->tcp->time_wait.live_count, 1);
	assert_int_equal(counted(scene, drop_tcp_time_wait), 3);
	scene_free(scene);
}

/* A plain ACK of the end needs no answer: two ends in TIME-WAIT must not talk for ever.  Others are answered, and not acted on. */
static void test_answers(void **state)
{
	struct scene *scene = scene_waiting(false, false);

	(void)state;
	arrives(scene, (struct segment){.seq = TEXT_AFTER, .ack = TEXT_AFTER, .flags = TCP_ACK});
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "x"});
	expect_ack(scene);
	arrives(scene, (struct segment){.seq = 777, .ack = 1, .flags = TCP_ACK});
	expect_ack(scene);
	passes_ms(scene, 60000);
	passes_ms(scene, 2100);
	assert_int_equal(scene->tcp->time_wait.live_count, 0); /* nothing of that restarted it */
	scene_free(scene);
}

/* A storm is damped: 8 a second. */
static void test_answers_are_limited(void **state)
{
	struct scene *scene = scene_waiting(true, false);

	(void)state;
	for (uint32_t second = 0; second < 3; second++) {
		for (uint32_t i = 0; i < 20; i++)
			arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
		assert_int_equal(sent_count(scene), 8);
		forget_sent(scene);
		passes_ms(scene, 1000);
	}
	assert_int_equal(counted(scene, challenge_acks_limited), 36);
	scene_free(scene);
}

/* ---- Reuse (RFC 6191 section 2) ------------------------------------------------------------------------------ */

static void syn(struct scene *scene, uint32_t seq, uint32_t tsval)
{
	arrives(scene, (struct segment){.seq = seq, .flags = TCP_SYN, .stamped = tsval != 0, .tsval = tsval});
}

/* A new SYN takes the tuple: SYN-ACK, with an ISN after all that the old connection sent (RFC 9293 MAY-2). */
static void expect_reopened(struct scene *scene, uint32_t seq, uint32_t tsval)
{
	struct seq old_end = seq_of(scene->side.our_iss + TEXT_AFTER);

	scene->knows_our_iss = false;
	expect(scene, {.ack = seq + 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460, .stamped = tsval != 0, .tsecr = tsval});
	assert_true(seq_after(seq_of(scene->side.our_iss), old_end));
	assert_int_equal(counted(scene, time_wait_reopened), 1);
	assert_int_equal(scene->tcp->time_wait.live_count, 0);
	arrives(scene,
		(struct segment){.seq = seq + 1, .ack = 1, .flags = TCP_ACK, .stamped = tsval != 0, .tsval = tsval});
	opens(scene, 0);
}

static void expect_refused(struct scene *scene)
{
	forget_sent(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, time_wait_reopened), 0);
	assert_int_equal(scene->tcp->time_wait.live_count, 1);
}

CLAIMS(SHLD_4)
static void test_reuse_by_timestamp(void **state)
{
	struct scene *scene = scene_waiting(false, true);

	(void)state;
	syn(scene, 5000, 99); /* older: an old duplicate */
	expect_refused(scene);
	syn(scene, 0U - 100000, 100); /* the same, and no later sequence */
	expect_refused(scene);
	syn(scene, 0U - 100000, 101); /* newer: whatever the sequence */
	expect_reopened(scene, 0U - 100000, 101);
	scene_free(scene);
}

static void test_reuse_by_sequence(void **state)
{
	struct scene *scene = scene_waiting(false, false);

	(void)state;
	syn(scene, 1, 0);
	expect_refused(scene);
	syn(scene, TEXT_AFTER, 0); /* "greater than the last sequence number seen" */
	expect_refused(scene);
	syn(scene, TEXT_AFTER, 7); /* timestamps that we do not take do not tell */
	expect_refused(scene);
	syn(scene, TEXT_AFTER + 1, 7);
	expect_reopened(scene, TEXT_AFTER + 1, 0);
	scene_free(scene);
}

CLAIMS(RFC6191_2)
static void test_reuse_same_timestamp_later_sequence(void **state)
{
	struct scene *scene = scene_waiting(false, true);

	(void)state;
	syn(scene, TEXT_AFTER + 1, 100);
	expect_reopened(scene, TEXT_AFTER + 1, 100);
	scene_free(scene);
}

/* Where the old connection had no timestamps and the new one has, nothing of the old one can be taken for the new one's. */
static void test_reuse_by_new_timestamps(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.timestamps = true;
	scene = scene_new(&config);
	into_time_wait(scene, (struct segment){.mss = 1000});
	syn(scene, 0U - 100000, 0);
	expect_refused(scene);
	syn(scene, 0U - 100000, 0x90000000);
	expect_reopened(scene, 0U - 100000, 0x90000000);
	scene_free(scene);
}

/* And where the old one had them and the new one has not, the sequence alone tells. */
static void test_reuse_without_timestamps(void **state)
{
	struct scene *scene = scene_waiting(false, true);

	(void)state;
	syn(scene, TEXT_AFTER, 0);
	expect_refused(scene);
	syn(scene, TEXT_AFTER + 1, 0);
	expect_reopened(scene, TEXT_AFTER + 1, 0);
	scene_free(scene);
}

/* RFC 9293 section 3.4.2, MAY-2: whatever number the clock would give, ours lies after all of the old connection. */
static void test_reuse_begins_after_the_old(void **state)
{
	(void)state;
	for (uint16_t port = 4000; port < 4032; port++) {
		struct scene *scene = scene_new(NULL);

		scene->side.port = port;
		into_time_wait(scene, (struct segment){.mss = 1000});
		syn(scene, 5000, 0);
		expect_reopened(scene, 5000, 0);
		scene_free(scene);
	}
}

/* Only a bare SYN, and only where somebody listens. */
static void test_no_reuse(void **state)
{
	struct scene *scene = scene_waiting(false, false);
	static const uint8_t flags[] = {TCP_SYN | TCP_ACK, TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		arrives(scene, (struct segment){.seq = 5000, .ack = 2, .flags = flags[i]});
		expect_refused(scene);
	}
	listen_close(scene->tcp, 0);
	syn(scene, 5000, 0);
	expect_refused(scene);
	scene_free(scene);
}

/* ---- FIN-WAIT-2 after close ----------------------------------------------------------------------------------- */

static struct scene *scene_orphaned(const struct sluice_config *config, bool ipv6)
{
	struct scene *scene = scene_new(config);
	struct tcp_conn *conn;

	scene->side.ipv6 = ipv6;
	conn = established(scene);
	user_close(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	forget_sent(scene);
	assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_CLOSED_LOCALLY);
	assert_int_equal(scene->tcp->conns.used_count, 0);
	return scene;
}

/* The peer's FIN is acknowledged, and TIME-WAIT begins. */
static void test_orphan_hears_fin(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_orphaned(NULL, family);

		passes_ms(scene, 30000);
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
		expect_ack(scene);
		passes_ms(scene, 60000);
		assert_int_equal(scene->tcp->time_wait.live_count, 1);
		passes_ms(scene, 2100);
		assert_int_equal(counted(scene, time_wait_expired), 1);
		assert_int_equal(counted(scene, fin_wait_2_expired), 0);
		scene_free(scene);
	}
}

/* Text for an application that is gone: RST, and that was it. */
static void test_orphan_hears_text(void **state)
{
	struct scene *scene = scene_orphaned(NULL, false);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK, .text = "hello?"});
	expect(scene, {.seq = 2, .ack = 1, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(counted(scene, drop_tcp_text_closed), 1);
	assert_int_equal(scene->tcp->time_wait.live_count, 0);
	scene_free(scene);
}

/* RFC 5961 section 3.2: at the exact sequence; elsewhere in the window it is challenged, outside ignored. */
static void test_orphan_hears_rst(void **state)
{
	struct scene *scene = scene_orphaned(NULL, false);

	(void)state;
	arrives(scene, (struct segment){.seq = 2, .flags = TCP_RST});
	expect(scene, {.seq = 2, .ack = 1, .flags = TCP_ACK});
	arrives(scene, (struct segment){.seq = 0, .flags = TCP_RST});
	expect_nothing(scene);
	assert_int_equal(scene->tcp->time_wait.live_count, 1);
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_RST});
	expect_nothing(scene);
	assert_int_equal(scene->tcp->time_wait.live_count, 0);
	scene_free(scene);
}

/* What was received before comes again with the FIN behind it: the FIN is new. */
static void test_orphan_takes_fin_behind_old_text(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);

	(void)state;
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "old"});
	reads(scene, conn, "old");
	user_close(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 4, .ack = 2, .flags = TCP_ACK});
	forget_sent(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK, .text = "old"});
	expect(scene, {.seq = 2, .ack = 5, .flags = TCP_ACK});
	assert_int_equal(scene->tcp->transitions[SLUICE_STATE_FIN_WAIT_2][SLUICE_STATE_TIME_WAIT], 1);
	scene_free(scene);
}

/* A peer that never closes: fin_wait_2_ms. */
static void test_orphan_expires(void **state)
{
	struct scene *scene = scene_orphaned(NULL, true);

	(void)state;
	passes_ms(scene, 60000);
	assert_int_equal(scene->tcp->time_wait.live_count, 1);
	passes_ms(scene, 2100);
	assert_int_equal(counted(scene, fin_wait_2_expired), 1);
	assert_int_equal(counted(scene, time_wait_expired), 0);
	scene_free(scene);
}

/* The longest time that a configuration may give it, which is many times around the wheel. */
static void test_orphan_lasts_two_hours(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.fin_wait_2_ms = TIME_WAIT_LONGEST_MAX_S * 1000;
	scene = scene_orphaned(&config, false);
	passes_ms(scene, config.fin_wait_2_ms);
	assert_int_equal(scene->tcp->time_wait.live_count, 1);
	passes_ms(scene, 2100);
	assert_int_equal(counted(scene, fin_wait_2_expired), 1);
	scene_free(scene);
}

/* 2MSL counts from the FIN, though the peer had longer than that to send it. */
static void test_orphan_with_short_2msl(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.time_wait_ms = 2000;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_orphaned(&config, family);

		passes_ms(scene, 10000);
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
		expect_ack(scene);
		passes_ms(scene, 1000);
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK}); /* still known */
		expect_ack(scene);
		passes_ms(scene, 2000);
		assert_int_equal(scene->tcp->time_wait.live_count, 1);
		passes_ms(scene, 2100);
		assert_int_equal(counted(scene, time_wait_expired), 1);
		scene_free(scene);
	}
}

/* A connection is not reopened while the other direction of the old one is open. */
static void test_orphan_is_not_reused(void **state)
{
	struct scene *scene = scene_orphaned(NULL, false);

	(void)state;
	syn(scene, 5000, 0);
	expect(scene, {.seq = 2, .ack = 1, .flags = TCP_ACK});
	assert_int_equal(counted(scene, time_wait_reopened), 0);
	scene_free(scene);
}

/* ---- Many ------------------------------------------------------------------------------------------------------ */

static void close_from(struct scene *scene, uint16_t port, bool ipv6)
{
	struct tcp_conn *conn;

	speaks(scene, (struct side){.ipv6 = ipv6, .last = 2, .port = port, .our_port = 80, .iss = PEER_ISS});
	conn = established(scene);
	user_shutdown(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	forget_sent(scene);
	forget_events(scene);
}

/* Closed by us, the peer never closes: FIN-WAIT-2. */
static void leave_from(struct scene *scene, uint16_t port)
{
	struct tcp_conn *conn;

	speaks(scene, (struct side){.last = 2, .port = port, .our_port = 80, .iss = PEER_ISS});
	conn = established(scene);
	user_close(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	forget_sent(scene);
	forget_events(scene);
}

/* The speaker opens, and both sides close: whatever was left of it before. */
static void reopen(struct scene *scene)
{
	struct tcp_conn *conn;

	scene->knows_our_iss = false;
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	conn = opens(scene, 0);
	user_shutdown(scene->tcp, conn);
	turn(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	forget_sent(scene);
	forget_events(scene);
}

/* Is the tuple still in TIME-WAIT?  A retransmitted FIN is acknowledged then, else reset. */
static bool remembers(struct scene *scene, uint16_t port, bool ipv6)
{
	bool is_ack;

	speaks(scene,
	       (struct side){
		       .ipv6 = ipv6, .last = 2, .port = port, .our_port = 80, .iss = PEER_ISS, .our_iss = OUR_ISS});
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	is_ack = (scene->sent[0].bytes.at[ipv6 ? 14 + 40 + 13 : 14 + 20 + 13] & TCP_RST) == 0;
	forget_sent(scene);
	return is_ack;
}

/* At the cap the oldest goes, of whichever family. */
static void test_cap(void **state)
{
	struct scene *scene = scene_new(NULL);
	uint32_t cap = scene->tcp->config.time_wait;

	(void)state;
	for (uint16_t i = 0; i < 3 * cap; i++) {
		close_from(scene, (uint16_t)(5000 + i), i % 3 == 0);
		assert_int_equal(scene->tcp->time_wait.live_count, i < cap ? i + 1U : cap);
		passes_ms(scene, 1100); /* a slot is a second */
	}
	assert_int_equal(counted(scene, time_wait_recycled), 2 * cap);
	for (uint16_t i = 0; i < 3 * cap; i++)
		assert_int_equal(remembers(scene, (uint16_t)(5000 + i), i % 3 == 0), i >= 2 * cap);
	scene_free(scene);
}

/* Within a second, too, and no family before the other. */
static void test_cap_within_a_second(void **state)
{
	struct scene *scene = scene_new(NULL);
	uint32_t cap = scene->tcp->config.time_wait;

	(void)state;
	for (uint16_t i = 0; i < 2 * cap; i++)
		close_from(scene, (uint16_t)(5000 + i), i % 3 == 0);
	assert_int_equal(counted(scene, time_wait_recycled), cap);
	for (uint16_t i = 0; i < 2 * cap; i++)
		assert_int_equal(remembers(scene, (uint16_t)(5000 + i), i % 3 == 0), i >= cap);
	scene_free(scene);
}

/* FIN-WAIT-2 after close and TIME-WAIT share the cap: who would be due first goes first. */
static void test_cap_is_shared(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.time_wait = 8;
	config.time_wait_ms = 60000;
	config.fin_wait_2_ms = 10000;
	scene = scene_new(&config);
	for (uint16_t i = 0; i < 4; i++)
		close_from(scene, (uint16_t)(5000 + i), false);
	passes_ms(scene, 2000);
	for (uint16_t i = 0; i < 4; i++)
		leave_from(scene, (uint16_t)(6000 + i));
	for (uint16_t i = 0; i < 4; i++)
		close_from(scene, (uint16_t)(7000 + i), false);
	assert_int_equal(counted(scene, time_wait_recycled), 4);
	assert_int_equal(scene->tcp->transitions[SLUICE_STATE_FIN_WAIT_2][SLUICE_STATE_CLOSED], 4);
	for (uint16_t i = 0; i < 4; i++)
		assert_true(remembers(scene, (uint16_t)(5000 + i), false));
	scene_free(scene);
}

/* A client that reuses its ports at once leaves nothing behind: no other record is given up for its holes. */
static void test_reuse_leaves_no_holes(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.time_wait = 64;
	scene = scene_new(&config);
	close_from(scene, 4999, false); /* the oldest: it would go first */
	for (uint32_t i = 0; i < 100 * TIME_WAIT_CHUNK_RECORDS_MAX; i++) {
		uint16_t port = (uint16_t)(5000 + i % 32);
		uint32_t again = i / 32;

		speaks(scene, (struct side){.last = 2, .port = port, .our_port = 80, .iss = PEER_ISS + 1000 * again});
		reopen(scene);
	}
	assert_true(counted(scene, time_wait_reopened) > 99 * TIME_WAIT_CHUNK_RECORDS_MAX - 32);
	assert_int_equal(counted(scene, time_wait_recycled), 0);
	assert_true(remembers(scene, 4999, false));
	scene_free(scene);
}

/* Many that are due at once go in turns of so many. */
static void test_a_turn_is_bounded(void **state)
{
	struct sluice_config config = scene_config();
	uint32_t turns = 0, before;
	struct scene *scene;

	(void)state;
	config.time_wait = 4 * TIME_WAIT_PER_TURN_MAX;
	scene = scene_new(&config);
	for (uint32_t i = 0; i < config.time_wait; i++)
		close_from(scene, (uint16_t)(5000 + i), i & 1);
	assert_int_equal(scene->tcp->time_wait.live_count, config.time_wait);
	scene->tcp->now_ns += 70000000000;
	for (; scene->tcp->time_wait.live_count; turns++) {
		before = scene->tcp->time_wait.live_count;
		tcp_set_time(scene->tcp, scene->tcp->now_ns + 1000);
		turn(scene);
		assert_in_range(before - scene->tcp->time_wait.live_count, 1, TIME_WAIT_PER_TURN_MAX);
	}
	assert_in_range(turns, 4, 8);
	assert_int_equal(counted(scene, timers_bound_hit), turns - 1);
	assert_int_equal(counted(scene, time_wait_expired), config.time_wait);
	scene_free(scene);
}

/* Random restarts, reuses and ends over a long time: each record lasts as long as it should, and memory is enough. */
static void test_long_life(void **state)
{
	struct sluice_config config = scene_config();
	uint64_t until_s[64] = {0};
	struct random random = {5};
	struct scene *scene;

	(void)state;
	config.time_wait = 64;
	config.time_wait_ms = 5000;
	scene = scene_new(&config);
	for (uint32_t step = 0; step < 3000; step++) {
		uint32_t i = random_below(&random, 64);
		bool ipv6 = i & 1;
		uint64_t now_s = scene->tcp->now_ns / 1000000000;

		if (until_s[i] && now_s + 1 < until_s[i])
			assert_true(remembers(scene, (uint16_t)(5000 + i), ipv6));
		else if (now_s > until_s[i] + 2)
			close_from(scene, (uint16_t)(5000 + i), ipv6);
		else
			continue;
		until_s[i] = now_s + 5;
		passes_ms(scene, random_below(&random, 300));
	}
	assert_int_equal(counted(scene, time_wait_recycled), 0);
	assert_true(counted(scene, time_wait_expired) > 100 && counted(scene, time_wait_restarted) > 100);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lasts_2msl),
		cmocka_unit_test(test_fin_again_restarts),
		cmocka_unit_test(test_fin_again_with_text),
		cmocka_unit_test(test_rst_is_ignored_rfc1337),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_answers_are_limited),
		cmocka_unit_test(test_reuse_by_timestamp),
		cmocka_unit_test(test_reuse_by_sequence),
		cmocka_unit_test(test_reuse_same_timestamp_later_sequence),
		cmocka_unit_test(test_reuse_by_new_timestamps),
		cmocka_unit_test(test_reuse_without_timestamps),
		cmocka_unit_test(test_reuse_begins_after_the_old),
		cmocka_unit_test(test_no_reuse),
		cmocka_unit_test(test_orphan_hears_fin),
		cmocka_unit_test(test_orphan_hears_text),
		cmocka_unit_test(test_orphan_hears_rst),
		cmocka_unit_test(test_orphan_takes_fin_behind_old_text),
		cmocka_unit_test(test_orphan_expires),
		cmocka_unit_test(test_orphan_lasts_two_hours),
		cmocka_unit_test(test_orphan_with_short_2msl),
		cmocka_unit_test(test_orphan_is_not_reused),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_cap_within_a_second),
		cmocka_unit_test(test_cap_is_shared),
		cmocka_unit_test(test_reuse_leaves_no_holes),
		cmocka_unit_test(test_a_turn_is_bounded),
		cmocka_unit_test(test_long_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
