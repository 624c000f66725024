/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls that make and end sockets: socket, bind, listen, accept, connect, shutdown, close.
 */
#include "tests/packetdrill/open.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "tests/packetdrill/adapter.h"
#include "tests/packetdrill/address.h"
#include "tests/packetdrill/options.h"

#define PORT_FIRST 49152 /* of those that bind() chooses (RFC 6056) */

/* A stream socket, and not a set of epoll's. */
static struct socket *stream_at(struct adapter *adapter, int fd, long *error)
{
	struct socket *socket = socket_find(&adapter->sockets, fd);

	*error = !socket ? -EBADF : socket->state == SOCKET_EPOLL ? -ENOTSOCK : 0;
	return *error ? NULL : socket;
}

static long make(struct adapter *adapter, int domain, int type, int protocol)
{
	struct socket *socket;
	int error;

	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM || (protocol && protocol != IPPROTO_TCP))
		return -EPROTONOSUPPORT;
	socket = socket_new(SOCKET_FRESH, domain);
	socket->nonblocking = type & SOCK_NONBLOCK;
	options_defaults(adapter, &socket->options);
	error = socket_publish(&adapter->sockets, socket);
	if (error) {
		socket_free(&adapter->sockets, socket);
		return error;
	}
	return socket->fd;
}

int open_socket(void *userdata, int domain, int type, int protocol)
{
	struct adapter *adapter = adapter_enter(userdata);

	return (int)adapter_leave(adapter, make(adapter, domain, type, protocol));
}

/* Ours: any, or one of the flags'. */
static bool is_local(const struct adapter *adapter, const struct sluice_address *address)
{
	const struct sluice_port_config *port = &adapter->config.port[0];

	for (uint32_t i = 0; i < port->subnet_count; i++)
		if (memcmp(port->subnet[i].ip, address->ip, 16) == 0)
			return true;
	return address_is_any(address);
}

/* As Linux has it: two sockets share a port only if both allow it and the other does not listen. */
static bool is_taken(const struct adapter *adapter, const struct socket *socket, const struct sluice_address *address)
{
	for (int fd = 0; fd < SOCKET_FD_MAX; fd++) {
		const struct socket *other = adapter->sockets.at[fd];

		if (!other || other == socket || !other->is_bound || other->local.port != address->port)
			continue;
		if (memcmp(other->local.ip, address->ip, 16) != 0 && !address_is_any(&other->local) &&
		    !address_is_any(address))
			continue;
		if (other->state == SOCKET_LISTENING || !other->options.reuse_address || !socket->options.reuse_address)
			return true;
	}
	return false;
}

static long bind_to(struct adapter *adapter, struct socket *socket, const struct sockaddr *to, socklen_t bytes)
{
	struct sluice_address address;
	int error = address_read(to, bytes, socket->domain, &address);

	if (error)
		return error;
	if (socket->is_bound || socket->state != SOCKET_FRESH)
		return -EINVAL;
	if (!is_local(adapter, &address))
		return -EADDRNOTAVAIL;
	if (address.port == 0)
		address.port = (uint16_t)(PORT_FIRST + adapter->next_port++ % (65536 - PORT_FIRST));
	if (is_taken(adapter, socket, &address))
		return -EADDRINUSE;
	socket->local = address;
	socket->is_bound = true;
	return 0;
}

int open_bind(void *userdata, int fd, const struct sockaddr *address, socklen_t bytes)
{
	struct adapter *adapter = adapter_enter(userdata);
	long result;
	struct socket *socket = stream_at(adapter, fd, &result);

	return (int)adapter_leave(adapter, socket ? bind_to(adapter, socket, address, bytes) : result);
}

/* Asks the stack for it; a number that is not negative, or negative errno. */
static int listen_with_options(struct adapter *adapter, const struct socket *socket)
{
	const struct socket_options *options = &socket->options;
	struct sluice_listen_options how = {.receive_bytes = (uint32_t)options->receive_bytes,
					    .mss_bytes = (uint16_t)options->maxseg_bytes,
					    .delay = !options->nodelay};

	return sluice_listen(adapter->stack.worker, &socket->local, &how);
}

