/* SPDX-License-Identifier: BSD-3-Clause */
/* Forged segments are aimed with the observer's knowledge, so that each hits the check it is meant for. */
#include "tests/sim/stranger.h"

#include <string.h>

#include "tests/sim/forge.h"
#include "tests/sim/router.h"
#include "tests/sim/streams.h"

#define FAR         (1U << 30)
#define WAVE_SYNS   900
#define WAVE_GAP_NS 5000

/* A living connection seen from where it is attacked: `victim` gets what seems to come from `peer`. */
struct aim {
	struct world *world;
	struct side *victim, *peer;
	struct forged forged;
	uint8_t options[24];
};

static bool is_open_pair(const struct side *side)
{
	return side_is_live(side) && !side_is_finished(side) && side->has_iss && side->host != TALK_NO_HOST &&
	       side->talk->side[1 - side->index].has_iss && side->got.count;
}

static struct side *pick(struct world *world, bool (*fits)(const struct side *side))
{
	uint32_t seen = 0;
	struct side *picked = NULL;

	for (struct talk *talk = world->observer.talks.newest; talk; talk = talk->next_all)
		for (uint32_t i = 0; i < 2; i++)
			if (fits(&talk->side[i]) && random_below(&world->random, ++seen) == 0)
				picked = &talk->side[i];
	return picked;
}

static void put_timestamps(struct aim *aim, uint32_t tsval, uint32_t tsecr)
{
	aim->options[0] = aim->options[1] = 1;
	aim->options[2] = 8;
	aim->options[3] = 10;
	put32(aim->options + 4, tsval);
	put32(aim->options + 8, tsecr);
	aim->forged.options = aim->options;
	aim->forged.option_bytes = 12;
}

/* What the peer's next segment would be, so that one thing can be changed. */
static void aim_at(struct aim *aim, struct world *world, struct side *victim)
{
	struct side *peer = side_other(victim);
	const struct host *host = &world->host[victim->host];

	*aim = (struct aim){.world = world, .victim = victim, .peer = peer};
	aim->forged = (struct forged){
		.source = peer->address,
		.destination = victim->address,
		.source_mac = world->host[(victim->host + 1) % WORLD_HOSTS].mac,
		.destination_mac = host->mac,
		.seq = peer->iss + ranges_contiguous(&victim->got),
		.ack = victim->iss + victim->heard_ack,
		.flags = SEG_ACK,
		.window = (uint16_t)peer->window,
	};
	if (peer->offers_timestamps && victim->offers_timestamps)
		put_timestamps(aim, peer->tsval, victim->tsval);
}

static void fire(struct aim *aim)
{
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes = forge_tcp(frame, &aim->forged);

	aim->world->faults[FAULT_forged]++;
	world_inject(aim->world, aim->victim->host, frame, bytes, random_below(&aim->world->random, 2000));
}

static const uint8_t noise[64] = "GET /not-part-of-any-stream HTTP/1.1\r\n\r\n";

/* ---- At open connections ------------------------------------------------------------------------------ */

static uint32_t inside_window(const struct aim *aim)
{
	uint32_t first = ranges_contiguous(&aim->victim->got) + 1, edge = aim->victim->edge_offset;

	return aim->peer->iss + (edge > first + 1 ? first + random_below(&aim->world->random, edge - first) : first);
}

static uint32_t outside_window(const struct aim *aim)
{
	uint32_t far = 100000 + random_below(&aim->world->random, FAR);

	if (random_chance(&aim->world->random, 500000))
		return aim->peer->iss + aim->victim->acked_offset - far;
	return aim->peer->iss + aim->victim->edge_offset + far;
}

static void reset_in_window(struct aim *aim)
{
	aim->forged.seq = inside_window(aim);
	aim->forged.flags = random_chance(&aim->world->random, 500000) ? SEG_RST : SEG_RST | SEG_ACK;
}

static void reset_outside(struct aim *aim)
{
	aim->forged.seq = outside_window(aim);
	aim->forged.flags = SEG_RST;
}

static void syn_again(struct aim *aim)
{
	aim->forged.seq = random_chance(&aim->world->random, 500000) ? inside_window(aim) : outside_window(aim);
	aim->forged.flags = random_chance(&aim->world->random, 500000) ? SEG_SYN : SEG_SYN | SEG_ACK;
}

static void text_outside(struct aim *aim)
{
	aim->forged.seq = outside_window(aim);
	aim->forged.text = noise;
	aim->forged.text_bytes = 1 + random_below(&aim->world->random, sizeof(noise));
}

static void text_future_ack(struct aim *aim)
{
	aim->forged.ack = aim->victim->iss + aim->victim->sent_end + FAR / 2 + random_below(&aim->world->random, FAR);
	aim->forged.text = noise;
	aim->forged.text_bytes = random_below(&aim->world->random, sizeof(noise));
}

