/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake behind the generator's tests.
 */
#include "tests/load/fake_sluice.h"

#include <stdlib.h>
#include <string.h>

#include "app/common/require.h"

struct fake fake;

struct sluice_worker {
	int unused;
};

static struct sluice_worker workers[SLUICE_PORTS_MAX];

struct sluice_worker *fake_worker(void)
{
	return &workers[0];
}

struct sluice_worker *fake_worker_at(uint32_t index)
{
	REQUIRE(index < SLUICE_PORTS_MAX);
	return &workers[index];
}

static void pieces_drop(struct fake_conn *conn)
{
	for (uint32_t i = 0; i < conn->piece_count; i++)
		free(conn->piece[i]);
	conn->piece_count = 0;
	conn->consumed_bytes = 0;
}

void fake_free(void)
{
	for (uint32_t i = 0; i < fake.conn_count; i++) {
		pieces_drop(fake.conn[i]);
		free(fake.conn[i]->sent);
		free(fake.conn[i]);
	}
	memset(&fake, 0, sizeof(fake));
}

void fake_reset(void)
{
	fake_free();
	fake.now_ns = 1000000000;
}

static struct fake_conn *conn_of(sluice_conn handle)
{
	REQUIRE(handle.id && handle.id <= fake.conn_count);
	return fake.conn[handle.id - 1];
}

static uint32_t readable(const struct fake_conn *conn)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < conn->piece_count; i++)
		bytes += conn->piece_bytes[i];
	return bytes - conn->consumed_bytes;
}

void fake_arrive(struct fake_conn *conn, const char *bytes, size_t count)
{
	REQUIRE(conn->piece_count < FAKE_PIECES_MAX);
	conn->piece[conn->piece_count] = malloc(count + !count);
	memcpy(conn->piece[conn->piece_count], bytes, count);
	conn->piece_bytes[conn->piece_count++] = (uint32_t)count;
}

struct sluice_event fake_event(const struct fake_conn *conn, uint32_t mask, enum sluice_reason reason)
{
	return (struct sluice_event){
		.conn = conn->handle,
		.context = conn->context,
		.mask = mask,
		.readable_bytes = readable(conn),
		.listener = SLUICE_NO_LISTENER,
		.reason = (uint16_t)reason,
	};
}

int sluice_connect(struct sluice_worker *worker, const struct sluice_address *address,
		   const struct sluice_connect_options *options, void *context, sluice_conn *conn)
{
	struct fake_conn *out;

	(void)worker;
	(void)address;
	fake.connects++;
	fake.last_local = options->local;
	if (fake.connect_error)
		return fake.connect_error;
	REQUIRE(fake.conn_count < FAKE_CONNS_MAX);
	out = calloc(1, sizeof(*out));
	out->sent = malloc(FAKE_SENT_BYTES);
	out->context = context;
	out->local = options->local;
	out->room_bytes = FAKE_SENT_BYTES;
	fake.conn[fake.conn_count++] = out;
	out->handle.id = fake.conn_count;
	*conn = out->handle;
	return 0;
}

uint32_t sluice_peek(struct sluice_worker *worker, sluice_conn handle, struct sluice_slice *slice, uint32_t max)
{
	struct fake_conn *conn = conn_of(handle);
	uint32_t count = 0;

	(void)worker;
	for (; count < conn->piece_count && count < max; count++) {
		uint32_t skip = count ? 0 : conn->consumed_bytes;

		slice[count] = (struct sluice_slice){.data = conn->piece[count] + skip,
						     .bytes = conn->piece_bytes[count] - skip};
	}
	return count;
}

void sluice_consume(struct sluice_worker *worker, sluice_conn handle, uint32_t bytes)
{
	struct fake_conn *conn = conn_of(handle);
	uint32_t whole = 0;

	(void)worker;
	REQUIRE(bytes <= readable(conn));
	conn->consumed_bytes += bytes;
	while (whole < conn->piece_count && conn->consumed_bytes >= conn->piece_bytes[whole]) {
		conn->consumed_bytes -= conn->piece_bytes[whole];
		free(conn->piece[whole++]);
	}
	conn->piece_count -= whole;
	memmove(conn->piece, conn->piece + whole, conn->piece_count * sizeof(conn->piece[0]));
	memmove(conn->piece_bytes, conn->piece_bytes + whole, conn->piece_count * sizeof(conn->piece_bytes[0]));
}

uint32_t sluice_send(struct sluice_worker *worker, sluice_conn handle, const struct sluice_slice *slice, uint32_t count,
		     unsigned flags)
{
	struct fake_conn *conn = conn_of(handle);
	uint32_t bytes = slice->bytes;

	(void)worker;
	REQUIRE(count == 1 && flags == SLUICE_SEND_STATIC && !conn->is_closing && !conn->is_aborted);
	if (bytes > conn->room_bytes - conn->sent_bytes)
		bytes = conn->room_bytes - conn->sent_bytes;
	memcpy(conn->sent + conn->sent_bytes, slice->data, bytes);
	conn->sent_bytes += bytes;
	return bytes;
}

void sluice_close(struct sluice_worker *worker, sluice_conn handle)
{
	(void)worker;
	REQUIRE(!conn_of(handle)->is_closing && !conn_of(handle)->is_aborted);
	conn_of(handle)->is_closing = true;
}

void sluice_abort(struct sluice_worker *worker, sluice_conn handle)
{
	(void)worker;
	REQUIRE(!conn_of(handle)->is_aborted);
	conn_of(handle)->is_aborted = true;
}

uint64_t sluice_now_ns(const struct sluice_worker *worker)
{
	(void)worker;
	return fake.now_ns;
}

void sluice_set_worker_timer(struct sluice_worker *worker, uint64_t deadline_ns)
{
	(void)worker;
	fake.timer_ns = deadline_ns;
}
