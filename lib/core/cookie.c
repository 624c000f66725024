/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookies: pure arithmetic over keyed hashes.  Nothing here keeps state, so nothing here can be exhausted.
 */
#include "lib/core/cookie.h"

#include "lib/core/tcp.h"

#define COOKIE_MASK   ((1U << 22) - 1)
#define PERMUTED_MASK (COOKIE_MASK / COOKIE_CODES_COUNT)

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

void cookie_keys(struct tcp_keys *keys, const struct sluice_config *config)
{
	*keys = (struct tcp_keys){
		.table = cookie_derive(config->secret, 1),
		.cookie = cookie_derive(config->cookie_key_bytes ? config->cookie_key : config->secret, 2),
		.cookie_previous = config->cookie_key_previous_bytes ? cookie_derive(config->cookie_key_previous, 2)
								     : cookie_derive(config->secret, 3),
		.port_offset = cookie_derive(config->secret, 5),
		.port_increment = cookie_derive(config->secret, 6),
		.isn = cookie_derive(config->secret, 7),
	};
}

/* The hash of the addresses, on which all three hashes of a handshake go on; `*bytes` of input so far. */
static inline __attribute__((always_inline)) struct siphash cookie_addresses(struct siphash_key key,
									     const struct tuple *tuple, uint64_t *bytes)
{
	struct siphash hash = siphash_start(key);

	if (ip_is_ipv4(&tuple->local)) {
		siphash_word(&hash,
			     le64_at(tuple->local.byte + 8) >> 32 |
				     (le64_at(tuple->remote.byte + 8) & 0xffffffff00000000),
			     2);
		*bytes = 8;
		return hash;
	}
	siphash_word(&hash, le64_at(tuple->local.byte), 2);
	siphash_word(&hash, le64_at(tuple->local.byte + 8), 2);
	siphash_word(&hash, le64_at(tuple->remote.byte), 2);
	siphash_word(&hash, le64_at(tuple->remote.byte + 8), 2);
	*bytes = 32;
	return hash;
}

static inline uint64_t cookie_ports(const struct tuple *tuple)
{
	return (uint64_t)tuple->remote_port << 16 | tuple->local_port;
}

/* The last word of an input tells its length: no two of the three hashes below are ever of the same input. */
static inline uint64_t cookie_finish(struct siphash hash, uint64_t last_bytes, uint64_t bytes)
{
	siphash_word(&hash, bytes << 56 | last_bytes, 2);
	return siphash_finish(&hash, 4);
}

static inline uint32_t cookie_stamp(struct siphash addresses, uint64_t bytes)
{
	return (uint32_t)cookie_finish(addresses, 0, bytes);
}

/* F, and above it what cookie_permute() goes by. */
static inline uint64_t cookie_front(struct siphash addresses, uint64_t bytes, const struct tuple *tuple)
{
	return cookie_finish(addresses, cookie_ports(tuple), bytes + 4);
}

/* Of the numbers below 2^17: odd factors and the shift can each be undone, so that no two become one. */
static inline uint32_t cookie_permute(uint32_t number, uint64_t front)
{
	number = number * ((uint32_t)(front >> 32) | 1) & PERMUTED_MASK;
	number ^= number >> 9;
	return number * ((uint32_t)(front >> 47) | 1) & PERMUTED_MASK;
}

/*
 * What is sent behind IRS+1 must not be taken for it: were IRS hashed, text that overtakes the first segment would open the
 * connection in its midst in one case of 2^17.  So it is permuted, and two that are up to 2^16 apart never meet.  Its upper half is
 * hashed to a step of 0 to 2^16 with each 2^16, which keeps that true across them; all others meet by chance.
 */
static inline uint32_t cookie_hash(struct siphash addresses, uint64_t bytes, const struct tuple *tuple, struct seq irs,
				   uint32_t epoch, uint64_t front)
{
	uint32_t upper = irs.value >> 16, step;

	siphash_word(&addresses, (uint64_t)upper << 32 | cookie_ports(tuple), 2);
	step = (upper << 15) + ((uint32_t)cookie_finish(addresses, epoch, bytes + 12) & 0x7fff);
	return cookie_permute(irs.value + step, front) * COOKIE_CODES_COUNT;
}

struct cookie cookie_make_stamped(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch,
				  uint32_t code)
{
	uint64_t bytes;
	struct siphash addresses = cookie_addresses(key, tuple, &bytes);
	uint64_t front = cookie_front(addresses, bytes, tuple);
	uint32_t low = (cookie_hash(addresses, bytes, tuple, irs, epoch, front) + code) & COOKIE_MASK;

	ASSERT(code < COOKIE_CODES_COUNT || code == COOKIE_CODE_NONE);
	return (struct cookie){
		.isn = seq_of((uint32_t)front + (epoch << 22) + low),
		.timestamp_offset = cookie_stamp(addresses, bytes),
	};
}

struct seq cookie_make(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch, uint32_t code)
{
	return cookie_make_stamped(key, tuple, irs, epoch, code).isn;
}

int cookie_check(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch, uint32_t ahead,
		 struct seq isn)
{
	uint64_t bytes;
	struct siphash addresses = cookie_addresses(key, tuple, &bytes);
	uint64_t front = cookie_front(addresses, bytes, tuple);
	uint32_t rest = isn.value - (uint32_t)front;
	uint32_t age = (epoch + ahead - (rest >> 22)) & 0x3ff; /* 0: of the newest epoch that counts */
	uint32_t code;

	if (age >= ahead + COOKIE_EPOCHS_LIFE)
		return COOKIE_NOT_NOW;
	code = (rest - cookie_hash(addresses, bytes, tuple, irs, epoch + ahead - age, front)) & COOKIE_MASK;
	return code < COOKIE_CODES_COUNT ? (int)code : COOKIE_NOT_OURS;
}

struct seq cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns)
{
	return seq_of((uint32_t)(now_ns / 4000) + (uint32_t)siphash_2_4(keys->isn, tuple, sizeof(*tuple)));
}

uint32_t cookie_timestamp_offset(struct siphash_key key, const struct tuple *tuple)
{
	uint64_t bytes;
	struct siphash addresses = cookie_addresses(key, tuple, &bytes);

	return cookie_stamp(addresses, bytes);
}
