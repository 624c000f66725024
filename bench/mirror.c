/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients are numbered; number, addresses and ports are the same thing said twice.
 */
#include "bench/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wire/build.h"

#define BUFFER_BYTES   (PACKET_HEADROOM_BYTES + PACKET_ROOM_BYTES)
#define PORTS_PER_HOST 50000U
#define PORT_FIRST     10000U
#define HOST_FIRST     16U
#define SERVER_PORT    80
#define CLIENT_ISS     7777U

static const struct mac server_mac = {{2, 0, 0, 0, 0, 1}}, client_mac = {{2, 0, 0, 0, 0, 2}};
static const char request[] = "GET / HTTP/1.1\r\nHost: 198.18.0.1\r\n\r\n";

/* ---- Packets ------------------------------------------------------------------------------------------- */

static uint64_t io_now_ns(void *user)
{
	return ((struct mirror *)user)->now_ns;
}

static struct rte_mbuf *packet_take(struct mirror *mirror)
{
	struct rte_mbuf *packet = mirror->free_count ? mirror->free[--mirror->free_count] : NULL;

	if (!packet)
		return NULL;
	stash_renew(packet);
	packet->next = NULL;
	packet->nb_segs = 1;
	packet->refcnt = 1;
	return packet;
}

static uint32_t io_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	uint32_t made = 0;

	while (made < count && (packet[made] = packet_take(user)) != NULL)
		made++;
	return made;
}

static void io_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct mirror *mirror = user;

	for (uint32_t i = 0; i < count; i++) {
		struct rte_mbuf *next;

		for (struct rte_mbuf *part = packet[i]; part; part = next) {
			next = part->next;
			mirror->free[mirror->free_count++] = part;
		}
	}
}

static uint32_t io_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct mirror *mirror = user;
	uint32_t count = 0;

	for (; count < max && mirror->in_count; count++, mirror->in_count--)
		packet[count] = mirror->in[mirror->in_first++ % MIRROR_PACKETS];
	return count;
}

static void packets_make(struct mirror *mirror)
{
	size_t stride = sizeof(struct rte_mbuf) + PACKET_PRIVATE_BYTES + BUFFER_BYTES;
	uint8_t *at = mirror->buffers = calloc(MIRROR_PACKETS, stride);

	for (uint32_t i = 0; at && i < MIRROR_PACKETS; i++, at += stride) {
		struct rte_mbuf *packet = (struct rte_mbuf *)(void *)at;

		packet->buf_addr = at + sizeof(struct rte_mbuf) + PACKET_PRIVATE_BYTES;
		packet->buf_len = BUFFER_BYTES;
		packet->priv_size = PACKET_PRIVATE_BYTES;
		mirror->free[mirror->free_count++] = packet;
	}
}

/* ---- Clients ------------------------------------------------------------------------------------------- */

/* The client's end is the local one. */
static struct tuple tuple_of(const struct mirror *mirror, uint32_t client)
{
	bool ipv6 = client & 1;
	uint32_t host = HOST_FIRST + client / 2 / PORTS_PER_HOST;
	struct tuple tuple = {.local_port = (uint16_t)(PORT_FIRST + client / 2 % PORTS_PER_HOST),
			      .remote_port = SERVER_PORT};

	memcpy(&tuple.remote, mirror->config.port[0].subnet[ipv6].ip, 16);
	tuple.local = tuple.remote;
	tuple.local.byte[14] = (uint8_t)(host >> 8);
	tuple.local.byte[15] = (uint8_t)host;
	return tuple;
}

static uint32_t client_of(const struct tuple *tuple)
{
	uint32_t host = (uint32_t)tuple->local.byte[14] << 8 | tuple->local.byte[15];

	return ((host - HOST_FIRST) * PORTS_PER_HOST + tuple->local_port - PORT_FIRST) * 2 + !ip_is_ipv4(&tuple->local);
}

static void client_sends(struct mirror *mirror, uint32_t number, uint8_t flags, const char *text, uint16_t text_bytes)
{
	struct mirror_client *client = &mirror->client[number];
	struct tcp_options options = {.present = TCP_HAS_TIMESTAMPS,
				      .tsval = (uint32_t)(mirror->now_ns / 1000000),
				      .tsecr = client->tsecr,
				      .mss_bytes = 1440,
				      .window_shift = 7};
	struct rte_mbuf *packet = packet_take(mirror);
	struct tuple tuple = tuple_of(mirror, number);
	uint8_t option_bytes[40];

	REQUIRE(packet && mirror->in_count < MIRROR_PACKETS);
	if (flags & TCP_SYN)
		options.present |= TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_WINDOW_SCALE;
	memcpy(packet_bytes(packet), text, text_bytes);
	packet->data_len = text_bytes;
	packet->pkt_len = text_bytes;
	build_segment(packet, &(struct build_segment){
				      .tuple = &tuple,
				      .source_mac = &client_mac,
				      .destination_mac = &server_mac,
				      .seq = {client->seq},
				      .ack = {flags & TCP_ACK ? client->ack : 0},
				      .window = 65535,
				      .flags = flags,
				      .ttl = 64,
				      .option_bytes = (uint8_t)tcp_options_write(option_bytes, &options),
				      .options = option_bytes,
			      });
	client->seq += text_bytes + (flags & (TCP_SYN | TCP_FIN) ? 1U : 0);
	mirror->in[(mirror->in_first + mirror->in_count++) % MIRROR_PACKETS] = packet;
}

