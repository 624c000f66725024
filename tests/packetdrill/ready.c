/* SPDX-License-Identifier: BSD-3-Clause */
/* Readiness as Linux shows it; its POLL* and EPOLL* bits are the same. */
#include "tests/packetdrill/ready.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/assert.h"

#define WATCHES_MAX 64

struct watch {
	int fd; /* -1: this place is free */
	struct epoll_event event;
	uint64_t told_in, told_out; /* the socket's wakes that an edge was told of */
	bool is_spent;              /* EPOLLONESHOT, and it was told */
};

struct epoll_set {
	struct watch watch[WATCHES_MAX];
};

/* A third of the queue is free, and no more waits unsent than the program said. */
static bool has_room(const struct adapter *adapter, const struct socket *socket)
{
	struct sluice_conn_info info;
	uint32_t room_bytes = sluice_send_room(adapter->stack.worker, socket->conn);

	if (!sluice_conn_info(adapter->stack.worker, socket->conn, &info) || room_bytes < info.queued_bytes / 2)
		return false;
	return room_bytes && (socket->options.notsent_lowat_bytes == 0 ||
			      info.queued_bytes - info.inflight_bytes < (uint32_t)socket->options.notsent_lowat_bytes);
}

static uint32_t open_mask(const struct adapter *adapter, struct socket *socket)
{
	struct sluice_conn_info info;
	uint32_t mask = 0;

	if (sluice_conn_info(adapter->stack.worker, socket->conn, &info) && info.readable_bytes)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (socket->peer_closed || socket->shut_read)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if ((socket->peer_closed || socket->shut_read) && socket->shut_write)
		mask |= EPOLLHUP;
	socket->lacks_room = !socket->shut_write && !has_room(adapter, socket);
	if (!socket->lacks_room)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static uint32_t mask_of(const struct adapter *adapter, struct socket *socket)
{
	uint32_t mask = socket->error ? EPOLLERR : 0;

	switch (socket->state) {
	case SOCKET_FRESH:
		return mask | EPOLLOUT | EPOLLWRNORM | EPOLLHUP;
	case SOCKET_LISTENING:
		return mask | (socket->waiting ? EPOLLIN | EPOLLRDNORM : 0);
	case SOCKET_CONNECTING:
		return mask;
	case SOCKET_OPEN:
		return mask | open_mask(adapter, socket);
	case SOCKET_ENDED:
		return mask | EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLHUP | EPOLLRDHUP;
	case SOCKET_EPOLL:
		return mask;
	}
	return mask;
}

void ready_has_room(struct adapter *adapter, struct socket *socket)
{
	if (!socket->lacks_room || !has_room(adapter, socket))
		return;
	socket->lacks_room = false;
	socket->wakes_out++;
}

static uint64_t deadline_of(const struct adapter *adapter, int timeout_ms)
{
	if (timeout_ms < 0)
		return CALL_FOREVER;
	return timeout_ms ? adapter_now_ns(adapter) + (uint64_t)timeout_ms * 1000000 : 0;
}

/* ---- poll ---------------------------------------------------------------------------------------------- */

struct poll_call {
	struct call call;
	struct pollfd *fds;
	nfds_t count;
};

static bool poll_attempt(struct adapter *adapter, struct call *call)
{
	struct poll_call *poll = (struct poll_call *)call;

	call->result = 0;
	for (nfds_t i = 0; i < poll->count; i++) {
		struct pollfd *one = &poll->fds[i];
		struct socket *socket = socket_find(&adapter->sockets, one->fd);

		one->revents = 0;
		if (one->fd < 0)
			continue;
		one->revents =
			socket ? (short)(mask_of(adapter, socket) & ((uint16_t)one->events | EPOLLERR | EPOLLHUP))
			       : POLLNVAL;
		call->result += one->revents != 0;
	}
	return call->result > 0;
}

int ready_poll(void *userdata, struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct adapter *adapter = adapter_enter(userdata);
	struct poll_call poll = {.call = {.attempt = poll_attempt}, .fds = fds, .count = count};

	poll.call.deadline_ns = deadline_of(adapter, timeout_ms);
	return (int)adapter_leave(adapter, adapter_call(adapter, &poll.call));
}

/* ---- epoll --------------------------------------------------------------------------------------------- */

static long epoll_make(struct adapter *adapter)
{
	struct socket *socket = socket_new(SOCKET_EPOLL, 0);
	int error = socket_publish(&adapter->sockets, socket);

	if (error) {
		socket_free(&adapter->sockets, socket);
		return error;
	}
	socket->epoll = calloc(1, sizeof(*socket->epoll));
	REQUIRE(socket->epoll);
	for (uint32_t i = 0; i < WATCHES_MAX; i++)
		socket->epoll->watch[i].fd = -1;
	return socket->fd;
}

int ready_epoll_create(void *userdata, int size)
{
	struct adapter *adapter = adapter_enter(userdata);

	return (int)adapter_leave(adapter, size > 0 ? epoll_make(adapter) : -EINVAL);
}

/* NULL: nobody watches it; with fd -1, a free place. */
static struct watch *watch_of(struct epoll_set *set, int fd)
{
	for (uint32_t i = 0; i < WATCHES_MAX; i++)
		if (set->watch[i].fd == fd)
			return &set->watch[i];
	return NULL;
}

static long change(struct adapter *adapter, int epoll_fd, int operation, int fd, const struct epoll_event *event)
{
	struct socket *epoll = socket_find(&adapter->sockets, epoll_fd), *socket = socket_find(&adapter->sockets, fd);
	struct watch *watch;

	if (!epoll || !socket)
		return -EBADF;
	if (epoll->state != SOCKET_EPOLL || socket->state == SOCKET_EPOLL)
		return -EINVAL;
	watch = watch_of(epoll->epoll, fd);
	if (operation == EPOLL_CTL_DEL) {
		if (!watch)
			return -ENOENT;
		watch->fd = -1;
		return 0;
	}
	if (operation != EPOLL_CTL_ADD && operation != EPOLL_CTL_MOD)
		return -EINVAL;
	if (operation == EPOLL_CTL_ADD && watch)
		return -EEXIST;
	if (operation == EPOLL_CTL_MOD && !watch)
		return -ENOENT;
	if (!watch)
		watch = watch_of(epoll->epoll, -1);
	if (!watch)
		return -ENOSPC;
	/* What is ready now is news to this watch. */
	*watch = (struct watch){
		.fd = fd, .event = *event, .told_in = socket->wakes_in - 1, .told_out = socket->wakes_out - 1};
	return 0;
}

int ready_epoll_ctl(void *userdata, int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	struct adapter *adapter = adapter_enter(userdata);

	return (int)adapter_leave(adapter, change(adapter, epoll_fd, operation, fd, event));
}

/* What a watch has to tell now; an edge only if something happened since the last. */
static uint32_t news_of(const struct adapter *adapter, struct watch *watch)
{
	struct socket *socket = socket_find(&adapter->sockets, watch->fd);
	uint32_t wanted = watch->event.events, mask;
	bool is_new;

	if (!socket) {
		watch->fd = -1;
		return 0;
	}
	if (watch->is_spent)
		return 0;
	mask = mask_of(adapter, socket) & (wanted | EPOLLERR | EPOLLHUP);
	is_new = ((wanted & (EPOLLIN | EPOLLRDHUP)) && watch->told_in != socket->wakes_in) ||
		 ((wanted & EPOLLOUT) && watch->told_out != socket->wakes_out) ||
		 (mask & (EPOLLERR | EPOLLHUP) && watch->told_in != socket->wakes_in);
	if (wanted & EPOLLET && !is_new)
		return 0;
	watch->told_in = socket->wakes_in;
	watch->told_out = socket->wakes_out;
	if (mask && wanted & EPOLLONESHOT)
		watch->is_spent = true;
	return mask;
}

struct epoll_call {
	struct call call;
	int fd, max;
	struct epoll_event *events;
};

static bool epoll_attempt(struct adapter *adapter, struct call *call)
{
	struct epoll_call *wait = (struct epoll_call *)call;
	struct socket *epoll = socket_find(&adapter->sockets, wait->fd);

	call->result = !epoll ? -EBADF : epoll->state != SOCKET_EPOLL || wait->max <= 0 ? -EINVAL : 0;
	if (call->result)
		return true;
	for (uint32_t i = 0; i < WATCHES_MAX && call->result < wait->max; i++) {
		struct watch *watch = &epoll->epoll->watch[i];
		uint32_t news = watch->fd < 0 ? 0 : news_of(adapter, watch);

		if (news)
			wait->events[call->result++] = (struct epoll_event){news, watch->event.data};
	}
	return call->result > 0;
}

int ready_epoll_wait(void *userdata, int epoll_fd, struct epoll_event *events, int max, int timeout_ms)
{
	struct adapter *adapter = adapter_enter(userdata);
	struct epoll_call wait = {.call = {.attempt = epoll_attempt}, .fd = epoll_fd, .max = max, .events = events};

	wait.call.deadline_ns = deadline_of(adapter, timeout_ms);
	return (int)adapter_leave(adapter, adapter_call(adapter, &wait.call));
}
