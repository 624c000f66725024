/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop of time, and the switch between the hosts. */
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/router.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

struct world *world_now;

struct host *world_host_of(const struct sluice_worker *worker)
{
	for (uint32_t i = 0; i < WORLD_HOSTS; i++)
		if (world_now->host[i].worker == worker)
			return &world_now->host[i];
	violation("harness", "a call with a worker that is no host's");
}

static void arrive(struct world *world, struct flight *flight)
{
	struct host *host = &world->host[flight->to];

	if (host->arrived_count == HOST_ARRIVED_MAX) {
		world->faults[FAULT_receive_full]++;
		world->forged_lost += flight->from == flight->to;
		trace_frame("lost", "receive queue full", flight->frame, flight->bytes);
		free(flight);
		return;
	}
	host->arrived[(host->arrived_first + host->arrived_count++) % HOST_ARRIVED_MAX] = flight;
}

void world_transmit(struct world *world, uint8_t from, const uint8_t *frame, uint32_t bytes, void *speaker)
{
	for (uint8_t to = 0; to < WORLD_HOSTS; to++) {
		struct flight *flight;

		if (to == from || bytes < 14 || (!(frame[0] & 1) && memcmp(frame, world->host[to].mac, 6) != 0))
			continue;
		if (router_drops(world, from, to, frame, bytes))
			continue;
		flight = flight_make(from, to, frame, bytes);
		flight->speaker = speaker;
		link_send(&world->link[from][to], &world->flights, &world->random, world->now_ns, flight,
			  world->faults);
	}
}

void world_inject(struct world *world, uint8_t to, const uint8_t *frame, uint32_t bytes, uint64_t after_ns)
{
	flights_add(&world->flights, flight_make(to, to, frame, bytes), world->now_ns + after_ns);
}

static uint64_t next_ns(const struct world *world)
{
	uint64_t next = flights_next_ns(&world->flights);

	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		uint64_t wake = host_wake_ns(&world->host[i]);

		next = wake < next ? wake : next;
	}
	return next;
}

bool world_step(struct world *world, uint64_t until_ns)
{
	uint64_t next = next_ns(world);
	uint32_t first;

	if (next > until_ns || next == UINT64_MAX) {
		world->now_ns = until_ns != UINT64_MAX && until_ns > world->now_ns ? until_ns : world->now_ns;
		world->observer.now_ns = world->now_ns;
		return false;
	}
	if (next > world->now_ns)
		world->now_ns = next;
	world->observer.now_ns = world->now_ns;
	while (flights_next_ns(&world->flights) <= world->now_ns)
		arrive(world, flights_take(&world->flights));
	first = random_below(&world->random, WORLD_HOSTS);
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		struct host *host = &world->host[(first + i) % WORLD_HOSTS];

		if (host_wake_ns(host) <= world->now_ns) {
			host_turn(host);
			world->turns++;
		}
	}
	return true;
}
