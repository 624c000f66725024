/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection is a list of received slices, each in memory of its own so that a stale pointer is caught by
 * AddressSanitizer, and the bytes that were sent.
 */
#include "tests/httpd/fake_sluice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                      \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

#define SLICES_MAX    65536
#define ROUNDS_MAX    100000
#define START_NS      UINT64_C(5000000000)
#define START_WALL_S  784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define TICK_NS       250000
#define NUMBER_OF(id) ((int)((id)&0xff) - 1)

struct piece {
	uint8_t *data;
	uint32_t bytes;
};

struct conn {
	uint64_t id; /* 0: never opened */
	void *context;
	struct piece *piece; /* received, not consumed */
	uint32_t piece_count;
	char *output;
	size_t output_bytes, output_room;
	size_t limit, queued, acked; /* TCP's queue; acked: not told yet */
	uint64_t deadline_ns;        /* 0: no timer */
	uint32_t mask;               /* events pending */
	uint16_t reason;
	bool was_short, shut, closed, aborted, gone, peer_closed, closes_with_next, told_closed, deaf;
	unsigned sends, timers_set;
	uint8_t ip[16]; /* of the peer */
	uint64_t user_timeout_ms;
};

struct sluice_worker {
	struct fake fake; /* first, so that one is the other */
	uint64_t now_ns, timer_ns;
	bool listening;
	enum sluice_pressure pressure[SLUICE_RESOURCE_COUNT];
	uint32_t conn_count;
	struct conn conn[FAKE_CONNS_MAX];
};

static struct sluice_worker *worker_of(const struct fake *fake)
{
	return fake->worker;
}

static struct conn *conn_of(const struct fake *fake, int number)
{
	REQUIRE(number >= 0 && (uint32_t)number < fake->worker->conn_count);
	return &fake->worker->conn[number];
}

/* NULL: stale.  The server never uses a handle after CLOSED, so that this is an error here. */
static struct conn *alive(const struct sluice_worker *worker, sluice_conn handle)
{
	const struct conn *conn = &worker->conn[NUMBER_OF(handle.id)];

	REQUIRE(handle.id != 0 && (uint32_t)NUMBER_OF(handle.id) < worker->conn_count);
	REQUIRE(conn->id == handle.id && !conn->gone);
	return (struct conn *)(uintptr_t)conn;
}

/* ---- sluice.h ---- */

int sluice_listen(struct sluice_worker *worker, const struct sluice_address *address,
		  const struct sluice_listen_options *options)
{
	(void)options;
	if (address->port == 1)
		return -EADDRNOTAVAIL;
	worker->listening = true;
	return 0;
}

void sluice_unlisten(struct sluice_worker *worker, uint16_t listener)
{
	(void)listener;
	worker->listening = false;
}

uint64_t sluice_now_ns(const struct sluice_worker *worker)
{
	return worker->now_ns;
}

uint32_t sluice_peek(struct sluice_worker *worker, sluice_conn handle, struct sluice_slice *slice, uint32_t max)
{
	struct conn *conn = alive(worker, handle);
	uint32_t count = conn->piece_count < max ? conn->piece_count : max;

	if (conn->closed || conn->aborted)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		slice[i] = (struct sluice_slice){.data = conn->piece[i].data, .bytes = conn->piece[i].bytes};
	return count;
}

/* What is left of a piece moves, so that a slice peeked before cannot be used. */
static void shorten(struct piece *piece, uint32_t bytes)
{
	uint32_t left = piece->bytes - bytes;
	uint8_t *data = malloc(left);

	memcpy(data, piece->data + bytes, left);
	free(piece->data);
	*piece = (struct piece){data, left};
}

void sluice_consume(struct sluice_worker *worker, sluice_conn handle, uint32_t bytes)
{
	struct conn *conn = alive(worker, handle);

	REQUIRE(bytes > 0);
	while (bytes > 0) {
		struct piece *first = conn->piece;

		REQUIRE(conn->piece_count > 0);
		if (bytes < first->bytes) {
			shorten(first, bytes);
			break;
		}
		bytes -= first->bytes;
		free(first->data);
		memmove(first, first + 1, --conn->piece_count * sizeof(*first));
	}
}

