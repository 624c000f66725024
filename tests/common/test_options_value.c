/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values: what each kind takes, what it refuses and how it says so, and that what is written reads back.
 */
#include "app/common/options_value.h"

#include <inttypes.h>
#include <string.h>

#include "tests/common/scene.h"

static struct scene_values values;
static char problem[OPTIONS_PROBLEM_BYTES];

static const char *const colors[] = {"red", "green", "blue", NULL};

#define ENTRY(field, kind_, ...) \
	(&(const struct options_entry){OPTIONS_FIELD(struct scene_values, field), .kind = kind_, __VA_ARGS__})

#define NUMBER ENTRY(large, OPTIONS_NUMBER, .low = 0)
#define SIZE   ENTRY(large, OPTIONS_SIZE, .low = 0)
#define TIME   ENTRY(wait_ns, OPTIONS_TIME, .unit_ns = 1)
#define MS     ENTRY(wait_ms, OPTIONS_TIME, .unit_ns = 1000000)

static void takes(const struct options_entry *entry, const char *text, uint64_t expected)
{
	uint64_t value = 0;

	if (!options_value_read(entry, &values, text, problem))
		fail_msg("'%s' was refused: %s", text, problem);
	memcpy(&value, (const char *)&values + entry->offset, entry->width_bytes);
	assert_int_equal(value, expected);
}

static void refuses(const struct options_entry *entry, const char *text, const char *why)
{
	struct scene_values before = values;

	assert_false(options_value_read(entry, &values, text, problem));
	assert_string_equal(problem, why);
	assert_memory_equal(&before, &values, sizeof(values));
}

static void test_numbers(void **state)
{
	(void)state;
	takes(NUMBER, "0", 0);
	takes(NUMBER, "12", 12);
	takes(NUMBER, "1k", 1000);
	takes(NUMBER, "1.5K", 1500);
	takes(NUMBER, "4m", 4000000);
	takes(NUMBER, "2G", 2000000000);
	takes(NUMBER, "0.001k", 1);
	takes(NUMBER, "18446744073709551615", UINT64_MAX);
	refuses(NUMBER, "18446744073709551616", "'18446744073709551616' is not a number, as in 12, 1.5k or 4m");
	refuses(NUMBER, "99999999999g", "'99999999999g' is too large");
	refuses(NUMBER, "1.5", "'1.5' is not a whole number of the smallest unit");
	refuses(NUMBER, "", "'' is not a number, as in 12, 1.5k or 4m");
	refuses(NUMBER, "-1", "'-1' is not a number, as in 12, 1.5k or 4m");
	refuses(NUMBER, "0x10", "'0x10' is not a number, as in 12, 1.5k or 4m");
	refuses(NUMBER, "1 k", "'1 k' is not a number, as in 12, 1.5k or 4m");
	refuses(NUMBER, "1.", "'1.' is not a number, as in 12, 1.5k or 4m");
	refuses(NUMBER, "1Ki", "'1Ki' is not a number, as in 12, 1.5k or 4m");
	refuses(ENTRY(number, OPTIONS_NUMBER, .low = 10, .high = 20), "9", "'9' is out of range: from 10 to 20");
	refuses(ENTRY(number, OPTIONS_NUMBER, .low = 10, .high = 20), "21", "'21' is out of range: from 10 to 20");
	refuses(ENTRY(small, OPTIONS_NUMBER, .low = 0), "256", "'256' is out of range: from 0 to 255");
}

static void test_sizes(void **state)
{
	(void)state;
	takes(SIZE, "1500", 1500);
	takes(SIZE, "64k", 64000);
	takes(SIZE, "64Ki", 65536);
	takes(SIZE, "64KiB", 65536);
	takes(SIZE, "1.5MiB", 1572864);
	takes(SIZE, "2GB", 2000000000);
	takes(SIZE, "3gi", UINT64_C(3) << 30);
	takes(SIZE, "7B", 7);
	refuses(SIZE, "7T", "'7T' is not a size, as in 1500, 64Ki or 4Mi");
	refuses(ENTRY(size, OPTIONS_SIZE, .low = 1024, .high = 1 << 20), "2Mi",
		"'2Mi' is out of range: from 1Ki to 1Mi");
}

static void test_times(void **state)
{
	(void)state;
	takes(TIME, "0", 0);
	takes(TIME, "5ns", 5);
	takes(TIME, "250us", 250000);
	takes(TIME, "1.5ms", 1500000);
	takes(TIME, "10s", UINT64_C(10000000000));
	takes(TIME, "2m", UINT64_C(120000000000));
	takes(TIME, "1h", UINT64_C(3600000000000));
	takes(MS, "1.5s", 1500);
	refuses(TIME, "10", "'10' has no unit: ns, us, ms, s, m or h, as in 10s");
	refuses(TIME, "10M", "'10M' is not a time, as in 10s, 250us or 1.5m");
	refuses(TIME, "s", "'s' is not a time, as in 10s, 250us or 1.5m");
	refuses(MS, "250us", "'250us' is not a multiple of 1ms");
	refuses(ENTRY(wait_ms, OPTIONS_TIME, .unit_ns = 1000000, .low = 2, .high = 60000), "2m",
		"'2m' is out of range: from 2ms to 1m");
	refuses(ENTRY(wait_ms, OPTIONS_TIME, .unit_ns = 1000000, .low = 2, .high = 60000), "1ms",
		"'1ms' is out of range: from 2ms to 1m");
}

