/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners: few, found by port and address for every SYN that matches no connection.
 */
#pragma once

#include "config/limits.h"
#include "lib/core/conn.h"
#include "lib/wire/frame.h"

struct listener {
	struct ip ip;           /* unspecified: any */
	uint16_t port;          /* 0: this place is free */
	bool is_closed;         /* and its number kept until its last half-open entry is gone */
	uint32_t pending_count; /* half-open entries */
	bool any_ipv4, any;     /* every IPv4 address; every address */
	bool delay;
	uint8_t ttl, dscp_ecn;
	uint32_t receive_bytes;
	uint16_t mss_bytes; /* 0: as the MTU has it */
};

struct listener_set {
	struct listener listener[LISTENERS_MAX];
	uint32_t count;
};

struct tcp;

/* Number (>= 0) or negative errno, as sluice_listen(). */
int listen_open(struct tcp *tcp, const struct sluice_address *address, const struct sluice_listen_options *options);

/* A connection that a listener opened has what its listener was opened with. */
void listen_opened(const struct listener *listener, struct tcp_conn *conn);

/* Nothing opens there any more.  Of its half-open entries those that are not dropped at once go when they are due or touched. */
void listen_close(struct tcp *tcp, uint16_t number);

/* A half-open entry of a listener is gone. */
void listen_entry_gone(struct tcp *tcp, uint16_t number);

/* The listener for a tuple; LISTENER_NONE: none. */
uint8_t listen_find(const struct listener_set *set, const struct tuple *tuple);

/* A segment to a listener, with no record of its own (RFC 9293 section 3.10.7.2).  Returns whether the packet was kept. */
bool listen_arrives(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t listener, uint8_t local);
