/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cache, and the three who lower a connection's segment size: ICMP, the cache, and a guess.
 */
#include "lib/core/pmtu.h"

#include "lib/core/cc.h"
#include "lib/core/give_up.h"
#include "lib/core/inflight.h"
#include "lib/core/note.h"
#include "lib/core/rtt.h"
#include "lib/core/tcp.h"
#include "lib/core/work.h"
#include "lib/wire/ip.h"
#include "lib/wire/tcp.h"

#define TIMESTAMPS_BYTES     12
#define GUESS_AFTER_TIMEOUTS 3      /* R1 (RFC 9293 SHLD-10): before, it is an ordinary loss */
#define GUESS_AGAIN_MS       120000 /* within which a second guess confirms the first */

/* ---- The cache ------------------------------------------------------------------------------------------------------- */

static struct pmtu_entry *pmtu_corner(struct tcp *tcp, const struct ip *remote)
{
	uint64_t hash = siphash_1_3(tcp->keys.table, remote, sizeof(*remote));

	return &tcp->pmtus.entry[hash % (PMTUS_MAX / PMTU_WAYS) * PMTU_WAYS];
}

static bool pmtu_is_live(const struct tcp *tcp, const struct pmtu_entry *entry)
{
	return entry->mtu_bytes && !tick_reached(entry->expires_s, tcp->now_s);
}

/* What is known of the way there; the interface's MTU if nothing is. */
static uint32_t pmtu_cached(struct tcp *tcp, const struct ip *remote)
{
	const struct pmtu_entry *entry;

	if (tcp->pmtus.filled_count == 0)
		return tcp->mtu_bytes;
	entry = pmtu_corner(tcp, remote);
	for (uint32_t i = 0; i < PMTU_WAYS; i++)
		if (pmtu_is_live(tcp, &entry[i]) && ip_equal(&entry[i].remote, remote))
			return entry[i].mtu_bytes;
	return tcp->mtu_bytes;
}

/* Is the entry the better one to give up for another? */
static bool pmtu_yields(const struct tcp *tcp, const struct pmtu_entry *entry, const struct pmtu_entry *other)
{
	if (!pmtu_is_live(tcp, other))
		return false;
	return !pmtu_is_live(tcp, entry) || (int32_t)(entry->expires_s - other->expires_s) < 0;
}

static void pmtu_remember(struct tcp *tcp, const struct ip *remote, uint32_t mtu_bytes)
{
	struct pmtu_entry *corner = pmtu_corner(tcp, remote), *entry = corner;

	for (uint32_t i = 0; i < PMTU_WAYS; i++) {
		if (corner[i].mtu_bytes && ip_equal(&corner[i].remote, remote)) {
			entry = &corner[i];
			break;
		}
		if (pmtu_yields(tcp, &corner[i], entry))
			entry = &corner[i];
	}
	tcp->pmtus.filled_count += entry->mtu_bytes == 0;
	*entry = (struct pmtu_entry){*remote, tcp->now_s + PMTU_LIFE_S, (uint16_t)mtu_bytes};
}

/* ---- The segment size ------------------------------------------------------------------------------------------------- */

static uint32_t pmtu_header_bytes(const struct tcp_conn *conn)
{
	return (tcp_conn_is_ipv4(conn) ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES) + TCP_HEADER_BYTES +
	       (conn->flags & CONN_TIMESTAMPS ? TIMESTAMPS_BYTES : 0);
}

static uint32_t pmtu_least(const struct tcp_conn *conn)
{
	return tcp_conn_is_ipv4(conn) ? PMTU_FLOOR_IPV4_BYTES : PMTU_FLOOR_IPV6_BYTES;
}

uint32_t pmtu_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return cc_min(conn->mss_bytes + pmtu_header_bytes(conn), tcp->mtu_bytes);
}

/* True: segments are smaller now. */
static bool pmtu_lower_mss(struct tcp_conn *conn, uint32_t mtu_bytes)
{
	uint32_t mss_bytes = mtu_bytes - pmtu_header_bytes(conn);

	if (mss_bytes >= conn->mss_bytes)
		return false;
	conn->mss_bytes = (uint16_t)mss_bytes;
	conn->is_full_acked = 0;
	return true;
}

