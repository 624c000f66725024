/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line.  What is answered without running (--help and its like) is looked for first, so that it works
 * beside any mistake; then the file is read, then the arguments over it.
 */
#include "app/common/options.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/common/nearest.h"
#include "app/common/options_file.h"
#include "app/common/options_print.h"
#include "app/common/options_table.h"
#include "app/common/options_value.h"
#include "app/common/require.h"

/* The options that every program has, for hints. */
static const char *const general_names[] = {"config", "print-config", "help", "version"};

struct options_place options_table_find(const struct options *options, const char *name)
{
	struct options_place place = {0};

	while (options_table_next(options, &place)) {
		if (!strcmp(place.entry->name, name))
			break;
	}
	return place;
}

const char *options_table_hint(const struct options *options, const char *name, const char *dashes,
			       char text[OPTIONS_HINT_BYTES])
{
	struct nearest nearest = {.typed = name};
	struct options_place place = {0};

	while (options_table_next(options, &place))
		nearest_offer(&nearest, place.entry->name);
	for (uint32_t i = 0; *dashes && i < sizeof(general_names) / sizeof(general_names[0]); i++)
		nearest_offer(&nearest, general_names[i]);
	text[0] = 0;
	if (nearest.word)
		snprintf(text, OPTIONS_HINT_BYTES, ", did you mean '%s%s'?", dashes, nearest.word);
	return text;
}

enum options_result options_refuse(const struct options *options, const char *format, ...)
{
	FILE *error = options->error ? options->error : stderr;
	va_list arguments;

	fprintf(error, "%s: ", options->program);
	va_start(arguments, format);
	vfprintf(error, format, arguments);
	va_end(arguments);
	fputc('\n', error);
	return OPTIONS_WRONG;
}

bool options_is_given(const struct options *options, const char *name)
{
	struct options_place place = options_table_find(options, name);

	REQUIRE(place.entry);
	return options->given[place.index];
}

/* One argument taken apart. */
struct argument {
	char name[NEAREST_WORD_BYTES + 1]; /* without dashes; "" when it is no option */
	const char *value;                 /* after '=', or NULL */
};

static struct argument argument_split(const char *text)
{
	struct argument out = {0};
	size_t bytes;

	if (!strcmp(text, "-h"))
		text = "--help";
	if (strncmp(text, "--", 2))
		return out;
	text += 2;
	bytes = strcspn(text, "=");
	if (text[bytes])
		out.value = text + bytes + 1;
	snprintf(out.name, sizeof(out.name), "%.*s", (int)bytes, text);
	return out;
}

/* Whether `name` stands among the arguments, with or without a value. */
static bool is_asked(int count, char **arguments, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (!strcmp(argument_split(arguments[i]).name, name))
			return true;
	}
	return false;
}

/* Takes the value of arguments[*i]: what follows '=', else the next argument.  NULL: there is none. */
static const char *value_take(const struct argument *argument, int count, char **arguments, int *i)
{
	if (argument->value)
		return argument->value;
	return *i + 1 < count ? arguments[++*i] : NULL;
}

/* Takes the value of a known option; a list given here replaces the file's. */
static bool option_take(struct options *options, struct options_place *place, const char *value)
{
	struct options_list *list = (void *)((char *)place->base + place->entry->offset);
	char problem[OPTIONS_PROBLEM_BYTES];

	if (place->entry->kind == OPTIONS_LIST && !options->on_command[place->index])
		list->count = 0;
	options->given[place->index] = true;
	options->on_command[place->index] = true;
	if (options_value_read(place->entry, place->base, value, problem))
		return true;
	options_refuse(options, "--%s: %s", place->entry->name, problem);
	return false;
}

/* One pass over the arguments: with `config` only that option is looked at, without it all others. */
static bool arguments_read(struct options *options, int count, char **arguments, const char **config)
{
	char hint[OPTIONS_HINT_BYTES];

	for (int i = 0; i < count; i++) {
		struct argument argument = argument_split(arguments[i]);
		struct options_place place = options_table_find(options, argument.name);
		bool is_config = !strcmp(argument.name, "config"), is_print = !strcmp(argument.name, "print-config");
		const char *value = "on";

		if (!*argument.name)
			return options_refuse(options, "'%s' is not an option: they begin with --", arguments[i]) ==
			       OPTIONS_RUN;
		if (!place.entry && !is_config && !is_print)
			return options_refuse(options, "unknown option '--%s'%s", argument.name,
					      options_table_hint(options, argument.name, "--", hint)) == OPTIONS_RUN;
		if (is_print)
			continue;
		if (is_config || place.entry->kind != OPTIONS_FLAG)
			value = value_take(&argument, count, arguments, &i);
		else if (argument.value)
			value = argument.value;
		if (!value)
			return options_refuse(options, "--%s needs a value", argument.name) == OPTIONS_RUN;
		if (config && is_config && *config)
			return options_refuse(options, "--config is given twice") == OPTIONS_RUN;
		if (config && is_config)
			*config = value;
		if (!config && !is_config && !option_take(options, &place, value))
			return false;
	}
	return true;
}

/* Reads the file and the arguments. */
static bool everything_read(struct options *options, int count, char **arguments)
{
	const char *config = NULL;

	if (!arguments_read(options, count, arguments, &config))
		return false;
	if (config && !options_file_read(options, config))
		return false;
	return arguments_read(options, count, arguments, NULL);
}

static enum options_result config_answer(struct options *options, int count, char **arguments)
{
	enum options_result result = OPTIONS_WRONG;
	void *defaults[OPTIONS_SETS_MAX] = {0};
	uint32_t copied = 0;

	for (; copied < options->set_count; copied++) {
		const struct options_set *set = &options->set[copied];

		defaults[copied] = malloc(set->base_bytes);
		if (!defaults[copied])
			break;
		memcpy(defaults[copied], set->base, set->base_bytes);
	}
	if (copied < options->set_count)
		options_refuse(options, "out of memory");
	else if (everything_read(options, count, arguments) &&
		 options_print_config(options, defaults, options->output ? options->output : stdout))
		result = OPTIONS_ANSWERED;
	for (uint32_t i = 0; i < copied; i++)
		free(defaults[i]);
	return result;
}

enum options_result options_read(struct options *options, int argument_count, char **arguments)
{
	FILE *output = options->output ? options->output : stdout;
	uint32_t entry_count = 0;

	for (uint32_t i = 0; i < options->set_count; i++)
		entry_count += options->set[i].entry_count;
	REQUIRE(entry_count <= OPTIONS_ENTRIES_MAX);
	if (is_asked(argument_count, arguments, "help")) {
		options_print_help(options, output);
		return OPTIONS_ANSWERED;
	}
	if (is_asked(argument_count, arguments, "version")) {
		fprintf(output, "%s %s\n", options->program, options->version);
		return OPTIONS_ANSWERED;
	}
	if (is_asked(argument_count, arguments, "print-config"))
		return config_answer(options, argument_count, arguments);
	return everything_read(options, argument_count, arguments) ? OPTIONS_RUN : OPTIONS_WRONG;
}

void options_release(struct options *options)
{
	for (uint32_t i = 0; i < options->owned_count; i++)
		free(options->owned[i]);
	free(options->owned);
	options->owned = NULL;
	options->owned_count = 0;
}
