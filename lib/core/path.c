/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths taken and given back.
 */
#include "lib/core/path.h"

#include "lib/core/cc.h"
#include "lib/core/congestion.h"
#include "lib/core/rtt.h"

static uint32_t path_idle_tick(const struct tcp *tcp, const struct tcp_conn *conn, const struct tcp_path *path)
{
	return tick_after(path->sent_tick, ticks_from_us(rtt_base_rto_us(&tcp->config, conn)));
}

struct tcp_path *path_need(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_of(tcp, conn);
	uint32_t lost_bytes = path_lost_bytes(tcp, conn);

	if (path)
		return path;
	conn->path = pool_take(&tcp->paths);
	if (conn->path == INDEX_NONE)
		return NULL;
	path = path_of(tcp, conn);
	*path = (struct tcp_path){
		.recover = seq_add(conn->snd_una, UINT32_MAX),
		.lost_bytes = lost_bytes,
		.sent_tick = tcp->now_tick,
		.rack_forward = conn->snd_una,
		.reorder_steps = 1,
	};
	congestion_begin(tcp, conn);
	if (!wheel_is_filed(&conn->wheel_link))
		wheel_file(&tcp->wheel, tcp_conn_index(tcp, conn), path_idle_tick(tcp, conn, path));
	return path;
}

void path_drop(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->path == INDEX_NONE)
		return;
	pool_give(&tcp->paths, conn->path);
	conn->path = INDEX_NONE;
}

void path_restart_idle(const struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t initial_bytes = cc_initial_window(conn->mss_bytes, tcp->config.initial_window_segments);
	struct tcp_path *path = path_of(tcp, conn);

	if (!path || conn->inflight.bytes)
		return;
	cubic_app_limited(&path->cubic, tcp->now_us);
	if (!tick_reached(path_idle_tick(tcp, conn, path), tcp->now_tick))
		return;
	path->flags &= (uint16_t)~PATH_RACKED; /* before its time can wrap */
	if (conn->cwnd_bytes > initial_bytes)
		congestion_restart(tcp, conn, initial_bytes);
}

uint32_t path_look(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_of(tcp, conn);
	uint32_t idle_tick;

	if (!path || conn->inflight.bytes || conn->retransmit_deadline)
		return 0;
	idle_tick = path_idle_tick(tcp, conn, path);
	if (!tick_reached(idle_tick, tcp->now_tick))
		return idle_tick;
	path_restart_idle(tcp, conn);
	path_drop(tcp, conn);
	return 0;
}

void path_report(struct tcp *tcp, struct tcp_conn *conn, struct seq start, uint32_t bytes)
{
	struct tcp_path *path;

	/* What lies far back never came: a stranger may have sent it. */
	if (!(conn->flags & CONN_SACK) || bytes == 0 ||
	    (seq_before(start, conn->rcv_nxt) && seq_distance(conn->rcv_nxt, start) > conn->rcv_buffer_bytes))
		return;
	path = path_need(tcp, conn);
	if (!path)
		return;
	path->flags |= PATH_REPORT;
	path->report = (struct tcp_sack_block){start, seq_add(start, bytes)};
}
