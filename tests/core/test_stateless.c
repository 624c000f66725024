/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handshakes that are remembered nowhere: what goes out costs nothing and comes back as it was agreed, and what was not given, or
 * long ago, or to somebody else, opens nothing.
 */
#include "lib/core/stateless.h"

#include "lib/core/cookie.h"
#include "tests/claims/claims.h"
#include "tests/core/syn.h"

static struct sluice_config config_always(void)
{
	struct sluice_config config = scene_config();

	config.cookies = SLUICE_COOKIES_ALWAYS;
	return config;
}

static struct scene *scene_always(void)
{
	struct sluice_config config = config_always();
	struct scene *scene = scene_new(&config);

	listens(scene);
	return scene;
}

/* In the SYN's own packet: with none in the stash, and no record of any kind; the ACK opens. */
CLAIMS(RFC4987_3_6)
static void test_no_state(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_always();
		struct tcp_conn *conn;

		stash_is_empty(scene);
		comes_from(scene, 4000, family);
		expect_nothing(scene);
		assert_int_equal(scene->tcp->table.count, 0);
		assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
		assert_int_equal(counted(scene, cookies_sent), 1);
		assert_int_equal(counted(scene, stash_empty), 0);
		passes_ms(scene, 10000); /* and it is not sent again */
		expect_nothing(scene);
		scene->stash_packets = 128;
		arrives(scene, plain_ack());
		conn = opens(scene, 0);
		expect_nothing(scene);
		assert_int_equal(conn->state, SLUICE_STATE_ESTABLISHED);
		assert_int_equal(conn->listener, 0);
		assert_int_equal(conn->srtt_us, 0);
		assert_int_equal(counted(scene, cookies_accepted), 1);
		assert_int_equal(counted(scene, passive_opens), 1);
		assert_int_equal(sends(scene, conn, "hello", 0), 5);
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
		scene_free(scene);
	}
}

/* The ACK was lost: the request that follows opens, and is taken; so does a FIN behind it. */
static void test_text_and_fin_open(void **state)
{
	struct scene *scene = scene_always();
	struct tcp_conn *conn;

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK | TCP_FIN, .text = "request"});
	conn = opens(scene, SLUICE_READABLE | SLUICE_PEER_CLOSED);
	reads(scene, conn, "request");
	expect(scene, {.seq = 1, .ack = 9, .flags = TCP_ACK});
	scene_free(scene);
}

/* Only at IRS+1: later text, which comes first, is dropped and waits for the peer to send the first again. */
static void test_only_at_the_first_byte(void **state)
{
	struct scene *scene = scene_always();

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 8, .ack = 1, .flags = TCP_ACK, .text = "later"});
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_cookie_hash), 1);
	arrives(scene, (struct segment){.seq = 8, .ack = 1 + (4 << 22), .flags = TCP_ACK}); /* four epochs on */
	expect(scene, {.seq = 1 + (4 << 22), .flags = TCP_RST});
	assert_int_equal(counted(scene, cookies_refused_epoch), 1);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "earlier"});
	reads(scene, opens(scene, SLUICE_READABLE), "earlier");
	expect(scene, {.seq = 1, .ack = 8, .flags = TCP_ACK});
	scene_free(scene);
}

/* An RST beyond what the peer got has it ask (RFC 5961 section 3.2), and then the exact one must come, or it waits for ever. */
static void test_asks_after_an_rst(void **state)
{
	struct scene *scene = scene_always();
	struct tcp_conn *conn;

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "request"});
	conn = opens(scene, SLUICE_READABLE);
	reads(scene, conn, "request");
	expect(scene, {.seq = 1, .ack = 8, .flags = TCP_ACK});
	sends(scene, conn, "answer", 0);
	expect(scene, {.seq = 1, .ack = 8, .flags = TCP_ACK, .text = "answer"}); /* is lost */
	end_all(scene);
	turn(scene);
	expect(scene, {.seq = 7, .ack = 8, .flags = TCP_RST | TCP_ACK});
	forget_events(scene);
	arrives(scene, (struct segment){.seq = 8, .ack = 1, .flags = TCP_ACK});
	expect(scene, {.seq = 1, .flags = TCP_RST});
	assert_int_equal(counted(scene, cookies_refused_hash), 1);
	scene_free(scene);
}

