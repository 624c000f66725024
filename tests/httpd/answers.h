/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads what a server sent as a client would: one answer after another, framed by Content-Length or chunked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct answers {
	const char *at; /* of the next answer */
	size_t left;
	/* The last one read. */
	int status;
	char head[4096]; /* status line and fields, each line ended by "\r\n" */
	char *body;      /* content, with a NUL behind it; freed by the next call */
	size_t body_bytes;
};

void answers_begin(struct answers *answers, const char *data, size_t bytes);

/*
 * Reads the next answer; fails the test if it is malformed.  false: there is no whole one left.  `is_head`: it answers HEAD,
 * so that no body follows.
 */
bool answers_next(struct answers *answers, bool is_head);

/* The value of a field of the last answer; NULL: it has none.  Valid until the next call of either. */
const char *answers_field(struct answers *answers, const char *name);

void answers_end(struct answers *answers);

/* Reads one answer, with this status, and that nothing follows it. */
void answers_expect_one(struct answers *answers, const char *data, size_t bytes, int status);
