/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll and epoll: which sockets are ready for what, and since when.
 */
#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include "tests/packetdrill/adapter.h"

/* The stack has more room for what the program sends. */
void ready_has_room(struct adapter *adapter, struct socket *socket);

int ready_poll(void *userdata, struct pollfd *fds, nfds_t count, int timeout_ms);
int ready_epoll_create(void *userdata, int size);
int ready_epoll_ctl(void *userdata, int epoll_fd, int operation, int fd, struct epoll_event *event);
int ready_epoll_wait(void *userdata, int epoll_fd, struct epoll_event *events, int max, int timeout_ms);
