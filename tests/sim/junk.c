/* SPDX-License-Identifier: BSD-3-Clause */
/* Each maker starts from a right frame and breaks one thing. */
#include "tests/sim/junk.h"

#include <string.h>

#include "tests/sim/forge.h"
#include "tests/sim/streams.h"

uint64_t junk_expected[WORLD_HOSTS][SLUICE_COUNTER_COUNT];

struct junk {
	struct random *random;
	const struct host *to, *from;
	struct forged forged;
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes;
};

void junk_reset(void)
{
	memset(junk_expected, 0, sizeof(junk_expected));
}

/* A right SYN to a listener, in the family asked for. */
static void start(struct junk *junk, bool ipv6)
{
	junk->forged = (struct forged){
		.source = ipv6 ? junk->from->ipv6 : junk->from->ipv4,
		.destination = ipv6 ? junk->to->ipv6 : junk->to->ipv4,
		.source_mac = junk->from->mac,
		.destination_mac = junk->to->mac,
		.flags = SEG_SYN,
		.window = 1000,
	};
	junk->forged.source.port = (uint16_t)random_between(junk->random, 100, 299);
	junk->forged.destination.port = STREAMS_PORT_FIRST;
	junk->bytes = forge_tcp(junk->frame, &junk->forged);
}

static bool coin(struct junk *junk)
{
	return random_chance(junk->random, 500000);
}

static void frame_short(struct junk *junk)
{
	start(junk, coin(junk));
	junk->bytes = random_chance(junk->random, 300000) ? 1 + random_below(junk->random, 13)
							  : 14 + random_below(junk->random, 19);
}

static void frame_other_host(struct junk *junk)
{
	start(junk, coin(junk));
	junk->frame[5] ^= 0x40;
}

static void frame_source(struct junk *junk)
{
	start(junk, coin(junk));
	junk->frame[6] |= 1;
}

static void frame_vlan(struct junk *junk)
{
	start(junk, coin(junk));
	memmove(junk->frame + 16, junk->frame + 12, junk->bytes - 12);
	put16(junk->frame + 12, 0x8100);
	put16(junk->frame + 14, 5);
	junk->bytes += 4;
}

static void frame_ethertype(struct junk *junk)
{
	static const uint16_t types[] = {0x88cc, 0x8847, 0x0022, 0xffff};

	start(junk, coin(junk));
	put16(junk->frame + 12, types[random_below(junk->random, 4)]);
}

static void ipv4_header(struct junk *junk)
{
	start(junk, false);
	switch (random_below(junk->random, 3)) {
	case 0:
		junk->frame[14] = 0x44;
		break;
	case 1:
		junk->frame[14] = 0x65;
		break;
	default:
		put16(junk->frame + 16, 19);
		break;
	}
	if (junk->frame[14] == 0x45)
		forge_ipv4_sum(junk->frame);
}

static void ipv4_checksum(struct junk *junk)
{
	start(junk, false);
	junk->frame[24 + random_below(junk->random, 2)] ^= (uint8_t)(1 << random_below(junk->random, 8));
}

/* Puts IPv4 options in front of the segment. */
static void with_ipv4_options(struct junk *junk, const uint8_t *options, uint32_t bytes)
{
	start(junk, false);
	memmove(junk->frame + 34 + bytes, junk->frame + 34, junk->bytes - 34);
	memcpy(junk->frame + 34, options, bytes);
	junk->bytes += bytes;
	junk->frame[14] = (uint8_t)(0x45 + bytes / 4);
	put16(junk->frame + 16, junk->bytes - 14);
	forge_ipv4_sum(junk->frame);
}

static void ipv4_source_route(struct junk *junk)
{
	const uint8_t options[8] = {coin(junk) ? 131 : 137, 7, 4, 198, 18, 0, 9, 0};

	with_ipv4_options(junk, options, sizeof(options));
}

/* The same with four bytes of text, so that it ends where a fragment may. */
static void start_whole_units(struct junk *junk, bool ipv6)
{
	start(junk, ipv6);
	junk->forged.text = junk->to->mac;
	junk->forged.text_bytes = 4;
	junk->bytes = forge_tcp(junk->frame, &junk->forged);
}

static void ipv4_fragment(struct junk *junk)
{
	start_whole_units(junk, false);
	put16(junk->frame + 20, coin(junk) ? 0x2000 : 1 + random_below(junk->random, 100));
	forge_ipv4_sum(junk->frame);
}

