/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port of memory, and a worker on it: packets wait to be received, those sent are kept in order, both as bytes; time is set, and
 * packets, room to send and memory for packets run out as told.
 */
#pragma once

#include "lib/wire/build.h"
#include "lib/worker/worker.h"
#include "tests/core/segment.h"

#define PORT_PACKETS_MAX 1024
#define PORT_PEER_ISS    0xfffffff0U

struct port {
	struct sluice_worker *worker;
	void *memory;
	size_t memory_bytes;
	uint64_t now_ns, cycles;
	uint64_t wall_ns;
	uint32_t wall_asked;
	uint64_t waited_until_ns; /* of the last wait; 0: none */
	uint32_t waits;
	uint32_t alive;    /* packets made and not released */
	uint32_t may_make; /* more of them */
	uint32_t may_send; /* packets that the port still takes */
	struct rte_mbuf *in[PORT_PACKETS_MAX];
	uint32_t in_first, in_end;
	struct bytes sent[PORT_PACKETS_MAX];
	uint32_t sent_count;
	struct side side;
	char text[SEGMENT_BYTES];
};

static inline uint64_t port_now_ns(void *user)
{
	return ((struct port *)user)->now_ns;
}

static inline uint64_t port_wall_ns(void *user)
{
	struct port *port = user;

	port->wall_asked++;
	return port->wall_ns;
}

static inline uint64_t port_cycles(void *user)
{
	return ((struct port *)user)->cycles += 100;
}

static inline uint32_t port_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct port *port = user;
	uint32_t count = 0;

	while (count < max && port->in_first < port->in_end)
		packet[count++] = port->in[port->in_first++];
	return count;
}

static inline uint32_t port_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct port *port = user;
	uint32_t taken = 0;

	for (; taken < count && port->may_send; taken++, port->may_send--) {
		struct bytes *bytes = &port->sent[port->sent_count++];

		REQUIRE(port->sent_count < PORT_PACKETS_MAX);
		bytes->count = packet_copy_out(packet[taken], bytes->at, sizeof(bytes->at));
		packet_free(packet[taken]);
		port->alive--;
	}
	return taken;
}

static inline uint32_t port_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct port *port = user;
	uint32_t made = 0;

	for (; made < count && port->may_make; made++, port->may_make--) {
		packet[made] = packet_new();
		port->alive++;
	}
	return made;
}

static inline void port_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct port *port = user;

	for (uint32_t i = 0; i < count; i++) {
		for (const struct rte_mbuf *part = packet[i]; part; part = part->next)
			port->alive--;
		packet_free(packet[i]);
	}
}

static inline void port_wait(void *user, uint64_t deadline_ns)
{
	struct port *port = user;

	port->waits++;
	port->waited_until_ns = deadline_ns;
}

static inline struct sluice_config port_config(void)
{
	struct sluice_config config;

	sluice_config_defaults(&config);
	config.port_count = 1;
	config.connections = config.half_open = config.time_wait = 16;
	config.chunks_small = config.chunks_large = config.descriptors = config.inflight = 64;
	config.timestamps = config.sack = false;
	config.window_shift = 0;
	config.receive_bytes = config.receive_max_bytes = 32768;
	config.secret[0] = 1;
	for (uint32_t family = 0; family < 2; family++) {
		struct ip ip = test_ip(family, 1);

		memcpy(config.port[0].subnet[family].ip, &ip, sizeof(ip));
		config.port[0].subnet[family].prefix_bits = family ? 48 : 24;
	}
	config.port[0].subnet_count = 2;
	return config;
}

/* Of ports made from now on. */
static void (*port_reassemble)(void *user, uint64_t now_ns, struct sluice_fragments *work);

static inline struct sluice_io port_io(struct port *port)
{
	return (struct sluice_io){
		.user = port,
		.now_ns = port_now_ns,
		.wall_ns = port_wall_ns,
		.cycles = port_cycles,
		.receive = port_receive,
		.send = port_send,
		.allocate = port_allocate,
		.release = port_release,
		.wait = port_wait,
		.reassemble = port_reassemble,
		.mac = {2, 0, 0, 0, 0, 1},
		.mtu_bytes = 1500,
	};
}

