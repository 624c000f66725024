/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Field lines that say how a request is framed, and which others are kept.  Part of the request parser, apart because
 * the automaton of lines and the meaning of fields change for different reasons.
 */
#pragma once

#include "app/httpd/http_request.h"

/* Takes one field line in: name and value are spans of data.  Returns 0, or the status that refuses the request. */
uint16_t http_field_take(struct http_request *request, const uint8_t *data, struct http_span name,
			 struct http_span value);

/* What can only be judged when the head is whole: 0, or the status that refuses the request. */
uint16_t http_field_finish(const struct http_request *request);
