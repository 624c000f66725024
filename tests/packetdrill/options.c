/* SPDX-License-Identifier: BSD-3-Clause */
/* Options: one table of plain numbers; the few that are more than that by name. */
#include "tests/packetdrill/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "tests/packetdrill/flags.h"
#include "tests/packetdrill/info.h"
#include "tests/packetdrill/open.h"

struct option {
	int level, name;
	size_t offset; /* in struct socket_options */
	int least, most;
	bool is_buffer; /* as socket(7) has it: cut to what is possible, and told to be twice that */
};

#define FIELD(name) offsetof(struct socket_options, name)

static const struct option options[] = {
	{SOL_SOCKET, SO_REUSEADDR, FIELD(reuse_address), INT_MIN, INT_MAX, false},
	{SOL_SOCKET, SO_REUSEPORT, FIELD(reuse_port), INT_MIN, INT_MAX, false},
	{SOL_SOCKET, SO_KEEPALIVE, FIELD(keepalive), INT_MIN, INT_MAX, false},
	{SOL_SOCKET, SO_PRIORITY, FIELD(priority), INT_MIN, INT_MAX, false},
	{SOL_SOCKET, SO_MARK, FIELD(mark), INT_MIN, INT_MAX, false},
	{SOL_SOCKET, SO_ZEROCOPY, FIELD(zerocopy), 0, 1, false},
	{SOL_SOCKET, SO_RCVBUF, FIELD(receive_bytes), 256, 32 << 20, true},
	{SOL_SOCKET, SO_SNDBUF, FIELD(send_bytes), 1024, 32 << 20, true},
	{IPPROTO_TCP, TCP_NODELAY, FIELD(nodelay), INT_MIN, INT_MAX, false},
	{IPPROTO_TCP, TCP_CORK, FIELD(cork), INT_MIN, INT_MAX, false},
	{IPPROTO_TCP, TCP_MAXSEG, FIELD(maxseg_bytes), 216, 32767, false},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, FIELD(user_timeout_ms), 0, INT_MAX, false},
	{IPPROTO_TCP, TCP_LINGER2, FIELD(linger2_s), INT_MIN, INT_MAX, false},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT, FIELD(defer_accept_s), 0, INT_MAX, false},
	{IPPROTO_TCP, TCP_QUICKACK, FIELD(quickack), INT_MIN, INT_MAX, false},
	{IPPROTO_TCP, TCP_KEEPIDLE, FIELD(keepidle_s), 1, 32767, false},
	{IPPROTO_TCP, TCP_KEEPINTVL, FIELD(keepintvl_s), 1, 32767, false},
	{IPPROTO_TCP, TCP_KEEPCNT, FIELD(keepcnt), 1, 127, false},
	{IPPROTO_TCP, TCP_SYNCNT, FIELD(syncnt), 1, 127, false},
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT, FIELD(notsent_lowat_bytes), INT_MIN, INT_MAX, false},
	{IPPROTO_TCP, TCP_INQ, FIELD(inq), 0, 1, false},
	{IPPROTO_TCP, TCP_WINDOW_CLAMP, FIELD(window_clamp_bytes), 0, INT_MAX, false},
	{IPPROTO_IP, IP_TOS, FIELD(tos), 0, 255, false},
	{IPPROTO_IP, IP_TTL, FIELD(ttl), 1, 255, false},
	{IPPROTO_IP, IP_MTU_DISCOVER, FIELD(mtu_discover), 0, 5, false},
	{IPPROTO_IPV6, IPV6_TCLASS, FIELD(tos), 0, 255, false},
	{IPPROTO_IPV6, IPV6_UNICAST_HOPS, FIELD(ttl), 1, 255, false},
	{IPPROTO_IPV6, IPV6_V6ONLY, FIELD(v6only), 0, 1, false},
};

void options_defaults(const struct adapter *adapter, struct socket_options *to)
{
	*to = (struct socket_options){
		.nodelay = adapter->config.nodelay,
		.quickack = 1,
		.keepidle_s = 7200,
		.keepintvl_s = 75,
		.keepcnt = 9,
		.syncnt = 6,
		.ttl = 64,
		.mtu_discover = IP_PMTUDISC_WANT,
	};
	snprintf(to->congestion, sizeof(to->congestion), "%s", flags_congestion_name(adapter->config.congestion));
}

static void apply(struct adapter *adapter, const struct socket *socket, enum sluice_option option, uint64_t value)
{
	sluice_set_option(adapter->stack.worker, socket->conn, option, value);
}

/* Twice what was asked for, as getsockopt() says; the library counts in KiB. */
static uint64_t queue_bytes(int send_bytes)
{
	return ((uint64_t)send_bytes * 2 + 1023) / 1024 * 1024;
}

