/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shared parts of JSON reports, and that a report is written whole or not at all.
 */
#include "app/common/report.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct sluice_statistics counted(uint64_t packets, uint64_t busy, uint64_t total)
{
	struct sluice_statistics out = {.busy_cycles = busy, .total_cycles = total};

	out.counter[SLUICE_COUNTER_packets_received] = packets;
	out.gauge[SLUICE_GAUGE_connections] = packets;
	return out;
}

static json_int_t counter(const json_t *root, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(root, "counters"), name));
}

static void test_statistics_name_every_counter(void **state)
{
	struct sluice_statistics now = counted(50, 30, 60);
	json_t *root = report_statistics(&now, NULL);

	(void)state;
	assert_int_equal(json_object_size(json_object_get(root, "counters")), SLUICE_COUNTER_COUNT);
	assert_int_equal(json_object_size(json_object_get(root, "gauges")), SLUICE_GAUGE_COUNT);
	assert_int_equal(counter(root, "packets_received"), 50);
	assert_true(json_real_value(json_object_get(root, "busy_fraction")) == 0.5);
	json_decref(root);
}

static void test_since_counts_the_time_between(void **state)
{
	struct sluice_statistics earlier = counted(20, 10, 20), later = counted(50, 40, 60);
	json_t *root = report_statistics(&later, &earlier);

	(void)state;
	assert_int_equal(counter(root, "packets_received"), 30);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "gauges"), "connections")), 50);
	assert_true(json_real_value(json_object_get(root, "busy_fraction")) == 0.75);
	assert_true(report_busy_fraction(&later, &earlier) == 0.75);
	assert_true(report_busy_fraction(&earlier, &earlier) == 0);
	json_decref(root);
}

static void test_percentiles(void **state)
{
	static struct histogram histogram;
	json_t *root;

	(void)state;
	histogram_reset(&histogram);
	for (uint64_t value = 1; value <= 1000; value++)
		histogram_record(&histogram, value);
	root = report_percentiles(&histogram);
	assert_int_equal(json_integer_value(json_object_get(root, "count")), 1000);
	assert_int_equal(json_integer_value(json_object_get(root, "min")), 1);
	assert_int_equal(json_integer_value(json_object_get(root, "p50")), 500);
	assert_int_equal(json_integer_value(json_object_get(root, "p99")), 990);
	assert_int_equal(json_integer_value(json_object_get(root, "p99.9")), 999);
	assert_int_equal(json_integer_value(json_object_get(root, "max")), 1000);
	assert_true(json_real_value(json_object_get(root, "mean")) == 500.5);
	json_decref(root);
}

static void test_the_machine_has_a_name(void **state)
{
	json_t *root = report_machine();

	(void)state;
	assert_true(strlen(json_string_value(json_object_get(root, "cpu"))) > 0);
	assert_true(json_integer_value(json_object_get(root, "cores")) >= 1);
	json_decref(root);
}

static void test_written_whole(void **state)
{
	static const char path[] = "report.json";
	json_t *back;

	(void)state;
	assert_int_equal(report_write(json_pack("{s:i}", "a", 1), path), 0);
	assert_int_equal(report_write(json_pack("{s:i}", "a", 2), path), 0);
	back = json_load_file(path, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(back, "a")), 2);
	assert_int_equal(access("report.json.part", F_OK), -1);
	json_decref(back);
	unlink(path);
}

static void test_a_device_stays_a_device(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(report_write(json_object(), "/dev/null"), 0);
	assert_int_equal(stat("/dev/null", &status), 0);
	assert_true(S_ISCHR(status.st_mode));
}

static void test_failures_are_told(void **state)
{
	(void)state;
	assert_int_equal(report_write(json_object(), "no/such/folder/report.json"), -ENOENT);
	assert_int_equal(report_write(NULL, "report.json"), -ENOMEM);
}

static void test_a_check_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_int_equal(report_check("-"), 0);
	assert_int_equal(report_check("/dev/null"), 0);
	assert_int_equal(report_check("checked.json"), 0);
	assert_int_equal(access("checked.json", F_OK), -1);
	assert_int_equal(access("checked.json.part", F_OK), -1);
	assert_int_equal(report_check("no/such/folder/report.json"), -ENOENT);
	assert_int_equal(report_check("."), -EISDIR);
}

static void test_a_check_keeps_the_old_report(void **state)
{
	static const char path[] = "old.json";

	(void)state;
	assert_int_equal(report_write(json_pack("{s:i}", "a", 1), path), 0);
	assert_int_equal(report_check(path), 0);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statistics_name_every_counter),
		cmocka_unit_test(test_since_counts_the_time_between),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_the_machine_has_a_name),
		cmocka_unit_test(test_written_whole),
		cmocka_unit_test(test_a_device_stays_a_device),
		cmocka_unit_test(test_failures_are_told),
		cmocka_unit_test(test_a_check_leaves_nothing_behind),
		cmocka_unit_test(test_a_check_keeps_the_old_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
