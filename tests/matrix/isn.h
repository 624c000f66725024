/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator of ISNs, under the test's hand: the linker leads lib/core's calls here, so that numbers may wrap where the test
 * wants them to.  What the generator itself owes is tests/core/test_cookie.c's matter.
 */
#pragma once

#include <stdint.h>

/* Every connection opened from now on begins here. */
void isn_is(uint32_t isn);
