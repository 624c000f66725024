/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Output: lost segments first, then new text as far as the windows, Nagle and silly-window avoidance let it, then the ACK if
 * nothing carried it, then the timers that must run.
 */
#include "lib/core/output.h"

#include "lib/core/cc.h"
#include "lib/core/ecn.h"
#include "lib/core/inflight.h"
#include "lib/core/life.h"
#include "lib/core/path.h"
#include "lib/core/rack.h"
#include "lib/core/receive_queue.h"
#include "lib/core/recovery.h"
#include "lib/core/retransmit.h"
#include "lib/core/rtt.h"
#include "lib/core/send_queue.h"
#include "lib/core/timer.h"
#include "lib/core/transmit.h"
#include "lib/core/window.h"
#include "lib/core/work.h"
#include "lib/wire/build.h"

#define TIMESTAMP_OPTION_BYTES 12

uint16_t output_our_mss(const struct tcp *tcp, bool ipv4)
{
	return (uint16_t)(tcp->mtu_bytes - TCP_HEADER_BYTES - (ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES));
}

uint16_t output_mss(uint32_t our_mss_bytes, bool ipv4, uint32_t peer_mss_bytes, bool timestamps)
{
	uint32_t mss_bytes = peer_mss_bytes ? peer_mss_bytes : ipv4 ? 536 : 1220;

	mss_bytes = cc_min(cc_max(mss_bytes, MSS_FLOOR_BYTES), our_mss_bytes);
	return (uint16_t)(mss_bytes - (timestamps ? TIMESTAMP_OPTION_BYTES : 0));
}

static struct tcp_options output_syn_options(const struct tcp *tcp, const struct tcp_conn *conn)
{
	struct tcp_options options = {.present = TCP_HAS_MSS, .mss_bytes = output_our_mss(tcp, tcp_conn_is_ipv4(conn))};
	bool is_answer = conn->state == SLUICE_STATE_SYN_RECEIVED;

	if (!is_answer)
		options.mss_bytes = conn->mss_bytes;
	if (is_answer ? conn->flags & CONN_TIMESTAMPS : tcp->config.timestamps)
		options.present |= TCP_HAS_TIMESTAMPS;
	if (is_answer ? conn->flags & CONN_SACK : tcp->config.sack)
		options.present |= TCP_HAS_SACK_PERMITTED;
	if (!is_answer || conn->is_scaled)
		options.present |= TCP_HAS_WINDOW_SCALE;
	options.window_shift = is_answer ? conn->rcv_shift : tcp->config.window_shift;
	return options;
}

/* What came twice, once; then what is held out of order (RFC 2018, RFC 2883). */
static void output_reports(const struct tcp *tcp, const struct tcp_conn *conn, struct tcp_options *options)
{
	const struct tcp_path *path = path_of(tcp, conn);
	uint32_t room = conn->flags & CONN_TIMESTAMPS ? 3 : 4;

	if (path && path->flags & PATH_REPORT)
		options->sack[options->sack_count++] = path->report;
	if (conn->ooo_head)
		options->sack_count =
			(uint8_t)(options->sack_count + receive_queue_sack(conn, options->sack + options->sack_count,
									   room - options->sack_count));
	if (options->sack_count)
		options->present |= TCP_HAS_SACK;
}

static struct tcp_options output_options(const struct tcp *tcp, const struct tcp_conn *conn, uint8_t flags)
{
	struct tcp_options options = {0};

	if (flags & TCP_SYN) {
		options = output_syn_options(tcp, conn);
	} else {
		if (conn->flags & CONN_TIMESTAMPS)
			options.present = TCP_HAS_TIMESTAMPS;
		if (conn->flags & CONN_SACK && !(flags & TCP_RST))
			output_reports(tcp, conn, &options);
	}
	options.tsval = tcp->now_ms + conn->ts_offset;
	options.tsecr = conn->ts_recent;
	return options;
}

/* The window field; and what the peer now knows of our side, unless it drops the segment unread. */
static uint16_t output_window(const struct tcp *tcp, struct tcp_conn *conn, uint8_t flags, bool is_probe)
{
	uint16_t window =
		flags & TCP_SYN ? window_syn(conn->rcv_buffer_bytes, conn->rcv_shift) : window_offer_raw(tcp, conn);
	uint16_t window_raw = window;

	if (flags & TCP_SYN) /* sent again, it takes back nothing */
		window_raw = (uint16_t)cc_max(window >> conn->rcv_shift, conn->rcv_wnd_raw);
	if (!(flags & TCP_ACK)) {
		conn->rcv_wnd_raw = window_raw;
		return window;
	}
	window_offered(conn, window_raw);
	if (is_probe)
		return window;
	conn->flags &= ~(uint32_t)(CONN_ACK_NOW | CONN_ACK_DELAYED) & 0xffffff;
	conn->unacked_count = 0;
	return window;
}

