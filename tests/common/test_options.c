/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line: every way to give an option, what wins, and every message.
 */
#include "app/common/options.h"

#include <string.h>

#include "tests/common/scene.h"

static void test_values_behind_and_beside(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--number", "1.5k", "--text=a=b", "--flag", "--toggle", "on", "--small",
				    "7", "--color=blue", NULL),
			 OPTIONS_RUN);
	assert_int_equal(scene.values.number, 1500);
	assert_string_equal(scene.values.text, "a=b");
	assert_true(scene.values.flag);
	assert_true(scene.values.toggle);
	assert_int_equal(scene.values.small, 7);
	assert_int_equal(scene.values.color, SCENE_BLUE);
	assert_string_equal(scene.error, "");
	assert_true(options_is_given(&scene.options, "number"));
	assert_false(options_is_given(&scene.options, "size"));
	scene_close(&scene);
}

static void test_nothing_given_leaves_defaults(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, NULL), OPTIONS_RUN);
	assert_int_equal(scene.values.number, 100);
	assert_int_equal(scene.values.size, 1500);
	assert_null(scene.values.text);
	scene_close(&scene);
}

static void test_a_flag_may_be_denied(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--flag", "--flag=off", NULL), OPTIONS_RUN);
	assert_false(scene.values.flag);
	scene_close(&scene);
}

static void test_lists_gather_and_the_last_of_others_wins(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--list", "a", "--number=11", "--list=b", "--number=12", NULL),
			 OPTIONS_RUN);
	assert_int_equal(scene.values.list.count, 2);
	assert_string_equal(scene.values.list.item[0], "a");
	assert_string_equal(scene.values.list.item[1], "b");
	assert_int_equal(scene.values.number, 12);
	scene_close(&scene);
}

static void test_the_command_line_wins_over_the_file(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--number", "50", "--config",
				    scene_file("number = 40\nsize = 600\nlist = x\nlist = y\n"), "--list", "z", NULL),
			 OPTIONS_RUN);
	assert_int_equal(scene.values.number, 50);
	assert_int_equal(scene.values.size, 600);
	assert_int_equal(scene.values.list.count, 1);
	assert_string_equal(scene.values.list.item[0], "z");
	scene_close(&scene);
}

static void test_messages(void **state)
{
	(void)state;
	scene_expect_wrong("prog: unknown option '--nubmer', did you mean '--number'?\n", "--nubmer", "1");
	scene_expect_wrong("prog: unknown option '--hlep', did you mean '--help'?\n", "--hlep");
	scene_expect_wrong("prog: unknown option '--frobnicate'\n", "--frobnicate");
	scene_expect_wrong("prog: '-x' is not an option: they begin with --\n", "-x");
	scene_expect_wrong("prog: 'stray' is not an option: they begin with --\n", "--flag", "stray");
	scene_expect_wrong("prog: --number needs a value\n", "--number");
	scene_expect_wrong("prog: --config needs a value\n", "--config");
	scene_expect_wrong("prog: --number: '5' is out of range: from 10 to 2000000\n", "--number", "5");
	scene_expect_wrong("prog: --text: 'hey!' is too loud\n", "--text", "hey!");
	scene_expect_wrong("prog: --color: 'blu' is not one of red, green, blue: did you mean 'blue'?\n", "--color",
			   "blu");
	scene_expect_wrong("prog: --flag: 'maybe' is neither on nor off\n", "--flag=maybe");
	scene_expect_wrong("prog: --config is given twice\n", "--config", "a", "--config=b");
	scene_expect_wrong("prog: --config: cannot read 'no/such/file': No such file or directory\n", "--config",
			   "no/such/file");
}

static void test_help_and_version_answer_beside_mistakes(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--nonsense", "--help", NULL), OPTIONS_ANSWERED);
	assert_non_null(strstr(scene.output, "Usage: prog [options]\n"));
	assert_string_equal(scene.error, "");
	scene_close(&scene);
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "-h", NULL), OPTIONS_ANSWERED);
	scene_close(&scene);
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--number", "x", "--version", NULL), OPTIONS_ANSWERED);
	assert_string_equal(scene.output, "prog 1.2\n");
	scene_close(&scene);
}

static void test_print_config_answers_with_what_was_read(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--print-config", "--number", "77", NULL), OPTIONS_ANSWERED);
	assert_non_null(strstr(scene.output, "\nnumber = 77\n"));
	assert_non_null(strstr(scene.output, "# Default: 100\n"));
	scene_close(&scene);
	scene_expect_wrong("prog: --number: 'x' is not a number, as in 12, 1.5k or 4m\n", "--print-config", "--number",
			   "x");
}

static void test_refuse_says_so(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(options_refuse(&scene.options, "%d is %s", 7, "odd"), OPTIONS_WRONG);
	fflush(scene.options.error);
	assert_string_equal(scene.error, "prog: 7 is odd\n");
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_behind_and_beside),
		cmocka_unit_test(test_nothing_given_leaves_defaults),
		cmocka_unit_test(test_a_flag_may_be_denied),
		cmocka_unit_test(test_lists_gather_and_the_last_of_others_wins),
		cmocka_unit_test(test_the_command_line_wins_over_the_file),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_help_and_version_answer_beside_mistakes),
		cmocka_unit_test(test_print_config_answers_with_what_was_read),
		cmocka_unit_test(test_refuse_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
