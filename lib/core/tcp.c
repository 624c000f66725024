/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An instance: carved out of one block, told the time, emptied at the end.
 */
#include "lib/core/tcp.h"

#include "lib/core/cookie.h"
#include "lib/core/cc.h"
#include "lib/core/life.h"
#include "lib/core/path.h"
#include "lib/core/receive_queue.h"
#include "lib/core/timer.h"
#include "lib/core/window.h"
#include "lib/wire/ether.h"

static const char *tcp_refuse(const struct sluice_config *config, uint32_t worker_index, uint32_t mtu_bytes)
{
	if (worker_index >= config->port_count || worker_index > 127)
		return "the worker has no port in the configuration";
	if (config->connections == 0 || config->connections > 1U << 29)
		return "connections must be 1 to 536870912";
	if (config->fragments > FRAGMENTS_MAX)
		return "datagrams put together at once must be at most 4096";
	if (config->cookies_half_open_percent == 0 || config->cookies_half_open_percent > 100)
		return "the part of half-open entries from which SYNs are answered without one must be 1 to 100 "
		       "percent";
	if (config->cookies_opens_per_second > 1000000000)
		return "connections opened by cookies must be at most 1000000000 a second";
	if (config->cookie_key_bytes > sizeof(config->cookie_key) ||
	    config->cookie_key_previous_bytes > sizeof(config->cookie_key_previous) ||
	    (config->cookie_key_previous_bytes && !config->cookie_key_bytes))
		return "a cookie key has at most 64 bytes, and a previous one needs a current one";
	if (config->half_open == 0 || config->half_open > 1U << 22)
		return "half-open entries must be 1 to 4194304";
	if (time_wait_refuse(config))
		return time_wait_refuse(config);
	if (config->window_shift > WINDOW_SHIFT_MAX)
		return "the window scale must be 0 to 14";
	if (!window_is_possible(config->receive_bytes, config->window_shift) ||
	    !window_is_possible(config->receive_max_bytes, config->window_shift))
		return "the receive window must be 256 bytes to 64 MiB, and no less than a unit of its scale";
	if (config->send_queue_bytes < 1024 || config->send_queue_bytes > 65535U << 10)
		return "the send queue must be 1 KiB to 64 MiB";
	if (config->port[worker_index].subnet_count > SLUICE_SUBNETS_MAX)
		return "a port has more addresses than a worker can hold";
	if (config->rto_max_ms > RTO_MAX_S * 1000 || config->rto_min_ms > config->rto_max_ms)
		return "the retransmission timeout must be at most an hour, and its least no more than its most";
	if (config->r2_ms > R2_MAX_S * 1000 || config->syn_r2_ms > R2_MAX_S * 1000)
		return "R2, the time to give up after, must be at most three hours";
	if (config->rto_max_ms < config->rto_initial_ms)
		return "the retransmission timeout's most must be no less than the first one";
	if (config->rto_initial_ms == 0 || config->rto_initial_ms > RTO_INITIAL_MAX_MS)
		return "the first retransmission timeout must be 1 ms to a minute";
	if (config->delayed_ack_ms > DELAYED_ACK_MAX_MS)
		return "ACKs may be delayed by less than half a second (RFC 9293 MUST-40)";
	if (config->keepalive_ms < 1000 || config->keepalive_ms > KEEPALIVE_MAX_S * 1000 ||
	    config->keepalive_interval_ms < 1000 || config->keepalive_interval_ms > KEEPALIVE_INTERVAL_MAX_S * 1000)
		return "keep-alive probes must come after 1 s to 18 hours, and then every 1 s to 4095 s";
	if (config->keepalive_probes == 0 || config->keepalive_probes > KEEPALIVE_PROBES_MAX)
		return "keep-alive probes must be 1 to 15";
	if (mtu_bytes < 576 || mtu_bytes > PACKET_ROOM_BYTES - ETHER_HEADER_BYTES)
		return "the MTU must be 576 to 2034";
	return neighbour_refuse(&config->port[worker_index]);
}

static uint32_t tcp_power_of_two(uint32_t count)
{
	uint32_t power = 1;

	while (power < count)
		power *= 2;
	return power;
}

