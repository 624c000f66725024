/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options from an INI file: every key an option's name, sections for readability only.  Also the way back: a line of
 * a file for a value, where one is possible.
 */
#pragma once

#include <stdbool.h>

#include "app/common/options.h"

#define OPTIONS_FILE_LINE_BYTES 198 /* libinih's bound on a line, without its end */

/* Reads all of `path`, reporting every error as "path:line: …".  False when there was one. */
bool options_file_read(struct options *options, const char *path);

/* The small-letter name of a group, as in [section].  Returns `text`. */
#define OPTIONS_SECTION_BYTES 40
const char *options_file_section(const char *group, char text[OPTIONS_SECTION_BYTES]);

/* Whether "name = value" reads back as the same value: it is short enough and holds nothing that ends it early. */
bool options_file_can_hold(const char *name, const char *value);
