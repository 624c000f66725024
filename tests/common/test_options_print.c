/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Help that fits the page, and printed configurations that read back as they were.
 */
#include "app/common/options_print.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/scene.h"

static void test_help_fits_80_columns(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--help", NULL), OPTIONS_ANSWERED);
	for (const char *line = scene.output; *line; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 80);
	scene_close(&scene);
}

static void test_help_shows_every_option_in_its_group(void **state)
{
	static const char *const lines[] = {
		"\nFirst:\n",
		"\n  --flag                     A flag.\n",
		"\n  --toggle on|off            A switch. (default: off)\n",
		"\n  --number N                 A number with bounds, explained at such length that\n"
		"                             the text has to be wrapped onto a second line.\n"
		"                             (default: 100)\n",
		"\nSecond group:\n",
		"\n  --size BYTES               A size. (default: 1500)\n",
		"\n  --wait TIME                A time in ms. (default: 1m)\n",
		"\n  --address ADDRESS          An address.\n",
		"\n  --subnet CIDR              A subnet.\n",
		"\n  --color red|green|blue     A color. (default: red)\n",
		"\n  --list ITEM                A list.\n",
		"\nGeneral:\n",
		"\n  --print-config             Print the options",
	};
	struct scene scene;
	const char *at;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--help", NULL), OPTIONS_ANSWERED);
	at = scene.output;
	for (uint32_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *found = strstr(at, lines[i]);

		if (!found)
			fail_msg("not found in order: %s", lines[i]);
		at = found;
	}
	scene_close(&scene);
}

static void test_a_printed_configuration_reads_back(void **state)
{
	struct scene first, second;

	(void)state;
	scene_open(&first);
	assert_int_equal(scene_read(&first, "--print-config", "--flag", "--toggle", "on", "--small", "3", "--number",
				    "1999999", "--large", "18446744073709551615", "--size", "64Ki", "--wait", "2ms",
				    "--precise-wait", "1ns", "--text", "some text; and # more", "--address",
				    "[2001:2::1]:8080", "--subnet", "198.18.0.1/15", "--color", "blue", "--list", "one",
				    "--list", "two", NULL),
			 OPTIONS_ANSWERED);
	scene_open(&second);
	assert_int_equal(scene_read(&second, "--config", scene_file(first.output), NULL), OPTIONS_RUN);
	assert_string_equal(second.values.text, first.values.text);
	assert_string_equal(second.values.list.item[0], "one");
	assert_string_equal(second.values.list.item[1], "two");
	assert_int_equal(second.values.list.count, 2);
	second.values.text = first.values.text;
	second.values.list = first.values.list;
	assert_memory_equal(&first.values, &second.values, sizeof(first.values));
	scene_close(&first);
	scene_close(&second);
}

static void test_what_is_not_given_is_a_comment(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--print-config", "--toggle", "off", NULL), OPTIONS_ANSWERED);
	assert_non_null(strstr(scene.output, "\n# flag = off\n"));
	assert_non_null(strstr(scene.output, "\n# number = 100\n"));
	assert_non_null(strstr(scene.output, "\n# Default: off\ntoggle = off\n")); /* the default, but given */
	assert_non_null(strstr(scene.output, "\n# text =\n"));
	assert_non_null(strstr(scene.output, "\n# address =\n"));
	assert_non_null(strstr(scene.output, "\n# list =\n"));
	assert_non_null(strstr(scene.output, "\n[second-group]\n"));
	scene_close(&scene);
}

static void test_what_no_file_can_hold_is_told(void **state)
{
	(void)state;
	scene_expect_wrong("prog: --print-config: the value of --text cannot be written in a file\n", "--print-config",
			   "--text", "a ;b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_fits_80_columns),
		cmocka_unit_test(test_help_shows_every_option_in_its_group),
		cmocka_unit_test(test_a_printed_configuration_reads_back),
		cmocka_unit_test(test_what_is_not_given_is_a_comment),
		cmocka_unit_test(test_what_no_file_can_hold_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
