/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stands between every application and the library: the linker (--wrap) leads each call of the API here first.  It
 * writes down what the application asked for and checks what it is told: the grammar of events, the bytes it may read,
 * the sums of what was acknowledged.  So the two programs are held to it as well as the simulator's own application.
 */
#pragma once

#include "tests/sim/talk.h"
#include "tests/sim/world.h"

/* A segment that is forged must not be taken for a wish to connect: a talk that nobody opened begins here. */
void witness_reset(void);

/* Every connection of every host: for the oracles. */
struct side *witness_find(uint8_t host, sluice_conn conn);

/* State changes seen since witness_reset(): seen[from][to]. */
extern uint64_t witness_states[SLUICE_STATE_COUNT][SLUICE_STATE_COUNT];
extern uint64_t witness_reasons[SLUICE_REASON_COUNT];

/* How many kinds of thing an application did: for coverage. */
#define WITNESS_DEEDS(X)                                                                                     \
	X(send_copy)                                                                                         \
	X(send_static)                                                                                       \
	X(send_borrow)                                                                                       \
	X(send_more) X(send_fin) X(send_short) X(shutdown) X(close) X(close_unread) X(abort) X(hold)         \
		X(connection_timer) X(worker_timer) X(post) X(connect_ipv4) X(connect_ipv6) X(connect_fixed) \
			X(connect_reused) X(simultaneous_open) X(simultaneous_close) X(half_close_active)    \
				X(half_close_passive) X(unlisten_half_open) X(option) X(window_zero)         \
					X(sent_and_closed_in_one_turn)

enum witness_deed {
#define X(name) DEED_##name,
	WITNESS_DEEDS(X)
#undef X
		DEED_COUNT
};

extern uint64_t witness_deeds[DEED_COUNT];
const char *witness_deed_name(enum witness_deed deed);
