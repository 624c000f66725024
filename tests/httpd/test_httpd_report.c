/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the reporting thread writes: log lines, figures, totals in text and JSON.
 */
#include "app/httpd/httpd_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <unistd.h>

#include "app/common/stop.h"
#include "tests/httpd/fake_run.h"

static char folder[] = "/tmp/httpd-report-XXXXXX", log_path[64], json_path[64];
static struct httpd_options program;
static struct httpd_run run;
static struct httpd_report report;

static void script(struct fake *fake, unsigned turn)
{
	if (turn == 0) {
		int conn = fake_connect(fake);

		fake_say(fake, conn,
			 "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n"
			 "Connection: close\r\n\r\n");
	}
	if (turn == 3)
		httpd_report_tick(&report); /* as the reporting thread would */
	if (turn == 5)
		stop_ask();
}

static char *text_of(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void expect_json(void)
{
	json_t *root = json_load_file(json_path, 0, NULL);
	const json_t *server = json_object_get(root, "server");

	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(server, "requests")), 2);
	assert_int_equal(json_integer_value(json_object_get(server, "responses_4xx")), 1);
	assert_int_equal(json_array_size(json_object_get(root, "workers")), 1);
	assert_non_null(json_object_get(root, "machine"));
	json_decref(root);
}

static void test_a_run_is_reported(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	snprintf(json_path, sizeof(json_path), "%s/json", folder);
	program.config = fake_config();
	program.config.log_records = 16;
	program.access_log = log_path;
	program.json_path = json_path;
	program.interval_ns = 1;
	fake_run_script = script;
	assert_int_equal(httpd_run_open(&run, &program), 0);
	assert_int_equal(httpd_report_open(&report, &run), 0);
	assert_in_range(report.tick_ns, 1, 100000000);
	assert_int_equal(httpd_run_serve(&run), 0);
	assert_string_equal(text_of(log_path),
			    "198.18.0.2 - - [06/Nov/1994:08:49:37 +0000] \"GET /plaintext HTTP/1.1\" 200 13\n"
			    "198.18.0.2 - - [06/Nov/1994:08:49:37 +0000] \"GET /none HTTP/1.1\" 404 14\n");
	assert_int_equal(httpd_report_close(&report), 0);
	expect_json();
	httpd_run_close(&run);
	unlink(log_path);
	unlink(json_path);
	rmdir(folder);
}

static void test_a_log_that_cannot_be_written(void **state)
{
	struct httpd_options other = {.access_log = "/nowhere/at/all"};
	struct httpd_run no_run = {.program = &other};
	struct httpd_report none;

	(void)state;
	assert_int_equal(httpd_report_open(&none, &no_run), -ENOENT);
}

static void test_nothing_to_report_needs_no_thread(void **state)
{
	struct httpd_options other = {0};
	struct httpd_run no_run = {.program = &other};
	struct httpd_report none;

	(void)state;
	assert_int_equal(httpd_report_open(&none, &no_run), 0);
	assert_int_equal(none.tick_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_run_is_reported),
		cmocka_unit_test(test_a_log_that_cannot_be_written),
		cmocka_unit_test(test_nothing_to_report_needs_no_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
