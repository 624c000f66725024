/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A document root for tests, made in a temporary folder: pages, codings beside files, names that must not be served, and
 * links that lead in and out.
 */
#pragma once

struct httpd_content;

#define SITE_STYLE        "h1 { color: red }\n"
#define SITE_STYLE_GZIP   "gzip of the style\n"
#define SITE_STYLE_BROTLI "brotli of it\n"
#define SITE_INDEX        "<h1>index</h1>\n"
#define SITE_INDEX_GZIP   "gzip of the index\n"
#define SITE_SUB_INDEX    "<h1>sub</h1>\n"
#define SITE_DATE         "Sun, 06 Nov 1994 08:49:37 GMT" /* of every file */
#define SITE_RESOURCES    16                              /* with two endpoints */

/* Makes the folder; its path.  Removed by site_remove(). */
const char *site_make(void);
void site_remove(void);

/* The same, loaded, with endpoints. */
struct httpd_content *site_open(void);
void site_close(struct httpd_content *content);
