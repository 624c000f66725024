/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles a packet, in slices of some hundred bursts: the stack's and raw I/O's by turns, over the same packets.  The figure is the
 * difference of their medians, so that what disturbed a slice does not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "bench/floods.h"
#include "bench/turn.h"
#include "config/limits.h"

#define SLICES      41
#define SLICE_TURNS 200
#define GROWTH_SYNS 1000000

static void serve(void *program, struct sluice_worker *worker)
{
	uint32_t count;

	(void)program;
	sluice_poll(worker, &count);
	sluice_flush(worker);
}

/* ---- Raw I/O ------------------------------------------------------------------------------------------- */

/* Sends a burst back, its MACs swapped: what an answer to each costs at the least. */
static void echo(const struct sluice_io *io, struct rte_mbuf **packet, uint32_t count)
{
	uint32_t sent = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint8_t *frame = rte_pktmbuf_mtod(packet[i], uint8_t *), source[6];

		memcpy(source, frame + 6, 6);
		memcpy(frame + 6, frame, 6);
		memcpy(frame, source, 6);
	}
	sent = io->send(io->user, packet, count);
	io->release(io->user, packet + sent, count - sent);
}

static uint64_t raw_turn_cycles(const struct sluice_io *io, bool answers)
{
	struct rte_mbuf *packet[BURST_PACKETS_MAX];
	uint64_t start_cycles = rte_rdtsc();
	uint32_t count = io->receive(io->user, packet, BURST_PACKETS_MAX);

	if (answers)
		echo(io, packet, count);
	else
		io->release(io->user, packet, count);
	return rte_rdtsc() - start_cycles;
}

/* ---- Slices -------------------------------------------------------------------------------------------- */

struct attack {
	const char *name;
	enum flood_kind kind;
	bool ipv6;
	uint16_t port;
	bool is_answered; /* each of its packets: raw I/O sends it back, too */
};

static const struct attack attacks[] = {
	{"syn", FLOOD_SYN, false, 80, true},         {"syn_ipv6", FLOOD_SYN, true, 80, true},
	{"ack", FLOOD_ACK, false, 80, false},        {"ack_ipv6", FLOOD_ACK, true, 80, false},
	{"ack_closed", FLOOD_ACK, false, 81, false}, {"rst", FLOOD_RST, false, 80, false},
	{"fin", FLOOD_FIN, false, 80, false},
};

/* Mean cycles a packet over a slice; worker NULL: of raw I/O. */
static double slice(struct field *field, const struct attack *attack, struct flood *flood, struct sluice_worker *worker)
{
	struct turn_account account = {0};
	uint64_t cycles = 0;

	for (uint32_t turn = 0; turn < SLICE_TURNS; turn++) {
		field_flood_send(field, flood, attack->kind, BURST_PACKETS_MAX);
		if (worker)
			turn_run(worker, serve, NULL, &account);
		else
			cycles += raw_turn_cycles(&field->server_io, attack->is_answered);
		field_drain(field, NULL, NULL);
	}
	return (double)(cycles + account.busy_cycles) / (SLICE_TURNS * BURST_PACKETS_MAX);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *value)
{
	qsort(value, SLICES, sizeof(*value), compare);
	return value[SLICES / 2];
}

static void measure(struct field *field, const struct attack *attack, struct sluice_worker *worker)
{
	struct flood flood = field_flood(field, attack->ipv6, attack->port, 1);
	double raw[SLICES], stack[SLICES], raw_cycles, stack_cycles;

	slice(field, attack, &flood, worker); /* not counted: caches and predictors learn */
	for (uint32_t i = 0; i < SLICES; i++) {
		raw[i] = slice(field, attack, &flood, NULL);
		stack[i] = slice(field, attack, &flood, worker);
	}
	raw_cycles = median(raw);
	stack_cycles = median(stack);
	printf("\"%s_cycles\": %.1f, \"%s_raw_cycles\": %.1f, ", attack->name, stack_cycles - raw_cycles, attack->name,
	       raw_cycles);
}

/* ---- Growth -------------------------------------------------------------------------------------------- */

static uint64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long all = 0, resident = 0;

	if (!file || fscanf(file, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t records(const struct sluice_worker *worker)
{
	struct sluice_statistics statistics;
	uint64_t sum = 0;

	sluice_statistics(worker, &statistics);
	for (uint32_t i = 0; i < SLUICE_GAUGE_COUNT; i++)
		sum += statistics.gauge[i];
	return sum;
}

static void flood_for_growth(struct field *field, struct flood *flood, struct sluice_worker *worker, uint32_t count)
{
	struct turn_account account = {0};

	for (uint32_t i = 0; i < count; i += BURST_PACKETS_MAX) {
		field_flood_send(field, flood, FLOOD_SYN, BURST_PACKETS_MAX);
		turn_run(worker, serve, NULL, &account);
		field_drain(field, NULL, NULL);
	}
}

static void measure_growth(struct field *field, struct sluice_worker *worker)
{
	struct flood flood = field_flood(field, false, 80, 2);
	uint64_t records_before = records(worker), bytes_before = resident_bytes(), bytes;
	struct sluice_statistics before, after;

	sluice_statistics(worker, &before);
	flood_for_growth(field, &flood, worker, GROWTH_SYNS);
	bytes = resident_bytes();
	sluice_statistics(worker, &after);
	printf("\"syn_growth_bytes\": %lu, \"syn_growth_records\": %ld, \"syn_growth_syns\": %lu, "
	       "\"syn_growth_answers\": %lu",
	       bytes > bytes_before ? bytes - bytes_before : 0, (long)(records(worker) - records_before),
	       after.counter[SLUICE_COUNTER_syns_received] - before.counter[SLUICE_COUNTER_syns_received],
	       after.counter[SLUICE_COUNTER_packets_sent] - before.counter[SLUICE_COUNTER_packets_sent]);
}

bool floods_cost(struct field *field, const struct floods_options *options)
{
	static const struct sluice_address everyone = {.port = 80};
	struct field_worker server;

	(void)options;
	field->config.cookies = SLUICE_COOKIES_ALWAYS;
	if (!field_worker_make(field, FIELD_SERVER, &server))
		return false;
	if (sluice_listen(server.worker, &everyone, NULL) < 0)
		return false;
	printf("{");
	for (uint32_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		measure(field, &attacks[i], server.worker);
	measure_growth(field, server.worker);
	printf("}\n");
	field_worker_free(&server);
	return true;
}
