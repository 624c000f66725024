/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mailbox: bounded, in order, across the wrap of its turns, and with several threads putting at once.
 */
#include "lib/worker/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define PRODUCERS      2
#define POSTS_EACH     200000
#define PRODUCER_SHIFT 24

static struct mailbox mailbox;

static void run_even(struct sluice_worker *worker, void *argument)
{
	(void)worker;
	(void)argument;
}

static void run_odd(struct sluice_worker *worker, void *argument)
{
	(void)worker;
	(void)argument;
}

static void (*function_of(uintptr_t number))(struct sluice_worker *, void *)
{
	return number % 2 ? run_odd : run_even;
}

static bool put(uintptr_t number)
{
	return mailbox_put(&mailbox, function_of(number), (void *)number);
}

/* The number taken, which came with its own function; UINTPTR_MAX: none. */
static uintptr_t take(void)
{
	void (*function)(struct sluice_worker *, void *);
	void *argument;

	if (!mailbox_take(&mailbox, &function, &argument))
		return UINTPTR_MAX;
	assert_true(function == function_of((uintptr_t)argument));
	return (uintptr_t)argument;
}

static void test_full_and_empty(void **state)
{
	(void)state;
	mailbox_make(&mailbox);
	assert_true(mailbox_is_empty(&mailbox));
	assert_true(take() == UINTPTR_MAX);
	for (uintptr_t round = 0; round < 5; round++) {
		for (uintptr_t i = 0; i < MAILBOX_POSTS_MAX; i++)
			assert_true(put(round * 1000 + i));
		assert_false(put(1));
		assert_false(mailbox_is_empty(&mailbox));
		for (uintptr_t i = 0; i < MAILBOX_POSTS_MAX; i++)
			assert_true(take() == round * 1000 + i);
		assert_true(mailbox_is_empty(&mailbox));
		assert_true(take() == UINTPTR_MAX);
	}
}

/* Every fill level, in order, a place free again as soon as it is taken. */
static void test_in_order(void **state)
{
	uintptr_t next_put = 0, next_take = 0;

	(void)state;
	mailbox_make(&mailbox);
	for (uintptr_t level = 1; level <= MAILBOX_POSTS_MAX; level++) {
		while (next_put - next_take < level)
			assert_true(put(next_put++));
		for (uintptr_t i = 0; i < 3; i++) {
			assert_true(take() == next_take++);
			assert_true(put(next_put++));
		}
		assert_int_equal(put(0), level < MAILBOX_POSTS_MAX);
		if (level == MAILBOX_POSTS_MAX)
			break;
		while (next_take < next_put)
			assert_true(take() == next_take++);
		assert_true(take() == 0);
		assert_true(mailbox_is_empty(&mailbox));
	}
}

/* After 2^32 posts the turns wrap. */
static void test_turns_wrap(void **state)
{
	uint32_t start = 0U - 2 * MAILBOX_POSTS_MAX;

	(void)state;
	mailbox_make(&mailbox);
	for (uint32_t i = 0; i < MAILBOX_POSTS_MAX; i++)
		atomic_store(&mailbox.post[i].turn, start + i);
	atomic_store(&mailbox.tail, start);
	mailbox.head = start;
	for (uintptr_t round = 0; round < 5; round++) {
		for (uintptr_t i = 0; i < MAILBOX_POSTS_MAX; i++)
			assert_true(put(i));
		assert_false(put(0));
		for (uintptr_t i = 0; i < MAILBOX_POSTS_MAX; i++)
			assert_true(take() == i);
		assert_true(mailbox_is_empty(&mailbox));
	}
	assert_int_equal(mailbox.head, 3 * MAILBOX_POSTS_MAX);
}

static void *produce(void *argument)
{
	uintptr_t producer = (uintptr_t)argument;

	for (uintptr_t i = 0; i < POSTS_EACH; i++)
		while (!put(producer << PRODUCER_SHIFT | i))
			sched_yield();
	return NULL;
}

/* Nothing lost, nothing twice, each producer's in its order. */
static void test_two_producers(void **state)
{
	pthread_t thread[PRODUCERS];
	uintptr_t next[PRODUCERS] = {0};

	(void)state;
	mailbox_make(&mailbox);
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, produce, (void *)i), 0);
	for (uint32_t taken = 0; taken < PRODUCERS * POSTS_EACH;) {
		uintptr_t number = take();

		if (number == UINTPTR_MAX) {
			sched_yield();
			continue;
		}
		assert_true(number >> PRODUCER_SHIFT < PRODUCERS);
		assert_true((number & ((1U << PRODUCER_SHIFT) - 1)) == next[number >> PRODUCER_SHIFT]);
		next[number >> PRODUCER_SHIFT]++;
		taken++;
	}
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_true(next[i] == POSTS_EACH);
	}
	assert_true(mailbox_is_empty(&mailbox));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_and_empty),
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_turns_wrap),
		cmocka_unit_test(test_two_producers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
