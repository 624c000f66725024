/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path MTUs: what ICMP may lower and how far, when it is believed at once and when only after a time-out, and what connections to
 * come know of it.
 */
#include "lib/core/pmtu.h"

#include "lib/core/inflight.h"
#include "tests/claims/claims.h"
#include "tests/core/icmp.h"

#define FULL_4    1460
#define FULL_6    1440
#define HOARD_MAX 65536

static uint32_t hoard[HOARD_MAX], hoarded;

static struct tcp_conn *with_full_segments(struct scene *scene, bool ipv6)
{
	struct tcp_conn *conn;

	scene->side.ipv6 = ipv6;
	conn = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 8960});
	sends_bytes(scene, conn, 4 * FULL_4, 0);
	return conn;
}

/* All that is out is acknowledged, and forgotten. */
static void all_acked(struct scene *scene, const struct tcp_conn *conn)
{
	arrives(scene, (struct segment){.seq = 1, .ack = conn->snd_nxt.value - OUR_ISS, .flags = TCP_ACK});
	forget_sent(scene);
	forget_events(scene);
}

static void tell(struct scene *scene, uint32_t mtu_bytes, uint32_t seq)
{
	error_arrives(scene, {.type = scene->side.ipv6 ? TOO_BIG_6 : UNREACHABLE,
			      .code = scene->side.ipv6 ? 0 : 4,
			      .rest = mtu_bytes,
			      .seq = seq});
}

/* No in-flight record is left to anybody. */
static void hoard_records(struct scene *scene)
{
	assert_true(scene->tcp->inflight.capacity_count <= HOARD_MAX);
	while (scene->tcp->inflight.used_count < scene->tcp->inflight.capacity_count)
		hoard[hoarded++] = pool_take(&scene->tcp->inflight);
}

static void give_back_records(struct scene *scene)
{
	while (hoarded)
		pool_give(&scene->tcp->inflight, hoard[--hoarded]);
}

/* RFC 1191 section 6.3: what did not fit is sent again at once, and the congestion window stays as it was. */
CLAIMS(RFC1191_3, RFC1191_6_3)
static void test_first_is_believed(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = with_full_segments(scene, ipv6);
		uint32_t cwnd_bytes = conn->cwnd_bytes, full = ipv6 ? FULL_6 : FULL_4;
		struct sluice_conn_info info;

		assert_int_equal(conn->mss_bytes, full);
		forget_sent(scene);
		tell(scene, 1300, 1 + full);
		user_info(scene->tcp, conn, &info);
		assert_int_equal(info.path_mtu_bytes, 1300);
		assert_int_equal(conn->mss_bytes, 1300 - (1500 - full));
		assert_int_equal(conn->cwnd_bytes, cwnd_bytes);
		assert_int_equal(conn->timeouts_count, 0);
		assert_int_equal(counted(scene, path_mtus_lowered), 1);
		assert_true(sent_count(scene) > 0);
		all_acked(scene, conn);
		sends_bytes(scene, conn, 1300, 0);
		expect(scene,
		       {.seq = conn->snd_una.value - OUR_ISS, .ack = 1, .flags = TCP_ACK, .bytes = conn->mss_bytes});
		forget_sent(scene);
		scene_free(scene);
	}
}

/* Also where no record is left to cut with: the rest of a segment goes to the next one. */
static void test_no_record_to_cut_with(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = with_full_segments(scene, false);
	uint32_t acked = 1;

	(void)state;
	hoard_records(scene);
	forget_sent(scene);
	tell(scene, 1000, 1);
	for (uint32_t round = 0; round < 40 && conn->snd_queued_bytes; round++) {
		while (sent_count(scene)) {
			const struct bytes *frame = &scene->sent[scene->sent_first++].bytes;
			uint32_t seq = be32_value(be32_at(frame->at + 38)) - OUR_ISS, bytes = frame->count - 54;

			assert_true(bytes <= 960);
			if (seq <= acked && seq + bytes > acked)
				acked = seq + bytes;
		}
		arrives(scene, (struct segment){.seq = 1, .ack = acked, .flags = TCP_ACK});
		passes_ms(scene, 100);
	}
	assert_int_equal(conn->snd_queued_bytes, 0);
	give_back_records(scene);
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

/* Nor a next one to take it: what fits goes alone, and the rest as soon as that has arrived. */
static void test_no_record_and_alone(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 8960});

	(void)state;
	sends_bytes(scene, conn, FULL_4, 0);
	hoard_records(scene);
	forget_sent(scene);
	tell(scene, 1000, 1);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 960});
	passes_ms(scene, 1100);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 960});
	arrives(scene, (struct segment){.seq = 1, .ack = 961, .flags = TCP_ACK});
	expect(scene, {.seq = 961, .ack = 1, .flags = TCP_ACK | TCP_PSH, .bytes = FULL_4 - 960});
	arrives(scene, (struct segment){.seq = 1, .ack = 1 + FULL_4, .flags = TCP_ACK});
	assert_int_equal(conn->snd_queued_bytes, 0);
	give_back_records(scene);
	forget_events(scene);
	scene_free(scene);
}

