/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGINT and SIGTERM ask the program to finish; a second one ends it at once, as if nobody had caught it.
 */
#pragma once

#include <stdbool.h>

/* Catches both, and ignores SIGPIPE.  Main thread, before any other starts. */
void stop_catch_signals(void);

/* Any thread; a relaxed read, cheap enough for every turn. */
bool stop_is_asked(void);

/* Asks without a signal: when one worker failed and the others must end too.  Any thread. */
void stop_ask(void);
