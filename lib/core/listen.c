/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LISTEN (RFC 9293 section 3.10.7.2).
 */
#include "lib/core/listen.h"

#include <errno.h>

#include "lib/core/answer.h"
#include "lib/core/stateless.h"
#include "lib/core/window.h"
#include "lib/wire/ip.h"

static const struct ip listen_any_ipv4 = {.byte = {[10] = 0xff, [11] = 0xff}};

static bool listen_is_for(const struct listener *listener, const struct tuple *tuple)
{
	if (listener->port != tuple->local_port)
		return false;
	return listener->any || (listener->any_ipv4 && ip_is_ipv4(&tuple->local)) ||
	       ip_equal(&listener->ip, &tuple->local);
}

uint8_t listen_find(const struct listener_set *set, const struct tuple *tuple)
{
	uint8_t found = LISTENER_NONE;

	for (uint32_t i = 0; i < set->count; i++) {
		const struct listener *listener = &set->listener[i];

		if (listener->is_closed || !listen_is_for(listener, tuple))
			continue;
		if (!listener->any && !listener->any_ipv4)
			return (uint8_t)i; /* the exact address wins */
		if (found == LISTENER_NONE || set->listener[found].any)
			found = (uint8_t)i;
	}
	return found;
}

static bool listen_is_taken(const struct listener_set *set, const struct listener *listener)
{
	for (uint32_t i = 0; i < set->count; i++) {
		const struct listener *other = &set->listener[i];

		if (!other->is_closed && other->port == listener->port && other->any == listener->any &&
		    other->any_ipv4 == listener->any_ipv4 && ip_equal(&other->ip, &listener->ip))
			return true;
	}
	return false;
}

int listen_open(struct tcp *tcp, const struct sluice_address *address, const struct sluice_listen_options *options)
{
	struct listener_set *set = &tcp->listeners;
	struct listener listener = {.port = address->port,
				    .delay = options && options->delay,
				    .ttl = options && options->ttl ? options->ttl : IP_TTL_DEFAULT,
				    .dscp_ecn = options ? (uint8_t)(options->dscp << 2) : 0,
				    .receive_bytes = options ? options->receive_bytes : 0,
				    .mss_bytes = options ? options->mss_bytes : 0};
	uint32_t number;

	memcpy(&listener.ip, address->ip, sizeof(listener.ip));
	listener.any = ip_is_unspecified(&listener.ip) && !ip_is_ipv4(&listener.ip);
	listener.any_ipv4 = ip_equal(&listener.ip, &listen_any_ipv4);
	if (listener.port == 0 || (listener.mss_bytes && listener.mss_bytes < MSS_FLOOR_BYTES) ||
	    (options && options->dscp > DSCP_MAX) ||
	    (listener.receive_bytes && !window_is_possible(listener.receive_bytes, tcp->config.window_shift)))
		return -EINVAL;
	if (!listener.any && !listener.any_ipv4 && neighbour_local(&tcp->neighbours, &listener.ip) == LOCAL_NONE)
		return -EADDRNOTAVAIL;
	if (listen_is_taken(set, &listener))
		return -EADDRINUSE;
	for (number = 0; number < set->count && set->listener[number].port; number++)
		;
	if (number == LISTENERS_MAX)
		return -ENOBUFS;
	if (number == set->count)
		set->count++;
	set->listener[number] = listener;
	tcp_stepped(tcp, SLUICE_STATE_CLOSED, SLUICE_STATE_LISTEN);
	return (int)number;
}

void listen_opened(const struct listener *listener, struct tcp_conn *conn)
{
	if (listener->receive_bytes)
		conn->rcv_buffer_bytes = listener->receive_bytes & CONN_RCV_BUFFER_MAX;
	if (listener->delay)
		conn->flags &= ~(uint32_t)CONN_NODELAY & 0xffffff;
	conn->ttl = listener->ttl;
	conn->dscp_ecn = listener->dscp_ecn;
}

static void listen_free(struct listener_set *set, uint16_t number)
{
	set->listener[number] = (struct listener){0};
	while (set->count && set->listener[set->count - 1].port == 0)
		set->count--;
}

void listen_close(struct tcp *tcp, uint16_t number)
{
	struct listener_set *set = &tcp->listeners;

	if (number >= set->count || set->listener[number].port == 0 || set->listener[number].is_closed)
		return;
	half_open_drop_listener(tcp, (uint8_t)number);
	tcp_stepped(tcp, SLUICE_STATE_LISTEN, SLUICE_STATE_CLOSED);
	set->listener[number].is_closed = true;
	if (set->listener[number].pending_count == 0)
		listen_free(set, number);
}

void listen_entry_gone(struct tcp *tcp, uint16_t number)
{
	struct listener *listener = &tcp->listeners.listener[number];

	ASSERT(listener->pending_count > 0);
	if (--listener->pending_count == 0 && listener->is_closed)
		listen_free(&tcp->listeners, number);
}

static bool listen_take_syn(struct tcp *tcp, struct frame *syn, uint64_t hash, uint8_t listener, uint8_t local)
{
	COUNT(tcp, syns_received);
	if (syn_gate_syn(tcp, syn->ipv6)) {
		stateless_syn(tcp, syn, listener);
		return true;
	}
	half_open_create(
		tcp, syn, hash,
		&(struct half_open){.iss = half_open_isn(tcp, syn), .listener = listener & 63U, .local = local & 63U});
	return false;
}

bool listen_arrives(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t listener, uint8_t local)
{
	if (frame->flags & TCP_RST) {
		COUNT(tcp, drop_tcp_listen_flags);
	} else if ((frame->flags & (TCP_ACK | TCP_SYN)) == TCP_ACK) {
		return stateless_ack(tcp, frame, hash, listener);
	} else if (frame->flags & TCP_ACK) {
		COUNT(tcp, drop_tcp_no_connection);
		answer_reset(tcp, frame);
	} else if (!(frame->flags & TCP_SYN) || frame->flags & TCP_FIN) {
		COUNT(tcp, drop_tcp_listen_flags);
	} else if (pool_is_exhausted(&tcp->conns)) {
		COUNT(tcp, drop_tcp_listen_full); /* silence: it asks again, and what is open stays */
	} else {
		return listen_take_syn(tcp, frame, hash, listener, local);
	}
	return false;
}
