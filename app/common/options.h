/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's options, from one table: the command line, the INI file, --help and --print-config all read it, so none
 * of them can drift from the others.  Every long option is also a key of the file; the command line wins over the file.
 *
 * Values:
 *   numbers  12, 1.5k, 2m, 1g: k, m and g are 1,000, 1,000,000 and 1,000,000,000, in either case
 *   sizes    the same, and Ki, Mi, Gi for 1,024, 1,048,576 and 1,073,741,824; a "B" may follow: 64KiB
 *   times    a number and its unit, ns us ms s m h: 250us, 1.5s; 0 needs none
 *   switches on off, yes no, true false, 1 0
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum options_kind {
	OPTIONS_FLAG,    /* bool: "--name" says true; in a file "name = on" */
	OPTIONS_SWITCH,  /* bool: "--name on" or "--name off" */
	OPTIONS_NUMBER,  /* uint8_t, uint16_t, uint32_t or uint64_t */
	OPTIONS_SIZE,    /* the same, in bytes */
	OPTIONS_TIME,    /* the same, in `unit_ns` */
	OPTIONS_TEXT,    /* const char *; NULL: not given */
	OPTIONS_ADDRESS, /* struct sluice_address; all zero: not given */
	OPTIONS_SUBNET,  /* struct sluice_subnet; all zero: not given */
	OPTIONS_CHOICE,  /* an enum, whose values index `choices` */
	OPTIONS_LIST,    /* struct options_list: the option, or its key, repeats */
};

#define OPTIONS_LIST_MAX 64

struct options_list {
	const char *item[OPTIONS_LIST_MAX];
	uint32_t count;
};

/* The bounds of numbers, sizes and times (in unit_ns) are both 0 for "what the field holds". */
struct options_entry {
	const char *name;           /* without "--" */
	const char *group;          /* heading in --help and, in small letters, [section] in the file */
	const char *help;           /* one or two sentences, wrapped when printed */
	const char *placeholder;    /* what stands for the value in --help; NULL: the kind's usual one */
	const char *default_text;   /* NULL: what the field holds before anything is read */
	const char *const *choices; /* OPTIONS_CHOICE: names, ended by NULL */
	/* TEXT and LIST: NULL if the value will do, else what is wrong with it ("is not an address"). */
	const char *(*check)(const char *value);
	uint64_t low, high;
	uint64_t unit_ns; /* OPTIONS_TIME: 1 for a field in ns, 1,000,000 for one in ms */
	enum options_kind kind;
	uint32_t offset, width_bytes; /* of the field: OPTIONS_FIELD() */
};

/* .offset and .width_bytes of an entry whose set has a `type` as its base. */
#define OPTIONS_FIELD(type, field) .offset = offsetof(type, field), .width_bytes = sizeof(((type *)0)->field)

/* A table and the struct that it fills in, whose fields hold the defaults. */
struct options_set {
	const struct options_entry *entry;
	uint32_t entry_count;
	void *base;
	size_t base_bytes;
};

#define OPTIONS_SETS_MAX    4
#define OPTIONS_ENTRIES_MAX 128 /* of all sets together */

struct options {
	const char *program; /* "sluice-load" */
	const char *version;
	const char *usage;   /* after the program's name on the first line of --help */
	const char *summary; /* a paragraph of --help; wrapped */
	struct options_set set[OPTIONS_SETS_MAX];
	uint32_t set_count;
	FILE *output, *error; /* NULL: stdout and stderr */

	/* From here on options.c's own; zero before options_read(). */
	bool given[OPTIONS_ENTRIES_MAX]; /* by file or command line */
	bool on_command[OPTIONS_ENTRIES_MAX];
	char **owned; /* texts read from the file */
	uint32_t owned_count;
};

enum options_result {
	OPTIONS_RUN,      /* go on */
	OPTIONS_ANSWERED, /* --help, --version or --print-config was answered: exit with 0 */
	OPTIONS_WRONG,    /* said on `error`: exit with 2 */
};

/*
 * Reads --config FILE if there is one, then the command line.  argument[0] is the first after the program's name (as
 * eal_split() leaves them).  Texts of the command line are pointed to, not copied.  --help, --version, --print-config
 * and --config are every program's and need no entry.
 */
enum options_result options_read(struct options *options, int argument_count, char **arguments);

/* Whether the file or the command line gave the option.  `name` must be one of the table. */
bool options_is_given(const struct options *options, const char *name);

/*
 * "sluice-load: " and the message, on `error`; always returns OPTIONS_WRONG.  For checks of options against each other.
 */
enum options_result options_refuse(const struct options *options, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));

/* Frees the texts read from the file: fields and lists that point to them die. */
void options_release(struct options *options);