/* Timestamps are counted off, too: the packet is what fits. */
static void test_packet_fits(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.timestamps = true;
	scene = scene_new(&config);
	conn = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 8960, .stamped = true, .tsval = 5});
	sends_bytes(scene, conn, 1448, 0);
	forget_sent(scene);
	tell(scene, 1000, 1);
	assert_int_equal(conn->mss_bytes, 1000 - 52);
	forget_sent(scene);
	scene_free(scene);
}

/* Never below the floor, never above what there is, never from what IPv6 forbids. */
CLAIMS(RFC8201_4)
static void test_values(void **state)
{
	static const struct {
		bool ipv6;
		uint32_t told, mtu_bytes;
	} cases[] = {
		{false, 552, 552},   {false, 551, 552},        {false, 296, 552},   {false, 68, 552},
		{false, 1, 552},     {false, 0, 1492},         {false, 1499, 1499}, {false, 1500, 1500},
		{false, 9000, 1500}, {false, 65535, 1500},     {true, 1280, 1280},  {true, 1279, 1500},
		{true, 0, 1500},     {true, 68, 1500},         {true, 1499, 1499},  {true, 1500, 1500},
		{true, 70000, 1500}, {true, 0xffffffff, 1500},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = with_full_segments(scene, cases[i].ipv6);

		tell(scene, cases[i].told, 1);
		assert_int_equal(pmtu_of(scene->tcp, conn), cases[i].mtu_bytes);
		assert_int_equal(counted(scene, path_mtus_lowered), cases[i].mtu_bytes < 1500);
		assert_int_equal(counted(scene, drop_icmp_useless), cases[i].mtu_bytes == 1500);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* RFC 1191 section 7.1: without a number, the next size that is common, below what was quoted. */
CLAIMS(RFC1191_7_1)
static void test_plateaus(void **state)
{
	static const uint16_t sizes[] = {1492, 1006, 552};
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = with_full_segments(scene, false);
	uint32_t quoted = 1500;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		error_arrives(scene, {UNREACHABLE, 4, .seq = 1, .bytes = quoted});
		assert_int_equal(pmtu_of(scene->tcp, conn), sizes[i]);
		quoted = sizes[i];
	}
	error_arrives(scene, {UNREACHABLE, 4, .seq = 1, .bytes = quoted});
	assert_int_equal(pmtu_of(scene->tcp, conn), 552);
	forget_sent(scene);
	scene_free(scene);
}

/* RFC 5927 section 7.2: once such segments have got through, an error waits for the time-out of what it is about. */
CLAIMS(RFC5927_7_2)
static void test_later_ones_wait(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = with_full_segments(scene, false);
	uint32_t next;

	(void)state;
	all_acked(scene, conn);
	sends_bytes(scene, conn, 3 * FULL_4, 0);
	next = conn->snd_una.value - OUR_ISS;
	forget_sent(scene);
	tell(scene, 1000, next + FULL_4);
	assert_int_equal(counted(scene, path_mtus_held), 1);
	expect_nothing(scene);
	assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
	all_acked(scene, conn); /* it got through, so the error lied */
	sends_bytes(scene, conn, 3 * FULL_4, 0);
	next = conn->snd_una.value - OUR_ISS;
	passes_ms(scene, 1000);
	assert_true(counted(scene, recoveries_timeout) > 0);
	assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
	tell(scene, 1000, next + FULL_4);
	assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
	passes_ms(scene, 1000); /* this one did not */
	assert_int_equal(pmtu_of(scene->tcp, conn), 1000);
	assert_int_equal(counted(scene, path_mtus_lowered), 1);
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

/* What is known of a destination is used for it, for ten minutes, and for no other. */
CLAIMS(RFC1191_6_2)
static void test_destinations(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = with_full_segments(scene, false), *other, *again;
	uint64_t lasts_ms = PMTU_LIFE_S * 1000ULL;

	(void)state;
	tell(scene, 1000, 1);
	all_acked(scene, conn);
	scene->side.port++;
	again = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 1460});
	assert_int_equal(pmtu_of(scene->tcp, again), 1000);
	assert_int_equal(again->cwnd_bytes, 10 * again->mss_bytes);
	scene->side.last++;
	other = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 1460});
	assert_int_equal(pmtu_of(scene->tcp, other), 1500);
	scene->side.last--;
	passes_ms(scene, lasts_ms - 2000);
	scene->side.port++;
	again = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 1460});
	assert_int_equal(pmtu_of(scene->tcp, again), 1000);
	passes_ms(scene, 4000);
	scene->side.port++;
	again = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 1460});
	assert_int_equal(pmtu_of(scene->tcp, again), 1500);
	scene_free(scene);
}

