/* SPDX-License-Identifier: BSD-3-Clause */
/* Licences against hand-made segments: what they allow in a turn, and that what is one more is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/licence.h"
#include "tests/sim/violation.h"

static jmp_buf caught;
static const char *caught_rule;
static struct host host;

static void catch_it(const char *rule, const char *text)
{
	(void)text;
	caught_rule = rule;
	longjmp(caught, 1);
}

/* A turn in which the counters go up by so much: is that said to be too much? */
static bool is_too_much(uint64_t half_open_resets, uint64_t reopens)
{
	struct sluice_statistics before = host.statistics;

	caught_rule = NULL;
	host.statistics.counter[SLUICE_COUNTER_half_open_reset] += half_open_resets;
	host.statistics.counter[SLUICE_COUNTER_time_wait_reopened] += reopens;
	if (!setjmp(caught))
		licence_check(&host, &before);
	if (caught_rule)
		assert_string_equal(caught_rule, "licence");
	return caught_rule != NULL;
}

static void hears(uint32_t seq, uint8_t flags, uint16_t port, bool is_forged)
{
	const struct dissect seg = {.seq = seq, .flags = flags, .source.port = port, .destination.port = 80};

	licence_delivered(host.index, &seg, is_forged);
}

static int setup(void **state)
{
	(void)state;
	violation_catch = catch_it;
	licence_reset();
	return 0;
}

static void an_entry_ends_by_the_number_after_its_syn(void **state)
{
	(void)state;
	hears(UINT32_MAX, SEG_SYN, 1000, false);
	hears(0, SEG_RST, 1000, true);
	assert_false(is_too_much(1, 0));
	assert_true(is_too_much(1, 0)); /* once */
}

static void and_by_no_other(void **state)
{
	(void)state;
	hears(70, SEG_SYN, 1000, false);
	hears(70, SEG_RST, 1000, true);
	hears(72, SEG_RST, 1000, true);
	hears(71, SEG_RST, 1001, true);
	hears(71, SEG_ACK, 1000, true);
	assert_false(is_too_much(0, 0));
	hears(72, SEG_RST | SEG_ACK, 1000, false);
	assert_true(is_too_much(1, 0));
}

static void a_licence_ends_with_its_turn(void **state)
{
	(void)state;
	hears(70, SEG_SYN, 1000, false);
	hears(71, SEG_RST, 1000, false);
	assert_false(is_too_much(0, 0));
	assert_true(is_too_much(1, 0));
	assert_true(is_too_much(0, 1));
}

static void a_bare_syn_reopens_unless_it_is_forged(void **state)
{
	static const uint8_t others[] = {SEG_SYN | SEG_ACK, SEG_SYN | SEG_FIN, SEG_SYN | SEG_RST, SEG_ACK};

	(void)state;
	hears(70, SEG_SYN | SEG_ECE | SEG_CWR, 1000, false);
	assert_false(is_too_much(0, 1));
	hears(70, SEG_SYN, 1000, true);
	assert_true(is_too_much(0, 1));
	for (uint32_t i = 0; i < sizeof(others); i++) {
		hears(70, others[i], 1000, false);
		assert_true(is_too_much(0, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_entry_ends_by_the_number_after_its_syn, setup),
		cmocka_unit_test_setup(and_by_no_other, setup),
		cmocka_unit_test_setup(a_licence_ends_with_its_turn, setup),
		cmocka_unit_test_setup(a_bare_syn_reopens_unless_it_is_forged, setup),
	};

	return cmocka_run_group_tests_name("sim/licence", tests, NULL, NULL);
}
