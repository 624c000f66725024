/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log format, taken apart by a decoder written from its description: header, counts, and the lines around them.
 */
#include "app/common/histogram_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

static struct histogram histogram, decoded;

struct reader {
	const uint8_t *at, *end;
};

static uint64_t number(struct reader *in, uint32_t bytes)
{
	uint64_t value = 0;

	assert_true(in->end - in->at >= bytes);
	while (bytes--)
		value = value << 8 | *in->at++;
	return value;
}

static int64_t leb128(struct reader *in)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < 9; i++) {
		uint64_t byte = number(in, 1);

		if (i == 8) {
			value |= byte << 56;
			break;
		}
		value |= (byte & 0x7f) << 7 * i;
		if (!(byte & 0x80))
			break;
	}
	return (int64_t)(value >> 1 ^ -(value & 1));
}

static size_t base64_decode(const char *text, uint8_t *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0, have = 0;
	size_t bytes = 0;

	assert_int_equal(strlen(text) % 4, 0);
	for (; *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text);

		assert_non_null(digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[bytes++] = (uint8_t)(bits >> have);
		}
	}
	return bytes;
}

/* Fills `decoded` with the counts, after checking all that stands around them. */
static void decode(const char *text)
{
	size_t packed_bytes;
	uint8_t *packed = malloc(strlen(text)), *plain = malloc(1 << 20);
	uLongf plain_bytes = 1 << 20;
	struct reader in = {packed, packed + base64_decode(text, packed)};
	uint32_t index = 0;
	double ratio;
	uint64_t ratio_bits;

	memset(decoded.count, 0, sizeof(decoded.count));
	assert_int_equal(number(&in, 4), 0x1c849314);
	packed_bytes = number(&in, 4);
	assert_int_equal(in.end - in.at, packed_bytes);
	assert_int_equal(uncompress(plain, &plain_bytes, in.at, packed_bytes), Z_OK);
	in = (struct reader){plain, plain + plain_bytes};
	assert_int_equal(number(&in, 4), 0x1c849313);
	assert_int_equal(number(&in, 4), plain_bytes - 40);
	assert_int_equal(number(&in, 4), 0);
	assert_int_equal(number(&in, 4), 3);
	assert_int_equal(number(&in, 8), 1);
	assert_int_equal(number(&in, 8), HISTOGRAM_HIGHEST_NS);
	ratio_bits = number(&in, 8);
	memcpy(&ratio, &ratio_bits, sizeof(ratio));
	assert_true(ratio == 1.0);
	while (in.at < in.end) {
		int64_t value = leb128(&in);

		if (value < 0) {
			index += (uint32_t)-value;
			continue;
		}
		assert_true(index < HISTOGRAM_BUCKET_COUNT);
		decoded.count[index++] = (uint64_t)value;
	}
	free(packed);
	free(plain);
}

static void round_trip(void)
{
	char *text = histogram_log_encode(&histogram);

	assert_non_null(text);
	decode(text);
	assert_memory_equal(decoded.count, histogram.count, sizeof(histogram.count));
	free(text);
}

static void test_counts_come_back(void **state)
{
	(void)state;
	histogram_reset(&histogram);
	round_trip();
	histogram_record(&histogram, 0);
	round_trip();
	histogram_record(&histogram, 1);
	histogram_record(&histogram, 3); /* one zero between, then a run of them */
	histogram_record(&histogram, 7);
	round_trip();
	histogram_record(&histogram, HISTOGRAM_HIGHEST_NS);
	round_trip();
	for (uint64_t value = 1; value < HISTOGRAM_HIGHEST_NS; value = value * 5 / 3 + 1)
		histogram_record(&histogram, value);
	round_trip();
}

/* Counts of one to nine bytes. */
static void test_counts_of_every_length(void **state)
{
	(void)state;
	histogram_reset(&histogram);
	for (uint32_t i = 0; i < 63; i++) {
		histogram.count[2 * i] = UINT64_C(1) << i;
		histogram.count[2 * i + 1] = (UINT64_C(1) << i) - 1;
	}
	histogram.count[200] = INT64_MAX;
	round_trip();
}

static void test_the_log_around_them(void **state)
{
	char *text, *payload;
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	(void)state;
	histogram_reset(&histogram);
	histogram_record(&histogram, 2500000);
	assert_int_equal(histogram_log_begin(file, 1700000000.25), 0);
	assert_int_equal(histogram_log_write(file, NULL, 1, 0.5, &histogram), 0);
	assert_int_equal(histogram_log_write(file, "requests", 1.5, 0.5, &histogram), 0);
	fclose(file);
	assert_memory_equal(
		text,
		"#[Histogram log format version 1.3]\n"
		"#[StartTime: 1700000000.250 (seconds since epoch), 2023-11-14 22:13:20 UTC]\n"
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
		"1.000,0.500,2.500,HISTFAAA",
		60);
	assert_non_null(strstr(text, "\n1.000,0.500,2.500,HISTFAAA"));
	payload = strstr(text, "\nTag=requests,1.500,0.500,2.500,HISTFAAA");
	assert_non_null(payload);
	payload = strstr(payload, "HISTFAAA");
	payload[strcspn(payload, "\n")] = 0;
	decode(payload);
	assert_memory_equal(decoded.count, histogram.count, sizeof(histogram.count));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_come_back),
		cmocka_unit_test(test_counts_of_every_length),
		cmocka_unit_test(test_the_log_around_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