/* What was agreed comes back, rounded down, with timestamps and without. */
static void test_agreed(void **state)
{
	struct sluice_config config = config_always();

	(void)state;
	config.sack = config.timestamps = true;
	config.window_shift = 5;
	for (uint32_t bits = 0; bits < 16; bits++) {
		bool stamps = bits & 1, sack = bits & 2, scale = bits & 4, ipv6 = bits & 8;
		bool is_scaled = scale && (stamps || sack);
		struct scene *scene = scene_new(&config);
		struct tcp_conn *conn;

		listens(scene);
		scene->side.ipv6 = ipv6;
		arrives(scene, (struct segment){.flags = TCP_SYN,
						.mss = 1385,
						.scale = scale ? SCALE(9) : 0,
						.sack_ok = sack,
						.stamped = stamps,
						.tsval = stamps ? 777 : 0});
		expect(scene, {.ack = 1,
			       .flags = TCP_SYN | TCP_ACK,
			       .mss = ipv6 ? 1440 : 1460,
			       .window = 32768,
			       .scale = is_scaled ? SCALE(5) : 0,
			       .sack_ok = sack,
			       .stamped = stamps,
			       .tsecr = stamps ? 777 : 0});
		arrives(scene, (struct segment){.seq = 1,
						.ack = 1,
						.flags = TCP_ACK,
						.stamped = stamps,
						.tsval = 778,
						.tsecr = stamps ? scene->frame.options.tsval : 0});
		conn = opens(scene, 0);
		assert_int_equal(conn->mss_bytes, stamps ? 1380 - 12 : 1360);
		assert_int_equal(conn->is_scaled, is_scaled);
		assert_int_equal(conn->snd_shift, !is_scaled ? 0 : stamps ? 9 : 8);
		assert_int_equal(conn->rcv_shift, is_scaled ? 5 : 0);
		assert_int_equal(!!(conn->flags & CONN_SACK), sack);
		assert_int_equal(!!(conn->flags & CONN_TIMESTAMPS), stamps);
		assert_int_equal(stamps ? conn->ts_recent : 778, 778);
		scene_free(scene);
	}
}

/* RFC 7323 section 5.2: no later segment of ours is older than the SYN-ACK, however soon it follows. */
static void test_timestamps_do_not_go_back(void **state)
{
	struct sluice_config config = config_always();

	(void)state;
	config.timestamps = true;
	for (uint32_t ms = 0; ms < 70; ms++) {
		struct scene *scene = scene_new(&config);
		struct tcp_conn *conn;
		uint32_t tsval;

		listens(scene);
		passes_ms(scene, ms);
		arrives(scene, (struct segment){.flags = TCP_SYN, .scale = SCALE(14), .stamped = true, .tsval = 5});
		expect(scene, {.ack = 1,
			       .flags = TCP_SYN | TCP_ACK,
			       .mss = 1460,
			       .scale = SCALE(0),
			       .stamped = true,
			       .tsecr = 5});
		tsval = scene->frame.options.tsval;
		arrives(scene,
			(struct segment){
				.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsval = 5, .tsecr = tsval});
		conn = opens(scene, 0);
		sends(scene, conn, "x", 0);
		expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "x", .stamped = true, .tsecr = 5});
		assert_in_range(scene->frame.options.tsval - tsval, 0, 63);
		scene_free(scene);
	}
}

/* RFC 7323 section 3.2: timestamps that were not agreed on are ignored, and are not taken for agreement. */
static void test_timestamps_nobody_asked_for(void **state)
{
	struct sluice_config config = config_always();

	(void)state;
	config.timestamps = true;
	for (uint32_t i = 0; i < 2; i++) {
		struct scene *scene = scene_new(&config);
		struct tcp_conn *conn;

		listens(scene);
		comes_from(scene, 4000, false);
		arrives(scene, (struct segment){.seq = 1,
						.ack = 1,
						.flags = TCP_ACK,
						.stamped = true,
						.tsval = 7,
						.tsecr = i ? 123456789 : 0});
		conn = opens(scene, 0);
		assert_false(conn->flags & CONN_TIMESTAMPS);
		assert_int_equal(conn->mss_bytes, 536);
		scene_free(scene);
	}
}

/* In the epoch of its SYN-ACK and the one after; then never again, though it is replayed. */
static void test_replayed_late(void **state)
{
	(void)state;
	for (uint32_t is_late = 0; is_late < 2; is_late++) {
		struct scene *scene = scene_always();
		uint64_t left_ns;

		comes_from(scene, 4000, false);
		left_ns = 2 * COOKIE_EPOCH_NS - scene->tcp->now_ns % COOKIE_EPOCH_NS;
		passes_ms(scene, left_ns / 1000000 - 1 + is_late);
		arrives(scene, plain_ack());
		if (is_late)
			expect(scene, {.seq = 1, .flags = TCP_RST});
		else
			opens(scene, 0);
		assert_int_equal(counted(scene, cookies_accepted), !is_late);
		assert_int_equal(counted(scene, cookies_refused_epoch), is_late);
		scene_free(scene);
	}
}

