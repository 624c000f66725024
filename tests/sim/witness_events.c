/* SPDX-License-Identifier: BSD-3-Clause */
/* What applications are told, event by event: the grammar, and whether each word of it is true. */
#include "tests/sim/witness_known.h"

#include <string.h>

#include "lib/core/cookie.h"

#include "tests/sim/streams.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

const struct sluice_event *__real_sluice_poll(struct sluice_worker *, uint32_t *);
const struct sluice_event *__wrap_sluice_poll(struct sluice_worker *, uint32_t *);

/* A copy, heard now, of what opened the talk, which is over, opens it again while its cookie counts: no record says that it was used. */
static bool is_opened_by_a_copy(const struct host *host, struct side *side)
{
	const struct observer *observer = &world_now->observer;
	const struct side *other = side_other(side);

	if (side->is_active || !side->has_iss || !other->has_iss || host->config.cookies == SLUICE_COOKIES_NEVER)
		return false;
	for (uint32_t i = 0; i < OBSERVER_HEARD && i < observer->heard_count[host->index]; i++) {
		const struct heard *heard = &observer->heard[host->index][i];

		if (heard->at_ns == observer->now_ns && (heard->flags & (SEG_SYN | SEG_RST | SEG_ACK)) == SEG_ACK &&
		    heard->seq == other->iss + 1 && heard->ack - side->iss - 1 < COOKIE_CODES_COUNT)
			return true;
	}
	return false;
}

/*
 * Old segments, come again within the life of a cookie, open the connection once more: a SYN and the ACK after it, or the ACK
 * alone.  It leads nowhere, and the peer ends it.
 */
static struct side *ghost_side(const struct host *host, const struct address *local, const struct address *peer)
{
	struct talk *talk = talk_newest(&world_now->observer.talks, local, peer);
	struct side *side;

	for (; talk; talk = talk_older(talk, local, peer)) {
		side = talk_side(talk, local);
		if (side->haunted || side->heard_old_syn || is_opened_by_a_copy(host, side))
			break;
	}
	if (!talk)
		return NULL;
	side->haunted = true; /* what it says from here on comes from the other life */
	side_other(side)->is_ghost = true;
	side = &talk_begin(&world_now->observer.talks, peer, talk_side(talk, peer)->host, local,
			   talk_side(talk, local)->host)
			->side[1];
	side->is_ghost = true;
	return side;
}

/* OPENED at a listener: the newest talk whose SYN this host could have heard; not one before that of which a copy was just heard. */
static struct side *side_for_accept(struct host *host, const struct sluice_event *event)
{
	struct address local, peer;
	struct talk *talk;
	struct side *side;

	if (!witness_addresses(host, event->conn, &local, &peer))
		return NULL; /* opened and closed in one turn */
	talk = talk_newest(&world_now->observer.talks, &local, &peer);
	for (; talk; talk = talk_older(talk, &local, &peer)) {
		side = talk_side(talk, &local);
		if (side->has_conn && is_opened_by_a_copy(host, side))
			break;
		if (side->has_iss && !side->has_conn && side_other(side)->has_iss && side->got.count)
			return side;
	}
	side = ghost_side(host, &local, &peer);
	if (side)
		return side;
	violation("open", "host %c: a connection opened that nobody asked for: port %u to port %u", 'A' + host->index,
		  local.port, peer.port);
}

static struct side *side_of_event(struct host *host, const struct sluice_event *event)
{
	struct side *side = witness_find(host->index, event->conn);

	if (side)
		return side;
	RULE(event->mask & SLUICE_OPENED, "grammar", "host %c: event %x for a handle that is not open: %lx",
	     'A' + host->index, event->mask, event->conn.id);
	RULE(event->listener != SLUICE_NO_LISTENER, "grammar", "a new connection without a listener");
	side = side_for_accept(host, event);
	if (!side) {
		RULE(event->mask & SLUICE_CLOSED, "grammar", "a new connection has no addresses");
		return NULL;
	}
	witness_learn(host, event->conn, side);
	side->listener = event->listener;
	side->context = event->context;
	witness_set_state(side, SLUICE_STATE_SYN_RECEIVED);
	return side;
}

/* In a network long calm, a peer that is there answers whatever is sent again. */
static bool is_heeded(const struct host *host, const struct side *other)
{
	uint64_t longest_ns = (host->config.rto_max_ms + 2000ULL) * MILLISECOND_NS;

	return world_now->calm && world_now->now_ns - world_now->calm_ns > longest_ns && other->has_conn &&
	       !other->closed;
}

/* By the application's own word: the user timeout, or two keep-alive probes a second apart that nobody answered.  While
 * there is a stranger, or copies come late, something may have been heard since that said nothing. */
static bool is_out_of_patience(const struct side *side)
{
	uint64_t stuck_ns = world_now->now_ns - side->progress_ns, silent_ns = world_now->now_ns - side->heard_ns;

	return (side->user_timeout_ms && stuck_ns >= side->user_timeout_ms * MILLISECOND_NS) ||
	       (side->keepalive_ms && (!world_now->calm || silent_ns >= side->keepalive_ms * MILLISECOND_NS));
}

