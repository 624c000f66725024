/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When SYNs are answered without an entry, when that ends, and how long and how often cookies count.
 */
#include "lib/core/syn_gate.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

#define SECOND_NS 1000000000ULL

static struct tcp *tcp_with(struct sluice_config config)
{
	return instance_new(&config);
}

static void passes_s(struct tcp *tcp, uint32_t s)
{
	tcp_set_time(tcp, tcp->now_ns + s * SECOND_NS);
}

static uint32_t stateless_of(struct tcp *tcp, uint32_t syns)
{
	uint32_t stateless = 0;

	for (uint32_t i = 0; i < syns; i++)
		stateless += syn_gate_syn(tcp, false);
	return stateless;
}

static void test_always_and_never(void **state)
{
	struct sluice_config config = scene_config();
	struct tcp *tcp;

	(void)state;
	config.cookies_syns_per_second = 10;
	config.cookies = SLUICE_COOKIES_ALWAYS;
	tcp = tcp_with(config);
	assert_int_equal(stateless_of(tcp, 20), 20);
	assert_true(syn_gate_is_open(tcp));
	free(tcp);
	config.cookies = SLUICE_COOKIES_NEVER;
	tcp = tcp_with(config);
	assert_int_equal(stateless_of(tcp, 20), 0);
	syn_gate_given(tcp);
	assert_false(syn_gate_is_open(tcp));
	free(tcp);
}

/* Beyond the budget of a second at once; back when a second and the one before it stayed within half of it. */
static void test_rate(void **state)
{
	struct sluice_config config = scene_config();
	struct tcp *tcp;

	(void)state;
	config.cookies_syns_per_second = 10;
	tcp = tcp_with(config);
	assert_int_equal(stateless_of(tcp, 10), 0);
	assert_int_equal(stateless_of(tcp, 3), 3);
	passes_s(tcp, 1);
	assert_int_equal(stateless_of(tcp, 6), 6); /* quiet, but the second before was not */
	passes_s(tcp, 1);
	assert_int_equal(stateless_of(tcp, 5), 5); /* six were more than half */
	passes_s(tcp, 1);
	assert_int_equal(stateless_of(tcp, 10), 0);
	assert_int_equal(stateless_of(tcp, 1), 1);
	passes_s(tcp, 5); /* nothing came meanwhile */
	assert_int_equal(stateless_of(tcp, 1), 0);
	assert_int_equal(tcp->counter[SLUICE_COUNTER_cookies_begun], 2);
	free(tcp);
}

/* From the mark on, of either family; until both are at half of it. */
CLAIMS(RFC4987_3_7)
static void test_watermark(void **state)
{
	struct sluice_config config = scene_config();
	struct tcp *tcp;

	(void)state;
	config.half_open = 20;
	config.cookies_half_open_percent = 50;
	tcp = tcp_with(config);
	tcp->half_open.ipv6.used_count = 9;
	assert_false(syn_gate_syn(tcp, true));
	tcp->half_open.ipv6.used_count = 10;
	assert_false(syn_gate_syn(tcp, false)); /* whose own entries are free */
	assert_true(syn_gate_syn(tcp, true));
	assert_true(syn_gate_syn(tcp, false));
	tcp->half_open.ipv6.used_count = 6;
	assert_true(syn_gate_syn(tcp, false));
	tcp->half_open.ipv6.used_count = 5;
	assert_false(syn_gate_syn(tcp, true));
	assert_int_equal(tcp->counter[SLUICE_COUNTER_cookies_begun], 1);
	free(tcp);
}

/* However few entries there are, none in use is not too many. */
static void test_few_entries(void **state)
{
	struct sluice_config config = scene_config();
	struct tcp *tcp;

	(void)state;
	config.half_open = 1;
	config.cookies_half_open_percent = 75;
	tcp = tcp_with(config);
	assert_int_equal(stateless_of(tcp, 5), 0);
	tcp->half_open.ipv4.used_count = 1;
	assert_int_equal(stateless_of(tcp, 5), 5);
	assert_int_equal(tcp->counter[SLUICE_COUNTER_cookies_begun], 1);
	free(tcp);
}

/* Open for as long as a cookie given last may live, and no longer. */
static void test_gate(void **state)
{
	struct tcp *tcp = tcp_with(scene_config());

	(void)state;
	assert_false(syn_gate_is_open(tcp));
	syn_gate_given(tcp);
	assert_true(syn_gate_is_open(tcp));
	passes_s(tcp, 31);
	assert_true(syn_gate_is_open(tcp));
	passes_s(tcp, 1);
	assert_false(syn_gate_is_open(tcp));
	free(tcp);
}

static void test_gate_stays_open_with_a_shared_key(void **state)
{
	struct sluice_config config = scene_config();
	struct tcp *tcp;

	(void)state;
	config.cookie_key_bytes = 32;
	tcp = tcp_with(config);
	assert_true(syn_gate_is_open(tcp));
	free(tcp);
}

/* So many a second, a second's worth at once, none saved up beyond; 0: as many as come. */
static void test_bucket(void **state)
{
	struct sluice_config config = scene_config();
	struct tcp *tcp;
	uint32_t paid = 0;

	(void)state;
	config.cookies_opens_per_second = 50;
	tcp = tcp_with(config);
	passes_s(tcp, 100);
	while (paid < 1000 && syn_gate_pays(tcp))
		paid++;
	assert_int_equal(paid, 50);
	tcp_set_time(tcp, tcp->now_ns + SECOND_NS / 10);
	while (paid < 1000 && syn_gate_pays(tcp))
		paid++;
	assert_int_equal(paid, 55);
	free(tcp);
	config.cookies_opens_per_second = 0;
	tcp = tcp_with(config);
	for (paid = 0; paid < 100000; paid++)
		assert_true(syn_gate_pays(tcp));
	free(tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_always_and_never),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_watermark),
		cmocka_unit_test(test_few_entries),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_gate_stays_open_with_a_shared_key),
		cmocka_unit_test(test_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
