/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods, against one worker: what a packet of each costs it, what they leave behind, how many forged cookies it takes, and
 * what honest clients notice.  See bench/field.h for whose time is counted.
 */
#include "bench/floods.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	bool (*run)(struct field *field, const struct floods_options *options);
} parts[] = {{"cost", floods_cost}, {"forged", floods_forged}, {"honest", floods_honest}};

static bool read_options(int argc, char **argv, struct floods_options *options)
{
	static const struct option known[] = {
		{"part", required_argument, NULL, 'p'},
		{"seconds", required_argument, NULL, 's'},
		{"tries-shift", required_argument, NULL, 't'},
		{0},
	};
	int option;

	*options = (struct floods_options){.part = "cost", .seconds = 30, .tries_shift = 28};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'p')
			options->part = optarg;
		else if (option == 's')
			options->seconds = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 't')
			options->tries_shift = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return false;
	}
	return optind == argc && options->seconds > 0 && options->tries_shift >= 10 && options->tries_shift < 40;
}

int main(int argc, char **argv)
{
	static struct field field;
	struct floods_options options;
	bool is_good = false;

	if (!read_options(argc, argv, &options)) {
		fputs("usage: floods [--part cost|forged|honest] [--seconds 30] [--tries-shift 28]\n", stderr);
		return 2;
	}
	if (!field_open(&field))
		return 1;
	for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].name, options.part) == 0)
			is_good = parts[i].run(&field, &options);
	field_close(&field);
	return is_good ? 0 : 1;
}
