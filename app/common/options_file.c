/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * INI files through libinih, which tells its handler no line number and silently splits lines that are longer than its
 * buffer.  So our reader stands in between: it counts lines, refuses long ones by number, checks sections as it passes
 * them (the handler is called for keys only), and takes leading blanks away, which libinih would read as a
 * continuation.
 */
#include "app/common/options_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "app/common/nearest.h"
#include "app/common/options_table.h"
#include "app/common/options_value.h"

struct options_file {
	struct options *options;
	const char *path;
	FILE *file;
	char *line; /* getline's */
	size_t line_bytes;
	uint32_t line_number;
	bool failed;
};

__attribute__((nonnull, format(printf, 2, 3))) static void complain(struct options_file *in, const char *format, ...)
{
	FILE *error = in->options->error ? in->options->error : stderr;
	va_list arguments;

	fprintf(error, "%s:%u: ", in->path, in->line_number);
	va_start(arguments, format);
	vfprintf(error, format, arguments);
	va_end(arguments);
	fputc('\n', error);
	in->failed = true;
}

const char *options_file_section(const char *group, char text[OPTIONS_SECTION_BYTES])
{
	size_t i = 0;

	for (; group[i] && i < OPTIONS_SECTION_BYTES - 1; i++)
		text[i] = group[i] == ' ' ? '-' : (char)tolower((unsigned char)group[i]);
	text[i] = 0;
	return text;
}

bool options_file_can_hold(const char *name, const char *value)
{
	size_t bytes = strlen(value);

	if (strlen(name) + strlen(" = ") + bytes > OPTIONS_FILE_LINE_BYTES)
		return false;
	if (bytes && (isspace((unsigned char)value[0]) || isspace((unsigned char)value[bytes - 1]) || value[0] == ';'))
		return false;
	for (size_t i = 0; i < bytes; i++) {
		bool ends = isspace((unsigned char)value[i]) && value[i + 1] == ';';

		if (value[i] == '\n' || value[i] == '\r' || ends)
			return false;
	}
	return true;
}

/* A line that begins with '[': its name must be that of a group. */
static void section_check(struct options_file *in, const char *line)
{
	const char *end = strchr(line, ']');
	struct options_place place = {0};
	struct nearest nearest;
	char name[OPTIONS_SECTION_BYTES] = "", section[OPTIONS_SECTION_BYTES], best[OPTIONS_SECTION_BYTES];

	if (!end)
		return; /* libinih calls that a syntax error */
	snprintf(name, sizeof(name), "%.*s", (int)(end - line - 1), line + 1);
	nearest = (struct nearest){.typed = name};
	while (options_table_next(in->options, &place)) {
		options_file_section(place.entry->group, section);
		if (!strcmp(section, name))
			return;
		nearest_offer(&nearest, section);
		if (nearest.word == section) {
			memcpy(best, section, sizeof(best));
			nearest.word = best;
		}
	}
	if (nearest.word)
		complain(in, "unknown section '[%s]', did you mean '[%s]'?", name, nearest.word);
	else
		complain(in, "unknown section '[%s]'", name);
}

/* What libinih calls for every line, in the manner of fgets. */
static char *line_read(char *buffer, int buffer_bytes, void *argument)
{
	struct options_file *in = argument;
	ssize_t bytes = getline(&in->line, &in->line_bytes, in->file);
	const char *line = in->line;

	if (bytes < 0)
		return NULL;
	in->line_number++;
	if (bytes && line[bytes - 1] == '\n')
		in->line[--bytes] = 0;
	if (bytes && line[bytes - 1] == '\r')
		in->line[--bytes] = 0;
	buffer[0] = 0;
	if (strlen(line) != (size_t)bytes) {
		complain(in, "the line holds a zero byte");
		return buffer;
	}
	if (bytes > OPTIONS_FILE_LINE_BYTES || bytes >= buffer_bytes) {
		complain(in, "the line has %zd bytes, of %d at most", bytes, OPTIONS_FILE_LINE_BYTES);
		return buffer;
	}
	line += strspn(line, " \t");
	if (*line == '[')
		section_check(in, line);
	snprintf(buffer, (size_t)buffer_bytes, "%s", line);
	return buffer;
}

/* A copy that lives until options_release(): libinih's own is gone with the next line. */
static char *text_keep(struct options *options, const char *text)
{
	char **owned = realloc(options->owned, (options->owned_count + 1) * sizeof(*owned));
	char *copy = strdup(text);

	if (owned)
		options->owned = owned;
	if (!owned || !copy) {
		free(copy);
		return NULL;
	}
	return owned[options->owned_count++] = copy;
}

static int key_take(void *argument, const char *section, const char *key, const char *value)
{
	struct options_file *in = argument;
	struct options_place place = options_table_find(in->options, key);
	char problem[OPTIONS_PROBLEM_BYTES], hint[OPTIONS_HINT_BYTES];
	const char *copy;

	(void)section;
	if (!place.entry) {
		complain(in, "unknown key '%s'%s", key, options_table_hint(in->options, key, "", hint));
		return 1;
	}
	if (in->options->given[place.index] && place.entry->kind != OPTIONS_LIST) {
		complain(in, "key '%s' is given twice", key);
		return 1;
	}
	copy = text_keep(in->options, value);
	if (!copy)
		complain(in, "out of memory");
	else if (!options_value_read(place.entry, place.base, copy, problem))
		complain(in, "%s: %s", key, problem);
	in->options->given[place.index] = true;
	return 1;
}

bool options_file_read(struct options *options, const char *path)
{
	struct options_file in = {.options = options, .path = path, .file = fopen(path, "re")};
	int bad_line;

	if (!in.file) {
		options_refuse(options, "--config: cannot read '%s': %s", path, strerror(errno));
		return false;
	}
	bad_line = ini_parse_stream(line_read, &in, key_take, &in);
	if (ferror(in.file)) {
		options_refuse(options, "--config: cannot read '%s' to its end: %s", path, strerror(errno));
		in.failed = true;
	}
	if (bad_line) {
		in.line_number = (uint32_t)bad_line;
		complain(&in, "neither 'key = value', nor '[section]', nor a comment");
	}
	free(in.line);
	fclose(in.file);
	return !in.failed;
}
