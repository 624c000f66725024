/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a quote to a connection, and what that makes of it.
 */
#include "lib/core/icmp_error.h"

#include "lib/core/life.h"
#include "lib/core/note.h"
#include "lib/core/pmtu.h"
#include "lib/core/work.h"
#include "lib/wire/icmp.h"

enum icmp_meaning { ICMP_SOFT, ICMP_HARD, ICMP_TOO_BIG };

/* RFC 1122 section 4.2.3.9, RFC 4443: hard is what will not get better by itself, the port or the protocol. */
static enum icmp_meaning icmp_error_meaning(const struct icmp_error *error)
{
	if (error->ipv6) {
		if (error->type == ICMPV6_PACKET_TOO_BIG)
			return ICMP_TOO_BIG;
		if (error->type == ICMPV6_UNREACHABLE)
			return error->code == ICMPV6_CODE_PORT || error->code == ICMPV6_CODE_PROHIBITED ? ICMP_HARD
													: ICMP_SOFT;
		return error->type == ICMPV6_PARAMETER_PROBLEM && error->code == ICMPV6_CODE_NEXT_HEADER ? ICMP_HARD
													 : ICMP_SOFT;
	}
	if (error->type != ICMP_UNREACHABLE)
		return ICMP_SOFT;
	switch (error->code) {
	case ICMP_CODE_FRAGMENTATION_NEEDED:
		return ICMP_TOO_BIG;
	case ICMP_CODE_PROTOCOL:
	case ICMP_CODE_PORT:
	case ICMP_CODE_NET_PROHIBITED:
	case ICMP_CODE_HOST_PROHIBITED:
	case ICMP_CODE_PROHIBITED:
		return ICMP_HARD;
	default:
		return ICMP_SOFT;
	}
}

/* One worker looks at so many a second: a flood of them costs a counter each. */
static bool icmp_error_is_allowed(struct tcp *tcp)
{
	if (tcp->icmp_second != tcp->now_s) {
		tcp->icmp_second = tcp->now_s;
		tcp->icmp_count = 0;
	}
	if (tcp->icmp_count == ICMP_ERRORS_PER_SECOND_MAX) {
		COUNT(tcp, drop_icmp_limited);
		return false;
	}
	tcp->icmp_count++;
	return true;
}

/* Somebody saw the segment: it left, and is not acknowledged (RFC 5927 section 4.1). */
static bool icmp_error_is_in_flight(const struct tcp_conn *conn, struct seq seq)
{
	return seq_at_or_after(seq, conn->snd_una) && seq_before(seq, conn->snd_nxt);
}

static void icmp_error_note(struct tcp *tcp, struct tcp_conn *conn, const struct icmp_error *error)
{
	struct note *note = note_need(tcp, conn);

	COUNT(tcp, icmp_soft);
	note->has_icmp = true;
	note->icmp_type = error->type;
	note->icmp_code = error->code;
	if (conn->wants_reports && !(conn->flags & CONN_SYN_UNACKED))
		work_raise(tcp, conn, SLUICE_TROUBLE);
}

void icmp_error_arrives(struct tcp *tcp, const struct frame *frame)
{
	struct icmp_error error;
	struct tcp_conn *conn;

	if (!icmp_error_is_allowed(tcp))
		return;
	error = icmp_error_read(frame);
	if (!error.is_tcp || !ip_equal(&error.tuple.local, &frame->tuple.local)) {
		COUNT(tcp, drop_icmp);
		return;
	}
	conn = tcp_find_conn(tcp, &error.tuple);
	if (!conn) {
		COUNT(tcp, drop_icmp_no_connection);
		return;
	}
	if (!icmp_error_is_in_flight(conn, error.seq)) {
		COUNT(tcp, drop_icmp_sequence);
		return;
	}
	switch (icmp_error_meaning(&error)) {
	case ICMP_TOO_BIG:
		pmtu_too_big(tcp, conn, &error);
		return;
	case ICMP_HARD:
		if (conn->state != SLUICE_STATE_SYN_SENT)
			break;
		COUNT(tcp, connections_unreachable);
		life_end(tcp, conn, SLUICE_REASON_ICMP);
		return;
	case ICMP_SOFT:
		break;
	}
	icmp_error_note(tcp, conn, &error);
}