/* Ends where no packet of ours does: the ping of death. */
static void fragment_size(struct junk *junk)
{
	start(junk, false);
	put16(junk->frame + 20, 0x1fff);
	forge_ipv4_sum(junk->frame);
}

static void ipv6_header(struct junk *junk)
{
	start(junk, true);
	junk->frame[14] = coin(junk) ? 0x50 : 0x40;
}

/* Puts an extension header in front of the segment. */
static void with_extension(struct junk *junk, uint8_t kind, const uint8_t header[8])
{
	start_whole_units(junk, true);
	memmove(junk->frame + 62, junk->frame + 54, junk->bytes - 54);
	memcpy(junk->frame + 54, header, 8);
	junk->frame[54] = junk->frame[20];
	junk->frame[20] = kind;
	junk->bytes += 8;
	put16(junk->frame + 18, junk->bytes - 54);
}

static void ipv6_routing(struct junk *junk)
{
	const uint8_t header[8] = {0, 0, 0, 1};

	with_extension(junk, 43, header);
}

static void ipv6_fragment(struct junk *junk)
{
	const uint8_t header[8] = {0, 0, 0, 1, 0, 0, 0, 7};

	with_extension(junk, 44, header);
}

static void ip_source(struct junk *junk)
{
	static const uint8_t bad[][4] = {
		{224, 0, 0, 5}, {127, 0, 0, 1}, {255, 255, 255, 255}, {0, 0, 0, 0}, {240, 1, 2, 3}};

	start(junk, false);
	memcpy(junk->forged.source.ip + 12, bad[random_below(junk->random, 5)], 4);
	if (random_chance(junk->random, 200000))
		junk->forged.source = junk->forged.destination;
	junk->bytes = forge_tcp(junk->frame, &junk->forged);
}

static void ip_destination(struct junk *junk)
{
	start(junk, coin(junk));
	junk->forged.destination.ip[15] ^= 0x60;
	junk->bytes = forge_tcp(junk->frame, &junk->forged);
}

static void ip_protocol(struct junk *junk)
{
	uint8_t payload[8] = {0, 53, 0, 53, 0, 8};

	start(junk, coin(junk));
	junk->bytes = forge_ip(junk->frame, &junk->forged, coin(junk) ? 17 : 132, payload, sizeof(payload));
}

static void icmp(struct junk *junk)
{
	uint8_t payload[8] = {13, 0, 0, 0};

	start(junk, false);
	junk->bytes = forge_ip(junk->frame, &junk->forged, 1, payload, coin(junk) ? 8 : 4);
	if (junk->bytes > 40)
		forge_l4_sum(junk->frame, junk->bytes, 1, 2);
}

static void arp(struct junk *junk)
{
	start(junk, false);
	junk->bytes = forge_arp(junk->frame, junk->from->mac, junk->to->mac, 1, junk->from->ipv4.ip, junk->to->ipv4.ip);
	if (coin(junk))
		junk->frame[18] = 5;
	else
		put16(junk->frame + 20, 9);
}

static void nd(struct junk *junk)
{
	uint8_t payload[24] = {135};

	start(junk, true);
	memcpy(payload + 8, junk->to->ipv6.ip, 16);
	junk->bytes = forge_ip(junk->frame, &junk->forged, 58, payload, coin(junk) ? 24 : 20);
	if (junk->bytes == 78)
		junk->frame[21] = 64; /* a hop limit below 255: it came through a router */
	forge_l4_sum(junk->frame, junk->bytes, 58, 2);
}

static void tcp_header(struct junk *junk)
{
	start(junk, coin(junk));
	uint32_t l4 = junk->frame[12] == 0x86 ? 54 : 34;

	switch (random_below(junk->random, 3)) {
	case 0:
		junk->frame[l4 + 12] = (uint8_t)(random_below(junk->random, 5) << 4);
		break;
	case 1:
		junk->frame[l4 + 12] = (uint8_t)((6 + random_below(junk->random, 10)) << 4);
		break;
	default:
		put16(junk->frame + l4 + (coin(junk) ? 0 : 2), 0);
		break;
	}
	forge_l4_sum(junk->frame, junk->bytes, 6, 16);
}

