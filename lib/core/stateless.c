/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN cookies: out in a SYN-ACK, back in an ACK.
 */
#include "lib/core/stateless.h"

#include "lib/core/answer.h"
#include "lib/core/cookie.h"
#include "lib/core/life.h"
#include "lib/core/passive.h"

#define EPOCH_MS            ((uint32_t)(COOKIE_EPOCH_NS / 1000000))
#define EPOCHS_AHEAD_SHARED 1 /* clocks of hosts that share a key differ */

/* What a returned cookie says. */
struct stateless_cookie {
	int code;         /* negative: it is none, see cookie.h */
	bool is_previous; /* made with the previous key */
};

void stateless_syn(struct tcp *tcp, struct frame *syn, uint8_t listener)
{
	const struct handshake agreed = handshake_cut(handshake_of_syn(tcp, syn));
	struct cookie cookie = cookie_make_stamped(tcp->keys.cookie, &syn->tuple, syn->seq, tcp->cookie_epoch,
						   handshake_code(&agreed, syn->ipv6));
	struct mac asker = *frame_source_mac(syn);
	struct answer answer = {
		.tuple = &syn->tuple,
		.listener = &tcp->listeners.listener[listener],
		.mac = &asker,
		.seq = cookie.isn,
		.ack = seq_add(syn->seq, 1),
		.flags = TCP_SYN | TCP_ACK | (agreed.ecn ? TCP_ECE : 0),
		.window = passive_window(tcp, listener, &agreed),
		.options = handshake_options(tcp, &agreed),
	};

	answer.options.mss_bytes = passive_mss(tcp, listener, syn->ipv6);
	answer.options.tsval = handshake_tsval(&agreed, tcp->now_ms + tcp->stamp_ms + cookie.timestamp_offset);
	COUNT(tcp, cookies_sent);
	syn_gate_given(tcp);
	answer_send_in_place(tcp, &answer, syn->packet);
}

static struct stateless_cookie stateless_check(const struct tcp *tcp, const struct frame *frame)
{
	bool is_shared = tcp->config.cookie_key_bytes;
	uint32_t ahead = is_shared ? EPOCHS_AHEAD_SHARED : 0;
	struct seq irs = seq_add(frame->seq, UINT32_MAX), isn = seq_add(frame->ack, UINT32_MAX);
	struct stateless_cookie cookie = {0};
	int code;

	cookie.code = cookie_check(tcp->keys.cookie, &frame->tuple, irs, tcp->cookie_epoch, ahead, isn);
	if (cookie.code >= 0 || !is_shared || !tcp->config.cookie_key_previous_bytes)
		return cookie;
	code = cookie_check(tcp->keys.cookie_previous, &frame->tuple, irs, tcp->cookie_epoch, ahead, isn);
	if (code >= 0 || code == COOKIE_NOT_OURS)
		return (struct stateless_cookie){.code = code, .is_previous = true};
	return cookie;
}

/*
 * The front of a number is right for the tuple in one case in 512 of guesses, and always in text of a peer that answers our
 * SYN-ACK: an RST would end what its first segment, late or sent again, is about to open.  Bare ACKs are no such text: they
 * are how a peer asks (RFC 5961) whether an RST that it could not believe was ours, and it may have nothing to send again.
 */
static enum stateless_verdict stateless_verdict_of(struct tcp *tcp, const struct frame *frame, int code)
{
	if (code >= 0)
		return STATELESS_COOKIE;
	if (code == COOKIE_NOT_NOW) {
		COUNT(tcp, cookies_refused_epoch);
		return STATELESS_NONE;
	}
	if (frame->text_bytes || frame->flags & TCP_FIN)
		return STATELESS_MAYBE;
	COUNT(tcp, cookies_refused_hash);
	return STATELESS_NONE;
}

/* The verdict, and with STATELESS_COOKIE the cookie. */
static enum stateless_verdict stateless_take(struct tcp *tcp, const struct frame *frame,
					     struct stateless_cookie *cookie)
{
	if (!syn_gate_is_open(tcp)) {
		COUNT(tcp, cookies_refused_gate);
		return STATELESS_NONE;
	}
	*cookie = stateless_check(tcp, frame);
	return stateless_verdict_of(tcp, frame, cookie->code);
}

