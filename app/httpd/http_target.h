/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the path of a request target to the name of a resource: decoded once, and refused where a file system could
 * read it as something else.  Pure.
 */
#pragma once

#include "app/httpd/http_text.h"

#define HTTP_PATH_MAX_BYTES 1024 /* decoded; nothing longer is served */

struct http_path {
	uint16_t status; /* 0, or why it is refused: 400 or 404 */
	uint16_t bytes;
	uint8_t data[HTTP_PATH_MAX_BYTES + 1]; /* not terminated */
};

/*
 * 400: bad or truncated percent-encoding, a control character (NUL among them), a backslash, a ".." segment.
 * 404: any other segment that begins with a dot, or a path too long to be one of ours.
 */
void http_target_decode(struct http_view path, struct http_path *decoded);

/* Whether one segment may name a resource: 0, 400 or 404 as above. */
uint16_t http_target_check_segment(const uint8_t *segment, uint32_t bytes);