/* SYN and RST open nothing, whatever number they return. */
static void test_flags(void **state)
{
	struct scene *scene = scene_always();

	(void)state;
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK | TCP_RST});
	expect_nothing(scene);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK | TCP_SYN});
	expect(scene, {.seq = 1, .flags = TCP_RST});
	hears_nothing(scene);
	scene_free(scene);
}

/* Silence, so that the peer comes again, and never an RST. */
static void test_no_record_is_free(void **state)
{
	struct sluice_config config = config_always();
	struct scene *scene;
	struct side second;

	(void)state;
	config.connections = 1;
	scene = scene_new(&config);
	listens(scene);
	comes_from(scene, 4001, false);
	second = scene->side;
	comes_from(scene, 4000, false);
	arrives(scene, plain_ack());
	opens(scene, 0);
	speaks(scene, second);
	arrives(scene, plain_ack());
	expect_nothing(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_connections_full), 1);
	end_all(scene);
	turn(scene);
	forget_sent(scene);
	forget_events(scene);
	arrives(scene, plain_ack());
	opens(scene, 0);
	scene_free(scene);
}

static void test_limited(void **state)
{
	struct sluice_config config = config_always();
	struct scene *scene;

	(void)state;
	config.cookies_opens_per_second = 2;
	scene = scene_new(&config);
	listens(scene);
	for (uint16_t i = 0; i < 3; i++) {
		comes_from(scene, (uint16_t)(4000 + i), false);
		arrives(scene, plain_ack());
		if (i < 2)
			opens(scene, 0);
	}
	expect_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_cookie_limited), 1);
	passes_ms(scene, 500);
	arrives(scene, plain_ack());
	opens(scene, 0);
	scene_free(scene);
}

/* `auto`: no cookie counts before one was needed, though its number be right. */
static void test_gate(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.half_open = 2;
	config.cookies_half_open_percent = 100;
	scene = scene_new(&config);
	listens(scene);
	comes_from(scene, 4000, false);
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_RST}); /* the entry goes */
	arrives(scene, plain_ack());
	expect(scene, {.seq = 1, .flags = TCP_RST});
	assert_int_equal(counted(scene, cookies_refused_gate), 1);
	for (uint16_t i = 1; i < 4; i++)
		comes_from(scene, (uint16_t)(4000 + i), false);
	assert_int_equal(counted(scene, cookies_sent), 1);
	arrives(scene, plain_ack()); /* of the last, which has no entry */
	opens(scene, 0);
	assert_int_equal(counted(scene, cookies_accepted), 1);
	scene_free(scene);
}

/* An entry made for a SYN that came again does not stand in the way of the cookie that the peer had before. */
static void test_entry_gives_way(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	uint32_t our_iss;

	(void)state;
	config.half_open = 4;
	config.cookies_syns_per_second = 0;
	scene = scene_new(&config);
	listens(scene);
	comes_from(scene, 4000, false);
	our_iss = scene->side.our_iss;
	assert_int_equal(counted(scene, cookies_sent), 1);
	scene->tcp->config.cookies_syns_per_second = 100;
	passes_ms(scene, 17000); /* the next epoch */
	comes_from(scene, 4000, false);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
	assert_int_not_equal(scene->side.our_iss, our_iss);
	scene->side.our_iss = our_iss;
	arrives(scene, plain_ack());
	opens(scene, 0);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	assert_int_equal(counted(scene, half_open_replaced), 1);
	scene_free(scene);
}

/* Nobody listens any more: the cookie is nobody's. */
static void test_listener_closed(void **state)
{
	struct scene *scene = scene_always();

	(void)state;
	comes_from(scene, 4000, false);
	listen_close(scene->tcp, 0);
	arrives(scene, plain_ack());
	expect(scene, {.seq = 1, .flags = TCP_RST});
	hears_nothing(scene);
	scene_free(scene);
}

/* Closed by us first, and then by the peer: a record in TIME-WAIT. */
static void closes(struct scene *scene, struct tcp_conn *conn)
{
	user_close(scene->tcp, conn);
	turn(scene);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	hears(scene, SLUICE_CLOSED);
	expect(scene, {.seq = 2, .ack = 2, .flags = TCP_ACK});
}

/*
 * RFC 6191, in `always` as well: a SYN that reuses a tuple in TIME-WAIT has an entry, and its number is after the last of the old
 * connection: by the clock of cookies, or, where that is behind, by 65,538, in an entry that nobody may evict.
 */
