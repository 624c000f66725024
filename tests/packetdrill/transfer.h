/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls that move bytes: read, recv and write, send, in all their forms.
 */
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include "tests/packetdrill/adapter.h"

ssize_t transfer_read(void *userdata, int fd, void *data, size_t bytes);
ssize_t transfer_readv(void *userdata, int fd, const struct iovec *iov, int count);
ssize_t transfer_recv(void *userdata, int fd, void *data, size_t bytes, int flags);
ssize_t transfer_recvfrom(void *userdata, int fd, void *data, size_t bytes, int flags, struct sockaddr *address,
			  socklen_t *address_bytes);
ssize_t transfer_recvmsg(void *userdata, int fd, struct msghdr *message, int flags);
ssize_t transfer_write(void *userdata, int fd, const void *data, size_t bytes);
ssize_t transfer_writev(void *userdata, int fd, const struct iovec *iov, int count);
ssize_t transfer_send(void *userdata, int fd, const void *data, size_t bytes, int flags);
ssize_t transfer_sendto(void *userdata, int fd, const void *data, size_t bytes, int flags,
			const struct sockaddr *address, socklen_t address_bytes);
ssize_t transfer_sendmsg(void *userdata, int fd, const struct msghdr *message, int flags);
