/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /echo: the request's body is the response's, framed as it came and sent as it comes.
 */
#pragma once

#include <stdint.h>

struct httpd;
struct httpd_conn;
struct httpd_exchange;

/* Returns how much of the content TCP took; the rest is to be shown again once the connection is no longer blocked. */
uint32_t httpd_echo_content(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange,
			    const uint8_t *data, uint32_t bytes);

/* All content was taken: prepares the end of a chunked body. */
void httpd_echo_end(struct httpd *httpd, struct httpd_conn *conn, struct httpd_exchange *exchange);
