/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three standard streams, as a program must find them at its start and leave them at its end.
 */
#pragma once

#include <stdbool.h>

/*
 * Opens those that the caller closed on /dev/null, so that no device or file is opened under their numbers and
 * written to for stdout.  First of all.
 */
void standard_open(void);

/* Whether everything that was printed has arrived; if not, says so on stderr in the name of `program`.  Last of all. */
bool standard_flush(const char *program);
