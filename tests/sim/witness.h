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

/* Connections closed for each reason since witness_reset(). */
extern uint64_t witness_reasons[SLUICE_REASON_COUNT];

/* How many kinds of thing an application did: for coverage. */
#define WITNESS_DEEDS(X)                                          \
	X(send_copy, "copied bytes sent")                         \
	X(send_static, "static bytes sent")                       \
	X(send_borrow, "lent bytes sent")                         \
	X(send_more, "send with MORE")                            \
	X(send_fin, "FIN with the last bytes")                    \
	X(send_short, "short send")                               \
	X(shutdown, "shutdown")                                   \
	X(close, "close")                                         \
	X(close_unread, "close with unread bytes")                \
	X(abort, "abort")                                         \
	X(close_within, "close within a time")                    \
	X(keepalive, "keep-alive asked for")                      \
	X(user_timeout, "user timeout set")                       \
	X(trouble, "trouble told")                                \
	X(hold, "held slice")                                     \
	X(connection_timer, "connection timer")                   \
	X(worker_timer, "worker timer")                           \
	X(post, "posted function")                                \
	X(connect_ipv4, "connect over IPv4")                      \
	X(connect_ipv6, "connect over IPv6")                      \
	X(connect_fixed, "connect from a port of its choice")     \
	X(connect_reused, "connect on a tuple used before")       \
	X(simultaneous_open, "simultaneous open")                 \
	X(simultaneous_close, "simultaneous close")               \
	X(half_close_active, "half-close by the opener")          \
	X(half_close_passive, "half-close by the acceptor")       \
	X(unlisten_half_open, "unlisten with handshakes pending") \
	X(option, "connection option")                            \
	X(window_zero, "window shut by not reading")              \
	X(sent_and_closed_in_one_turn, "open, send and close in one turn")

enum witness_deed {
#define X(name, text) DEED_##name,
	WITNESS_DEEDS(X)
#undef X
		DEED_COUNT
};

extern uint64_t witness_deeds[DEED_COUNT];
const char *witness_deed_text(enum witness_deed deed);