void pmtu_opens(struct tcp *tcp, struct tcp_conn *conn)
{
	if (tcp->pmtus.filled_count)
		pmtu_lower_mss(conn, pmtu_cached(tcp, &conn->tuple.remote));
}

/* What is too big now is lost, and no sign of congestion (RFC 1191 section 6.3). */
static void pmtu_mark_too_big(struct tcp *tcp, struct tcp_conn *conn)
{
	struct tcp_inflight *record = inflight_first(conn);
	struct tcp_path *path = path_of(tcp, conn);

	if (path && !(conn->flags & CONN_SACK))
		path->sacked_bytes = 0; /* which of them duplicates told of, nobody knows */
	for (; record; record = inflight_next(tcp, record))
		if (record->bytes > conn->mss_bytes && !(record->flags & INFLIGHT_SACKED))
			inflight_mark_lost(tcp, conn, record);
	work_output(tcp, conn);
}

/* ---- ICMP ------------------------------------------------------------------------------------------------------------- */

/* RFC 1191 section 7.1: a router that tells no MTU is asked for the next size below what did not fit. */
static uint32_t pmtu_plateau(uint32_t quoted_bytes)
{
	static const uint16_t plateau[] = {8166, 4352, 2002, 1492, 1006};

	for (uint32_t i = 0; i < sizeof(plateau) / sizeof(plateau[0]); i++)
		if (plateau[i] < quoted_bytes)
			return plateau[i];
	return PMTU_FLOOR_IPV4_BYTES;
}

/* The MTU that an error tells; 0: it tells nothing that could be true. */
static uint32_t pmtu_told(const struct tcp_conn *conn, const struct icmp_error *error)
{
	if (!tcp_conn_is_ipv4(conn))
		return error->mtu_bytes < PMTU_FLOOR_IPV6_BYTES ? 0 : error->mtu_bytes; /* RFC 8201 section 4 */
	if (error->mtu_bytes == 0)
		return pmtu_plateau(error->quoted_bytes);
	return cc_max(error->mtu_bytes, PMTU_FLOOR_IPV4_BYTES);
}

static void pmtu_obey(struct tcp *tcp, struct tcp_conn *conn, uint32_t mtu_bytes)
{
	struct note *note = note_of(tcp, conn);

	if (!pmtu_lower_mss(conn, mtu_bytes))
		return;
	if (note)
		note->mss_before_bytes = 0; /* no guess any more */
	COUNT(tcp, path_mtus_lowered);
	pmtu_remember(tcp, &conn->tuple.remote, mtu_bytes);
	pmtu_mark_too_big(tcp, conn);
}

void pmtu_too_big(struct tcp *tcp, struct tcp_conn *conn, const struct icmp_error *error)
{
	uint32_t mtu_bytes = pmtu_told(conn, error);
	struct note *note;

	if (!tcp->config.path_mtu_discovery || mtu_bytes == 0 || mtu_bytes >= pmtu_of(tcp, conn) ||
	    conn->flags & CONN_SYN_UNACKED) {
		COUNT(tcp, drop_icmp_useless);
		return;
	}
	if (!conn->is_full_acked) {
		pmtu_obey(tcp, conn, mtu_bytes);
		return;
	}
	note = note_need(tcp, conn);
	note->too_big_seq = error->seq;
	note->too_big_bytes = (uint16_t)mtu_bytes;
	COUNT(tcp, path_mtus_held);
}

/* RFC 5927 section 7.2: the segment it was about has timed out, and nothing of it was acknowledged. */
static void pmtu_confirm(struct tcp *tcp, struct tcp_conn *conn, struct note *note)
{
	uint32_t mtu_bytes = note->too_big_bytes;

	note->too_big_bytes = 0;
	if (seq_at_or_after(note->too_big_seq, conn->snd_una) && seq_before(note->too_big_seq, conn->snd_nxt))
		pmtu_obey(tcp, conn, mtu_bytes);
}

