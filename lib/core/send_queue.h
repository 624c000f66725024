/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the application sent and the peer has not acknowledged: descriptors of memory, from which segments are cut, and cut
 * again.  Copied bytes live in two per-worker chunk pools; an exhausted pool is a short send.
 */
#pragma once

#include "lib/core/tcp.h"

/* Queues up to `bytes`; returns how many were taken. */
uint32_t send_queue_append(struct tcp *tcp, struct tcp_conn *conn, const uint8_t *data, uint32_t bytes,
			   enum tcp_descriptor_kind kind);

/* Copies queued bytes, from `offset` after the oldest, to `to`. */
void send_queue_read(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t offset, uint8_t *to, uint32_t bytes);

/* Forgets the oldest `bytes`. */
void send_queue_acked(struct tcp *tcp, struct tcp_conn *conn, uint32_t bytes);

void send_queue_drop(struct tcp *tcp, struct tcp_conn *conn);

static inline uint32_t send_queue_room(const struct tcp_conn *conn)
{
	uint32_t limit_bytes = (uint32_t)conn->snd_queue_kib * 1024;

	return limit_bytes > conn->snd_queued_bytes ? limit_bytes - conn->snd_queued_bytes : 0;
}