static void test_time_wait_reused(void **state)
{
	(void)state;
	for (uint32_t is_ahead = 0; is_ahead < 2; is_ahead++) {
		struct scene *scene = scene_always();
		struct tcp_conn *conn;
		uint32_t old_iss;

		comes_from(scene, 4000, false);
		arrives(scene, plain_ack());
		conn = opens(scene, 0);
		if (is_ahead)
			count_from(scene, conn, scene->side.our_iss + (1U << 27));
		old_iss = scene->side.our_iss;
		closes(scene, conn);
		passes_ms(scene, 33000);
		scene->side.iss += 100000;
		scene->knows_our_iss = false;
		arrives(scene, (struct segment){.flags = TCP_SYN});
		expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
		assert_true((int32_t)(scene->side.our_iss - (old_iss + 2)) > 0);
		assert_int_equal(scene->side.our_iss == old_iss + 2 + 65538, is_ahead);
		assert_int_equal(scene->tcp->half_open.pinned_count, is_ahead);
		assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
		assert_int_equal(counted(scene, time_wait_reopened), 1);
		arrives(scene, plain_ack());
		opens(scene, 0);
		assert_int_equal(counted(scene, cookies_accepted), 1); /* the first */
		scene_free(scene);
	}
}

/* Two hosts, one key, their wall clocks an epoch apart: what one gave opens at the other. */
static void test_shared_key(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	config.timestamps = true;
	memset(config.cookie_key, 7, 32);
	config.cookie_key_bytes = 32;
	for (int32_t apart_s = -32; apart_s <= 32; apart_s += 16) {
		struct scene *scene, *other;
		uint32_t tsval;

		config.cookies = SLUICE_COOKIES_ALWAYS;
		config.secret[0] = 1;
		scene = scene_new(&config);
		config.cookies = SLUICE_COOKIES_AUTO;
		config.secret[0] = 2;
		other = scene_new(&config);
		listens(scene);
		listens(other);
		tcp_set_wall(scene->tcp, 1700000000ULL * 1000000000 + 5);
		tcp_set_wall(other->tcp, (uint64_t)(1700000000 + apart_s) * 1000000000 + 5);
		arrives(scene, (struct segment){.flags = TCP_SYN, .stamped = true, .tsval = 5});
		expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460, .stamped = true, .tsecr = 5});
		tsval = scene->frame.options.tsval;
		other->side = scene->side;
		other->knows_our_iss = true;
		arrives(other,
			(struct segment){
				.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsval = 6, .tsecr = tsval});
		if (apart_s < -16 || apart_s > 16) {
			expect(other, {.seq = 1, .flags = TCP_RST});
		} else {
			struct tcp_conn *conn = opens(other, 0);

			sends(other, conn, "x", 0);
			expect(other, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "x", .stamped = true, .tsecr = 6});
			/* One timestamp clock, as far as their clocks are one; towards the peer it never goes back. */
			assert_in_range(other->frame.options.tsval - tsval -
						(apart_s > 0 ? (uint32_t)apart_s * 1000 : 0),
					0, 64);
		}
		scene_free(scene);
		scene_free(other);
	}
}

/*
 * One host began with its clock an hour wrong, which was then set.  Its epochs are right again, its timestamps as they began: what
 * was agreed comes back all the same, and to the peer time does not go back.
 */
static void test_shared_key_clock_was_set(void **state)
{
	struct sluice_config config = config_always();

	(void)state;
	config.timestamps = config.sack = true;
	memset(config.cookie_key, 7, 32);
	config.cookie_key_bytes = 32;
	for (int32_t wrong_s = -3600; wrong_s <= 3600; wrong_s += 7200) {
		struct scene *scene = scene_new(&config), *other = scene_new(&config);
		struct tcp_conn *conn;
		uint32_t tsval;

		listens(scene);
		listens(other);
		tcp_set_wall(scene->tcp, 1700000000ULL * 1000000000 + 5);
		tcp_set_wall(other->tcp, (uint64_t)(1700000000 + wrong_s) * 1000000000 + 5);
		tcp_set_wall(other->tcp, 1700000000ULL * 1000000000 + 5);
		arrives(scene, (struct segment){
				       .flags = TCP_SYN, .mss = 1380, .scale = SCALE(9), .stamped = true, .tsval = 5});
		expect(scene, {.ack = 1,
			       .flags = TCP_SYN | TCP_ACK,
			       .mss = 1460,
			       .scale = SCALE(0),
			       .stamped = true,
			       .tsecr = 5});
		tsval = scene->frame.options.tsval;
		other->side = scene->side;
		other->knows_our_iss = true;
		arrives(other,
			(struct segment){
				.seq = 1, .ack = 1, .flags = TCP_ACK, .stamped = true, .tsval = 6, .tsecr = tsval});
		conn = opens(other, 0);
		assert_int_equal(conn->mss_bytes, 1380 - 12);
		assert_int_equal(conn->snd_shift, 9);
		assert_false(conn->flags & CONN_SACK);
		sends(other, conn, "x", 0);
		expect(other, {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "x", .stamped = true, .tsecr = 6});
		assert_true((int32_t)(other->frame.options.tsval - tsval) >= 0);
		scene_free(scene);
		scene_free(other);
	}
}

