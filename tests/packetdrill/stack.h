/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker of the library over the adapter's wire, in virtual time: it turns until it has nothing to do now, and time
 * goes from deadline to deadline.  It knows nothing of sockets; whoever opens it is given the events.
 */
#pragma once

#include "lib/sluice.h"
#include "tests/packetdrill/wire.h"

struct stack {
	struct wire wire;
	struct sluice_worker *worker;
	void *memory;
	size_t memory_bytes;
	uint64_t deadline_ns; /* when the worker next has something to do */
	void (*handle)(void *user, const struct sluice_event *event);
	void (*handled)(void *user); /* all events of a turn were; what is done now leaves with it */
	void *user;
};

/* NULL, or why not; `handle`, `handled` and `user` are set, and *stack stays where it is. */
const char *stack_open(struct stack *stack, const struct sluice_config *config);
void stack_close(struct stack *stack);

/* Turns until nothing is left to do at this moment. */
void stack_settle(struct stack *stack);

/* The clock goes to `now_ns`, which no deadline of the stack precedes, and what is due is done. */
void stack_set_time(struct stack *stack, uint64_t now_ns);
