/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The burst being built.  Data segments leave a reserve, so that ARP, ACKs and RSTs still find room behind a port
 * that refuses.
 */
#pragma once

#include "lib/core/tcp.h"

static inline bool transmit_has_room(const struct tcp *tcp)
{
	return tcp->transmit.count < TRANSMIT_PACKETS_MAX - TRANSMIT_RESERVE && tcp->transmit.refused_count == 0;
}

static inline bool transmit_is_full(const struct tcp *tcp)
{
	return tcp->transmit.count == TRANSMIT_PACKETS_MAX;
}

/* The same of packets to build in: text leaves the last ones to those that say more in less. */
static inline bool transmit_has_room_for_text(const struct tcp *tcp)
{
	return transmit_has_room(tcp) && tcp->stash.fresh_count > STASH_RESERVE_PACKETS;
}

/* A fresh packet; NULL: the burst or the stash is short. */
static inline struct rte_mbuf *transmit_take(struct tcp *tcp)
{
	struct rte_mbuf *packet = stash_take(&tcp->stash);

	if (!packet)
		COUNT(tcp, stash_empty);
	return packet;
}

/* Appends a packet; true when it will be sent.  Only control packets may find the burst full. */
static inline bool transmit_put(struct tcp *tcp, struct rte_mbuf *packet)
{
	if (transmit_is_full(tcp)) {
		COUNT(tcp, drop_send_refused);
		stash_give(&tcp->stash, packet);
		return false;
	}
	stash_unguard(packet); /* an answer may be built in the packet that asked; the port uses all of it again */
	tcp->transmit.packet[tcp->transmit.count++] = packet;
	return true;
}
