/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many connections each remote address has, so that no single client takes them all.  An address is its prefix: whoever
 * has one address of IPv6 has 2^64 of them.  A chained table under a key that strangers do not know, with room for every
 * connection to come from somewhere else: it is never full, and allocates nothing after opening.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/httpd/httpd.h"
#include "app/httpd/httpd_pool.h"

#define HTTPD_PEERS_UNCOUNTED UINT32_MAX       /* no limit applies to it */
#define HTTPD_PEERS_REFUSED   (UINT32_MAX - 1) /* it has as many as it may have */

struct httpd_peer {
	uint8_t ip[16];      /* the prefix, zeros behind it */
	uint32_t conn_count; /* at least 1 */
	uint32_t next;       /* in its bucket */
};

struct httpd_peers {
	struct httpd_pool pool; /* of struct httpd_peer */
	uint32_t *bucket;       /* indexes of the first of each; HTTPD_POOL_NONE is kept as 0, others are one more */
	uint32_t bucket_mask;
	uint32_t most; /* connections of one; 0: any number, and nothing is counted */
	uint8_t prefix_bits_ipv4, prefix_bits_ipv6;
	uint64_t key[2];
	struct sluice_subnet exempt[HTTPD_EXEMPT_MAX];
	uint32_t exempt_count;
};

/* Room for config->connections; nothing is allocated without a limit.  0 or a negative errno. */
int httpd_peers_open(struct httpd_peers *peers, const struct httpd_config *config);
uint64_t httpd_peers_bytes(const struct httpd_config *config);
void httpd_peers_close(struct httpd_peers *peers);

/* One more from there.  Returns what httpd_peers_leave() wants back, or HTTPD_PEERS_UNCOUNTED or _REFUSED. */
uint32_t httpd_peers_enter(struct httpd_peers *peers, const uint8_t ip[16]);

/* One fewer; nothing for HTTPD_PEERS_UNCOUNTED. */
void httpd_peers_leave(struct httpd_peers *peers, uint32_t index);
