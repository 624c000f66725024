/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory runs short, and whoever is missed least has to go: how many, in which order, how, and that the others are answered.
 */
#include "app/httpd/httpd_relief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/httpd_server.h"
#include "tests/httpd/answers.h"
#include "tests/httpd/fake_sluice.h"

#define HELLO "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"
#define LARGE "GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n"

static struct httpd_statistics statistics_of(const struct fake *fake)
{
	struct httpd_statistics statistics;

	httpd_statistics(fake->httpd, &statistics);
	return statistics;
}

static bool is_answered(struct fake *fake, int conn, const char *request)
{
	fake_forget_output(fake, conn);
	fake_say(fake, conn, request);
	return strncmp(fake_output(fake, conn), "HTTP/1.1 200 ", 13) == 0;
}

/* Of 64 records 4 are kept free: the fourth before the last makes one too few. */
static struct fake *crowd(int *conn, uint32_t count)
{
	struct fake *fake = fake_open(NULL);

	for (uint32_t i = 0; i < count; i++)
		conn[i] = fake_connect(fake);
	fake_wait_ms(fake, 260); /* what is new is spared */
	return fake;
}

static void test_the_oldest_idle_is_closed_in_order(void **state)
{
	int conn[61];
	struct fake *fake = crowd(conn, 60);

	(void)state;
	assert_true(is_answered(fake, conn[0], HELLO)); /* so that the second is the oldest */
	assert_int_equal(statistics_of(fake).relief_idle, 0);
	conn[60] = fake_connect(fake);
	assert_true(fake_is_shut(fake, conn[1]));
	assert_false(fake_is_aborted(fake, conn[1]));
	assert_int_equal(statistics_of(fake).relief_idle, 1);
	for (uint32_t i = 0; i < 61; i++)
		assert_int_equal(fake_is_shut(fake, conn[i]), i == 1);
	fake_close(fake);
}

/* Each is tried before another: the peer that was told has some time to acknowledge it. */
static void test_no_more_than_needed(void **state)
{
	int conn[61];
	struct fake *fake = crowd(conn, 60);

	(void)state;
	conn[60] = fake_connect(fake);
	assert_true(fake_is_gone(fake, conn[0]));
	assert_false(fake_is_aborted(fake, conn[0]));
	fake_wait_ms(fake, 15);
	assert_int_equal(statistics_of(fake).relief_idle, 1);
	fake_wait_ms(fake, 1000);
	assert_int_equal(statistics_of(fake).relief_idle, 1);
	fake_close(fake);
}

/* It does not go: the next one is asked, without anything happening on the wire. */
static void test_one_that_stays_is_not_waited_for(void **state)
{
	int conn[61];
	struct fake *fake = crowd(conn, 60);

	(void)state;
	fake_deaf(fake, conn[0]);
	conn[60] = fake_connect(fake);
	assert_true(fake_is_shut(fake, conn[0]) && !fake_is_gone(fake, conn[0]));
	fake_wait_ms(fake, 15);
	fake_say(fake, conn[60], HELLO); /* turns alone do not make it urgent */
	assert_false(fake_is_shut(fake, conn[1]));
	fake_wait_ms(fake, 25);
	assert_true(fake_is_gone(fake, conn[1]));
	assert_int_equal(statistics_of(fake).relief_idle, 2);
	fake_close(fake);
}

