/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walks the two lists: to collect events, and to build segments.  What cannot be finished stays listed.
 */
#include "lib/core/work.h"

#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/transmit.h"

static struct sluice_event work_event(const struct tcp *tcp, const struct tcp_conn *conn)
{
	return (struct sluice_event){
		.conn = life_handle(tcp, conn),
		.context = conn->context,
		.mask = conn->event_mask,
		.readable_bytes = conn->readable_bytes,
		.acked_bytes = conn->acked_bytes,
		.listener = conn->listener == LISTENER_NONE ? SLUICE_NO_LISTENER : conn->listener,
		.reason = conn->reason,
	};
}

static void work_tell(struct tcp *tcp, struct tcp_conn *conn)
{
	tcp->event[tcp->event_count++] = work_event(tcp, conn);
	conn->acked_bytes = 0;
	if (conn->event_mask & SLUICE_CLOSED) {
		COUNT(tcp, connections_closed);
		life_free(tcp, conn);
		return;
	}
	conn->event_mask = 0;
	if (conn->flags & CONN_DIRTY)
		work_push(tcp, &tcp->to_send, conn);
}

static void work_tell_timer(struct tcp *tcp)
{
	if (tcp->worker_timer == 0 || !tick_reached(tcp->worker_timer, tcp->now_tick))
		return;
	tcp->worker_timer = 0;
	COUNT(tcp, timers_fired);
	tcp->event[tcp->event_count++] = (struct sluice_event){.mask = SLUICE_TIMER, .listener = SLUICE_NO_LISTENER};
}

/* Puts the connections of `more` behind those of `list`. */
static void work_join(struct tcp *tcp, struct work_list *list, const struct work_list *more)
{
	if (more->first == INDEX_NONE)
		return;
	if (list->first == INDEX_NONE)
		list->first = more->first;
	else
		tcp_conn_at(tcp, list->last)->work_next = more->first;
	list->last = more->last;
}

/*
 * Some of those who wait to send have news meanwhile: a few a turn are looked at.  They keep their places, since what is sent
 * goes by them; only where nothing at all could be sent do they go to the end, so that the next turn looks at others.
 */
static void work_find_news(struct tcp *tcp)
{
	struct work_list seen = {INDEX_NONE, INDEX_NONE};

	for (uint32_t i = 0; i < WAITING_PER_TURN_MAX && tcp->to_send.first != INDEX_NONE; i++) {
		struct tcp_conn *conn = work_pop(tcp, &tcp->to_send);

		work_push(tcp, conn->event_mask ? &tcp->to_tell : &seen, conn);
	}
	if (tcp->sends_tried) {
		work_join(tcp, &seen, &tcp->to_send);
		tcp->to_send = seen;
	} else {
		work_join(tcp, &tcp->to_send, &seen);
	}
	tcp->sends_tried = false;
}

void tcp_collect_events(struct tcp *tcp)
{
	tcp->event_count = 0;
	work_tell_timer(tcp);
	work_find_news(tcp);
	while (tcp->to_tell.first != INDEX_NONE && tcp->event_count < EVENTS_PER_TURN_MAX) {
		struct tcp_conn *conn = work_pop(tcp, &tcp->to_tell);

		if (conn->event_mask)
			work_tell(tcp, conn);
		else if (conn->flags & CONN_DIRTY)
			work_push(tcp, &tcp->to_send, conn);
	}
}

/* Builds what one connection may send; true: there is more. */
static bool work_send(struct tcp *tcp, struct tcp_conn *conn)
{
	bool more = false;

	if (conn->flags & CONN_DIRTY) {
		conn->flags &= ~(uint32_t)CONN_DIRTY & 0xffffff;
		more = !(conn->flags & CONN_DETACHED) && output_conn(tcp, conn);
	}
	if (conn->event_mask)
		work_push(tcp, &tcp->to_tell, conn);
	if (more)
		work_output(tcp, conn);
	return more;
}

/* While text must wait for packets, ACKs need not: those further back have their turn, a bounded number of them each time. */
bool tcp_output_work(struct tcp *tcp)
{
	uint32_t last = tcp->to_send.last, waiting_count = 0;
	bool is_last = tcp->to_send.first == INDEX_NONE;
	bool more = false;

	while (!is_last) {
		struct tcp_conn *conn;

		if (!transmit_has_room(tcp) || tcp->stash.fresh_count == 0)
			return true;
		tcp->sends_tried = true;
		conn = work_pop(tcp, &tcp->to_send);
		is_last = tcp_conn_index(tcp, conn) == last;
		if (!work_send(tcp, conn))
			continue;
		more = true;
		if (++waiting_count == WAITING_PER_TURN_MAX && !transmit_has_room_for_text(tcp))
			return true;
	}
	return more;
}
