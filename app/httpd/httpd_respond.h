/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a whole request head to the bytes of its answer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct http_request;
struct httpd;
struct httpd_conn;

/*
 * Answers, or begins to.  false: an exchange is needed and none is free, so that nothing was done and the request is to be
 * shown again.  `data` is what the request's spans refer to; `bytes` of it have been received.
 */
bool httpd_respond(struct httpd *httpd, struct httpd_conn *conn, const struct http_request *request,
		   const uint8_t *data, uint32_t bytes);

/* Answers with an error and ends the connection, because where the next request begins is not known. */
void httpd_respond_refuse(struct httpd *httpd, struct httpd_conn *conn, uint16_t status,
			  const struct http_request *request, const uint8_t *data);

/* The head of an echo's response, which waits for the first body byte. */
void httpd_respond_echo_head(struct httpd *httpd, struct httpd_conn *conn);