/* Hardly any record left: resets, which give one back at once, until half of the reserve is there again. */
static void test_resets_when_it_is_late(void **state)
{
	int conn[63], gone = 0;
	struct fake *fake = crowd(conn, 60);

	(void)state;
	for (uint32_t i = 1; i < 60; i++)
		assert_true(is_answered(fake, conn[i], HELLO));
	fake_limit(fake, conn[0], 100000);
	fake_say(fake, conn[0], LARGE);
	fake_wait_ms(fake, 260);
	for (uint32_t i = 60; i < 63; i++)
		conn[i] = fake_connect(fake);
	for (uint32_t i = 0; i < 63; i++)
		gone += fake_is_gone(fake, conn[i]);
	assert_true(gone > 0);
	assert_false(fake_is_aborted(fake, conn[0])); /* it is at work */
	assert_true(fake_is_aborted(fake, conn[1]) || fake_is_shut(fake, conn[1]));
	assert_true(64 - statistics_of(fake).connections_open >= 2);
	for (uint32_t i = 60; i < 63; i++)
		assert_true(is_answered(fake, conn[i], HELLO));
	fake_close(fake);
}

/* Who takes no answer is not closed in order: what is queued for him would stay. */
static void test_the_idle_that_reads_nothing_is_reset(void **state)
{
	int conn[61];
	struct fake *fake = crowd(conn, 1);

	(void)state;
	fake_limit(fake, conn[0], 1000);
	fake_say(fake, conn[0], HELLO);
	for (uint32_t i = 1; i < 61; i++)
		conn[i] = fake_connect(fake);
	fake_wait_ms(fake, 265);
	assert_true(fake_is_aborted(fake, conn[0]));
	assert_false(fake_is_aborted(fake, conn[1]));
	fake_close(fake);
}

/* Whoever came just now is not closed for those who come after him: they wait. */
static void test_the_new_are_spared(void **state)
{
	struct fake *fake = fake_open(NULL);

	(void)state;
	for (uint32_t i = 0; i < 63; i++)
		fake_connect(fake);
	fake_wait_ms(fake, 240);
	assert_int_equal(statistics_of(fake).relief_idle, 0);
	assert_int_equal(statistics_of(fake).connections_open, 63);
	fake_wait_ms(fake, 40);
	assert_true(statistics_of(fake).relief_idle >= 3);
	fake_close(fake);
}

/* All records belong to heads in pieces, and to those that wait with one: they are told, and go. */
static void test_heads_and_those_that_wait_give_up_records(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;

	(void)state;
	config.buffers = 8;
	fake = fake_open(&config);
	for (uint32_t i = 0; i < 63; i++)
		fake_say(fake, fake_connect(fake), "GET /plaintext HTTP/1.1\r\nX-a: ");
	fake_wait_ms(fake, 240);
	assert_int_equal(statistics_of(fake).responses_4xx + statistics_of(fake).responses_5xx, 0);
	fake_wait_ms(fake, 40);
	assert_true(statistics_of(fake).relief_heads > 0);
	assert_true(statistics_of(fake).responses_5xx > 0);
	fake_wait_ms(fake, 300);
	assert_true(statistics_of(fake).connections_open <= 62);
	assert_true(is_answered(fake, fake_connect(fake), HELLO));
	fake_close(fake);
}

/* Uses within a quarter of a second keep their order of before, later ones are later. */
static void test_order_of_use(void **state)
{
	int conn[61];
	struct fake *fake = crowd(conn, 60);

	(void)state;
	for (unsigned round = 0; round < 2; round++)
		for (int i = 59; i >= 0; i--) {
			fake_wait_ms(fake, round ? 300 : 30);
			assert_true(is_answered(fake, conn[i], HELLO));
		}
	conn[60] = fake_connect(fake);
	assert_true(fake_is_shut(fake, conn[59]));
	for (uint32_t i = 0; i < 59; i++)
		assert_false(fake_is_shut(fake, conn[i]));
	fake_close(fake);
}

/* The deadline of one that never asked is of another kind, and says nothing of its last use. */
static void test_first_use(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int first, second;

	(void)state;
	config.header_timeout_ms = 5000;
	config.idle_timeout_ms = 1000;
	fake = fake_open(&config);
	first = fake_connect(fake);
	fake_wait_ms(fake, 3000);
	second = fake_connect(fake);
	for (uint32_t i = 2; i < 60; i++)
		fake_connect(fake);
	fake_wait_ms(fake, 1000);
	assert_true(is_answered(fake, first, HELLO));
	fake_connect(fake);
	assert_true(fake_is_shut(fake, second));
	assert_false(fake_is_shut(fake, first));
	fake_close(fake);
}

