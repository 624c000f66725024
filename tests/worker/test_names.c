/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names and texts: every counter, gauge, reason and state has one of its own, nothing beyond the last does, and the
 * defaults keep what the standards ask.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/worker/worker.h"
#include "tests/claims/claims.h"

/* Of use as a key in a report: letters, digits and underscores. */
static void check_name(const char *name)
{
	assert_non_null(name);
	assert_true(strlen(name) > 0);
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), strlen(name));
}

static void check_text(const char *text)
{
	assert_non_null(text);
	assert_true(strlen(text) > 0);
	assert_null(strchr(text, '\n'));
}

static void test_counters(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++) {
		check_name(sluice_counter_name((enum sluice_counter)i));
		check_text(sluice_counter_text((enum sluice_counter)i));
		for (uint32_t k = 0; k < i; k++)
			assert_string_not_equal(sluice_counter_name((enum sluice_counter)i),
						sluice_counter_name((enum sluice_counter)k));
	}
	assert_string_equal(sluice_counter_name(SLUICE_COUNTER_packets_received), "packets_received");
	assert_null(sluice_counter_name(SLUICE_COUNTER_COUNT));
	assert_null(sluice_counter_text(SLUICE_COUNTER_COUNT));
	assert_null(sluice_counter_name((enum sluice_counter) - 1));
	assert_null(sluice_counter_text((enum sluice_counter) - 1));
}

static void test_gauges(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SLUICE_GAUGE_COUNT; i++) {
		check_name(sluice_gauge_name((enum sluice_gauge)i));
		check_text(sluice_gauge_text((enum sluice_gauge)i));
		for (uint32_t k = 0; k < i; k++)
			assert_string_not_equal(sluice_gauge_name((enum sluice_gauge)i),
						sluice_gauge_name((enum sluice_gauge)k));
	}
	assert_string_equal(sluice_gauge_name(SLUICE_GAUGE_half_open), "half_open");
	assert_null(sluice_gauge_name(SLUICE_GAUGE_COUNT));
	assert_null(sluice_gauge_text(SLUICE_GAUGE_COUNT));
}

static void test_reasons_and_states(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SLUICE_REASON_COUNT; i++) {
		check_text(sluice_reason_text((enum sluice_reason)i));
		for (uint32_t k = 0; k < i; k++)
			assert_string_not_equal(sluice_reason_text((enum sluice_reason)i),
						sluice_reason_text((enum sluice_reason)k));
	}
	for (uint32_t i = 0; i < SLUICE_STATE_COUNT; i++) {
		check_name(sluice_state_name((enum sluice_state)i));
		for (uint32_t k = 0; k < i; k++)
			assert_string_not_equal(sluice_state_name((enum sluice_state)i),
						sluice_state_name((enum sluice_state)k));
	}
	assert_string_equal(sluice_state_name(SLUICE_STATE_FIN_WAIT_2), "FIN_WAIT_2");
	assert_string_equal(sluice_reason_text(SLUICE_REASON_RESET), "reset by the peer");
	assert_null(sluice_reason_text(SLUICE_REASON_COUNT));
	assert_null(sluice_state_name(SLUICE_STATE_COUNT));
}

/* Each value comes from its own place. */
static void test_statistics(void **state)
{
	struct sluice_worker *worker =
		aligned_alloc(CACHE_LINE_BYTES, (sizeof(*worker) + CACHE_LINE_BYTES - 1) & ~(CACHE_LINE_BYTES - 1UL));
	struct sluice_statistics statistics;

	(void)state;
	assert_non_null(worker);
	memset(worker, 0, sizeof(*worker));
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		worker->tcp.counter[i] = (1ULL << 40) + i;
	worker->tcp.conns.used_count = 1;
	worker->tcp.half_open.ipv4.used_count = 10;
	worker->tcp.half_open.ipv6.used_count = 20;
	worker->tcp.time_wait.live_count = 3;
	worker->tcp.packets_held = 4;
	worker->tcp.chunks_small.used_count = 100;
	worker->tcp.chunks_large.used_count = 200;
	worker->tcp.descriptors.used_count = 1000;
	worker->tcp.inflight.used_count = 2000;
	worker->tcp.paths.used_count = 8;
	worker->tcp.listeners.count = 5;
	worker->busy_cycles = 6;
	worker->total_cycles = 7;
	memset(&statistics, 0xa5, sizeof(statistics));
	sluice_statistics(worker, &statistics);
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		assert_true(statistics.counter[i] == (1ULL << 40) + i);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_connections], 1);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_half_open], 30);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_time_wait], 3);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_packets_held], 4);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_send_chunks_used], 300);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_descriptors_used], 3000);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_paths_used], 8);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_listeners], 5);
	assert_true(statistics.busy_cycles == 6 && statistics.total_cycles == 7);
	free(worker);
}

/* RFC 9293 SHLD-11, MUST-23; RFC 6298 section 2; RFC 6928; RFC 5681 section 4.2. */
CLAIMS(SHLD_11)
static void test_defaults(void **state)
{
	struct sluice_config config;

	(void)state;
	memset(&config, 0xff, sizeof(config));
	sluice_config_defaults(&config);
	assert_int_equal(config.port_count, 0);
	assert_true(config.r2_ms >= 100000);
	assert_true(config.syn_r2_ms >= 180000);
	assert_int_equal(config.rto_initial_ms, 1000);
	assert_true(config.rto_max_ms >= 60000);
	assert_true(config.rto_min_ms <= config.rto_initial_ms);
	assert_true(config.delayed_ack_ms < 500);
	assert_int_equal(config.initial_window_segments, 10);
	assert_true(config.receive_bytes <= config.receive_max_bytes);
	assert_true(config.window_shift <= WINDOW_SHIFT_MAX);
	for (uint32_t i = 0; i < sizeof(config.secret); i++)
		assert_int_equal(config.secret[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters),           cmocka_unit_test(test_gauges),
		cmocka_unit_test(test_reasons_and_states), cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
