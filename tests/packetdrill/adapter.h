/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The adapter: one stack, its sockets, and the calls that packetdrill makes on them from two threads.  The thread that
 * loaded the object makes time pass; the other one makes the calls that block, and sleeps in them.
 *
 * A function of the interface is adapter_enter(), its work, adapter_leave().  The work returns a result that is not
 * negative, or a negative errno.  What may have to wait is a struct call.
 */
#pragma once

#include <pthread.h>

#include "tests/packetdrill/socket.h"
#include "tests/packetdrill/stack.h"

#define CALL_FOREVER UINT64_MAX

struct adapter;

/* Something asked of the stack that may take time.  It is the first member of what the asker must remember. */
struct call {
	bool (*attempt)(struct adapter *adapter, struct call *call); /* true: over, with `result` */
	long result;          /* or negative errno; before it is over, what it is if it may not wait any longer */
	uint64_t deadline_ns; /* of its patience; CALL_FOREVER, or 0: it does not wait */
};

struct adapter {
	pthread_mutex_t mutex;
	pthread_cond_t woken;    /* the sleeping call is over */
	pthread_cond_t returned; /* who slept has read the clock */
	pthread_t owner;         /* the thread that makes time pass */
	struct call *sleeping;
	pthread_t sleeper;
	bool is_over;      /* the sleeping call is */
	bool is_returning; /* the sleeper's call is over, and the clock stands still until it has read it */

	struct stack stack;
	struct sluice_config config;
	struct socket_table sockets;
	uint16_t next_port; /* for bind() to port 0 */
};

struct adapter *adapter_enter(void *userdata);

/* Sends what the call gave rise to, unlocks, and turns a negative result into errno. */
long adapter_leave(struct adapter *adapter, long result);

/* Does the call, waiting for it as long as it is willing to. */
long adapter_call(struct adapter *adapter, struct call *call);

/* Turns of the stack until nothing is left to do now; whoever sleeps and whose call is over wakes. */
void adapter_settle(struct adapter *adapter);

/* Time passes, with all that is due on the way. */
void adapter_pass_ns(struct adapter *adapter, uint64_t ns);

/* Time passes to the next thing that is due; false: nothing ever is. */
bool adapter_jump(struct adapter *adapter);

/* Is this the sleeper, back from its call, reading the clock?  Then time may go on when it has. */
bool adapter_has_returned(struct adapter *adapter);

static inline uint64_t adapter_now_ns(const struct adapter *adapter)
{
	return adapter->stack.wire.now_ns;
}

/* What the stack tells of a connection reaches its socket (events.c); then whoever sleeps acts on it, before the turn ends. */
void adapter_hears(void *user, const struct sluice_event *event);
void adapter_has_heard(void *user);
