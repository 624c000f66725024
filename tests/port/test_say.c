/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines reach the printer or stderr, and DPDK's first complaint is quoted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_log.h>

#include "lib/port/say.h"
#include "tests/port/scene.h"

static void test_lines_reach_the_printer(void **state)
{
	struct sluice_config config = scene_config();

	(void)state;
	scene_forget_lines();
	say(&config, "%d fish", 3);
	assert_int_equal(say_error(&config, -EIO, "no %s", "fish"), -EIO);
	assert_string_equal(scene_lines(), "3 fish\nno fish\n");
}

static void test_errors_reach_stderr(void **state)
{
	struct sluice_config config = scene_config();
	char text[64] = "";
	int ends[2], kept = dup(2);

	(void)state;
	config.print = NULL;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], 2);
	say(&config, "nobody hears this");
	say_error(&config, -EIO, "an error");
	dup2(kept, 2);
	close(ends[1]);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "an error\n");
	close(ends[0]);
	close(kept);
}

static void test_long_lines_are_cut(void **state)
{
	struct sluice_config config = scene_config();
	char text[3 * SAY_LINE_BYTES];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	scene_forget_lines();
	say(&config, "%s", text);
	assert_int_equal(strlen(scene_lines()), SAY_LINE_BYTES); /* its 0 became a newline */
}

static void test_first_complaint_is_quoted(void **state)
{
	(void)state;
	say_catch_log();
	assert_string_equal(say_caught(), "");
	rte_log(RTE_LOG_ERR, RTE_LOGTYPE_EAL, "EAL: %s\n", "the cause");
	rte_log(RTE_LOG_ERR, RTE_LOGTYPE_EAL, "EAL: a consequence\n");
	assert_string_equal(say_caught(), " (DPDK: EAL: the cause)");
	say_forget();
	assert_string_equal(say_caught(), "");
	for (int i = 0; i < 100; i++)
		rte_log(RTE_LOG_ERR, RTE_LOGTYPE_EAL, "no end of line, and much more than there is room for ");
	assert_non_null(strstr(say_caught(), "(DPDK: no end of line"));
	say_release_log();
	say_release_log(); /* harmless */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_reach_the_printer),
		cmocka_unit_test(test_errors_reach_stderr),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_first_complaint_is_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
