/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that is no worker: it takes its memory, keeps its io, and can be refused.
 */
#include <string.h>

#include "tests/port/scene.h"

int fake_worker_refused = -1;
uint32_t fake_workers_closed;
size_t fake_worker_bytes = FAKE_WORKER_BYTES;

size_t sluice_worker_make(const struct sluice_config *config, uint32_t index, const struct sluice_io *io, void *memory,
			  size_t memory_bytes, struct sluice_worker **worker, const char **error)
{
	struct sluice_worker *made = memory;

	(void)config;
	if ((int)index == fake_worker_refused) {
		*error = "the fake refuses";
		return 0;
	}
	if (!memory)
		return fake_worker_bytes;
	if (memory_bytes < fake_worker_bytes || ((uint8_t *)memory)[fake_worker_bytes - 1] != 0) {
		*error = "the memory is too little, or not zeroed";
		return 0;
	}
	memset(memory, 0xee, fake_worker_bytes);
	*made = (struct sluice_worker){.io = *io, .index = index, .looped_on_cpu = -1};
	*worker = made;
	return fake_worker_bytes;
}

void sluice_worker_close(struct sluice_worker *worker)
{
	worker->is_closed = true;
	fake_workers_closed++;
}
