/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One host: a worker of the library over a port of ours.  The port loses nothing by itself, but it is as awkward as a
 * real one may be: it takes fewer packets than offered, gives fewer buffers than asked, reads what it took later, and
 * hands frames over in several buffers.
 */
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf_core.h>

#include "config/limits.h"
#include "lib/worker/worker.h"
#include "tests/sim/licence.h"
#include "tests/sim/oracle.h"
#include "tests/sim/router.h"
#include "tests/sim/stranger.h"
#include "tests/sim/streams.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"
#include "tests/sim/world.h"

#define EVENT_NS 1000 /* what an application takes to handle one */

static const char *const host_leaves[] = {"A >", "B >", "C >"};
static const char *const host_hears[] = {"  > A", "  > B", "  > C"};

static uint64_t port_now_ns(void *user)
{
	const struct host *host = user;

	return host->world->now_ns + host->clock_offset_ns;
}

static bool is_for(const struct host *host, const struct dissect *seg)
{
	bool to_us = memcmp(seg->destination.ip, host->ipv4.ip, 16) == 0 ||
		     memcmp(seg->destination.ip, host->ipv6.ip, 16) == 0;

	uint8_t first = seg->source.ip[12];
	bool from_ipv4 = memcmp(seg->source.ip, host->ipv4.ip, 12) == 0;

	/* From an address that cannot be a peer's it is dropped before its ports are looked at. */
	if (seg->source.port == 0 || seg->destination.port == 0 || seg->source_mac[0] & 1 ||
	    observer_host_of(&host->world->observer, seg->source.ip) == host->index ||
	    (from_ipv4 && (first == 0 || first == 127 || first >= 224)))
		return false;
	return seg->kind == DISSECT_TCP && to_us && memcmp(seg->destination_mac, host->mac, 6) == 0;
}

static bool is_source_routed(const uint8_t *frame)
{
	return frame[12] == 8 && frame[14] > 0x45 && (frame[34] == 131 || frame[34] == 137);
}

static void set_verdict(struct host *host, struct rte_mbuf *packet, const struct dissect *seg)
{
	if (!(host->io.flags & SLUICE_IO_RX_CHECKSUM) || random_chance(&host->random, 100000))
		return;
	if (seg->kind == DISSECT_TCP)
		packet->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	else if (seg->kind == DISSECT_BAD && strcmp(seg->wrong, "TCP checksum") == 0)
		packet->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_BAD;
	else if (seg->kind == DISSECT_BAD && strcmp(seg->wrong, "IPv4 checksum") == 0)
		packet->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_BAD;
}

/* A segment is about to reach the worker whole, and for it. */
static void deliver(struct host *host, const struct dissect *seg, struct side *speaker, bool forged)
{
	host->port.segments_received++;
	observer_delivered(&host->world->observer, host->index, seg, speaker, forged);
	licence_delivered(host->index, seg, forged);
}

static struct rte_mbuf *take_in(struct host *host, struct flight *flight)
{
	struct dissect seg = dissect(flight->frame, flight->bytes);
	bool forged = flight->from == flight->to;
	struct side *speaker = flight->speaker;
	uint32_t header = seg.kind == DISSECT_TCP ? (uint32_t)(seg.text - flight->frame) : flight->bytes;
	uint32_t first = flight->bytes;
	struct rte_mbuf *packet;

	if (forged && seg.kind == DISSECT_TCP && !stranger_is_harmless(host->world, &seg, &speaker))
		return NULL;
	if (forged && seg.kind == DISSECT_ARP && !stranger_may_claim(host, flight->frame))
		return NULL;
	if (random_chance(&host->random, host->trouble.chain_ppm) && !forged)
		first = (uint32_t)random_between(&host->random, random_chance(&host->random, 100000) ? 14 : header,
						 flight->bytes);
	packet = packet_pool_receive(&host->pool, flight->frame, flight->bytes, first);
	if (!packet) {
		host->world->faults[FAULT_receive_full]++;
		host->world->forged_lost += forged;
		return NULL;
	}
	fragments_mark(packet, speaker);
	trace_frame(host_hears[host->index], forged ? "forged" : "", flight->frame, flight->bytes);
	set_verdict(host, packet, &seg);
	host->port.packets_received++;
	host->port.bytes_received += flight->bytes;
	if (seg.kind == DISSECT_ICMP && forged)
		router_heard(host->world, host->index, &seg, flight->frame);
	if (first < header || !is_for(host, &seg) || is_source_routed(flight->frame))
		return packet;
	deliver(host, &seg, speaker, forged);
	return packet;
}

