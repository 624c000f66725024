/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One option's value: from text into the field it fills in, and back to text that reads the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "app/common/options.h"

#define OPTIONS_PROBLEM_BYTES 256
#define OPTIONS_VALUE_BYTES   256

/*
 * Stores `text` in the field; lists and texts point to it.  False: `problem` says why not, without naming the option.
 */
bool options_value_read(const struct options_entry *entry, void *base, const char *text,
			char problem[OPTIONS_PROBLEM_BYTES]);

/* Whether there is something to show: texts, addresses and lists may be unset. */
bool options_value_is_set(const struct options_entry *entry, const void *base);

/* The field as options_value_read() would take it; of a list, item `index`.  Returns `text`, or the value itself. */
const char *options_value_write(const struct options_entry *entry, const void *base, uint32_t index,
				char text[OPTIONS_VALUE_BYTES]);