/* The window that it may fill is full, but for what the other's scale rounds off. */
static bool is_shut_out(const struct side *side)
{
	const struct side *other = &side->talk->side[1 - side->index];

	return side->heard_edge < side->heard_ack + (1U << other->shift) + 1;
}

static void check_reason(const struct host *host, const struct side *side, uint16_t reason)
{
	const struct side *other = &side->talk->side[1 - side->index];
	uint64_t stuck_ns = world_now->now_ns - side->progress_ns;
	uint32_t least_ms = side->opened ? host->config.r2_ms : host->config.syn_r2_ms;
	bool ok = true;

	switch ((enum sluice_reason)reason) {
	case SLUICE_REASON_NONE:
	case SLUICE_REASON_COUNT:
		ok = false;
		break;
	case SLUICE_REASON_FINISHED:
		ok = side->fin_offset && other->fin_offset && ranges_contiguous(&side->got) > other->fin_offset &&
		     side->heard_ack > side->fin_offset;
		break;
	case SLUICE_REASON_CLOSED_LOCALLY:
		ok = side->close_asked || side->fin_asked;
		break;
	case SLUICE_REASON_RESET:
		ok = side->heard_reset && side->opened;
		break;
	case SLUICE_REASON_ABORTED:
		ok = side->abort_asked || side->close_asked;
		break;
	case SLUICE_REASON_REFUSED:
		ok = side->heard_reset && !side->opened && side->is_active;
		break;
	case SLUICE_REASON_TIMED_OUT:
		ok = (stuck_ns >= (uint64_t)least_ms * 900000 && !is_heeded(host, other)) || is_out_of_patience(side);
		break;
	case SLUICE_REASON_UNREACHABLE:
		ok = !side->opened && side->is_active && side->heard_ns <= side->progress_ns;
		break;
	case SLUICE_REASON_ICMP:
		ok = !side->opened && side->is_active && side->heard_icmp;
		break;
	case SLUICE_REASON_NO_MEMORY:
		ok = stuck_ns >= (uint64_t)least_ms * 900000 && is_shut_out(side);
		break;
	}
	RULE(ok, "reason", "talk %u, host %c: closed as \"%s\"", side->talk->number, 'A' + host->index,
	     sluice_reason_text((enum sluice_reason)reason));
}

/* ACKED: only what the peer has acknowledged, and in the end all of it. */
static void check_acked(struct side *side, const struct sluice_event *event)
{
	RULE(!(event->mask & SLUICE_ACKED) == !event->acked_bytes, "grammar",
	     "talk %u: event %x with %u bytes acknowledged", side->talk->number, event->mask, event->acked_bytes);
	side->acked_bytes += event->acked_bytes;
	RULE(side->acked_bytes <= side->taken_bytes && side->acked_bytes + 1 <= side->heard_ack + !event->acked_bytes,
	     "acked", "talk %u: %u bytes reported as acknowledged; %u were sent and the peer's last ACK was for %u",
	     side->talk->number, side->acked_bytes, side->taken_bytes, side->heard_ack ? side->heard_ack - 1 : 0);
}

/* READABLE and PEER_CLOSED: only what has arrived, and no FIN before everything in front of it. */
static void check_arrived(struct side *side, const struct sluice_event *event)
{
	const struct side *other = side_other(side);
	uint32_t arrived = ranges_contiguous(&side->got);

	RULE(event->readable_bytes == 0 || side->consumed_bytes + event->readable_bytes + 1 <= arrived, "readable",
	     "talk %u: %u bytes consumed and %u readable of %u that have arrived", side->talk->number,
	     side->consumed_bytes, event->readable_bytes, arrived);
	if (!(event->mask & SLUICE_PEER_CLOSED))
		return;
	RULE(!side->peer_closed, "grammar", "talk %u: PEER_CLOSED twice", side->talk->number);
	side->peer_closed = true;
	RULE(other->fin_offset && arrived > other->fin_offset, "peer closed",
	     "talk %u: PEER_CLOSED without the peer's FIN", side->talk->number);
	RULE(event->mask & SLUICE_CLOSED || side->consumed_bytes + event->readable_bytes == other->fin_offset - 1,
	     "peer closed", "talk %u: PEER_CLOSED with %u bytes consumed and %u readable, but the peer sent %u",
	     side->talk->number, side->consumed_bytes, event->readable_bytes, other->fin_offset - 1);
}

static void check_timer(struct host *host, uint64_t *deadline_ns, const char *whose)
{
	uint64_t now_ns = sluice_now_ns(host->worker);
	uint64_t late_ns = now_ns - *deadline_ns;

	RULE(*deadline_ns, "timer", "host %c: %s timer that is not set", 'A' + host->index, whose);
	RULE(now_ns >= *deadline_ns, "timer", "host %c: %s timer %lu ns early", 'A' + host->index, whose,
	     *deadline_ns - now_ns);
	/* A turn more, where the turn before it was still running when the timer was due. */
	RULE(late_ns <= 750000 + 2 * host->trouble.turn_ns || host->last_trouble_ns + late_ns >= world_now->now_ns,
	     "timer", "host %c: %s timer %lu ns late", 'A' + host->index, whose, late_ns);
	*deadline_ns = 0;
}

