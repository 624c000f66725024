/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the faulty wire into a program that knows nothing of it: linked with --wrap=sluice_worker_make and
 * --wrap=sluice_worker_close, each worker that lib/port makes gets a wrapped io.  The environment says how bad the
 * wire is: SLUICE_LOSSY=drop=5,duplicate=5,reorder=5,seed=1.  What was done is said on stderr at the end, so that a
 * test can tell that faults happened.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/assert.h"
#include "tests/lossy/lossy.h"

static struct {
	struct lossy lossy;
	struct sluice_io io; /* the worker may keep a pointer to it */
	struct sluice_worker *worker;
} wires[SLUICE_PORTS_MAX];

size_t __real_sluice_worker_make(const struct sluice_config *config, uint32_t index, const struct sluice_io *io,
				 void *memory, size_t memory_bytes, struct sluice_worker **worker, const char **error);
size_t __wrap_sluice_worker_make(const struct sluice_config *config, uint32_t index, const struct sluice_io *io,
				 void *memory, size_t memory_bytes, struct sluice_worker **worker, const char **error);
void __real_sluice_worker_close(struct sluice_worker *worker);
void __wrap_sluice_worker_close(struct sluice_worker *worker);

size_t __wrap_sluice_worker_make(const struct sluice_config *config, uint32_t index, const struct sluice_io *io,
				 void *memory, size_t memory_bytes, struct sluice_worker **worker, const char **error)
{
	const char *text = getenv("SLUICE_LOSSY");
	struct lossy_rates rates;
	size_t bytes;

	if (!memory) /* it only asks how much it takes */
		return __real_sluice_worker_make(config, index, io, memory, memory_bytes, worker, error);
	REQUIRE(index < SLUICE_PORTS_MAX);
	REQUIRE(lossy_rates_parse(text ? text : "", &rates));
	rates.seed += index;
	wires[index].io = lossy_wrap(&wires[index].lossy, io, &rates);
	bytes = __real_sluice_worker_make(config, index, &wires[index].io, memory, memory_bytes, worker, error);
	wires[index].worker = bytes ? *worker : NULL;
	return bytes;
}

static void report(uint32_t index, const char *name, const struct lossy_way *way)
{
	fprintf(stderr,
		"lossy: worker %" PRIu32 " %s: passed %" PRIu64 " dropped %" PRIu64 " duplicated %" PRIu64
		" delayed %" PRIu64 "\n",
		index, name, way->passed, way->dropped, way->duplicated, way->delayed);
}

void __wrap_sluice_worker_close(struct sluice_worker *worker)
{
	__real_sluice_worker_close(worker);
	for (uint32_t i = 0; i < SLUICE_PORTS_MAX; i++) {
		if (wires[i].worker != worker)
			continue;
		wires[i].worker = NULL;
		report(i, "in", &wires[i].lossy.in);
		report(i, "out", &wires[i].lossy.out);
		lossy_empty(&wires[i].lossy);
	}
}
