/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Honest clients, as many as come: each opens a connection, asks for one page, closes.  They come by the clock whether or not
 * those before them were served (open loop), so that nobody who had to wait is left out; or, to find the maximum, one for
 * each that leaves.
 */
#pragma once

#include "app/common/histogram.h"
#include "bench/field.h"

struct honest_plan {
	double per_second;    /* open loop; 0: closed */
	uint32_t concurrency; /* of the closed loop */
	uint64_t end_ns;      /* nobody comes after that */
};

struct visit;

struct honest {
	struct sluice_worker *worker;
	struct sluice_address from[SLUICE_SUBNETS_MAX];
	uint32_t from_count;
	struct honest_plan plan;
	uint64_t start_ns;
	uint64_t begun, succeeded, failed, failed_by[SLUICE_REASON_COUNT];
	uint64_t refused;       /* times no local port or record was free; tried again */
	struct histogram setup; /* from when it was to come until OPENED */
	struct visit *visit;
	uint32_t visit_count, free_count;
	uint32_t *free;
};

/* Up to `visits` at once, from every address of the worker's port by turns.  False: no memory. */
bool honest_make(struct honest *honest, struct sluice_worker *worker, const struct sluice_port_config *port,
		 uint32_t visits);
void honest_free(struct honest *honest);

/* Forgets what was counted and begins anew; nobody may be there. */
void honest_begin(struct honest *honest, const struct honest_plan *plan);

/* A whole turn of the client's worker. */
void honest_turn(struct honest *honest);

/* When the next one comes; UINT64_MAX: nobody, or when somebody leaves. */
uint64_t honest_next_ns(const struct honest *honest);

/* Those who are there now. */
static inline uint32_t honest_present(const struct honest *honest)
{
	return honest->visit_count - honest->free_count;
}