/* ---- Heads in pieces ---- */

/* Slowloris with more connections than buffers: the oldest head makes room for one that is honest. */
static void test_the_oldest_head_makes_room(void **state)
{
	struct httpd_config config = fake_config();
	struct answers answers;
	struct fake *fake;
	int slow[4], honest;

	(void)state;
	config.buffers = 4;
	fake = fake_open(&config);
	for (uint32_t i = 0; i < 4; i++) {
		slow[i] = fake_connect(fake);
		fake_say(fake, slow[i], "GET /plaintext HTTP/1.1\r\nX-a: ");
	}
	honest = fake_connect(fake);
	fake_say(fake, honest, "GET /plaintext HTTP/1.1\r\nHost");
	assert_false(fake_is_shut(fake, slow[0])); /* it may be honest, too */
	fake_wait_ms(fake, 270);
	answers_expect_one(&answers, fake_output(fake, slow[0]), fake_output_bytes(fake, slow[0]), 408);
	assert_false(fake_is_shut(fake, slow[1]));
	assert_true(is_answered(fake, honest, ": a\r\n\r\n"));
	assert_int_equal(statistics_of(fake).relief_heads, 1);
	answers_end(&answers);
	fake_close(fake);
}

/* Ten times as many as there are buffers: each buffer serves four in a second, first come first served. */
static void test_ten_times_as_many_heads(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int honest;

	(void)state;
	config.buffers = config.exchanges = 4;
	fake = fake_open(&config);
	for (uint32_t i = 0; i < 40; i++)
		fake_say(fake, fake_connect(fake), "GET /plaintext HTTP/1.1\r\nX-a: ");
	honest = fake_connect(fake);
	fake_say(fake, honest, "GET /plaintext HTT");
	fake_say(fake, honest, "P/1.1\r\nHost: a\r\n\r\n");
	fake_wait_ms(fake, 2900);
	assert_memory_equal(fake_output(fake, honest), "HTTP/1.1 200 ", 13);
	assert_int_equal(statistics_of(fake).responses_2xx, 1);
	assert_true(statistics_of(fake).buffers_used <= 4);
	fake_close(fake);
}

/* ---- Bodies and responses ---- */

/* Readers that never read hold every exchange: two seconds after they began, they go for those who wait. */
static void test_what_does_not_move_makes_room(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int stuck[4], honest;

	(void)state;
	config.exchanges = 4;
	fake = fake_open(&config);
	for (uint32_t i = 0; i < 4; i++) {
		stuck[i] = fake_connect(fake);
		fake_limit(fake, stuck[i], 1000);
		fake_say(fake, stuck[i], LARGE);
	}
	fake_wait_ms(fake, 1900);
	honest = fake_connect(fake);
	fake_say(fake, honest, LARGE);
	assert_int_equal(fake_output_bytes(fake, honest), 0);
	fake_wait_ms(fake, 90);
	assert_false(fake_is_aborted(fake, stuck[0]));
	fake_wait_ms(fake, 40);
	assert_true(fake_output_bytes(fake, honest) > 100000);
	assert_true(fake_is_aborted(fake, stuck[0]));
	assert_false(fake_is_aborted(fake, stuck[1]));
	assert_int_equal(statistics_of(fake).timeouts_progress, 1);
	fake_close(fake);
}

