/* SPDX-License-Identifier: BSD-3-Clause */
/* The stack: made, turned, told the time. */
#include "tests/packetdrill/stack.h"

#include <sys/mman.h>

#include "config/limits.h"
#include "lib/base/assert.h"

#define START_NS  1000000000000ULL /* far enough from zero for any "so long ago" */
#define TURNS_MAX 100000

void stack_settle(struct stack *stack)
{
	for (uint32_t turn = 0; turn < TURNS_MAX; turn++) {
		const struct sluice_event *event;
		uint32_t count;

		event = sluice_poll(stack->worker, &count);
		for (uint32_t i = 0; i < count; i++)
			stack->handle(stack->user, &event[i]);
		stack->handled(stack->user);
		sluice_flush(stack->worker);
		stack->deadline_ns = sluice_next_deadline_ns(stack->worker);
		if (!stack->wire.arrived_count && stack->deadline_ns > stack->wire.now_ns)
			return;
	}
	stack->deadline_ns =
		stack->wire.now_ns + TICK_NS; /* what cannot be done now is tried again with the next tick */
}

void stack_set_time(struct stack *stack, uint64_t now_ns)
{
	stack->wire.now_ns = now_ns;
	if (stack->deadline_ns <= now_ns)
		stack_settle(stack);
}

const char *stack_open(struct stack *stack, const struct sluice_config *config)
{
	const char *error = NULL;
	size_t bytes;

	wire_make(&stack->wire, (uint16_t)config->port[0].mtu_bytes, START_NS);
	bytes = sluice_worker_make(config, 0, &stack->wire.io, NULL, 0, &stack->worker, &error);
	if (!bytes)
		return error;
	stack->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack->memory == MAP_FAILED)
		return "out of memory";
	stack->memory_bytes = bytes;
	REQUIRE(sluice_worker_make(config, 0, &stack->wire.io, stack->memory, bytes, &stack->worker, &error) == bytes);
	stack_settle(stack);
	return NULL;
}

void stack_close(struct stack *stack)
{
	sluice_worker_close(stack->worker);
	wire_free(&stack->wire);
	munmap(stack->memory, stack->memory_bytes);
}
