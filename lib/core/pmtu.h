/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path MTU discovery (RFC 1191, 8201), believed as far as RFC 5927 lets one believe ICMP; and what stands in where no ICMP comes
 * (RFC 4821): segments that are lost again and again are sent smaller.  Nothing here ever makes a connection's segments larger
 * than two MSS options and the interface allow.
 *
 * Path MTUs are remembered by destination for connections to come, in a small cache of which each entry expires.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/limits.h"
#include "lib/wire/address.h"
#include "lib/wire/icmp.h"

#define PMTU_WAYS 4

struct pmtu_entry {
	struct ip remote;
	uint32_t expires_s;
	uint16_t mtu_bytes; /* 0: free */
};

struct pmtu_cache {
	uint32_t filled_count; /* of entries, expired ones included: 0 spares every new connection a look */
	struct pmtu_entry entry[PMTUS_MAX];
};

struct tcp;
struct tcp_conn;

/* The path MTU that a connection's segments are made for. */
uint32_t pmtu_of(const struct tcp *tcp, const struct tcp_conn *conn);

/* A connection opens: what was learned of its destination lowers mss_bytes. */
void pmtu_opens(struct tcp *tcp, struct tcp_conn *conn);

/*
 * A "too big" whose quote is in flight.  It lowers mss_bytes at once while no segment that large was ever acknowledged; otherwise
 * only once the quoted segment has timed out.
 */
void pmtu_too_big(struct tcp *tcp, struct tcp_conn *conn, const struct icmp_error *error);

/* What is outstanding timed out, and is about to be sent again: perhaps smaller. */
void pmtu_timed_out(struct tcp *tcp, struct tcp_conn *conn);

/* Something new was acknowledged, after timeouts. */
void pmtu_progressed(struct tcp *tcp, struct tcp_conn *conn);