/* Those that keep the pace stay, even when others wait. */
static void test_what_moves_stays(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int mover, waits;

	(void)state;
	config.exchanges = 1;
	fake = fake_open(&config);
	mover = fake_connect(fake);
	fake_limit(fake, mover, 5000);
	fake_say(fake, mover, LARGE);
	waits = fake_connect(fake);
	fake_say(fake, waits, LARGE);
	for (uint32_t i = 0; i < 20; i++) {
		fake_ack(fake, mover, 60);
		fake_wait_ms(fake, 500);
	}
	assert_false(fake_is_aborted(fake, mover));
	fake_say(fake, fake_connect(fake), LARGE); /* the other has been told 503 */
	fake_wait_ms(fake, 4010);
	assert_true(fake_is_aborted(fake, mover));
	fake_close(fake);
}

/* One that keeps the pace began first: it does not hide those behind it. */
static void test_what_moves_hides_nobody(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int mover, stuck, waits;

	(void)state;
	config.exchanges = 2;
	fake = fake_open(&config);
	mover = fake_connect(fake);
	stuck = fake_connect(fake);
	fake_limit(fake, mover, 5000);
	fake_limit(fake, stuck, 5000);
	fake_say(fake, mover, LARGE);
	fake_say(fake, stuck, LARGE);
	waits = fake_connect(fake);
	fake_say(fake, waits, LARGE);
	fake_ack(fake, mover, 1000);
	fake_wait_ms(fake, 2040);
	assert_true(fake_is_aborted(fake, stuck));
	assert_false(fake_is_aborted(fake, mover));
	assert_true(fake_output_bytes(fake, waits) > 100000);
	fake_close(fake);
}

/* ---- As TCP says ---- */

/* TCP has hardly a record left, whatever we have: the oldest go in order, and none when it has some again. */
static void test_tcp_is_short_of_records(void **state)
{
	int conn[20];
	struct fake *fake = crowd(conn, 20);

	(void)state;
	fake_limit(fake, conn[19], 1000);
	fake_say(fake, conn[19], LARGE);
	fake_pressure(fake, SLUICE_RESOURCE_CONNECTIONS, SLUICE_PRESSURE_SOME);
	fake_run(fake);
	assert_int_equal(statistics_of(fake).relief_idle, 0);
	fake_pressure(fake, SLUICE_RESOURCE_CONNECTIONS, SLUICE_PRESSURE_SEVERE);
	fake_run(fake);
	for (uint32_t i = 0; i < 19; i++)
		assert_true(fake_is_shut(fake, conn[i]) && !fake_is_aborted(fake, conn[i]));
	assert_false(fake_is_shut(fake, conn[19]));
	fake_pressure(fake, SLUICE_RESOURCE_CONNECTIONS, SLUICE_PRESSURE_SOME);
	conn[0] = fake_connect(fake);
	fake_wait_ms(fake, 1000);
	assert_true(is_answered(fake, conn[0], HELLO));
	assert_int_equal(statistics_of(fake).relief_idle, 19);
	fake_close(fake);
}

/* What is held does not move: it goes, whether anybody waits or not; what moves stays. */
static void expect_movers_hurried(enum sluice_resource resource)
{
	struct fake *fake = fake_open(NULL);
	int stuck = fake_connect(fake), mover = fake_connect(fake);

	fake_limit(fake, stuck, 1000);
	fake_limit(fake, mover, 1000);
	fake_say(fake, stuck, LARGE);
	fake_say(fake, mover, LARGE);
	fake_pressure(fake, resource, SLUICE_PRESSURE_SEVERE);
	for (uint32_t i = 0; i < 4; i++) {
		fake_ack(fake, mover, 60);
		assert_false(fake_is_aborted(fake, stuck));
		fake_wait_ms(fake, 500);
	}
	fake_wait_ms(fake, 30);
	assert_true(fake_is_aborted(fake, stuck));
	assert_false(fake_is_aborted(fake, mover));
	fake_close(fake);
}

static void test_tcp_is_full(void **state)
{
	(void)state;
	expect_movers_hurried(SLUICE_RESOURCE_PACKETS);
	expect_movers_hurried(SLUICE_RESOURCE_SENDING);
}

