/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire is the ring pair of lib/port, as bench/wire.c and sluice-load --loopback use it.
 */
#include "bench/field.h"

#include <stdio.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "bench/turn.h"
#include "config/limits.h"

#define LONG_TURN_CYCLES \
	250000                /* from here on it is asked whether the thread was interrupted; a full burst takes less */
#define TURNS_BETWEEN     256 /* looks at the kernel's count of interruptions: each is a system call */
#define CLIENT_HOST_FIRST 16

static uint64_t io_now_ns(void *user)
{
	(void)user;
	return 1 + turn_now_ns();
}

/* ---- The wire ------------------------------------------------------------------------------------------ */

static void say_line(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static struct sluice_subnet subnet(const char *text, uint8_t last)
{
	struct sluice_subnet subnet;

	sluice_subnet_parse(text, &subnet);
	subnet.ip[15] = last;
	return subnet;
}

static void name_addresses(struct sluice_config *config)
{
	struct sluice_port_config *client = &config->port[FIELD_CLIENT], *server = &config->port[FIELD_SERVER];

	server->device = client->device = "ring:field";
	server->subnet[0] = subnet("198.18.0.0/15", 1);
	server->subnet[1] = subnet("2001:2::/48", 1);
	server->subnet_count = 2;
	for (uint32_t i = 0; i < SLUICE_SUBNETS_MAX; i++)
		client->subnet[i] = subnet("198.18.0.0/15", (uint8_t)(CLIENT_HOST_FIRST + i));
	client->subnet_count = SLUICE_SUBNETS_MAX;
	config->port_count = 2;
}

/*
 * An honest client's port leaves out what answers the flood: a spoofed address has its packets elsewhere, and what it would
 * cost to ignore them is nobody's time here.
 */
static bool answers_flood(const struct rte_mbuf *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet, const uint8_t *);

	return (frame[12] == 0x08 && frame[13] == 0 && frame[30] == 198 && frame[31] == 19) || frame[12] == 0x86;
}

static struct field *client_of;

static uint32_t client_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct sluice_io *io = &client_of->ports.io[FIELD_CLIENT];
	uint32_t kept = 0, count;

	do {
		count = io->receive(user, packet + kept, max - kept);
		for (uint32_t end = kept + count, i = kept; i < end; i++) {
			if (answers_flood(packet[i]))
				rte_pktmbuf_free(packet[i]);
			else
				packet[kept++] = packet[i];
		}
	} while (count && kept < max);
	return kept;
}

bool field_open(struct field *field)
{
	memset(field, 0, sizeof(*field));
	sluice_config_defaults(&field->config);
	name_addresses(&field->config);
	field->config.print = say_line;
	if (ports_create(&field->ports, &field->config) != 0 || ports_start(&field->ports) != 0) {
		ports_destroy(&field->ports);
		return false;
	}
	field->config.print = NULL;
	field->server_io = field->ports.io[FIELD_SERVER];
	field->client_io = field->ports.io[FIELD_CLIENT];
	field->server_io.now_ns = field->client_io.now_ns = io_now_ns;
	field->client_io.receive = client_receive;
	client_of = field;
	return true;
}

void field_close(struct field *field)
{
	ports_destroy(&field->ports);
}

bool field_worker_make(struct field *field, unsigned end, struct field_worker *made)
{
	const char *why = "too much memory";
	size_t bytes;

	made->io = end == FIELD_SERVER ? &field->server_io : &field->client_io;
	bytes = sluice_worker_make(&field->config, end, made->io, NULL, 0, NULL, &why);
	if (bytes == 0 || memory_map(&made->memory, bytes, -1) != 0 ||
	    sluice_worker_make(&field->config, end, made->io, made->memory.address, made->memory.bytes, &made->worker,
			       &why) == 0) {
		fprintf(stderr, "no worker: %s\n", why);
		return false;
	}
	return true;
}

void field_worker_free(struct field_worker *made)
{
	sluice_worker_close(made->worker);
	memory_unmap(&made->memory);
}

/* ---- Floods -------------------------------------------------------------------------------------------- */

struct flood field_flood(const struct field *field, bool ipv6, uint16_t port, uint64_t seed)
{
	struct flood_plan plan = {.has_options = true, .seed = seed};
	struct flood flood;

	memcpy(plan.source_mac, field->client_io.mac, sizeof(plan.source_mac));
	memcpy(plan.destination_mac, field->server_io.mac, sizeof(plan.destination_mac));
	sluice_subnet_parse(ipv6 ? "2001:2:0:ff::/64" : "198.19.0.0/16", &plan.sources);
	memcpy(plan.destination.ip, field->config.port[FIELD_SERVER].subnet[ipv6].ip, 16);
	plan.destination.port = port ? port : 80;
	if (!flood_make(&flood, &plan))
		fprintf(stderr, "the flood refuses its addresses\n");
	return flood;
}

static void burst_send(struct field *field, struct flood *flood, enum flood_kind kind, uint32_t count)
{
	struct sluice_io *io = &field->ports.io[FIELD_CLIENT];
	struct rte_mbuf *packet[BURST_PACKETS_MAX];
	uint32_t made = io->allocate(io->user, packet, count), sent;

	for (uint32_t i = 0; i < made; i++) {
		uint32_t bytes = flood_fill(flood, kind, rte_pktmbuf_mtod(packet[i], uint8_t *));

		packet[i]->data_len = (uint16_t)bytes;
		packet[i]->pkt_len = bytes;
	}
	sent = io->send(io->user, packet, made);
	io->release(io->user, packet + sent, made - sent);
	field->refused_count += count - sent;
}

void field_flood_send(struct field *field, struct flood *flood, enum flood_kind kind, uint32_t count)
{
	while (count) {
		uint32_t burst = count < BURST_PACKETS_MAX ? count : BURST_PACKETS_MAX;

		burst_send(field, flood, kind, burst);
		count -= burst;
	}
}

bool field_send(struct field *field, const uint8_t *frame, uint32_t bytes)
{
	struct sluice_io *io = &field->ports.io[FIELD_CLIENT];
	struct rte_mbuf *packet;

	if (io->allocate(io->user, &packet, 1) == 0)
		return false;
	memcpy(rte_pktmbuf_mtod(packet, uint8_t *), frame, bytes);
	packet->data_len = (uint16_t)bytes;
	packet->pkt_len = bytes;
	if (io->send(io->user, &packet, 1) == 1)
		return true;
	io->release(io->user, &packet, 1);
	return false;
}

void field_drain(struct field *field, void (*each)(void *context, const uint8_t *frame, uint32_t bytes), void *context)
{
	struct sluice_io *io = &field->ports.io[FIELD_CLIENT];
	struct rte_mbuf *packet[BURST_PACKETS_MAX];
	uint32_t count;

	while ((count = io->receive(io->user, packet, BURST_PACKETS_MAX)) > 0) {
		for (uint32_t i = 0; each && i < count; i++)
			each(context, rte_pktmbuf_mtod(packet[i], const uint8_t *), packet[i]->data_len);
		io->release(io->user, packet, count);
	}
}
