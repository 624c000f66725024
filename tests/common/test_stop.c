/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first signal asks, the second ends.  Each case is a process of its own, since the flag is the process's.
 */
#include "app/common/stop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ASKED = 40, NOT_ASKED = 41 };

/* Runs `body` in a child and returns how it ended: an exit status, or the negative signal. */
static int in_child(void (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		body();
		_exit(stop_is_asked() ? ASKED : NOT_ASKED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void nothing(void)
{
	stop_catch_signals();
}

static void interrupt_once(void)
{
	stop_catch_signals();
	raise(SIGINT);
}

static void terminate_once(void)
{
	stop_catch_signals();
	raise(SIGTERM);
}

static void interrupt_twice(void)
{
	stop_catch_signals();
	raise(SIGINT);
	raise(SIGINT);
}

static void broken_pipe(void)
{
	stop_catch_signals();
	raise(SIGPIPE);
}

static void test_signals(void **state)
{
	(void)state;
	assert_int_equal(in_child(nothing), NOT_ASKED);
	assert_int_equal(in_child(interrupt_once), ASKED);
	assert_int_equal(in_child(terminate_once), ASKED);
	assert_int_equal(in_child(interrupt_twice), -SIGINT);
	assert_int_equal(in_child(broken_pipe), NOT_ASKED);
	assert_int_equal(in_child(stop_ask), ASKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
