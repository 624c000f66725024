/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection: four cache lines, IPv4 and IPv6 alike.  Line 0 is read for every segment in, line 1 for every ACK and
 * every segment out, line 2 by the application and its queues, line 3 rarely.  The state is set by tcp_enter() only.
 */
#pragma once

#include <rte_mbuf_core.h>

#include "lib/base/assert.h"
#include "lib/base/cache.h"
#include "lib/base/wheel.h"
#include "lib/sluice.h"
#include "lib/wire/address.h"
#include "lib/wire/seq.h"

#define INDEX_NONE UINT32_MAX

/* What was sent and is not acknowledged: one record a segment, oldest first; the only scoreboard. */
struct tcp_inflight {
	struct seq seq;
	uint32_t sent_us;
	uint16_t bytes;      /* of sequence space, SYN and FIN included; 0: this record is free */
	uint8_t flags;       /* INFLIGHT_* */
	uint8_t retransmits; /* INFLIGHT_UNSENT: listed, but it has not left yet */
	uint32_t next;       /* INDEX_NONE: the newest */
};

enum {
	INFLIGHT_SYN = 1,
	INFLIGHT_FIN = 2,
	INFLIGHT_LOST = 4,   /* to be sent again */
	INFLIGHT_SACKED = 8, /* reported by the peer (RFC 2018) */
	INFLIGHT_PROBE = 16, /* one byte beyond the window (RFC 9293 section 3.8.6.1) */
	INFLIGHT_GROWS = 32, /* was a probe; the window has opened: sent again, as a whole segment */
	INFLIGHT_PUSH = 64,  /* sent with PSH, each time */
};

#define HEARD_PROBES_MASK   15U
#define CONN_RCV_BUFFER_MAX ((1U << 26) - 1)
#define CONN_SATURATED      15U /* of four bits */
#define INFLIGHT_UNSENT     UINT8_MAX
#define BACKOFF_MAX         31
#define TIMEOUTS_MAX        7

/* A piece of what the application sent: kept until acknowledged, segments are cut from it as often as needed. */
struct tcp_descriptor {
	const uint8_t *data;
	uint32_t bytes;     /* 0: this descriptor is free */
	uint32_t kind : 2;  /* enum tcp_descriptor_kind */
	uint32_t next : 30; /* DESCRIPTOR_NONE: the newest */
};

enum tcp_descriptor_kind { DESCRIPTOR_STATIC, DESCRIPTOR_BORROW, DESCRIPTOR_SMALL, DESCRIPTOR_LARGE };
#define DESCRIPTOR_NONE ((1U << 30) - 1)

enum tcp_conn_flag {
	CONN_TIMESTAMPS = BIT(0), /* negotiated */
	CONN_SACK = BIT(1),       /* negotiated */
	CONN_NODELAY = BIT(2),
	CONN_KEEPALIVE = BIT(3),   /* asked for by the application (RFC 9293 MUST-24) */
	CONN_SYN_UNACKED = BIT(4), /* our SYN is outstanding */
	CONN_SYN_AGAIN = BIT(5),   /* our SYN was retransmitted (RFC 6298 section 5.7) */
	CONN_FIN_QUEUED = BIT(6),  /* our direction closes after what is queued */
	CONN_FIN_SENT = BIT(7),
	CONN_ORPHAN = BIT(8),       /* the application let go: only CLOSED is still told */
	CONN_DETACHED = BIT(9),     /* out of the table: holds unread bytes, or waits to tell CLOSED */
	CONN_ACK_NOW = BIT(10),     /* an ACK must leave with this flush */
	CONN_ACK_DELAYED = BIT(11), /* an ACK is owed */
	CONN_ACK_IN_FIFO = BIT(12), /* has an entry in the delayed-ACK FIFO; survives the connection */
	CONN_LISTED = BIT(13),      /* linked on to_tell or to_send */
	CONN_DIRTY = BIT(14),       /* flush must look at it */
	CONN_SHORT = BIT(15),       /* a send was short: WRITABLE is owed */
	CONN_MORE = BIT(16),        /* the application said that more follows */
	CONN_RECOVERY = BIT(17),    /* fast recovery, until the path's `recover` */
	CONN_TIMEOUT = BIT(18),     /* recovery from a timeout, until the path's `recover` */
	CONN_HAS_MAC = BIT(19),     /* next hop known */
	CONN_EARLY = BIT(20),   /* retransmit_deadline is before the RTO: a tail probe's, or the reordering window's */
	CONN_PERSIST = BIT(21), /* retransmit_deadline is for a window probe */
	CONN_PERSIST_DUE = BIT(22), /* the persist timer fired: send what there is */
	CONN_AWAITS_HOP = BIT(23),  /* listed as waiting for its next hop's address */
};