/* Another connection to the same destination, open already, learns of it when its segments time out. */
static void test_others_learn(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *other = with_full_segments(scene, false), *conn;
	struct side side;

	(void)state;
	forget_sent(scene);
	side = speaks(scene, (struct side){.last = scene->side.last, .port = 5000, .our_port = 80, .iss = 77});
	conn = with_full_segments(scene, false);
	tell(scene, 1000, conn->snd_una.value - scene->side.our_iss);
	assert_int_equal(pmtu_of(scene->tcp, conn), 1000);
	assert_int_equal(pmtu_of(scene->tcp, other), 1500);
	passes_ms(scene, 3000);
	assert_int_equal(pmtu_of(scene->tcp, other), 1000);
	forget_sent(scene);
	speaks(scene, side);
	scene_free(scene);
}

/* As many destinations as one likes: the cache does not grow, and the newest is known. */
static void test_cache_is_bounded(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct tcp_conn *conn;

		speaks(scene, (struct side){.ipv6 = i & 1,
					    .last = (uint8_t)(2 + i % 250),
					    .port = (uint16_t)(4000 + i),
					    .our_port = 80,
					    .iss = i});
		conn = with_full_segments(scene, i & 1);
		tell(scene, 1400, 1);
		assert_int_equal(pmtu_of(scene->tcp, conn), 1400);
		assert_true(scene->tcp->pmtus.filled_count <= PMTUS_MAX);
		end_all(scene);
		forget_sent(scene);
		forget_events(scene);
	}
	assert_true(scene->tcp->pmtus.filled_count > PMTUS_MAX / 2);
	scene_free(scene);
}

static void guessed(struct scene *scene, uint32_t times)
{
	assert_int_equal(counted(scene, black_holes_guessed), times);
	forget_sent(scene);
}

/* Until segments have been made smaller so many times. */
static void guesses(struct scene *scene, uint32_t times)
{
	for (uint32_t i = 0; i < 600 && counted(scene, black_holes_guessed) < times; i++)
		passes_ms(scene, 100);
	guessed(scene, times);
}

/* What lies at SND.UNA gets through as far as it is small enough. */
static void small_ones_get_through(struct scene *scene, const struct tcp_conn *conn)
{
	uint32_t most = PMTU_GUESS_BYTES - 40;

	for (bool is_first = true; is_first || (conn->inflight.bytes && conn->inflight.bytes <= most); is_first = false)
		arrives(scene, (struct segment){.seq = 1,
						.ack = conn->snd_una.value - OUR_ISS +
						       (conn->inflight.bytes < most ? conn->inflight.bytes : most),
						.flags = TCP_ACK});
	forget_events(scene);
}

