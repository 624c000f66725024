/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader of its own, which shares no code with the server.
 */
#include "tests/httpd/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

void answers_begin(struct answers *answers, const char *data, size_t bytes)
{
	*answers = (struct answers){.at = data, .left = bytes};
}

void answers_end(struct answers *answers)
{
	free(answers->body);
	answers->body = NULL;
}

static void step_over(struct answers *answers, size_t bytes)
{
	answers->at += bytes;
	answers->left -= bytes;
}

static bool read_head(struct answers *answers)
{
	const char *end = answers->left ? memmem(answers->at, answers->left, "\r\n\r\n", 4) : NULL;
	size_t bytes;

	if (!end)
		return false;
	bytes = (size_t)(end - answers->at) + 2;
	assert_true(bytes < sizeof(answers->head));
	memcpy(answers->head, answers->at, bytes);
	answers->head[bytes] = '\0';
	step_over(answers, bytes + 2);
	assert_memory_equal(answers->head, "HTTP/1.1 ", 9);
	answers->status = (int)strtol(answers->head + 9, NULL, 10);
	return true;
}

const char *answers_field(struct answers *answers, const char *name)
{
	static char value[1024];
	size_t name_bytes = strlen(name);

	for (const char *line = answers->head; (line = strstr(line, "\r\n"));) {
		line += 2;
		if (strncasecmp(line, name, name_bytes) == 0 && line[name_bytes] == ':') {
			const char *start = line + name_bytes + 1 + strspn(line + name_bytes + 1, " ");

			snprintf(value, sizeof(value), "%.*s", (int)strcspn(start, "\r"), start);
			return value;
		}
	}
	return NULL;
}

static bool read_length(struct answers *answers, size_t bytes)
{
	if (answers->left < bytes)
		return false;
	answers->body = malloc(bytes + 1);
	memcpy(answers->body, answers->at, bytes);
	answers->body[bytes] = '\0';
	answers->body_bytes = bytes;
	step_over(answers, bytes);
	return true;
}

static bool read_chunks(struct answers *answers)
{
	for (;;) {
		const char *end = answers->left ? memmem(answers->at, answers->left, "\r\n", 2) : NULL;
		size_t bytes;

		if (!end)
			return false;
		bytes = strtoul(answers->at, NULL, 16);
		step_over(answers, (size_t)(end - answers->at) + 2);
		if (answers->left < bytes + 2)
			return false;
		assert_memory_equal(answers->at + bytes, "\r\n", 2);
		answers->body = realloc(answers->body, answers->body_bytes + bytes + 1);
		memcpy(answers->body + answers->body_bytes, answers->at, bytes);
		answers->body_bytes += bytes;
		answers->body[answers->body_bytes] = '\0';
		step_over(answers, bytes + 2);
		if (bytes == 0)
			return true;
	}
}

bool answers_next(struct answers *answers, bool is_head)
{
	const char *length;

	free(answers->body);
	answers->body = NULL;
	answers->body_bytes = 0;
	if (!read_head(answers))
		return false;
	if (is_head || answers->status < 200 || answers->status == 204 || answers->status == 304)
		return true;
	if (answers_field(answers, "Transfer-Encoding")) {
		assert_string_equal(answers_field(answers, "Transfer-Encoding"), "chunked");
		assert_null(answers_field(answers, "Content-Length"));
		return read_chunks(answers);
	}
	length = answers_field(answers, "Content-Length");
	assert_non_null(length);
	return read_length(answers, strtoul(length, NULL, 10));
}

void answers_expect_one(struct answers *answers, const char *data, size_t bytes, int status)
{
	answers_begin(answers, data, bytes);
	if (!answers_next(answers, false))
		fail_msg("no whole answer in: %.*s", (int)bytes, data);
	if (answers->status != status)
		fail_msg("%d, not %d, in: %.*s", answers->status, status, (int)bytes, data);
	assert_int_equal(answers->left, 0);
}
