/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes in and out: one call each way, and the ten forms of it. */
#include "tests/packetdrill/transfer.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define SLICES_MAX 64

struct transfer_call {
	struct call call;
	int fd, flags;
	const struct iovec *iov;
	size_t count;
	size_t bytes;      /* of them all */
	size_t done_bytes; /* moved in earlier attempts */
};

/* NULL: not a socket that can be read or written; `result` says why. */
static struct socket *stream_of(struct adapter *adapter, struct transfer_call *transfer)
{
	struct socket *socket = socket_find(&adapter->sockets, transfer->fd);

	if (socket && socket->state != SOCKET_EPOLL)
		return socket;
	transfer->call.result = socket ? -EINVAL : -EBADF;
	return NULL;
}

/* Over, with an error unless something was moved before. */
static bool ends(struct transfer_call *transfer, long result)
{
	transfer->call.result = transfer->done_bytes ? (long)transfer->done_bytes : result;
	return true;
}

static bool waits(struct transfer_call *transfer)
{
	ends(transfer, -EAGAIN);
	return false;
}

static bool ends_with_error(struct transfer_call *transfer, struct socket *socket)
{
	int error = socket->error;

	if (!transfer->done_bytes)
		socket->error = 0;
	return ends(transfer, -error);
}

static long run(void *userdata, struct transfer_call *transfer)
{
	struct adapter *adapter = adapter_enter(userdata);
	const struct socket *socket = socket_find(&adapter->sockets, transfer->fd);
	bool must_not_wait = (socket && socket->nonblocking) || transfer->flags & MSG_DONTWAIT;

	if (transfer->count > IOV_MAX)
		return adapter_leave(adapter, -EINVAL);
	for (size_t i = 0; i < transfer->count; i++)
		transfer->bytes += transfer->iov[i].iov_len;
	transfer->call.deadline_ns = must_not_wait ? 0 : CALL_FOREVER;
	return adapter_leave(adapter, adapter_call(adapter, &transfer->call));
}

/* ---- In ------------------------------------------------------------------------------------------------ */

/* Copies to where the program wants it, from `done_bytes` on; false: it wants it nowhere. */
static bool copy_out(const struct transfer_call *transfer, size_t at, const uint8_t *data, size_t bytes)
{
	if (transfer->flags & MSG_TRUNC)
		return true;
	for (size_t i = 0; i < transfer->count && bytes; i++) {
		const struct iovec *iov = &transfer->iov[i];
		size_t part;

		if (at >= iov->iov_len) {
			at -= iov->iov_len;
			continue;
		}
		if (!iov->iov_base)
			return false;
		part = iov->iov_len - at < bytes ? iov->iov_len - at : bytes;
		memcpy((uint8_t *)iov->iov_base + at, data, part);
		data += part;
		bytes -= part;
		at = 0;
	}
	return true;
}

/* Moves what there is; negative errno, or how much. */
static long take_bytes(struct adapter *adapter, const struct socket *socket, const struct transfer_call *transfer)
{
	struct sluice_worker *worker = adapter->stack.worker;
	size_t wanted = transfer->bytes - transfer->done_bytes, taken = 0;
	struct sluice_slice slice[SLICES_MAX];
	uint32_t count;

	while (taken < wanted && (count = sluice_peek(worker, socket->conn, slice, SLICES_MAX)) > 0) {
		uint32_t before = (uint32_t)taken;

		for (uint32_t i = 0; i < count && taken < wanted; i++) {
			size_t bytes = slice[i].bytes < wanted - taken ? slice[i].bytes : wanted - taken;

			if (!copy_out(transfer, transfer->done_bytes + taken, slice[i].data, bytes))
				return -EFAULT;
			taken += bytes;
		}
		if (transfer->flags & MSG_PEEK)
			break;
		sluice_consume(worker, socket->conn, (uint32_t)taken - before);
	}
	return (long)taken;
}

static bool receive_attempt(struct adapter *adapter, struct call *call)
{
	struct transfer_call *transfer = (struct transfer_call *)call;
	struct socket *socket = stream_of(adapter, transfer);
	long taken;

	if (!socket)
		return true;
	if (socket->state == SOCKET_FRESH || socket->state == SOCKET_LISTENING)
		return ends(transfer, -ENOTCONN);
	if (transfer->flags & MSG_OOB)
		return ends(transfer, -EINVAL);
	taken = take_bytes(adapter, socket, transfer);
	if (taken < 0)
		return ends(transfer, taken);
	transfer->done_bytes += (size_t)taken;
	if (transfer->done_bytes && (!(transfer->flags & MSG_WAITALL) || transfer->done_bytes == transfer->bytes))
		return ends(transfer, 0);
	if (socket->error)
		return ends_with_error(transfer, socket);
	if (socket->peer_closed || socket->shut_read || socket->state == SOCKET_ENDED || transfer->bytes == 0)
		return ends(transfer, 0);
	return waits(transfer);
}

static long receive(void *userdata, int fd, const struct iovec *iov, size_t count, int flags)
{
	struct transfer_call transfer = {
		.call = {.attempt = receive_attempt}, .fd = fd, .flags = flags, .iov = iov, .count = count};

	return run(userdata, &transfer);
}

ssize_t transfer_recvfrom(void *userdata, int fd, void *data, size_t bytes, int flags, struct sockaddr *address,
			  socklen_t *address_bytes)
{
	struct iovec iov = {data, bytes};

	if (address && address_bytes)
		*address_bytes = 0; /* of a stream, nobody says from where */
	return receive(userdata, fd, &iov, 1, flags);
}

ssize_t transfer_recv(void *userdata, int fd, void *data, size_t bytes, int flags)
{
	return transfer_recvfrom(userdata, fd, data, bytes, flags, NULL, NULL);
}

