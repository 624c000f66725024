/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines to the user, and DPDK's log caught while ports are opened.
 */
#include "lib/port/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_log.h>

static struct {
	FILE *stream;
	char first[SAY_LINE_BYTES / 2];
	char quoted[SAY_LINE_BYTES / 2 + 16];
} caught;

void say(const struct sluice_config *config, const char *format, ...)
{
	char line[SAY_LINE_BYTES];
	va_list arguments;

	if (!config->print)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	config->print(line);
}

int say_error(const struct sluice_config *config, int error, const char *format, ...)
{
	char line[SAY_LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (config->print)
		config->print(line);
	else
		fprintf(stderr, "%s\n", line);
	return error;
}

/* A stream's write function: keeps the first line, and takes everything. */
static ssize_t catch_write(void *cookie, const char *text, size_t bytes)
{
	size_t length = strcspn(caught.first, "\n");

	(void)cookie;
	if (caught.first[length] != '\n' && length + bytes < sizeof(caught.first)) {
		memcpy(caught.first + length, text, bytes);
		caught.first[length + bytes] = '\0';
	}
	return (ssize_t)bytes;
}

void say_catch_log(void)
{
	cookie_io_functions_t functions = {.write = catch_write};

	caught.stream = fopencookie(NULL, "w", functions);
	if (!caught.stream)
		return;
	setvbuf(caught.stream, NULL, _IOLBF, 0);
	rte_openlog_stream(caught.stream);
	rte_log_set_global_level(RTE_LOG_ERR);
	say_forget();
}

void say_release_log(void)
{
	if (!caught.stream)
		return;
	rte_openlog_stream(stderr);
	fclose(caught.stream);
	caught.stream = NULL;
}

void say_forget(void)
{
	if (caught.stream)
		fflush(caught.stream);
	caught.first[0] = '\0';
}

const char *say_caught(void)
{
	size_t length;

	if (caught.stream)
		fflush(caught.stream);
	length = strcspn(caught.first, "\n");
	if (length == 0)
		return "";
	snprintf(caught.quoted, sizeof(caught.quoted), " (DPDK: %.*s)", (int)length, caught.first);
	return caught.quoted;
}
