/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The window that we offer: never taken back, opened only by amounts worth a segment (RFC 9293 section 3.8.6.2.2), rounded up to its
 * scale so that the right edge does not slip.
 */
#pragma once

#include "lib/core/cc.h"
#include "lib/core/tcp.h"

/*
 * Receive-buffer growth, after something was consumed: who reads half a buffer in a round trip would read more.  What only arrives
 * counts for nothing: a reader that stalls would be given ever more to keep.  Nobody gets more to keep while packets are short.
 */
static inline void window_consumed(const struct tcp *tcp, struct tcp_conn *conn)
{
	struct seq consumed = seq_of(conn->rcv_nxt.value - conn->readable_bytes);
	uint16_t elapsed_ms = (uint16_t)((uint16_t)tcp->now_ms - conn->rcv_measure_ms);
	uint32_t round_trip_ms = conn->srtt_us ? conn->srtt_us / 1000 + 1 : ROUND_TRIP_UNKNOWN_MS;
	uint32_t max_bytes = (uint32_t)conn->rcv_max_kib * 1024;
	uint32_t read_bytes = seq_distance(consumed, conn->rcv_measure_seq);

	if (elapsed_ms < round_trip_ms)
		return;
	if (elapsed_ms < 4 * round_trip_ms && !pressure_is_some(&tcp->pressure, SLUICE_RESOURCE_PACKETS) &&
	    2 * (uint64_t)read_bytes > conn->rcv_buffer_bytes && conn->rcv_buffer_bytes < max_bytes &&
	    read_bytes < 1U << 29)
		conn->rcv_buffer_bytes =
			cc_min(max_bytes, cc_max(2 * read_bytes, conn->rcv_buffer_bytes)) & CONN_RCV_BUFFER_MAX;
	conn->rcv_measure_ms = (uint16_t)tcp->now_ms;
	conn->rcv_measure_seq = consumed;
}

/* Can a connection have a receive buffer of this size?  Less than a unit of its scale could not be offered. */
static inline bool window_is_possible(uint32_t buffer_bytes, uint32_t shift)
{
	return buffer_bytes >= 256 && buffer_bytes >= 1U << shift && buffer_bytes <= 65535U << 10;
}

/*
 * Room for more text, as far as the window field can tell of it.  Where packets are severely short it is two packets: enough for
 * who reads to be acknowledged on, and not so much that many could take what is left.
 */
static inline uint32_t window_room_bytes(const struct tcp *tcp, const struct tcp_conn *conn)
{
	uint32_t room_bytes =
		conn->rcv_buffer_bytes > conn->readable_bytes ? conn->rcv_buffer_bytes - conn->readable_bytes : 0;

	if (pressure_is_severe(&tcp->pressure, SLUICE_RESOURCE_PACKETS))
		room_bytes = cc_min(room_bytes, 2U * tcp->mtu_bytes); /* what we may send is not what we receive */
	return cc_min(room_bytes, (uint32_t)UINT16_MAX << conn->rcv_shift);
}

/* What opening the window would add to what the peer was told; at most 0: nothing. */
static inline int32_t window_gain_bytes(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return (int32_t)(seq_add(conn->rcv_nxt, window_room_bytes(tcp, conn)).value - tcp_conn_rcv_told(conn).value);
}

static inline bool window_is_worth_opening(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return window_gain_bytes(tcp, conn) >= (int32_t)cc_min(conn->rcv_buffer_bytes / 2, conn->mss_bytes);
}

static inline uint32_t window_units(const struct tcp_conn *conn, uint32_t bytes)
{
	return (bytes + (1U << conn->rcv_shift) - 1) >> conn->rcv_shift;
}

/*
 * The window field for a segment that acknowledges rcv_nxt.  Rounded up only while that stays within the room, itself rounded up:
 * else a peer of tiny segments would push the edge along for ever.  It may slip back by less than a unit so (RFC 7323 section 2.4);
 * what was offered stays offered, see tcp_conn_rcv_edge().
 */
static inline uint16_t window_offer_raw(const struct tcp *tcp, const struct tcp_conn *conn)
{
	struct seq edge = window_is_worth_opening(tcp, conn) ? seq_add(conn->rcv_nxt, window_room_bytes(tcp, conn))
							     : tcp_conn_rcv_edge(conn);
	uint32_t offer_bytes = seq_distance(edge, conn->rcv_nxt);
	uint32_t room_raw = window_units(conn, window_room_bytes(tcp, conn));
	uint32_t raw = window_units(conn, offer_bytes);

	if (raw > room_raw)
		raw = cc_max(offer_bytes >> conn->rcv_shift, room_raw);
	return (uint16_t)cc_min(raw, UINT16_MAX);
}

/* Notes what a segment that acknowledges rcv_nxt offers. */
static inline void window_offered(struct tcp_conn *conn, uint16_t window_raw)
{
	struct seq edge = tcp_conn_rcv_edge(conn), told;

	conn->rcv_wnd_raw = window_raw;
	conn->last_ack_sent = conn->rcv_nxt;
	told = tcp_conn_rcv_told(conn);
	conn->rcv_slip_bytes = seq_before(told, edge) ? (uint16_t)seq_distance(edge, told) : 0;
	ASSERT(conn->rcv_slip_bytes < 1U << conn->rcv_shift);
}

/* Of our SYN or SYN-ACK, never scaled: rounded down so that the scaled edge is the same. */
static inline uint16_t window_syn(uint32_t buffer_bytes, uint8_t shift)
{
	return (uint16_t)(cc_min(buffer_bytes, UINT16_MAX) >> shift << shift);
}
