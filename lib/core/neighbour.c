/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes and the neighbour cache (RFC 826, RFC 4861 section 7).
 */
#include "lib/core/neighbour.h"

#include "lib/core/life.h"
#include "lib/core/timer.h"
#include "lib/core/transmit.h"
#include "lib/core/work.h"
#include "lib/wire/build.h"

#define NEIGHBOUR_WAYS                 8
#define PREFIX_BITS_WITH_BROADCAST_MAX 30 /* RFC 3021 */

/* fe80::/64 and the MAC (RFC 4291 appendix A). */
static struct ip neighbour_link_local(const struct mac *mac)
{
	return (struct ip){{0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac->byte[0] ^ 2, mac->byte[1], mac->byte[2], 0xff, 0xfe,
			    mac->byte[3], mac->byte[4], mac->byte[5]}};
}

const char *neighbour_refuse(const struct sluice_port_config *port)
{
	const uint8_t *const gateway[] = {port->gateway_ipv4, port->gateway_ipv6};
	bool has_route[] = {false, false};
	struct ip ip, hop;

	for (uint32_t i = 0; i < port->subnet_count; i++) {
		uint8_t prefix_bits = port->subnet[i].prefix_bits;

		memcpy(&ip, port->subnet[i].ip, sizeof(ip));
		if (!ip_can_be_host(&ip) || ip_is_broadcast(&ip, &ip, prefix_bits))
			return "one of its addresses is no host's (multicast, broadcast, a network's, loopback, 0/8 or "
			       "240/4)";
		for (uint32_t j = 0; j < 2; j++) {
			memcpy(&hop, gateway[j], sizeof(hop));
			has_route[j] |= ip_is_unspecified(&hop) || ip_in_prefix(&hop, &ip, prefix_bits);
		}
	}
	for (uint32_t j = 0; j < 2; j++) {
		memcpy(&hop, gateway[j], sizeof(hop));
		if (!has_route[j] && !ip_is_unspecified(&hop) && !ip_is_link_local(&hop))
			return "its gateway is in the network of none of its addresses";
	}
	return NULL;
}

void neighbour_make(struct tcp *tcp, const struct sluice_port_config *port)
{
	struct neighbour_set *set = &tcp->neighbours;

	set->host_bits = UINT32_MAX;
	for (uint32_t i = 0; i < port->subnet_count; i++) {
		struct local *local = &set->local[set->local_count++];

		memcpy(&local->ip, port->subnet[i].ip, 16);
		local->prefix_bits = port->subnet[i].prefix_bits;
		if (ip_is_ipv4(&local->ip) && local->prefix_bits <= PREFIX_BITS_WITH_BROADCAST_MAX)
			set->host_bits &= UINT32_MAX >> local->prefix_bits;
	}
	set->local[set->local_count++] = (struct local){neighbour_link_local(&tcp->rules.mac), 64};
	memcpy(&set->gateway_ipv4, port->gateway_ipv4, 16);
	memcpy(&set->gateway_ipv6, port->gateway_ipv6, 16);
}

uint8_t neighbour_local(const struct neighbour_set *set, const struct ip *ip)
{
	for (uint32_t i = 0; i < set->local_count; i++)
		if (ip_equal(&set->local[i].ip, ip))
			return (uint8_t)i;
	return LOCAL_NONE;
}

bool neighbour_is_broadcast(const struct neighbour_set *set, const struct ip *ip)
{
	uint32_t host = be32_value(ip_ipv4(ip)) & set->host_bits;

	if (host != 0 && host != set->host_bits)
		return false; /* nearly always, and asked of every packet */
	for (uint32_t i = 0; i < set->local_count; i++)
		if (ip_is_ipv4(ip) && ip_is_ipv4(&set->local[i].ip) &&
		    ip_is_broadcast(ip, &set->local[i].ip, set->local[i].prefix_bits))
			return true;
	return false;
}

/* The local address whose subnet holds `ip`; LOCAL_NONE: it is not on the link. */
static uint8_t neighbour_on_link(const struct neighbour_set *set, const struct ip *ip)
{
	for (uint32_t i = 0; i < set->local_count; i++)
		if (ip_is_ipv4(ip) == ip_is_ipv4(&set->local[i].ip) &&
		    ip_in_prefix(ip, &set->local[i].ip, set->local[i].prefix_bits))
			return (uint8_t)i;
	return LOCAL_NONE;
}

