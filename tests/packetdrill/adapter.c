/* SPDX-License-Identifier: BSD-3-Clause */
/* The adapter: the lock, the clock, and the one call that may sleep. */
#include "tests/packetdrill/adapter.h"

#include <errno.h>
#include <time.h>

#include "lib/base/assert.h"
#include "tests/packetdrill/info.h"

#define RETURN_MAX_S 10       /* real time; only a thread that forgot to read the clock takes so long */
#define JUMPS_MAX    10000000 /* towards an end that will not come */

struct adapter *adapter_enter(void *userdata)
{
	struct adapter *adapter = userdata;

	pthread_mutex_lock(&adapter->mutex);
	return adapter;
}

long adapter_leave(struct adapter *adapter, long result)
{
	adapter_settle(adapter);
	pthread_mutex_unlock(&adapter->mutex);
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* Who slept must find the clock where its call ended, so nothing moves until it has looked. */
static void wake_sleeper(struct adapter *adapter)
{
	struct timespec limit;

	adapter->sleeping = NULL;
	adapter->is_returning = true;
	pthread_cond_broadcast(&adapter->woken);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += RETURN_MAX_S;
	while (adapter->is_returning)
		REQUIRE(pthread_cond_timedwait(&adapter->returned, &adapter->mutex, &limit) == 0);
}

/* As a program does that is told of its events: it reads and writes before the turn's packets leave. */
void adapter_has_heard(void *user)
{
	struct adapter *adapter = user;

	if (adapter->sleeping && !adapter->is_over)
		adapter->is_over = adapter->sleeping->attempt(adapter, adapter->sleeping);
}

void adapter_settle(struct adapter *adapter)
{
	stack_settle(&adapter->stack);
	if (!adapter->sleeping)
		return;
	if (!adapter->is_over && adapter_now_ns(adapter) < adapter->sleeping->deadline_ns)
		return;
	wake_sleeper(adapter);
}

bool adapter_has_returned(struct adapter *adapter)
{
	if (!adapter->is_returning || !pthread_equal(pthread_self(), adapter->sleeper))
		return false;
	adapter->is_returning = false;
	pthread_cond_broadcast(&adapter->returned);
	return true;
}

static uint64_t next_deadline_ns(const struct adapter *adapter)
{
	uint64_t deadline_ns = adapter->stack.deadline_ns;

	if (adapter->sleeping && adapter->sleeping->deadline_ns < deadline_ns)
		deadline_ns = adapter->sleeping->deadline_ns;
	return deadline_ns;
}

static void set_time(struct adapter *adapter, uint64_t now_ns)
{
	bool is_due = next_deadline_ns(adapter) <= now_ns;
	uint64_t ns = now_ns - adapter_now_ns(adapter);

	for (int fd = 0; ns && fd < SOCKET_FD_MAX; fd++)
		if (adapter->sockets.at[fd] && adapter->sockets.at[fd]->conn.id)
			info_time_passes(adapter, adapter->sockets.at[fd], ns);
	stack_set_time(&adapter->stack, now_ns);
	if (is_due)
		adapter_settle(adapter);
}

void adapter_pass_ns(struct adapter *adapter, uint64_t ns)
{
	uint64_t end_ns = adapter_now_ns(adapter) + ns, deadline_ns;

	while ((deadline_ns = next_deadline_ns(adapter)) <= end_ns)
		set_time(adapter, deadline_ns > adapter_now_ns(adapter) ? deadline_ns : adapter_now_ns(adapter));
	set_time(adapter, end_ns);
}

bool adapter_jump(struct adapter *adapter)
{
	uint64_t deadline_ns = next_deadline_ns(adapter);

	if (deadline_ns == UINT64_MAX)
		return false;
	set_time(adapter, deadline_ns > adapter_now_ns(adapter) ? deadline_ns : adapter_now_ns(adapter));
	return true;
}

/* Whoever makes time pass cannot sleep until it has: it makes it pass. */
static void wait_by_jumping(struct adapter *adapter, struct call *call)
{
	uint64_t deadline_ns;

	for (uint32_t jump = 0; jump < JUMPS_MAX; jump++) {
		deadline_ns = next_deadline_ns(adapter);
		if (deadline_ns >= call->deadline_ns) {
			if (call->deadline_ns != CALL_FOREVER)
				set_time(adapter, call->deadline_ns);
			call->attempt(adapter, call);
			return;
		}
		adapter_jump(adapter);
		if (call->attempt(adapter, call))
			return;
	}
}

long adapter_call(struct adapter *adapter, struct call *call)
{
	if (call->attempt(adapter, call) || adapter_now_ns(adapter) >= call->deadline_ns)
		return call->result;
	if (pthread_equal(pthread_self(), adapter->owner)) {
		stack_settle(&adapter->stack);
		wait_by_jumping(adapter, call);
		return call->result;
	}
	stack_settle(&adapter->stack);
	REQUIRE(!adapter->sleeping);
	adapter->sleeping = call;
	adapter->is_over = false;
	adapter->sleeper = pthread_self();
	while (adapter->sleeping == call)
		pthread_cond_wait(&adapter->woken, &adapter->mutex);
	return call->result;
}
