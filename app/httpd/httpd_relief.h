/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has to go when memory runs short, so that the others are still answered.  Always whoever has held it longest to no
 * purpose, a bounded number a turn: the oldest head that is not whole when a whole one finds no room, the body or response that
 * does not move, the connection that has been idle longest, the one that will not leave.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct httpd;

enum httpd_relief_need {
	HTTPD_RELIEF_NONE,
	HTTPD_RELIEF_SOON, /* memory becomes short: idle connections are closed in order */
	HTTPD_RELIEF_NOW,  /* it has become so: they are reset */
};

struct httpd_relief {
	uint32_t next_ms; /* before which nobody else is closed in order: those closed last have not left yet */
	bool waits;       /* for next_ms */
	uint32_t debtor;  /* the record that is looked at next */
};

/* Whether httpd_relief_turn() has anything to look at.  Cheap. */
bool httpd_relief_is_due(const struct httpd *httpd);

/* A turn's share of it. */
void httpd_relief_turn(struct httpd *httpd);