/* Of the options that every segment carries. */
static uint32_t output_usual_bytes(const struct tcp_conn *conn)
{
	return conn->flags & CONN_TIMESTAMPS ? TIMESTAMP_OPTION_BYTES : 0;
}

bool output_segment(struct tcp *tcp, struct tcp_conn *conn, struct output_segment segment)
{
	struct rte_mbuf *packet = transmit_is_full(tcp) ? NULL : transmit_take(tcp);
	uint8_t option_bytes[40], flags, dscp_ecn;
	struct tcp_options options;

	if (!packet)
		return false; /* nothing is noted as sent that is not */
	if (segment.text_bytes) {
		send_queue_read(tcp, conn, seq_distance(segment.seq, tcp_conn_queue_seq(conn)), packet_bytes(packet),
				segment.text_bytes);
		packet->data_len = (uint16_t)segment.text_bytes;
		packet->pkt_len = segment.text_bytes;
	}
	flags = ecn_flags(tcp, conn, segment.flags, segment.text_bytes && !segment.is_plain, &dscp_ecn);
	if (segment.is_half)
		flags |= TCP_PSH;
	options = output_options(tcp, conn, segment.flags);
	if (segment.text_bytes + tcp_options_bytes(&options) > conn->mss_bytes + output_usual_bytes(conn))
		options.present &= (uint8_t)~TCP_HAS_SACK; /* a full segment sent again: its text comes first */
	build_segment(packet, &(struct build_segment){
				      .tuple = &conn->tuple,
				      .source_mac = &tcp->rules.mac,
				      .destination_mac = &conn->peer_mac,
				      .seq = segment.seq,
				      .ack = segment.flags & TCP_ACK ? conn->rcv_nxt : seq_of(0),
				      .option_bytes = (uint8_t)tcp_options_write(option_bytes, &options),
				      .options = option_bytes,
				      .window = output_window(tcp, conn, segment.flags, segment.is_probe),
				      .flags = flags,
				      .ttl = conn->ttl,
				      .dscp_ecn = dscp_ecn,
				      .io_flags = tcp->io_flags,
			      });
	if (options.present & TCP_HAS_SACK && conn->path != INDEX_NONE)
		path_at(tcp, conn)->flags &= (uint16_t)~PATH_REPORT;
	COUNT(tcp, segments_sent);
	transmit_put(tcp, packet);
	return true;
}

/*
 * Where a segment without text stands: at SND.NXT, but never beyond the peer's window, where a probe, or a window that was
 * taken back, leaves SND.NXT.  RFC 9293 section 3.10.7.4 asks a peer whose window is shut to look at our ACK even so, but
 * Linux does not: with both windows shut, neither side would hear again that the other's had opened.
 */
static struct seq output_bare_seq(const struct tcp_conn *conn)
{
	struct seq edge = seq_add(conn->snd_una, conn->snd_wnd_bytes);

	return conn->flags & CONN_SYN_UNACKED || seq_before(conn->snd_nxt, edge) ? conn->snd_nxt : edge;
}

bool output_ack(struct tcp *tcp, struct tcp_conn *conn)
{
	return output_segment(tcp, conn, (struct output_segment){.seq = output_bare_seq(conn), .flags = TCP_ACK});
}

bool output_keepalive(struct tcp *tcp, struct tcp_conn *conn)
{
	return output_segment(
		tcp, conn,
		(struct output_segment){.seq = seq_add(conn->snd_nxt, UINT32_MAX), .flags = TCP_ACK, .is_probe = true});
}

void output_reset(struct tcp *tcp, struct tcp_conn *conn)
{
	if (!(conn->flags & CONN_HAS_MAC))
		return;
	if (output_segment(tcp, conn,
			   (struct output_segment){.seq = output_bare_seq(conn), .flags = TCP_RST | TCP_ACK}))
		COUNT(tcp, resets_sent);
	else
		COUNT(tcp, drop_no_buffer);
}

