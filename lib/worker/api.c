/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The public calls on connections: handles resolved, stale ones ignored, the rest passed on.
 */
#include <errno.h>

#include "lib/core/life.h"
#include "lib/core/send_queue.h"
#include "lib/core/user.h"
#include "lib/worker/worker.h"

int sluice_listen(struct sluice_worker *worker, const struct sluice_address *address,
		  const struct sluice_listen_options *options)
{
	return listen_open(&worker->tcp, address, options);
}

void sluice_unlisten(struct sluice_worker *worker, uint16_t listener)
{
	listen_close(&worker->tcp, listener);
}

int sluice_connect(struct sluice_worker *worker, const struct sluice_address *address,
		   const struct sluice_connect_options *options, void *context, sluice_conn *handle)
{
	struct tcp_conn *conn = NULL;
	int error = user_connect(&worker->tcp, address, options, context, &conn);

	if (!error)
		*handle = life_handle(&worker->tcp, conn);
	return error;
}

uint32_t sluice_peek(struct sluice_worker *worker, sluice_conn handle, struct sluice_slice *slice, uint32_t max)
{
	const struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	return conn ? user_peek(conn, slice, max) : 0;
}

void sluice_consume(struct sluice_worker *worker, sluice_conn handle, uint32_t bytes)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (conn && bytes)
		user_consume(&worker->tcp, conn, bytes);
}

void sluice_hold(struct sluice_worker *worker, const struct sluice_slice *slice)
{
	(void)worker;
	slice->packet->refcnt++;
}

void sluice_release(struct sluice_worker *worker, const struct sluice_slice *slice)
{
	struct rte_mbuf *packet = slice->packet;

	if (packet->refcnt > 1)
		packet->refcnt--; /* it is still queued, or held again: its links are not ours */
	else
		stash_give(&worker->tcp.stash, packet);
}

uint32_t sluice_send(struct sluice_worker *worker, sluice_conn handle, const struct sluice_slice *slice, uint32_t count,
		     unsigned flags)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	return conn ? user_send(&worker->tcp, conn, slice, count, flags) : 0;
}

uint32_t sluice_send_room(const struct sluice_worker *worker, sluice_conn handle)
{
	const struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (!conn || !STATE_IN(conn->state, STATES_SENDING) || conn->flags & (CONN_FIN_QUEUED | CONN_DETACHED))
		return 0;
	return send_queue_room(conn);
}

void sluice_shutdown(struct sluice_worker *worker, sluice_conn handle)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (conn)
		user_shutdown(&worker->tcp, conn);
}

void sluice_close(struct sluice_worker *worker, sluice_conn handle)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (conn)
		user_close(&worker->tcp, conn);
}

void sluice_close_within(struct sluice_worker *worker, sluice_conn handle, uint32_t ms)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (conn)
		user_close_within(&worker->tcp, conn, ms);
}

void sluice_abort(struct sluice_worker *worker, sluice_conn handle)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (conn)
		user_abort(&worker->tcp, conn);
}

void sluice_set_context(struct sluice_worker *worker, sluice_conn handle, void *context)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (conn)
		conn->context = context;
}

void *sluice_context(const struct sluice_worker *worker, sluice_conn handle)
{
	const struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	return conn ? conn->context : NULL;
}

bool sluice_addresses(const struct sluice_worker *worker, sluice_conn handle, struct sluice_address *local,
		      struct sluice_address *peer)
{
	const struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (!conn)
		return false;
	memcpy(local->ip, &conn->tuple.local, sizeof(local->ip));
	memcpy(peer->ip, &conn->tuple.remote, sizeof(peer->ip));
	local->port = conn->tuple.local_port;
	peer->port = conn->tuple.remote_port;
	return true;
}

void sluice_set_timer(struct sluice_worker *worker, sluice_conn handle, uint64_t deadline_ns)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (conn)
		user_set_timer(&worker->tcp, conn, deadline_ns);
}

void sluice_set_worker_timer(struct sluice_worker *worker, uint64_t deadline_ns)
{
	worker->tcp.worker_timer = deadline_ns ? user_tick(&worker->tcp, deadline_ns) : 0;
}

int sluice_set_option(struct sluice_worker *worker, sluice_conn handle, enum sluice_option option, uint64_t value)
{
	struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	return conn ? user_set_option(&worker->tcp, conn, option, value) : -ENOTCONN;
}

bool sluice_conn_info(const struct sluice_worker *worker, sluice_conn handle, struct sluice_conn_info *info)
{
	const struct tcp_conn *conn = life_conn(&worker->tcp, handle);

	if (!conn)
		return false;
	user_info(&worker->tcp, conn, info);
	return true;
}

enum sluice_pressure sluice_pressure(const struct sluice_worker *worker, enum sluice_resource resource)
{
	return (unsigned)resource < SLUICE_RESOURCE_COUNT ? worker->tcp.pressure.level[resource] : SLUICE_PRESSURE_NONE;
}

void sluice_each(struct sluice_worker *worker, bool (*each)(void *context, sluice_conn conn), void *context)
{
	struct tcp *tcp = &worker->tcp;

	for (uint32_t i = 0; i < tcp->conns.fresh_count; i++) {
		const struct tcp_conn *conn = tcp_conn_at(tcp, i);

		if (life_is_used(conn) && !each(context, life_handle(tcp, conn)))
			return;
	}
}

void sluice_trace(struct sluice_worker *worker,
		  void (*trace)(void *context, uint64_t now_ns, enum sluice_direction direction,
				const struct rte_mbuf *packet),
		  void *context)
{
	worker->trace = trace;
	worker->trace_context = context;
}

int sluice_post(struct sluice_worker *worker, void (*function)(struct sluice_worker *, void *), void *argument)
{
	return mailbox_put(&worker->mailbox, function, argument) ? 0 : -ENOBUFS;
}
