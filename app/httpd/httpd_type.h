/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Media types by file name ending.  To serve another type, add a line to the table in httpd_type.c.
 */
#pragma once

/* "text/css; charset=utf-8" for "/a/b.CSS"; "application/octet-stream" for endings that are not known, and none. */
const char *httpd_type_of(const char *path);
