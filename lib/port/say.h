/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the ports tell the user: notices through the configuration's printer, and the one line with which a failure
 * ends.  While devices are made, DPDK's own complaints are caught here instead of reaching the terminal, so that the
 * failure's line can quote the first of them.
 */
#pragma once

#include "lib/sluice.h"

#define SAY_LINE_BYTES 512

/* One line, without its newline, to config->print; nothing without a printer. */
__attribute__((format(printf, 2, 3))) void say(const struct sluice_config *config, const char *format, ...);

/* The same, or to stderr where there is no printer.  Returns `error`, a negative errno. */
__attribute__((format(printf, 3, 4))) int say_error(const struct sluice_config *config, int error, const char *format,
						    ...);

/* Catches DPDK's log until released.  Main thread. */
void say_catch_log(void);
void say_release_log(void);

/* Forgets what was caught. */
void say_forget(void);

/* " (DPDK: first line caught since it was last forgotten)", or "". */
const char *say_caught(void);
