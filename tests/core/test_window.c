/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The window that we offer (RFC 9293 section 3.8.6): never taken back, never opened in crumbs, never more than there is room
 * for but for what its scale rounds up.
 */
#include "lib/core/window.h"

#include "tests/claims/claims.h"
#include "tests/core/instance.h"

#define MSS 1000U

#define MTU 1300U

static struct tcp tcp = {.mtu_bytes = MTU}; /* under no pressure, but where a test says so */

/* As after an ACK that offered `edge` bytes beyond rcv_nxt, with `readable` not consumed. */
static struct tcp_conn conn_of(uint32_t rcv_nxt, uint8_t shift, uint32_t buffer, uint32_t readable, uint32_t edge)
{
	return (struct tcp_conn){
		.rcv_nxt = seq_of(rcv_nxt),
		.last_ack_sent = seq_of(rcv_nxt),
		.rcv_shift = shift & 15U,
		.rcv_wnd_raw = (uint16_t)(edge >> shift),
		.rcv_buffer_bytes = buffer & CONN_RCV_BUFFER_MAX,
		.readable_bytes = readable,
		.mss_bytes = MSS,
	};
}

/* The field is written, and the application then reads on. */
static uint32_t offer(struct tcp_conn *conn)
{
	window_offered(conn, window_offer_raw(&tcp, conn));
	return (uint32_t)conn->rcv_wnd_raw << conn->rcv_shift;
}

CLAIMS(RFC7323_2_2)
static void test_syn_window_is_not_scaled_rfc7323_2_2(void **state)
{
	(void)state;
	assert_int_equal(window_syn(65536, 8), 65280);
	assert_int_equal(window_syn(65536, 0), 65535);
	assert_int_equal(window_syn(4 << 20, 14), 49152);
	assert_int_equal(window_syn(300, 8), 256);
	assert_int_equal(window_syn(300, 0), 300);
}

/* The edge that the SYN promised is a whole number of units: the first scaled window can say it again. */
static void test_syn_window_says_the_same_scaled(void **state)
{
	(void)state;
	for (uint8_t shift = 0; shift <= 14; shift++)
		for (uint32_t buffer = 256; buffer < 200000; buffer += 777)
			assert_int_equal(window_syn(buffer, shift) >> shift << shift, window_syn(buffer, shift));
}

static void test_shrinks_as_text_waits(void **state)
{
	struct tcp_conn conn = conn_of(0U - 500, 0, 10000, 0, 10000);

	(void)state;
	for (uint32_t got = 0; got < 10000; got += MSS) {
		conn.rcv_nxt = seq_add(conn.rcv_nxt, MSS);
		conn.readable_bytes += MSS;
		assert_int_equal(offer(&conn), 10000 - conn.readable_bytes);
	}
	assert_int_equal(conn.rcv_wnd_raw, 0);
}

/* A window told as shut, of a buffer that is not much more than a unit: reading it empty is worth telling. */
CLAIMS(MAY_8)
static void test_shut_and_read_empty(void **state)
{
	(void)state;
	for (uint8_t shift = 8; shift <= 14; shift++) {
		uint32_t buffer = 1U << shift;
		struct tcp_conn conn = conn_of(0U - 500, shift, buffer, 0, buffer);

		while (conn.readable_bytes < buffer) {
			uint32_t bytes = cc_min(cc_min(60, buffer - conn.readable_bytes),
						seq_distance(tcp_conn_rcv_edge(&conn), conn.rcv_nxt));

			conn.rcv_nxt = seq_add(conn.rcv_nxt, bytes);
			conn.readable_bytes += bytes;
			offer(&conn);
		}
		assert_int_equal(conn.rcv_wnd_raw, 0);
		conn.readable_bytes = 0;
		assert_true(window_is_worth_opening(&tcp, &conn));
		assert_int_equal(offer(&conn), buffer);
	}
}

/* MUST-39: the right edge stays until min(buffer / 2, MSS) can be added at once. */
CLAIMS(MUST_39)
static void test_no_crumbs_must_39(void **state)
{
	struct tcp_conn conn = conn_of(0, 0, 10000, 10000, 0);

	(void)state;
	conn.readable_bytes = 10000 - (MSS - 1);
	assert_false(window_is_worth_opening(&tcp, &conn));
	assert_int_equal(offer(&conn), 0);
	conn.readable_bytes = 10000 - MSS;
	assert_true(window_is_worth_opening(&tcp, &conn));
	assert_int_equal(offer(&conn), MSS);
	conn = conn_of(0, 0, 600, 600, 0); /* half of a small buffer */
	conn.readable_bytes = 301;
	assert_int_equal(offer(&conn), 0);
	conn.readable_bytes = 300;
	assert_int_equal(offer(&conn), 300);
}

/* SHLD-14: the edge does not move left, even when the buffer turns out smaller than what was offered. */
CLAIMS(SHLD_14)
static void test_never_taken_back_shld_14(void **state)
{
	struct tcp_conn conn = conn_of(0U - 100, 0, 2000, 0, 10000);
	uint32_t edge = tcp_conn_rcv_edge(&conn).value;

	(void)state;
	assert_int_equal(window_room_bytes(&tcp, &conn), 2000);
	for (uint32_t i = 0; i < 10; i++) {
		conn.rcv_nxt = seq_add(conn.rcv_nxt, MSS);
		conn.readable_bytes += MSS;
		offer(&conn);
		assert_int_equal(tcp_conn_rcv_told(&conn).value, edge);
	}
	assert_int_equal(window_room_bytes(&tcp, &conn), 0);
}

