/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines of progress, tables, and the log of histograms.
 */
#include "app/load/load_text.h"

#include "tests/load/run_scene.h"

static struct run_scene scene;
static struct load_text text;

static void run(void)
{
	RUN_SCENE(&scene, "--loopback", "--mode=cps", "--duration=20ms", "--warm-up=5ms", "--concurrency=2");
	assert_int_equal(load_run_all(&scene.run), 0);
}

static void test_a_line_is_what_happened_since_the_last(void **state)
{
	char *lines, *log;
	size_t lines_bytes, log_bytes;

	(void)state;
	run();
	memset(&text, 0, sizeof(text));
	text.run = &scene.run;
	text.file = open_memstream(&lines, &lines_bytes);
	text.histogram_log = open_memstream(&log, &log_bytes);
	load_text_line(&text);
	fflush(text.file);
	assert_non_null(strstr(lines, "finished"));
	assert_non_null(strstr(lines, " failed 0\n"));
	assert_true(text.last.connections.attempted > 0);
	load_text_line(&text); /* no time has passed: nothing to say */
	fclose(text.file);
	fclose(text.histogram_log);
	assert_ptr_equal(strchr(lines, '\n'), lines + lines_bytes - 1);
	assert_non_null(strstr(log, ",HISTFAAA"));
	free(lines);
	free(log);
	run_scene_close(&scene);
}

static void test_the_tables(void **state)
{
	char *tables;
	size_t bytes;
	FILE *file = open_memstream(&tables, &bytes);

	(void)state;
	run();
	load_text_final(&scene.run, file);
	fclose(file);
	assert_non_null(strstr(tables, " connections per second, measured over 0.02 s; "));
	assert_non_null(strstr(tables, "handshake"));
	assert_non_null(strstr(tables, "as intended, status 2xx"));
	assert_null(strstr(tables, "refused"));
	assert_non_null(strstr(tables, "50.0 %"));
	assert_non_null(strstr(tables, "The server was the busier side"));
	assert_string_equal(load_text_busier(&scene.run), "server");
	free(tables);
	run_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_what_happened_since_the_last),
		cmocka_unit_test(test_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
