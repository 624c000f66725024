/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library as the generator sees it, with nothing behind it: connections that a test opens, feeds and closes by
 * hand. Received pieces are blocks of their own size, so that reading past one is caught by a sanitizer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/sluice.h"

#define FAKE_CONNS_MAX  4096
#define FAKE_PIECES_MAX 1024
#define FAKE_SENT_BYTES 16384

struct fake_conn {
	sluice_conn handle;
	void *context;
	struct sluice_address local;
	char *piece[FAKE_PIECES_MAX];
	uint32_t piece_bytes[FAKE_PIECES_MAX];
	uint32_t piece_count, consumed_bytes; /* of the first piece */
	char *sent;
	uint32_t sent_bytes;
	uint32_t room_bytes; /* that sluice_send() takes in all */
	bool is_closing, is_aborted;
	uint32_t plan; /* the test's */
	uint32_t step;
};

struct fake {
	uint64_t now_ns, timer_ns;
	int connect_error; /* what sluice_connect() returns */
	uint32_t connects; /* that were tried */
	uint32_t conn_count;
	struct fake_conn *conn[FAKE_CONNS_MAX];
	struct sluice_address last_local;
};

extern struct fake fake;

void fake_reset(void);
void fake_free(void);

/* The connection's bytes, one more piece. */
void fake_arrive(struct fake_conn *conn, const char *bytes, size_t count);

/* An event of the connection, as sluice_poll() would show it. */
struct sluice_event fake_event(const struct fake_conn *conn, uint32_t mask, enum sluice_reason reason);

/* The one that tests of a single generator use; and one of several. */
struct sluice_worker *fake_worker(void);
struct sluice_worker *fake_worker_at(uint32_t index);