static long listen_on(struct adapter *adapter, struct socket *socket)
{
	int number;

	if (socket->state == SOCKET_LISTENING)
		return 0;
	if (socket->state != SOCKET_FRESH)
		return -EINVAL;
	if (!socket->is_bound)
		return -EDESTADDRREQ;
	number = listen_with_options(adapter, socket);
	if (number < 0)
		return number;
	socket->listener = (uint16_t)number;
	socket->state = SOCKET_LISTENING;
	return 0;
}

void open_listen_again(struct adapter *adapter, struct socket *socket)
{
	sluice_unlisten(adapter->stack.worker, socket->listener);
	socket->listener = (uint16_t)listen_with_options(adapter, socket);
}

int open_listen(void *userdata, int fd, int backlog)
{
	struct adapter *adapter = adapter_enter(userdata);
	long result;
	struct socket *socket = stream_at(adapter, fd, &result);

	(void)backlog; /* the library's own bounds hold */
	return (int)adapter_leave(adapter, socket ? listen_on(adapter, socket) : result);
}

/* ---- accept -------------------------------------------------------------------------------------------- */

struct accept_call {
	struct call call;
	int fd;
	struct sockaddr *address;
	socklen_t *bytes;
};

static long accept_one(struct adapter *adapter, struct socket *listener, const struct accept_call *accept)
{
	struct socket *child = socket_next_waiting(listener);
	struct sluice_address local, peer = {.port = 0};
	int error = socket_publish(&adapter->sockets, child);

	if (error) {
		sluice_abort(adapter->stack.worker, child->conn);
		socket_free(&adapter->sockets, child);
		return error;
	}
	sluice_addresses(adapter->stack.worker, child->conn, &local, &peer);
	address_write(&peer, child->domain, accept->address, accept->bytes);
	return child->fd;
}

static bool accept_attempt(struct adapter *adapter, struct call *call)
{
	struct accept_call *accept = (struct accept_call *)call;
	struct socket *listener = stream_at(adapter, accept->fd, &call->result);

	if (!listener)
		return true;
	call->result = listener->state == SOCKET_LISTENING ? -EAGAIN : -EINVAL;
	if (listener->state == SOCKET_LISTENING && listener->waiting)
		call->result = accept_one(adapter, listener, accept);
	return call->result != -EAGAIN;
}

int open_accept(void *userdata, int fd, struct sockaddr *address, socklen_t *bytes)
{
	struct adapter *adapter = adapter_enter(userdata);
	const struct socket *socket = socket_find(&adapter->sockets, fd);
	struct accept_call accept = {.call = {.attempt = accept_attempt}, .fd = fd, .address = address, .bytes = bytes};

	accept.call.deadline_ns = socket && socket->nonblocking ? 0 : CALL_FOREVER;
	return (int)adapter_leave(adapter, adapter_call(adapter, &accept.call));
}

/* ---- connect ------------------------------------------------------------------------------------------- */

struct connect_call {
	struct call call;
	int fd;
	const struct sockaddr *address;
	socklen_t bytes;
};

static long start_to_connect(struct adapter *adapter, struct socket *socket, const struct connect_call *connect)
{
	const struct socket_options *options = &socket->options;
	struct sluice_connect_options how = {.receive_bytes = (uint32_t)options->receive_bytes,
					     .mss_bytes = (uint16_t)options->maxseg_bytes,
					     .delay = !options->nodelay};
	struct sluice_address peer;
	int error = address_read(connect->address, connect->bytes, socket->domain, &peer);

	if (error)
		return error;
	how.local.port = socket->local.port;
	if (socket->is_bound && !address_is_any(&socket->local))
		how.local = socket->local;
	error = sluice_connect(adapter->stack.worker, &peer, &how, socket, &socket->conn);
	if (error)
		return error;
	socket->state = SOCKET_CONNECTING;
	options_apply(adapter, socket);
	return -EINPROGRESS;
}

