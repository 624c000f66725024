/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where EAL's arguments end and the program's begin.
 */
#include "app/common/eal.h"

#include <stddef.h>
#include <string.h>

struct eal_split eal_split(int argc, char **argv)
{
	struct eal_split out = {.arguments = argv + (argc > 0), .argument_count = argc - (argc > 0)};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (i > 1) {
			out.eal_arguments = argv + 1;
			out.eal_argument_count = i - 1;
		}
		out.arguments = argv + i + 1;
		out.argument_count = argc - i - 1;
		break;
	}
	return out;
}