/* Who carries packets to `remote`; NULL: nobody. */
static const struct ip *neighbour_next_hop(const struct neighbour_set *set, const struct ip *remote)
{
	const struct ip *gateway = ip_is_ipv4(remote) ? &set->gateway_ipv4 : &set->gateway_ipv6;
	static const struct ip none;

	if (neighbour_on_link(set, remote) != LOCAL_NONE)
		return remote;
	return ip_equal(gateway, &none) || ip_is_unspecified(gateway) ? NULL : gateway;
}

uint8_t neighbour_source(const struct neighbour_set *set, const struct ip *remote)
{
	const struct ip *hop = neighbour_next_hop(set, remote);

	uint8_t local = hop ? neighbour_on_link(set, hop) : LOCAL_NONE;

	if (local == LOCAL_NONE || !ip_is_link_local(hop) || ip_is_link_local(remote))
		return local;
	for (uint32_t i = 0; i < set->local_count; i++) /* a link-local address goes no further than the gateway */
		if (!ip_is_ipv4(&set->local[i].ip) && !ip_is_link_local(&set->local[i].ip))
			return (uint8_t)i;
	return LOCAL_NONE;
}

static uint32_t neighbour_home(const struct ip *ip)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < sizeof(ip->byte); i++)
		sum = sum * 31 + ip->byte[i];
	return sum % (NEIGHBOURS_MAX / NEIGHBOUR_WAYS) * NEIGHBOUR_WAYS;
}

static struct neighbour *neighbour_find(struct neighbour_set *set, const struct ip *ip)
{
	struct neighbour *entry = &set->entry[neighbour_home(ip)];

	for (uint32_t i = 0; i < NEIGHBOUR_WAYS; i++)
		if (entry[i].state != NEIGHBOUR_FREE && ip_equal(&entry[i].ip, ip))
			return &entry[i];
	return NULL;
}

static void neighbour_ask(struct tcp *tcp, struct neighbour *entry)
{
	const struct neighbour_set *set = &tcp->neighbours;
	uint8_t local = neighbour_on_link(set, &entry->ip);
	struct rte_mbuf *packet = transmit_take(tcp);

	entry->asks_count++;
	entry->due_ms = tcp->now_ms + NEIGHBOUR_ASK_MS;
	COUNT(tcp, neighbours_asked);
	if (!packet || local == LOCAL_NONE) {
		if (packet)
			stash_give(&tcp->stash, packet);
		return;
	}
	build_neighbour_request(packet, &tcp->rules.mac, &set->local[local].ip, &entry->ip,
				entry->state == NEIGHBOUR_PROBED ? &entry->mac : NULL);
	transmit_put(tcp, packet);
}

static void neighbour_schedule(struct neighbour_set *set, uint32_t due_ms)
{
	if (set->asked_count == 0 || (int32_t)(due_ms - set->due_ms) < 0)
		set->due_ms = due_ms;
}

static void neighbour_begin(struct tcp *tcp, struct neighbour *entry, enum neighbour_state state)
{
	entry->state = (uint8_t)state;
	entry->asks_count = 0;
	neighbour_ask(tcp, entry);
	neighbour_schedule(&tcp->neighbours, entry->due_ms);
	tcp->neighbours.asked_count++;
}

/* A place for a new entry: a free one, else the least lately used that nobody waits for; NULL: all are being asked. */
static struct neighbour *neighbour_place(struct neighbour_set *set, const struct ip *ip)
{
	struct neighbour *entry = &set->entry[neighbour_home(ip)], *oldest = NULL;

	for (uint32_t i = 0; i < NEIGHBOUR_WAYS; i++) {
		if (entry[i].state == NEIGHBOUR_FREE)
			return &entry[i];
		if (entry[i].state == NEIGHBOUR_ASKED || entry[i].state == NEIGHBOUR_PROBED)
			continue;
		if (!oldest || (int32_t)(entry[i].used_ms - oldest->used_ms) < 0)
			oldest = &entry[i];
	}
	return oldest;
}

