/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Beside a test: the rows of lib/core/RFC9293.md and lib/core/RFCS.md that it proves, three at most.  MUST-13 is written
 * MUST_13, RFC 5961 section 3.2 RFC5961_3_2.  Means nothing to the compiler; tests/claims/claims.py compares both ways.
 */
#pragma once

#define CLAIMS(...)
