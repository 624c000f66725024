/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values are drawn so that each seed is odd in a few ways and ordinary in the rest: a world in which everything is
 * extreme tests little but its own extremes.
 */
#include "tests/sim/scenario_config.h"

#include <string.h>

#include "lib/core/cookie.h"

#define POOL_PACKETS    4096
#define ISN_ZERO_WITHIN (20 * 250000U) /* of the 4 us clock: 20 s */
#define ISN_JITTER      20000U

int scenario_cookies = COOKIES_DRAWN;

static const char *const modes[] = {
	[SLUICE_COOKIES_AUTO] = "auto", [SLUICE_COOKIES_ALWAYS] = "always", [SLUICE_COOKIES_NEVER] = "never"};

const char *scenario_cookies_mode(void)
{
	return scenario_cookies == COOKIES_DRAWN ? NULL : modes[scenario_cookies];
}

bool scenario_cookies_are(const char *mode)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(mode, modes[i]) == 0)
			scenario_cookies = i;
	return scenario_cookies != COOKIES_DRAWN;
}

/* True in `percent` of the cases. */
static bool odd(struct world *world, uint32_t percent)
{
	return random_below(&world->random, 100) < percent;
}

static uint32_t between(struct world *world, uint32_t low, uint32_t high)
{
	return (uint32_t)random_between(&world->random, low, high);
}

static void draw_small_pools(struct world *world, struct sluice_config *config)
{
	if (odd(world, 12))
		config->connections = between(world, 4, 12);
	if (odd(world, 15))
		config->half_open = between(world, 2, 8);
	if (odd(world, 15))
		config->time_wait = between(world, 4, 12);
	if (odd(world, 15))
		config->chunks_small = between(world, 8, 40);
	if (odd(world, 15))
		config->chunks_large = between(world, 8, 30);
	if (odd(world, 12))
		config->descriptors = between(world, 8, 40);
	if (odd(world, 12))
		config->inflight = between(world, 16, 60);
	if (odd(world, 15))
		config->out_of_order = between(world, 2, 16);
	if (odd(world, 10))
		config->packets = between(world, 24, 150); /* of which a share may be held; the port itself has more */
}

static void draw_windows(struct world *world, struct sluice_config *config)
{
	config->window_shift = odd(world, 30) ? (uint8_t)between(world, 0, 14) : 8;
	if (odd(world, 30))
		config->receive_bytes =
			between(world, 3000 > 1U << config->window_shift ? 3000 : 1U << config->window_shift, 30000);
	if (odd(world, 30))
		config->receive_max_bytes = config->receive_bytes;
	if (odd(world, 25))
		config->send_queue_bytes = 1024 * between(world, 1, 16);
	if (odd(world, 20))
		config->initial_window_segments = between(world, 1, 4);
}

static void draw_times(struct world *world, struct sluice_config *config)
{
	if (odd(world, 50))
		config->time_wait_ms = 1000 * between(world, 4, 30);
	if (odd(world, 50))
		config->fin_wait_2_ms = 1000 * between(world, 2, 20);
	if (odd(world, 30))
		config->rto_min_ms = between(world, 20, 400);
	if (odd(world, 30))
		config->rto_max_ms = 1000 * between(world, 4, 30);
	if (odd(world, 30))
		config->delayed_ack_ms = between(world, 1, 200);
	if (odd(world, 15))
		config->r2_ms = 1000 * between(world, 100, 120);
	if (odd(world, 20))
		config->resets_per_second = between(world, 1, 20);
}

/* From dice of their own, so that the rest of a seed is as it would be without them. */
static void draw_cookies(struct sluice_config *config)
{
	struct random dice = {.state = siphash_2_4((struct siphash_key){1, 2}, config->secret, sizeof(config->secret))};

	config->cookies = (enum sluice_cookies)random_below(&dice, 3);
	if (random_chance(&dice, 600000)) {
		config->cookies_half_open_percent = (uint32_t)random_between(&dice, 1, 100);
		config->cookies_syns_per_second = (uint32_t)random_between(&dice, 1, 20);
	}
	if (random_chance(&dice, 150000))
		config->cookies_opens_per_second = (uint32_t)random_between(&dice, 1, 5);
	if (scenario_cookies != COOKIES_DRAWN)
		config->cookies = (enum sluice_cookies)scenario_cookies;
}

