/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens to a connection: events, and the ways to end.  How a connection ends matters
 * to the client: an answer that is followed by a reset may be lost (RFC 9112 section 9.6), so that a connection is
 * closed at once only when the client has said that it sends nothing more, and lingers otherwise.
 */
#include "app/httpd/httpd_conn.h"

#include "app/httpd/httpd_respond.h"
#include "app/httpd/httpd_server.h"

#define LINGER_UNIT_BYTES 64  /* conn->count while lingering */
#define ACKED_MIN_BYTES   512 /* that move a lingering connection's deadline: no endless dribble */
#define IDLE_GRAIN_SHIFT  8   /* 256 ms */

/* ---- Waiting ---- */

void httpd_conn_wait(struct httpd *httpd, struct httpd_conn *conn, enum httpd_list_name list)
{
	httpd_list_move(httpd, conn, list);
	if (list == HTTPD_LIST_STARVED && conn->count > 0) /* it rested until now: that is not held against it */
		httpd_deadline_set(httpd, conn, httpd->config.idle_timeout_ms);
	httpd_count(&httpd->count.waits, 1);
}

static bool has_memory(const struct httpd *httpd)
{
	return !httpd_pool_is_empty(&httpd->exchanges) && !httpd_pool_is_empty(&httpd->buffers);
}

/*
 * Goes on with those that wait now, but not twice with any, and not with more than a turn's share: what comes new is
 * answered first thing in each turn, however many wait.
 */
static void resume(struct httpd *httpd, enum httpd_list_name name)
{
	struct httpd_list *list = &httpd->list[name];
	uint32_t last = list->last, index = HTTPD_POOL_NONE, requests = 0;

	while (index != last && requests < HTTPD_RESUMED_REQUESTS_A_TURN) {
		struct httpd_conn *conn;

		if (name == HTTPD_LIST_STARVED && !has_memory(httpd))
			break;
		index = list->first;
		conn = httpd_conn_at(httpd, index);
		httpd_list_move(httpd, conn, HTTPD_LIST_NONE);
		httpd_conn_advance(httpd, conn);
		requests += 1 + HTTPD_REQUESTS_A_TURN - httpd->turn_requests;
	}
}

void httpd_conn_resume_waiting(struct httpd *httpd)
{
	resume(httpd, HTTPD_LIST_YIELDED);
	resume(httpd, HTTPD_LIST_STARVED);
	if (httpd_list_first(httpd, HTTPD_LIST_YIELDED) ||
	    (httpd_list_first(httpd, HTTPD_LIST_STARVED) && has_memory(httpd)))
		sluice_set_worker_timer(httpd->worker, httpd->now_ns); /* the next turn comes at once */
}

/* ---- Beginning and end ---- */

/* Reads everything and forgets it; returns how much it was. */
static uint32_t throw_away(struct httpd *httpd, sluice_conn conn)
{
	struct sluice_slice slice[16];
	uint32_t count, bytes, sum_bytes = 0;

	while ((count = sluice_peek(httpd->worker, conn, slice, 16)) > 0) {
		bytes = 0;
		for (uint32_t i = 0; i < count; i++)
			bytes += slice[i].bytes;
		sluice_consume(httpd->worker, conn, bytes);
		sum_bytes += bytes;
	}
	httpd_count(&httpd->count.bytes_received, sum_bytes);
	return sum_bytes;
}

/* Its request, read by nobody, would be met with a reset that overtakes the answer: it lingers, too, without a record. */
static void overload(struct httpd *httpd, sluice_conn conn)
{
	uint8_t text[HTTPD_RESPONSE_BYTES];
	struct sluice_slice slice = {.data = text,
				     .bytes = (uint32_t)(httpd_answer_overload(&httpd->stamp, text) - text)};

	httpd_count(&httpd->count.connections_refused, 1);
	httpd_count(&httpd->count.responses_5xx, 1);
	sluice_send(httpd->worker, conn, &slice, 1, SLUICE_SEND_COPY);
	sluice_shutdown(httpd->worker, conn);
	sluice_set_timer(httpd->worker, conn, httpd->now_ns + httpd->config.linger_timeout_ms * UINT64_C(1000000));
	throw_away(httpd, conn);
}

void httpd_conn_turned_away(struct httpd *httpd, const struct sluice_event *event)
{
	if (event->mask & SLUICE_CLOSED)
		return;
	throw_away(httpd, event->conn);
	if (event->mask & (SLUICE_TIMER | SLUICE_PEER_CLOSED))
		sluice_close_within(httpd->worker, event->conn, httpd->config.progress_timeout_ms);
}

