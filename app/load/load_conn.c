/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a connection: connect, send, be answered, close; and how it is booked when anything else happens.
 */
#include <errno.h>
#include <string.h>

#include "app/common/require.h"
#include "app/load/load_state.h"

static struct load_conn *conn_take(struct load *load)
{
	struct load_conn *conn = &load->conns[load->free_first];

	load->free_first = conn->next_free;
	load->in_progress++;
	return conn;
}

static void conn_give(struct load *load, struct load_conn *conn)
{
	conn->phase = LOAD_CONN_FREE;
	conn->next_free = load->free_first;
	load->free_first = (uint32_t)(conn - load->conns);
	load->in_progress--;
}

static enum load_outcome outcome_of_errno(int error)
{
	switch (error) {
	case -EADDRNOTAVAIL:
	case -EADDRINUSE:
		return LOAD_OUTCOME_NO_LOCAL_PORT;
	case -ENETUNREACH:
	case -EINVAL:
		return LOAD_OUTCOME_UNREACHABLE;
	default:
		return LOAD_OUTCOME_NO_MEMORY;
	}
}

/* From each source address in turn, going on to the next one when it has no port left. */
static int connect_from_any(struct load *load, struct load_conn *conn)
{
	const struct load_config *config = &load->config;
	struct sluice_connect_options options = {0};
	uint32_t tries = config->local_count ? config->local_count : 1;
	int error = -EADDRNOTAVAIL;

	while (tries-- && error == -EADDRNOTAVAIL) {
		if (config->local_count) {
			options.local = config->local[load->next_local];
			load->next_local = load->next_local + 1 == config->local_count ? 0 : load->next_local + 1;
		}
		error = sluice_connect(load->worker, &config->target, &options, conn, &conn->conn);
	}
	return error;
}

bool load_conn_open(struct load *load, uint64_t now_ns)
{
	struct load_conn *conn = conn_take(load);
	struct load_ledger *ledger = &load->results.total.connections;
	int error = connect_from_any(load, conn);

	load_ledger_begin(ledger, 1);
	load->begun += load->config.mode == LOAD_MODE_CPS;
	if (error) {
		load_ledger_end(ledger, outcome_of_errno(error), 1);
		conn_give(load, conn);
		return false;
	}
	conn->started_ns = now_ns;
	conn->deadline = load_tick(load, now_ns) + load->connect_ticks;
	conn->requests_left = load->config.mode == LOAD_MODE_CPS ? 1 : load->config.requests_per_connection;
	conn->unsent_bytes = 0;
	conn->scanned_bytes = 0;
	conn->phase = LOAD_CONN_CONNECTING;
	conn->body = LOAD_BODY_HEAD;
	conn->outcome = LOAD_OUTCOME_SUCCESS;
	conn->outstanding = 0;
	conn->oldest = 0;
	conn->is_answered = false;
	conn->is_last = false;
	conn->peer_closed = false;
	return true;
}

/* All requests outstanding end alike. */
static void requests_end(struct load *load, struct load_conn *conn, enum load_outcome outcome)
{
	load_ledger_end(&load->results.total.requests, outcome, conn->outstanding);
	conn->outstanding = 0;
}

static void conn_blame(struct load_conn *conn, enum load_outcome outcome)
{
	if (conn->outcome == LOAD_OUTCOME_SUCCESS)
		conn->outcome = (uint8_t)outcome;
}

void load_conn_cut(struct load *load, struct load_conn *conn, enum load_outcome outcome)
{
	conn_blame(conn, outcome);
	requests_end(load, conn, outcome);
	conn->phase = LOAD_CONN_CUT;
	sluice_abort(load->worker, conn->conn);
}

/* How many requests the connection may begin now. */
static uint32_t requests_due(const struct load *load, const struct load_conn *conn)
{
	const struct load_config *config = &load->config;
	uint64_t due = config->pipeline - conn->outstanding;

	if (conn->is_last || conn->peer_closed)
		return 0;
	if (due > conn->requests_left)
		due = conn->requests_left;
	if (config->mode == LOAD_MODE_CPS) /* counted when it was opened: its request belongs to it */
		return (uint32_t)due;
	if (load->results.phase >= LOAD_PHASE_DRAIN)
		return 0;
	if (config->count && due > config->count - load->begun)
		due = config->count - load->begun;
	return (uint32_t)due;
}

/* Sends what is unsent: the queue of requests is periodic, so where it stands follows from how much is left. */
static void send_unsent(struct load *load, struct load_conn *conn)
{
	uint32_t length = load->request.length, partial = conn->unsent_bytes % length;
	struct sluice_slice slice = {
		.data = load->request.bytes + (partial ? length - partial : 0),
		.bytes = conn->unsent_bytes,
	};

	conn->unsent_bytes -= sluice_send(load->worker, conn->conn, &slice, 1, SLUICE_SEND_STATIC);
}

static void requests_begin(struct load *load, struct load_conn *conn, uint32_t count, uint64_t now_ns)
{
	load_ledger_begin(&load->results.total.requests, count);
	if (load->config.mode == LOAD_MODE_RPS)
		load->begun += count;
	conn->requests_left -= count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = (uint32_t)conn->oldest + conn->outstanding;

		*load_conn_started(load, conn, place % load->config.pipeline) = now_ns;
		conn->outstanding++;
	}
	conn->deadline = load_tick(load, now_ns) + load->response_ticks;
	conn->unsent_bytes += count * load->request.length;
	send_unsent(load, conn);
}

