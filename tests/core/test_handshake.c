/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What SYNs ask for, in eleven bits and back: never more than was asked or granted, exactly where there is room, and the
 * timestamp that carries it never before its clock by 64 ms nor after it.
 */
#include "lib/core/handshake.h"

#include "lib/core/cookie.h"
#include "tests/core/scene.h"

static struct tcp *tcp_with(bool timestamps, bool sack)
{
	struct sluice_config config = scene_config();

	config.timestamps = timestamps;
	config.sack = sack;
	config.window_shift = 7;
	return instance_new(&config);
}

/* Every window scale and none, SACK, timestamps, ECN. */
static struct frame syn_of(uint32_t bits, uint16_t mss_bytes)
{
	struct frame syn = {.flags = TCP_SYN | (bits & 128 ? TCP_ECE | TCP_CWR : 0)};

	syn.options.tsval = 1000000;
	if ((bits & 15) != 15)
		syn.options.present |= TCP_HAS_WINDOW_SCALE;
	syn.options.window_shift = bits & 15;
	if (bits & 32)
		syn.options.present |= TCP_HAS_SACK_PERMITTED;
	if (bits & 64)
		syn.options.present |= TCP_HAS_TIMESTAMPS;
	if (mss_bytes)
		syn.options.present |= TCP_HAS_MSS;
	syn.options.mss_bytes = mss_bytes;
	syn.ipv6 = bits & 16;
	return syn;
}

static void test_asked_and_granted(void **state)
{
	(void)state;
	for (uint32_t ours = 0; ours < 4; ours++) {
		struct tcp *tcp = tcp_with(ours & 1, ours & 2);

		for (uint32_t bits = 0; bits < 256; bits++) {
			struct frame syn = syn_of(bits, 1400);
			struct handshake asked = handshake_of_syn(tcp, &syn);

			assert_int_equal(asked.mss_bytes, 1400);
			assert_int_equal(asked.shift, bits & 15);
			assert_int_equal(asked.sack, bits & 32 && ours & 2);
			assert_int_equal(asked.timestamps, bits & 64 && ours & 1);
			assert_int_equal(asked.ecn, !!(bits & 128));
			assert_int_equal(asked.ts_recent, asked.timestamps ? 1000000 : 0);
		}
		free(tcp);
	}
}

/* A scale beyond 14 is 14 (RFC 7323 section 2.3). */
static void test_scale_beyond_all(void **state)
{
	struct tcp *tcp = tcp_with(true, true);
	struct frame syn = syn_of(0, 0);

	(void)state;
	syn.options.window_shift = 200;
	assert_int_equal(handshake_of_syn(tcp, &syn).shift, 14);
	free(tcp);
}

/* What comes back of it, by way of the SYN-ACK and the ACK. */
static struct handshake returned(const struct tcp *tcp, const struct handshake *agreed, bool ipv6, uint32_t clock_ms)
{
	struct tcp_options ack = {.tsval = 2000000};

	if (agreed->timestamps) {
		ack.present = TCP_HAS_TIMESTAMPS;
		ack.tsecr = handshake_tsval(agreed, clock_ms);
	}
	return handshake_restore(tcp, handshake_code(agreed, ipv6), &ack);
}

/* The offer is what a cookie restores: switches exactly; the scale exactly with timestamps, else rounded down to 0 or 8. */
static void test_offered_is_restored(void **state)
{
	(void)state;
	for (uint32_t ours = 0; ours < 4; ours++) {
		struct tcp *tcp = tcp_with(ours & 1, ours & 2);

		for (uint32_t bits = 0; bits < 256; bits++) {
			struct frame syn = syn_of(bits, 1460);
			struct handshake asked = handshake_of_syn(tcp, &syn), cut = handshake_cut(asked);
			struct handshake back = returned(tcp, &cut, syn.ipv6, bits * 77);
			bool is_near = asked.shift == 0 || asked.shift >= 8;
			bool is_scaled =
				asked.shift != HANDSHAKE_NO_SHIFT && (asked.timestamps || (asked.sack && is_near));

			assert_int_equal(back.timestamps, asked.timestamps);
			assert_int_equal(back.sack, asked.sack);
			assert_int_equal(back.ecn, asked.ecn && asked.timestamps);
			assert_int_equal(back.mss_bytes, 1460);
			assert_int_equal(cut.shift != HANDSHAKE_NO_SHIFT, is_scaled);
			if (!is_scaled)
				assert_int_equal(back.shift, HANDSHAKE_NO_SHIFT);
			else if (asked.timestamps)
				assert_int_equal(back.shift, asked.shift);
			else
				assert_int_equal(back.shift, asked.shift < 8 ? 0 : 8);
			assert_int_equal(back.ts_recent, back.timestamps ? 2000000 : 0);
		}
		free(tcp);
	}
}

