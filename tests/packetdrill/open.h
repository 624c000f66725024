/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls that make and end sockets.
 */
#pragma once

#include "tests/packetdrill/adapter.h"

int open_socket(void *userdata, int domain, int type, int protocol);
int open_bind(void *userdata, int fd, const struct sockaddr *address, socklen_t bytes);
int open_listen(void *userdata, int fd, int backlog);
int open_accept(void *userdata, int fd, struct sockaddr *address, socklen_t *bytes);
int open_connect(void *userdata, int fd, const struct sockaddr *address, socklen_t bytes);
int open_shutdown(void *userdata, int fd, int how);
int open_close(void *userdata, int fd);

/* A listener's options have changed; handshakes that are under way are forgotten. */
void open_listen_again(struct adapter *adapter, struct socket *socket);

/* Ends a socket as close() does, but for its descriptor. */
void open_end(struct adapter *adapter, struct socket *socket);