static inline struct port *port_new(const struct sluice_config *config)
{
	struct sluice_config usual = port_config();
	struct port *port = calloc(1, sizeof(*port));
	struct sluice_io io = port_io(port);
	const char *error = NULL;

	REQUIRE(port);
	config = config ? config : &usual;
	port->now_ns = 5000000000;
	port->wall_ns = 1700000000000000000;
	port->may_make = port->may_send = UINT32_MAX;
	port->side = (struct side){.last = 2, .port = 4000, .our_port = 80, .iss = PORT_PEER_ISS};
	port->memory_bytes = sluice_worker_make(config, 0, &io, NULL, 0, NULL, &error);
	assert_null(error);
	port->memory_bytes = (port->memory_bytes + 63) / 64 * 64;
	port->memory = aligned_alloc(64, port->memory_bytes);
	REQUIRE(port->memory);
	memset(port->memory, 0, port->memory_bytes);
	assert_true(sluice_worker_make(config, 0, &io, port->memory, port->memory_bytes, &port->worker, &error) > 0);
	assert_null(error);
	return port;
}

/* Closes the worker; every packet must have come back. */
static inline void port_free(struct port *port)
{
	sluice_worker_close(port->worker);
	while (port->in_first < port->in_end)
		port_release(port, &port->in[port->in_first++], 1);
	assert_int_equal(port->alive, 0);
	free(port->memory);
	free(port);
}

static inline void port_brings_frame(struct port *port, const struct bytes *frame)
{
	struct rte_mbuf *packet = packet_new();

	REQUIRE(port->in_end < PORT_PACKETS_MAX);
	memcpy(packet_bytes(packet), frame->at, frame->count);
	packet->data_len = (uint16_t)frame->count;
	packet->pkt_len = frame->count;
	port->alive++;
	port->in[port->in_end++] = packet;
}

/* Puts a segment where the worker will receive it. */
static inline void port_brings(struct port *port, struct segment segment)
{
	struct bytes frame = segment_frame(&port->side, &segment);

	port_brings_frame(port, &frame);
}

/* A fragment of IPv4, the first or one after it. */
static inline void port_brings_fragment(struct port *port, bool is_first)
{
	static const uint8_t part[24];
	struct bytes frame = ip_frame(false, 6, part, sizeof(part));

	set_16(&frame, L3 + 6, is_first ? 0x2000 : 3);
	mend_at(&frame, frame.count, 0, 17);
	port_brings_frame(port, &frame);
}

/* The next event of a whole turn; mask 0: there was none. */
static inline struct sluice_event port_turn(struct port *port)
{
	struct sluice_event event = {0};
	uint32_t count;
	const struct sluice_event *events = sluice_poll(port->worker, &count);

	assert_true(count <= 1);
	if (count)
		event = events[0];
	sluice_flush(port->worker);
	return event;
}

/* What was sent in place `number`, as the peer reads it. */
static inline struct segment port_sent(struct port *port, uint32_t number)
{
	const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, port->side.last}}};
	struct rte_mbuf *packet;
	struct segment segment;
	struct frame frame;

	assert_true(number < port->sent_count);
	packet = packet_from_bytes(port->sent[number].at, port->sent[number].count);
	frame_parse(packet, &rules, &frame);
	frame.packet = packet;
	assert_int_equal(frame.kind, FRAME_TCP);
	if (frame.flags & TCP_SYN)
		port->side.our_iss = frame.seq.value;
	segment = segment_read(&port->side, &frame, port->text);
	packet_free(packet);
	return segment;
}

/* A connection that the peer opened. */
static inline sluice_conn port_opened(struct port *port)
{
	const struct sluice_address any = {.port = port->side.our_port};
	struct sluice_event event;

	sluice_listen(port->worker, &any, NULL);
	port->sent_count = 0;
	port_brings(port, (struct segment){.flags = TCP_SYN, .mss = 1000});
	port_turn(port);
	assert_int_equal(port_sent(port, 0).flags, TCP_SYN | TCP_ACK);
	port_brings(port, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	event = port_turn(port);
	assert_int_equal(event.mask, SLUICE_OPENED);
	port->sent_count = 0;
	return event.conn;
}

#define port_counted(port, name) ((port)->worker->tcp.counter[SLUICE_COUNTER_##name])
