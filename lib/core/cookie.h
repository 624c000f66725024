/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Initial sequence numbers.  Of a passive open: a clock-driven cookie, so that a half-open entry can be evicted at any
 * time or never be made; of an active open: RFC 6528.  And the timestamp clock, recomputable from the addresses alone.
 *
 *   ISN = F + (epoch << 22) + ((H + code) mod 2^22)      F, H: keyed hashes; epoch: 16 s; code: 5 bits of ours
 */
#pragma once

#include <stdint.h>

#include "lib/base/siphash.h"
#include "lib/wire/address.h"
#include "lib/wire/seq.h"

struct tcp_keys;
struct sluice_config;

#define COOKIE_EPOCH_NS    16000000000ULL
#define COOKIE_EPOCHS_LIFE 2 /* it counts in its own epoch and the one after */
#define COOKIE_CODES_COUNT 32
#define COOKIE_CODE_NONE   (1U << 21) /* makes a number of the same clock that no check takes for a cookie */

/* Why a number is no cookie, in the place of its code. */
enum { COOKIE_NOT_NOW = -1, COOKIE_NOT_OURS = -2 };

struct cookie {
	struct seq isn;
	uint32_t timestamp_offset; /* as cookie_timestamp_offset() */
};

/* Derives every key from the configuration's secrets. */
void cookie_keys(struct tcp_keys *keys, const struct sluice_config *config);

/* `code`: below COOKIE_CODES_COUNT, or COOKIE_CODE_NONE. */
struct seq cookie_make(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch,
		       uint32_t code);

/* The same, and the timestamp offset, for less than the price of both. */
struct cookie cookie_make_stamped(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch,
				  uint32_t code);

/* The code, if `isn` was made for this tuple and IRS in this epoch, the last or up to `ahead` epochs on; else why not. */
int cookie_check(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch, uint32_t ahead,
		 struct seq isn);

/* RFC 6528: a clock of 4 µs plus a keyed hash of the tuple. */
struct seq cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns);

/* What to add to the milliseconds of the clock: one value for a pair of addresses. */
uint32_t cookie_timestamp_offset(struct siphash_key key, const struct tuple *tuple);
