/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The books: what is begun is ended once, and an imbalance is seen.
 */
#include "app/load/load_state.h"
#include "tests/load/load_scene.h"

static void test_begun_and_ended(void **state)
{
	struct load_ledger ledger = {0};

	(void)state;
	load_ledger_begin(&ledger, 5);
	assert_int_equal(ledger.attempted, 5);
	assert_int_equal(ledger.in_progress, 5);
	assert_true(load_ledger_balances(&ledger));
	load_ledger_end(&ledger, LOAD_OUTCOME_SUCCESS, 2);
	load_ledger_end(&ledger, LOAD_OUTCOME_RESET, 3);
	assert_int_equal(ledger.in_progress, 0);
	assert_int_equal(ledger.outcome[LOAD_OUTCOME_RESET], 3);
	assert_true(load_ledger_balances(&ledger));
}

static void test_an_imbalance_is_seen(void **state)
{
	struct load_ledger ledger = {.attempted = 2, .in_progress = 1};

	(void)state;
	assert_false(load_ledger_balances(&ledger));
	ledger.outcome[LOAD_OUTCOME_STOPPED] = 1;
	assert_true(load_ledger_balances(&ledger));
}

static void test_every_outcome_has_its_words(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++) {
		assert_true(strlen(load_outcome_key((enum load_outcome)i)) > 0);
		assert_true(strlen(load_outcome_text((enum load_outcome)i)) > 0);
	}
	assert_string_equal(load_outcome_key(LOAD_OUTCOME_NO_LOCAL_PORT), "no_local_port");
	assert_null(load_outcome_key(LOAD_OUTCOME_COUNT));
	assert_string_equal(load_time_key(LOAD_TIME_FIRST_BYTE), "first_byte");
	assert_null(load_time_key(LOAD_TIME_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begun_and_ended),
		cmocka_unit_test(test_an_imbalance_is_seen),
		cmocka_unit_test(test_every_outcome_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
