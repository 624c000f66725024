/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every field of struct sluice_config has its option, and each option fills in its own field and no other.
 */
#include <string.h>

#include "tests/common/endpoint_scene.h"

#define BASE "--port", "a", "--address", "198.18.0.1/15"

/* Sets one option and expects one field to have changed, to `value`. */
#define FILLS(field, value, option, text)                                                                              \
	do {                                                                                                           \
		struct endpoint_scene with_, without_;                                                                 \
		ENDPOINT_SCENE(&without_, BASE);                                                                       \
		ENDPOINT_SCENE(&with_, BASE, option, text);                                                            \
		assert_int_equal(with_.status, 0);                                                                     \
		assert_int_not_equal(without_.endpoint.config.field, value);                                           \
		assert_int_equal(with_.endpoint.config.field, value);                                                  \
		with_.endpoint.config.field = without_.endpoint.config.field;                                          \
		with_.endpoint.config.port[0].device = without_.endpoint.config.port[0].device;                        \
		assert_memory_equal(&with_.endpoint.config, &without_.endpoint.config, sizeof(with_.endpoint.config)); \
		endpoint_scene_close(&with_);                                                                          \
		endpoint_scene_close(&without_);                                                                       \
	} while (0)

static void test_each_option_fills_its_field(void **state)
{
	(void)state;
	FILLS(idle, SLUICE_IDLE_SLEEP, "--idle", "sleep");
	FILLS(packets, 2000, "--packets", "2k");
	FILLS(checksum_offload, false, "--checksum-offload", "off");
	FILLS(connections, 5, "--connections", "5");
	FILLS(half_open, 5, "--half-open", "5");
	FILLS(time_wait, 5, "--time-wait", "5");
	FILLS(chunks_small, 5, "--chunks-small", "5");
	FILLS(chunks_large, 5, "--chunks-large", "5");
	FILLS(path_mtu_discovery, false, "--path-mtu-discovery", "off");
	FILLS(fragments, 5, "--fragments", "5");
	FILLS(descriptors, 5, "--descriptors", "5");
	FILLS(inflight, 5, "--inflight", "5");
	FILLS(out_of_order, 5, "--out-of-order", "5");
	FILLS(send_queue_bytes, 8192, "--send-queue", "8Ki");
	FILLS(receive_bytes, 8192, "--receive-window", "8Ki");
	FILLS(receive_max_bytes, 1 << 20, "--receive-window-max", "1Mi");
	FILLS(window_shift, 3, "--window-shift", "3");
	FILLS(congestion, SLUICE_CONGESTION_NEWRENO, "--congestion", "newreno");
	FILLS(ecn, SLUICE_ECN_ASK, "--ecn", "ask");
	FILLS(timestamps, false, "--timestamps", "off");
	FILLS(sack, false, "--sack", "off");
	FILLS(nodelay, false, "--nodelay", "off");
	FILLS(initial_window_segments, 3, "--initial-window", "3");
	FILLS(time_wait_ms, 2000, "--time-wait-time", "2s");
	FILLS(fin_wait_2_ms, 2000, "--fin-wait-2-time", "2s");
	FILLS(rto_initial_ms, 2000, "--rto-initial", "2s");
	FILLS(rto_min_ms, 20, "--rto-min", "20ms");
	FILLS(rto_max_ms, 30000, "--rto-max", "30s");
	FILLS(delayed_ack_ms, 0, "--delayed-ack", "0");
	FILLS(r2_ms, 9000, "--give-up", "9s");
	FILLS(syn_r2_ms, 9000, "--give-up-syn", "9s");
	FILLS(keepalive, true, "--keepalive", "on");
	FILLS(keepalive_ms, 60000, "--keepalive-time", "1m");
	FILLS(keepalive_interval_ms, 2000, "--keepalive-interval", "2s");
	FILLS(keepalive_probes, 3, "--keepalive-probes", "3");
	FILLS(cookies, SLUICE_COOKIES_ALWAYS, "--cookies", "always");
	FILLS(cookies_half_open_percent, 5, "--cookies-half-open", "5");
	FILLS(cookies_syns_per_second, 5, "--cookies-syns", "5");
	FILLS(cookies_opens_per_second, 5, "--cookies-opens", "5");
	FILLS(resets_per_second, 7, "--resets-per-second", "7");
}

static void test_messages(void **state)
{
	(void)state;
	ENDPOINT_REFUSES("prog: --address: '198.18.0.300/15' is not an address and prefix, as in 198.18.0.1/15, "
			 "2001:2::1/48 or, for port 1 only, 198.18.0.1/15@1\n",
			 "--address", "198.18.0.300/15");
	ENDPOINT_REFUSES("prog: --gateway: '198.18.0.254:80' is not a gateway's address, as in 198.18.0.254, "
			 "2001:2::fffe or, for port 1 only, 198.18.0.254@1\n",
			 "--gateway", "198.18.0.254:80");
	ENDPOINT_REFUSES("prog: --port: '' names no device\n", "--port", "");
	ENDPOINT_REFUSES("prog: --mtu: '68' is out of range: from 576 to 9000\n", "--mtu", "68");
	ENDPOINT_REFUSES("prog: --delayed-ack: '500ms' is out of range: from 0 to 499ms\n", "--delayed-ack", "500ms");
	ENDPOINT_REFUSES("prog: --idle: 'sleepy' is not one of busy, sleep: did you mean 'sleep'?\n", "--idle",
			 "sleepy");
	ENDPOINT_REFUSES("prog: unknown option '--adress', did you mean '--address'?\n", "--adress", "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_option_fills_its_field),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
