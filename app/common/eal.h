/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Splits "program [EAL options --] [options]": what stands before the first "--" goes to EAL as it is; without a "--"
 * every argument is the program's own and the library gives EAL sensible ones.
 */
#pragma once

struct eal_split {
	char **eal_arguments; /* without argv[0]; NULL: none given */
	int eal_argument_count;
	char **arguments; /* the program's own */
	int argument_count;
};

/* argv as main() has it; the result points into it. */
struct eal_split eal_split(int argc, char **argv);
