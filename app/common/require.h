/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * REQUIRE for programs: what must hold whatever the peer does.  The library's own is not part of its interface.
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