static void append(struct conn *conn, const void *data, size_t bytes)
{
	if (conn->output_bytes + bytes + 1 > conn->output_room) {
		conn->output_room = (conn->output_bytes + bytes + 1) * 2;
		conn->output = realloc(conn->output, conn->output_room);
		REQUIRE(conn->output);
	}
	memcpy(conn->output + conn->output_bytes, data, bytes);
	conn->output_bytes += bytes;
	conn->output[conn->output_bytes] = '\0';
}

uint32_t sluice_send(struct sluice_worker *worker, sluice_conn handle, const struct sluice_slice *slice, uint32_t count,
		     unsigned flags)
{
	struct conn *conn = alive(worker, handle);
	size_t room = conn->limit == SIZE_MAX ? SIZE_MAX : conn->limit - conn->queued;
	uint32_t taken = 0;

	REQUIRE((flags & ~(unsigned)SLUICE_SEND_STATIC) == 0);
	if (conn->aborted || conn->mask & SLUICE_CLOSED)
		return 0;
	REQUIRE(!conn->shut && !conn->closed);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t part = slice[i].bytes < room - taken ? slice[i].bytes : (uint32_t)(room - taken);

		append(conn, slice[i].data, part);
		taken += part;
		if (part < slice[i].bytes) {
			conn->was_short = true;
			break;
		}
	}
	conn->queued += taken;
	conn->sends += taken > 0;
	return taken;
}

uint32_t sluice_send_room(const struct sluice_worker *worker, sluice_conn handle)
{
	return UINT32_MAX - (uint32_t)alive(worker, handle)->queued; /* a limit is for want of chunks */
}

void sluice_shutdown(struct sluice_worker *worker, sluice_conn handle)
{
	struct conn *conn = alive(worker, handle);

	REQUIRE(!conn->shut && !conn->closed);
	conn->shut = true;
}

/* Disarms the timer, and nothing but CLOSED is told any more. */
void sluice_close(struct sluice_worker *worker, sluice_conn handle)
{
	struct conn *conn = alive(worker, handle);

	REQUIRE(!conn->closed);
	conn->shut = conn->closed = true;
	conn->aborted |= conn->piece_count > 0; /* RFC 9293 SHLD-3 */
	conn->deadline_ns = 0;
}

void sluice_close_within(struct sluice_worker *worker, sluice_conn handle, uint32_t ms)
{
	sluice_close(worker, handle);
	alive(worker, handle)->deadline_ns = worker->now_ns + ms * UINT64_C(1000000);
}

void sluice_abort(struct sluice_worker *worker, sluice_conn handle)
{
	struct conn *conn = alive(worker, handle);

	conn->aborted = conn->closed = true;
	conn->mask |= SLUICE_CLOSED;
	conn->reason = SLUICE_REASON_ABORTED;
}

void sluice_set_context(struct sluice_worker *worker, sluice_conn handle, void *context)
{
	alive(worker, handle)->context = context;
}

bool sluice_addresses(const struct sluice_worker *worker, sluice_conn handle, struct sluice_address *local,
		      struct sluice_address *peer)
{
	const struct conn *conn = alive(worker, handle);

	*local = (struct sluice_address){.ip = {[10] = 0xff, 0xff, 198, 18, 0, 1}, .port = 80};
	*peer = (struct sluice_address){.port = 40000};
	memcpy(peer->ip, conn->ip, sizeof(peer->ip));
	return conn->id != 0;
}

void sluice_set_timer(struct sluice_worker *worker, sluice_conn handle, uint64_t deadline_ns)
{
	struct conn *conn = alive(worker, handle);

	if (conn->closed)
		return;
	conn->deadline_ns = deadline_ns;
	conn->timers_set++;
}

int sluice_set_option(struct sluice_worker *worker, sluice_conn handle, enum sluice_option option, uint64_t value)
{
	REQUIRE(option == SLUICE_OPTION_USER_TIMEOUT_MS);
	alive(worker, handle)->user_timeout_ms = value;
	return 0;
}

void sluice_set_worker_timer(struct sluice_worker *worker, uint64_t deadline_ns)
{
	worker->timer_ns = deadline_ns;
}

bool sluice_conn_info(const struct sluice_worker *worker, sluice_conn handle, struct sluice_conn_info *info)
{
	const struct conn *conn = alive(worker, handle);

	*info = (struct sluice_conn_info){.queued_bytes = (uint32_t)conn->queued};
	return true;
}

