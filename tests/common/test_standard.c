/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams that the caller closed, and streams that take nothing.  Each case is a process of its own, since the streams
 * are the process's.
 */
#include "app/common/standard.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs `body` in a child and returns its exit status. */
static int in_child(int (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The next file opened must not come to lie under stdout's number. */
static int closed(void)
{
	for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++)
		close(number);
	standard_open();
	return open("/dev/null", O_RDONLY);
}

static int one_closed(void)
{
	close(STDOUT_FILENO);
	standard_open();
	return fcntl(STDOUT_FILENO, F_GETFD) < 0;
}

static int printed_to(const char *path)
{
	if (!freopen(path, "w", stdout))
		return -1;
	printf("one line\n");
	return standard_flush("test");
}

static int to_null(void)
{
	return printed_to("/dev/null");
}

static int to_full(void)
{
	return printed_to("/dev/full");
}

/* The buffer was emptied before, and what failed then is not forgotten. */
static int to_full_before(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	return printed_to("/dev/full");
}

static void test_what_is_closed_is_opened(void **state)
{
	(void)state;
	assert_int_equal(in_child(closed), STDERR_FILENO + 1);
	assert_int_equal(in_child(one_closed), 0);
}

static void test_what_was_not_written_is_told(void **state)
{
	(void)state;
	assert_int_equal(in_child(to_null), true);
	assert_int_equal(in_child(to_full), false);
	assert_int_equal(in_child(to_full_before), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_closed_is_opened),
		cmocka_unit_test(test_what_was_not_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