/* Counts it with its address.  A reset, since an answer would cost what the limit is there to save. */
static bool has_too_many(struct httpd *httpd, sluice_conn conn, uint32_t index)
{
	struct sluice_address local, peer = {0};
	uint32_t place;

	if (httpd->config.connections_per_address == 0)
		return false;
	sluice_addresses(httpd->worker, conn, &local, &peer);
	place = httpd_peers_enter(&httpd->peers, peer.ip);
	httpd->birth[index].peer = place;
	return place == HTTPD_PEERS_REFUSED;
}

struct httpd_conn *httpd_conn_open(struct httpd *httpd, sluice_conn conn)
{
	uint32_t index = httpd_pool_borrow(&httpd->conns);
	struct httpd_conn *record;

	if (index == HTTPD_POOL_NONE) {
		overload(httpd, conn);
		return NULL;
	}
	if (has_too_many(httpd, conn, index)) {
		httpd_count(&httpd->count.connections_limited, 1);
		httpd_pool_give_back(&httpd->conns, index);
		sluice_abort(httpd->worker, conn);
		return NULL;
	}
	record = httpd_conn_at(httpd, index);
	*record = (struct httpd_conn){.conn = conn, .exchange = HTTPD_POOL_NONE, .state = HTTPD_CONN_READING};
	if (httpd->config.age_max_ms)
		httpd->birth[index].opened_ms = httpd->now_ms;
	sluice_set_context(httpd->worker, conn, record);
	sluice_set_option(httpd->worker, conn, SLUICE_OPTION_USER_TIMEOUT_MS, httpd->config.progress_timeout_ms);
	if (httpd->send_queue_bytes == 0)
		httpd->send_queue_bytes = sluice_send_room(httpd->worker, conn);
	httpd_deadline_set(httpd, record, httpd->config.header_timeout_ms);
	httpd_count(&httpd->count.connections, 1);
	return record;
}

void httpd_conn_closed(struct httpd *httpd, struct httpd_conn *conn)
{
	uint32_t index = httpd_pool_index(&httpd->conns, conn);

	httpd_exchange_give_back(httpd, conn);
	httpd_list_move(httpd, conn, HTTPD_LIST_NONE);
	if (httpd->config.connections_per_address)
		httpd_peers_leave(&httpd->peers, httpd->birth[index].peer);
	conn->state = HTTPD_CONN_FREE;
	httpd_pool_give_back(&httpd->conns, index);
}

void httpd_conn_abort(struct httpd *httpd, struct httpd_conn *conn)
{
	httpd_count(&httpd->count.aborts, 1);
	httpd_exchange_give_back(httpd, conn);
	httpd_list_move(httpd, conn, HTTPD_LIST_NONE);
	httpd->outbox_bytes = 0;
	conn->state = HTTPD_CONN_CLOSING;
	sluice_abort(httpd->worker, conn->conn);
}

void httpd_conn_close(struct httpd *httpd, struct httpd_conn *conn)
{
	conn->state = HTTPD_CONN_CLOSING;
	httpd_list_move(httpd, conn, HTTPD_LIST_LEAVING);
	conn->deadline_ms = httpd->now_ms + httpd->config.progress_timeout_ms; /* since when it leaves */
	sluice_close_within(httpd->worker, conn->conn, httpd_send_rest_ms(httpd, conn));
}

/* Lingering: reads and throws away, within bounds. */
static void discard(struct httpd *httpd, struct httpd_conn *conn)
{
	uint64_t units =
		((uint64_t)throw_away(httpd, conn->conn) + LINGER_UNIT_BYTES - 1) / LINGER_UNIT_BYTES + conn->count;

	conn->count = (uint16_t)(units < UINT16_MAX ? units : UINT16_MAX);
	if (conn->flags & HTTPD_CONN_PEER_CLOSED || conn->count * LINGER_UNIT_BYTES > httpd->config.linger_max_bytes)
		httpd_conn_close(httpd, conn);
}

/* Everything that will be answered has been handed over. */
static void end(struct httpd *httpd, struct httpd_conn *conn)
{
	struct sluice_slice slice;
	bool unread = sluice_peek(httpd->worker, conn->conn, &slice, 1) > 0;

	if (!unread && conn->flags & (HTTPD_CONN_ASKED | HTTPD_CONN_PEER_CLOSED)) {
		httpd_conn_close(httpd, conn);
		return;
	}
	conn->state = HTTPD_CONN_LINGERING;
	httpd_list_move(httpd, conn, HTTPD_LIST_LEAVING);
	conn->count = 0;
	sluice_shutdown(httpd->worker, conn->conn);
	httpd_deadline_set(httpd, conn, httpd->config.linger_timeout_ms);
	discard(httpd, conn);
}