enum sluice_pressure sluice_pressure(const struct sluice_worker *worker, enum sluice_resource resource)
{
	return worker->pressure[resource];
}

/* ---- Delivery ---- */

static bool is_over(const struct conn *conn)
{
	return conn->closed && !conn->deaf && (conn->peer_closed || conn->queued == 0);
}

static void forget(struct conn *conn)
{
	for (uint32_t i = 0; i < conn->piece_count; i++)
		free(conn->piece[i].data);
	conn->piece_count = 0;
}

/* TCP at its best: everything is acknowledged at once unless the test says otherwise. */
static void acknowledge(struct conn *conn)
{
	if (conn->limit != SIZE_MAX || conn->queued == 0)
		return;
	conn->acked += conn->queued;
	conn->queued = 0;
	conn->mask |= SLUICE_ACKED;
}

static void fire(struct sluice_worker *worker)
{
	for (uint32_t i = 0; i < worker->conn_count; i++) {
		struct conn *conn = &worker->conn[i];

		if (conn->gone || conn->deadline_ns == 0 || conn->deadline_ns > worker->now_ns)
			continue;
		conn->deadline_ns = 0;
		if (conn->closed)
			sluice_abort(worker, (sluice_conn){conn->id});
		else
			conn->mask |= SLUICE_TIMER;
	}
}

/* What is pending on the connection, as one event; false: nothing. */
static bool take_event(struct conn *conn, struct sluice_event *event)
{
	acknowledge(conn);
	if (conn->was_short && conn->acked > 0)
		conn->mask |= SLUICE_WRITABLE;
	if (is_over(conn))
		conn->mask |= SLUICE_CLOSED;
	if (conn->closed)
		conn->mask &= SLUICE_CLOSED;
	if (conn->mask == 0 || conn->gone)
		return false;
	*event = (struct sluice_event){.conn = {conn->id},
				       .context = conn->context,
				       .mask = conn->mask,
				       .acked_bytes = (uint32_t)conn->acked,
				       .reason = conn->reason};
	for (uint32_t i = 0; i < conn->piece_count; i++)
		event->readable_bytes += conn->piece[i].bytes;
	if (conn->mask & SLUICE_WRITABLE)
		conn->was_short = false;
	conn->mask = 0;
	conn->acked = 0;
	return true;
}

static void end(struct conn *conn)
{
	conn->gone = true;
	forget(conn);
}

static bool deliver(struct sluice_worker *worker, struct conn *conn)
{
	struct sluice_event event;

	if (!take_event(conn, &event))
		return false;
	httpd_handle(worker->fake.httpd, &event);
	if (event.mask & SLUICE_CLOSED)
		end(conn);
	return true;
}

uint32_t fake_poll(struct fake *fake, struct sluice_event *event, uint32_t max)
{
	struct sluice_worker *worker = worker_of(fake);
	uint32_t count = 0;

	worker->now_ns += 1000000;
	fire(worker);
	for (uint32_t i = 0; i < worker->conn_count && count < max; i++) {
		struct conn *conn = &worker->conn[i];

		if (conn->told_closed && !conn->gone)
			end(conn); /* the turn before has handled it */
		if (take_event(conn, &event[count]))
			conn->told_closed = event[count++].mask & SLUICE_CLOSED;
	}
	return count;
}

void fake_run(struct fake *fake)
{
	struct sluice_worker *worker = worker_of(fake);
	bool busy = fake->httpd != NULL;

	for (unsigned round = 0; busy; round++) {
		busy = false;
		REQUIRE(round < ROUNDS_MAX);
		for (uint32_t i = 0; i < worker->conn_count; i++)
			busy |= deliver(worker, &worker->conn[i]);
		worker->timer_ns = 0;
		httpd_turn(fake->httpd);
		busy |= worker->timer_ns != 0 && worker->timer_ns <= worker->now_ns;
	}
}

static uint64_t next_deadline(const struct sluice_worker *worker, uint64_t end_ns)
{
	uint64_t next_ns = end_ns;

	if (worker->timer_ns && worker->timer_ns < next_ns)
		next_ns = worker->timer_ns;
	for (uint32_t i = 0; i < worker->conn_count; i++) {
		const struct conn *conn = &worker->conn[i];

		if (!conn->gone && conn->deadline_ns && conn->deadline_ns < next_ns)
			next_ns = conn->deadline_ns;
	}
	return next_ns;
}