/* Who reads at the least rate, and no faster, holds what is queued for him too long when TCP is full; who has little to go does not. */
static void expect_the_heavy_unloaded(enum sluice_resource resource)
{
	struct fake *fake = fake_open(NULL);
	int heavy = fake_connect(fake), light = fake_connect(fake);

	fake_limit(fake, heavy, 50000);
	fake_limit(fake, light, 2000);
	fake_say(fake, heavy, LARGE);
	fake_say(fake, light, LARGE);
	fake_pressure(fake, resource, SLUICE_PRESSURE_SEVERE);
	for (uint32_t i = 0; i < 4; i++) {
		assert_false(fake_is_aborted(fake, heavy));
		fake_ack(fake, heavy, 100);
		fake_ack(fake, light, 100);
		fake_wait_ms(fake, 500);
	}
	fake_wait_ms(fake, 30);
	assert_true(fake_is_aborted(fake, heavy));
	assert_false(fake_is_aborted(fake, light));
	fake_close(fake);
}

static void test_tcp_is_full_of_what_moves_slowly(void **state)
{
	(void)state;
	expect_the_heavy_unloaded(SLUICE_RESOURCE_PACKETS);
	expect_the_heavy_unloaded(SLUICE_RESOURCE_SENDING);
}

/* Packets run out while some wait for an exchange: what those have sent is not kept for them. */
static void test_tcp_is_full_of_what_waits(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int mover, waits;

	(void)state;
	config.exchanges = 1;
	fake = fake_open(&config);
	mover = fake_connect(fake);
	fake_limit(fake, mover, 1000);
	fake_say(fake, mover, LARGE);
	waits = fake_connect(fake);
	fake_say(fake, waits, LARGE LARGE);
	fake_wait_ms(fake, 1000);
	assert_true(fake_unread(fake, waits) > 0);
	fake_pressure(fake, SLUICE_RESOURCE_PACKETS, SLUICE_PRESSURE_SEVERE);
	fake_wait_ms(fake, 30);
	assert_int_equal(fake_unread(fake, waits), 0);
	assert_memory_equal(fake_output(fake, waits), "HTTP/1.1 503 ", 13);
	fake_close(fake);
}

/* One that had rested for long before it asked has only just begun to wait. */
static void test_a_rest_is_no_wait(void **state)
{
	struct httpd_config config = fake_config();
	struct fake *fake;
	int mover, rested;

	(void)state;
	config.exchanges = 1;
	fake = fake_open(&config);
	rested = fake_connect(fake);
	assert_true(is_answered(fake, rested, HELLO));
	fake_wait_ms(fake, 59000);
	mover = fake_connect(fake);
	fake_limit(fake, mover, 1000);
	fake_say(fake, mover, LARGE);
	fake_pressure(fake, SLUICE_RESOURCE_PACKETS, SLUICE_PRESSURE_SEVERE);
	fake_forget_output(fake, rested);
	fake_say(fake, rested, LARGE);
	fake_wait_ms(fake, 200);
	assert_int_equal(fake_output_bytes(fake, rested), 0);
	fake_limit(fake, mover, SIZE_MAX);
	fake_run(fake);
	assert_memory_equal(fake_output(fake, rested), "HTTP/1.1 200 ", 13);
	fake_close(fake);
}

