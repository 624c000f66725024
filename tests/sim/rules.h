/* SPDX-License-Identifier: BSD-3-Clause */
/* The observer's rules on what a host may send.  Each violates under a name that README.md explains. */
#pragma once

#include "tests/sim/observer.h"

/* Every segment: checksums, header, options, sizes. */
void rules_any_segment(const struct observer *observer, uint8_t host, const struct dissect *seg);

/* A segment without RST that belongs to a talk. */
void rules_segment(const struct observer *observer, struct side *side, const struct dissect *seg);

/* An RST; side NULL: of no talk. */
void rules_reset(const struct observer *observer, uint8_t host, struct side *side, const struct dissect *seg);

/* A side's first SYN. */
void rules_new_iss(const struct observer *observer, const struct side *side, const struct dissect *seg);