enum stateless_verdict stateless_judge(struct tcp *tcp, const struct frame *frame)
{
	struct stateless_cookie cookie;

	return stateless_take(tcp, frame, &cookie);
}

/* The connection, in the table; NULL: there was no room for it. */
static struct tcp_conn *stateless_new(struct tcp *tcp, const struct frame *frame, uint64_t hash,
				      const struct passive *passive)
{
	struct tcp_conn *conn = passive_new(tcp, passive, frame);

	if (!conn)
		return NULL;
	if (!table_insert(&tcp->table, hash, table_value(TABLE_CONNECTION, tcp_conn_index(tcp, conn)))) {
		life_free(tcp, conn);
		return NULL;
	}
	tcp_stepped(tcp, SLUICE_STATE_LISTEN, SLUICE_STATE_SYN_RECEIVED);
	return conn;
}

/*
 * Its timestamps go on from that of the SYN-ACK (RFC 7323 section 5.2), which comes back in TSecr: a host that shares our key may
 * have sent it by a clock that is ahead of ours, and a peer drops what seems older.
 */
static void stateless_set_clock(const struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame)
{
	uint32_t ahead_ms = frame->options.tsecr - (tcp->now_ms + conn->ts_offset);

	if (conn->flags & CONN_TIMESTAMPS && (int32_t)ahead_ms > 0)
		conn->ts_offset += ahead_ms;
}

/*
 * Were timestamps agreed on?  The peer has them on every segment then, and TSecr is our clock while the cookie lived: another's,
 * where the key is shared, of which nothing is known.  Others are to be ignored where there is no agreement (RFC 7323 section
 * 3.2), and must not be taken for one.
 */
static struct tcp_options stateless_options(const struct tcp *tcp, const struct frame *frame, uint32_t clock_ms)
{
	struct tcp_options options = frame->options;
	uint32_t age_ms = clock_ms - options.tsecr;

	if (tcp->config.cookie_key_bytes ? options.tsecr == 0 : age_ms > (COOKIE_EPOCHS_LIFE + 1) * EPOCH_MS)
		options.present &= (uint8_t)~TCP_HAS_TIMESTAMPS;
	return options;
}

static bool stateless_open(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t listener,
			   const struct stateless_cookie *cookie)
{
	struct siphash_key key = cookie->is_previous ? tcp->keys.cookie_previous : tcp->keys.cookie;
	uint32_t offset = cookie_timestamp_offset(key, &frame->tuple) + tcp->stamp_ms;
	struct tcp_options options = stateless_options(tcp, frame, tcp->now_ms + offset);
	struct passive passive = {
		.agreed = handshake_restore(tcp, (uint32_t)cookie->code, &options),
		.irs = seq_add(frame->seq, UINT32_MAX),
		.iss = seq_add(frame->ack, UINT32_MAX),
		.listener = listener,
	};
	struct tcp_conn *conn;

	if (!syn_gate_pays(tcp)) {
		COUNT(tcp, drop_tcp_cookie_limited);
		return false;
	}
	conn = stateless_new(tcp, frame, hash, &passive);
	if (!conn) {
		COUNT(tcp, drop_tcp_connections_full);
		return false;
	}
	COUNT(tcp, cookies_accepted);
	conn->ts_offset = offset;
	if (cookie->is_previous)
		COUNT(tcp, cookies_accepted_previous);
	stateless_set_clock(tcp, conn, frame);
	return passive_open(tcp, conn, frame);
}

bool stateless_ack(struct tcp *tcp, struct frame *frame, uint64_t hash, uint8_t listener)
{
	struct stateless_cookie cookie;

	switch (stateless_take(tcp, frame, &cookie)) {
	case STATELESS_COOKIE:
		return stateless_open(tcp, frame, hash, listener, &cookie);
	case STATELESS_MAYBE:
		COUNT(tcp, drop_tcp_cookie_hash);
		return false;
	case STATELESS_NONE:
		break;
	}
	COUNT(tcp, drop_tcp_no_connection);
	answer_reset(tcp, frame);
	return false;
}