void fake_wait_ms(struct fake *fake, uint64_t ms)
{
	struct sluice_worker *worker = worker_of(fake);
	uint64_t end_ns = worker->now_ns + ms * 1000000;

	while (worker->now_ns < end_ns) {
		uint64_t next_ns = next_deadline(worker, end_ns) + TICK_NS; /* late by up to a tick, as the wheel is */

		worker->now_ns = next_ns < end_ns ? next_ns : end_ns;
		fire(worker);
		fake_run(fake);
	}
}

/* ---- The peer ---- */

int fake_connect(struct fake *fake)
{
	return fake_connect_from(fake, "198.18.0.2");
}

int fake_connect_from(struct fake *fake, const char *address)
{
	struct sluice_worker *worker = worker_of(fake);
	uint32_t number = worker->conn_count++;
	struct conn *conn = &worker->conn[number];

	REQUIRE(number < FAKE_CONNS_MAX);
	*conn = (struct conn){.id = UINT64_C(0x70000) * (number + 1) << 8 | (number + 1), .limit = SIZE_MAX};
	conn->piece = malloc(SLICES_MAX * sizeof(*conn->piece));
	memcpy(conn->ip, (const uint8_t[16]){[10] = 0xff, 0xff}, sizeof(conn->ip));
	REQUIRE(inet_pton(AF_INET, address, conn->ip + 12) == 1 || inet_pton(AF_INET6, address, conn->ip) == 1);
	conn->mask = SLUICE_OPENED;
	append(conn, "", 0);
	fake_run(fake);
	return (int)number;
}

static void put_piece(struct conn *conn, const void *data, size_t bytes)
{
	struct piece *piece = &conn->piece[conn->piece_count++];

	REQUIRE(conn->piece_count < SLICES_MAX);
	*piece = (struct piece){malloc(bytes), (uint32_t)bytes};
	memcpy(piece->data, data, bytes);
	conn->mask |= SLUICE_READABLE;
	conn->aborted |= conn->closed; /* data after close is answered with RST */
	if (!conn->closes_with_next)
		return;
	conn->peer_closed = true;
	conn->mask |= SLUICE_PEER_CLOSED;
}

void fake_put(struct fake *fake, int number, const void *data, size_t bytes)
{
	put_piece(conn_of(fake, number), data, bytes);
}

void fake_feed(struct fake *fake, int number, const void *data, size_t bytes)
{
	struct conn *conn = conn_of(fake, number);

	if (conn->gone)
		return;
	put_piece(conn, data, bytes);
	fake_run(fake);
}

void fake_say(struct fake *fake, int number, const char *text)
{
	fake_feed(fake, number, text, strlen(text));
}

void fake_say_split(struct fake *fake, int number, const char *text, size_t piece_bytes)
{
	for (size_t left = strlen(text); left > 0;) {
		size_t part = left < piece_bytes ? left : piece_bytes;

		fake_feed(fake, number, text, part);
		text += part;
		left -= part;
	}
}

void fake_say_slices(struct fake *fake, int number, const char *text, size_t piece_bytes)
{
	for (size_t left = strlen(text); left > 0;) {
		size_t part = left < piece_bytes ? left : piece_bytes;

		put_piece(conn_of(fake, number), text, part);
		text += part;
		left -= part;
	}
	fake_run(fake);
}

void fake_closes_with_next(struct fake *fake, int number)
{
	conn_of(fake, number)->closes_with_next = true;
}

void fake_peer_closes(struct fake *fake, int number)
{
	struct conn *conn = conn_of(fake, number);

	if (conn->gone)
		return;
	conn->peer_closed = true;
	conn->mask |= SLUICE_PEER_CLOSED;
	fake_run(fake);
}

void fake_peer_resets(struct fake *fake, int number)
{
	struct conn *conn = conn_of(fake, number);

	conn->mask |= SLUICE_CLOSED;
	conn->reason = SLUICE_REASON_RESET;
	fake_run(fake);
}

void fake_deaf(struct fake *fake, int number)
{
	conn_of(fake, number)->deaf = true;
}