static void test_switches(void **state)
{
	const struct options_entry *entry = ENTRY(toggle, OPTIONS_SWITCH, .low = 0);

	(void)state;
	takes(entry, "on", true);
	takes(entry, "off", false);
	takes(entry, "Yes", true);
	takes(entry, "no", false);
	takes(entry, "true", true);
	takes(entry, "FALSE", false);
	takes(entry, "1", true);
	takes(entry, "0", false);
	refuses(entry, "2", "'2' is neither on nor off");
	refuses(entry, "", "'' is neither on nor off");
}

static void test_choices(void **state)
{
	const struct options_entry *entry = ENTRY(color, OPTIONS_CHOICE, .choices = colors);

	(void)state;
	takes(entry, "blue", SCENE_BLUE);
	refuses(entry, "gren", "'gren' is not one of red, green, blue: did you mean 'green'?");
	refuses(entry, "mauve", "'mauve' is not one of red, green, blue");
}

static void test_addresses(void **state)
{
	const struct options_entry *address = ENTRY(address, OPTIONS_ADDRESS, .low = 0);
	const struct options_entry *subnet = ENTRY(subnet, OPTIONS_SUBNET, .low = 0);

	(void)state;
	assert_false(options_value_is_set(address, &values));
	assert_true(options_value_read(address, &values, "198.18.0.1:80", problem));
	assert_true(options_value_is_set(address, &values));
	assert_int_equal(values.address.port, 80);
	assert_true(options_value_read(subnet, &values, "2001:2::1/48", problem));
	assert_int_equal(values.subnet.prefix_bits, 48);
	assert_false(options_value_read(address, &values, "nowhere", problem));
	assert_string_equal(problem, "'nowhere' is not an address, as in 198.18.0.1:80 or [2001:2::1]:80");
	assert_false(options_value_read(subnet, &values, "198.18.0.1/33", problem));
	assert_string_equal(problem, "'198.18.0.1/33' is not a subnet, as in 198.18.0.2/15 or 2001:2::2/48");
}

static void test_lists_have_an_end(void **state)
{
	const struct options_entry *entry = ENTRY(list, OPTIONS_LIST, .low = 0);

	(void)state;
	for (uint32_t i = 0; i < OPTIONS_LIST_MAX; i++)
		assert_true(options_value_read(entry, &values, "item", problem));
	assert_int_equal(values.list.count, OPTIONS_LIST_MAX);
	refuses(entry, "item", "is given more than 64 times");
}

static void writes(const struct options_entry *entry, const char *text, const char *expected)
{
	char written[OPTIONS_VALUE_BYTES];

	assert_true(options_value_read(entry, &values, text, problem));
	assert_string_equal(options_value_write(entry, &values, 0, written), expected);
}

static void test_what_is_written_reads_back(void **state)
{
	(void)state;
	writes(NUMBER, "4m", "4000000");
	writes(SIZE, "65536", "64Ki");
	writes(SIZE, "1500", "1500");
	writes(SIZE, "0", "0");
	writes(TIME, "60s", "1m");
	writes(TIME, "1500ms", "1500ms");
	writes(TIME, "0", "0");
	writes(MS, "60s", "1m");
	writes(ENTRY(toggle, OPTIONS_SWITCH, .low = 0), "yes", "on");
	writes(ENTRY(color, OPTIONS_CHOICE, .choices = colors), "green", "green");
	writes(ENTRY(address, OPTIONS_ADDRESS, .low = 0), "[2001:2::1]:80", "[2001:2::1]:80");
	writes(ENTRY(subnet, OPTIONS_SUBNET, .low = 0), "198.18.0.1/15", "198.18.0.1/15");
	writes(ENTRY(text, OPTIONS_TEXT, .low = 0), "as it is", "as it is");
}

/* Any value, written and read, is the same value. */
static void test_every_magnitude_reads_back(void **state)
{
	const struct options_entry *entries[] = {NUMBER, SIZE, TIME};
	char written[OPTIONS_VALUE_BYTES];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		for (uint64_t value = 1; value < UINT64_MAX / 7; value = value * 3 + value % 5) {
			values.large = value;
			values.wait_ns = value;
			options_value_write(entries[i], &values, 0, written);
			takes(entries[i], written, value);
		}
	}
}

static int forget(void **state)
{
	(void)state;
	memset(&values, 0, sizeof(values));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_numbers, forget),
		cmocka_unit_test_setup(test_sizes, forget),
		cmocka_unit_test_setup(test_times, forget),
		cmocka_unit_test_setup(test_switches, forget),
		cmocka_unit_test_setup(test_choices, forget),
		cmocka_unit_test_setup(test_addresses, forget),
		cmocka_unit_test_setup(test_lists_have_an_end, forget),
		cmocka_unit_test_setup(test_what_is_written_reads_back, forget),
		cmocka_unit_test_setup(test_every_magnitude_reads_back, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
