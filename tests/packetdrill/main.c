/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the shared object exports: the function that packetdrill looks up, and a getsockopt() that stands in front of
 * libc's, because packetdrill asks libc for TCP_INFO whatever stack it drives.  That one works when the object is also
 * preloaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/assert.h"
#include "tests/packetdrill/adapter.h"
#include "tests/packetdrill/flags.h"
#include "tests/packetdrill/interface.h"
#include "tests/packetdrill/open.h"
#include "tests/packetdrill/options.h"
#include "tests/packetdrill/ready.h"
#include "tests/packetdrill/transfer.h"

#define EPOCH_S 1600000000 /* what the clock says at virtual time zero */

/* Whose descriptors getsockopt() looks for: the adapter that was made last. */
static struct adapter *current;

/* ---- Packets and time ---------------------------------------------------------------------------------- */

static long long clock_us(uint64_t now_ns)
{
	return EPOCH_S * 1000000LL + (long long)(now_ns / 1000);
}

static int device_send(void *userdata, const void *packet, size_t bytes)
{
	struct adapter *adapter = adapter_enter(userdata);

	return (int)adapter_leave(adapter, wire_inject(&adapter->stack.wire, packet, bytes));
}

/* Nothing has left: time passes until something does, or nothing ever will. */
static int device_receive(void *userdata, void *packet, size_t *bytes, long long *time_us)
{
	struct adapter *adapter = adapter_enter(userdata);
	struct wire_sent *sent = wire_take(&adapter->stack.wire);

	while (!sent && adapter_jump(adapter))
		sent = wire_take(&adapter->stack.wire);
	if (!sent) {
		*bytes = 0;
		*time_us = clock_us(adapter_now_ns(adapter));
		return (int)adapter_leave(adapter, 0);
	}
	if (sent->bytes < *bytes)
		*bytes = sent->bytes;
	memcpy(packet, sent->packet, *bytes);
	*time_us = clock_us(sent->at_ns);
	free(sent);
	return (int)adapter_leave(adapter, 0);
}

static int device_usleep(void *userdata, useconds_t us)
{
	struct adapter *adapter = adapter_enter(userdata);

	adapter_pass_ns(adapter, us * 1000ULL);
	return (int)adapter_leave(adapter, 0);
}

/* Reading the clock takes a microsecond, so that whoever spins on it gets somewhere. */
static int device_gettimeofday(void *userdata, struct timeval *now, struct timezone *zone)
{
	struct adapter *adapter = adapter_enter(userdata);
	long long us;

	(void)zone;
	if (!adapter_has_returned(adapter))
		adapter_pass_ns(adapter, 1000);
	us = clock_us(adapter_now_ns(adapter));
	now->tv_sec = us / 1000000;
	now->tv_usec = us % 1000000;
	pthread_mutex_unlock(&adapter->mutex);
	return 0;
}

/* ---- What is not offered ------------------------------------------------------------------------------- */

static int offers_no_pipe(void *userdata, int fds[2])
{
	(void)userdata;
	(void)fds;
	errno = ENOSYS;
	return -1;
}

static int offers_no_splice(void *userdata, int from, loff_t *from_offset, int to, loff_t *to_offset, size_t bytes,
			    unsigned flags)
{
	(void)userdata;
	(void)from;
	(void)from_offset;
	(void)to;
	(void)to_offset;
	(void)bytes;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

/* ---- The end and the beginning ------------------------------------------------------------------------- */

/* Descriptors still open are not closed: packetdrill has done that, and the numbers may be others' by now. */
static void adapter_free(void *userdata)
{
	struct adapter *adapter = userdata;

	if (current == adapter)
		current = NULL;
	for (int fd = 0; fd < SOCKET_FD_MAX; fd++)
		if (adapter->sockets.at[fd])
			open_end(adapter, adapter->sockets.at[fd]);
	stack_close(&adapter->stack);
	pthread_cond_destroy(&adapter->woken);
	pthread_cond_destroy(&adapter->returned);
	pthread_mutex_destroy(&adapter->mutex);
	free(adapter);
}

static struct adapter *adapter_new(const char *flags)
{
	struct adapter *adapter = calloc(1, sizeof(*adapter));
	char error[256] = "";
	const char *why = error;

	REQUIRE(adapter);
	adapter->stack.handle = adapter_hears;
	adapter->stack.handled = adapter_has_heard;
	adapter->stack.user = adapter;
	if (flags_parse(flags, &adapter->config, error, sizeof(error)))
		why = stack_open(&adapter->stack, &adapter->config);
	if (why) {
		fprintf(stderr, "libsluice-packetdrill: %s\n", why);
		exit(2);
	}
	adapter->owner = pthread_self();
	pthread_mutex_init(&adapter->mutex, NULL);
	pthread_cond_init(&adapter->woken, NULL);
	pthread_cond_init(&adapter->returned, NULL);
	return adapter;
}

void packetdrill_interface_init(const char *flags, struct packetdrill_interface *interface)
{
	current = adapter_new(flags);
	*interface = (struct packetdrill_interface){
		.userdata = current,
		.free = adapter_free,
		.socket = open_socket,
		.bind = open_bind,
		.listen = open_listen,
		.accept = open_accept,
		.connect = open_connect,
		.read = transfer_read,
		.readv = transfer_readv,
		.recv = transfer_recv,
		.recvfrom = transfer_recvfrom,
		.recvmsg = transfer_recvmsg,
		.write = transfer_write,
		.writev = transfer_writev,
		.send = transfer_send,
		.sendto = transfer_sendto,
		.sendmsg = transfer_sendmsg,
		.fcntl = options_fcntl,
		.ioctl = options_ioctl,
		.close = open_close,
		.shutdown = open_shutdown,
		.getsockopt = options_get,
		.setsockopt = options_set,
		.poll = ready_poll,
		.netdev_send = device_send,
		.netdev_receive = device_receive,
		.usleep = device_usleep,
		.gettimeofday = device_gettimeofday,
		.epoll_create = ready_epoll_create,
		.epoll_ctl = ready_epoll_ctl,
		.epoll_wait = ready_epoll_wait,
		.pipe = offers_no_pipe,
		.splice = offers_no_splice,
	};
}

__attribute__((visibility("default"))) int getsockopt(int fd, int level, int name, void *restrict value,
						      socklen_t *restrict bytes)
{
	struct adapter *adapter = current;

	if (adapter && socket_find(&adapter->sockets, fd))
		return options_get(adapter, fd, level, name, value, bytes);
	return (int)syscall(SYS_getsockopt, fd, level, name, value, bytes);
}