/* Puts one piece where it belongs; what becomes whole is traced as if it arrived so. */
static struct rte_mbuf *assemble(struct host *host, struct rte_mbuf *packet, uint32_t *lost)
{
	void *speaker = NULL;
	struct rte_mbuf *whole =
		fragments_add(&host->assemblies, &host->pool, host->world->now_ns, packet, lost, &speaker);
	const uint8_t *frame;
	struct dissect seg;

	if (!whole)
		return NULL;
	frame = (const uint8_t *)whole->buf_addr + whole->data_off;
	seg = dissect(frame, whole->data_len);
	trace_frame(host_hears[host->index], "joined", frame, whole->data_len);
	if (is_for(host, &seg))
		deliver(host, &seg, speaker, false);
	return whole;
}

static void port_reassemble(void *user, uint64_t now_ns, struct sluice_fragments *work)
{
	struct host *host = user;
	uint32_t whole_count = 0;

	(void)now_ns;
	work->lost_count = 0;
	for (uint32_t i = 0; i < work->count; i++) {
		struct rte_mbuf *whole = assemble(host, work->packet[i], &work->lost_count);

		if (whole)
			work->packet[whole_count++] = whole;
	}
	work->lost_count += fragments_expire(&host->assemblies, &host->pool, host->world->now_ns, false);
	work->count = whole_count;
	work->held_count = fragments_held(&host->assemblies);
}

static uint32_t port_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct host *host = user;
	uint32_t count = 0;

	if (random_chance(&host->random, host->trouble.receive_few_ppm))
		max = random_below(&host->random, max + 1);
	while (count < max && host->arrived_count) {
		struct flight *flight = host->arrived[host->arrived_first];

		host->arrived_first = (host->arrived_first + 1) % HOST_ARRIVED_MAX;
		host->arrived_count--;
		packet[count] = take_in(host, flight);
		count += packet[count] != NULL;
		free(flight);
	}
	return count;
}