static void text_past_ack(struct aim *aim)
{
	aim->forged.ack = aim->victim->iss - FAR - random_below(&aim->world->random, FAR / 2);
	aim->forged.text = noise;
	aim->forged.text_bytes = random_below(&aim->world->random, sizeof(noise));
}

static void no_ack(struct aim *aim)
{
	aim->forged.flags = random_chance(&aim->world->random, 500000) ? 0 : SEG_FIN | SEG_PSH | SEG_URG;
	aim->forged.text = noise;
	aim->forged.text_bytes = random_below(&aim->world->random, sizeof(noise));
}

static void old_timestamp(struct aim *aim)
{
	put_timestamps(aim, aim->peer->tsval - 1000000 - random_below(&aim->world->random, FAR), aim->victim->tsval);
	aim->forged.text = noise;
	aim->forged.text_bytes = 1 + random_below(&aim->world->random, sizeof(noise));
}

static void put_sack_block(struct aim *aim, uint32_t start, uint32_t end)
{
	uint8_t *option = aim->options + aim->forged.option_bytes;

	option[0] = option[1] = 1;
	option[2] = 5;
	option[3] = 10;
	put32(option + 4, start);
	put32(option + 8, end);
	aim->forged.options = aim->options;
	aim->forged.option_bytes += 12;
}

/* What the victim has heard already, and a report that cannot be true: of what was never sent, or from end to start. */
static void false_sacks(struct aim *aim)
{
	const struct side *victim = aim->victim;
	bool is_scaled = aim->peer->offers_shift && victim->offers_shift;
	uint32_t start = victim->iss + victim->heard_ack + 1, end = victim->iss + victim->sent_end;

	aim->forged.window = (uint16_t)((victim->heard_edge - victim->heard_ack) >> (is_scaled ? aim->peer->shift : 0));
	if (random_chance(&aim->world->random, 500000))
		put_sack_block(aim, end, start);
	else
		put_sack_block(aim, start, end + 1 + random_below(&aim->world->random, FAR));
}

/* After the peer's FIN there is no text, whatever it says. */
static void text_after_fin(struct aim *aim)
{
	aim->forged.seq = aim->peer->iss + aim->peer->fin_offset + 1;
	aim->forged.text = noise;
	aim->forged.text_bytes = 1 + random_below(&aim->world->random, sizeof(noise));
}

/* A FIN, and text, in front of and beyond the window: what lies inside is the peer's own, again. */
static void text_over_edge(struct aim *aim)
{
	const struct side *peer = aim->peer;
	uint32_t start = aim->victim->acked_offset, edge = aim->victim->edge_offset;

	aim->forged.seq = peer->iss + start;
	aim->forged.text = peer->taken + start - 1;
	aim->forged.text_bytes = edge - start + 1 + random_below(&aim->world->random, 20);
	if (aim->forged.text_bytes > peer->taken_bytes - (start - 1))
		aim->forged.text_bytes = peer->taken_bytes - (start - 1);
}

static bool is_open_with_timestamps(const struct side *side)
{
	const struct side *other = &side->talk->side[1 - side->index];

	return is_open_pair(side) && side->offers_timestamps && other->offers_timestamps && other->has_tsval;
}

static bool is_waiting_with_sack(const struct side *side)
{
	const struct side *other = &side->talk->side[1 - side->index];

	return is_open_pair(side) && side->offers_sack && other->offers_sack && side->heard_ack + 1 < side->sent_end &&
	       side->heard_edge > side->heard_ack;
}

static bool is_after_fin(const struct side *side)
{
	return is_open_pair(side) && side->peer_closed && side->heard_ack == side->sent_end;
}

/* The peer has sent to the very edge and has more: then a longer segment can be made of its own bytes. */
static bool is_full(const struct side *side)
{
	const struct side *other = &side->talk->side[1 - side->index];

	return is_open_pair(side) && side->acked_offset && other->sent_end >= side->edge_offset &&
	       side->edge_offset > side->acked_offset && side->edge_offset - side->acked_offset < 1200 &&
	       other->taken_bytes >= side->edge_offset;
}

static const struct {
	void (*forge)(struct aim *aim);
	bool (*fits)(const struct side *side);
} attacks[] = {
	{reset_in_window, is_open_pair},
	{reset_outside, is_open_pair},
	{syn_again, is_open_pair},
	{text_outside, is_open_pair},
	{text_future_ack, is_open_pair},
	{text_past_ack, is_open_pair},
	{no_ack, is_open_pair},
	{old_timestamp, is_open_with_timestamps},
	{text_after_fin, is_after_fin},
	{text_over_edge, is_full},
	{false_sacks, is_waiting_with_sack},
};