/* ---- Black holes ------------------------------------------------------------------------------------------------------- */

/* The next size to try when nothing gets through: what tunnels leave, and if that does not help what everybody takes; 0: there is
 * none, nor for segments that fit any tunnel from the start. */
static uint32_t pmtu_guess(const struct tcp_conn *conn, const struct note *note, uint32_t mtu_bytes)
{
	if (mtu_bytes > PMTU_GUESS_BYTES)
		return PMTU_GUESS_BYTES;
	return note && note->mss_before_bytes && mtu_bytes > pmtu_least(conn) ? pmtu_least(conn) : 0;
}

/* So many timeouts more would be the end of the connection: each comes after twice the time of the one before. */
static bool pmtu_is_last_chance(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return give_up_left_ms(tcp, conn) < (uint64_t)rtt_rto_us(&tcp->config, conn) * 2 * GUESS_AFTER_TIMEOUTS / 1000;
}

/* A guess that was taken back not long ago needs no more than one timeout to be made again. */
static bool pmtu_is_time_to_guess(const struct tcp *tcp, const struct tcp_conn *conn, const struct note *note)
{
	bool is_again = note && note->was_wrong && tcp->now_ms - note->written_ms <= GUESS_AGAIN_MS;

	return is_again || conn->timeouts_count >= GUESS_AFTER_TIMEOUTS || pmtu_is_last_chance(tcp, conn);
}

/* RFC 4821 section 7.7, where nobody says why: a full segment was lost, and each of its retransmissions. */
static void pmtu_suspect(struct tcp *tcp, struct tcp_conn *conn)
{
	struct note *note = note_of(tcp, conn);
	uint32_t mtu_bytes = pmtu_guess(conn, note, pmtu_of(tcp, conn));
	uint16_t mss_before_bytes = conn->mss_bytes;

	if (mtu_bytes == 0 || conn->inflight.bytes + pmtu_header_bytes(conn) <= mtu_bytes ||
	    !pmtu_is_time_to_guess(tcp, conn, note) || !pmtu_lower_mss(conn, mtu_bytes))
		return;
	COUNT(tcp, black_holes_guessed);
	if (note && tcp->now_ms - note->written_ms > GUESS_AGAIN_MS)
		note->was_wrong = false; /* another trouble */
	note = note_need(tcp, conn);
	if (note->mss_before_bytes == 0)
		note->mss_before_bytes = mss_before_bytes;
	conn->timeouts_count = 1; /* each size has its chances; the trouble began before */
	pmtu_mark_too_big(tcp, conn);
}

void pmtu_timed_out(struct tcp *tcp, struct tcp_conn *conn)
{
	struct note *note;

	if (!tcp->config.path_mtu_discovery || conn->flags & CONN_SYN_UNACKED ||
	    conn->inflight.bytes + pmtu_header_bytes(conn) <= pmtu_least(conn))
		return;
	note = note_of(tcp, conn);
	if (note && note->too_big_bytes)
		pmtu_confirm(tcp, conn, note);
	if (pmtu_lower_mss(conn, pmtu_cached(tcp, &conn->tuple.remote)))
		pmtu_mark_too_big(tcp, conn);
	pmtu_suspect(tcp, conn);
}

/* An outage looks like a black hole until it is over: so the guess is taken back once, and only believed the second time.  Be it
 * one or the other, what the timer backed off for is past, and who serves short talks cannot wait that long to find out. */
void pmtu_progressed(struct tcp *tcp, struct tcp_conn *conn)
{
	struct note *note = note_of(tcp, conn);

	if (!note || note->mss_before_bytes == 0)
		return;
	if (note->was_wrong) {
		COUNT(tcp, black_holes_believed);
		pmtu_remember(tcp, &conn->tuple.remote, pmtu_of(tcp, conn));
	} else {
		conn->mss_bytes = note->mss_before_bytes;
		conn->is_full_acked = 0;
		conn->backoff_count = 0;
		note->was_wrong = true;
	}
	note->mss_before_bytes = 0;
	note->written_ms = tcp->now_ms;
}
