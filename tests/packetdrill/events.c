/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the stack tells of a connection, as a socket shows it.  A connection's context is its socket; NULL once the program
 * has closed that.
 */
#include <errno.h>

#include "tests/packetdrill/adapter.h"
#include "tests/packetdrill/options.h"
#include "tests/packetdrill/ready.h"

static struct socket *listener_of(const struct adapter *adapter, uint16_t listener)
{
	for (int fd = 0; fd < SOCKET_FD_MAX; fd++) {
		struct socket *socket = adapter->sockets.at[fd];

		if (socket && socket->state == SOCKET_LISTENING && socket->listener == listener)
			return socket;
	}
	return NULL;
}

static struct socket *child_opens(struct adapter *adapter, const struct sluice_event *event)
{
	struct socket *listener = listener_of(adapter, event->listener), *child;

	if (!listener) {
		sluice_abort(adapter->stack.worker, event->conn);
		return NULL;
	}
	child = socket_new(SOCKET_OPEN, listener->domain);
	child->conn = event->conn;
	child->options = listener->options;
	sluice_set_context(adapter->stack.worker, event->conn, child);
	socket_wait(listener, child);
	listener->wakes_in++;
	return child;
}

/* Linux's words for how a connection ended; orderly ends have none, and the peer's RST after its FIN is a broken pipe. */
static int error_of(const struct socket *socket, uint16_t reason)
{
	static const int number[SLUICE_REASON_COUNT] = {
		[SLUICE_REASON_RESET] = ECONNRESET,    [SLUICE_REASON_REFUSED] = ECONNREFUSED,
		[SLUICE_REASON_TIMED_OUT] = ETIMEDOUT, [SLUICE_REASON_UNREACHABLE] = EHOSTUNREACH,
		[SLUICE_REASON_NO_MEMORY] = ENOBUFS,   [SLUICE_REASON_ICMP] = ECONNREFUSED,
	};

	return reason == SLUICE_REASON_RESET && socket->peer_closed ? EPIPE : number[reason];
}

static void closes(struct socket *socket, const struct sluice_event *event)
{
	int error = error_of(socket, event->reason);

	if (error)
		socket->error = error;
	socket->state = SOCKET_ENDED;
	socket->conn.id = 0;
	socket->wakes_in++;
	socket->wakes_out++;
}

void adapter_hears(void *user, const struct sluice_event *event)
{
	struct adapter *adapter = user;
	struct socket *socket = event->context;

	if (event->conn.id == 0)
		return;
	if (event->mask & SLUICE_OPENED && event->listener != SLUICE_NO_LISTENER)
		socket = child_opens(adapter, event);
	if (!socket)
		return;
	if (event->mask & SLUICE_OPENED) {
		socket->state = SOCKET_OPEN;
		socket->heard_ns = adapter_now_ns(adapter);
		socket->wakes_out++;
		options_apply(adapter, socket);
	}
	if (event->mask & SLUICE_PEER_CLOSED)
		socket->peer_closed = true;
	if (event->mask & SLUICE_READABLE)
		socket->heard_ns = adapter_now_ns(adapter);
	if (event->mask & (SLUICE_READABLE | SLUICE_PEER_CLOSED))
		socket->wakes_in++;
	if (event->mask & (SLUICE_ACKED | SLUICE_WRITABLE))
		ready_has_room(adapter, socket);
	if (event->mask & SLUICE_CLOSED)
		closes(socket, event);
}
