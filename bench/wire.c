/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The limit that every other figure is a fraction of: a worker that only swaps MAC addresses, on the in-process
 * wire, saturated.  Its busy cycles per packet pair (one in, one out) are what any server on this wire pays before it has done
 * anything.  The packets go through the same struct sluice_io as the stack's.
 */
#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ether.h>
#include <rte_launch.h>
#include <rte_mbuf.h>

#include "bench/distance.h"
#include "config/limits.h"
#include "lib/port/eal.h"
#include "lib/port/ports.h"

struct options {
	double seconds;
	uint32_t window_packets; /* in flight */
	uint16_t packet_bytes;
};

/* What the echo counts, on lines of its own. */
struct echo {
	alignas(CACHE_LINE_BYTES) struct sluice_io *io;
	_Atomic bool stop;
	alignas(CACHE_LINE_BYTES) uint64_t packets, turns_busy, busy_cycles, total_cycles;
};

static void swap_addresses(struct rte_mbuf *packet)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(packet, struct rte_ether_hdr *);
	struct rte_ether_addr source = ether->src_addr;

	ether->src_addr = ether->dst_addr;
	ether->dst_addr = source;
}

/* Swaps and returns a burst; what the wire refuses is offered again. */
static void echo_burst(struct echo *echo, struct rte_mbuf **packet, uint32_t count)
{
	uint32_t sent = 0;

	for (uint32_t i = 0; i < count; i++)
		swap_addresses(packet[i]);
	while (sent < count && !atomic_load_explicit(&echo->stop, memory_order_relaxed))
		sent += echo->io->send(echo->io->user, packet + sent, count - sent);
	if (sent < count)
		echo->io->release(echo->io->user, packet + sent, count - sent);
}

/* The worker's loop, without a stack: only turns that find packets are busy. */
static int echo_loop(void *argument)
{
	struct echo *echo = argument;
	uint64_t start_cycles = rte_rdtsc();

	while (!atomic_load_explicit(&echo->stop, memory_order_relaxed)) {
		struct rte_mbuf *packet[BURST_PACKETS_MAX];
		uint64_t turn_cycles = rte_rdtsc();
		uint32_t count = echo->io->receive(echo->io->user, packet, BURST_PACKETS_MAX);

		if (count == 0)
			continue;
		echo_burst(echo, packet, count);
		echo->packets += count;
		echo->turns_busy++;
		echo->busy_cycles += rte_rdtsc() - turn_cycles;
	}
	echo->total_cycles = rte_rdtsc() - start_cycles;
	return 0;
}

/* Fresh packets up to the window; returns how many the wire took. */
static uint32_t generate(struct sluice_io *io, const struct options *options, uint32_t in_flight)
{
	uint32_t wanted = options->window_packets - in_flight, count, sent;
	struct rte_mbuf *packet[BURST_PACKETS_MAX];

	if (wanted < BURST_PACKETS_MAX / 2)
		return 0; /* bursts, as a busy sender makes them */
	count = io->allocate(io->user, packet, wanted < BURST_PACKETS_MAX ? wanted : BURST_PACKETS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		packet[i]->data_len = options->packet_bytes;
		packet[i]->pkt_len = options->packet_bytes;
		memset(rte_pktmbuf_mtod(packet[i], void *), 0x5a, sizeof(struct rte_ether_hdr));
	}
	sent = io->send(io->user, packet, count);
	io->release(io->user, packet + sent, count - sent);
	return sent;
}

/* Keeps the window full for the given time; returns the round trips. */
static uint64_t generate_for(struct sluice_io *io, const struct options *options)
{
	uint64_t end_ns = io->now_ns(io->user) + (uint64_t)(options->seconds * 1e9), received = 0;
	uint32_t in_flight = 0;

	while (io->now_ns(io->user) < end_ns) {
		struct rte_mbuf *packet[BURST_PACKETS_MAX];
		uint32_t count;

		in_flight += generate(io, options, in_flight);
		count = io->receive(io->user, packet, BURST_PACKETS_MAX);
		io->release(io->user, packet, count);
		in_flight -= count;
		received += count;
	}
	return received;
}

static void print_result(const struct echo *echo, const struct options *options, double round_trips_per_second,
			 const uint64_t distance_cycles[2])
{
	printf("{\"cycles_per_pair\": %.1f, \"round_trips_per_second\": %.0f, \"packets_per_turn\": %.1f, "
	       "\"busy_fraction\": %.4f, \"window_packets\": %u, \"packet_bytes\": %u, "
	       "\"line_round_trip_cycles\": %lu, \"line_round_trip_cycles_after\": %lu, \"hz\": %lu}\n",
	       (double)echo->busy_cycles / (double)echo->packets, round_trips_per_second,
	       (double)echo->packets / (double)echo->turns_busy, (double)echo->busy_cycles / (double)echo->total_cycles,
	       options->window_packets, options->packet_bytes, distance_cycles[0], distance_cycles[1],
	       rte_get_tsc_hz());
}

static int run(struct ports *ports, const struct options *options)
{
	static struct echo echo;
	struct sluice_io *io = &ports->io[0];
	unsigned lcore = eal_worker_lcore(1);
	uint64_t start_ns, end_ns, received, distance_cycles[2];

	distance_cycles[0] = distance_round_trip_cycles(lcore);
	echo.io = &ports->io[1];
	if (rte_eal_remote_launch(echo_loop, &echo, lcore) != 0)
		return 1;
	start_ns = io->now_ns(io->user);
	received = generate_for(io, options);
	end_ns = io->now_ns(io->user);
	atomic_store(&echo.stop, true);
	rte_eal_wait_lcore(lcore);
	if (echo.packets == 0)
		return 1;
	distance_cycles[1] = distance_round_trip_cycles(lcore);
	print_result(&echo, options, (double)received * 1e9 / (double)(end_ns - start_ns), distance_cycles);
	return 0;
}

static void print_line(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"seconds", required_argument, NULL, 's'},
		{"window", required_argument, NULL, 'w'},
		{"packet-bytes", required_argument, NULL, 'b'},
		{0},
	};
	int option;

	*options = (struct options){.seconds = 2, .window_packets = 512, .packet_bytes = 64};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 's')
			options->seconds = strtod(optarg, NULL);
		else if (option == 'w')
			options->window_packets = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'b')
			options->packet_bytes = (uint16_t)strtoul(optarg, NULL, 10);
		else
			return false;
	}
	return optind == argc && options->seconds > 0 && options->window_packets >= BURST_PACKETS_MAX / 2 &&
	       options->window_packets < RING_PACKETS &&
	       options->packet_bytes >= RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN &&
	       options->packet_bytes <= PACKET_ROOM_BYTES;
}

int main(int argc, char **argv)
{
	static struct ports ports;
	struct sluice_config config = {
		.port = {{.device = "ring:wire"}, {.device = "ring:wire"}},
		.port_count = 2,
		.packets = 4096,
		.print = print_line,
	};
	struct options options;
	int result = 1;

	if (!read_options(argc, argv, &options)) {
		fputs("usage: wire [--seconds 2] [--window 512] [--packet-bytes 64]\n", stderr);
		return 2;
	}
	if (ports_create(&ports, &config) == 0 && ports_start(&ports) == 0)
		result = run(&ports, &options);
	ports_destroy(&ports);
	return result;
}
