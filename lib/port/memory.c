/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings, and what the machine has left for them.
 */
#include "lib/port/memory.h"

#include <errno.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <numa.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE_BYTES 4096

/* The number behind `key` in a file of the kernel's, or the file's first number if key is empty; SIZE_MAX without one. */
static size_t memory_read(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	size_t value = SIZE_MAX;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned long long number;

		if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), "%llu", &number) == 1) {
			value = (size_t)number;
			break;
		}
	}
	if (file)
		fclose(file);
	return value;
}

/* What the control group that we are seen in (the root of its own view, in a container) still allows. */
static size_t memory_group_room_bytes(void)
{
	size_t limit = memory_read("/sys/fs/cgroup/memory.max", "");
	size_t used = memory_read("/sys/fs/cgroup/memory.current", "");

	if (limit == SIZE_MAX || used == SIZE_MAX)
		return SIZE_MAX;
	return limit > used ? limit - used : 0;
}

size_t memory_hugepages_free_bytes(void)
{
	static const char folder[] = "/sys/kernel/mm/hugepages/hugepages-";
	size_t bytes = 0;
	glob_t found;

	if (glob("/sys/kernel/mm/hugepages/hugepages-*/free_hugepages", 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		unsigned long long page_kib;
		size_t count = memory_read(found.gl_pathv[i], "");

		if (count != SIZE_MAX && sscanf(found.gl_pathv[i] + sizeof(folder) - 1, "%llu", &page_kib) == 1)
			bytes += count * (size_t)page_kib * 1024;
	}
	globfree(&found);
	return bytes;
}

size_t memory_available_bytes(void)
{
	size_t available_kib = memory_read("/proc/meminfo", "MemAvailable:");
	size_t room = memory_group_room_bytes();
	size_t available = available_kib == SIZE_MAX ? SIZE_MAX : available_kib * 1024;

	if (available > room)
		available = room;
	return available == SIZE_MAX ? available : available + memory_hugepages_free_bytes();
}

/* Makes every page present.  Kernels before 5.14 cannot do it for us. */
static int memory_populate(struct memory *memory)
{
	if (madvise(memory->address, memory->bytes, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -ENOMEM;
	if (memory->is_hugetlb)
		return 0; /* reserved by mmap; touching them on the wrong node could be fatal */
	for (size_t at = 0; at < memory->bytes; at += PAGE_BYTES)
		((volatile char *)memory->address)[at] = 0;
	return 0;
}

static void memory_bind(const struct memory *memory, int node)
{
	if (node >= 0 && numa_available() >= 0 && numa_num_configured_nodes() > 1)
		numa_tonode_memory(memory->address, memory->bytes, node);
}

static int memory_map_hugetlb(struct memory *memory, int node)
{
	memory->address =
		mmap(NULL, memory->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (memory->address == MAP_FAILED) {
		memory->address = NULL;
		return -ENOMEM;
	}
	memory->is_hugetlb = true;
	memory_bind(memory, node);
	if (memory_populate(memory) == 0)
		return 0;
	memory_unmap(memory);
	return -ENOMEM;
}

/* Maps one hugepage too many and trims, so that what stays begins and ends on hugepages. */
static int memory_map_plain(struct memory *memory, int node)
{
	size_t bytes = memory->bytes + MEMORY_HUGEPAGE_BYTES;
	uint8_t *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (start == MAP_FAILED)
		return -ENOMEM;
	before = -(uintptr_t)start % MEMORY_HUGEPAGE_BYTES;
	if (before)
		munmap(start, before);
	munmap(start + before + memory->bytes, MEMORY_HUGEPAGE_BYTES - before);
	memory->address = start + before;
	memory->is_hugetlb = false;
	madvise(memory->address, memory->bytes, MADV_HUGEPAGE);
	memory_bind(memory, node);
	if (memory_populate(memory) == 0)
		return 0;
	memory_unmap(memory);
	return -ENOMEM;
}

int memory_map(struct memory *memory, size_t bytes, int node)
{
	size_t whole = (bytes + MEMORY_HUGEPAGE_BYTES - 1) & ~(MEMORY_HUGEPAGE_BYTES - 1);

	*memory = (struct memory){.bytes = whole};
	if (whole < bytes || whole == 0)
		return -ENOMEM;
	if (memory_hugepages_free_bytes() >= whole && memory_map_hugetlb(memory, node) == 0)
		return 0;
	*memory = (struct memory){.bytes = whole};
	return memory_map_plain(memory, node);
}

void memory_unmap(struct memory *memory)
{
	if (memory->address)
		munmap(memory->address, memory->bytes);
	memory->address = NULL;
}
