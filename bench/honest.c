/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A visit is served when the whole page came and both sides closed in order; anything else is a failure, by its reason.
 */
#include "bench/honest.h"

#include <stdlib.h>
#include <string.h>

#include "bench/turn.h"

struct visit {
	uint64_t due_ns;
	uint32_t bytes;
	bool is_answered;
};

static const char request[] = "GET /plaintext HTTP/1.1\r\nHost: 198.18.0.1\r\n\r\n";
static const char status[] = "HTTP/1.1 200 ";
static const char page[] = "Hello, World!";

bool honest_make(struct honest *honest, struct sluice_worker *worker, const struct sluice_port_config *port,
		 uint32_t visits)
{
	memset(honest, 0, sizeof(*honest));
	honest->worker = worker;
	honest->from_count = port->subnet_count;
	for (uint32_t i = 0; i < port->subnet_count; i++)
		memcpy(honest->from[i].ip, port->subnet[i].ip, sizeof(honest->from[i].ip));
	honest->visit = calloc(visits, sizeof(*honest->visit));
	honest->free = calloc(visits, sizeof(*honest->free));
	honest->visit_count = visits;
	return honest->visit && honest->free;
}

void honest_free(struct honest *honest)
{
	free(honest->visit);
	free(honest->free);
}

void honest_begin(struct honest *honest, const struct honest_plan *plan)
{
	honest->plan = *plan;
	honest->start_ns = turn_now_ns();
	honest->begun = honest->succeeded = honest->failed = honest->refused = 0;
	memset(honest->failed_by, 0, sizeof(honest->failed_by));
	histogram_reset(&honest->setup);
	for (uint32_t i = 0; i < honest->visit_count; i++)
		honest->free[i] = i;
	honest->free_count = honest->visit_count;
}

/* ---- One visit ----------------------------------------------------------------------------------------- */

static void leave(struct honest *honest, struct visit *visit)
{
	honest->free[honest->free_count++] = (uint32_t)(visit - honest->visit);
}

static bool come(struct honest *honest, uint64_t due_ns)
{
	static const struct sluice_address server = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 198, 18, 0, 1},
						     .port = 80};
	const struct sluice_connect_options options = {.local = honest->from[honest->begun % honest->from_count]};
	struct visit *visit;
	sluice_conn conn;

	if (honest->free_count == 0)
		return false;
	visit = &honest->visit[honest->free[honest->free_count - 1]];
	if (sluice_connect(honest->worker, &server, &options, visit, &conn) != 0) {
		honest->refused++;
		return false;
	}
	honest->free_count--;
	*visit = (struct visit){.due_ns = due_ns};
	honest->begun++;
	return true;
}

static void opened(struct honest *honest, const struct sluice_event *event, const struct visit *visit)
{
	const struct sluice_slice slice = {.data = request, .bytes = sizeof(request) - 1};

	histogram_record(&honest->setup, turn_now_ns() - visit->due_ns);
	sluice_send(honest->worker, event->conn, &slice, 1, SLUICE_SEND_STATIC);
}

/* The page comes in one segment: it begins as an answer does, and ends as the page does. */
static void readable(struct honest *honest, const struct sluice_event *event, struct visit *visit)
{
	struct sluice_slice slice;
	const char *bytes;

	if (sluice_peek(honest->worker, event->conn, &slice, 1) == 0 || slice.bytes < sizeof(status) + sizeof(page))
		return;
	bytes = slice.data;
	visit->is_answered = memcmp(bytes, status, sizeof(status) - 1) == 0 &&
			     memcmp(bytes + slice.bytes - (sizeof(page) - 1), page, sizeof(page) - 1) == 0;
	sluice_consume(honest->worker, event->conn, event->readable_bytes);
	sluice_close(honest->worker, event->conn);
}

static void closed(struct honest *honest, const struct sluice_event *event, struct visit *visit)
{
	bool in_order = event->reason == SLUICE_REASON_FINISHED || event->reason == SLUICE_REASON_CLOSED_LOCALLY;

	if (visit->is_answered && in_order) {
		honest->succeeded++;
	} else {
		honest->failed++;
		honest->failed_by[event->reason]++;
	}
	leave(honest, visit);
}

/* ---- All of them --------------------------------------------------------------------------------------- */

uint64_t honest_next_ns(const struct honest *honest)
{
	uint64_t due_ns;

	if (honest->plan.per_second == 0)
		return UINT64_MAX;
	due_ns = honest->start_ns + (uint64_t)((double)honest->begun * 1e9 / honest->plan.per_second);
	return due_ns < honest->plan.end_ns ? due_ns : UINT64_MAX;
}

static void come_by_the_clock(struct honest *honest)
{
	uint64_t due_ns;

	while ((due_ns = honest_next_ns(honest)) <= turn_now_ns() && come(honest, due_ns))
		;
}

static void come_for_those_who_left(struct honest *honest)
{
	while (turn_now_ns() < honest->plan.end_ns && honest_present(honest) < honest->plan.concurrency &&
	       come(honest, turn_now_ns()))
		;
}

void honest_turn(struct honest *honest)
{
	uint32_t count;
	const struct sluice_event *event = sluice_poll(honest->worker, &count);

	for (uint32_t i = 0; i < count; i++) {
		struct visit *visit = event[i].context;

		if (event[i].mask & SLUICE_OPENED)
			opened(honest, &event[i], visit);
		if (event[i].mask & SLUICE_READABLE)
			readable(honest, &event[i], visit);
		if (event[i].mask & SLUICE_CLOSED)
			closed(honest, &event[i], visit);
	}
	if (honest->plan.per_second > 0)
		come_by_the_clock(honest);
	else
		come_for_those_who_left(honest);
	sluice_flush(honest->worker);
}