/* Answers that were handed over before memory ran short, and are not acknowledged: of one that rests, and of one that leaves. */
static void test_debtors_are_reset(void **state)
{
	struct fake *fake = fake_open(NULL);
	int rests = fake_connect(fake), leaves = fake_connect(fake), honest = fake_connect(fake);

	(void)state;
	fake_limit(fake, rests, 100000);
	fake_limit(fake, leaves, 100000);
	fake_say(fake, rests, HELLO HELLO);
	fake_say(fake, leaves, "GET /bytes/50000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	assert_true(is_answered(fake, honest, HELLO));
	fake_pressure(fake, SLUICE_RESOURCE_PACKETS, SLUICE_PRESSURE_SEVERE);
	fake_wait_ms(fake, 5000);
	assert_false(fake_is_aborted(fake, rests) || fake_is_aborted(fake, leaves));
	fake_pressure(fake, SLUICE_RESOURCE_PACKETS, SLUICE_PRESSURE_NONE);
	fake_pressure(fake, SLUICE_RESOURCE_SENDING, SLUICE_PRESSURE_SEVERE);
	fake_say(fake, rests, HELLO); /* still asks, and is spared for that */
	fake_wait_ms(fake, 3900);
	assert_true(fake_is_aborted(fake, leaves));
	assert_false(fake_is_aborted(fake, rests));
	fake_wait_ms(fake, 200);
	assert_true(fake_is_aborted(fake, rests));
	assert_int_equal(statistics_of(fake).relief_debtors, 2);
	assert_true(is_answered(fake, honest, HELLO));
	fake_close(fake);
}

/* Who asks on and acknowledges nothing gets 4 KiB of TCP's memory when it is short; at the least rate it goes on. */
static void test_no_more_on_credit(void **state)
{
	struct fake *fake = fake_open(NULL);
	int good = fake_connect(fake), bad = fake_connect(fake);
	size_t bytes;

	(void)state;
	fake_pressure(fake, SLUICE_RESOURCE_SENDING, SLUICE_PRESSURE_SOME);
	fake_run(fake);
	fake_limit(fake, good, 200000);
	fake_limit(fake, bad, 200000);
	for (uint32_t i = 0; i < 500; i++) {
		fake_say(fake, good, HELLO);
		fake_say(fake, bad, HELLO);
	}
	bytes = fake_output_bytes(fake, bad);
	assert_in_range(bytes, 4096, 4096 + 500);
	assert_int_equal(statistics_of(fake).exchanges_used, 2);
	for (uint32_t i = 0; i < 29; i++) {
		fake_ack(fake, good, 200);
		fake_ack(fake, bad, 1);
		fake_wait_ms(fake, 1000);
	}
	assert_int_equal(fake_output_bytes(fake, bad), bytes);
	assert_true(fake_output_bytes(fake, good) > bytes + 28 * 150);
	assert_false(fake_is_gone(fake, bad));
	fake_wait_ms(fake, 1010);
	assert_true(fake_is_aborted(fake, bad));
	assert_int_equal(statistics_of(fake).timeouts_progress, 1);
	fake_limit(fake, good, SIZE_MAX);
	fake_run(fake);
	fake_wait_ms(fake, 100);
	assert_int_equal(fake_unread(fake, good), 0);
	assert_false(fake_is_shut(fake, good));
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_oldest_idle_is_closed_in_order),
		cmocka_unit_test(test_no_more_than_needed),
		cmocka_unit_test(test_one_that_stays_is_not_waited_for),
		cmocka_unit_test(test_resets_when_it_is_late),
		cmocka_unit_test(test_the_idle_that_reads_nothing_is_reset),
		cmocka_unit_test(test_the_new_are_spared),
		cmocka_unit_test(test_heads_and_those_that_wait_give_up_records),
		cmocka_unit_test(test_order_of_use),
		cmocka_unit_test(test_first_use),
		cmocka_unit_test(test_the_oldest_head_makes_room),
		cmocka_unit_test(test_ten_times_as_many_heads),
		cmocka_unit_test(test_what_does_not_move_makes_room),
		cmocka_unit_test(test_what_moves_stays),
		cmocka_unit_test(test_what_moves_hides_nobody),
		cmocka_unit_test(test_tcp_is_short_of_records),
		cmocka_unit_test(test_tcp_is_full),
		cmocka_unit_test(test_tcp_is_full_of_what_moves_slowly),
		cmocka_unit_test(test_tcp_is_full_of_what_waits),
		cmocka_unit_test(test_a_rest_is_no_wait),
		cmocka_unit_test(test_debtors_are_reset),
		cmocka_unit_test(test_no_more_on_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