/* What a port with offloads does to a frame before it leaves. */
static void fill_checksums(const struct host *host, const struct rte_mbuf *packet, uint8_t *frame, uint32_t bytes)
{
	uint32_t l3 = packet->l2_len, l4 = packet->l2_len + packet->l3_len;
	uint64_t wants = packet->ol_flags;

	if (wants & RTE_MBUF_F_TX_IP_CKSUM) {
		RULE(host->io.flags & SLUICE_IO_TX_IPV4_CHECKSUM, "offload",
		     "asked for an IPv4 checksum that the port does not do");
		frame[l3 + 10] = frame[l3 + 11] = 0;
		uint16_t sum = dissect_fold(dissect_sum(0, frame + l3, packet->l3_len));

		frame[l3 + 10] = (uint8_t)(sum >> 8);
		frame[l3 + 11] = (uint8_t)sum;
	}
	if ((wants & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_TCP_CKSUM) {
		/* The field holds the pseudo-header's sum, as ports want it; the rest is added to it. */
		RULE(host->io.flags & SLUICE_IO_TX_TCP_CHECKSUM, "offload",
		     "asked for a TCP checksum that the port does not do");
		uint16_t sum = dissect_fold(dissect_sum(0, frame + l4, bytes - l4));

		frame[l4 + 16] = (uint8_t)(sum >> 8);
		frame[l4 + 17] = (uint8_t)sum;
	}
}

/* The first SYN goes to the station that its destination is, whoever claimed to be that. */
static void check_hop(const struct host *host, const struct dissect *seg)
{
	uint8_t to = observer_host_of(&host->world->observer, seg->destination.ip);

	if (to == TALK_NO_HOST || (seg->flags & (SEG_SYN | SEG_ACK)) != SEG_SYN)
		return;
	RULE(memcmp(seg->destination_mac, host->world->host[to].mac, 6) == 0, "hop",
	     "host %c sent a SYN for host %c to another station", 'A' + host->index, 'A' + to);
}

static void put_on_wire(struct host *host, const uint8_t *frame, uint32_t bytes)
{
	struct world *world = host->world;
	struct dissect seg = dissect(frame, bytes);
	struct side *speaker = NULL;

	trace_frame(host_leaves[host->index], "", frame, bytes);
	RULE(seg.kind != DISSECT_BAD, "frame", "host %c sent a frame with a wrong %s", 'A' + host->index, seg.wrong);
	RULE(memcmp(seg.source_mac, host->mac, 6) == 0, "frame", "host %c sent a frame from another MAC",
	     'A' + host->index);
	if (seg.kind == DISSECT_TCP && observer_host_of(&world->observer, seg.source.ip) == host->index)
		speaker = observer_sent(&world->observer, host->index, &seg);
	if (seg.kind == DISSECT_TCP)
		check_hop(host, &seg);
	if (seg.kind == DISSECT_ARP)
		stranger_hears_arp(world, host->index, frame, bytes);
	world_transmit(world, host->index, frame, bytes, speaker);
}

static void send_one(struct host *host, struct rte_mbuf *packet)
{
	struct sending *sending = &host->sending[(host->sending_first + host->sending_count++) % HOST_SENDING_MAX];
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes = packet_flatten(packet, frame, sizeof(frame));

	RULE(bytes == packet->pkt_len, "packets", "pkt_len is %u, the buffers hold %u bytes", packet->pkt_len, bytes);
	*sending = (struct sending){
		.packet = packet,
		.bytes = bytes,
		.bytes_then = malloc(bytes),
		.done_ns = host->world->now_ns + random_between(&host->random, 0, host->trouble.dma_ns),
	};
	memcpy(sending->bytes_then, frame, bytes);
	fill_checksums(host, packet, frame, bytes);
	host->port.packets_sent++;
	host->port.bytes_sent += bytes;
	put_on_wire(host, frame, bytes);
}

static uint32_t count_taken(struct host *host, uint32_t count)
{
	uint32_t room = HOST_SENDING_MAX - host->sending_count, taken = count < room ? count : room;

	if (host->world->now_ns < host->refuse_until_ns || random_chance(&host->random, host->trouble.refuse_all_ppm))
		taken = 0;
	else if (count && random_chance(&host->random, host->trouble.refuse_some_ppm))
		taken = random_below(&host->random, taken + 1);
	if (taken < count) {
		host->world->faults[FAULT_send_refused]++;
		host->last_trouble_ns = host->world->now_ns;
	}
	return taken;
}

static uint32_t port_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct host *host = user;
	uint32_t taken = count_taken(host, count);

	host->is_refusing = taken < count;
	for (uint32_t i = 0; i < taken; i++)
		send_one(host, packet[i]);
	return taken;
}

static uint32_t port_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct host *host = user;
	uint32_t give = count, n = 0;

	if (host->world->now_ns < host->dry_until_ns || random_chance(&host->random, host->trouble.allocate_none_ppm))
		give = 0;
	else if (random_chance(&host->random, host->trouble.allocate_some_ppm))
		give = random_below(&host->random, count + 1);
	while (n < give && (packet[n] = packet_pool_take(&host->pool)))
		n++;
	if (n < count) {
		host->world->faults[FAULT_stash_empty]++;
		host->last_trouble_ns = host->world->now_ns;
	}
	return n;
}

static void port_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct host *host = user;

	for (uint32_t i = 0; i < count; i++)
		packet_pool_give(&host->pool, packet[i]);
}

/* The port has read a packet it took: nothing in it may have changed meanwhile. */
static void finish_sending(struct host *host, bool all)
{
	while (host->sending_count) {
		struct sending *sending = &host->sending[host->sending_first];
		uint8_t frame[FRAME_BYTES_MAX];
		uint32_t bytes;

		if (!all && sending->done_ns > host->world->now_ns)
			return;
		bytes = packet_flatten(sending->packet, frame, sizeof(frame));
		RULE(bytes == sending->bytes && memcmp(frame, sending->bytes_then, bytes) == 0, "dma",
		     "host %c: a packet changed after the port had taken it", 'A' + host->index);
		free(sending->bytes_then);
		packet_pool_give(&host->pool, sending->packet);
		host->sending_first = (host->sending_first + 1) % HOST_SENDING_MAX;
		host->sending_count--;
	}
}

