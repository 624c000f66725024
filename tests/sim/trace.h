/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happened, one line each, in virtual time: segments as tcpdump would print them, and what the applications and
 * the wire did.  Off unless asked for; a hash of every line is kept in any case, so that two runs can be compared.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/dissect.h"

/* Starts a new hash; prints if `print`. */
void trace_start(bool print, const uint64_t *now_ns);
uint64_t trace_hash(void);
bool trace_on(void);

/* "> A" a frame leaves host A, "A <" it arrives; `fate` is a word or "". */
void trace_frame(const char *where, const char *fate, const uint8_t *frame, uint32_t bytes);
void trace_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

const char *address_text(const struct address *address, char text[64]);