static enum neighbour_verdict neighbour_await(struct tcp *tcp, struct tcp_conn *conn)
{
	struct neighbour_set *set = &tcp->neighbours;

	if (!(conn->flags & CONN_AWAITS_HOP)) {
		if (set->awaiting_count == AWAITING_MAX) {
			COUNT(tcp, drop_neighbour_full);
		} else {
			set->awaiting[set->awaiting_count++] =
				(struct awaiting){tcp_conn_index(tcp, conn), conn->generation};
			conn->flags |= CONN_AWAITS_HOP;
		}
	}
	if (!conn->retransmit_deadline)
		timer_arm_retransmit(tcp, conn, tcp->config.rto_initial_ms * 1000);
	return NEIGHBOUR_WAIT;
}

enum neighbour_verdict neighbour_resolve(struct tcp *tcp, struct tcp_conn *conn)
{
	struct neighbour_set *set = &tcp->neighbours;
	const struct ip *hop = neighbour_next_hop(set, &conn->tuple.remote);
	struct neighbour *entry = hop ? neighbour_find(set, hop) : NULL;

	if (!hop)
		return NEIGHBOUR_UNREACHABLE;
	if (!entry) {
		entry = neighbour_place(set, hop);
		if (!entry) {
			COUNT(tcp, drop_neighbour_full);
			return neighbour_await(tcp, conn);
		}
		*entry = (struct neighbour){.ip = *hop};
		neighbour_begin(tcp, entry, NEIGHBOUR_ASKED);
	}
	entry->used_ms = tcp->now_ms;
	if (entry->state == NEIGHBOUR_ASKED)
		return neighbour_await(tcp, conn);
	if (entry->state == NEIGHBOUR_KNOWN && tick_reached(entry->due_ms, tcp->now_ms))
		neighbour_begin(tcp, entry, NEIGHBOUR_PROBED);
	conn->peer_mac = entry->mac;
	conn->flags |= CONN_HAS_MAC;
	return NEIGHBOUR_READY;
}

void neighbour_suspect(struct tcp *tcp, struct tcp_conn *conn)
{
	const struct ip *hop = neighbour_next_hop(&tcp->neighbours, &conn->tuple.remote);
	struct neighbour *entry = hop ? neighbour_find(&tcp->neighbours, hop) : NULL;

	if (!hop || (!entry && !(entry = neighbour_place(&tcp->neighbours, hop))))
		return;
	if (!ip_equal(&entry->ip, hop) || entry->state == NEIGHBOUR_FREE) {
		*entry = (struct neighbour){.ip = *hop, .used_ms = tcp->now_ms};
		neighbour_begin(tcp, entry, NEIGHBOUR_ASKED);
	} else if (entry->state == NEIGHBOUR_KNOWN) {
		conn->peer_mac = entry->mac;
		neighbour_begin(tcp, entry, NEIGHBOUR_PROBED);
	}
}

/* Whoever waits for `hop` looks again, or hears that it does not answer. */
static void neighbour_wake(struct tcp *tcp, const struct ip *hop, bool answers)
{
	struct neighbour_set *set = &tcp->neighbours;
	uint32_t kept_count = 0;

	for (uint32_t i = 0; i < set->awaiting_count; i++) {
		struct tcp_conn *conn = tcp_conn_at(tcp, set->awaiting[i].conn_index);

		if (conn->generation != set->awaiting[i].generation || !(conn->flags & CONN_AWAITS_HOP))
			continue;
		if (!ip_equal(neighbour_next_hop(set, &conn->tuple.remote), hop)) {
			set->awaiting[kept_count++] = set->awaiting[i];
			continue;
		}
		conn->flags &= ~(uint32_t)CONN_AWAITS_HOP & 0xffffff;
		if (conn->state != SLUICE_STATE_SYN_SENT || conn->flags & CONN_HAS_MAC)
			continue;
		if (!answers) {
			life_end(tcp, conn, SLUICE_REASON_UNREACHABLE);
			continue;
		}
		conn->retransmit_deadline = 0;
		conn->backoff_count = 0; /* nothing was sent yet: the first SYN waits as the first does */
		conn->timeouts_count = 0;
		work_output(tcp, conn);
	}
	set->awaiting_count = kept_count;
}