/* RFC 4821 where no ICMP comes: smaller after three retransmissions; taken back once, believed the second time, and remembered. */
CLAIMS(RFC4821_7_7)
static void test_black_hole(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = with_full_segments(scene, false);

	(void)state;
	passes_ms(scene, 1000 + 2000 + 4000 + 500); /* three retransmissions */
	assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
	guesses(scene, 1);
	assert_int_equal(pmtu_of(scene->tcp, conn), PMTU_GUESS_BYTES);
	small_ones_get_through(scene, conn);
	assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
	passes_ms(scene, 1100); /* and what it backed off for is past */
	guessed(scene, 2);
	small_ones_get_through(scene, conn);
	assert_int_equal(pmtu_of(scene->tcp, conn), PMTU_GUESS_BYTES);
	assert_int_equal(counted(scene, black_holes_believed), 1);
	all_acked(scene, conn);
	scene->side.port++;
	conn = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 1460});
	assert_int_equal(pmtu_of(scene->tcp, conn), PMTU_GUESS_BYTES);
	scene_free(scene);
}

/* An outage looks the same until it is over, and leaves nothing behind; nor does one much later make the guess true. */
static void test_outage(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = with_full_segments(scene, false);

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		guesses(scene, i);
		small_ones_get_through(scene, conn);
		all_acked(scene, conn);
		assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
		passes_ms(scene, 130000);
		sends_bytes(scene, conn, 1, 0);
		all_acked(scene, conn); /* a round trip: the timer is as at first */
		sends_bytes(scene, conn, 3 * FULL_4, 0);
	}
	assert_int_equal(counted(scene, black_holes_believed), 0);
	assert_int_equal(scene->tcp->pmtus.filled_count, 0);
	forget_sent(scene);
	scene_free(scene);
}

/* Smaller still if that does not help, down to the floor; never because of segments that are small. */
static void test_guesses_end(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct scene *scene = scene_new(NULL);
		struct tcp_conn *conn = with_full_segments(scene, ipv6);

		passes_ms(scene, 95000);
		assert_int_equal(pmtu_of(scene->tcp, conn), ipv6 ? PMTU_FLOOR_IPV6_BYTES : PMTU_FLOOR_IPV4_BYTES);
		assert_int_equal(counted(scene, black_holes_guessed), ipv6 ? 1 : 2);
		forget_sent(scene);
		forget_events(scene);
		scene->side.port++;
		conn = established_by(scene, (struct segment){.flags = TCP_SYN, .mss = 1460});
		sends(scene, conn, "hello", 0);
		passes_ms(scene, 60000);
		assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
		forget_sent(scene);
		forget_events(scene);
		scene_free(scene);
	}
}

/* A timer that has backed off far, or a user of little patience, leaves no time for three retransmissions of each size. */
static void test_last_chance(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.rto_initial_ms = 30000;
	scene = scene_new(&config);
	conn = with_full_segments(scene, false);
	passes_ms(scene, 30500);
	assert_int_equal(pmtu_of(scene->tcp, conn), PMTU_GUESS_BYTES);
	passes_ms(scene, 60500);
	assert_int_equal(pmtu_of(scene->tcp, conn), PMTU_FLOOR_IPV4_BYTES);
	assert_int_equal(counted(scene, black_holes_guessed), 2);
	forget_sent(scene);
	forget_events(scene);
	scene_free(scene);
}

static void test_off(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct tcp_conn *conn;

	(void)state;
	config.path_mtu_discovery = false;
	scene = scene_new(&config);
	conn = with_full_segments(scene, false);
	tell(scene, 1000, 1);
	assert_int_equal(pmtu_of(scene->tcp, conn), 1500);
	assert_int_equal(counted(scene, drop_icmp_useless), 1);
	forget_sent(scene);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_is_believed),
		cmocka_unit_test(test_no_record_to_cut_with),
		cmocka_unit_test(test_no_record_and_alone),
		cmocka_unit_test(test_packet_fits),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_plateaus),
		cmocka_unit_test(test_later_ones_wait),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_others_learn),
		cmocka_unit_test(test_cache_is_bounded),
		cmocka_unit_test(test_black_hole),
		cmocka_unit_test(test_outage),
		cmocka_unit_test(test_guesses_end),
		cmocka_unit_test(test_last_chance),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
