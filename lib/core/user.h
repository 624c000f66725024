/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The user's calls (RFC 9293 section 3.10.1 to 3.10.6), on records.  Handles, and what the public docstrings promise, are
 * lib/worker's.
 */
#pragma once

#include "lib/core/tcp.h"

/* OPEN, active: 0 or negative errno, as sluice_connect(). */
int user_connect(struct tcp *tcp, const struct sluice_address *address, const struct sluice_connect_options *options,
		 void *context, struct tcp_conn **conn);

uint32_t user_peek(const struct tcp_conn *conn, struct sluice_slice *slice, uint32_t max);
void user_consume(struct tcp *tcp, struct tcp_conn *conn, uint32_t bytes);
uint32_t user_send(struct tcp *tcp, struct tcp_conn *conn, const struct sluice_slice *slice, uint32_t count,
		   unsigned flags);
void user_shutdown(struct tcp *tcp, struct tcp_conn *conn);
void user_close(struct tcp *tcp, struct tcp_conn *conn);
void user_close_within(struct tcp *tcp, struct tcp_conn *conn, uint32_t ms);
void user_abort(struct tcp *tcp, struct tcp_conn *conn);
void user_set_timer(struct tcp *tcp, struct tcp_conn *conn, uint64_t deadline_ns);
int user_set_option(struct tcp *tcp, struct tcp_conn *conn, enum sluice_option option, uint64_t value);
void user_info(const struct tcp *tcp, const struct tcp_conn *conn, struct sluice_conn_info *info);

/* The first tick at or after a time, for timers; never 0. */
uint32_t user_tick(const struct tcp *tcp, uint64_t deadline_ns);