void output_challenge(struct tcp *tcp, struct tcp_conn *conn)
{
	uint8_t second = tcp->now_s & 7U;

	if (conn->challenge_second != second) {
		conn->challenge_second = second & 7U;
		conn->challenge_count = 0;
	}
	if (conn->challenge_count >= CHALLENGE_ACKS_PER_SECOND) {
		COUNT(tcp, challenge_acks_limited);
		return;
	}
	conn->challenge_count = (conn->challenge_count + 1) & 15U;
	COUNT(tcp, challenge_acks);
	conn->flags |= CONN_ACK_NOW;
	work_output(tcp, conn);
}

/* How much text fits beside the options that a segment carries now. */
static uint32_t output_text_max(const struct tcp *tcp, const struct tcp_conn *conn)
{
	struct tcp_options options = output_options(tcp, conn, 0);

	return conn->mss_bytes + output_usual_bytes(conn) - tcp_options_bytes(&options);
}

static int32_t output_usable_bytes(const struct tcp_conn *conn)
{
	return (int32_t)(conn->snd_wnd_bytes - seq_distance(conn->snd_nxt, conn->snd_una));
}

/* Silly-window avoidance and Nagle (RFC 9293 section 3.8.6.2.1, MUST-38, 17): may `bytes`, all that could go, go? */
static bool output_is_worth(const struct tcp_conn *conn, uint32_t bytes, uint32_t unsent_bytes, uint32_t full_bytes)
{
	bool is_idle = inflight_is_empty(conn);
	bool is_last = bytes == unsent_bytes;

	if (bytes >= full_bytes || conn->flags & CONN_PERSIST_DUE)
		return true;
	if (is_last && conn->flags & CONN_FIN_QUEUED)
		return true;
	if (is_last && !(conn->flags & CONN_MORE) && (is_idle || conn->flags & CONN_NODELAY))
		return true;
	return bytes > 0 && !is_last && is_idle && bytes >= tcp_conn_max_wnd_bytes(conn) / 2;
}

/*
 * Does the nth segment of a turn end the first half of the window?  It is pushed, as the last of the turn is: a peer that merges
 * what it receives until it sees PSH then answers the first half while the second is still under way.
 */
static bool output_is_half(const struct tcp_conn *conn, uint32_t nth, uint32_t full_bytes)
{
	uint64_t twice_bytes = 2ULL * (nth + 1) * full_bytes;

	return nth && twice_bytes <= conn->cwnd_bytes && twice_bytes + 2 * full_bytes > conn->cwnd_bytes;
}

/* The next new segment, the nth of this turn counted from 0; text_bytes 0 and no FIN: none.  `is_forced`: neither the congestion
 * window nor Nagle holds it back.  PSH: MUST-61. */
static struct output_segment output_plan(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t nth,
					 bool is_forced)
{
	struct output_segment segment = {.seq = conn->snd_nxt, .flags = TCP_ACK};
	uint32_t unsent_bytes = output_unsent_bytes(conn);
	uint32_t full_bytes = output_text_max(tcp, conn);
	int32_t usable_bytes = output_usable_bytes(conn);
	uint32_t pipe_bytes = path_pipe_bytes(tcp, conn);
	uint32_t bytes, next_bytes;

	if (usable_bytes <= 0)
		return segment;
	bytes = cc_min(cc_min(unsent_bytes, full_bytes), (uint32_t)usable_bytes);
	if (bytes && pipe_bytes + bytes > conn->cwnd_bytes && pipe_bytes && !is_forced)
		return segment;
	if (bytes && !is_forced && !output_is_worth(conn, bytes, unsent_bytes, full_bytes))
		return segment;
	segment.text_bytes = bytes;
	next_bytes = cc_min(cc_min(unsent_bytes - bytes, full_bytes), (uint32_t)usable_bytes - bytes);
	if (bytes &&
	    (bytes == unsent_bytes || (nth && (!next_bytes || pipe_bytes + bytes + next_bytes > conn->cwnd_bytes))))
		segment.flags |= TCP_PSH;
	segment.is_half = bytes && output_is_half(conn, nth, full_bytes);
	if (conn->flags & CONN_FIN_QUEUED && !(conn->flags & CONN_FIN_SENT) && bytes == unsent_bytes &&
	    (uint32_t)usable_bytes > bytes)
		segment.flags |= TCP_FIN;
	return segment;
}

/* After something new was sent: a tail probe counts from the newest segment, the RTO from the oldest. */
static void output_arm(struct tcp *tcp, struct tcp_conn *conn)
{
	if (conn->flags & CONN_PERSIST || !conn->retransmit_deadline) {
		conn->flags &= ~(uint32_t)CONN_PERSIST & 0xffffff;
		timer_arm_loss(tcp, conn);
	} else if (conn->flags & CONN_EARLY && rack_probe_delay_us(tcp, conn)) {
		timer_postpone_probe(tcp, conn);
	}
}

