/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port is plain but for what a real one may do at any time: it gives fewer buffers than asked, takes fewer packets than
 * offered, and hands a frame over in several buffers.
 */
#include "tests/lwip/stack.h"

#include <stdlib.h>
#include <string.h>

#include <rte_mbuf_core.h>

#include "lib/core/cookie.h"
#include "tests/lwip/bout.h"
#include "tests/lwip/watch.h"
#include "tests/sim/actor.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"
#include "tests/sim/witness.h"

#define POOL_PACKETS 4096

uint64_t witness_deeds[DEED_COUNT]; /* the actors count here; witness.c itself is not part of this program */

static struct host *host_of_stack(void)
{
	return &bout.world.host[BOUT_SLUICE];
}

/* ---- The port ----------------------------------------------------------------------------------------- */

static uint64_t port_now_ns(void *user)
{
	const struct host *host = user;

	return bout.world.now_ns + host->clock_offset_ns;
}

static struct rte_mbuf *take_in(struct host *host, const struct flight *flight)
{
	struct dissect seg = dissect(flight->frame, flight->bytes);
	uint32_t header = seg.kind == DISSECT_TCP ? (uint32_t)(seg.text - flight->frame) : flight->bytes;
	uint32_t first = flight->bytes;
	struct rte_mbuf *packet;

	if (random_chance(&host->random, host->trouble.chain_ppm))
		first = (uint32_t)random_between(&host->random, header, flight->bytes);
	packet = packet_pool_receive(&host->pool, flight->frame, flight->bytes, first);
	if (!packet)
		return NULL;
	trace_frame("  > A", "", flight->frame, flight->bytes);
	watch_heard(&seg);
	return packet;
}

static uint32_t port_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct host *host = user;
	uint32_t count = 0;

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

static uint32_t port_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct host *host = user;

	if (random_chance(&host->random, host->trouble.refuse_some_ppm))
		count = random_below(&host->random, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t frame[FRAME_BYTES_MAX];
		uint32_t bytes = packet_flatten(packet[i], frame, sizeof(frame));
		struct dissect seg = dissect(frame, bytes);

		trace_frame("A >", "", frame, bytes);
		watch_sent(&seg);
		bout_transmit(BOUT_SLUICE, frame, bytes);
		packet_pool_give(&host->pool, packet[i]);
	}
	return count;
}

static uint32_t port_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct host *host = user;
	uint32_t n = 0;

	if (random_chance(&host->random, host->trouble.allocate_some_ppm))
		count = random_below(&host->random, count + 1);
	while (n < count && (packet[n] = packet_pool_take(&host->pool)))
		n++;
	return n;
}

static void port_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct host *host = user;

	for (uint32_t i = 0; i < count; i++)
		packet_pool_give(&host->pool, packet[i]);
}

/* ---- The worker --------------------------------------------------------------------------------------- */

static uint32_t draw(uint32_t percent, uint32_t low, uint32_t high, uint32_t otherwise)
{
	struct random *random = &bout.world.random;

	return random_below(random, 100) < percent ? (uint32_t)random_between(random, low, high) : otherwise;
}

/* SLUICE_COOKIES says it for all seeds; else each has its own, from dice apart. */
static void draw_cookies(struct sluice_config *config)
{
	const char *mode = getenv("SLUICE_COOKIES");
	struct random dice = {.state = siphash_2_4((struct siphash_key){1, 2}, config->secret, sizeof(config->secret))};

	config->cookies = (enum sluice_cookies)random_below(&dice, 3);
	if (mode)
		config->cookies = strcmp(mode, "always") == 0  ? SLUICE_COOKIES_ALWAYS
				  : strcmp(mode, "never") == 0 ? SLUICE_COOKIES_NEVER
							       : SLUICE_COOKIES_AUTO;
	if (random_chance(&dice, 500000))
		config->cookies_syns_per_second = (uint32_t)random_between(&dice, 1, 10);
}

