/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A socket of the adapter: what a program knows of a connection, a listener, or a set of epoll.  Its descriptor is a real
 * one of the kernel's, an eventfd that nobody writes to, because packetdrill closes what a script leaves open with libc's
 * close().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/sluice.h"

#define SOCKET_FD_MAX 1024

enum socket_state {
	SOCKET_FRESH, /* neither listens nor connects yet */
	SOCKET_LISTENING,
	SOCKET_CONNECTING,
	SOCKET_OPEN,  /* connected; perhaps half-closed */
	SOCKET_ENDED, /* CLOSED was told, or connect() failed */
	SOCKET_EPOLL, /* not a socket at all, but has a descriptor too */
};

/* What setsockopt() stores and getsockopt() tells, as Linux would; options.c says what of it reaches the stack. */
struct socket_options {
	int reuse_address, reuse_port, keepalive, priority, mark, nodelay, cork, maxseg_bytes, user_timeout_ms;
	int linger2_s, defer_accept_s, quickack, keepidle_s, keepintvl_s, keepcnt, syncnt, notsent_lowat_bytes, inq;
	int receive_bytes, send_bytes; /* 0: the configuration's; as asked for, not doubled */
	int tos, ttl, window_clamp_bytes, v6only;
	int mtu_discover, zerocopy; /* told back, and nothing more: DF is always set, and bytes are copied */
	struct linger linger;
	char congestion[16];
};

struct epoll_set;

struct socket {
	int fd; /* -1: nobody has accepted it yet */
	enum socket_state state;
	int domain;
	bool nonblocking, is_bound, shut_read, shut_write, peer_closed, connect_told, lacks_room;
	int error; /* told once, by the next call that can */
	sluice_conn conn;
	uint16_t listener;
	struct sluice_address local;
	struct socket_options options;
	struct socket *waiting, *next_waiting; /* of a listener: who waits to be accepted, oldest first */
	uint32_t waiting_count;
	uint64_t heard_ns;                                     /* when text last arrived, or it opened */
	uint64_t busy_ns, window_limited_ns, queue_limited_ns; /* for how long, in all */
	uint64_t wakes_in, wakes_out;                          /* counts: what an edge-triggered epoll goes by */
	struct epoll_set *epoll;                               /* of SOCKET_EPOLL */
};

/* Descriptors to sockets; the kernel hands the lowest free number out, so the table is dense. */
struct socket_table {
	struct socket *at[SOCKET_FD_MAX];
};

struct socket *socket_new(enum socket_state state, int domain);

/* Gives it a descriptor: 0 or negative errno. */
int socket_publish(struct socket_table *table, struct socket *socket);

/* NULL: no descriptor of ours. */
struct socket *socket_find(const struct socket_table *table, int fd);

/* Frees the record; its descriptor and its connection are the caller's to close. */
void socket_free(struct socket_table *table, struct socket *socket);

void socket_wait(struct socket *listener, struct socket *child); /* is to be accepted */
struct socket *socket_next_waiting(struct socket *listener);     /* NULL: nobody */
