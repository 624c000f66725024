/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All sets of a program's options seen as one table, for the files that walk it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "app/common/options.h"

/* A place in the table.  Begins as {0}; entry is NULL at the end. */
struct options_place {
	const struct options_entry *entry;
	void *base;
	uint32_t index;      /* among all entries */
	uint32_t set, local; /* where to go on */
};

/* Moves to the next entry; false at the end. */
static inline bool options_table_next(const struct options *options, struct options_place *place)
{
	const struct options_set *set;

	if (place->entry) {
		place->local++;
		place->index++;
	}
	while (place->set < options->set_count && place->local == options->set[place->set].entry_count) {
		place->set++;
		place->local = 0;
	}
	place->entry = NULL;
	if (place->set == options->set_count)
		return false;
	set = &options->set[place->set];
	place->entry = &set->entry[place->local];
	place->base = set->base;
	return true;
}

/* The entry called `name`; entry is NULL if there is none. */
struct options_place options_table_find(const struct options *options, const char *name);

/* ", did you mean '--paths'?" for a name that is none, or "".  `dashes` stand before the suggestion. */
#define OPTIONS_HINT_BYTES 80
const char *options_table_hint(const struct options *options, const char *name, const char *dashes,
			       char text[OPTIONS_HINT_BYTES]);
