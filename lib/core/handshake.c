/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handshakes from SYNs, into eleven bits, and back.
 */
#include "lib/core/handshake.h"

#include "lib/core/cookie.h"

#define TSVAL_BITS_MASK 63U
#define TSVAL_SACK      BIT(4)
#define TSVAL_ECN       BIT(5)
#define MSS_IPV4_BYTES  536 /* of a peer that names none: RFC 9293 MUST-15 */
#define MSS_IPV6_BYTES  1220

/* Of the 8 MSS values, what else fits a code without timestamps. */
enum { CODE_PLAIN, CODE_SACK, CODE_SACK_SCALE, CODE_SACK_SCALE_8 };

/*
 * Rounding down costs headers, so the steps are fine where peers are: Ethernet less tunnels and PPPoE, and the values of those who
 * name none.  Below the floor none is used, above 1,994 none fits a packet buffer.
 */
static const uint16_t mss_few_bytes[8] = {
	MSS_FLOOR_BYTES, MSS_IPV4_BYTES, MSS_IPV6_BYTES, 1360, 1400, 1440, 1452, 1460};
static const uint16_t mss_many_bytes[COOKIE_CODES_COUNT] = {MSS_FLOOR_BYTES,
							    256,
							    340,
							    420,
							    MSS_IPV4_BYTES,
							    640,
							    768,
							    896,
							    1024,
							    1120,
							    1180,
							    MSS_IPV6_BYTES,
							    1240,
							    1260,
							    1280,
							    1300,
							    1320,
							    1340,
							    1360,
							    1370,
							    1380,
							    1390,
							    1400,
							    1410,
							    1420,
							    1430,
							    1440,
							    1448,
							    1452,
							    1460,
							    1720,
							    1980};

/* The last that is not above; the first is the floor under all. */
static uint32_t handshake_mss_index(const uint16_t *table, uint32_t count, uint32_t mss_bytes)
{
	uint32_t index = count - 1;

	while (index > 0 && table[index] > mss_bytes)
		index--;
	return index;
}

static uint32_t handshake_kind(const struct handshake *agreed)
{
	if (agreed->shift != HANDSHAKE_NO_SHIFT)
		return agreed->shift < 8 ? CODE_SACK_SCALE : CODE_SACK_SCALE_8;
	return agreed->sack ? CODE_SACK : CODE_PLAIN;
}

uint32_t handshake_code(const struct handshake *agreed, bool ipv6)
{
	uint32_t mss_bytes = agreed->mss_bytes ? agreed->mss_bytes : ipv6 ? MSS_IPV6_BYTES : MSS_IPV4_BYTES;

	if (agreed->timestamps)
		return handshake_mss_index(mss_many_bytes, COOKIE_CODES_COUNT, mss_bytes);
	if (agreed->ecn || (agreed->shift != HANDSHAKE_NO_SHIFT && !agreed->sack))
		return COOKIE_CODE_NONE;
	return handshake_kind(agreed) << 3 | handshake_mss_index(mss_few_bytes, 8, mss_bytes);
}

uint32_t handshake_tsval(const struct handshake *agreed, uint32_t clock_ms)
{
	uint32_t bits = agreed->shift | (agreed->sack ? TSVAL_SACK : 0) | (agreed->ecn ? TSVAL_ECN : 0);
	uint32_t tsval = (clock_ms & ~TSVAL_BITS_MASK) | bits;

	return bits > (clock_ms & TSVAL_BITS_MASK) ? tsval - TSVAL_BITS_MASK - 1 : tsval;
}

static struct handshake handshake_restore_plain(uint32_t code)
{
	uint32_t kind = code >> 3;
	struct handshake agreed = {.mss_bytes = mss_few_bytes[code & 7], .shift = HANDSHAKE_NO_SHIFT};

	agreed.sack = kind != CODE_PLAIN;
	if (kind == CODE_SACK_SCALE || kind == CODE_SACK_SCALE_8)
		agreed.shift = kind == CODE_SACK_SCALE ? 0 : 8;
	return agreed;
}

struct handshake handshake_restore(const struct tcp *tcp, uint32_t code, const struct tcp_options *options)
{
	if (!(options->present & TCP_HAS_TIMESTAMPS) || !tcp->config.timestamps)
		return handshake_restore_plain(code);
	return (struct handshake){
		.ts_recent = options->tsval,
		.mss_bytes = mss_many_bytes[code],
		.shift = options->tsecr & 15U,
		.sack = options->tsecr & TSVAL_SACK && tcp->config.sack,
		.timestamps = true,
		.ecn = options->tsecr & TSVAL_ECN && tcp->config.ecn != SLUICE_ECN_OFF,
	};
}

struct tcp_options handshake_options(const struct tcp *tcp, const struct handshake *agreed)
{
	struct tcp_options options = {
		.present = TCP_HAS_MSS, .window_shift = tcp->config.window_shift, .tsecr = agreed->ts_recent};

	if (agreed->timestamps)
		options.present |= TCP_HAS_TIMESTAMPS;
	if (agreed->sack)
		options.present |= TCP_HAS_SACK_PERMITTED;
	if (agreed->shift != HANDSHAKE_NO_SHIFT)
		options.present |= TCP_HAS_WINDOW_SCALE;
	return options;
}