void fake_pressure(struct fake *fake, enum sluice_resource resource, enum sluice_pressure level)
{
	struct sluice_worker *worker = worker_of(fake);
	enum sluice_pressure worst = SLUICE_PRESSURE_NONE;

	worker->pressure[resource] = level;
	for (uint32_t i = SLUICE_RESOURCE_ANY + 1; i < SLUICE_RESOURCE_COUNT; i++)
		worst = worker->pressure[i] > worst ? worker->pressure[i] : worst;
	worker->pressure[SLUICE_RESOURCE_ANY] = worst;
}

void fake_limit(struct fake *fake, int number, size_t bytes)
{
	conn_of(fake, number)->limit = bytes;
}

void fake_ack(struct fake *fake, int number, size_t bytes)
{
	struct conn *conn = conn_of(fake, number);

	if (bytes > conn->queued)
		bytes = conn->queued;
	conn->queued -= bytes;
	conn->acked += bytes;
	if (bytes > 0)
		conn->mask |= SLUICE_ACKED;
	fake_run(fake);
}

/* ---- Opening, closing, looking ---- */

struct httpd_config fake_config(void)
{
	struct httpd_config config;

	httpd_config_defaults(&config);
	config.connections = FAKE_CONNS_MAX;
	config.exchanges = config.buffers = FAKE_CONNS_MAX;
	config.wall_start_s = START_WALL_S;
	return config;
}

struct fake *fake_bare(void)
{
	struct sluice_worker *worker = calloc(1, sizeof(*worker));

	worker->fake.worker = worker;
	worker->now_ns = START_NS;
	return &worker->fake;
}

struct fake *fake_open(const struct httpd_config *config)
{
	struct fake *fake = fake_bare();
	struct httpd_config defaults = fake_config();

	REQUIRE(httpd_open(config ? config : &defaults, fake->worker, &fake->httpd) == 0);
	return fake;
}

void fake_free(struct fake *fake)
{
	struct sluice_worker *worker = worker_of(fake);

	for (uint32_t i = 0; i < worker->conn_count; i++) {
		forget(&worker->conn[i]);
		free(worker->conn[i].piece);
		free(worker->conn[i].output);
	}
	free(worker);
}

void fake_close(struct fake *fake)
{
	struct sluice_worker *worker = worker_of(fake);
	struct httpd_statistics statistics;

	for (uint32_t i = 0; i < worker->conn_count; i++)
		if (!worker->conn[i].gone)
			fake_peer_resets(fake, (int)i);
	httpd_statistics(fake->httpd, &statistics);
	REQUIRE(statistics.connections_open == 0 && statistics.exchanges_used == 0 && statistics.buffers_used == 0);
	httpd_close(fake->httpd);
	fake_free(fake);
}

const char *fake_output(const struct fake *fake, int number)
{
	return conn_of(fake, number)->output;
}

size_t fake_output_bytes(const struct fake *fake, int number)
{
	return conn_of(fake, number)->output_bytes;
}

void fake_forget_output(struct fake *fake, int number)
{
	conn_of(fake, number)->output_bytes = 0;
	conn_of(fake, number)->output[0] = '\0';
	conn_of(fake, number)->sends = 0;
}

size_t fake_unread(const struct fake *fake, int number)
{
	const struct conn *conn = conn_of(fake, number);
	size_t bytes = 0;

	for (uint32_t i = 0; i < conn->piece_count; i++)
		bytes += conn->piece[i].bytes;
	return bytes;
}

bool fake_is_shut(const struct fake *fake, int number)
{
	return conn_of(fake, number)->shut;
}

bool fake_is_closed(const struct fake *fake, int number)
{
	return conn_of(fake, number)->closed;
}

bool fake_is_aborted(const struct fake *fake, int number)
{
	return conn_of(fake, number)->aborted;
}

bool fake_peer_is_done(const struct fake *fake, int number)
{
	return conn_of(fake, number)->peer_closed;
}

bool fake_is_gone(const struct fake *fake, int number)
{
	return conn_of(fake, number)->gone;
}

unsigned fake_sends(const struct fake *fake, int number)
{
	return conn_of(fake, number)->sends;
}

unsigned fake_timers_set(const struct fake *fake, int number)
{
	return conn_of(fake, number)->timers_set;
}

uint64_t fake_user_timeout_ms(const struct fake *fake, int number)
{
	return conn_of(fake, number)->user_timeout_ms;
}

bool fake_is_listening(const struct fake *fake)
{
	return worker_of(fake)->listening;
}