static void draw_config(struct world *world, struct host *host)
{
	struct sluice_config *config = &host->config;

	sluice_config_defaults(config);
	config->port_count = WORLD_HOSTS;
	config->packets = POOL_PACKETS;
	config->connections = 256;
	config->half_open = 64;
	config->time_wait = 128;
	config->chunks_small = 2048;
	config->chunks_large = 2048;
	config->descriptors = 4096;
	config->inflight = 8192;
	config->out_of_order = 1024;
	config->timestamps = !odd(world, 30);
	config->sack = !odd(world, 30);
	config->congestion = odd(world, 60)   ? SLUICE_CONGESTION_CUBIC
			     : odd(world, 80) ? SLUICE_CONGESTION_NEWRENO
					      : SLUICE_CONGESTION_NONE;
	config->ecn = odd(world, 20) ? SLUICE_ECN_OFF : odd(world, 40) ? SLUICE_ECN_GRANT : SLUICE_ECN_ASK;
	config->fragments = odd(world, 70) ? 128 : 0;
	config->nodelay = odd(world, 60);
	draw_windows(world, config);
	draw_small_pools(world, config);
	draw_times(world, config);
	for (uint32_t i = 0; i < sizeof(config->secret); i++)
		config->secret[i] = (uint8_t)(1 + random_below(&world->random, 255));
	draw_cookies(config);
	if (odd(world, 30))
		host->io.flags = SLUICE_IO_RX_CHECKSUM | SLUICE_IO_TX_IPV4_CHECKSUM | SLUICE_IO_TX_TCP_CHECKSUM;
	config->checksum_offload = host->io.flags && odd(world, 80);
}

/* A little before some count of the clock wraps: 32 bits of microseconds, of 250 µs ticks, of milliseconds. */
static uint64_t draw_clock(struct world *world)
{
	static const uint64_t unit_ns[] = {1000, 250000, 1000000};
	uint64_t before_ns = random_between(&world->random, 0, 40 * SECOND_NS);

	if (odd(world, 20))
		return random_next(&world->random) >> 20;
	if (odd(world, 30))
		return (1ULL << 31) * unit_ns[random_below(&world->random, 3)] - before_ns;
	return (1ULL << 32) * unit_ns[random_below(&world->random, 3)] - before_ns;
}

static void draw_addresses(struct world *world, struct host *host)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	static const uint8_t ipv4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, 0, 1};
	static const uint8_t ipv6[16] = {0x20, 0x01, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

	memcpy(host->mac, mac, 6);
	memcpy(host->ipv4.ip, ipv4, 16);
	memcpy(host->ipv6.ip, ipv6, 16);
	host->mac[5] = host->ipv4.ip[15] = host->ipv6.ip[15] = (uint8_t)(host->index + 1);
	(void)world;
}

static void tell_observer(struct world *world, const struct host *host)
{
	struct observed_host *seen = &world->observer.host[host->index];

	seen->watched = true;
	seen->mtu_bytes = (uint16_t)host->config.port[host->index].mtu_bytes;
	seen->time_wait_ms = host->config.time_wait_ms;
	seen->recycles = host->config.time_wait < 64;
	memcpy(seen->ip[0], host->ipv4.ip, 16);
	memcpy(seen->ip[1], host->ipv6.ip, 16);
}

struct seq __real_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns);
struct seq __wrap_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns);

/*
 * Of half the tuples, the clock of initial sequence numbers passes zero at a moment of the first seconds, so that many connections
 * wrap soon after they open.  It still never goes back.
 */
struct seq __wrap_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns)
{
	struct seq isn = __real_cookie_active_isn(keys, tuple, now_ns);
	uint32_t still = isn.value - (uint32_t)(now_ns / 4000); /* the tuple's own part */

	if (still & 1)
		return isn;
	return seq_of((uint32_t)(world_now->now_ns / 4000) - (still >> 1) % ISN_ZERO_WITHIN -
		      (still >> 20) % ISN_JITTER);
}

/* Ways that are narrower than what leads to them, and whether one is told. */
static void draw_paths(struct world *world)
{
	static const uint32_t told_ppm[] = {1000000, 1000000, 300000, 0};

	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		for (uint32_t k = 0; k < WORLD_HOSTS; k++) {
			struct link *link = &world->link[i][k];

			link->mtu_bytes = odd(world, 12) ? (uint16_t)between(world, 1280, 1450) : 0;
			link->told_ppm = told_ppm[random_below(&world->random, 4)];
		}
	}
}

void scenario_draw_hosts(struct world *world)
{
	draw_paths(world);
	for (uint8_t i = 0; i < WORLD_HOSTS; i++) {
		struct host *host = &world->host[i];
		struct sluice_port_config *port;

		host->world = world;
		host->index = i;
		host->random.state = random_next(&world->random);
		draw_addresses(world, host);
		draw_config(world, host);
		port = &host->config.port[i];
		memcpy(port->subnet[0].ip, host->ipv4.ip, 16);
		port->subnet[0].prefix_bits = 24;
		memcpy(port->subnet[1].ip, host->ipv6.ip, 16);
		port->subnet[1].prefix_bits = 64;
		port->subnet_count = 2;
		port->mtu_bytes = odd(world, 25) ? between(world, 1280, 1499) : 1500;
		host->clock_offset_ns = draw_clock(world);
		host->pool.limit = POOL_PACKETS;
		tell_observer(world, host);
	}
}