/* The key before this one still opens, counted; the one before that does not. */
static void test_previous_key(void **state)
{
	(void)state;
	for (uint8_t age = 0; age < 3; age++) {
		struct sluice_config config = config_always();
		struct scene *scene, *other;

		memset(config.cookie_key, 7, 32);
		config.cookie_key_bytes = 32;
		scene = scene_new(&config);
		memset(config.cookie_key, 7 + age, 32);
		memset(config.cookie_key_previous, 6 + age, 32);
		config.cookie_key_previous_bytes = 32;
		other = scene_new(&config);
		listens(scene);
		listens(other);
		comes_from(scene, 4000, false);
		other->side = scene->side;
		other->knows_our_iss = true;
		arrives(other, plain_ack());
		if (age < 2)
			opens(other, 0);
		else
			expect(other, {.seq = 1, .flags = TCP_RST});
		assert_int_equal(counted(other, cookies_accepted), age < 2);
		assert_int_equal(counted(other, cookies_accepted_previous), age == 1);
		scene_free(scene);
		scene_free(other);
	}
}

/* Nor does text that is ahead of the previous key's cookie end what that is about to open. */
static void test_text_ahead_of_the_previous_key(void **state)
{
	struct sluice_config config = config_always();
	struct scene *scene, *other;

	(void)state;
	memset(config.cookie_key, 7, 32);
	config.cookie_key_bytes = 32;
	scene = scene_new(&config);
	memset(config.cookie_key, 8, 32);
	memset(config.cookie_key_previous, 7, 32);
	config.cookie_key_previous_bytes = 32;
	other = scene_new(&config);
	listens(scene);
	listens(other);
	comes_from(scene, 4000, false);
	other->side = scene->side;
	other->knows_our_iss = true;
	arrives(other, (struct segment){.seq = 8, .ack = 1, .flags = TCP_ACK, .text = "later"});
	expect_nothing(other);
	arrives(other, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "earlier"});
	reads(other, opens(other, SLUICE_READABLE), "earlier");
	forget_sent(other);
	scene_free(scene);
	scene_free(other);
}

/* Guesses, with the gate open, open nothing; closed, none is even looked at. */
static void test_forged(void **state)
{
	struct scene *scene = scene_always();

	(void)state;
	scene->tcp->config.resets_per_second = 0;
	for (uint32_t i = 0; i < 20000; i++)
		put(scene, (struct segment){.seq = i * 77777, .ack = i * 0x9e3779b9, .flags = TCP_ACK});
	turn(scene);
	hears_nothing(scene);
	assert_int_equal(counted(scene, cookies_accepted), 0);
	assert_int_equal(counted(scene, cookies_refused_epoch) + counted(scene, cookies_refused_hash), 20000);
	assert_in_range(counted(scene, cookies_refused_hash), 10, 100); /* 2 of 1,024 */
	scene->tcp->config.cookies = SLUICE_COOKIES_AUTO;
	put(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	turn(scene);
	assert_int_equal(counted(scene, cookies_refused_gate), 1);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_state),
		cmocka_unit_test(test_text_and_fin_open),
		cmocka_unit_test(test_only_at_the_first_byte),
		cmocka_unit_test(test_asks_after_an_rst),
		cmocka_unit_test(test_agreed),
		cmocka_unit_test(test_timestamps_do_not_go_back),
		cmocka_unit_test(test_timestamps_nobody_asked_for),
		cmocka_unit_test(test_replayed_late),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_no_record_is_free),
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_entry_gives_way),
		cmocka_unit_test(test_listener_closed),
		cmocka_unit_test(test_time_wait_reused),
		cmocka_unit_test(test_shared_key),
		cmocka_unit_test(test_shared_key_clock_was_set),
		cmocka_unit_test(test_previous_key),
		cmocka_unit_test(test_text_ahead_of_the_previous_key),
		cmocka_unit_test(test_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
