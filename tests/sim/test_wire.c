/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulator's wire and its eyes: forged frames read back, links that do what their weather says, packets counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/forge.h"
#include "tests/sim/link.h"
#include "tests/sim/packet_pool.h"
#include "tests/sim/ranges.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

static jmp_buf caught;
static const char *caught_rule;

static void catch_it(const char *rule, const char *text)
{
	(void)text;
	caught_rule = rule;
	longjmp(caught, 1);
}

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 1}, mac_b[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t words[] = "a text of odd length";
static const uint8_t options[12] = {1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7};

static uint32_t forge(uint8_t *frame, bool ipv6)
{
	struct forged forged = {.source_mac = mac_a,
				.destination_mac = mac_b,
				.seq = 0xfffffffe,
				.ack = 7,
				.flags = SEG_ACK | SEG_PSH,
				.window = 512,
				.options = options,
				.option_bytes = 12,
				.text = words,
				.text_bytes = sizeof(words)};
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 198, 18, 0, 1};
	static const uint8_t plain[16] = {0x20, 1, 0, 2, [15] = 1};

	memcpy(forged.source.ip, ipv6 ? plain : mapped, 16);
	memcpy(forged.destination.ip, ipv6 ? plain : mapped, 16);
	forged.destination.ip[15] = 2;
	forged.source.port = 1234;
	forged.destination.port = 80;
	return forge_tcp(frame, &forged);
}

static void forged_frames_are_read_back(void **state)
{
	uint8_t frame[FRAME_BYTES_MAX];

	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		uint32_t bytes = forge(frame, ipv6);
		struct dissect seg = dissect(frame, bytes);

		assert_int_equal(seg.kind, DISSECT_TCP);
		assert_int_equal(seg.seq, 0xfffffffe);
		assert_int_equal(seg.ack, 7);
		assert_int_equal(seg.flags, SEG_ACK | SEG_PSH);
		assert_int_equal(seg.window, 512);
		assert_int_equal(seg.source.port, 1234);
		assert_int_equal(seg.ipv6, ipv6);
		assert_true(seg.has_timestamps && seg.tsval == 9 && seg.tsecr == 7 && seg.options_sane);
		assert_int_equal(seg.text_bytes, sizeof(words));
		assert_memory_equal(seg.text, words, sizeof(words));
	}
}

/* Every single bit behind the Ethernet header that a checksum covers, and padding that none does. */
static void every_flipped_bit_is_found(void **state)
{
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes = forge(frame, false);

	(void)state;
	for (uint32_t bit = 14 * 8; bit < bytes * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(dissect(frame, bytes).kind, DISSECT_BAD);
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(dissect(frame, bytes + 6).kind, DISSECT_TCP);
	assert_int_equal(dissect(frame, bytes + 6).text_bytes, sizeof(words));
}

static uint32_t count_arrivals(struct weather weather, uint32_t frames, uint64_t *faults, bool *in_order)
{
	struct link link = {.weather = weather};
	struct flights flights = {0};
	struct random random = {1};
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes = forge(frame, false), arrived = 0;
	uint64_t last = 0;
	struct flight *flight;

	memset(faults, 0, FAULT_COUNT * sizeof(*faults));
	*in_order = true;
	for (uint32_t i = 0; i < frames; i++)
		link_send(&link, &flights, &random, i * 1000ULL, flight_make(0, 1, frame, bytes), faults);
	for (uint64_t due = 0; (flight = flights_take(&flights)); due = flight->due_ns, free(flight)) {
		assert_true(flight->due_ns >= due);
		*in_order = *in_order && flight->order >= last;
		last = flight->order;
		arrived++;
	}
	flights_clear(&flights);
	return arrived;
}

static void links_do_what_their_weather_says(void **state)
{
	uint64_t faults[FAULT_COUNT];
	bool in_order;

	(void)state;
	assert_int_equal(count_arrivals((struct weather){.delay_ns = 5, .jitter_ns = 100000}, 1000, faults, &in_order),
			 1000);
	assert_true(in_order);
	assert_int_equal(count_arrivals((struct weather){.loss_ppm = 1000000}, 100, faults, &in_order), 0);
	assert_int_equal(faults[FAULT_loss], 100);
	assert_int_equal(
		count_arrivals((struct weather){.duplicate_ppm = 1000000, .late_ns = 1}, 100, faults, &in_order), 200);
	count_arrivals((struct weather){.reorder_ppm = 300000, .late_ns = 100000}, 1000, faults, &in_order);
	assert_false(in_order);
	assert_true(faults[FAULT_reorder] > 200 && faults[FAULT_reorder] < 400);
	count_arrivals((struct weather){.reorder_ppm = 1000000, .late_least_ns = 9, .late_ns = 9}, 1000, faults,
		       &in_order);
	assert_true(in_order); /* all of them late by the same */
	assert_true(count_arrivals((struct weather){.rate_bps = 1000000, .queue_bytes = 3000}, 1000, faults,
				   &in_order) < 100);
	assert_true(faults[FAULT_queue_full] > 900);
}

static void packets_are_counted(void **state)
{
	static struct packet_pool pool;
	struct rte_mbuf *all[40], *one, *two;
	uint8_t frame[FRAME_BYTES_MAX], back[FRAME_BYTES_MAX];
	uint32_t bytes = forge(frame, true);

	(void)state;
	violation_catch = catch_it;
	packet_pool_make(&pool, "test", 40);
	one = packet_pool_receive(&pool, frame, bytes, 20);
	assert_non_null(one);
	assert_int_equal(one->data_len, 20);
	assert_int_equal(one->pkt_len, bytes);
	assert_int_equal(packet_flatten(one, back, sizeof(back)), bytes);
	assert_memory_equal(frame, back, bytes);
	two = packet_pool_take(&pool);
	assert_int_equal(pool.out_count, one->nb_segs + 1U);
	packet_pool_drop(&pool, one);
	packet_pool_give(&pool, two);
	assert_int_equal(pool.out_count, 0);
	caught_rule = NULL;
	if (!setjmp(caught))
		packet_pool_give(&pool, two);
	assert_string_equal(caught_rule, "packets");
	for (uint32_t i = 0; i < 40; i++)
		assert_non_null(all[i] = packet_pool_take(&pool));
	assert_null(packet_pool_take(&pool));
	for (uint32_t i = 0; i < 40; i++)
		packet_pool_give(&pool, all[i]);
}

static void ranges_join(void **state)
{
	struct ranges ranges = {0};

	(void)state;
	ranges_add(&ranges, 5, 10);
	ranges_add(&ranges, 20, 30);
	assert_int_equal(ranges_contiguous(&ranges), 0);
	assert_true(ranges_cover(&ranges, 22, 30));
	assert_false(ranges_cover(&ranges, 22, 31));
	assert_false(ranges_cover(&ranges, 9, 21));
	ranges_add(&ranges, 0, 5);
	assert_int_equal(ranges_contiguous(&ranges), 10);
	ranges_add(&ranges, 8, 25);
	assert_int_equal(ranges.count, 1);
	assert_int_equal(ranges_contiguous(&ranges), 30);
	ranges_free(&ranges);
}

int main(void)
{
	static const uint64_t now_ns;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forged_frames_are_read_back),
		cmocka_unit_test(every_flipped_bit_is_found),
		cmocka_unit_test(links_do_what_their_weather_says),
		cmocka_unit_test(packets_are_counted),
		cmocka_unit_test(ranges_join),
	};

	trace_start(false, &now_ns);
	return cmocka_run_group_tests_name("sim/wire", tests, NULL, NULL);
}