static void draw_weather(struct world *world, struct weather *weather)
{
	static const uint64_t delays_ns[] = {5000, 100000, 2000000, 30000000, 150000000};

	*weather = (struct weather){
		.delay_ns = random_between(&world->random, 1000, delays_ns[random_below(&world->random, 5)]),
		.replay_ns = 2 * SECOND_NS,
	};
	weather->jitter_ns = random_below(&world->random, 3) ? 0 : random_between(&world->random, 0, weather->delay_ns);
	weather->late_ns = 1 + random_between(&world->random, 0, 3 * weather->delay_ns + 1000000);
	weather->loss_ppm = odd(world, 60) ? between(world, 1000, 1U << between(world, 11, 17)) : 0;
	weather->gust_ppm = odd(world, 20) ? between(world, 500, 5000) : 0;
	weather->gust_loss_ppm = odd(world, 50) ? 1000000 : between(world, 200000, 900000);
	weather->gust_end_ppm = between(world, 20000, 300000);
	weather->duplicate_ppm = odd(world, 50) ? between(world, 1000, 60000) : 0;
	weather->reorder_ppm = odd(world, 50) ? between(world, 1000, 200000) : 0;
	weather->damage_ppm = odd(world, 50) ? between(world, 1000, 30000) : 0;
	weather->replay_ppm = odd(world, 30) ? between(world, 500, 10000) : 0;
	weather->fragment_ppm = odd(world, 20) ? between(world, 1000, 100000) : 0;
	weather->mark_ppm = odd(world, 60) ? between(world, 1000, 200000) : 0;
	weather->split_ppm = odd(world, 20) ? between(world, 1000, 100000) : 0;
	if (odd(world, 30)) {
		weather->rate_bps = 1000000ULL * between(world, 1, 200);
		weather->queue_bytes = between(world, 4000, 100000);
	}
	if (!weather->loss_ppm && !weather->duplicate_ppm && !weather->reorder_ppm)
		weather->loss_ppm = weather->reorder_ppm = weather->duplicate_ppm = 10000;
}

static void draw_trouble(struct world *world, struct trouble *trouble)
{
	*trouble = (struct trouble){
		.turn_ns = random_between(&world->random, 1000, odd(world, 20) ? 300000 : 20000),
		.dma_ns = odd(world, 50) ? random_between(&world->random, 0, 200000) : 0,
	};
	trouble->allocate_some_ppm = odd(world, 20) ? between(world, 1000, 200000) : 0;
	trouble->allocate_none_ppm = odd(world, 20) ? between(world, 1000, 300000) : 0;
	trouble->refuse_some_ppm = odd(world, 30) ? between(world, 1000, 300000) : 0;
	trouble->refuse_all_ppm = odd(world, 20) ? between(world, 1000, 300000) : 0;
	trouble->receive_few_ppm = odd(world, 30) ? between(world, 1000, 500000) : 0;
	trouble->chain_ppm = odd(world, 20) ? between(world, 1000, 300000) : 0;
	trouble->stall_ppm = odd(world, 20) ? between(world, 100, 5000) : 0;
	trouble->stall_ns = MILLISECOND_NS * between(world, 1, 300);
}

/* Longer bad times: nothing gets through, or all at once later; no buffers; a port that takes nothing. */
static void draw_bad_times(struct world *world)
{
	struct host *host = &world->host[random_below(&world->random, WORLD_HOSTS)];
	struct link *link =
		&world->link[random_below(&world->random, WORLD_HOSTS)][random_below(&world->random, WORLD_HOSTS)];
	uint64_t until_ns = world->now_ns + random_between(&world->random, 1, 3000) * MILLISECOND_NS;

	if (odd(world, 25))
		link->cut_until_ns = until_ns;
	else if (odd(world, 25))
		link->hold_until_ns = until_ns;
	if (odd(world, 10))
		host->dry_until_ns = world->now_ns + random_between(&world->random, 1, 200) * MILLISECOND_NS;
	if (odd(world, 10))
		host->refuse_until_ns = world->now_ns + random_between(&world->random, 1, 100) * MILLISECOND_NS;
}

void scenario_draw_faults(struct world *world)
{
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		draw_trouble(world, &world->host[i].trouble);
		for (uint32_t k = 0; k < WORLD_HOSTS; k++)
			draw_weather(world, &world->link[i][k].weather);
	}
	draw_bad_times(world);
}

void scenario_calm(struct world *world)
{
	world->calm = true;
	world->calm_ns = world->now_ns;
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		world->host[i].trouble = (struct trouble){.turn_ns = 10000};
		world->host[i].dry_until_ns = world->host[i].refuse_until_ns = 0;
		for (uint32_t k = 0; k < WORLD_HOSTS; k++) {
			struct link *link = &world->link[i][k];

			link->weather = (struct weather){.delay_ns = random_between(&world->random, 1000, 2000000)};
			link->cut_until_ns = link->hold_until_ns = 0;
			link->is_gusty = false;
		}
	}
}
