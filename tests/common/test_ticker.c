/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ticks: on time, on every core the process may use, and none after stop.
 */
#include "app/common/ticker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define MS_NS 1000000

struct witness {
	uint32_t ticks;
	cpu_set_t cores;
};

static void tick(void *argument)
{
	struct witness *witness = argument;

	pthread_getaffinity_np(pthread_self(), sizeof(witness->cores), &witness->cores);
	__atomic_add_fetch(&witness->ticks, 1, __ATOMIC_RELAXED);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * MS_NS}, NULL);
}

static uint32_t ticks_of(const struct witness *witness)
{
	return __atomic_load_n(&witness->ticks, __ATOMIC_RELAXED);
}

static void test_it_ticks_until_stopped(void **state)
{
	struct witness witness = {0};
	struct ticker ticker;
	uint32_t ticks;

	(void)state;
	ticker_prepare(&ticker);
	assert_int_equal(ticker_start(&ticker, 5 * MS_NS, tick, &witness), 0);
	for (int i = 0; i < 200 && ticks_of(&witness) < 5; i++)
		sleep_ms(5);
	ticker_stop(&ticker);
	ticks = ticks_of(&witness);
	assert_true(ticks >= 5);
	sleep_ms(20);
	assert_int_equal(ticks_of(&witness), ticks);
	ticker_stop(&ticker); /* does nothing */
}

static void test_stopping_does_not_wait_for_a_tick(void **state)
{
	struct witness witness = {0};
	struct ticker ticker;
	struct timespec begin, end;

	(void)state;
	ticker_prepare(&ticker);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(ticker_start(&ticker, UINT64_C(60000) * MS_NS, tick, &witness), 0);
	ticker_stop(&ticker);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 10);
	assert_int_equal(witness.ticks, 0);
}

/* What EAL does to the thread that starts the ticker does not bind the ticker. */
static void test_it_is_not_pinned_with_its_creator(void **state)
{
	struct witness witness = {0};
	struct ticker ticker;
	cpu_set_t before, one;
	size_t first = 0;

	(void)state;
	pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	while (!CPU_ISSET(first, &before))
		first++;
	ticker_prepare(&ticker);
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	assert_int_equal(ticker_start(&ticker, MS_NS, tick, &witness), 0);
	for (int i = 0; i < 200 && !ticks_of(&witness); i++)
		sleep_ms(5);
	ticker_stop(&ticker);
	pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
	assert_true(witness.ticks > 0);
	assert_true(CPU_EQUAL(&witness.cores, &before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_ticks_until_stopped),
		cmocka_unit_test(test_stopping_does_not_wait_for_a_tick),
		cmocka_unit_test(test_it_is_not_pinned_with_its_creator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
