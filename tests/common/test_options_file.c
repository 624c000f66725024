/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of options: what they may hold, and that every mistake is told with its line.
 */
#include "app/common/options_file.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/scene.h"

static void test_a_file_with_everything(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(
		scene_read(&scene, "--config",
			   scene_file("# a comment\n; another\n\nnumber=12\n[first]\n  flag = yes\n\ttoggle: on\n"
				      "[second-group]\ntext = two words ; not this\nlist = a\nlist = b\r\n"
				      "color = green\naddress = 198.18.0.1:80\nsize = 64Ki"),
			   NULL),
		OPTIONS_RUN);
	assert_string_equal(scene.error, "");
	assert_int_equal(scene.values.number, 12);
	assert_true(scene.values.flag);
	assert_true(scene.values.toggle);
	assert_string_equal(scene.values.text, "two words");
	assert_int_equal(scene.values.list.count, 2);
	assert_string_equal(scene.values.list.item[1], "b");
	assert_int_equal(scene.values.color, SCENE_GREEN);
	assert_int_equal(scene.values.address.port, 80);
	assert_int_equal(scene.values.size, 65536);
	assert_true(options_is_given(&scene.options, "color"));
	scene_close(&scene);
}

static void test_messages_name_the_line(void **state)
{
	(void)state;
	scene_expect_file_wrong("scene.conf:2: unknown key 'colour', did you mean 'color'?\n", "\ncolour = red\n");
	scene_expect_file_wrong("scene.conf:1: unknown key 'help'\n", "help = me\n");
	scene_expect_file_wrong("scene.conf:3: number: '5' is out of range: from 10 to 2000000\n",
				"# one\n# two\nnumber = 5\n");
	scene_expect_file_wrong("scene.conf:2: unknown section '[frist]', did you mean '[first]'?\n",
				"number = 50\n[frist]\n");
	scene_expect_file_wrong("scene.conf:1: unknown section '[nowhere]'\n", "[nowhere]\n");
	scene_expect_file_wrong("scene.conf:2: key 'number' is given twice\n", "number = 50\nnumber = 51\n");
	scene_expect_file_wrong("scene.conf:2: neither 'key = value', nor '[section]', nor a comment\n",
				"number = 50\nnonsense\n");
	scene_expect_file_wrong("scene.conf:1: neither 'key = value', nor '[section]', nor a comment\n", "[first\n");
	scene_expect_file_wrong("scene.conf:1: number: '' is not a number, as in 12, 1.5k or 4m\n", "number =\n");
	scene_expect_file_wrong("scene.conf:1: unknown key 'x'\nscene.conf:2: unknown key 'y'\n", "x = 1\ny = 2\n");
}

/* libinih would go on with the rest of a long line as if it were another. */
static void test_the_longest_line(void **state)
{
	char file[400] = "text = ";
	struct scene scene;

	(void)state;
	memset(file + 7, 'x', OPTIONS_FILE_LINE_BYTES - 7);
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--config", scene_file(file), NULL), OPTIONS_RUN);
	assert_int_equal(strlen(scene.values.text), OPTIONS_FILE_LINE_BYTES - 7);
	scene_close(&scene);
	file[OPTIONS_FILE_LINE_BYTES] = 'x';
	scene_expect_file_wrong("scene.conf:1: the line has 199 bytes, of 198 at most\n", file);
}

/* A line that begins with a blank is a key like any other, not more of the value above. */
static void test_leading_blanks_continue_nothing(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(scene_read(&scene, "--config", scene_file("list = a\n  number = 60\n"), NULL), OPTIONS_RUN);
	assert_int_equal(scene.values.list.count, 1);
	assert_int_equal(scene.values.number, 60);
	scene_close(&scene);
}

static void test_what_a_line_can_hold(void **state)
{
	char longest[OPTIONS_FILE_LINE_BYTES];

	(void)state;
	assert_true(options_file_can_hold("text", ""));
	assert_true(options_file_can_hold("text", "a;b # c = d"));
	assert_false(options_file_can_hold("text", "a ;b"));
	assert_false(options_file_can_hold("text", ";b"));
	assert_false(options_file_can_hold("text", " a"));
	assert_false(options_file_can_hold("text", "a\t"));
	assert_false(options_file_can_hold("text", "a\nb"));
	memset(longest, 'x', sizeof(longest));
	longest[OPTIONS_FILE_LINE_BYTES - strlen("text = ")] = 0;
	assert_true(options_file_can_hold("text", longest));
	assert_false(options_file_can_hold("texts", longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_with_everything), cmocka_unit_test(test_messages_name_the_line),
		cmocka_unit_test(test_the_longest_line),       cmocka_unit_test(test_leading_blanks_continue_nothing),
		cmocka_unit_test(test_what_a_line_can_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
