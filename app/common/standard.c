/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What "command > /dev/full" and "command >&-" ask of a program.
 */
#include "app/common/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void standard_open(void)
{
	/* The lowest free number is taken, so each finds its own. */
	for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
		if (fcntl(number, F_GETFD) < 0 && open("/dev/null", O_RDWR) != number)
			return;
	}
}

bool standard_flush(const char *program)
{
	bool failed = ferror(stdout) != 0;
	int error = 0;

	if (fflush(stdout)) {
		error = errno;
		failed = true;
	}
	if (failed)
		fprintf(stderr, "%s: stdout was not written whole%s%s\n", program, error ? ": " : "",
			error ? strerror(error) : "");
	return !failed;
}
