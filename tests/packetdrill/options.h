/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket options, ioctl and fcntl: what programs set and ask, in Linux's terms.
 */
#pragma once

#include "tests/packetdrill/adapter.h"

void options_defaults(const struct adapter *adapter, struct socket_options *options);

/* Tells the stack what a socket's options say of its connection. */
void options_apply(struct adapter *adapter, struct socket *socket);

int options_get(void *userdata, int fd, int level, int name, void *value, socklen_t *bytes);
int options_set(void *userdata, int fd, int level, int name, const void *value, socklen_t bytes);
int options_fcntl(void *userdata, int fd, int command, ...);
int options_ioctl(void *userdata, int fd, unsigned long request, ...);