void options_apply(struct adapter *adapter, struct socket *socket)
{
	const struct socket_options *from = &socket->options;

	apply(adapter, socket, SLUICE_OPTION_NODELAY, from->nodelay != 0);
	apply(adapter, socket, SLUICE_OPTION_DSCP, (uint64_t)from->tos >> 2);
	apply(adapter, socket, SLUICE_OPTION_TTL, (uint64_t)from->ttl);
	if (from->send_bytes)
		apply(adapter, socket, SLUICE_OPTION_SEND_QUEUE_BYTES, queue_bytes(from->send_bytes));
	if (from->receive_bytes)
		apply(adapter, socket, SLUICE_OPTION_RECEIVE_MAX_BYTES, (uint64_t)from->receive_bytes);
	apply(adapter, socket, SLUICE_OPTION_USER_TIMEOUT_MS, (uint64_t)from->user_timeout_ms);
	apply(adapter, socket, SLUICE_OPTION_KEEPALIVE_MS, (uint64_t)from->keepidle_s * 1000);
	apply(adapter, socket, SLUICE_OPTION_KEEPALIVE_INTERVAL_MS, (uint64_t)from->keepintvl_s * 1000);
	apply(adapter, socket, SLUICE_OPTION_KEEPALIVE_PROBES, (uint64_t)from->keepcnt);
	apply(adapter, socket, SLUICE_OPTION_KEEPALIVE, from->keepalive != 0);
}

/* ---- setsockopt ---------------------------------------------------------------------------------------- */

static const struct option *option_named(int level, int name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].level == level && options[i].name == name)
			return &options[i];
	return NULL;
}

static bool is_pushing(const struct option *option, int number)
{
	return (option->offset == FIELD(cork) && !number) || (option->offset == FIELD(nodelay) && number);
}

/* What was corked goes: more may follow, but nobody says so any longer. */
static void uncork(struct adapter *adapter, const struct socket *socket)
{
	sluice_send(adapter->stack.worker, socket->conn, NULL, 0, 0);
}

/* Does the stack's listener go by it? */
static bool is_listeners(const struct option *option)
{
	return option->offset == FIELD(receive_bytes) || option->offset == FIELD(maxseg_bytes) ||
	       option->offset == FIELD(nodelay);
}

static long set_number(struct adapter *adapter, struct socket *socket, const struct option *option, int number)
{
	if (option->is_buffer)
		number = number < option->least ? option->least : number > option->most ? option->most : number;
	if (number < option->least || number > option->most)
		return -EINVAL;
	*(int *)(void *)((char *)&socket->options + option->offset) = number;
	if (socket->state == SOCKET_OPEN || socket->state == SOCKET_CONNECTING)
		options_apply(adapter, socket);
	else if (socket->state == SOCKET_LISTENING && is_listeners(option))
		open_listen_again(adapter, socket);
	if (is_pushing(option, number) && socket->state == SOCKET_OPEN)
		uncork(adapter, socket);
	return 0;
}

/* All connections have the configuration's: to ask for another is to ask in vain. */
static long set_congestion(struct socket *socket, const void *value, socklen_t bytes)
{
	char name[sizeof(socket->options.congestion)] = "";

	memcpy(name, value, bytes < sizeof(name) ? bytes : sizeof(name) - 1);
	return strcmp(name, socket->options.congestion) == 0 ? 0 : -ENOENT;
}

static long set(struct adapter *adapter, int fd, int level, int name, const void *value, socklen_t bytes)
{
	struct socket *socket = socket_find(&adapter->sockets, fd);
	const struct option *option = option_named(level, name);
	int number = 0;

	if (!socket)
		return -EBADF;
	if (socket->state == SOCKET_EPOLL)
		return -ENOTSOCK;
	if (!value)
		return -EFAULT;
	if (level == IPPROTO_TCP && name == TCP_CONGESTION)
		return set_congestion(socket, value, bytes);
	if (level == SOL_SOCKET && name == SO_LINGER) {
		if (bytes < sizeof(socket->options.linger))
			return -EINVAL;
		memcpy(&socket->options.linger, value, sizeof(socket->options.linger));
		return 0;
	}
	if (!option)
		return -ENOPROTOOPT;
	if (bytes < sizeof(number) && (level != IPPROTO_IP || bytes != 1))
		return -EINVAL;
	memcpy(&number, value,
	       bytes < sizeof(number) ? 1 : sizeof(number)); /* ip(7): a byte will do, and x86 stores it first */
	return set_number(adapter, socket, option, number);
}

int options_set(void *userdata, int fd, int level, int name, const void *value, socklen_t bytes)
{
	struct adapter *adapter = adapter_enter(userdata);

	return (int)adapter_leave(adapter, set(adapter, fd, level, name, value, bytes));
}

/* ---- getsockopt ---------------------------------------------------------------------------------------- */

static long tell(const void *what, socklen_t what_bytes, void *value, socklen_t *bytes)
{
	if (*bytes > what_bytes)
		*bytes = what_bytes;
	memcpy(value, what, *bytes);
	return 0;
}

static long tell_number(int number, void *value, socklen_t *bytes)
{
	return tell(&number, sizeof(number), value, bytes);
}

