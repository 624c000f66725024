/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deadlines are lazy: moving one later is a store, and the timer finds out when it fires.
 */
#include "app/httpd/httpd_deadline.h"

#include "app/httpd/httpd_respond.h"
#include "app/httpd/httpd_server.h"

#define NS_PER_MS UINT64_C(1000000)

/* How long it may still live; UINT32_MAX: that is no question, or has been answered. */
static uint32_t life_left_ms(const struct httpd *httpd, const struct httpd_conn *conn)
{
	uint32_t age_ms;

	if (httpd->config.age_max_ms == 0 || conn->flags & HTTPD_CONN_LAST || conn->state >= HTTPD_CONN_ENDING)
		return UINT32_MAX;
	age_ms = httpd->now_ms - httpd->birth[httpd_pool_index(&httpd->conns, conn)].opened_ms;
	return age_ms < httpd->config.age_max_ms ? httpd->config.age_max_ms - age_ms : 0;
}

void httpd_deadline_set(struct httpd *httpd, struct httpd_conn *conn, uint32_t after_ms)
{
	uint32_t left_ms;

	conn->deadline_ms = httpd->now_ms + after_ms;
	if (conn->flags & HTTPD_CONN_ARMED && (int32_t)(conn->deadline_ms - conn->armed_ms) >= 0)
		return;
	left_ms = life_left_ms(httpd, conn);
	if (left_ms > after_ms)
		left_ms = after_ms;
	conn->flags |= HTTPD_CONN_ARMED;
	conn->armed_ms = httpd->now_ms + left_ms;
	sluice_set_timer(httpd->worker, conn->conn, httpd->now_ns + left_ms * NS_PER_MS);
}

/* ---- Due ---- */

static void expire_reading(struct httpd *httpd, struct httpd_conn *conn)
{
	const struct httpd_exchange *exchange;

	if (httpd_conn_is_waiting(conn)) {
		httpd_list_move(httpd, conn, HTTPD_LIST_NONE);
		httpd_respond_refuse(httpd, conn, 503, NULL, NULL);
		return;
	}
	httpd_count(conn->count > 0 && conn->exchange == HTTPD_POOL_NONE ? &httpd->count.timeouts_idle
									 : &httpd->count.timeouts_header,
		    1);
	if (conn->exchange != HTTPD_POOL_NONE) {
		exchange = httpd_exchange_of(httpd, conn);
		if (exchange->buffer_bytes > 2) { /* more than an empty line: a request was begun */
			httpd_respond_refuse(httpd, conn, 408, NULL, NULL);
			return;
		}
	}
	httpd_exchange_give_back(httpd, conn);
	conn->state = HTTPD_CONN_ENDING;
}

static uint64_t least_bytes_in(const struct httpd *httpd, uint32_t elapsed_ms)
{
	return (uint64_t)httpd->config.min_bytes_per_second * elapsed_ms / 1000;
}

/* Whether enough moved since the deadline was set; then there is another. */
static void check_pace(struct httpd *httpd, struct httpd_conn *conn, uint64_t least_bytes)
{
	struct httpd_exchange *exchange = httpd_exchange_of(httpd, conn);

	if (exchange->moved_bytes > 0 && exchange->moved_bytes >= least_bytes) {
		exchange->moved_bytes = 0;
		httpd_list_move(httpd, conn, HTTPD_LIST_MOVING);
		httpd_deadline_set(httpd, conn, httpd->config.progress_timeout_ms);
		return;
	}
	httpd_count(&httpd->count.timeouts_progress, 1);
	if (exchange->echo && !exchange->echo_begun && !(conn->flags & HTTPD_CONN_BLOCKED)) {
		exchange->logs = false;
		conn->flags &= (uint8_t)~HTTPD_CONN_ASKED;
		httpd_respond_refuse(httpd, conn, 408, NULL, NULL);
		return;
	}
	httpd_count(&httpd->count.truncated, 1);
	httpd_conn_abort(httpd, conn);
}

/* Our FIN was sent long ago.  With everything acknowledged the rest needs no record; if not, it will not be. */
static void expire_lingering(struct httpd *httpd, struct httpd_conn *conn)
{
	struct sluice_conn_info info = {0};

	httpd_count(&httpd->count.timeouts_linger, 1);
	if (sluice_conn_info(httpd->worker, conn->conn, &info) && info.queued_bytes > 0)
		httpd_conn_abort(httpd, conn);
	else
		httpd_conn_close(httpd, conn);
}

static void expire(struct httpd *httpd, struct httpd_conn *conn)
{
	switch ((enum httpd_conn_state)conn->state) {
	case HTTPD_CONN_READING:
		expire_reading(httpd, conn);
		break;
	case HTTPD_CONN_EXCHANGE:
		check_pace(httpd, conn, least_bytes_in(httpd, httpd->config.progress_timeout_ms));
		break;
	case HTTPD_CONN_LINGERING:
		expire_lingering(httpd, conn);
		break;
	case HTTPD_CONN_FREE:
	case HTTPD_CONN_ENDING:
	case HTTPD_CONN_CLOSING: /* TCP ends it: httpd_conn_close() */
		break;
	}
}

