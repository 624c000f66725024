/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Help and configuration files for people: 80 columns, grouped as the table is.
 */
#include "app/common/options_print.h"

#include <assert.h>
#include <string.h>

#include "app/common/options_file.h"
#include "app/common/options_table.h"
#include "app/common/options_value.h"

#define PAGE_COLUMNS 80
#define HELP_COLUMN  29
#define USAGE_BYTES  120

/* Writes words until `text` ends, each line begun with `prefix`; `column` is where the first line already stands. */
static void wrap(FILE *file, const char *text, const char *prefix, size_t column)
{
	bool begun = false;

	while (*(text += strspn(text, " "))) {
		size_t bytes = strcspn(text, " ");

		if (begun && column + 1 + bytes > PAGE_COLUMNS) {
			fprintf(file, "\n%s", prefix);
			column = strlen(prefix);
		} else if (begun) {
			fputc(' ', file);
			column++;
		}
		fwrite(text, 1, bytes, file);
		column += bytes;
		text += bytes;
		begun = true;
	}
	fputc('\n', file);
}

static const char *placeholder(const struct options_entry *entry)
{
	if (entry->placeholder)
		return entry->placeholder;
	switch (entry->kind) {
	case OPTIONS_FLAG:
		return "";
	case OPTIONS_SWITCH:
		return "on|off";
	case OPTIONS_NUMBER:
		return "N";
	case OPTIONS_SIZE:
		return "BYTES";
	case OPTIONS_TIME:
		return "TIME";
	case OPTIONS_TEXT:
	case OPTIONS_LIST:
	case OPTIONS_CHOICE:
		return "TEXT";
	case OPTIONS_ADDRESS:
		return "ADDRESS";
	case OPTIONS_SUBNET:
		return "CIDR";
	}
	return "";
}

/* "--mode cps|rps": choices stand for themselves. */
static void usage_write(const struct options_entry *entry, char text[USAGE_BYTES])
{
	int used = snprintf(text, USAGE_BYTES, "--%s", entry->name);

	if (entry->kind != OPTIONS_CHOICE || entry->placeholder) {
		if (*placeholder(entry))
			snprintf(text + used, (size_t)(USAGE_BYTES - used), " %s", placeholder(entry));
		return;
	}
	for (uint32_t i = 0; entry->choices[i] && used < USAGE_BYTES; i++)
		used += snprintf(text + used, (size_t)(USAGE_BYTES - used), "%c%s", i ? '|' : ' ', entry->choices[i]);
}

/* The default as text; NULL when there is nothing to say. */
static const char *default_write(const struct options_entry *entry, const void *base, char text[OPTIONS_VALUE_BYTES])
{
	if (entry->default_text)
		return entry->default_text;
	if (entry->kind == OPTIONS_FLAG || entry->kind == OPTIONS_LIST || !options_value_is_set(entry, base))
		return NULL;
	return options_value_write(entry, base, 0, text);
}

static void option_print(FILE *file, const char *usage, const char *help, const char *default_text)
{
	static const char margin[] = "                             ";
	char whole[1024];

	static_assert(sizeof(margin) == HELP_COLUMN + 1, "the margin is one column of help");
	if (default_text)
		snprintf(whole, sizeof(whole), "%s (default: %s)", help, default_text);
	else
		snprintf(whole, sizeof(whole), "%s", help);
	if (strlen(usage) + 4 > HELP_COLUMN)
		fprintf(file, "  %s\n%s", usage, margin);
	else
		fprintf(file, "  %-*s", HELP_COLUMN - 2, usage);
	wrap(file, whole, margin, HELP_COLUMN);
}

void options_print_help(const struct options *options, FILE *file)
{
	struct options_place place = {0};
	const char *group = "";
	char usage[USAGE_BYTES], text[OPTIONS_VALUE_BYTES];

	fprintf(file, "Usage: %s %s\n\n", options->program, options->usage);
	wrap(file, options->summary, "", 0);
	while (options_table_next(options, &place)) {
		if (strcmp(group, place.entry->group))
			fprintf(file, "\n%s:\n", place.entry->group);
		group = place.entry->group;
		usage_write(place.entry, usage);
		option_print(file, usage, place.entry->help, default_write(place.entry, place.base, text));
	}
	fputs("\nGeneral:\n", file);
	option_print(file, "--config FILE", "Read options from an INI file; the command line wins over it.", NULL);
	option_print(file, "--print-config", "Print the options as they would be used, as such a file, and exit.",
		     NULL);
	option_print(file, "--help", "Print this and exit.", NULL);
	option_print(file, "--version", "Print the version and exit.", NULL);
	fputs("\nNumbers take k, m, g (thousands); sizes also Ki, Mi, Gi (1,024s); times need a\n"
	      "unit: ns, us, ms, s, m, h.\n",
	      file);
}

/* What nobody gave is a comment, so that the file says no more than it was told: a program may choose by what is given. */
static void absent_print(const struct options_entry *entry, const char *default_text, FILE *file)
{
	if (entry->default_text) {
		fprintf(file, "# Default: %s\n", entry->default_text);
		default_text = NULL; /* words for people */
	} else if (entry->kind == OPTIONS_FLAG) {
		default_text = "off";
	}
	fprintf(file, "# %s =%s%s\n", entry->name, default_text ? " " : "", default_text ? default_text : "");
}

/* One option as "name = value", once for every item of a list. */
static bool value_print(const struct options *options, const struct options_place *place, FILE *file)
{
	const struct options_entry *entry = place->entry;
	const struct options_list *list = (const void *)((const char *)place->base + entry->offset);
	uint32_t count = entry->kind == OPTIONS_LIST ? list->count : options_value_is_set(entry, place->base);
	char text[OPTIONS_VALUE_BYTES];

	for (uint32_t i = 0; i < count; i++) {
		const char *value = options_value_write(entry, place->base, i, text);

		if (!options_file_can_hold(entry->name, value)) {
			options_refuse(options, "--print-config: the value of --%s cannot be written in a file",
				       entry->name);
			return false;
		}
		fprintf(file, "%s = %s\n", entry->name, value);
	}
	return true;
}

bool options_print_config(const struct options *options, void *const defaults[OPTIONS_SETS_MAX], FILE *file)
{
	struct options_place place = {0};
	const char *group = "";
	char section[OPTIONS_SECTION_BYTES], text[OPTIONS_VALUE_BYTES];

	fprintf(file, "# %s --config FILE: every option is a key, and the command line wins over this file.\n",
		options->program);
	while (options_table_next(options, &place)) {
		const char *default_text = default_write(place.entry, defaults[place.set], text);

		if (strcmp(group, place.entry->group))
			fprintf(file, "\n[%s]\n", options_file_section(place.entry->group, section));
		group = place.entry->group;
		fputs("\n# ", file);
		wrap(file, place.entry->help, "# ", 2);
		if (!options->given[place.index]) {
			absent_print(place.entry, default_text, file);
			continue;
		}
		if (default_text)
			fprintf(file, "# Default: %s\n", default_text);
		if (!value_print(options, &place, file))
			return false;
	}
	return true;
}
