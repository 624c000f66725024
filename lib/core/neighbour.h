/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops: our own addresses, routes (on-link or gateway), and the small cache of who has which MAC (ARP, RFC 4861).
 * Only active opens and refreshes ask; what others send us can correct an entry but never make one, so that a flood
 * cannot fill the cache.
 */
#pragma once

#include "config/limits.h"
#include "lib/core/conn.h"
#include "lib/wire/frame.h"

#define LOCALS_MAX   (SLUICE_SUBNETS_MAX + 1) /* the link-local address is ours too */
#define LOCAL_NONE   255
#define AWAITING_MAX 1024

enum neighbour_state { NEIGHBOUR_FREE, NEIGHBOUR_ASKED, NEIGHBOUR_KNOWN, NEIGHBOUR_PROBED };

struct neighbour {
	struct ip ip;
	struct mac mac;
	uint8_t state; /* enum neighbour_state */
	uint8_t asks_count;
	uint32_t due_ms; /* next ask, or the end of KNOWN */
	uint32_t used_ms;
};

struct awaiting {
	uint32_t conn_index;
	uint32_t generation;
};

struct local {
	struct ip ip;
	uint8_t prefix_bits;
};

struct neighbour_set {
	struct local local[LOCALS_MAX];
	uint32_t local_count;
	uint32_t
		host_bits; /* of IPv4, that no subnet of ours counts to the network: a broadcast has all of them or none */
	struct ip gateway_ipv4, gateway_ipv6; /* unspecified: none */
	uint32_t asked_count;                 /* entries in ASKED or PROBED */
	uint32_t due_ms;                      /* earliest of their deadlines */
	uint32_t awaiting_count;
	struct awaiting awaiting[AWAITING_MAX];
	struct neighbour entry[NEIGHBOURS_MAX];
};

struct tcp;

/* What is wrong with the port's addresses; NULL: nothing. */
const char *neighbour_refuse(const struct sluice_port_config *port);

void neighbour_make(struct tcp *tcp, const struct sluice_port_config *port);

/* Index of our own address, or LOCAL_NONE. */
uint8_t neighbour_local(const struct neighbour_set *set, const struct ip *ip);

/* Is `ip` the broadcast address of one of our subnets, or everybody's? */
bool neighbour_is_broadcast(const struct neighbour_set *set, const struct ip *ip);

/* The local address to reach `remote` from; LOCAL_NONE: no route. */
uint8_t neighbour_source(const struct neighbour_set *set, const struct ip *remote);

enum neighbour_verdict { NEIGHBOUR_READY, NEIGHBOUR_WAIT, NEIGHBOUR_UNREACHABLE };

/* Looks up, and if need be asks for, the next hop towards a connection's peer; READY fills in its peer_mac, WAIT lists it
 * to be looked at again when the answer comes.  Who does not answer ends those who wait, and is asked afresh by the next one. */
enum neighbour_verdict neighbour_resolve(struct tcp *tcp, struct tcp_conn *conn);

/* A peer is silent (RFC 9293 section 3.8.3, R1): takes the newest address known for its next hop, and has that one probed. */
void neighbour_suspect(struct tcp *tcp, struct tcp_conn *conn);

/* ARP packets, solicitations, advertisements. */
void neighbour_arrives(struct tcp *tcp, const struct frame *frame);

/* Asks again, or gives up; due at set->due_ms while asked_count is not 0. */
void neighbour_timers(struct tcp *tcp);