void host_start(struct host *host)
{
	const char *error = NULL;
	size_t bytes;

	host->io = (struct sluice_io){
		.user = host,
		.now_ns = port_now_ns,
		.receive = port_receive,
		.send = port_send,
		.allocate = port_allocate,
		.release = port_release,
		.reassemble = port_reassemble,
		.mtu_bytes = (uint16_t)host->config.port[host->index].mtu_bytes,
		.flags = host->io.flags,
	};
	memcpy(host->io.mac, host->mac, 6);
	bytes = sluice_worker_make(&host->config, host->index, &host->io, NULL, 0, &host->worker, &error);
	RULE(bytes, "make", "the configuration of host %c is refused: %s", 'A' + host->index,
	     error ? error : "no reason");
	host->memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
	if (!host->memory)
		abort();
	memset(host->memory, 0, bytes);
	RULE(sluice_worker_make(&host->config, host->index, &host->io, host->memory, bytes, &host->worker, &error) ==
		     bytes,
	     "make", "host %c cannot be made in the memory it asked for: %s", 'A' + host->index,
	     error ? error : "no reason");
	host->worker->tcp.is_careful = host->world->is_careful;
	host->deadline_ns = host->world->now_ns;
}

void host_stop(struct host *host)
{
	finish_sending(host, true);
	while (host->arrived_count--) {
		free(host->arrived[host->arrived_first]);
		host->arrived_first = (host->arrived_first + 1) % HOST_ARRIVED_MAX;
	}
	host->arrived_count = 0;
	sluice_worker_close(host->worker);
	fragments_expire(&host->assemblies, &host->pool, 0, true);
	finish_sending(host, true);
	RULE(host->pool.out_count == 0, "packets", "host %c: %u packets never came back", 'A' + host->index,
	     host->pool.out_count);
	free(host->memory);
	host->worker = NULL;
}

uint64_t host_wake_ns(const struct host *host)
{
	uint64_t wake = host->arrived_count ? host->world->now_ns : host->deadline_ns;

	/* A polled worker would see at once that the port is done with a packet. */
	if (host->sending_count && host->sending[host->sending_first].done_ns < wake)
		wake = host->sending[host->sending_first].done_ns;
	return wake == UINT64_MAX || wake > host->busy_until_ns ? wake : host->busy_until_ns;
}

static void note_deadline(struct host *host)
{
	uint64_t deadline_ns = sluice_next_deadline_ns(host->worker);

	host->deadline_ns = deadline_ns == UINT64_MAX              ? UINT64_MAX
			    : deadline_ns <= host->clock_offset_ns ? 0
								   : deadline_ns - host->clock_offset_ns;
}

static void take_time(struct host *host, uint32_t event_count)
{
	struct world *world = host->world;

	host->busy_until_ns =
		world->now_ns + random_between(&host->random, 500, host->trouble.turn_ns) + event_count * EVENT_NS;
	if (!random_chance(&host->random, host->trouble.stall_ppm))
		return;
	world->faults[FAULT_stall]++;
	host->busy_until_ns += random_between(&host->random, 0, host->trouble.stall_ns);
	host->last_trouble_ns = host->busy_until_ns;
}

void host_turn(struct host *host)
{
	const struct sluice_event *event;
	uint32_t count;

	finish_sending(host, false);
	if (host->turn_begins)
		host->turn_begins(host);
	event = sluice_poll(host->worker, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (host->streams)
			streams_handle(host->streams, &event[i]);
		else if (host->program_handle)
			host->program_handle(host, &event[i]);
	}
	if (host->streams)
		streams_turn(host->streams);
	else if (host->program_turn)
		host->program_turn(host);
	sluice_flush(host->worker);
	if (host->turn_ends)
		host->turn_ends(host);
	note_deadline(host);
	take_time(host, count);
	oracle_after_turn(host, count);
}