/* The peer sends nothing more: what is incomplete will stay so. */
static void consider_peer_closed(struct httpd *httpd, struct httpd_conn *conn)
{
	struct sluice_slice slice;

	if (httpd_conn_is_waiting(conn) || sluice_peek(httpd->worker, conn->conn, &slice, 1) > 0)
		return;
	if (conn->state == HTTPD_CONN_READING) {
		httpd_exchange_give_back(httpd, conn);
		conn->state = HTTPD_CONN_ENDING;
	} else if (conn->state == HTTPD_CONN_EXCHANGE &&
		   httpd_exchange_wants_input(httpd_exchange_of(httpd, conn), conn->flags & HTTPD_CONN_BLOCKED)) {
		httpd_exchange_truncate(httpd, conn);
	}
}

/* The end of handling an event: what was collected is sent, and what was decided is done. */
void httpd_conn_settle(struct httpd *httpd, struct httpd_conn *conn)
{
	if (conn->flags & HTTPD_CONN_PEER_CLOSED)
		consider_peer_closed(httpd, conn);
	httpd_send_outbox(httpd, conn);
	if (conn->state == HTTPD_CONN_ENDING)
		end(httpd, conn);
	else if (conn->state == HTTPD_CONN_READING && httpd_conn_list(conn) == HTTPD_LIST_NONE)
		httpd_list_move(httpd, conn, HTTPD_LIST_IDLE);
}

void httpd_conn_advance(struct httpd *httpd, struct httpd_conn *conn)
{
	bool again;

	if (conn->state == HTTPD_CONN_CLOSING)
		return;
	if (conn->state == HTTPD_CONN_LINGERING) {
		discard(httpd, conn);
		return;
	}
	httpd->turn_requests = HTTPD_REQUESTS_A_TURN;
	do {
		if (conn->state == HTTPD_CONN_EXCHANGE && !(conn->flags & HTTPD_CONN_BLOCKED))
			httpd_exchange_output(httpd, conn);
		again = httpd_read(httpd, conn);
	} while (again);
	httpd_conn_settle(httpd, conn);
}

void httpd_conn_begin_exchange(struct httpd *httpd, struct httpd_conn *conn)
{
	conn->state = HTTPD_CONN_EXCHANGE;
	httpd_list_move(httpd, conn, HTTPD_LIST_MOVING);
	httpd_deadline_set(httpd, conn, httpd->config.progress_timeout_ms);
}

/* Its place among the idle is right still: its last use is so near that moving it is not worth touching its neighbours. */
static bool was_just_used(const struct httpd *httpd, const struct httpd_conn *conn)
{
	uint32_t used_ms = conn->deadline_ms - httpd->config.idle_timeout_ms;

	return conn->count > 1 && used_ms >> IDLE_GRAIN_SHIFT == httpd->now_ms >> IDLE_GRAIN_SHIFT;
}

void httpd_conn_answered(struct httpd *httpd, struct httpd_conn *conn)
{
	bool last = conn->flags & HTTPD_CONN_LAST || httpd->draining;

	if (httpd_conn_list(conn) == HTTPD_LIST_IDLE && !was_just_used(httpd, conn))
		httpd_list_move(httpd, conn, HTTPD_LIST_NONE); /* until the event has been handled */
	conn->state = last ? HTTPD_CONN_ENDING : HTTPD_CONN_READING;
	httpd_deadline_set(httpd, conn, httpd->config.idle_timeout_ms);
}

void httpd_conn_close_if_idle(struct httpd *httpd, struct httpd_conn *conn)
{
	if (!httpd_conn_is_idle(conn))
		return;
	conn->state = HTTPD_CONN_ENDING;
	httpd_conn_settle(httpd, conn);
}

/* ---- Events ---- */

static void acked(struct httpd *httpd, struct httpd_conn *conn, uint32_t bytes)
{
	conn->flags &= (uint8_t)~HTTPD_CONN_BLOCKED;
	if (conn->state == HTTPD_CONN_EXCHANGE)
		httpd_exchange_of(httpd, conn)->moved_bytes += bytes;
	else if (conn->state == HTTPD_CONN_LINGERING && bytes >= ACKED_MIN_BYTES)
		httpd_deadline_set(httpd, conn, httpd->config.linger_timeout_ms);
}

void httpd_conn_event(struct httpd *httpd, struct httpd_conn *conn, const struct sluice_event *event)
{
	if (event->mask & (SLUICE_ACKED | SLUICE_WRITABLE))
		acked(httpd, conn, event->acked_bytes);
	if (event->mask == SLUICE_ACKED && conn->state == HTTPD_CONN_READING)
		return;
	if (event->mask & SLUICE_PEER_CLOSED)
		conn->flags |= HTTPD_CONN_PEER_CLOSED;
	if (event->mask & SLUICE_TIMER)
		httpd_deadline_fired(httpd, conn);
	httpd_conn_advance(httpd, conn);
}
