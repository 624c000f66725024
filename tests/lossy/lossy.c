/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The faulty wire.  Each packet draws one fate.  A packet that is to come late, and the second copy of a duplicate,
 * wait in a small unordered array; when that is full, packets pass as they are.
 */
#include "tests/lossy/lossy.h"

#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "config/limits.h"

enum lossy_fate { LOSSY_PASS, LOSSY_DROP, LOSSY_DUPLICATE, LOSSY_DELAY };

static uint32_t *rate_named(struct lossy_rates *rates, const char *name, size_t bytes)
{
	if (bytes == 4 && !memcmp(name, "drop", bytes))
		return &rates->drop_percent;
	if (bytes == 9 && !memcmp(name, "duplicate", bytes))
		return &rates->duplicate_percent;
	if (bytes == 7 && !memcmp(name, "reorder", bytes))
		return &rates->reorder_percent;
	return NULL;
}

bool lossy_rates_parse(const char *text, struct lossy_rates *rates)
{
	*rates = (struct lossy_rates){.seed = 1};
	while (*text) {
		size_t name_bytes = strcspn(text, "=,");
		uint32_t *rate = rate_named(rates, text, name_bytes);
		bool is_seed = name_bytes == 4 && !memcmp(text, "seed", 4);
		char *end;
		unsigned long long value;

		if ((!rate && !is_seed) || text[name_bytes] != '=')
			return false;
		value = strtoull(text + name_bytes + 1, &end, 10);
		if (end == text + name_bytes + 1 || (*end && *end != ',') || (rate && value > 100))
			return false;
		if (rate)
			*rate = (uint32_t)value;
		else
			rates->seed = value;
		text = *end ? end + 1 : end;
	}
	return rates->drop_percent + rates->duplicate_percent + rates->reorder_percent <= 100;
}

static enum lossy_fate fate(struct lossy *lossy)
{
	const struct lossy_rates *rates = &lossy->rates;
	uint32_t draw = random_below(&lossy->random, 100);

	if (draw < rates->drop_percent)
		return LOSSY_DROP;
	draw -= rates->drop_percent;
	if (draw < rates->duplicate_percent)
		return LOSSY_DUPLICATE;
	return draw - rates->duplicate_percent < rates->reorder_percent ? LOSSY_DELAY : LOSSY_PASS;
}

/* A fresh packet with the same bytes in one piece; NULL when there is none, or they do not fit. */
static struct rte_mbuf *copy_of(struct lossy *lossy, const struct rte_mbuf *packet)
{
	struct rte_mbuf *copy;
	uint8_t *to;

	if (packet->pkt_len > PACKET_ROOM_BYTES || lossy->io.allocate(lossy->io.user, &copy, 1) != 1)
		return NULL;
	to = rte_pktmbuf_mtod(copy, uint8_t *);
	copy->data_len = (uint16_t)packet->pkt_len;
	copy->pkt_len = packet->pkt_len;
	copy->ol_flags = packet->ol_flags & ~(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
	copy->tx_offload = packet->tx_offload;
	copy->packet_type = packet->packet_type;
	for (const struct rte_mbuf *part = packet; part; to += part->data_len, part = part->next)
		memcpy(to, rte_pktmbuf_mtod(part, const uint8_t *), part->data_len);
	return copy;
}

static bool hold(struct lossy *lossy, struct lossy_way *way, struct rte_mbuf *packet)
{
	uint32_t late_us = LOSSY_DELAY_LOW_US + random_below(&lossy->random, LOSSY_DELAY_HIGH_US - LOSSY_DELAY_LOW_US);

	if (way->held_count == LOSSY_HELD_MAX)
		return false;
	way->held[way->held_count++] = (struct lossy_held){
		.packet = packet,
		.due_ns = lossy->io.now_ns(lossy->io.user) + late_us * UINT64_C(1000),
	};
	return true;
}

static void drop(struct lossy *lossy, struct lossy_way *way, struct rte_mbuf *packet)
{
	lossy->io.release(lossy->io.user, &packet, 1);
	way->dropped++;
}

/* Holds a second copy of the packet, if there is a buffer for it. */
static void duplicate(struct lossy *lossy, struct lossy_way *way, const struct rte_mbuf *packet)
{
	struct rte_mbuf *copy = copy_of(lossy, packet);

	if (!copy)
		return;
	if (hold(lossy, way, copy))
		way->duplicated++;
	else
		lossy->io.release(lossy->io.user, &copy, 1);
}

/* Takes up to `max` packets whose time has come. */
static uint32_t take_due(struct lossy *lossy, struct lossy_way *way, struct rte_mbuf **packet, uint32_t max)
{
	uint64_t now_ns = way->held_count ? lossy->io.now_ns(lossy->io.user) : 0;
	uint32_t taken = 0;

	for (uint32_t i = 0; i < way->held_count && taken < max;) {
		if (way->held[i].due_ns > now_ns) {
			i++;
			continue;
		}
		packet[taken++] = way->held[i].packet;
		way->held[i] = way->held[--way->held_count];
	}
	return taken;
}

/* What was to leave late leaves now; what the port refuses then is lost. */
static void send_due(struct lossy *lossy)
{
	struct rte_mbuf *packet[BURST_PACKETS_MAX];
	uint32_t count = take_due(lossy, &lossy->out, packet, BURST_PACKETS_MAX);
	uint32_t sent = count ? lossy->io.send(lossy->io.user, packet, count) : 0;

	while (sent < count)
		drop(lossy, &lossy->out, packet[sent++]);
}

static uint32_t lossy_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct lossy *lossy = user;
	struct lossy_way *way = &lossy->in;
	uint32_t given = take_due(lossy, way, packet, max);
	uint32_t end = given + lossy->io.receive(lossy->io.user, packet + given, max - given);