static void tcp_checksum(struct junk *junk)
{
	uint32_t place = random_below(junk->random, 20);

	start(junk, coin(junk));
	if (place == 12) /* the header's length, which is looked at before its sum */
		place = 16;
	junk->frame[(junk->frame[12] == 0x86 ? 54U : 34U) + place] ^= 0x10;
}

/* Right frames, a little odd: they must be answered, not dropped. */
static void echo(struct junk *junk)
{
	uint8_t payload[64] = {0};
	bool ipv6 = coin(junk);

	start(junk, ipv6);
	payload[0] = ipv6 ? 128 : 8;
	put16(payload + 4, 77);
	junk->bytes = forge_ip(junk->frame, &junk->forged, ipv6 ? 58 : 1, payload, 8 + random_below(junk->random, 57));
	forge_l4_sum(junk->frame, junk->bytes, ipv6 ? 58 : 1, 2);
}

static void ipv4_options(struct junk *junk)
{
	static const uint8_t options[4] = {148, 4, 0, 0}; /* router alert */

	with_ipv4_options(junk, options, sizeof(options));
	junk->frame[38 + 13] = SEG_RST; /* to a listener: dropped without a word */
	forge_l4_sum(junk->frame, junk->bytes, 6, 16);
}

static const struct {
	void (*make)(struct junk *junk);
	enum sluice_counter counter;
} makers[] = {
	{frame_short, SLUICE_COUNTER_drop_frame_short},
	{frame_other_host, SLUICE_COUNTER_drop_frame_other_host},
	{frame_source, SLUICE_COUNTER_drop_frame_source},
	{frame_vlan, SLUICE_COUNTER_drop_frame_vlan},
	{frame_ethertype, SLUICE_COUNTER_drop_frame_ethertype},
	{ipv4_header, SLUICE_COUNTER_drop_ipv4_header},
	{ipv4_checksum, SLUICE_COUNTER_drop_ipv4_checksum},
	{ipv4_source_route, SLUICE_COUNTER_drop_ipv4_source_route},
	{ipv4_fragment, SLUICE_COUNTER_drop_ipv4_fragment},
	{fragment_size, SLUICE_COUNTER_drop_fragment_size},
	{ipv6_header, SLUICE_COUNTER_drop_ipv6_header},
	{ipv6_routing, SLUICE_COUNTER_drop_ipv6_routing},
	{ipv6_fragment, SLUICE_COUNTER_drop_ipv6_fragment},
	{ip_source, SLUICE_COUNTER_drop_ip_source},
	{ip_destination, SLUICE_COUNTER_drop_ip_destination},
	{ip_protocol, SLUICE_COUNTER_drop_ip_protocol},
	{icmp, SLUICE_COUNTER_drop_icmp},
	{arp, SLUICE_COUNTER_drop_arp},
	{nd, SLUICE_COUNTER_drop_nd},
	{tcp_header, SLUICE_COUNTER_drop_tcp_header},
	{tcp_checksum, SLUICE_COUNTER_drop_tcp_checksum},
	{echo, SLUICE_COUNTER_echoes_answered},
	{ipv4_options, SLUICE_COUNTER_COUNT},
};

/* Fragments are taken or not; those that are wait for others in vain. */
static enum sluice_counter counter_of(const struct host *to, uint32_t kind)
{
	enum sluice_counter counter = makers[kind].counter;

	if (counter == SLUICE_COUNTER_drop_ipv4_fragment || counter == SLUICE_COUNTER_drop_ipv6_fragment)
		return to->config.fragments ? SLUICE_COUNTER_fragments_received : counter;
	if (counter == SLUICE_COUNTER_drop_fragment_size && !to->config.fragments)
		return SLUICE_COUNTER_drop_ipv4_fragment;
	return counter;
}

void junk_send(struct world *world, struct host *to)
{
	uint32_t kind = random_below(&world->random, sizeof(makers) / sizeof(makers[0]));
	struct junk junk = {.random = &world->random, .to = to, .from = &world->host[(to->index + 1) % WORLD_HOSTS]};

	makers[kind].make(&junk);
	if (makers[kind].counter < SLUICE_COUNTER_COUNT)
		junk_expected[to->index][counter_of(to, kind)]++;
	world->faults[FAULT_junk]++;
	world_inject(world, to->index, junk.frame, junk.bytes, random_below(&world->random, 1000000));
}