struct tcp_conn {
	alignas(CACHE_LINE_BYTES) /* line 0: every segment in */
		struct tuple tuple;
	struct seq rcv_nxt;       /* next byte we expect */
	struct seq last_ack_sent; /* RFC 7323: Last.ACK.sent */
	struct seq snd_una;       /* oldest byte not acknowledged */
	struct seq snd_nxt;       /* after the newest byte sent */
	uint32_t ts_recent;       /* RFC 7323: TS.Recent */
	uint32_t flags : 24;      /* enum tcp_conn_flag */
	uint32_t quick_acks : 4;  /* so many text segments are still acknowledged at once */
	uint32_t acks_owed : 4;   /* duplicate ACKs for segments out of order, this turn */
	uint8_t state;            /* enum sluice_state */
	uint8_t snd_shift : 4, rcv_shift : 4;
	uint16_t rcv_wnd_raw; /* window in last_ack_sent's segment, not shifted */

	alignas(CACHE_LINE_BYTES)       /* line 1: every ACK, every segment out */
		uint32_t snd_wnd_bytes; /* as offered by the peer */
	struct seq snd_wl1;             /* sequence of the segment that offered it; SND.WL2 is never after snd_una */
	uint32_t cwnd_bytes;
	uint32_t ssthresh_bytes;
	uint32_t srtt_us; /* 0: nothing measured */
	uint32_t rttvar_us;
	struct tcp_inflight inflight; /* the oldest */
	uint32_t inflight_last;       /* index of the newest if it is not the oldest */
	uint32_t retransmit_deadline; /* tick; 0: not armed */
	uint32_t path;        /* index of its struct tcp_path; INDEX_NONE: none, and at most one record is in flight */
	uint32_t heard_tick;  /* when a segment last came, kept only with CONN_KEEPALIVE; low four bits: probes since */
	uint16_t mss_bytes;   /* text of a full segment: options that every segment carries are counted off */
	uint16_t max_wnd_raw; /* MAX.SND.WND, not shifted, rounded up */
	uint8_t backoff_count : 5;  /* how often the RTO was doubled: until something sent once is acknowledged */
	uint8_t timeouts_count : 3; /* in a row, with nothing acknowledged between; saturates */
	uint8_t unacked_count : 4;  /* text segments since our last ACK; saturates */
	uint8_t is_full_acked : 1;  /* a segment of mss_bytes has got through, or as much in one ACK */
	uint8_t wants_reports : 1;  /* SLUICE_OPTION_REPORTS */
	uint8_t is_ece_owed : 1;    /* a mark arrived: our segments echo it (RFC 3168) */
	uint8_t is_cwr_owed : 1;    /* our window was reduced: the next new text says so */
	uint8_t probes_count;
	uint8_t event_mask; /* SLUICE_*, not yet told */

	alignas(CACHE_LINE_BYTES) /* line 2: the application and its queues */
		void *context;
	struct rte_mbuf *rcv_tail;        /* newest in-order packet; its next is the oldest; NULL: none */
	struct rte_mbuf *ooo_head;        /* out-of-order packets by sequence; NULL: none */
	struct tcp_descriptor descriptor; /* the oldest */
	uint32_t descriptor_last;         /* index of the newest if it is not the oldest */
	uint32_t snd_queued_bytes;        /* taken, not acknowledged */
	uint32_t snd_head_offset;         /* bytes of the oldest descriptor that are acknowledged */
	uint32_t readable_bytes;          /* in order, not consumed */
	uint32_t acked_bytes;             /* not yet told */
	uint32_t work_next;