	send_due(lossy);
	for (uint32_t i = given; i < end; i++) {
		enum lossy_fate what = fate(lossy);

		if (what == LOSSY_DROP) {
			drop(lossy, way, packet[i]);
			continue;
		}
		if (what == LOSSY_DELAY && hold(lossy, way, packet[i])) {
			way->delayed++;
			continue;
		}
		if (what == LOSSY_DUPLICATE)
			duplicate(lossy, way, packet[i]);
		packet[given++] = packet[i];
		way->passed++;
	}
	return given;
}

static uint32_t lossy_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct lossy *lossy = user;
	struct lossy_way *way = &lossy->out;

	send_due(lossy);
	for (uint32_t i = 0; i < count; i++) {
		enum lossy_fate what = fate(lossy);
		struct rte_mbuf *copy = NULL;

		if (what == LOSSY_DROP) {
			drop(lossy, way, packet[i]);
			continue;
		}
		if (what == LOSSY_DELAY && hold(lossy, way, packet[i])) {
			way->delayed++;
			continue;
		}
		if (what == LOSSY_DUPLICATE)
			copy = copy_of(lossy, packet[i]); /* before the port owns the packet */
		if (lossy->io.send(lossy->io.user, &packet[i], 1) != 1) {
			if (copy)
				lossy->io.release(lossy->io.user, &copy, 1);
			return i;
		}
		way->passed++;
		if (copy && hold(lossy, way, copy))
			way->duplicated++;
		else if (copy)
			lossy->io.release(lossy->io.user, &copy, 1);
	}
	return count;
}

static uint64_t earliest(const struct lossy_way *way, uint64_t deadline_ns)
{
	for (uint32_t i = 0; i < way->held_count; i++)
		if (way->held[i].due_ns < deadline_ns)
			deadline_ns = way->held[i].due_ns;
	return deadline_ns;
}

static void lossy_wait(void *user, uint64_t deadline_ns)
{
	struct lossy *lossy = user;

	lossy->io.wait(lossy->io.user, earliest(&lossy->in, earliest(&lossy->out, deadline_ns)));
}

static uint64_t lossy_now_ns(void *user)
{
	struct lossy *lossy = user;

	return lossy->io.now_ns(lossy->io.user);
}

static uint64_t lossy_cycles(void *user)
{
	struct lossy *lossy = user;

	return lossy->io.cycles(lossy->io.user);
}

static uint32_t lossy_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct lossy *lossy = user;

	return lossy->io.allocate(lossy->io.user, packet, count);
}

static void lossy_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct lossy *lossy = user;

	lossy->io.release(lossy->io.user, packet, count);
}

static void lossy_reassemble(void *user, uint64_t now_ns, struct sluice_fragments *fragments)
{
	struct lossy *lossy = user;

	lossy->io.reassemble(lossy->io.user, now_ns, fragments);
}

struct sluice_io lossy_wrap(struct lossy *lossy, const struct sluice_io *io, const struct lossy_rates *rates)
{
	struct sluice_io wrapped = *io;

	*lossy = (struct lossy){.io = *io, .rates = *rates, .random.state = rates->seed};
	wrapped.user = lossy;
	wrapped.now_ns = lossy_now_ns;
	wrapped.cycles = io->cycles ? lossy_cycles : NULL;
	wrapped.receive = lossy_receive;
	wrapped.send = lossy_send;
	wrapped.allocate = lossy_allocate;
	wrapped.release = lossy_release;
	wrapped.reassemble = io->reassemble ? lossy_reassemble : NULL;
	wrapped.wait = io->wait ? lossy_wait : NULL;
	return wrapped;
}

static void empty_way(struct lossy *lossy, struct lossy_way *way)
{
	while (way->held_count)
		drop(lossy, way, way->held[--way->held_count].packet);
}

void lossy_empty(struct lossy *lossy)
{
	empty_way(lossy, &lossy->in);
	empty_way(lossy, &lossy->out);
}
