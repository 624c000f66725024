/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scene of the options' tests.
 */
#include "tests/common/scene.h"

#include <stdlib.h>
#include <string.h>

#define FIELD(name) OPTIONS_FIELD(struct scene_values, name)

static const char *const colors[] = {"red", "green", "blue", NULL};

static const char *check_text(const char *value)
{
	return strchr(value, '!') ? "is too loud" : NULL;
}

static const struct options_entry entries[] = {
	{.name = "flag", .group = "First", FIELD(flag), .kind = OPTIONS_FLAG, .help = "A flag."},
	{.name = "toggle", .group = "First", FIELD(toggle), .kind = OPTIONS_SWITCH, .help = "A switch."},
	{.name = "small", .group = "First", FIELD(small), .kind = OPTIONS_NUMBER, .help = "Fits a byte."},
	{.name = "number",
	 .group = "First",
	 FIELD(number),
	 .kind = OPTIONS_NUMBER,
	 .low = 10,
	 .high = 2000000,
	 .help = "A number with bounds, explained at such length that the text has to be wrapped onto a second line."},
	{.name = "large", .group = "First", FIELD(large), .kind = OPTIONS_NUMBER, .help = "All of 64 bits."},
	{.name = "size",
	 .group = "Second group",
	 FIELD(size),
	 .kind = OPTIONS_SIZE,
	 .low = 576,
	 .high = 1 << 20,
	 .help = "A size."},
	{.name = "wait",
	 .group = "Second group",
	 FIELD(wait_ms),
	 .kind = OPTIONS_TIME,
	 .unit_ns = 1000000,
	 .low = 2,
	 .high = 60000,
	 .help = "A time in ms."},
	{.name = "precise-wait",
	 .group = "Second group",
	 FIELD(wait_ns),
	 .kind = OPTIONS_TIME,
	 .unit_ns = 1,
	 .help = "A time in ns."},
	{.name = "text",
	 .group = "Second group",
	 FIELD(text),
	 .kind = OPTIONS_TEXT,
	 .check = check_text,
	 .help = "A text."},
	{.name = "address", .group = "Second group", FIELD(address), .kind = OPTIONS_ADDRESS, .help = "An address."},
	{.name = "subnet", .group = "Second group", FIELD(subnet), .kind = OPTIONS_SUBNET, .help = "A subnet."},
	{.name = "color",
	 .group = "Second group",
	 FIELD(color),
	 .kind = OPTIONS_CHOICE,
	 .choices = colors,
	 .help = "A color."},
	{.name = "list",
	 .group = "Second group",
	 FIELD(list),
	 .kind = OPTIONS_LIST,
	 .placeholder = "ITEM",
	 .help = "A list."},
};

void scene_open(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->values.number = 100;
	scene->values.size = 1500;
	scene->values.wait_ms = 60000;
	scene->options = (struct options){
		.program = "prog",
		.version = "1.2",
		.usage = "[options]",
		.summary = "Does nothing.",
		.set = {{entries, 5, &scene->values, sizeof(scene->values)},
			{entries + 5, sizeof(entries) / sizeof(entries[0]) - 5, &scene->values, sizeof(scene->values)}},
		.set_count = 2,
		.output = open_memstream(&scene->output, &scene->output_bytes),
		.error = open_memstream(&scene->error, &scene->error_bytes),
	};
}

void scene_close(struct scene *scene)
{
	options_release(&scene->options);
	fclose(scene->options.output);
	fclose(scene->options.error);
	free(scene->output);
	free(scene->error);
}

enum options_result scene_read(struct scene *scene, ...)
{
	char *arguments[32];
	enum options_result result;
	va_list list;
	int count = 0;

	va_start(list, scene);
	while ((arguments[count] = va_arg(list, char *)))
		assert_true(++count < 32);
	va_end(list);
	result = options_read(&scene->options, count, arguments);
	fflush(scene->options.output);
	fflush(scene->options.error);
	return result;
}

const char *scene_file(const char *text)
{
	static const char path[] = "scene.conf";
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	return path;
}
