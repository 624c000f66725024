/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL: arguments, start, end.  Hugepages are used if enough are free, else ordinary memory (where `--no-huge` must come
 * with `--no-shconf`, since EAL refuses it with `--in-memory`); buses are probed only for the devices named.
 */
#include "lib/port/eal.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "lib/base/assert.h"
#include "lib/port/memory.h"
#include "lib/port/port.h"
#include "lib/port/say.h"

#define EAL_PAGE_BYTES 4096

/* A hugepage that is free may still not be ours to take: we may be a user whom the kernel refuses it. */
static bool eal_can_map_hugepages(void)
{
	void *page = mmap(NULL, MEMORY_HUGEPAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (page == MAP_FAILED)
		return false;
	munmap(page, MEMORY_HUGEPAGE_BYTES);
	return true;
}

struct eal_facts eal_facts_read(size_t packet_bytes, uint32_t packet_count)
{
	struct eal_facts facts = {
		.packet_bytes = packet_bytes,
		.packet_count = packet_count,
		.hugepages_free_bytes = eal_can_map_hugepages() ? memory_hugepages_free_bytes() : 0,
		.process = (uint32_t)getpid(),
	};

	cpus_read(&facts.cpus);
	return facts;
}

__attribute__((format(printf, 2, 3))) static void eal_add(struct eal_arguments *arguments, const char *format, ...)
{
	int place = arguments->count++;
	va_list values;
	int length;

	REQUIRE(place < EAL_ARGUMENTS_MAX);
	va_start(values, format);
	length = vsnprintf(arguments->text[place], EAL_ARGUMENT_BYTES, format, values);
	va_end(values);
	REQUIRE(length >= 0 && length < EAL_ARGUMENT_BYTES);
	arguments->argument[place] = arguments->text[place];
}

/* The node a bus device sits on, from the kernel; -1 for anything else. */
static int eal_device_node(const char *device)
{
	char name[PORT_NAME_BYTES], path[128];
	int node = -1;
	FILE *file;

	if (port_kind_of(device) != PORT_BUS)
		return -1;
	port_name_of(device, name);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/numa_node", name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &node) != 1)
		node = -1;
	fclose(file);
	return node;
}

/* "0@3,1@5": lcore i is worker i's.  With too few CPUs, every lcore floats over all of them. */
static int eal_add_lcores(const struct sluice_config *config, const struct eal_facts *facts,
			  struct eal_arguments *arguments)
{
	char lcores[EAL_ARGUMENT_BYTES - 16] = "", cpu_list[EAL_ARGUMENT_BYTES / 2] = "";
	uint16_t chosen[SLUICE_PORTS_MAX];
	int nodes[SLUICE_PORTS_MAX];
	uint32_t found;

	for (uint32_t i = 0; i < config->port_count; i++)
		nodes[i] = eal_device_node(config->port[i].device);
	found = cpus_choose(&facts->cpus, nodes, config->port_count, chosen);
	arguments->has_shared_cpus = found < config->port_count;
	if (arguments->has_shared_cpus && (config->idle != SLUICE_IDLE_SLEEP || found == 0))
		return say_error(config, -EAGAIN,
				 "%u workers need %u CPUs, and this process may use %u: allow it more (taskset), use "
				 "fewer ports, or let idle workers sleep (--idle sleep) to share them",
				 config->port_count, config->port_count, found);
	if (arguments->has_shared_cpus) {
		for (uint32_t i = 0; i < found; i++)
			snprintf(cpu_list + strlen(cpu_list), sizeof(cpu_list) - strlen(cpu_list), "%s%u", i ? "," : "",
				 chosen[i]);
		snprintf(lcores, sizeof(lcores), "(0-%u)@(%s)", config->port_count - 1, cpu_list);
	} else {
		for (uint32_t i = 0; i < found; i++)
			snprintf(lcores + strlen(lcores), sizeof(lcores) - strlen(lcores), "%s%u@%u", i ? "," : "", i,
				 chosen[i]);
	}
	eal_add(arguments, "--lcores=%s", lcores);
	return 0;
}

/* Which memory, and how much of it: true if packets must lie in EAL's. */
static bool eal_needs_heap_packets(const struct sluice_config *config)
{
	for (uint32_t i = 0; i < config->port_count; i++) {
		enum port_kind kind = port_kind_of(config->port[i].device);

		if (kind == PORT_SHARED || kind == PORT_BUS)
			return true;
	}
	return false;
}

static void eal_add_memory(const struct sluice_config *config, const struct eal_facts *facts,
			   struct eal_arguments *arguments)
{
	size_t heap_bytes = EAL_HEAP_BYTES + (size_t)facts->packet_count * EAL_HEAP_PACKET_BYTES;

	if (facts->hugepages_free_bytes >= heap_bytes + facts->packet_bytes) {
		eal_add(arguments, "--in-memory");
		return;
	}
	if (eal_needs_heap_packets(config))
		heap_bytes += (size_t)facts->packet_count * EAL_PAGE_BYTES; /* DPDK fits each packet into a page */
	eal_add(arguments, "--no-huge");
	eal_add(arguments, "--no-shconf");
	eal_add(arguments, "-m");
	eal_add(arguments, "%zu", (heap_bytes + ((size_t)1 << 20) - 1) >> 20);
}

/* Only the devices named are probed: none at all if they are all virtual. */
static int eal_add_devices(const struct sluice_config *config, const struct eal_facts *facts,
			   struct eal_arguments *arguments)
{
	bool any = false;

	for (uint32_t i = 0; i < config->port_count; i++) {
		if (port_kind_of(config->port[i].device) != PORT_BUS)
			continue;
		if (strlen(config->port[i].device) >= EAL_ARGUMENT_BYTES)
			return say_error(config, -EINVAL, "port %u: the device's name is too long", i);
		any = true;
		eal_add(arguments, "-a");
		eal_add(arguments, "%s", config->port[i].device);
	}
	if (!any) {
		eal_add(arguments, "--no-pci");
		eal_add(arguments, "--iova-mode=va");
	} else if (facts->hugepages_free_bytes < facts->packet_bytes) {
		return say_error(config, -ENOMEM,
				 "hardware needs %zu MiB of hugepages for packets, and %zu MiB are free: reserve more "
				 "(sysctl vm.nr_hugepages=N), or give EAL's arguments yourself",
				 (facts->packet_bytes + EAL_HEAP_BYTES) >> 20, facts->hugepages_free_bytes >> 20);
	}
	return 0;
}

int eal_arguments_choose(const struct sluice_config *config, const struct eal_facts *facts,
			 struct eal_arguments *arguments)
{
	int error;

	memset(arguments, 0, sizeof(*arguments));
	eal_add(arguments, "sluice");
	eal_add(arguments, "--file-prefix=sluice-%u", facts->process);
	eal_add(arguments, "--no-telemetry");
	eal_add(arguments, "--log-level=error");
	eal_add_memory(config, facts, arguments);
	error = eal_add_lcores(config, facts, arguments);
	if (error)
		return error;
	return eal_add_devices(config, facts, arguments);
}

static int eal_arguments_copy(const struct sluice_config *config, struct eal_arguments *arguments)
{
	if (config->eal_argument_count + 1 > EAL_ARGUMENTS_MAX)
		return say_error(config, -EINVAL, "%d arguments for EAL are more than the %d that are passed on",
				 config->eal_argument_count, EAL_ARGUMENTS_MAX - 1);
	memset(arguments, 0, sizeof(*arguments));
	eal_add(arguments, "sluice");
	for (int i = 0; i < config->eal_argument_count; i++) {
		if (strlen(config->eal_arguments[i]) >= EAL_ARGUMENT_BYTES)
			return say_error(config, -EINVAL, "EAL argument too long: %.40s...", config->eal_arguments[i]);
		eal_add(arguments, "%s", config->eal_arguments[i]);
	}
	return 0;
}

/* EAL makes a run-time folder whether it shares anything or not; it stays if anything is in it. */
static void eal_remove_folder(const char *folder)
{
	rmdir(folder);
}

/* Whose arguments, and what was missing, decide what helps. */
static int eal_say_failed(const struct sluice_config *config, const struct eal_facts *facts)
{
	bool wants_hugepages = config->eal_arguments && facts->hugepages_free_bytes == 0 && rte_errno != EINVAL;

	for (int i = 0; i < config->eal_argument_count; i++)
		wants_hugepages &= strcmp(config->eal_arguments[i], "--no-huge") != 0;
	fflush(stdout); /* EAL's own usage, so that the last word is ours */
	return say_error(config, rte_errno ? -rte_errno : -EIO, "EAL did not start: %s%s: %s", rte_strerror(rte_errno),
			 say_caught(),
			 wants_hugepages ? "no hugepage is free: reserve some (sysctl vm.nr_hugepages=N), or add "
					   "--no-huge to its arguments"
					 : "check its arguments, free memory, and that this is the process's first "
					   "sluice_open");
}

int eal_start(const struct sluice_config *config, const struct eal_facts *facts, bool *has_shared_cpus)
{
	static struct eal_arguments arguments; /* EAL keeps pointers into it */
	cpu_set_t affinity;
	int error;

	error = config->eal_arguments ? eal_arguments_copy(config, &arguments)
				      : eal_arguments_choose(config, facts, &arguments);
	if (error)
		return error;
	*has_shared_cpus = arguments.has_shared_cpus;
	pthread_getaffinity_np(pthread_self(), sizeof(affinity), &affinity);
	error = rte_eal_init(arguments.count, arguments.argument);
	if (error < 0)
		return eal_say_failed(config, facts);
	/* EAL pinned the caller's thread; only a worker's loop should be, and not what the program starts from here. */
	pthread_setaffinity_np(pthread_self(), sizeof(affinity), &affinity);
	eal_remove_folder(rte_eal_get_runtime_dir()); /* at once, so that a process that is killed leaves nothing */
	return 0;
}

int eal_check_lcores(const struct sluice_config *config)
{
	if (rte_lcore_count() >= config->port_count)
		return 0;
	return say_error(config, -EAGAIN,
			 "%u workers need %u lcores, and EAL has %u: give it --lcores=0@1,1@2 or the like, or "
			 "--lcores=\"(0-%u)@(0)\" with --idle sleep to share a CPU",
			 config->port_count, config->port_count, rte_lcore_count(), config->port_count - 1);
}

unsigned eal_worker_lcore(uint32_t index)
{
	unsigned lcore = rte_get_main_lcore();

	for (uint32_t i = 0; i < index; i++)
		lcore = rte_get_next_lcore(i == 0 ? UINT_MAX : lcore, 1, 0);
	return lcore;
}

void eal_stop(void)
{
	char folder[256];

	snprintf(folder, sizeof(folder), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	eal_remove_folder(folder);
}