static void neighbour_known(struct tcp *tcp, struct neighbour *entry, const struct mac *mac)
{
	bool was_asked = entry->state == NEIGHBOUR_ASKED;

	if (was_asked || entry->state == NEIGHBOUR_PROBED)
		tcp->neighbours.asked_count--;
	entry->mac = *mac;
	entry->state = NEIGHBOUR_KNOWN;
	entry->due_ms = tcp->now_ms + NEIGHBOUR_FRESH_MS;
	if (was_asked)
		neighbour_wake(tcp, &entry->ip, true);
}

/* A known address is not overwritten by whoever speaks: the one we know is asked first, and only its own answer keeps it.
 * If it is silent the entry goes, and the next one who needs it asks everybody. */
static void neighbour_learn(struct tcp *tcp, const struct neighbour_message *message)
{
	struct neighbour *entry = neighbour_find(&tcp->neighbours, &message->sender_ip);

	if (!entry)
		return;
	if (!message->has_sender_mac) {
		/* RFC 4861 section 4.4: the answer to a question to one station need not name its address. */
		if (entry->state == NEIGHBOUR_PROBED && message->is_solicited)
			neighbour_known(tcp, entry, &entry->mac);
		return;
	}
	if (mac_is_group(&message->sender_mac))
		return;
	if (entry->state == NEIGHBOUR_ASKED ||
	    (entry->state == NEIGHBOUR_PROBED && mac_equal(&entry->mac, &message->sender_mac)))
		neighbour_known(tcp, entry, &message->sender_mac);
	else if (entry->state == NEIGHBOUR_KNOWN && !mac_equal(&entry->mac, &message->sender_mac))
		neighbour_begin(tcp, entry, NEIGHBOUR_PROBED);
}

void neighbour_arrives(struct tcp *tcp, const struct frame *frame)
{
	struct neighbour_message message = neighbour_message_read(frame);
	uint8_t local = neighbour_local(&tcp->neighbours, &message.target_ip);
	struct rte_mbuf *packet;

	neighbour_learn(tcp, &message);
	if (!message.is_request)
		return;
	if (local == LOCAL_NONE) {
		if (frame->kind == FRAME_ARP)
			COUNT(tcp, drop_arp);
		else
			COUNT(tcp, drop_nd);
		return;
	}
	packet = transmit_take(tcp);
	if (!packet) {
		COUNT(tcp, drop_no_buffer);
		return;
	}
	build_neighbour_reply(packet, &tcp->rules.mac, &tcp->neighbours.local[local].ip, &message.sender_ip,
			      frame_source_mac(frame));
	COUNT(tcp, neighbours_answered);
	transmit_put(tcp, packet);
}

/* An entry that was asked has not answered in time. */
static void neighbour_due(struct tcp *tcp, struct neighbour *entry)
{
	COUNT(tcp, timers_fired);
	if (entry->asks_count < NEIGHBOUR_ASKS_MAX) {
		neighbour_ask(tcp, entry);
		return;
	}
	COUNT(tcp, neighbours_failed);
	tcp->neighbours.asked_count--;
	entry->state = NEIGHBOUR_FREE;
	neighbour_wake(tcp, &entry->ip, false);
}

void neighbour_timers(struct tcp *tcp)
{
	struct neighbour_set *set = &tcp->neighbours;
	uint32_t due_ms = tcp->now_ms + NEIGHBOUR_ASK_MS;

	if (set->asked_count == 0 || !tick_reached(set->due_ms, tcp->now_ms))
		return;
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++) {
		struct neighbour *entry = &set->entry[i];

		if (entry->state != NEIGHBOUR_ASKED && entry->state != NEIGHBOUR_PROBED)
			continue;
		if (tick_reached(entry->due_ms, tcp->now_ms))
			neighbour_due(tcp, entry);
		if (entry->state != NEIGHBOUR_FREE && (int32_t)(entry->due_ms - due_ms) < 0)
			due_ms = entry->due_ms;
	}
	set->due_ms = due_ms;
}