static void tcp_carve(struct tcp *tcp, struct arena *arena)
{
	const struct sluice_config *config = &tcp->config;

	pool_make(&tcp->conns, arena, config->connections, sizeof(struct tcp_conn));
	pool_make(&tcp->descriptors, arena, config->descriptors, sizeof(struct tcp_descriptor));
	pool_make(&tcp->inflight, arena, config->inflight, sizeof(struct tcp_inflight));
	pool_make(&tcp->paths, arena, cc_min(config->connections, config->inflight), sizeof(struct tcp_path));
	pool_make(&tcp->chunks_small, arena, config->chunks_small, SEND_COPY_SMALL_BYTES);
	pool_make(&tcp->chunks_large, arena, config->chunks_large, SEND_COPY_LARGE_BYTES);
	table_make(&tcp->table, arena, config->connections + 2 * config->half_open + config->time_wait);
	half_open_make(&tcp->half_open, arena, config->half_open);
	time_wait_make(&tcp->time_wait, arena, config);
	tcp->ack_fifo.capacity_count = tcp_power_of_two(config->connections < 65536 ? config->connections : 65536);
	tcp->notes = arena_take(arena, NOTES_MAX, sizeof(struct note));
	tcp->ack_fifo.entry = arena_take(arena, tcp->ack_fifo.capacity_count, sizeof(struct ack_fifo_entry));
}

const char *tcp_make(struct tcp *tcp, struct arena *arena, const struct sluice_config *config, uint32_t worker_index,
		     const struct sluice_io *io, uint64_t now_ns)
{
	const char *error = tcp_refuse(config, worker_index, io->mtu_bytes);

	if (error)
		return error;
	tcp->config = *config;
	tcp->worker_index = worker_index;
	tcp->mtu_bytes = io->mtu_bytes;
	tcp->io_flags = io->flags;
	memcpy(tcp->rules.mac.byte, io->mac, sizeof(io->mac));
	tcp->rules.fragments = config->fragments && io->reassemble;
	tcp->rules.checksum_offload = config->checksum_offload && io->flags & SLUICE_IO_RX_CHECKSUM;
	tcp_carve(tcp, arena);
	if (!arena->block)
		return NULL;
	cookie_keys(&tcp->keys, config);
	tcp->random.state = siphash_2_4(tcp->keys.isn, &worker_index, sizeof(worker_index));
	tcp_set_time(tcp, now_ns);
	tcp->pressure.judged_ms = tcp->now_ms;
	tcp->time_wait.wheel.expired_s = tcp->now_s;
	tcp->rst_second = tcp->now_s - 1;
	syn_gate_make(tcp);
	tcp->to_tell.first = tcp->to_send.first = INDEX_NONE;
	wheel_make(&tcp->wheel, (uint8_t *)tcp->conns.records + offsetof(struct tcp_conn, wheel_link),
		   sizeof(struct tcp_conn), tcp->now_tick);
	neighbour_make(tcp, &config->port[worker_index]);
	return NULL;
}

void tcp_set_time(struct tcp *tcp, uint64_t now_ns)
{
	if (now_ns > tcp->now_ns)
		tcp->now_ns = now_ns;
	tcp->sack_records = 0;
	tcp->now_us = (uint32_t)(tcp->now_ns / 1000);
	tcp->now_ms = (uint32_t)(tcp->now_ns / 1000000);
	tcp->now_tick = (uint32_t)(tcp->now_ns / TICK_NS);
	tcp->now_s = (uint32_t)(tcp->now_ns / 1000000000);
	tcp->cookie_epoch = (uint32_t)((tcp->now_ns + tcp->wall_offset_ns) / COOKIE_EPOCH_NS);
}

void tcp_set_wall(struct tcp *tcp, uint64_t wall_ns)
{
	bool is_first = tcp->wall_offset_ns == 0;

	tcp->wall_offset_ns = wall_ns - tcp->now_ns;
	tcp->cookie_epoch = (uint32_t)(wall_ns / COOKIE_EPOCH_NS);
	if (is_first)
		tcp->stamp_ms = (uint32_t)(tcp->wall_offset_ns / 1000000);
}

void tcp_discard(struct tcp *tcp)
{
	for (uint32_t i = 0; i < tcp->conns.fresh_count; i++) {
		struct tcp_conn *conn = tcp_conn_at(tcp, i);

		if (!life_is_used(conn))
			continue;
		receive_queue_drop(tcp, conn);
		receive_queue_drop_out_of_order(tcp, conn);
	}
	for (uint32_t i = 0; i < tcp->transmit.count; i++)
		stash_give(&tcp->stash, tcp->transmit.packet[i]);
	tcp->transmit.count = 0;
}
