/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts an instance into each state by honest segments and the user's calls, and tells what the wire and the user saw: never a
 * field of a connection is set.  ISNs alone are chosen, where the linker leads their generator here.
 */
#pragma once

#include "tests/core/scene.h"
#include "tests/matrix/model.h"

/* One setting under which the whole matrix is tried. */
struct stage_setting {
	const char *name;
	uint32_t our_iss, peer_iss;
	bool ipv6;
	bool is_scaled; /* window scale, both ways */
	bool is_shut;   /* the user reads nothing, and the peer has filled the window */
	enum matrix_stamp stamp;
};

struct stage {
	const struct stage_setting *setting;
	struct scene *scene;
	struct tcp_conn *conn; /* NULL: none yet, or none any more */
	int listener;          /* -1: none */
	struct model_tcb tcb;  /* in numbers that count from the ISNs */
	uint32_t peer_nxt;     /* the peer's SND.NXT */
	uint32_t seen;         /* of scene->sent, by stage_look() */
	uint8_t peer_shift, our_shift;
	uint32_t tsval; /* the newest of ours, which the peer echoes */
};

struct stage *stage_enter(const struct stage_setting *setting, enum matrix_state state);

/* The state now, as its records tell it. */
enum matrix_state stage_state(const struct stage *stage);

/* Hands in a segment, and lets less time pass than any retransmission takes. */
void stage_inject(struct stage *stage, const struct model_segment *segment);

/* What was sent since: in words, one line a segment, to be compared with stage_describe().  Returns how many. */
uint32_t stage_answers(struct stage *stage, char *out, size_t size);
void stage_describe(struct stage *stage, enum matrix_answer kind, const struct model_segment *answer, char *out,
		    size_t size);

/* What the user was told since, after reading what there is to read. */
uint32_t stage_events(struct stage *stage);

void stage_leave(struct stage *stage);