/* All is answered and nothing more is asked. */
static void conn_end(struct load *load, struct load_conn *conn, uint64_t now_ns)
{
	bool awaits = load->config.mode == LOAD_MODE_CPS && load->config.closer == LOAD_CLOSER_SERVER;

	conn->deadline = load_tick(load, now_ns) + load->response_ticks;
	if (awaits && !conn->peer_closed) {
		conn->phase = LOAD_CONN_AWAIT_FIN;
		return;
	}
	conn->phase = LOAD_CONN_CLOSING;
	sluice_close(load->worker, conn->conn);
}

void load_conn_go_on(struct load *load, struct load_conn *conn, uint64_t now_ns)
{
	uint32_t due = requests_due(load, conn);

	if (due)
		requests_begin(load, conn, due, now_ns);
	else if (!conn->outstanding)
		conn_end(load, conn, now_ns);
}

void load_conn_opened(struct load *load, struct load_conn *conn, uint64_t now_ns)
{
	LOAD_ADD(load->results.total.opened, 1);
	load_time_record(load, LOAD_TIME_HANDSHAKE, conn->started_ns, now_ns);
	conn->phase = LOAD_CONN_OPEN;
	if (conn->peer_closed)
		load_conn_cut(load, conn, LOAD_OUTCOME_CLOSED_EARLY);
	else
		load_conn_go_on(load, conn, now_ns);
}

void load_conn_writable(struct load *load, struct load_conn *conn)
{
	if (conn->phase == LOAD_CONN_OPEN && conn->unsent_bytes)
		send_unsent(load, conn);
}

void load_conn_answered(struct load *load, struct load_conn *conn, uint64_t now_ns)
{
	enum load_outcome outcome = conn->is_good ? LOAD_OUTCOME_SUCCESS : LOAD_OUTCOME_STATUS;

	load_time_record(load, LOAD_TIME_REQUEST, *load_conn_started(load, conn, conn->oldest), now_ns);
	load_ledger_end(&load->results.total.requests, outcome, 1);
	conn_blame(conn, outcome);
	conn->outstanding--;
	conn->oldest = (uint8_t)((conn->oldest + 1U) == load->config.pipeline ? 0 : conn->oldest + 1);
	conn->body = LOAD_BODY_HEAD;
	conn->is_answered = false;
	conn->deadline = load_tick(load, now_ns) + load->response_ticks;
	if (conn->is_last && conn->outstanding) {
		conn_blame(conn, LOAD_OUTCOME_CLOSED_EARLY);
		requests_end(load, conn, LOAD_OUTCOME_CLOSED_EARLY);
	}
}

void load_conn_peer_closed(struct load *load, struct load_conn *conn, uint64_t now_ns)
{
	if (conn->phase == LOAD_CONN_OPEN) {
		if (conn->outstanding && conn->body == LOAD_BODY_UNTIL_CLOSE)
			load_conn_answered(load, conn, now_ns);
		if (conn->outstanding)
			load_conn_cut(load, conn, LOAD_OUTCOME_CLOSED_EARLY);
		else
			conn_end(load, conn, now_ns);
	} else if (conn->phase == LOAD_CONN_AWAIT_FIN) {
		conn_end(load, conn, now_ns);
	}
}

static enum load_outcome outcome_of_reason(enum sluice_reason reason, bool is_closing)
{
	switch (reason) {
	case SLUICE_REASON_FINISHED:
	case SLUICE_REASON_CLOSED_LOCALLY:
		return is_closing ? LOAD_OUTCOME_SUCCESS : LOAD_OUTCOME_CLOSED_EARLY;
	case SLUICE_REASON_RESET:
		return LOAD_OUTCOME_RESET;
	case SLUICE_REASON_ABORTED: /* by the stack, since we did not: bytes came after the response */
		return LOAD_OUTCOME_BAD_RESPONSE;
	case SLUICE_REASON_REFUSED:
		return LOAD_OUTCOME_REFUSED;
	case SLUICE_REASON_TIMED_OUT:
		return LOAD_OUTCOME_TIMED_OUT;
	case SLUICE_REASON_UNREACHABLE:
	case SLUICE_REASON_ICMP:
		return LOAD_OUTCOME_UNREACHABLE;
	case SLUICE_REASON_NO_MEMORY:
		return LOAD_OUTCOME_NO_MEMORY;
	case SLUICE_REASON_NONE:
	case SLUICE_REASON_COUNT:
		break;
	}
	return LOAD_OUTCOME_CLOSED_EARLY;
}

void load_conn_closed(struct load *load, struct load_conn *conn, enum sluice_reason reason)
{
	enum load_outcome outcome = outcome_of_reason(reason, conn->phase == LOAD_CONN_CLOSING);

	REQUIRE(conn->phase != LOAD_CONN_FREE);
	if (conn->phase != LOAD_CONN_CUT) {
		requests_end(load, conn, outcome);
		conn_blame(conn, outcome);
	}
	load_ledger_end(&load->results.total.connections, (enum load_outcome)conn->outcome, 1);
	conn_give(load, conn);
}
