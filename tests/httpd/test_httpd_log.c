/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring, alone and between two threads, and the two formats.
 */
#include "app/httpd/httpd_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "app/httpd/http_request.h"

#define RECORDS 200000

static void put(struct httpd_log *log, uint64_t number)
{
	struct httpd_log_record *record = httpd_log_reserve(log);

	assert_non_null(record);
	*record = (struct httpd_log_record){.bytes = number};
	httpd_log_publish(log);
}

static void test_in_order_and_no_more_than_fit(void **state)
{
	struct httpd_log log;
	struct httpd_log_record record[8];

	(void)state;
	assert_int_equal(httpd_log_open(&log, 4), 0);
	assert_int_equal(httpd_log_drain(&log, record, 8), 0);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 4; i++)
			put(&log, i);
		assert_null(httpd_log_reserve(&log));
		assert_int_equal(httpd_log_drain(&log, record, 3), 3);
		assert_int_equal(record[0].bytes, 0);
		assert_int_equal(record[2].bytes, 2);
		assert_int_equal(httpd_log_drain(&log, record, 8), 1);
		assert_int_equal(record[0].bytes, 3);
	}
	httpd_log_close(&log);
}

static void test_no_log(void **state)
{
	struct httpd_log log;
	struct httpd_log_record record;

	(void)state;
	assert_int_equal(httpd_log_open(&log, 0), 0);
	assert_null(log.record);
	assert_int_equal(httpd_log_drain(&log, &record, 1), 0);
	httpd_log_close(&log);
}

/* Every record arrives whole, once and in order, or was refused at the door. */
static void *write_records(void *argument)
{
	struct httpd_log *log = argument;
	uint64_t number = 0;

	while (number < RECORDS) {
		struct httpd_log_record *record = httpd_log_reserve(log);

		if (!record) {
			sched_yield();
			continue;
		}
		memset(record->target, (int)(number & 0xff), sizeof(record->target));
		record->bytes = number++;
		httpd_log_publish(log);
	}
	return NULL;
}

static void test_two_threads(void **state)
{
	struct httpd_log log;
	struct httpd_log_record record[7];
	pthread_t writer;
	uint64_t expected = 0;

	(void)state;
	assert_int_equal(httpd_log_open(&log, 64), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_records, &log), 0);
	while (expected < RECORDS) {
		uint32_t count = httpd_log_drain(&log, record, 7);

		if (count == 0)
			sched_yield();
		for (uint32_t i = 0; i < count; i++, expected++) {
			assert_int_equal(record[i].bytes, expected);
			assert_int_equal(record[i].target[0], expected & 0xff);
			assert_int_equal(record[i].target[HTTPD_LOG_TARGET_BYTES - 1], expected & 0xff);
		}
	}
	pthread_join(writer, NULL);
	httpd_log_close(&log);
}

static struct httpd_log_record sample(const char *target)
{
	struct httpd_log_record record = {
		.time_s = 971186136, /* of Apache's own example */
		.bytes = 2326,
		.duration_us = 42,
		.status = 200,
		.target_bytes = (uint16_t)strlen(target),
		.port = 40000,
		.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1},
		.method = HTTP_METHOD_GET,
		.minor = 0,
	};

	memcpy(record.target, target, record.target_bytes);
	return record;
}

static void expect_line(const struct httpd_log_record *record, enum httpd_log_format format, const char *expected)
{
	char line[HTTPD_LOG_LINE_BYTES];

	line[httpd_log_line(record, format, line)] = '\0';
	assert_string_equal(line, expected);
}

static void test_formats(void **state)
{
	struct httpd_log_record record = sample("/apache_pb.gif");

	(void)state;
	expect_line(&record, HTTPD_LOG_COMMON,
		    "127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /apache_pb.gif HTTP/1.0\" 200 2326\n");
	expect_line(&record, HTTPD_LOG_JSON,
		    "{\"time\":\"2000-10-10T13:55:36Z\",\"peer\":\"127.0.0.1\",\"port\":40000,\"method\":\"GET\","
		    "\"target\":\"/apache_pb.gif\",\"version\":\"1.0\",\"status\":200,\"bytes\":2326,"
		    "\"duration_us\":42}\n");
}

static void test_quotes_cannot_be_broken_out_of(void **state)
{
	struct httpd_log_record record = sample("/\"\\\x1b\xff");

	(void)state;
	expect_line(&record, HTTPD_LOG_COMMON,
		    "127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /\\x22\\x5c\\x1b\\xff HTTP/1.0\" 200 2326\n");
	record.method = HTTP_METHOD_OTHER;
	expect_line(&record, HTTPD_LOG_JSON,
		    "{\"time\":\"2000-10-10T13:55:36Z\",\"peer\":\"127.0.0.1\",\"port\":40000,\"method\":\"?\","
		    "\"target\":\"/\\u0022\\u005c\\u001b\\u00ff\",\"version\":\"1.0\",\"status\":200,\"bytes\":2326,"
		    "\"duration_us\":42}\n");
}

static void test_ipv6_and_no_target(void **state)
{
	struct httpd_log_record record = sample("");

	(void)state;
	memcpy(record.ip, (uint8_t[]){0x20, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16);
	record.status = 400;
	expect_line(&record, HTTPD_LOG_COMMON, "2001:2::1 - - [10/Oct/2000:13:55:36 +0000] \"-\" 400 2326\n");
	expect_line(&record, HTTPD_LOG_JSON,
		    "{\"time\":\"2000-10-10T13:55:36Z\",\"peer\":\"2001:2::1\",\"port\":40000,\"status\":400,"
		    "\"bytes\":2326,\"duration_us\":42}\n");
}

static void test_the_longest_line_fits(void **state)
{
	struct httpd_log_record record = sample("");
	char line[HTTPD_LOG_LINE_BYTES];
	size_t bytes;

	(void)state;
	memset(record.target, 0xff, sizeof(record.target));
	memset(record.ip, 0xff, sizeof(record.ip));
	record.target_bytes = record.status = record.port = UINT16_MAX;
	record.bytes = UINT64_MAX;
	record.duration_us = UINT32_MAX;
	bytes = httpd_log_line(&record, HTTPD_LOG_JSON, line);
	assert_in_range(bytes, 6 * HTTPD_LOG_TARGET_BYTES, HTTPD_LOG_LINE_BYTES);
	assert_non_null(memmem(line, bytes, "\\u00ff...\"", 10)); /* the rest was cut off, and that is said */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order_and_no_more_than_fit),
		cmocka_unit_test(test_no_log),
		cmocka_unit_test(test_two_threads),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_quotes_cannot_be_broken_out_of),
		cmocka_unit_test(test_ipv6_and_no_target),
		cmocka_unit_test(test_the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
