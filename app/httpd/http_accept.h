/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Content codings and Accept-Encoding (RFC 9110 sections 8.4.1 and 12.5.3).  Pure.
 */
#pragma once

#include "app/httpd/http_text.h"

enum http_coding { HTTP_CODING_IDENTITY, HTTP_CODING_GZIP, HTTP_CODING_BROTLI, HTTP_CODING_COUNT };

/* Quality of each coding in thousandths, 0: not acceptable. */
struct http_accept {
	uint16_t quality[HTTP_CODING_COUNT];
};

/* What an Accept-Encoding value allows. */
struct http_accept http_accept_parse(struct http_view value);

/* Without the field: identity is sent, because clients that say nothing often understand nothing else. */
struct http_accept http_accept_none(void);

/*
 * The best of the codings at hand (bit per enum http_coding, identity always among them): highest quality, among equals
 * brotli before gzip before identity.  Identity too when nothing at hand is acceptable: better than 406.
 */
enum http_coding http_accept_choose(const struct http_accept *accept, unsigned available);
