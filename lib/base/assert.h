/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two ways to say "this cannot be": ASSERT, which only debug, simulator and fuzz builds check, and REQUIRE,
 * which is always checked.  No packet may reach either: what a peer can cause is a counted outcome instead.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                                    \
	do {                                                                                                  \
		if (__builtin_expect(!(condition), 0)) {                                                      \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition); \
			abort();                                                                              \
		}                                                                                             \
	} while (0)

#ifdef SLUICE_ASSERTS
#define ASSERT(condition) REQUIRE(condition)
#else
#define ASSERT(condition) ((void)sizeof(condition))
#endif