/* Records and sends a new segment of `segment.text_bytes` and perhaps FIN. */
static enum output_result output_first(struct tcp *tcp, struct tcp_conn *conn, struct output_segment segment,
				       uint8_t record_flags)
{
	uint32_t bytes = segment.text_bytes + (segment.flags & TCP_FIN ? 1 : 0);

	if (!inflight_has_room(tcp, conn))
		return OUTPUT_NOTHING; /* an ACK will bring records back */
	if (!transmit_has_room_for_text(tcp) || !output_segment(tcp, conn, segment))
		return OUTPUT_BLOCKED;
	if (segment.flags & TCP_FIN) {
		conn->flags |= CONN_FIN_SENT;
		record_flags |= INFLIGHT_FIN;
	}
	if (segment.flags & TCP_PSH)
		record_flags |= INFLIGHT_PUSH;
	inflight_append(
		tcp, conn,
		(struct tcp_inflight){
			.seq = segment.seq, .sent_us = tcp->now_us, .bytes = (uint16_t)bytes, .flags = record_flags});
	conn->snd_nxt = seq_add(conn->snd_nxt, bytes);
	recovery_sent(tcp, conn, inflight_last(tcp, conn), false);
	COUNT_MANY(tcp, text_bytes_sent, segment.text_bytes);
	output_arm(tcp, conn);
	return OUTPUT_SENT;
}

static enum output_result output_new(struct tcp *tcp, struct tcp_conn *conn, uint32_t nth)
{
	struct output_segment segment = output_plan(tcp, conn, nth, false);

	if (segment.text_bytes == 0 && !(segment.flags & TCP_FIN))
		return OUTPUT_NOTHING;
	return output_first(tcp, conn, segment, 0);
}

/* RFC 9293 section 3.8.6.1: one byte, or the FIN, beyond a window that stays shut. */
static enum output_result output_probe(struct tcp *tcp, struct tcp_conn *conn)
{
	struct output_segment segment = {.seq = conn->snd_nxt, .flags = TCP_ACK, .is_probe = true, .is_plain = true};
	enum output_result result;

	if (output_unsent_bytes(conn))
		segment.text_bytes = 1;
	else
		segment.flags |= TCP_FIN;
	result = output_first(tcp, conn, segment, INFLIGHT_PROBE);
	if (result == OUTPUT_SENT) {
		conn->probes_count++;
		COUNT(tcp, window_probes);
	}
	return result;
}

/* Something to send, nothing on the way, nothing allowed: the persist timer runs. */
static bool output_is_stuck(const struct tcp_conn *conn)
{
	bool has_fin = conn->flags & CONN_FIN_QUEUED && !(conn->flags & CONN_FIN_SENT);

	return inflight_is_empty(conn) && (output_unsent_bytes(conn) || has_fin);
}

/* RFC 8985 section 7.3: new text if there is some and the peer's window lets it, else the newest segment; false: blocked. */
static bool output_tail_probe(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path)
{
	struct output_segment segment = output_plan(tcp, conn, false, true);
	bool is_again = segment.text_bytes == 0 || !inflight_has_room(tcp, conn);

	if (inflight_is_empty(conn) || path->sacked_count || conn->flags & (CONN_RECOVERY | CONN_TIMEOUT)) {
		path->flags &= (uint16_t)~PATH_PROBE_DUE; /* an ACK was faster */
		return true;
	}
	if (!transmit_has_room_for_text(tcp))
		return false;
	if (is_again ? !retransmit_last(tcp, conn) : output_first(tcp, conn, segment, 0) == OUTPUT_BLOCKED)
		return false;
	path->flags &= (uint16_t)~PATH_PROBE_DUE;
	rack_probed(path, conn, is_again);
	COUNT(tcp, tail_probes);
	timer_arm_retransmit(tcp, conn, rtt_rto_us(&tcp->config, conn));
	return true;
}

/* F-RTO: two new segments go before anything else is sent again; if none can, there is nothing to find out by. */
static enum output_result output_frto(struct tcp *tcp, struct tcp_conn *conn, struct tcp_path *path)
{
	struct output_segment segment = output_plan(tcp, conn, false, true);
	enum output_result result = OUTPUT_NOTHING;

