/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Request heads and what is to become of each: a status that refuses it, or 0.  Written from the RFCs, one row a rule, and
 * shared by the tests of the parser, of every split, and of the comparison with llhttp.
 */
#pragma once

#include <stdint.h>

struct http_corpus_row {
	const char *rule;
	const char *head;
	uint16_t status; /* 0: accepted */
	/* What llhttp says otherwise, and why we differ; NULL: it agrees. */
	const char *llhttp_differs;
};

extern const struct http_corpus_row http_corpus[];
extern const uint32_t http_corpus_count;
