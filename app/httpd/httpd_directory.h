/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a document root into the content, once, at start.
 */
#pragma once

#include <stdint.h>

struct httpd_content;

/*
 * Every regular file under `root` whose path could be asked for: no name that begins with a dot or holds a backslash
 * or a control character.  A link is followed if it leads to a regular file inside the root, and skipped with a line
 * on stderr if not.  0, or a negative errno after a line on stderr; -EFBIG: more than max_bytes.
 */
int httpd_directory_load(struct httpd_content *content, const char *root, uint64_t max_bytes);
