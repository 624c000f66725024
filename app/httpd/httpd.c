/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The instance: opening, the way of an event to its connection, draining, statistics.
 */
#include "app/httpd/httpd.h"

#include <errno.h>
#include <stdlib.h>

#include "app/httpd/httpd_server.h"

#define PORT_DEFAULT 80

static int open_listeners(struct httpd *httpd)
{
	static const struct sluice_address any = {0};
	const struct httpd_config *config = &httpd->config;
	uint32_t count = config->listen_count ? config->listen_count : 1;

	for (uint32_t i = 0; i < count; i++) {
		struct sluice_address address = config->listen_count ? config->listen[i] : any;
		int listener;

		if (address.port == 0)
			address.port = PORT_DEFAULT;
		listener = sluice_listen(httpd->worker, &address, NULL);
		if (listener < 0)
			return listener;
		httpd->listener[httpd->listener_count++] = (uint16_t)listener;
	}
	return 0;
}

static void close_listeners(struct httpd *httpd)
{
	for (uint32_t i = 0; i < httpd->listener_count; i++)
		sluice_unlisten(httpd->worker, httpd->listener[i]);
	httpd->listener_count = 0;
}

static uint32_t buffer_bytes(const struct httpd_config *config)
{
	uint32_t bytes = config->header_max_bytes;

	if (bytes < HTTPD_OUTBOX_BYTES)
		bytes = HTTPD_OUTBOX_BYTES;
	return (bytes + 63) & ~63U;
}

static int open_memory(struct httpd *httpd)
{
	const struct httpd_config *config = &httpd->config;
	int result = httpd_pool_open(&httpd->conns, sizeof(struct httpd_conn), config->connections);

	if (result == 0)
		result = httpd_pool_open(&httpd->exchanges, sizeof(struct httpd_exchange), config->exchanges);
	if (result == 0)
		result = httpd_pool_open(&httpd->buffers, buffer_bytes(config), config->buffers);
	if (result == 0)
		result = httpd_peers_open(&httpd->peers, config);
	if (result == 0) {
		httpd->birth = calloc(config->connections, sizeof(*httpd->birth));
		result = httpd->birth ? httpd_log_open(&httpd->log, config->log_records) : -ENOMEM;
	}
	return result;
}

uint64_t httpd_memory_bytes(const struct httpd_config *config)
{
	return sizeof(struct httpd) + (uint64_t)config->exchanges * sizeof(struct httpd_exchange) +
	       (uint64_t)config->buffers * buffer_bytes(config) +
	       (uint64_t)config->connections * (sizeof(struct httpd_conn) + sizeof(struct httpd_birth)) +
	       httpd_peers_bytes(config) + (uint64_t)config->log_records * sizeof(struct httpd_log_record);
}

static int open_content(struct httpd *httpd)
{
	const struct httpd_config *config = &httpd->config;
	int result;

	httpd->content = config->content;
	if (httpd->content)
		return 0;
	result = httpd_content_open(config->root, config->content_max_bytes, config->endpoints, &httpd->owned_content);
	httpd->content = httpd->owned_content;
	return result;
}

static void release(struct httpd *httpd)
{
	httpd_content_close(httpd->owned_content);
	httpd_log_close(&httpd->log);
	free(httpd->birth);
	httpd_peers_close(&httpd->peers);
	httpd_pool_close(&httpd->buffers);
	httpd_pool_close(&httpd->exchanges);
	httpd_pool_close(&httpd->conns);
	free(httpd);
}

static struct httpd *make(const struct httpd_config *config, struct sluice_worker *worker)
{
	size_t bytes = (sizeof(struct httpd) + 63) & ~(size_t)63;
	struct httpd *httpd = aligned_alloc(64, bytes);

	if (!httpd)
		return NULL;
	memset(httpd, 0, bytes);
	httpd->worker = worker;
	httpd->config = *config;
	httpd->limits = (struct http_limits){.target_max_bytes = config->target_max_bytes,
					     .header_max_bytes = config->header_max_bytes,
					     .header_max_fields = config->header_max_fields};
	for (uint32_t i = 0; i < HTTPD_LIST_COUNT; i++)
		httpd->list[i] = (struct httpd_list){HTTPD_POOL_NONE, HTTPD_POOL_NONE};
	return httpd;
}