	if (seq_distance(conn->snd_nxt, path->recover) >= 2U * conn->mss_bytes)
		return OUTPUT_NOTHING;
	if (segment.text_bytes)
		result = output_first(tcp, conn, segment, 0);
	if (result == OUTPUT_NOTHING && seq_equal(conn->snd_nxt, path->recover))
		path->frto = FRTO_NONE;
	return result;
}

/* What recovery sends; false: blocked. */
static bool output_recover(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_path *path = path_of(tcp, conn);
	struct tcp_inflight *record = inflight_first(conn);
	enum output_result result = OUTPUT_SENT;

	if (path && path->flags & PATH_PROBE_DUE && !output_tail_probe(tcp, conn, path))
		return false;
	while (path && path->frto == FRTO_SECOND && result == OUTPUT_SENT)
		result = output_frto(tcp, conn, path);
	if (result != OUTPUT_BLOCKED)
		do
			result = retransmit_lost(tcp, conn, &record);
		while (result == OUTPUT_SENT);
	if (!conn->retransmit_deadline && !inflight_is_empty(conn))
		timer_arm_loss(tcp, conn);
	return result != OUTPUT_BLOCKED;
}

/* True: blocked. */
static bool output_text(struct tcp *tcp, struct tcp_conn *conn)
{
	enum output_result result = OUTPUT_NOTHING;

	if (!output_recover(tcp, conn))
		return true;
	if (path_lost_bytes(tcp, conn) || !(conn->snd_queued_bytes || conn->flags & CONN_FIN_QUEUED))
		return false;
	path_restart_idle(tcp, conn);
	for (uint32_t i = 0; i < OUTPUT_SEGMENTS_PER_CONNECTION_MAX; i++) {
		result = output_new(tcp, conn, i);
		if (result != OUTPUT_SENT)
			break;
	}
	if (result == OUTPUT_NOTHING && conn->flags & CONN_PERSIST_DUE && output_is_stuck(conn))
		result = output_probe(tcp, conn);
	if (result == OUTPUT_BLOCKED)
		return true;
	conn->flags &= ~(uint32_t)CONN_PERSIST_DUE & 0xffffff;
	if (output_is_stuck(conn) && !conn->retransmit_deadline) {
		conn->flags |= CONN_PERSIST;
		timer_arm_retransmit(tcp, conn, rtt_rto_us(&tcp->config, conn));
	}
	return result == OUTPUT_SENT;
}

/* Our SYN, or SYN-ACK of a simultaneous open: once the next hop is known. */
static bool output_syn(struct tcp *tcp, struct tcp_conn *conn)
{
	bool is_again = conn->inflight.retransmits != INFLIGHT_UNSENT;

	if (!(conn->inflight.flags & INFLIGHT_LOST))
		return false;
	if (!(conn->flags & CONN_HAS_MAC)) {
		enum neighbour_verdict verdict = neighbour_resolve(tcp, conn);

		if (verdict == NEIGHBOUR_UNREACHABLE)
			life_end(tcp, conn, SLUICE_REASON_UNREACHABLE);
		if (verdict != NEIGHBOUR_READY)
			return false;
	}
	if (!transmit_has_room(tcp) || retransmit_record(tcp, conn, &conn->inflight) == OUTPUT_BLOCKED)
		return true;
	if (is_again)
		retransmit_count(tcp, conn, &conn->inflight);
	if (!conn->retransmit_deadline)
		timer_arm_retransmit(tcp, conn, rtt_rto_us(&tcp->config, conn));
	return false;
}

/* The ACKs that nothing carried: one, or as many duplicates as a peer without SACK must count. */
static bool output_acks(struct tcp *tcp, struct tcp_conn *conn)
{
	uint32_t owed = conn->flags & CONN_SACK || conn->acks_owed == 0 ? 1 : conn->acks_owed;

	if (conn->flags & CONN_ACK_NOW) {
		for (uint32_t i = 0; i < owed; i++)
			if (!output_ack(tcp, conn))
				return true;
	} else if (conn->unacked_count && !timer_delay_ack(tcp, conn)) {
		return !output_ack(tcp, conn);
	}
	conn->acks_owed = 0;
	return false;
}

bool output_conn(struct tcp *tcp, struct tcp_conn *conn)
{
	bool is_blocked;

	if (conn->flags & CONN_SYN_UNACKED) {
		is_blocked = output_syn(tcp, conn);
		if (conn->state == SLUICE_STATE_SYN_RECEIVED && !is_blocked)
			is_blocked = output_acks(tcp, conn);
		return is_blocked;
	}
	is_blocked = output_text(tcp, conn);
	return output_acks(tcp, conn) || is_blocked;
}