static void attack_open(struct world *world)
{
	uint32_t kind = random_below(&world->random, sizeof(attacks) / sizeof(attacks[0]));
	struct side *victim = pick(world, attacks[kind].fits);
	struct aim aim;

	if (!victim)
		return;
	aim_at(&aim, world, victim);
	attacks[kind].forge(&aim);
	fire(&aim);
}

/* ---- At connections that are opening, closing or gone -------------------------------------------------- */

static bool is_syn_sent(const struct side *side)
{
	return side->has_conn && !side->closed && side->is_active && !side->opened && side->has_iss && !side->got.count;
}

static bool is_half_open(const struct side *side)
{
	return !side->has_conn && side->has_iss && side->got.count && side->host != TALK_NO_HOST &&
	       !side->talk->side[1 - side->index].opened;
}

static bool is_closed_for_good(const struct side *side)
{
	return side->closed && side->has_iss && side->host != TALK_NO_HOST && side->talk->side[1 - side->index].has_iss;
}

static void attack_syn_sent(struct world *world)
{
	static const uint8_t flags[] = {SEG_SYN | SEG_ACK, SEG_ACK, 0, SEG_RST | SEG_ACK, SEG_FIN, SEG_RST};
	struct side *victim = pick(world, is_syn_sent);
	struct aim aim;

	if (!victim)
		return;
	aim_at(&aim, world, victim);
	aim.forged.option_bytes = 0;
	aim.forged.seq = (uint32_t)random_next(&world->random);
	aim.forged.ack =
		victim->iss + (random_chance(&world->random, 500000) ? 2 + random_below(&world->random, FAR) : 0);
	aim.forged.flags = flags[random_below(&world->random, sizeof(flags))];
	fire(&aim);
}

static void attack_half_open(struct world *world)
{
	struct side *victim = pick(world, is_half_open);
	struct aim aim;

	if (!victim)
		return;
	aim_at(&aim, world, victim);
	aim.forged.seq = aim.peer->iss + 1 + (random_chance(&world->random, 500000) ? 0 : FAR / 2);
	aim.forged.ack = victim->iss + 1 + FAR / 2 + random_below(&world->random, FAR);
	aim.forged.flags = random_chance(&world->random, 500000) ? SEG_ACK : SEG_FIN;
	if (random_chance(&world->random, 300000)) { /* in the window, and not at RCV.NXT: RFC 5961 section 3.2 */
		aim.forged.seq = aim.peer->iss + 2 + random_below(&world->random, 1000);
		aim.forged.flags = SEG_RST;
	}
	fire(&aim);
}

/* Old segments of a closed connection, and some that never were: TIME-WAIT must not care. */
static void attack_closed(struct world *world)
{
	static const uint8_t flags[] = {SEG_RST, SEG_ACK, SEG_ACK | SEG_PSH, SEG_RST | SEG_ACK};
	struct side *victim = pick(world, is_closed_for_good);
	struct aim aim;

	if (!victim)
		return;
	aim_at(&aim, world, victim);
	aim.forged.seq = aim.peer->iss + (random_chance(&world->random, 500000) ? aim.peer->sent_end : 1);
	aim.forged.flags = flags[random_below(&world->random, sizeof(flags))];
	fire(&aim);
}

/* A SYN that is older than all that TIME-WAIT knows: it reopens nothing. */
static void attack_time_wait(struct world *world)
{
	struct side *victim = pick(world, side_leaves_time_wait);
	struct aim aim;

	if (!victim)
		return;
	aim_at(&aim, world, victim);
	aim.forged.flags = SEG_SYN;
	aim.forged.seq = aim.peer->iss + 1 + random_below(&world->random, aim.peer->sent_end);
	if (aim.forged.option_bytes && random_chance(&world->random, 500000)) {
		put_timestamps(&aim, aim.peer->tsval - 1000000 - random_below(&world->random, FAR), 0);
		aim.forged.seq += random_below(&world->random, FAR);
	} else {
		aim.forged.option_bytes = 0;
	}
	fire(&aim);
}

/* ---- Out of nowhere ----------------------------------------------------------------------------------- */

