/* SPDX-License-Identifier: BSD-3-Clause */
/* One thing about each segment is hostile; the rest is what the peer would send. */
#include "tests/flood/flood_aim.h"

#include <string.h>

#include "tests/sim/forge.h"

#define FAR (1U << 30)

static bool is_ipv6(const struct sluice_address *address)
{
	return !sluice_address_is_ipv4(address);
}

/* An ACK as the peer would send it, with room for more options. */
static struct forged peer_ack(const struct flood_aim *aim, uint8_t options[40])
{
	struct forged forged = {.source_mac = aim->source_mac,
				.destination_mac = aim->destination_mac,
				.source.port = aim->source.port,
				.destination.port = aim->destination.port,
				.seq = aim->seq,
				.ack = aim->ack,
				.flags = SEG_ACK,
				.window = 502,
				.options = options};

	memcpy(forged.source.ip, aim->source.ip, 16);
	memcpy(forged.destination.ip, aim->destination.ip, 16);
	if (aim->has_timestamps) {
		memcpy(options, (const uint8_t[]){1, 1, 8, 10}, 4);
		put32(options + 4, aim->tsval);
		put32(options + 8, aim->tsecr);
		forged.option_bytes = 12;
	}
	return forged;
}

static bool may_aim(const struct flood_aim *aim)
{
	return flood_is_for_tests(aim->source.ip) && flood_is_for_tests(aim->destination.ip) &&
	       is_ipv6(&aim->source) == is_ipv6(&aim->destination);
}

uint32_t flood_tiny(struct random *random, const struct flood_aim *aim, uint8_t *frame)
{
	uint8_t options[40], byte = (uint8_t)random_next(random);
	struct forged forged = peer_ack(aim, options);

	if (!may_aim(aim) || aim->window_bytes < 2)
		return 0;
	forged.seq += 1 + random_below(random, aim->window_bytes - 1);
	forged.text = &byte;
	forged.text_bytes = 1;
	return forge_tcp(frame, &forged);
}

uint32_t flood_sack_holes(struct random *random, const struct flood_aim *aim, uint8_t *frame)
{
	uint8_t options[40], *at;
	struct forged forged = peer_ack(aim, options);
	uint32_t blocks = aim->has_timestamps ? 3 : 4;

	if (!may_aim(aim) || aim->inflight_bytes < 2)
		return 0;
	at = options + forged.option_bytes;
	memcpy(at, (const uint8_t[]){1, 1, 5, (uint8_t)(2 + 8 * blocks)}, 4);
	for (uint32_t i = 0; i < blocks; i++) {
		uint32_t start = aim->ack + 1 + random_below(random, aim->inflight_bytes - 1);

		put32(at + 4 + 8 * i, start);
		put32(at + 8 + 8 * i, start + 1);
	}
	forged.option_bytes += 4 + 8 * blocks;
	return forge_tcp(frame, &forged);
}

/* ---- ICMP ---------------------------------------------------------------------------------------------- */

/* Type and code of ICMP and of ICMPv6. */
static const struct {
	uint8_t type[2], code[2];
	bool tells_mtu;
} errors[] = {
	{{3, 1}, {1, 0}, false}, {{3, 1}, {3, 4}, false},  {{3, 4}, {2, 1}, false},
	{{3, 2}, {4, 0}, true},  {{11, 3}, {0, 0}, false}, {{12, 4}, {0, 0}, false},
};

/* The first bytes of a packet of the victim's. */
static uint32_t quote_write(struct random *random, const struct flood_aim *aim, enum flood_quote quote, uint8_t *at)
{
	bool ipv6 = is_ipv6(&aim->source);
	uint32_t header = ipv6 ? 40 : 20, each = ipv6 ? 16 : 4;
	uint32_t seq = aim->ack + (aim->inflight_bytes ? random_below(random, aim->inflight_bytes) : 0);
	uint16_t port = aim->source.port;

	if (quote == FLOOD_QUOTE_WRONG_SEQ)
		seq += FAR + random_below(random, FAR);
	if (quote == FLOOD_QUOTE_WRONG_TUPLE)
		port = (uint16_t)(port ^ (1 + random_below(random, 0x7fff)));
	memset(at, 0, header);
	at[0] = ipv6 ? 0x60 : 0x45;
	put16(at + (ipv6 ? 4 : 2), ipv6 ? 1460 : 1500);
	at[ipv6 ? 6 : 9] = 6;
	at[ipv6 ? 7 : 8] = 60;
	memcpy(at + header - 2 * each, aim->destination.ip + 16 - each, each);
	memcpy(at + header - each, aim->source.ip + 16 - each, each);
	put16(at + header, aim->destination.port);
	put16(at + header + 2, port);
	put32(at + header + 4, seq);
	return header + 8;
}

uint32_t flood_icmp(struct random *random, const struct flood_aim *aim, enum flood_quote quote, uint8_t *frame)
{
	bool ipv6 = is_ipv6(&aim->source);
	uint32_t kind = random_below(random, sizeof(errors) / sizeof(errors[0])), bytes;
	uint8_t message[64] = {errors[kind].type[ipv6], errors[kind].code[ipv6]}, options[40];
	struct forged forged = peer_ack(aim, options);

	if (!may_aim(aim))
		return 0;
	if (errors[kind].tells_mtu)
		put32(message + 4, random_below(random, 1500));
	bytes = 8 + quote_write(random, aim, quote, message + 8);
	bytes = forge_ip(frame, &forged, ipv6 ? 58 : 1, message, bytes);
	forge_l4_sum(frame, bytes, ipv6 ? 58 : 1, 2);
	return bytes;
}

/* ---- Cookies ------------------------------------------------------------------------------------------- */

uint32_t flood_replay(const uint8_t *syn_ack, uint32_t syn_ack_bytes, uint8_t *frame)
{
	struct dissect seg = dissect(syn_ack, syn_ack_bytes);
	struct flood_aim aim = {.source.port = seg.destination.port,
				.destination.port = seg.source.port,
				.seq = seg.ack,
				.ack = seg.seq + 1,
				.has_timestamps = seg.has_timestamps,
				.tsval = seg.tsecr + 1,
				.tsecr = seg.tsval};
	uint8_t options[40];
	struct forged forged;

	if (seg.kind != DISSECT_TCP || (seg.flags & (SEG_SYN | SEG_ACK | SEG_RST)) != (SEG_SYN | SEG_ACK))
		return 0;
	memcpy(aim.source_mac, seg.destination_mac, 6);
	memcpy(aim.destination_mac, seg.source_mac, 6);
	memcpy(aim.source.ip, seg.destination.ip, 16);
	memcpy(aim.destination.ip, seg.source.ip, 16);
	if (!may_aim(&aim))
		return 0;
	forged = peer_ack(&aim, options);
	return forge_tcp(frame, &forged);
}
