/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closing in order takes the peer a round trip, so it goes in batches with a pause between them; a reset gives memory back
 * at once, and needs none.
 */
#include "app/httpd/httpd_relief.h"

#include "app/httpd/httpd_server.h"

#define RESERVE_SHARE 16 /* of the records: fewer left is SOON, half as many NOW */
#define BATCH         64
#define DEBTORS       256 /* records looked at in a turn */
#define PAUSE_MS      20
#define NS_PER_MS     UINT64_C(1000000)

/* How many records there should be that are not. */
static uint32_t missing_records(const struct httpd *httpd)
{
	uint32_t total = httpd->conns.item_count, left = total - httpd->conns.used_count;

	return left < total / RESERVE_SHARE ? total / RESERVE_SHARE - left : 0;
}

static bool is_severe(const struct httpd *httpd, enum sluice_resource resource)
{
	return sluice_pressure(httpd->worker, resource) == SLUICE_PRESSURE_SEVERE;
}

static enum httpd_relief_need need(const struct httpd *httpd)
{
	uint32_t missing = missing_records(httpd);

	if (missing > httpd->conns.item_count / RESERVE_SHARE / 2)
		return HTTPD_RELIEF_NOW;
	return missing || is_severe(httpd, SLUICE_RESOURCE_CONNECTIONS) ? HTTPD_RELIEF_SOON : HTTPD_RELIEF_NONE;
}

/* What is received and not read, or sent and not acknowledged, fills TCP's pools. */
static bool tcp_is_full(const struct httpd *httpd)
{
	return is_severe(httpd, SLUICE_RESOURCE_PACKETS) || is_severe(httpd, SLUICE_RESOURCE_SENDING);
}

bool httpd_relief_is_due(const struct httpd *httpd)
{
	if (httpd_list_first(httpd, HTTPD_LIST_STARVED) || missing_records(httpd) > 0)
		return true;
	return is_severe(httpd, SLUICE_RESOURCE_ANY) && (need(httpd) != HTTPD_RELIEF_NONE || tcp_is_full(httpd));
}

/* Somebody waits for an exchange or a buffer, and there is none. */
static bool is_starved(const struct httpd *httpd)
{
	return httpd_list_first(httpd, HTTPD_LIST_STARVED) &&
	       (httpd_pool_is_empty(&httpd->exchanges) || httpd_pool_is_empty(&httpd->buffers));
}

/* The longest there of a list, at most so many; `go` says false to those within their grace.  Returns how many went. */
static uint32_t cut(struct httpd *httpd, enum httpd_list_name name, bool (*go)(struct httpd *, struct httpd_conn *),
		    uint32_t most)
{
	uint32_t count = 0;

	for (; count < most; count++) {
		struct httpd_conn *conn = httpd_list_first(httpd, name);

		if (!conn || !go(httpd, conn))
			break;
	}
	return count;
}

static void cut_heads(struct httpd *httpd, uint32_t most)
{
	httpd_count(&httpd->count.relief_heads, cut(httpd, HTTPD_LIST_HEAD, httpd_deadline_cut_head, most));
}

/* Head by head, since each makes room for one that waits. */
static void feed_starved(struct httpd *httpd)
{
	for (uint32_t i = 0; i < BATCH && is_starved(httpd); i++)
		cut_heads(httpd, 1);
	for (uint32_t i = 0; i < BATCH && is_starved(httpd); i++)
		cut(httpd, HTTPD_LIST_MOVING, httpd_deadline_hurry, 1);
}

static void reset_idle(struct httpd *httpd, uint32_t most)
{
	httpd_count(&httpd->count.relief_idle, cut(httpd, HTTPD_LIST_IDLE, httpd_deadline_reset_idle, most));
}

static void close_idle(struct httpd *httpd, uint32_t most)
{
	struct httpd_relief *relief = &httpd->relief;

	if (relief->waits && (int32_t)(relief->next_ms - httpd->now_ms) > 0)
		return;
	httpd_count(&httpd->count.relief_idle, cut(httpd, HTTPD_LIST_IDLE, httpd_deadline_close_idle, most));
	relief->waits = true;
	relief->next_ms = httpd->now_ms + PAUSE_MS;
}

/* Those who have nothing to lose first; then those who wait, or are still asking, and are told so. */
static void free_records(struct httpd *httpd)
{
	uint32_t missing = missing_records(httpd), most = missing && missing < BATCH ? missing : BATCH;

	switch (need(httpd)) {
	case HTTPD_RELIEF_NONE:
		httpd->relief.waits = false;
		break;
	case HTTPD_RELIEF_SOON:
		close_idle(httpd, most);
		break;
	case HTTPD_RELIEF_NOW:
		cut(httpd, HTTPD_LIST_LEAVING, httpd_deadline_cut_leaving, most);
		reset_idle(httpd, most);
		cut_heads(httpd, most);
		cut(httpd, HTTPD_LIST_STARVED, httpd_deadline_cut_starved, most);
		cut(httpd, HTTPD_LIST_MOVING, httpd_deadline_hurry, BATCH);
		break;
	}
}

/* Answers that nobody acknowledges, of those who have no exchange to be measured by: some of the records, and round again. */
static void collect_debts(struct httpd *httpd)
{
	uint32_t known = httpd->conns.fresh, count = 0;

	for (uint32_t i = 0; i < known && i < DEBTORS; i++) {
		uint32_t index = httpd->relief.debtor < known ? httpd->relief.debtor : 0;

		count += httpd_deadline_cut_debtor(httpd, httpd_conn_at(httpd, index));
		httpd->relief.debtor = index + 1;
	}
	httpd_count(&httpd->count.relief_debtors, count);
}

/* Who moves must move what it keeps from others. */
static void unload_tcp(struct httpd *httpd)
{
	if (tcp_is_full(httpd))
		cut(httpd, HTTPD_LIST_MOVING, httpd_deadline_unload, BATCH);
	if (is_severe(httpd, SLUICE_RESOURCE_PACKETS))
		cut(httpd, HTTPD_LIST_STARVED, httpd_deadline_cut_starved, BATCH);
	if (is_severe(httpd, SLUICE_RESOURCE_SENDING))
		collect_debts(httpd);
}

void httpd_relief_turn(struct httpd *httpd)
{
	feed_starved(httpd);
	unload_tcp(httpd);
	free_records(httpd);
	if (httpd_relief_is_due(httpd)) /* then it is, too, when no packet comes */
		sluice_set_worker_timer(httpd->worker, httpd->now_ns + PAUSE_MS * NS_PER_MS);
}
