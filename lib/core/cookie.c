/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookies: pure arithmetic over keyed hashes.  Nothing here keeps state, so nothing here can be exhausted.
 */
#include "lib/core/cookie.h"

#include "lib/core/tcp.h"

#define COOKIE_MASK ((1U << 22) - 1)

static struct siphash_key cookie_derive(const uint8_t secret[64], uint8_t purpose)
{
	struct siphash_key master = {le64_at(secret), le64_at(secret + 8)};
	uint8_t input[49];
	struct siphash_key key;

	memcpy(input, secret + 16, 48);
	input[48] = purpose;
	key.k0 = siphash_2_4(master, input, sizeof(input));
	input[48] = purpose | 0x80;
	key.k1 = siphash_2_4(master, input, sizeof(input));
	return key;
}

void cookie_keys(struct tcp_keys *keys, const uint8_t secret[64])
{
	*keys = (struct tcp_keys){
		.table = cookie_derive(secret, 1),
		.cookie_front = cookie_derive(secret, 2),
		.cookie = cookie_derive(secret, 3),
		.timestamp = cookie_derive(secret, 4),
		.port_offset = cookie_derive(secret, 5),
		.port_increment = cookie_derive(secret, 6),
		.isn = cookie_derive(secret, 7),
	};
}

struct cookie_input {
	struct tuple tuple;
	uint32_t irs, epoch;
};

static uint32_t cookie_front(const struct tcp_keys *keys, const struct tuple *tuple)
{
	return (uint32_t)siphash_2_4(keys->cookie_front, tuple, sizeof(*tuple));
}

static uint32_t cookie_hash(const struct tcp_keys *keys, const struct tuple *tuple, struct seq irs, uint32_t epoch)
{
	struct cookie_input input = {*tuple, irs.value, epoch};

	return (uint32_t)siphash_2_4(keys->cookie, &input, sizeof(input)) & COOKIE_MASK;
}

struct seq cookie_make(const struct tcp_keys *keys, const struct tuple *tuple, struct seq irs, uint64_t now_ns,
		       uint32_t code)
{
	uint32_t epoch = (uint32_t)(now_ns / COOKIE_EPOCH_NS);
	uint32_t low = (cookie_hash(keys, tuple, irs, epoch) + code) & COOKIE_MASK;

	ASSERT(code < COOKIE_CODES_COUNT);
	return seq_of(cookie_front(keys, tuple) + (epoch << 22) + low);
}

int cookie_check(const struct tcp_keys *keys, const struct tuple *tuple, struct seq irs, uint64_t now_ns,
		 struct seq isn)
{
	uint32_t epoch = (uint32_t)(now_ns / COOKIE_EPOCH_NS);
	uint32_t rest = isn.value - cookie_front(keys, tuple);
	uint32_t age = (epoch - (rest >> 22)) & 0x3ff;
	uint32_t code;

	if (age > 1)
		return -1;
	code = (rest - cookie_hash(keys, tuple, irs, epoch - age)) & COOKIE_MASK;
	return code < COOKIE_CODES_COUNT ? (int)code : -1;
}

struct seq cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns)
{
	return seq_of((uint32_t)(now_ns / 4000) + (uint32_t)siphash_2_4(keys->isn, tuple, sizeof(*tuple)));
}

uint32_t cookie_timestamp_offset(const struct tcp_keys *keys, const struct tuple *tuple)
{
	return (uint32_t)siphash_2_4(keys->timestamp, tuple, offsetof(struct tuple, local_port));
}