	alignas(CACHE_LINE_BYTES) /* line 3: rarely */
		struct wheel_link wheel_link;
	uint32_t timer_deadline; /* the application's; tick, 0: not armed */
	uint16_t keepalive_idle_s;
	uint16_t keepalive_interval_s : 12, keepalive_count : 4; /* after how many probes without an answer it ends */
	uint32_t ts_offset;                                      /* our timestamps are milliseconds plus this */
	uint32_t generation : 24;
	uint32_t listener : 8;          /* LISTENER_NONE: an active open */
	uint32_t rcv_buffer_bytes : 26; /* what the window may come to */
	uint32_t reason : 5;            /* enum sluice_reason */
	uint32_t is_user_timeout : 1;   /* r2_s bounds the persist state, too (RFC 5482) */
	struct seq rcv_measure_seq;     /* what was consumed when this measurement of its rate began */
	uint16_t rcv_measure_ms;        /* and when */
	uint16_t rcv_slip_bytes;        /* by which our last ACK offered less than one before it */
	uint16_t rcv_max_kib;           /* bound on rcv_buffer_bytes */
	uint16_t snd_queue_kib;         /* bound on snd_queued_bytes */
	uint16_t r2_s;                  /* RFC 9293 R2; 0: the configuration's */
	struct mac peer_mac;
	uint16_t trouble; /* when the first timeout of a row was; unit TROUBLE_MS */
	uint16_t retransmits_timeout, retransmits_fast;
	uint8_t challenge_count : 4, challenge_second : 3;
	uint8_t is_scaled : 1; /* both SYNs had a window scale (RFC 7323 section 2.2) */
	uint8_t ttl;
	uint8_t dscp_ecn;        /* ECT(0): ECN was agreed on */
	uint8_t ooo_count;       /* ranges; saturates */
	uint16_t ts_recent_512s; /* when ts_recent was taken */
};

#define LISTENER_NONE 255

STARTS_LINE(tcp_conn, tuple, 0);
ON_LINE(tcp_conn, rcv_wnd_raw, 0);
STARTS_LINE(tcp_conn, snd_wnd_bytes, 1);
ON_LINE(tcp_conn, event_mask, 1);
STARTS_LINE(tcp_conn, context, 2);
ON_LINE(tcp_conn, work_next, 2);
STARTS_LINE(tcp_conn, wheel_link, 3);
static_assert(sizeof(struct tcp_inflight) == 16, "in-flight record");
static_assert(sizeof(struct tcp_descriptor) == 16, "send descriptor");
static_assert(sizeof(struct tcp_conn) == 4 * CACHE_LINE_BYTES, "a line was added");

/* After the last byte that our last ACK offered. */
static inline struct seq tcp_conn_rcv_told(const struct tcp_conn *conn)
{
	return seq_add(conn->last_ack_sent, (uint32_t)conn->rcv_wnd_raw << conn->rcv_shift);
}

/* After the last byte that any ACK of ours offered: all of it is honoured (RFC 7323 section 2.4, a MUST). */
static inline struct seq tcp_conn_rcv_edge(const struct tcp_conn *conn)
{
	return seq_add(tcp_conn_rcv_told(conn), conn->rcv_slip_bytes);
}

/* The largest window the peer ever offered (RFC 5961 section 5.2), rounded up to its scale. */
static inline uint32_t tcp_conn_max_wnd_bytes(const struct tcp_conn *conn)
{
	return (uint32_t)conn->max_wnd_raw << conn->snd_shift;
}

/* Sequence of the oldest byte in the send queue. */
static inline struct seq tcp_conn_queue_seq(const struct tcp_conn *conn)
{
	return conn->flags & CONN_SYN_UNACKED ? seq_add(conn->snd_una, 1) : conn->snd_una;
}

static inline bool tcp_conn_is_ipv4(const struct tcp_conn *conn)
{
	return ip_is_ipv4(&conn->tuple.remote);
}
