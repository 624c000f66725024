/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One flag, set by a signal handler or by a worker that failed.
 */
#include "app/common/stop.h"

#include <signal.h>
#include <stddef.h>

static int asked; /* the process's one flag: signals know no context */

static void on_signal(int number)
{
	(void)number;
	__atomic_store_n(&asked, 1, __ATOMIC_RELAXED);
}

void stop_catch_signals(void)
{
	/* SA_RESETHAND: the second signal finds the default action, which ends the process. */
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigemptyset(&action.sa_mask);
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

bool stop_is_asked(void)
{
	return __atomic_load_n(&asked, __ATOMIC_RELAXED);
}

void stop_ask(void)
{
	__atomic_store_n(&asked, 1, __ATOMIC_RELAXED);
}
