/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles are added up, so that no rounding is. */
#include "bench/turn.h"

#include <sys/resource.h>

#include <rte_cycles.h>

#include "lib/worker/worker.h"

#define LONG_TURN_CYCLES 250000 /* from here on it is asked whether the thread was interrupted */
#define TURNS_BETWEEN    256    /* looks at the kernel's count of interruptions: each is a system call */

static uint64_t now_cycles;

uint64_t turn_now_ns(void)
{
	return (uint64_t)((unsigned __int128)now_cycles * 1000000000 / rte_get_tsc_hz());
}

void turn_skip_to_ns(uint64_t ns)
{
	uint64_t cycles = 1 + (uint64_t)((unsigned __int128)ns * rte_get_tsc_hz() / 1000000000);

	if (cycles > now_cycles)
		now_cycles = cycles;
}

/* Did the kernel run somebody else since the last look?  Looks are rare, so that they do not cool the server's caches. */
static bool was_interrupted(void)
{
	static long known;
	struct rusage usage;
	bool was;

	getrusage(RUSAGE_THREAD, &usage);
	was = usage.ru_nivcsw != known;
	known = usage.ru_nivcsw;
	return was;
}

bool turn_run(struct sluice_worker *worker, void (*serve)(void *program, struct sluice_worker *worker), void *program,
	      struct turn_account *account)
{
	uint64_t start_cycles = rte_rdtsc(), cycles;

	serve(program, worker);
	cycles = rte_rdtsc() - start_cycles;
	if (!worker->is_busy)
		return false;
	if (account->turns_count % TURNS_BETWEEN == 0) {
		was_interrupted();
	} else if (cycles > LONG_TURN_CYCLES && was_interrupted()) {
		cycles = account->busy_cycles / account->turns_count;
		account->interrupted_count++;
	}
	account->turns_count++;
	account->busy_cycles += cycles;
	now_cycles += cycles;
	return true;
}