static int number_of(const struct adapter *adapter, const struct socket *socket, const struct option *option)
{
	int number = *(const int *)(const void *)((const char *)&socket->options + option->offset);

	if (option->offset == FIELD(receive_bytes) && !number)
		number = (int)adapter->config.receive_bytes;
	if (option->offset == FIELD(send_bytes) && !number)
		number = (int)adapter->config.send_queue_bytes;
	if (option->offset == FIELD(maxseg_bytes))
		return info_segment_bytes(adapter, socket);
	return option->is_buffer ? number * 2 : number;
}

static long get_of_socket(struct socket *socket, int name, void *value, socklen_t *bytes)
{
	int error = socket->error;

	switch (name) {
	case SO_ERROR:
		socket->error = 0;
		return tell_number(error, value, bytes);
	case SO_TYPE:
		return tell_number(SOCK_STREAM, value, bytes);
	case SO_DOMAIN:
		return tell_number(socket->domain, value, bytes);
	case SO_PROTOCOL:
		return tell_number(IPPROTO_TCP, value, bytes);
	case SO_ACCEPTCONN:
		return tell_number(socket->state == SOCKET_LISTENING, value, bytes);
	case SO_LINGER:
		return tell(&socket->options.linger, sizeof(socket->options.linger), value, bytes);
	default:
		return -ENOPROTOOPT;
	}
}

static long get(struct adapter *adapter, int fd, int level, int name, void *value, socklen_t *bytes)
{
	struct socket *socket = socket_find(&adapter->sockets, fd);
	const struct option *option = option_named(level, name);

	if (!socket)
		return -EBADF;
	if (socket->state == SOCKET_EPOLL)
		return -ENOTSOCK;
	if (!value || !bytes)
		return -EFAULT;
	if (option)
		return tell_number(number_of(adapter, socket, option), value, bytes);
	if (level == SOL_SOCKET && name == SO_MEMINFO)
		return info_memory(adapter, socket, value, bytes);
	if (level == SOL_SOCKET)
		return get_of_socket(socket, name, value, bytes);
	if (level == IPPROTO_TCP && name == TCP_INFO)
		return info_tcp(adapter, socket, value, bytes);
	if (level == IPPROTO_TCP && name == TCP_CC_INFO)
		return info_congestion(value, bytes);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION)
		return tell(socket->options.congestion, sizeof(socket->options.congestion), value, bytes);
	return -ENOPROTOOPT;
}

int options_get(void *userdata, int fd, int level, int name, void *value, socklen_t *bytes)
{
	struct adapter *adapter = adapter_enter(userdata);

	return (int)adapter_leave(adapter, get(adapter, fd, level, name, value, bytes));
}

/* ---- fcntl and ioctl ----------------------------------------------------------------------------------- */

static long control(struct adapter *adapter, int fd, int command, int argument)
{
	struct socket *socket = socket_find(&adapter->sockets, fd);

	if (!socket)
		return -EBADF;
	switch (command) {
	case F_GETFL:
		return O_RDWR | (socket->nonblocking ? O_NONBLOCK : 0);
	case F_SETFL:
		socket->nonblocking = argument & O_NONBLOCK;
		return 0;
	case F_GETFD:
		return FD_CLOEXEC;
	case F_SETFD:
		return 0;
	default:
		return -EINVAL;
	}
}

int options_fcntl(void *userdata, int fd, int command, ...)
{
	struct adapter *adapter = adapter_enter(userdata);
	va_list list;
	int argument;

	va_start(list, command);
	argument = command == F_SETFL || command == F_SETFD ? va_arg(list, int) : 0;
	va_end(list);
	return (int)adapter_leave(adapter, control(adapter, fd, command, argument));
}

static long ask_queues(struct adapter *adapter, const struct socket *socket, unsigned long request, int *answer)
{
	struct sluice_conn_info info = {0};

	if (socket->state == SOCKET_LISTENING)
		return -EINVAL;
	sluice_conn_info(adapter->stack.worker, socket->conn, &info);
	if (request == SIOCINQ)
		*answer = (int)info.readable_bytes;
	else if (request == SIOCOUTQ)
		*answer = (int)info.queued_bytes;
	else
		*answer = (int)(info.queued_bytes - info.inflight_bytes);
	return 0;
}

static long ask(struct adapter *adapter, int fd, unsigned long request, int *argument)
{
	struct socket *socket = socket_find(&adapter->sockets, fd);

	if (!socket)
		return -EBADF;
	if (socket->state == SOCKET_EPOLL)
		return -ENOTTY;
	if (!argument)
		return -EFAULT;
	switch (request) {
	case FIONBIO:
		socket->nonblocking = *argument != 0;
		return 0;
	case SIOCINQ:
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		return ask_queues(adapter, socket, request, argument);
	default:
		return -ENOTTY;
	}
}

int options_ioctl(void *userdata, int fd, unsigned long request, ...)
{
	struct adapter *adapter = adapter_enter(userdata);
	va_list list;
	int *argument;

	va_start(list, request);
	argument = va_arg(list, int *);
	va_end(list);
	return (int)adapter_leave(adapter, ask(adapter, fd, request, argument));
}