void mirror_opens(struct mirror *mirror, uint32_t client)
{
	mirror->client[client] = (struct mirror_client){.seq = CLIENT_ISS + client};
	client_sends(mirror, client, TCP_SYN, "", 0);
}

void mirror_asks(struct mirror *mirror, uint32_t client)
{
	client_sends(mirror, client, TCP_ACK | TCP_PSH, request, sizeof(request) - 1);
}

void mirror_closes_again(struct mirror *mirror, uint32_t client)
{
	mirror->client[client].seq--;
	client_sends(mirror, client, TCP_FIN | TCP_ACK, "", 0);
}

/* What a client does about a segment: the SYN-ACK brings the request, text its ACK, FIN a FIN. */
static void client_hears(struct mirror *mirror, const struct frame *frame)
{
	uint32_t number = client_of(&frame->tuple);
	struct mirror_client *client = &mirror->client[number];

	REQUIRE(number < mirror->client_count);
	if (frame->flags & TCP_RST) {
		mirror->reset_count++;
		return;
	}
	client->ack = frame->seq.value + frame->text_bytes + (frame->flags & (TCP_SYN | TCP_FIN) ? 1U : 0);
	client->tsecr = frame->options.tsval;
	if (frame->flags & TCP_SYN) {
		mirror->opened_count++;
		mirror_asks(mirror, number);
		return;
	}
	if (frame->text_bytes)
		mirror->answered_count++;
	if (frame->flags & TCP_FIN) {
		mirror->closed_count++;
		client_sends(mirror, number, TCP_ACK | (mirror->closes_too ? TCP_FIN : 0), "", 0);
	} else if (frame->text_bytes) {
		client_sends(mirror, number, TCP_ACK, "", 0);
	} else {
		mirror->acked_count++;
	}
}

static uint32_t io_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	static const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, 2}}, .checksum_offload = true};
	struct mirror *mirror = user;

	if (mirror->is_silent) {
		io_release(mirror, packet, count);
		return count;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct frame frame;

		frame_parse(packet[i], &rules, &frame);
		if (frame.kind == FRAME_TCP)
			client_hears(mirror, &frame);
		io_release(mirror, &packet[i], 1);
	}
	return count;
}

/* ---- The worker ---------------------------------------------------------------------------------------- */

bool mirror_open(struct mirror *mirror, uint32_t clients)
{
	struct sluice_port_config *port = &mirror->config.port[0];

	memset(mirror, 0, sizeof(*mirror));
	sluice_config_defaults(&mirror->config);
	mirror->config.port_count = 1;
	mirror->config.secret[0] = 1;                  /* the same in every run */
	mirror->config.cookies = SLUICE_COOKIES_NEVER; /* a crowd of half-open entries is not to be avoided here */
	sluice_subnet_parse("198.18.0.1/15", &port->subnet[0]);
	sluice_subnet_parse("2001:2::1/48", &port->subnet[1]);
	port->subnet_count = 2;
	mirror->client_count = clients;
	mirror->client = malloc(clients * sizeof(*mirror->client));
	packets_make(mirror);
	if (!mirror->client || !mirror->buffers)
		return false;
	memset(mirror->client, 0xff, clients * sizeof(*mirror->client)); /* present before memory is measured */
	return true;
}

void mirror_close(struct mirror *mirror)
{
	free(mirror->client);
	free(mirror->buffers);
}

static struct sluice_io mirror_io(struct mirror *mirror)
{
	return (struct sluice_io){
		.user = mirror,
		.now_ns = io_now_ns,
		.receive = io_receive,
		.send = io_send,
		.allocate = io_allocate,
		.release = io_release,
		.mac = {2, 0, 0, 0, 0, 1},
		.mtu_bytes = 1500,
	};
}

size_t mirror_worker_bytes(const struct mirror *mirror)
{
	const struct sluice_io io = {.mtu_bytes = 1500};
	const char *why = NULL;
	size_t bytes = sluice_worker_make(&mirror->config, 0, &io, NULL, 0, NULL, &why);

	if (bytes == 0)
		fprintf(stderr, "no worker: %s\n", why);
	return bytes;
}

bool mirror_worker_make(struct mirror *mirror)
{
	static const struct sluice_address any = {.port = SERVER_PORT};
	struct sluice_io io = mirror_io(mirror);
	const char *why = "too much memory";
	size_t bytes = mirror_worker_bytes(mirror);

	if (bytes == 0 || memory_map(&mirror->memory, bytes, -1) != 0 ||
	    sluice_worker_make(&mirror->config, 0, &io, mirror->memory.address, mirror->memory.bytes, &mirror->worker,
			       &why) == 0) {
		fprintf(stderr, "no worker: %s\n", why);
		return false;
	}
	return sluice_listen(mirror->worker, &any, NULL) >= 0;
}

void mirror_worker_free(struct mirror *mirror)
{
	sluice_worker_close(mirror->worker);
	memory_unmap(&mirror->memory);
}