static long take_error(struct socket *socket, int otherwise)
{
	int error = socket->error ? socket->error : otherwise;

	socket->error = 0;
	return -error;
}

static bool connect_attempt(struct adapter *adapter, struct call *call)
{
	struct connect_call *connect = (struct connect_call *)call;
	struct socket *socket = stream_at(adapter, connect->fd, &call->result);

	if (!socket)
		return true;
	switch (socket->state) {
	case SOCKET_FRESH:
		call->result = start_to_connect(adapter, socket, connect);
		return call->result != -EINPROGRESS;
	case SOCKET_CONNECTING:
		if (call->result == 0)
			call->result = -EALREADY;
		return false;
	case SOCKET_OPEN:
		call->result = socket->connect_told || socket->listener != SLUICE_NO_LISTENER ? -EISCONN : 0;
		socket->connect_told = true;
		return true;
	case SOCKET_ENDED:
		call->result = take_error(socket, ECONNABORTED);
		return true;
	case SOCKET_LISTENING:
	case SOCKET_EPOLL:
		call->result = -EISCONN;
		return true;
	}
	return true;
}

int open_connect(void *userdata, int fd, const struct sockaddr *address, socklen_t bytes)
{
	struct adapter *adapter = adapter_enter(userdata);
	const struct socket *socket = socket_find(&adapter->sockets, fd);
	struct connect_call connect = {
		.call = {.attempt = connect_attempt}, .fd = fd, .address = address, .bytes = bytes};

	connect.call.deadline_ns = socket && socket->nonblocking ? 0 : CALL_FOREVER;
	return (int)adapter_leave(adapter, adapter_call(adapter, &connect.call));
}

/* ---- The end ------------------------------------------------------------------------------------------- */

static long shut(struct adapter *adapter, struct socket *socket, int how)
{
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (socket->state != SOCKET_OPEN)
		return -ENOTCONN;
	if (how != SHUT_WR)
		socket->shut_read = true;
	if (how != SHUT_RD) {
		socket->shut_write = true;
		sluice_shutdown(adapter->stack.worker, socket->conn);
	}
	socket->wakes_in++;
	socket->wakes_out++;
	return 0;
}

int open_shutdown(void *userdata, int fd, int how)
{
	struct adapter *adapter = adapter_enter(userdata);
	long result;
	struct socket *socket = stream_at(adapter, fd, &result);

	return (int)adapter_leave(adapter, socket ? shut(adapter, socket, how) : result);
}

static void close_conn(struct adapter *adapter, struct socket *socket)
{
	struct sluice_worker *worker = adapter->stack.worker;

	sluice_set_context(worker, socket->conn, NULL);
	if (socket->options.linger.l_onoff)
		sluice_close_within(worker, socket->conn, (uint32_t)socket->options.linger.l_linger * 1000);
	else
		sluice_close(worker, socket->conn);
}

/* Those who wait to be accepted are reset, as nobody will ever serve them. */
static void close_listener(struct adapter *adapter, struct socket *listener)
{
	struct socket *child;

	sluice_unlisten(adapter->stack.worker, listener->listener);
	while ((child = socket_next_waiting(listener)) != NULL) {
		sluice_set_context(adapter->stack.worker, child->conn, NULL);
		sluice_abort(adapter->stack.worker, child->conn);
		socket_free(&adapter->sockets, child);
	}
}

void open_end(struct adapter *adapter, struct socket *socket)
{
	if (socket->state == SOCKET_LISTENING)
		close_listener(adapter, socket);
	else if (socket->conn.id)
		close_conn(adapter, socket);
	socket_free(&adapter->sockets, socket);
}

int open_close(void *userdata, int fd)
{
	struct adapter *adapter = adapter_enter(userdata);
	struct socket *socket = socket_find(&adapter->sockets, fd);

	if (!socket)
		return (int)adapter_leave(adapter, -EBADF);
	open_end(adapter, socket);
	close(fd);
	return (int)adapter_leave(adapter, 0);
}