int httpd_open(const struct httpd_config *config, struct sluice_worker *worker, struct httpd **httpd)
{
	struct httpd *server;
	int result;

	if (httpd_config_problem(config))
		return -EINVAL;
	server = make(config, worker);
	if (!server)
		return -ENOMEM;
	result = open_memory(server);
	if (result == 0)
		result = open_content(server);
	if (result == 0) {
		httpd_clock_start(server);
		result = open_listeners(server);
	}
	if (result) {
		close_listeners(server);
		release(server);
		return result;
	}
	*httpd = server;
	return 0;
}

/* Calls `act` for every open connection. */
static void each_conn(struct httpd *httpd, void (*act)(struct httpd *, struct httpd_conn *))
{
	for (uint32_t i = 0; i < httpd->conns.fresh; i++) {
		struct httpd_conn *conn = httpd_conn_at(httpd, i);

		if (conn->state != HTTPD_CONN_FREE)
			act(httpd, conn);
	}
}

void httpd_cut(struct httpd *httpd)
{
	httpd_clock_update(httpd);
	each_conn(httpd, httpd_conn_abort);
}

void httpd_close(struct httpd *httpd)
{
	if (!httpd)
		return;
	close_listeners(httpd);
	each_conn(httpd, httpd_conn_abort);
	release(httpd);
}

void httpd_handle(struct httpd *httpd, const struct sluice_event *event)
{
	struct httpd_conn *conn = event->context;

	if (event->conn.id == 0)
		return; /* the worker's timer: httpd_turn() does what is due */
	httpd_clock_update(httpd);
	if (event->mask & SLUICE_OPENED)
		conn = httpd_conn_open(httpd, event->conn);
	else if (!conn)
		httpd_conn_turned_away(httpd, event);
	if (!conn)
		return;
	if (event->mask & SLUICE_CLOSED)
		httpd_conn_closed(httpd, conn);
	else
		httpd_conn_event(httpd, conn, event);
}

void httpd_turn(struct httpd *httpd)
{
	bool has_yielded = httpd_list_first(httpd, HTTPD_LIST_YIELDED) != NULL;

	httpd->sending_is_short = sluice_pressure(httpd->worker, SLUICE_RESOURCE_SENDING) != SLUICE_PRESSURE_NONE;
	if (!has_yielded && !httpd_relief_is_due(httpd))
		return;
	httpd_clock_update(httpd);
	httpd_relief_turn(httpd);
	httpd_conn_resume_waiting(httpd);
}

void httpd_drain(struct httpd *httpd)
{
	if (httpd->draining)
		return;
	httpd->draining = true;
	httpd_clock_update(httpd);
	close_listeners(httpd);
	each_conn(httpd, httpd_conn_close_if_idle);
}

bool httpd_is_drained(const struct httpd *httpd)
{
	return httpd->draining && httpd->conns.used_count == 0;
}

bool httpd_owns_listener(const struct httpd *httpd, uint16_t listener)
{
	for (uint32_t i = 0; i < httpd->listener_count; i++)
		if (httpd->listener[i] == listener)
			return true;
	return false;
}

void httpd_statistics(const struct httpd *httpd, struct httpd_statistics *statistics)
{
#define X(name, text) statistics->name = __atomic_load_n(&httpd->count.name, __ATOMIC_RELAXED);
	HTTPD_COUNTERS(X)
#undef X
	statistics->connections_open = __atomic_load_n(&httpd->conns.used_count, __ATOMIC_RELAXED);
	statistics->exchanges_used = __atomic_load_n(&httpd->exchanges.used_count, __ATOMIC_RELAXED);
	statistics->buffers_used = __atomic_load_n(&httpd->buffers.used_count, __ATOMIC_RELAXED);
}

void httpd_statistics_add(struct httpd_statistics *into, const struct httpd_statistics *from)
{
#define X(name, text) into->name += from->name;
	HTTPD_COUNTERS(X)
	HTTPD_GAUGES(X)
#undef X
}

uint32_t httpd_log_take(struct httpd *httpd, struct httpd_log_record *record, uint32_t max)
{
	return httpd_log_drain(&httpd->log, record, max);
}