/* It is old: what is in progress is finished, and nothing further begun. */
static void retire(struct httpd *httpd, struct httpd_conn *conn)
{
	struct sluice_slice slice;

	httpd_count(&httpd->count.timeouts_age, 1);
	conn->flags |= HTTPD_CONN_LAST;
	if (httpd_conn_is_idle(conn) && sluice_peek(httpd->worker, conn->conn, &slice, 1) == 0)
		conn->state = HTTPD_CONN_ENDING;
}

void httpd_deadline_fired(struct httpd *httpd, struct httpd_conn *conn)
{
	int32_t left_ms = (int32_t)(conn->deadline_ms - httpd->now_ms);

	conn->flags &= (uint8_t)~HTTPD_CONN_ARMED;
	if (life_left_ms(httpd, conn) == 0)
		retire(httpd, conn);
	if (left_ms > 0)
		httpd_deadline_set(httpd, conn, (uint32_t)left_ms);
	else
		expire(httpd, conn);
}

/* ---- Before its time ---- */

/* The time that the deadline gave it, less what is left of it. */
static uint32_t elapsed_ms(const struct httpd *httpd, const struct httpd_conn *conn, uint32_t span_ms)
{
	return span_ms - (conn->deadline_ms - httpd->now_ms);
}

bool httpd_deadline_cut_head(struct httpd *httpd, struct httpd_conn *conn)
{
	if (elapsed_ms(httpd, conn, httpd->config.header_timeout_ms) < HTTPD_TRIP_GRACE_MS)
		return false;
	expire_reading(httpd, conn);
	httpd_conn_settle(httpd, conn);
	return true;
}

bool httpd_deadline_hurry(struct httpd *httpd, struct httpd_conn *conn)
{
	uint32_t so_far_ms = elapsed_ms(httpd, conn, httpd->config.progress_timeout_ms);

	if (so_far_ms < HTTPD_PACE_GRACE_MS)
		return false;
	check_pace(httpd, conn, least_bytes_in(httpd, so_far_ms));
	httpd_conn_settle(httpd, conn);
	return true;
}

static uint32_t queued_bytes(const struct httpd *httpd, const struct httpd_conn *conn)
{
	struct sluice_conn_info info = {0};

	return sluice_conn_info(httpd->worker, conn->conn, &info) ? info.queued_bytes : 0;
}

bool httpd_deadline_unload(struct httpd *httpd, struct httpd_conn *conn)
{
	uint32_t so_far_ms = elapsed_ms(httpd, conn, httpd->config.progress_timeout_ms);
	uint64_t least = least_bytes_in(httpd, so_far_ms);
	uint64_t share = (uint64_t)queued_bytes(httpd, conn) * so_far_ms / httpd->config.progress_timeout_ms;

	if (so_far_ms < HTTPD_PACE_GRACE_MS)
		return false;
	check_pace(httpd, conn, share > least ? share : least);
	httpd_conn_settle(httpd, conn);
	return true;
}

/* Since it was to leave, or acknowledged something after that. */
static uint32_t leaving_ms(const struct httpd *httpd, const struct httpd_conn *conn)
{
	return elapsed_ms(httpd, conn,
			  conn->state == HTTPD_CONN_LINGERING ? httpd->config.linger_timeout_ms
							      : httpd->config.progress_timeout_ms);
}

bool httpd_deadline_cut_leaving(struct httpd *httpd, struct httpd_conn *conn)
{
	if (leaving_ms(httpd, conn) < HTTPD_TRIP_GRACE_MS)
		return false;
	httpd_conn_abort(httpd, conn);
	return true;
}

/* Since its last answer, or its open. */
static uint32_t unused_ms(const struct httpd *httpd, const struct httpd_conn *conn)
{
	return elapsed_ms(httpd, conn, conn->count ? httpd->config.idle_timeout_ms : httpd->config.header_timeout_ms);
}

bool httpd_deadline_cut_starved(struct httpd *httpd, struct httpd_conn *conn)
{
	if (unused_ms(httpd, conn) < HTTPD_TRIP_GRACE_MS)
		return false;
	expire_reading(httpd, conn);
	httpd_conn_settle(httpd, conn);
	return true;
}

bool httpd_deadline_reset_idle(struct httpd *httpd, struct httpd_conn *conn)
{
	if (unused_ms(httpd, conn) < HTTPD_TRIP_GRACE_MS)
		return false;
	httpd_conn_abort(httpd, conn);
	return true;
}

bool httpd_deadline_close_idle(struct httpd *httpd, struct httpd_conn *conn)
{
	if (unused_ms(httpd, conn) < HTTPD_TRIP_GRACE_MS)
		return false;
	if (queued_bytes(httpd, conn) > 0)
		httpd_conn_abort(httpd, conn); /* it takes no answer, so that it would not take our FIN */
	else
		httpd_conn_close(httpd, conn); /* without lingering: there is no answer that a reset could overtake */
	return true;
}

bool httpd_deadline_cut_debtor(struct httpd *httpd, struct httpd_conn *conn)
{
	enum httpd_list_name list = httpd_conn_list(conn);
	bool is_late = (list == HTTPD_LIST_IDLE && unused_ms(httpd, conn) >= HTTPD_DEBT_GRACE_MS) ||
		       (list == HTTPD_LIST_LEAVING && leaving_ms(httpd, conn) >= HTTPD_DEBT_GRACE_MS);

	if (!is_late || queued_bytes(httpd, conn) == 0)
		return false;
	httpd_conn_abort(httpd, conn);
	return true;
}