static void draw_config(struct host *host)
{
	struct sluice_config *config = &host->config;

	sluice_config_defaults(config);
	config->packets = POOL_PACKETS;
	config->connections = 256;
	config->half_open = 64;
	config->time_wait = 128;
	config->chunks_small = config->chunks_large = 2048;
	config->descriptors = 4096;
	config->inflight = 8192;
	config->out_of_order = draw(20, 2, 16, 1024);
	config->timestamps = draw(30, 0, 0, 1);
	config->sack = draw(30, 0, 0, 1);
	config->nodelay = draw(40, 0, 0, 1);
	config->window_shift = (uint8_t)draw(40, 0, 14, 8);
	config->receive_bytes = draw(40, 1U << 14, 60000, config->receive_bytes);
	config->send_queue_bytes = draw(30, 1024, 32768, config->send_queue_bytes);
	config->initial_window_segments = draw(30, 1, 4, 10);
	config->delayed_ack_ms = draw(30, 1, 200, config->delayed_ack_ms);
	config->rto_min_ms = draw(30, 20, 400, config->rto_min_ms);
	config->time_wait_ms = 1000 * draw(50, 4, 30, 60);
	for (uint32_t i = 0; i < sizeof(config->secret); i++)
		config->secret[i] = (uint8_t)(1 + random_below(&bout.world.random, 255));
	draw_cookies(config);
}

static void draw_host(struct host *host)
{
	static const uint8_t ipv4[16] = {[10] = 0xff, [11] = 0xff, 198, 18, 0, 1};
	static const uint8_t ipv6[16] = {0x20, 0x01, 0, 2, [15] = 1};
	struct sluice_port_config *port = &host->config.port[0];

	*host = (struct host){.world = &bout.world, .mac = {2, 0, 0, 0, 0, 1}};
	memcpy(host->ipv4.ip, ipv4, 16);
	memcpy(host->ipv6.ip, ipv6, 16);
	host->random.state = random_next(&bout.world.random);
	host->clock_offset_ns = (1ULL << 32) * 1000 - random_between(&bout.world.random, 0, 60 * SECOND_NS);
	packet_pool_make(&host->pool, "Sluice", POOL_PACKETS + 1024);
	draw_config(host);
	host->config.port_count = 1;
	host->config.secret[0] |= 1;
	port->subnet_count = 2;
	memcpy(port->subnet[0].ip, ipv4, 16);
	port->subnet[0].prefix_bits = 15;
	memcpy(port->subnet[1].ip, ipv6, 16);
	port->subnet[1].prefix_bits = 48;
	port->mtu_bytes = draw(30, 1280, 1500, 1500);
	host->trouble.chain_ppm = draw(50, 0, 300000, 0);
	host->trouble.allocate_some_ppm = draw(30, 0, 20000, 0);
	host->trouble.refuse_some_ppm = draw(30, 0, 50000, 0);
}

struct seq __real_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns);
struct seq __wrap_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns);

/* Half of what Sluice opens wraps within its first 256 KiB; no tuple is used twice here. */
struct seq __wrap_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns)
{
	struct seq isn = __real_cookie_active_isn(keys, tuple, now_ns);

	return isn.value & 1 ? isn : seq_of(-(isn.value >> 14));
}

static void listen_all(struct host *host)
{
	for (uint16_t port = 80; port < 83; port++) {
		struct sluice_address address = {.port = port}; /* "::": both families */

		RULE(sluice_listen(host->worker, &address, NULL) >= 0, "listen", "port %u is refused", port);
	}
}

void stack_start(void)
{
	struct host *host = host_of_stack();
	const char *error = "";
	size_t bytes;

	draw_host(host);
	host->io = (struct sluice_io){.user = host,
				      .now_ns = port_now_ns,
				      .receive = port_receive,
				      .send = port_send,
				      .allocate = port_allocate,
				      .release = port_release,
				      .mtu_bytes = (uint16_t)host->config.port[0].mtu_bytes};
	memcpy(host->io.mac, host->mac, 6);
	bytes = sluice_worker_make(&host->config, 0, &host->io, NULL, 0, &host->worker, &error);
	RULE(bytes, "make", "the configuration is refused: %s", error);
	host->memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
	if (!host->memory)
		abort();
	memset(host->memory, 0, bytes);
	RULE(sluice_worker_make(&host->config, 0, &host->io, host->memory, bytes, &host->worker, &error) == bytes,
	     "make", "%s", error);
	listen_all(host);
	watch_start(host->config.port[0].mtu_bytes);
}

