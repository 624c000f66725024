/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is served: resources by path, each with the representations that were loaded when the program started.  Filled
 * once, then read by every worker at the same time; the bytes never change, which is what SLUICE_SEND_STATIC asks for.
 */
#pragma once

#include "app/httpd/http_accept.h"
#include "app/httpd/http_condition.h"

#define HTTPD_ENTITY_FIELDS_MAX_BYTES 512

/* One representation.  `fields` are ready header lines, in three parts, so that each response copies one stretch. */
struct httpd_entity {
	const uint8_t *body;
	uint64_t body_bytes;
	const uint8_t *fields;
	uint16_t validator_bytes;          /* ETag, Last-Modified, Vary: what a 304 has */
	uint16_t untyped_bytes;            /* and Accept-Ranges, Content-Encoding: what a multipart 206 has */
	uint16_t described_bytes;          /* and Content-Type: what a 206 has */
	uint16_t fields_bytes;             /* and Content-Length and the empty line: what a 200 has */
	struct http_validators validators; /* etag.bytes 0: neither conditions nor ranges are evaluated */
	const char *type;
};

struct httpd_resource {
	const char *path; /* decoded, from the root: "/a/b" */
	uint32_t path_bytes;
	uint8_t available; /* bit per enum http_coding */
	bool is_directory; /* answered 301 to path + "/" */
	struct httpd_entity entity[HTTP_CODING_COUNT];
};

struct httpd_content;

/*
 * Loads the document root, or the built-in pages when root is NULL.  `endpoints` adds /plaintext and /json.  Returns 0, or
 * a negative errno after one line on stderr that names the file.
 */
int httpd_content_open(const char *root, uint64_t max_bytes, bool endpoints, struct httpd_content **content);
void httpd_content_close(struct httpd_content *content);

/* NULL: no such resource. */
const struct httpd_resource *httpd_content_find(const struct httpd_content *content, const uint8_t *path,
						uint32_t path_bytes);

uint32_t httpd_content_count(const struct httpd_content *content); /* resources */
uint64_t httpd_content_bytes(const struct httpd_content *content); /* of all bodies */

/* For those that fill it: a body that the content frees (`owned`), or that is static.  0 or -ENOMEM. */
struct httpd_body {
	const char *path;
	const void *data;
	void *owned; /* NULL: static */
	uint64_t bytes;
	uint64_t modified_s; /* 0: without Last-Modified */
	const char *type;    /* NULL: by the path's ending */
	bool validators;     /* with ETag and ranges */
};
int httpd_content_add(struct httpd_content *content, const struct httpd_body *body);

/* A path without its last '/', which is answered with a redirect. */
int httpd_content_add_directory(struct httpd_content *content, const char *path);
