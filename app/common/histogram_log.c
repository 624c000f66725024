/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HdrHistogram's V2 encoding.  All numbers are big-endian:
 *
 *	payload     cookie, bytes of counts, normalizing offset 0, digits, lowest and highest (8 bytes each), ratio 1.0
 *	            (a double), then counts as zigzag LEB128 (the ninth byte carries 8 bits), a run of n > 1 zeros as -n
 *	compressed  cookie, bytes of what follows, the payload deflated
 */
#include "app/common/histogram_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define PAYLOAD_COOKIE    0x1c849313U
#define COMPRESSED_COOKIE 0x1c849314U
#define HEADER_BYTES      40
#define COUNT_BYTES_MAX   9

/* A buffer that is as large as it may ever need to be. */
struct bytes {
	uint8_t *at;
	size_t count;
};

static void put_number(struct bytes *out, uint64_t value, uint32_t width_bytes)
{
	for (uint32_t i = width_bytes; i--;)
		out->at[out->count++] = (uint8_t)(value >> 8 * i);
}

static void put_leb128(struct bytes *out, int64_t value)
{
	uint64_t left = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);

	for (uint32_t i = 1; i < COUNT_BYTES_MAX; i++) {
		if (left < 0x80)
			break;
		out->at[out->count++] = (uint8_t)(left | 0x80);
		left >>= 7;
		if (i == COUNT_BYTES_MAX - 1) {
			out->at[out->count++] = (uint8_t)left;
			return;
		}
	}
	out->at[out->count++] = (uint8_t)left;
}

static void put_counts(struct bytes *out, const struct histogram *histogram)
{
	uint32_t end = HISTOGRAM_BUCKET_COUNT;

	while (end && !histogram->count[end - 1])
		end--;
	for (uint32_t i = 0; i < end;) {
		uint32_t zeros = 0;

		while (!histogram->count[i + zeros])
			zeros++;
		if (zeros)
			put_leb128(out, zeros > 1 ? -(int64_t)zeros : 0);
		else
			put_leb128(out, (int64_t)histogram->count[i]);
		i += zeros ? zeros : 1;
	}
}

static void put_payload(struct bytes *out, const struct histogram *histogram)
{
	struct bytes header = {.at = out->at};
	double ratio = 1.0;
	uint64_t ratio_bits;

	memcpy(&ratio_bits, &ratio, sizeof(ratio_bits));
	out->count = HEADER_BYTES;
	put_counts(out, histogram);
	put_number(&header, PAYLOAD_COOKIE, 4);
	put_number(&header, out->count - HEADER_BYTES, 4);
	put_number(&header, 0, 4);
	put_number(&header, HISTOGRAM_DIGITS, 4);
	put_number(&header, 1, 8);
	put_number(&header, HISTOGRAM_HIGHEST_NS, 8);
	put_number(&header, ratio_bits, 8);
}

static char *base64(const uint8_t *in, size_t bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((bytes + 2) / 3 * 4 + 1), *out = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < bytes; i += 3) {
		uint32_t left = bytes - i < 3 ? (uint32_t)(bytes - i) : 3;
		uint32_t group =
			(uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0U);

		*out++ = digits[group >> 18];
		*out++ = digits[group >> 12 & 63];
		*out++ = left > 1 ? digits[group >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[group & 63] : '=';
	}
	*out = 0;
	return text;
}

char *histogram_log_encode(const struct histogram *histogram)
{
	struct bytes payload = {.at = malloc(HEADER_BYTES + (size_t)HISTOGRAM_BUCKET_COUNT * COUNT_BYTES_MAX)};
	struct bytes packed = {0};
	uLongf packed_bytes;
	char *text = NULL;

	if (!payload.at)
		return NULL;
	put_payload(&payload, histogram);
	packed_bytes = compressBound(payload.count);
	packed.at = malloc(8 + packed_bytes);
	if (packed.at && compress2(packed.at + 8, &packed_bytes, payload.at, payload.count, 6) == Z_OK) {
		put_number(&packed, COMPRESSED_COOKIE, 4);
		put_number(&packed, packed_bytes, 4);
		text = base64(packed.at, 8 + packed_bytes);
	}
	free(packed.at);
	free(payload.at);
	return text;
}

int histogram_log_begin(FILE *file, double start_seconds)
{
	time_t whole = (time_t)start_seconds;
	struct tm parts;
	char date[64];

	gmtime_r(&whole, &parts);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &parts);
	fprintf(file,
		"#[Histogram log format version 1.3]\n"
		"#[StartTime: %.3f (seconds since epoch), %s]\n"
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
		start_seconds, date);
	return fflush(file) ? -EIO : 0;
}

int histogram_log_write(FILE *file, const char *tag, double begin_seconds, double length_seconds,
			const struct histogram *histogram)
{
	char *text = histogram_log_encode(histogram);

	if (!text)
		return -ENOMEM;
	if (tag)
		fprintf(file, "Tag=%s,", tag);
	/* The format's custom is to give the maximum in units of a million: ms, for a histogram of ns. */
	fprintf(file, "%.3f,%.3f,%.3f,%s\n", begin_seconds, length_seconds, (double)histogram_max_ns(histogram) / 1e6,
		text);
	free(text);
	return fflush(file) ? -EIO : 0;
}