void stack_arrives(struct flight *flight)
{
	struct host *host = host_of_stack();

	if (host->arrived_count == HOST_ARRIVED_MAX) {
		bout.world.faults[FAULT_receive_full]++;
		free(flight);
		return;
	}
	host->arrived[(host->arrived_first + host->arrived_count++) % HOST_ARRIVED_MAX] = flight;
}

/* ---- The application ---------------------------------------------------------------------------------- */

static void open_one(struct host *host, struct story *story)
{
	struct sluice_connect_options options = {.receive_bytes = story->script[0].receive_bytes,
						 .delay = story->script[0].nagle};
	struct sluice_address address = {.port = story->port}, local, peer;
	sluice_conn conn;
	int result;

	if (options.receive_bytes && options.receive_bytes < 1U << host->config.window_shift)
		options.receive_bytes = 1U << host->config.window_shift;
	memcpy(address.ip, story->ipv6 ? host->ipv6.ip : host->ipv4.ip, 16);
	address.ip[15] = BOUT_LWIP + 1;
	story->begun = story->connected[0] = true;
	result = sluice_connect(host->worker, &address, &options, &story->actor[0], &conn);
	RULE(result == 0, "connect", "story %u: connect returned %d", story->number, result);
	RULE(sluice_addresses(host->worker, conn, &local, &peer), "connect", "a new connection has no addresses");
	story->local_port = local.port;
	actor_begin(&story->actor[0], host, conn);
}

/* Who a connection that came to a listener belongs to; NULL: nobody, or it is over already. */
static struct actor *accept_one(struct host *host, const struct sluice_event *event)
{
	struct sluice_address local, peer;
	struct story *story;

	if (event->mask & SLUICE_CLOSED || !sluice_addresses(host->worker, event->conn, &local, &peer))
		return NULL;
	story = bout_find(BOUT_LWIP, !sluice_address_is_ipv4(&peer), peer.port, local.port);
	if (!story || story->actor[1].begun) {
		bout.stray_count++;
		sluice_abort(host->worker, event->conn);
		return NULL;
	}
	actor_begin(&story->actor[1], host, event->conn);
	sluice_set_context(host->worker, event->conn, &story->actor[1]);
	return &story->actor[1];
}

void stack_turn(void)
{
	struct host *host = host_of_stack();
	const struct sluice_event *event;
	uint64_t next_ns = UINT64_MAX;
	struct story *story;
	uint32_t count;

	event = sluice_poll(host->worker, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct actor *actor = event[i].context;

		if (event[i].conn.id && !actor)
			actor = accept_one(host, &event[i]);
		if (event[i].conn.id && actor)
			actor_handle(actor, &event[i]);
	}
	while ((story = bout_due(BOUT_SLUICE, &next_ns)))
		open_one(host, story);
	if (next_ns != UINT64_MAX)
		sluice_set_worker_timer(host->worker, next_ns + host->clock_offset_ns);
	sluice_flush(host->worker);
	next_ns = sluice_next_deadline_ns(host->worker);
	host->deadline_ns = next_ns == UINT64_MAX ? next_ns : next_ns - host->clock_offset_ns;
	host->busy_until_ns = bout.world.now_ns + random_between(&host->random, 500, 20000);
}

uint64_t stack_wake_ns(void)
{
	const struct host *host = host_of_stack();
	uint64_t wake_ns = host->arrived_count ? bout.world.now_ns : host->deadline_ns;

	return wake_ns > host->busy_until_ns ? wake_ns : host->busy_until_ns;
}

bool stack_is_at_rest(void)
{
	struct sluice_statistics statistics;

	sluice_statistics(host_of_stack()->worker, &statistics);
	for (uint32_t i = 0; i < SLUICE_GAUGE_COUNT; i++)
		if (i != SLUICE_GAUGE_listeners && statistics.gauge[i])
			return false;
	return true;
}

void stack_stop(void)
{
	struct host *host = host_of_stack();

	sluice_worker_close(host->worker);
	RULE(host->pool.out_count == 0, "packets", "%u packets never came back", host->pool.out_count);
	free(host->memory);
}