/* An orderly end waits for who still reads: with CLOSED, what the peer sent has all been consumed. */
static void check_all_read(const struct side *side, uint16_t reason)
{
	const struct side *other = &side->talk->side[1 - side->index];

	if (reason != SLUICE_REASON_FINISHED || side->close_asked || side->abort_asked || side->is_ghost)
		return;
	RULE(!other->fin_offset || side->consumed_bytes == other->fin_offset - 1, "readable",
	     "talk %u: closed in order with %u bytes consumed, but the peer sent %u", side->talk->number,
	     side->consumed_bytes, other->fin_offset - 1);
}

static void check_closed(struct host *host, struct side *side, const struct sluice_event *event)
{
	struct sluice_conn_info info;

	RULE(event->reason != SLUICE_REASON_NONE && event->reason < SLUICE_REASON_COUNT, "grammar",
	     "CLOSED with reason %u", event->reason);
	if (!side->is_ghost)
		check_reason(host, side, event->reason);
	check_all_read(side, event->reason);
	RULE(!sluice_conn_info(host->worker, event->conn, &info), "grammar", "talk %u: the handle lives after CLOSED",
	     side->talk->number);
	witness_reasons[event->reason]++;
	witness_set_state(side, event->reason == SLUICE_REASON_FINISHED && !side->closes_second ? SLUICE_STATE_TIME_WAIT
												: SLUICE_STATE_CLOSED);
	side->closed = true;
	side->closed_ns = world_now->now_ns;
	side->reason = event->reason;
	side->unexplained_reset = false;
	witness_forget(host, event->conn);
}

/* The window is never more than the buffer, rounded up to a unit of its scale. */
static uint32_t most_readable_bytes(const struct host *host)
{
	uint32_t most_bytes = host->config.receive_max_bytes;

	if (most_bytes < STREAMS_RECEIVE_BYTES_MAX)
		most_bytes = STREAMS_RECEIVE_BYTES_MAX;
	return most_bytes + (1U << host->config.window_shift);
}

static void check_event(struct host *host, const struct sluice_event *event)
{
	struct side *side;
	char text[128];

	if (!event->conn.id) {
		RULE(event->mask == SLUICE_TIMER, "grammar", "event %x for no connection", event->mask);
		check_timer(host, &host->worker_timer_ns, "the worker's");
		return;
	}
	side = side_of_event(host, event);
	if (!side)
		return;
	if (trace_on())
		trace_note("%s event %02x readable %u acked %u %s", side_text(side, text), event->mask,
			   event->readable_bytes, event->acked_bytes,
			   event->mask & SLUICE_CLOSED ? sluice_reason_text((enum sluice_reason)event->reason) : "");
	RULE(event->mask, "grammar", "an event of no kind");
	RULE(event->context == side->context, "grammar", "talk %u: an event with another's context",
	     side->talk->number);
	RULE(event->listener == side->listener, "grammar", "talk %u: an event with another's listener",
	     side->talk->number);
	RULE(!(event->mask & SLUICE_OPENED) == side->opened || event->mask == SLUICE_CLOSED, "grammar",
	     "talk %u: event %x when the connection is %s", side->talk->number, event->mask,
	     side->opened ? "open" : "not open yet");
	if (event->mask & SLUICE_OPENED) {
		side->opened = true;
		side->opened_ns = world_now->now_ns;
		if (side->state == SLUICE_STATE_SYN_SENT || side->state == SLUICE_STATE_SYN_RECEIVED)
			witness_set_state(side, SLUICE_STATE_ESTABLISHED);
	}
	side->readable_bytes = event->readable_bytes;
	RULE(event->readable_bytes <= most_readable_bytes(host), "buffer", "talk %u: %u bytes are held unread",
	     side->talk->number, event->readable_bytes);
	if (!side->is_ghost) {
		check_acked(side, event);
		check_arrived(side, event);
	}
	witness_deeds[DEED_trouble] += !!(event->mask & SLUICE_TROUBLE);
	if (event->mask & SLUICE_WRITABLE)
		RULE(side->short_send, "grammar", "talk %u: WRITABLE without a short send", side->talk->number);
	side->short_send = side->short_send && !(event->mask & SLUICE_WRITABLE);
	if (event->mask & SLUICE_TIMER)
		check_timer(host, &side->timer_ns, "a connection's");
	if (event->mask & SLUICE_CLOSED)
		check_closed(host, side, event);
	else
		witness_look(host, side);
}

const struct sluice_event *__wrap_sluice_poll(struct sluice_worker *worker, uint32_t *count)
{
	struct host *host = world_host_of(worker);
	const struct sluice_event *event = __real_sluice_poll(worker, count);

	for (uint32_t i = 0; i < *count; i++) {
		for (uint32_t k = 0; k < i && event[i].conn.id; k++)
			RULE(event[i].conn.id != event[k].conn.id, "grammar",
			     "two events for one connection in one turn");
		check_event(host, &event[i]);
	}
	return event;
}