static void stray_segments(struct world *world)
{
	static const uint8_t flags[] = {
		SEG_ACK,           SEG_RST,           SEG_FIN,           0,
		SEG_SYN | SEG_ACK, SEG_SYN | SEG_FIN, SEG_RST | SEG_ACK, SEG_FIN | SEG_PSH | SEG_URG,
		SEG_SYN | SEG_RST};
	const struct host *to = &world->host[random_below(&world->random, 2)], *from = &world->host[2];
	bool ipv6 = random_chance(&world->random, 500000);
	struct forged forged = {.source = ipv6 ? from->ipv6 : from->ipv4,
				.destination = ipv6 ? to->ipv6 : to->ipv4,
				.source_mac = from->mac,
				.destination_mac = to->mac,
				.seq = (uint32_t)random_next(&world->random),
				.ack = (uint32_t)random_next(&world->random),
				.window = 500};
	uint8_t frame[FRAME_BYTES_MAX];

	forged.source.port = (uint16_t)random_between(&world->random, 300, 599);
	forged.destination.port = random_chance(&world->random, 600000) ? STREAMS_PORT_FIRST : 4000;
	forged.flags = flags[random_below(&world->random, sizeof(flags))];
	forged.text = noise;
	forged.text_bytes = random_below(&world->random, sizeof(noise));
	world->faults[FAULT_forged]++;
	world_inject(world, to->index, frame, forge_tcp(frame, &forged), random_below(&world->random, 100000));
}

/* SYNs by the raw interface, whose answers nobody wants. */
static void flood(struct world *world)
{
	const struct host *to = &world->host[random_below(&world->random, 2)], *from = &world->host[2];
	bool ipv6 = random_chance(&world->random, 400000);
	struct sluice_raw_segment segment = {.flags = SEG_SYN, .window = 1024};

	memcpy(segment.source.ip, ipv6 ? from->ipv6.ip : from->ipv4.ip, 16);
	memcpy(segment.destination.ip, ipv6 ? to->ipv6.ip : to->ipv4.ip, 16);
	memcpy(segment.destination_mac, to->mac, 6);
	if (random_chance(&world->random, 500000))
		segment.source.ip[15] = (uint8_t)(100 + random_below(&world->random, 100));
	segment.destination.port = STREAMS_PORT_FIRST;
	for (uint32_t i = random_below(&world->random, 40); i-- > 0;) {
		segment.source.port = (uint16_t)random_between(&world->random, 600, 999);
		segment.sequence = (uint32_t)random_next(&world->random);
		if (sluice_raw_send(from->worker, &segment) != 0)
			break;
		world->faults[FAULT_forged]++;
	}
	world->host[2].deadline_ns = world->now_ns;
}

/* Somebody says that a host's address is his. */
static void claim(struct world *world)
{
	static const uint8_t liar_mac[6] = {2, 0, 0, 0, 0, 66};
	uint32_t to = random_below(&world->random, WORLD_HOSTS);
	uint32_t of = (to + 1 + random_below(&world->random, WORLD_HOSTS - 1)) % WORLD_HOSTS;
	const struct host *hearer = &world->host[to];
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes = forge_arp(frame, liar_mac, hearer->mac, (uint16_t)random_between(&world->random, 1, 2),
				   world->host[of].ipv4.ip, hearer->ipv4.ip);

	world->faults[FAULT_forged]++;
	world_inject(world, hearer->index, frame, bytes, random_below(&world->random, 2000));
}

/* More SYNs than the port's queue holds answers, while that port takes nothing. */
static void wave(struct world *world)
{
	struct host *to = &world->host[random_below(&world->random, 2)];
	const struct host *from = &world->host[2];
	struct forged forged = {.source = from->ipv4,
				.destination = to->ipv4,
				.source_mac = from->mac,
				.destination_mac = to->mac,
				.flags = SEG_SYN,
				.window = 1000};
	uint8_t frame[FRAME_BYTES_MAX];

	forged.source.ip[15] = 101; /* nobody's: its answers are refused by whoever hears them */
	to->refuse_until_ns = world->now_ns + WAVE_SYNS * WAVE_GAP_NS;
	forged.destination.port = STREAMS_PORT_FIRST;
	for (uint32_t i = 0; i < WAVE_SYNS; i++) {
		forged.source.port = (uint16_t)(1000 + i);
		forged.seq = (uint32_t)random_next(&world->random);
		world->faults[FAULT_forged]++;
		world_inject(world, to->index, frame, forge_tcp(frame, &forged), i * WAVE_GAP_NS);
	}
}

void stranger_act(struct world *world)
{
	static void (*const acts[])(struct world * world) = {attack_open,
							     attack_open,
							     attack_open,
							     attack_syn_sent,
							     attack_half_open,
							     attack_half_open,
							     attack_closed,
							     attack_time_wait,
							     stray_segments,
							     flood,
							     claim,
							     router_complains,
							     router_complains};

	if (random_chance(&world->random, 300))
		wave(world);
	if (random_chance(&world->random, 300))
		router_floods(world);
	acts[random_below(&world->random, sizeof(acts) / sizeof(acts[0]))](world);
}
