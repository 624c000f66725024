/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Initial sequence numbers.  Of a passive open: a clock-driven cookie, so that a half-open entry can be evicted at any
 * time; of an active open: RFC 6528.  And the timestamp clock, recomputable from the addresses alone.
 *
 *   ISN = F + (epoch << 22) + ((H + code) mod 2^22)      F, H: keyed hashes; epoch: 16 s; code: 5 bits of ours
 */
#pragma once

#include <stdint.h>

#include "lib/wire/address.h"
#include "lib/wire/seq.h"

struct tcp_keys;

#define COOKIE_EPOCH_NS    16000000000ULL
#define COOKIE_CODES_COUNT 32

/* Derives every key from one secret. */
void cookie_keys(struct tcp_keys *keys, const uint8_t secret[64]);

struct seq cookie_make(const struct tcp_keys *keys, const struct tuple *tuple, struct seq irs, uint64_t now_ns,
		       uint32_t code);

/* The code, if `isn` was made for this tuple and IRS in this epoch or the last; else -1. */
int cookie_check(const struct tcp_keys *keys, const struct tuple *tuple, struct seq irs, uint64_t now_ns,
		 struct seq isn);

/* RFC 6528: a clock of 4 µs plus a keyed hash of the tuple. */
struct seq cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns);

/* What to add to the milliseconds of the clock: one value for a pair of addresses. */
uint32_t cookie_timestamp_offset(const struct tcp_keys *keys, const struct tuple *tuple);
