/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where an attack is tried: an instance led by honest segments into each state that a segment can find, and the question afterwards
 * whether an honest connection still works.
 */
#pragma once

#include "tests/core/scene.h"

#define PLACES(X)       \
	X(CLOSED)       \
	X(LISTEN)       \
	X(HALF_OPEN)    \
	X(SYN_SENT)     \
	X(SYN_RECEIVED) \
	X(ESTABLISHED)  \
	X(FIN_WAIT_1)   \
	X(FIN_WAIT_2)   \
	X(CLOSE_WAIT)   \
	X(CLOSING)      \
	X(LAST_ACK)     \
	X(TIME_WAIT)

enum place {
#define X(name) PLACE_##name,
	PLACES(X)
#undef X
		PLACE_COUNT
};

/* A segment at RCV.NXT that acknowledges all we sent is {.seq = rcv_nxt, .ack = snd_nxt}. */
struct stage {
	struct scene *scene;
	struct tcp_conn *conn; /* NULL: the place has none */
	enum place place;
	uint32_t rcv_nxt, snd_nxt;
};

struct stage stage_at(enum place place, const struct sluice_config *config);
void stage_free(struct stage *stage);

static inline bool place_is_synchronized(enum place place)
{
	return place >= PLACE_ESTABLISHED && place <= PLACE_LAST_ACK;
}

/* Text comes in and is read, text goes out and is acknowledged: the connection has lost nothing. */
#define still_works(scene, conn) still_works_at(scene, conn, __FILE__, __LINE__)
void still_works_at(struct scene *scene, struct tcp_conn *conn, const char *file, int line);

/* The segments sent since the last look, of which so many have these flags; all are forgotten. */
uint32_t sent_with(struct scene *scene, uint8_t flags);

/* What of the instance a segment may change, added up: equal sums, equal instance to the eye of a peer and of the user. */
struct trace {
	char words[4096];
};

/* What was sent and told since, and the state of the connection. */
struct trace stage_trace(struct stage *stage);
