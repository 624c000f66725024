/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closing in order takes the peer a round trip, so it goes in batches with a pause between them; a reset gives memory back
 * at once, and needs none.
 */
#include "app/httpd/httpd_relief.h"

#include "app/httpd/httpd_server.h"

#define RESERVE_SHARE 16 /* of the records: fewer left is SOON, half as many NOW */
#define BATCH         64
#define PAUSE_MS      20
#define NS_PER_MS     UINT64_C(1000000)

/* How many records there should be that are not. */
static uint32_t missing_records(const struct httpd *httpd)
{
	uint32_t total = httpd->conns.item_count, left = total - httpd->conns.used_count;

	return left < total / RESERVE_SHARE ? total / RESERVE_SHARE - left : 0;
}

static enum httpd_relief_need need(const struct httpd *httpd)
{
	uint32_t missing = missing_records(httpd);

	if (missing > httpd->conns.item_count / RESERVE_SHARE / 2)
		return HTTPD_RELIEF_NOW;
	return missing ? HTTPD_RELIEF_SOON : HTTPD_RELIEF_NONE;
}

bool httpd_relief_is_due(const struct httpd *httpd)
{
	return httpd_list_first(httpd, HTTPD_LIST_STARVED) || need(httpd) != HTTPD_RELIEF_NONE;
}

/* Somebody waits for an exchange or a buffer, and there is none. */
static bool is_starved(const struct httpd *httpd)
{
	return httpd_list_first(httpd, HTTPD_LIST_STARVED) &&
	       (httpd_pool_is_empty(&httpd->exchanges) || httpd_pool_is_empty(&httpd->buffers));
}

static void cut_heads(struct httpd *httpd)
{
	struct httpd_conn *conn;

	for (uint32_t i = 0; i < BATCH && is_starved(httpd); i++) {
		conn = httpd_list_first(httpd, HTTPD_LIST_HEAD);
		if (!conn || !httpd_conn_cut_head(httpd, conn))
			return;
		httpd_count(&httpd->count.relief_heads, 1);
	}
}

static void hurry_movers(struct httpd *httpd, bool all)
{
	struct httpd_conn *conn;

	for (uint32_t i = 0; i < BATCH && (all || is_starved(httpd)); i++) {
		conn = httpd_list_first(httpd, HTTPD_LIST_MOVING);
		if (!conn || !httpd_conn_hurry(httpd, conn))
			return;
	}
}

static void cut_leaving(struct httpd *httpd)
{
	struct httpd_conn *conn;

	for (uint32_t i = 0; i < BATCH; i++) {
		conn = httpd_list_first(httpd, HTTPD_LIST_LEAVING);
		if (!conn || !httpd_conn_cut_leaving(httpd, conn))
			return;
	}
}

static void cut_idle(struct httpd *httpd, bool at_once)
{
	uint32_t missing = missing_records(httpd);
	struct httpd_conn *conn;

	for (uint32_t i = 0; i < BATCH && i < missing; i++) {
		conn = httpd_list_first(httpd, HTTPD_LIST_IDLE);
		if (!conn)
			return;
		httpd_count(&httpd->count.relief_idle, 1);
		httpd_conn_cut_idle(httpd, conn, at_once);
	}
}

static void free_records(struct httpd *httpd, enum httpd_relief_need need)
{
	struct httpd_relief *relief = &httpd->relief;

	if (need == HTTPD_RELIEF_NONE) {
		relief->waits = false;
		return;
	}
	if (need == HTTPD_RELIEF_NOW) {
		hurry_movers(httpd, true);
		cut_leaving(httpd);
	} else if (relief->waits && (int32_t)(relief->next_ms - httpd->now_ms) > 0) {
		return;
	}
	cut_idle(httpd, need == HTTPD_RELIEF_NOW);
	relief->waits = true;
	relief->next_ms = httpd->now_ms + PAUSE_MS;
}

void httpd_relief_turn(struct httpd *httpd)
{
	cut_heads(httpd);
	hurry_movers(httpd, false);
	free_records(httpd, need(httpd));
	if (httpd_relief_is_due(httpd)) /* then it is, too, when no packet comes */
		sluice_set_worker_timer(httpd->worker, httpd->now_ns + PAUSE_MS * NS_PER_MS);
}
