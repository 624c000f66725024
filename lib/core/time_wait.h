/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is left of a connection in TIME-WAIT, or in FIN-WAIT-2 after the application closed: 32 bytes for IPv4, 40 for IPv6, in
 * the same table as connections.  A restart rewrites the record's deadline, and the slot files it again when its turn
 * comes: a replayed FIN cannot make anything grow.
 */
#pragma once

#include "lib/core/conn.h"
#include "lib/core/time_wait_wheel.h"
#include "lib/wire/frame.h"

struct time_wait_set {
	struct time_wait_wheel wheel;
	uint32_t live_count, limit_count;
};

struct tcp;

/* What is wrong with the configuration; NULL: nothing. */
const char *time_wait_refuse(const struct sluice_config *config);

void time_wait_make(struct time_wait_set *set, struct arena *arena, const struct sluice_config *config);

bool time_wait_matches(const struct tcp *tcp, uint32_t place, const struct tuple *tuple);

/* Replaces a connection in the table by a record: in TIME-WAIT, or in FIN-WAIT-2 after close.  Recycles the oldest at the cap. */
void time_wait_take_over(struct tcp *tcp, const struct tcp_conn *conn, bool is_fin_wait_2);

enum time_wait_verdict { TIME_WAIT_DONE, TIME_WAIT_REOPEN };

/* A segment for a record.  TIME_WAIT_REOPEN: a SYN may reuse the tuple (RFC 6191), if somebody listens; then time_wait_forget(),
 * and our ISN must be after *old_snd_nxt. */
enum time_wait_verdict time_wait_arrives(struct tcp *tcp, uint32_t place, const struct frame *frame, bool has_listener,
					 struct seq *old_snd_nxt);

/* Takes a record out of the table. */
void time_wait_forget(struct tcp *tcp, uint32_t place);

/* Frees records that are due: TIME_WAIT_PER_TURN_MAX at most. */
void time_wait_timers(struct tcp *tcp);

/* When the next slot with records is due; false: there are none. */
bool time_wait_next(const struct tcp *tcp, uint32_t *tick);