/* An entry may offer what no cookie holds; its number is then none. */
static void test_more_than_a_cookie_holds(void **state)
{
	struct tcp *tcp = tcp_with(true, true);

	(void)state;
	for (uint32_t bits = 0; bits < 256; bits++) {
		struct frame syn = syn_of(bits, 1460);
		struct handshake asked = handshake_of_syn(tcp, &syn), cut = handshake_cut(asked);
		bool is_held = asked.timestamps || (!asked.ecn && (asked.sack || asked.shift == HANDSHAKE_NO_SHIFT));

		assert_int_equal(handshake_code(&asked, false) < COOKIE_CODES_COUNT, is_held);
		assert_true(is_held || handshake_code(&asked, false) == COOKIE_CODE_NONE);
		assert_true(handshake_code(&cut, false) < COOKIE_CODES_COUNT);
	}
	free(tcp);
}

/* An entry grants any scale; where it was evicted, the cookie restores no more than that. */
static void test_scale_of_an_entry(void **state)
{
	struct tcp *tcp = tcp_with(true, true);

	(void)state;
	for (uint8_t shift = 0; shift <= 14; shift++) {
		struct handshake asked = {.shift = shift, .sack = true, .mss_bytes = 1460};

		assert_int_equal(returned(tcp, &asked, false, 5).shift, shift < 8 ? 0 : 8);
		assert_true(returned(tcp, &asked, false, 5).sack);
	}
	free(tcp);
}

/* Rounded down, by little where peers are, never below the floor; and exact for those who name none. */
static void test_mss(void **state)
{
	struct tcp *tcp = tcp_with(true, true);

	(void)state;
	for (uint32_t stamps = 0; stamps < 2; stamps++) {
		for (uint16_t mss_bytes = 1; mss_bytes < 9000; mss_bytes++) {
			struct handshake asked = {
				.mss_bytes = mss_bytes, .shift = HANDSHAKE_NO_SHIFT, .timestamps = stamps};
			uint16_t back_bytes = returned(tcp, &asked, false, 5).mss_bytes;

			assert_true(back_bytes <= mss_bytes || back_bytes == MSS_FLOOR_BYTES);
			assert_true(back_bytes >= MSS_FLOOR_BYTES);
			if (mss_bytes >= 1360 && mss_bytes <= 1460)
				assert_true(mss_bytes - back_bytes < (stamps ? 10 : 40));
		}
		for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
			struct handshake asked = {.shift = HANDSHAKE_NO_SHIFT, .timestamps = stamps};

			assert_int_equal(returned(tcp, &asked, ipv6, 5).mss_bytes, ipv6 ? 1220 : 536);
		}
	}
	free(tcp);
}

/* At most the clock, less than 64 ms before it, so that whatever is sent once the connection is open is not before it (RFC 7323
 * section 4.1). */
static void test_timestamps_stay_near_the_clock(void **state)
{
	(void)state;
	for (uint32_t clock_ms = UINT32_MAX - 200; clock_ms != 300; clock_ms++) {
		for (uint32_t bits = 0; bits < 64; bits++) {
			struct handshake agreed = {
				.timestamps = true, .shift = bits & 15, .sack = bits & 16, .ecn = bits & 32};
			uint32_t tsval = handshake_tsval(&agreed, clock_ms);

			assert_true(clock_ms - tsval < 64);
			assert_int_equal(tsval & 63, bits);
		}
	}
}

/* What a peer did not get from us it may still claim: it is held to what the configuration grants. */
static void test_claims_beyond_the_configuration(void **state)
{
	struct tcp *tcp = tcp_with(false, false);
	struct tcp_options ack = {.present = TCP_HAS_TIMESTAMPS, .tsecr = 63, .tsval = 9};
	struct handshake back = handshake_restore(tcp, 31, &ack);

	(void)state;
	assert_false(back.timestamps);
	free(tcp);
	tcp = tcp_with(true, false);
	tcp->config.ecn = SLUICE_ECN_OFF;
	back = handshake_restore(tcp, 31, &ack);
	assert_true(back.timestamps);
	assert_false(back.sack || back.ecn);
	free(tcp);
}

static void test_options(void **state)
{
	struct tcp *tcp = tcp_with(true, true);
	struct handshake agreed = {.shift = HANDSHAKE_NO_SHIFT};

	(void)state;
	assert_int_equal(handshake_options(tcp, &agreed).present, TCP_HAS_MSS);
	agreed = (struct handshake){.shift = 3, .sack = true, .timestamps = true, .ts_recent = 7};
	assert_int_equal(handshake_options(tcp, &agreed).present,
			 TCP_HAS_MSS | TCP_HAS_WINDOW_SCALE | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS);
	assert_int_equal(handshake_options(tcp, &agreed).window_shift, 7);
	assert_int_equal(handshake_options(tcp, &agreed).tsecr, 7);
	free(tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_and_granted),
		cmocka_unit_test(test_scale_beyond_all),
		cmocka_unit_test(test_offered_is_restored),
		cmocka_unit_test(test_more_than_a_cookie_holds),
		cmocka_unit_test(test_scale_of_an_entry),
		cmocka_unit_test(test_mss),
		cmocka_unit_test(test_timestamps_stay_near_the_clock),
		cmocka_unit_test(test_claims_beyond_the_configuration),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
