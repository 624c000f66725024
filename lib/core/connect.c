/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * OPEN, active (RFC 9293 section 3.10.1), and the choice of a local port (RFC 6056 section 3.3.4, double hash).
 */
#include <errno.h>

#include "lib/core/cookie.h"
#include "lib/core/inflight.h"
#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/user.h"
#include "lib/core/window.h"
#include "lib/core/work.h"
#include "lib/wire/ip.h"

#define PORT_FIRST     1024
#define PORT_COUNT     (65536 - PORT_FIRST)
#define PORT_TRIES_MAX 4096

static bool connect_choose_port(struct tcp *tcp, struct tuple *tuple, uint8_t local)
{
	uint32_t offset, counter;

	tuple->local_port = 0;
	offset = (uint32_t)siphash_2_4(tcp->keys.port_offset, tuple, sizeof(*tuple));
	counter = (uint32_t)siphash_2_4(tcp->keys.port_increment, tuple, sizeof(*tuple)) %
		  (sizeof(tcp->port_counter) / sizeof(tcp->port_counter[0]));
	for (uint32_t i = 0; i < PORT_TRIES_MAX; i++) {
		tuple->local_port = (uint16_t)(PORT_FIRST + (offset + tcp->port_counter[counter]++) % PORT_COUNT);
		if (!tcp_tuple_is_taken(tcp, tuple, local))
			return true;
	}
	return false;
}

static int connect_choose(struct tcp *tcp, const struct sluice_address *address,
			  const struct sluice_connect_options *options, struct tuple *tuple)
{
	static const struct ip none;
	uint8_t local;

	memcpy(&tuple->remote, address->ip, 16);
	tuple->remote_port = address->port;
	if (address->port == 0 || !ip_can_be_host(&tuple->remote) ||
	    neighbour_is_broadcast(&tcp->neighbours, &tuple->remote) ||
	    neighbour_local(&tcp->neighbours, &tuple->remote) != LOCAL_NONE)
		return -EINVAL; /* MUST-46 */
	if (options && options->receive_bytes && !window_is_possible(options->receive_bytes, tcp->config.window_shift))
		return -EINVAL;
	if (options && ((options->mss_bytes && options->mss_bytes < MSS_FLOOR_BYTES) || options->dscp > DSCP_MAX))
		return -EINVAL;
	local = neighbour_source(&tcp->neighbours, &tuple->remote);
	if (local == LOCAL_NONE)
		return -ENETUNREACH;
	if (options && memcmp(options->local.ip, &none, sizeof(none))) {
		memcpy(&tuple->local, options->local.ip, 16);
		local = neighbour_local(&tcp->neighbours, &tuple->local);
		if (local == LOCAL_NONE || ip_is_ipv4(&tuple->local) != ip_is_ipv4(&tuple->remote))
			return -EADDRNOTAVAIL;
	} else {
		tuple->local = tcp->neighbours.local[local].ip;
	}
	if (!options || options->local.port == 0)
		return connect_choose_port(tcp, tuple, local) ? 0 : -EADDRNOTAVAIL;
	tuple->local_port = options->local.port;
	return tcp_tuple_is_taken(tcp, tuple, local) ? -EADDRINUSE : 0;
}

/* Our SYN is outstanding from the start; it leaves with the flush, or once the next hop is known. */
static void connect_begin(struct tcp *tcp, struct tcp_conn *conn, const struct sluice_connect_options *options)
{
	struct seq iss = cookie_active_isn(&tcp->keys, &conn->tuple, tcp->now_ns);

	if (options && options->receive_bytes)
		conn->rcv_buffer_bytes = options->receive_bytes & CONN_RCV_BUFFER_MAX;
	if (options && options->ttl)
		conn->ttl = options->ttl;
	if (options)
		conn->dscp_ecn = (uint8_t)(options->dscp << 2);
	if (options && options->delay)
		conn->flags &= ~(uint32_t)CONN_NODELAY & 0xffffff;
	conn->flags |= CONN_SYN_UNACKED;
	conn->snd_una = iss;
	conn->snd_nxt = seq_add(iss, 1);
	conn->mss_bytes = output_our_mss(tcp, tcp_conn_is_ipv4(conn));
	if (options && options->mss_bytes && options->mss_bytes < conn->mss_bytes)
		conn->mss_bytes = options->mss_bytes;
	conn->cwnd_bytes = conn->mss_bytes;
	conn->rcv_shift = tcp->config.window_shift & 15U;
	inflight_append(
		tcp, conn,
		(struct tcp_inflight){.seq = iss, .bytes = 1, .flags = INFLIGHT_SYN, .retransmits = INFLIGHT_UNSENT});
	inflight_mark_lost(tcp, conn, &conn->inflight);
	tcp_enter(tcp, conn, SLUICE_STATE_SYN_SENT);
	work_output(tcp, conn);
}

int user_connect(struct tcp *tcp, const struct sluice_address *address, const struct sluice_connect_options *options,
		 void *context, struct tcp_conn **out)
{
	struct tuple tuple;
	struct tcp_conn *conn;
	int error = connect_choose(tcp, address, options, &tuple);

	if (error)
		return error;
	conn = life_new(tcp, &tuple);
	if (!conn)
		return -ENOBUFS;
	conn->context = context;
	if (!table_insert(&tcp->table, life_hash(tcp, conn),
			  table_value(TABLE_CONNECTION, tcp_conn_index(tcp, conn)))) {
		life_free(tcp, conn);
		return -ENOBUFS;
	}
	connect_begin(tcp, conn, options);
	COUNT(tcp, connects);
	*out = conn;
	return 0;
}
