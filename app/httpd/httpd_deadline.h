/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long anything may take, and what becomes of a connection that takes longer: heads, idle time, the pace of bodies and
 * responses, lingering, age; and the same before its time, for those whose memory is needed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct httpd;
struct httpd_conn;

/* Moves the deadline; the timer is touched only when it moves earlier. */
void httpd_deadline_set(struct httpd *httpd, struct httpd_conn *conn, uint32_t after_ms);

/* The connection's timer: re-armed, or what it was for is done; httpd_conn_settle() follows. */
void httpd_deadline_fired(struct httpd *httpd, struct httpd_conn *conn);

/* ---- Before its time, since memory is needed: the first of a list.  false: within its grace ---- */

/* Nobody is called slow before: asking takes a round trip or two, and a pace shows itself later. */
#define HTTPD_TRIP_GRACE_MS 250
#define HTTPD_PACE_GRACE_MS 2000
#define HTTPD_DEBT_GRACE_MS 4000

/* As if their time were up. */
bool httpd_deadline_cut_head(struct httpd *httpd, struct httpd_conn *conn);
bool httpd_deadline_cut_starved(struct httpd *httpd, struct httpd_conn *conn);

/* By a reset. */
bool httpd_deadline_cut_leaving(struct httpd *httpd, struct httpd_conn *conn);
bool httpd_deadline_reset_idle(struct httpd *httpd, struct httpd_conn *conn);

/* In order, if the peer takes our answers; by a reset, if not. */
bool httpd_deadline_close_idle(struct httpd *httpd, struct httpd_conn *conn);

/* MOVING: looks at the pace before its time, and cuts it or gives it another span. */
bool httpd_deadline_hurry(struct httpd *httpd, struct httpd_conn *conn);

/* The same with what TCP has queued of it: that must be gone in a whole span, at the pace of this one. */
bool httpd_deadline_unload(struct httpd *httpd, struct httpd_conn *conn);

/* IDLE or LEAVING: a reset, if it has not acknowledged its answers in all this time.  Any one, not the first. */
bool httpd_deadline_cut_debtor(struct httpd *httpd, struct httpd_conn *conn);