ssize_t transfer_read(void *userdata, int fd, void *data, size_t bytes)
{
	return transfer_recvfrom(userdata, fd, data, bytes, 0, NULL, NULL);
}

ssize_t transfer_readv(void *userdata, int fd, const struct iovec *iov, int count)
{
	return receive(userdata, fd, iov, (size_t)count, 0);
}

/* How much more there is to read (TCP_INQ); with nothing left but the end, Linux says 1. */
static int still_readable(struct adapter *adapter, const struct socket *socket)
{
	struct sluice_conn_info info;

	if (sluice_conn_info(adapter->stack.worker, socket->conn, &info) && info.readable_bytes)
		return (int)info.readable_bytes;
	return socket->peer_closed;
}

static void write_control(void *userdata, int fd, struct msghdr *message)
{
	struct adapter *adapter = adapter_enter(userdata);
	const struct socket *socket = socket_find(&adapter->sockets, fd);
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	size_t written = 0;

	if (socket && socket->options.inq && control && message->msg_controllen >= CMSG_SPACE(sizeof(int))) {
		int bytes = still_readable(adapter, socket);

		control->cmsg_level = SOL_TCP;
		control->cmsg_type = TCP_CM_INQ;
		control->cmsg_len = CMSG_LEN(sizeof(bytes));
		memcpy(CMSG_DATA(control), &bytes, sizeof(bytes));
		written = CMSG_SPACE(sizeof(bytes));
	}
	message->msg_controllen = written;
	message->msg_flags = 0;
	adapter_leave(adapter, 0);
}

ssize_t transfer_recvmsg(void *userdata, int fd, struct msghdr *message, int flags)
{
	long result;
	int error;

	if (flags & MSG_ERRQUEUE) {
		errno = EAGAIN; /* nothing ever lies in it */
		return -1;
	}
	result = receive(userdata, fd, message->msg_iov, message->msg_iovlen, flags);
	error = errno;
	if (result >= 0)
		write_control(userdata, fd, message);
	errno = error;
	return result;
}

/* ---- Out ----------------------------------------------------------------------------------------------- */

/* Gives the stack what is left of it, a handful of slices at a time; negative errno, or how much it took. */
static long give_bytes(struct adapter *adapter, const struct socket *socket, const struct transfer_call *transfer)
{
	bool has_more = transfer->flags & MSG_MORE || socket->options.cork;
	size_t skip = transfer->done_bytes, given = 0, end = 0;

	for (size_t i = 0; i < transfer->count; i++) {
		const struct iovec *iov = &transfer->iov[i];
		struct sluice_slice slice;
		uint32_t taken;

		end += iov->iov_len;
		if (skip >= iov->iov_len) {
			skip -= iov->iov_len;
			continue;
		}
		if (!iov->iov_base)
			return given ? (long)given : -EFAULT;
		slice = (struct sluice_slice){.data = (const uint8_t *)iov->iov_base + skip,
					      .bytes = (uint32_t)(iov->iov_len - skip)};
		skip = 0;
		taken = sluice_send(adapter->stack.worker, socket->conn, &slice, 1,
				    has_more || end < transfer->bytes ? SLUICE_SEND_MORE : 0);
		given += taken;
		if (taken < slice.bytes)
			break;
	}
	return (long)given;
}

static bool send_attempt(struct adapter *adapter, struct call *call)
{
	struct transfer_call *transfer = (struct transfer_call *)call;
	struct socket *socket = stream_of(adapter, transfer);
	long given;

	if (!socket)
		return true;
	if (transfer->flags & MSG_OOB)
		return ends(transfer, -EOPNOTSUPP);
	if (socket->error)
		return ends_with_error(transfer, socket);
	if (socket->state == SOCKET_CONNECTING)
		return waits(transfer);
	if (socket->state != SOCKET_OPEN || socket->shut_write)
		return ends(transfer, -EPIPE);
	given = give_bytes(adapter, socket, transfer);
	if (given < 0)
		return ends(transfer, given);
	transfer->done_bytes += (size_t)given;
	if (transfer->done_bytes == transfer->bytes)
		return ends(transfer, 0);
	socket->lacks_room = true;
	return waits(transfer);
}

static long give(void *userdata, int fd, const struct iovec *iov, size_t count, int flags)
{
	struct transfer_call transfer = {
		.call = {.attempt = send_attempt}, .fd = fd, .flags = flags, .iov = iov, .count = count};

	if (flags & MSG_FASTOPEN) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return run(userdata, &transfer);
}

ssize_t transfer_sendto(void *userdata, int fd, const void *data, size_t bytes, int flags,
			const struct sockaddr *address, socklen_t address_bytes)
{
	struct iovec iov = {.iov_len = bytes};

	(void)address; /* a connection has one already */
	(void)address_bytes;
	memcpy(&iov.iov_base, &data, sizeof(data));
	return give(userdata, fd, &iov, 1, flags);
}

ssize_t transfer_send(void *userdata, int fd, const void *data, size_t bytes, int flags)
{
	return transfer_sendto(userdata, fd, data, bytes, flags, NULL, 0);
}

ssize_t transfer_write(void *userdata, int fd, const void *data, size_t bytes)
{
	return transfer_sendto(userdata, fd, data, bytes, 0, NULL, 0);
}

ssize_t transfer_writev(void *userdata, int fd, const struct iovec *iov, int count)
{
	return give(userdata, fd, iov, (size_t)count, 0);
}

ssize_t transfer_sendmsg(void *userdata, int fd, const struct msghdr *message, int flags)
{
	return give(userdata, fd, message->msg_iov, message->msg_iovlen, flags);
}
