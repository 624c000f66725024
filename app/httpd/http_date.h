/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP dates (RFC 9110 section 5.6.7): written as IMF-fixdate, read in all three formats.  Seconds since 1970, no
 * time zone, no libc calendar: pure, and the same on every machine.
 */
#pragma once

#include "app/httpd/http_text.h"

#define HTTP_DATE_BYTES 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

struct http_calendar {
	int64_t year;
	unsigned month, day; /* 1–12, 1–31 */
	unsigned hour, minute, second;
	unsigned weekday; /* 0: Sunday */
};

struct http_calendar http_date_calendar(uint64_t time_s);

extern const char http_date_months[12][4];

/* Writes exactly HTTP_DATE_BYTES, no NUL. */
void http_date_format(uint64_t time_s, char text[HTTP_DATE_BYTES]);

/*
 * false: not a date.  `now_s` decides which century the two digits of an RFC 850 date mean: none that is more than 50
 * years ahead.
 */
bool http_date_parse(struct http_view text, uint64_t now_s, uint64_t *time_s);
