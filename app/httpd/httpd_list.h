/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who waits, rests, is at work or on the way out, longest first.  A connection is in at most one list, whose links are in its record: no list
 * costs memory, and the oldest of each is found at once.
 */
#pragma once

#include <stdint.h>

struct httpd;
struct httpd_conn;

enum httpd_list_name {
	HTTPD_LIST_NONE,
	HTTPD_LIST_STARVED, /* waits for an exchange or a buffer */
	HTTPD_LIST_YIELDED, /* had its share of this turn */
	HTTPD_LIST_IDLE,    /* between requests, or before the first: by last use, to a quarter of a second */
	HTTPD_LIST_HEAD,    /* inside a head that came in pieces: by its begin */
	HTTPD_LIST_MOVING,  /* body or response under way: by when its pace was last looked at */
	HTTPD_LIST_LEAVING, /* closed or lingering: by since when */
	HTTPD_LIST_COUNT
};

/* Connections by index; HTTPD_POOL_NONE twice: none. */
struct httpd_list {
	uint32_t first, last;
};

/* From whatever list it is in to the end of this one; HTTPD_LIST_NONE: to none. */
void httpd_list_move(struct httpd *httpd, struct httpd_conn *conn, enum httpd_list_name name);

/* The one that is there longest; NULL: the list is empty. */
struct httpd_conn *httpd_list_first(const struct httpd *httpd, enum httpd_list_name name);
