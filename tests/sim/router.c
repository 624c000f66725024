/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors by hand. */
#include "tests/sim/router.h"

#include <string.h>

#include "tests/sim/forge.h"
#include "tests/sim/trace.h"

#define FLOOD_ERRORS 1100
#define FLOOD_GAP_NS 5000
#define FAR          (1U << 30)

#define TOO_BIG      4 /* of the kinds */

struct error_kind {
	uint8_t type[2], code[2]; /* of ICMP, of ICMPv6 */
	bool is_hard, tells_mtu;
};

static const struct error_kind kinds[] = {
	{{3, 1}, {1, 0}, false, false}, {{11, 3}, {0, 0}, false, false}, {{12, 4}, {0, 0}, false, false},
	{{3, 1}, {3, 4}, true, false},  {{3, 2}, {4, 0}, false, true},   {{3, 2}, {4, 0}, false, true},
};

/* What was written about: enough of it to be known by. */
static uint32_t quote(uint8_t *at, const struct side *side, uint32_t seq, uint32_t bytes)
{
	const struct address *ours = &side->address, *peer = &side->talk->side[1 - side->index].address;
	bool ipv6 = ours->ip[0] != 0;
	uint32_t header = ipv6 ? 40 : 20, each = ipv6 ? 16 : 4;

	memset(at, 0, header);
	at[0] = ipv6 ? 0x60 : 0x45;
	put16(at + (ipv6 ? 4 : 2), ipv6 ? bytes - 40 : bytes);
	at[ipv6 ? 6 : 9] = 6;
	memcpy(at + header - 2 * each, ours->ip + 16 - each, each);
	memcpy(at + header - each, peer->ip + 16 - each, each);
	put16(at + header, ours->port);
	put16(at + header + 2, peer->port);
	put32(at + header + 4, seq);
	return header + 8;
}

static void inject(struct world *world, const struct side *side, const struct error_kind *kind, uint32_t rest,
		   uint32_t seq, uint64_t after_ns)
{
	const struct host *host = &world->host[side->host], *router = &world->host[(side->host + 1) % WORLD_HOSTS];
	bool ipv6 = side->address.ip[0] != 0;
	struct forged forged = {.source = ipv6 ? router->ipv6 : router->ipv4,
				.destination = side->address,
				.source_mac = router->mac,
				.destination_mac = host->mac};
	uint8_t message[64] = {kind->type[ipv6], kind->code[ipv6]}, frame[FRAME_BYTES_MAX];
	uint32_t bytes;

	put32(message + 4, rest);
	bytes = 8 + quote(message + 8, side, seq, 1400);
	bytes = forge_ip(frame, &forged, ipv6 ? 58 : 1, message, bytes);
	forge_l4_sum(frame, bytes, ipv6 ? 58 : 1, 2);
	world->faults[FAULT_icmp]++;
	world_inject(world, side->host, frame, bytes, after_ns);
}

static bool fits(const struct side *side)
{
	return side->has_conn && !side->closed && side->has_iss && side->host != TALK_NO_HOST;
}

static struct side *pick(struct world *world)
{
	struct side *picked = NULL;
	uint32_t seen = 0;

	for (struct talk *talk = world->observer.talks.newest; talk; talk = talk->next_all)
		for (uint32_t i = 0; i < 2; i++)
			if (fits(&talk->side[i]) && random_below(&world->random, ++seen) == 0)
				picked = &talk->side[i];
	return picked;
}

static uint32_t draw_mtu(struct world *world)
{
	static const uint16_t mtus[] = {0, 68, 296, 552, 600, 1279, 1280, 1300, 1400, 1499, 1500, 9000, 65535};

	return mtus[random_below(&world->random, sizeof(mtus) / sizeof(mtus[0]))];
}

/* Of something in flight, if there is and the dice say so. */
static uint32_t draw_seq(struct world *world, const struct side *side)
{
	uint32_t flight = side->sent_end - side->heard_ack;

	if (flight && random_chance(&world->random, 700000))
		return side->iss + side->heard_ack + random_below(&world->random, flight);
	if (random_chance(&world->random, 500000))
		return side->iss + side->sent_end + random_below(&world->random, FAR);
	return side->iss + side->heard_ack - 1 - random_below(&world->random, FAR);
}

void router_complains(struct world *world)
{
	const struct error_kind *kind = &kinds[random_below(&world->random, sizeof(kinds) / sizeof(kinds[0]))];
	struct side *side = pick(world);
	struct side nobodys;

	if (!side || (kind->is_hard && !side->opened && !random_chance(&world->random, 200000)))
		return;
	nobodys = *side;
	if (random_chance(&world->random, 100000)) {
		nobodys.address.port = 65000; /* nobody's: the errors name a connection that is none */
		side = &nobodys;
	}
	inject(world, side, kind, kind->tells_mtu ? draw_mtu(world) : 0, draw_seq(world, side),
	       random_below(&world->random, 2000));
}

void router_floods(struct world *world)
{
	struct side *side = pick(world);

	for (uint32_t i = 0; side && i < FLOOD_ERRORS; i++)
		inject(world, side, &kinds[0], 0, draw_seq(world, side), i * FLOOD_GAP_NS);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void router_heard(struct world *world, uint8_t host, const struct dissect *seg, const uint8_t *frame)
{
	const uint8_t *icmp = frame + seg->l4_offset;
	bool is_hard = seg->ipv6 ? icmp[0] == 1 && icmp[1] == 4 : icmp[0] == 3 && icmp[1] == 3;
	uint32_t header = seg->ipv6 ? 40 : 20;

	if (!is_hard)
		return;
	for (struct side *side = world->host[host].live; side; side = side->next_live)
		if (!side->opened && side->iss == get32(icmp + 8 + header + 4) &&
		    side->address.port == (icmp[8 + header] << 8 | icmp[9 + header]))
			side->heard_icmp = true;
}

bool router_drops(struct world *world, uint8_t from, uint8_t to, const uint8_t *frame, uint32_t bytes)
{
	const struct link *link = &world->link[from][to];
	struct dissect seg = dissect(frame, bytes);
	struct side sender = {.host = from, .address = seg.source}, peer = {.address = seg.destination};

	if (!link->mtu_bytes || seg.kind != DISSECT_TCP || seg.ip_bytes <= link->mtu_bytes)
		return false;
	world->faults[FAULT_too_big]++;
	trace_frame("lost", "too big", frame, bytes);
	if (random_chance(&world->random, link->told_ppm)) {
		struct talk talk = {.side = {sender, peer}};

		talk.side[0].talk = &talk;
		inject(world, &talk.side[0], &kinds[TOO_BIG], link->mtu_bytes, seg.seq, link->weather.delay_ns);
	}
	return true;
}
