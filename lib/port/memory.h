/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plain memory for records and packets: mapped once at start, zeroed, present before the first packet, on the node of
 * the worker that uses it, on hugepages where some are free and transparent ones otherwise.  It needs no EAL heap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MEMORY_HUGEPAGE_BYTES ((size_t)2 << 20)

struct memory {
	void *address; /* NULL: nothing mapped */
	size_t bytes;  /* a multiple of MEMORY_HUGEPAGE_BYTES */
	bool is_hugetlb;
};

/* Maps at least `bytes`.  0, or -ENOMEM. */
int memory_map(struct memory *memory, size_t bytes, int node);
void memory_unmap(struct memory *memory);

/* What may still be taken: by the kernel's own estimate, within the control group's limit, free hugepages included. */
size_t memory_available_bytes(void);

/* Free hugepages of every size, together; and of the default size alone. */
size_t memory_hugepages_free_bytes(void);