/* At any scale, as text comes in any sizes and is read in any sizes: the edge slips back by less than a unit of its scale, whatever
 * was offered once is honoured (RFC 7323 section 2.4), and no more is ever held than the buffer and a unit. */
static void test_edge_moves_right(void **state)
{
	static const uint32_t sizes[3] = {3000, 100, 2};
	struct random random = {3};

	(void)state;
	for (uint8_t shift = 0; shift <= 14; shift++) {
		uint32_t buffer = 20000U << shift;
		struct tcp_conn conn = conn_of(0U - 77777, shift, buffer, 0, buffer);
		struct seq top = tcp_conn_rcv_edge(&conn);
		uint32_t size = sizes[shift % 3];

		for (uint32_t i = 0; i < 5000; i++) {
			uint32_t bytes = cc_min(random_below(&random, size), seq_distance(top, conn.rcv_nxt));

			assert_int_equal(tcp_conn_rcv_edge(&conn).value, top.value);
			conn.rcv_nxt = seq_add(conn.rcv_nxt, bytes);
			conn.readable_bytes += bytes;
			if (random_below(&random, 50) == 0)
				conn.readable_bytes -= random_below(&random, conn.readable_bytes + 1);
			offer(&conn);
			assert_true(seq_after(seq_add(tcp_conn_rcv_told(&conn), 1U << shift), top));
			top = seq_later(top, tcp_conn_rcv_told(&conn));
			assert_true(conn.readable_bytes + seq_distance(top, conn.rcv_nxt) < buffer + (1U << shift));
		}
	}
}

/* What the field cannot say is no gain: without a scale, a buffer beyond 64 KiB does not make every ACK worth sending. */
static void test_no_gain_beyond_the_field(void **state)
{
	struct tcp_conn conn = conn_of(0, 0, 1 << 20, 0, 65535);

	(void)state;
	assert_int_equal(window_gain_bytes(&tcp, &conn), 0);
	assert_false(window_is_worth_opening(&tcp, &conn));
	assert_int_equal(offer(&conn), 65535);
	conn.rcv_nxt = seq_add(conn.rcv_nxt, 500);
	assert_int_equal(window_gain_bytes(&tcp, &conn), 500);
	conn = conn_of(0, 2, 1 << 20, 0, 65535 << 2);
	assert_int_equal(window_gain_bytes(&tcp, &conn), 0);
}

/* Packets severely short: two packets and no more, where there is room for them; what was offered stays offered, and nothing grows. */
static void test_window_under_pressure(void **state)
{
	struct tcp_conn conn = conn_of(0, 0, 20000, 0, 1000), wide = conn_of(0, 0, 20000, 0, 9000);
	struct tcp_conn full = conn_of(0, 0, 20000, 19000, 0);

	(void)state;
	tcp.pressure.level[SLUICE_RESOURCE_PACKETS] = SLUICE_PRESSURE_SOME;
	assert_int_equal(window_room_bytes(&tcp, &conn), 20000);
	tcp.pressure.level[SLUICE_RESOURCE_PACKETS] = SLUICE_PRESSURE_SEVERE;
	assert_int_equal(window_room_bytes(&tcp, &full), 1000);
	assert_int_equal(offer(&wide), 9000);
	wide.rcv_nxt = seq_of(8500);
	wide.readable_bytes = 8500;
	assert_int_equal(offer(&wide), 2 * MTU);
	assert_int_equal(offer(&conn), 2 * MTU);
	conn.rcv_nxt = seq_of(1000);
	assert_int_equal(offer(&conn), 2 * MTU);
	tcp.pressure.level[SLUICE_RESOURCE_PACKETS] = SLUICE_PRESSURE_NONE;
	assert_int_equal(offer(&conn), 20000);
}

/* What is consumed in a round trip makes the buffer grow, but not while packets are short. */
static void test_growth_under_pressure(void **state)
{
	(void)state;
	for (uint32_t level = SLUICE_PRESSURE_NONE; level <= SLUICE_PRESSURE_SEVERE; level++) {
		struct tcp_conn conn = conn_of(15000, 0, 20000, 0, 5000);

		conn.srtt_us = 9000;
		conn.rcv_max_kib = 64;
		tcp.now_ms = 20;
		tcp.pressure.level[SLUICE_RESOURCE_PACKETS] = level;
		window_consumed(&tcp, &conn);
		assert_int_equal(conn.rcv_buffer_bytes, level == SLUICE_PRESSURE_NONE ? 30000 : 20000);
	}
	tcp.pressure.level[SLUICE_RESOURCE_PACKETS] = SLUICE_PRESSURE_NONE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_window_is_not_scaled_rfc7323_2_2),
		cmocka_unit_test(test_syn_window_says_the_same_scaled),
		cmocka_unit_test(test_shrinks_as_text_waits),
		cmocka_unit_test(test_shut_and_read_empty),
		cmocka_unit_test(test_no_crumbs_must_39),
		cmocka_unit_test(test_never_taken_back_shld_14),
		cmocka_unit_test(test_edge_moves_right),
		cmocka_unit_test(test_no_gain_beyond_the_field),
		cmocka_unit_test(test_window_under_pressure),
		cmocka_unit_test(test_growth_under_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
