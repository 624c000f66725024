/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets: records, descriptors, and the queue of those that wait to be accepted. */
#include "tests/packetdrill/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/assert.h"

struct socket *socket_new(enum socket_state state, int domain)
{
	struct socket *socket = calloc(1, sizeof(*socket));

	REQUIRE(socket);
	socket->fd = -1;
	socket->state = state;
	socket->domain = domain;
	socket->listener = SLUICE_NO_LISTENER;
	return socket;
}

int socket_publish(struct socket_table *table, struct socket *socket)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fd >= SOCKET_FD_MAX) {
		close(fd);
		return -EMFILE;
	}
	/* A descriptor that was closed behind our back is known no more. */
	if (table->at[fd])
		table->at[fd]->fd = -1;
	table->at[fd] = socket;
	socket->fd = fd;
	return 0;
}

struct socket *socket_find(const struct socket_table *table, int fd)
{
	return fd >= 0 && fd < SOCKET_FD_MAX ? table->at[fd] : NULL;
}

void socket_free(struct socket_table *table, struct socket *socket)
{
	if (socket->fd >= 0)
		table->at[socket->fd] = NULL;
	free(socket->epoll);
	free(socket);
}

void socket_wait(struct socket *listener, struct socket *child)
{
	struct socket **end = &listener->waiting;

	while (*end)
		end = &(*end)->next_waiting;
	*end = child;
	listener->waiting_count++;
}

struct socket *socket_next_waiting(struct socket *listener)
{
	struct socket *child = listener->waiting;

	if (child) {
		listener->waiting = child->next_waiting;
		child->next_waiting = NULL;
		listener->waiting_count--;
	}
	return child;
}
