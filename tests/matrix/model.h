/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of the table in numbers: RFC 9293's variables of one endpoint, the segment that a cell of the matrix means, and the
 * answer that a row demands.  Written from the RFC; includes nothing of the stack.
 */
#pragma once

#include "tests/matrix/rows.h"

/* Section 3.3.1, and what RFC 5961 and 7323 add; all of it as an observer of the wire knows it.  Modulo 2^32. */
struct model_tcb {
	uint32_t iss; /* of the SYN-ACK that this endpoint would send now */
	uint32_t snd_una, snd_nxt;
	uint32_t rcv_nxt, rcv_wnd;
	uint32_t max_snd_wnd;
	uint32_t ts_recent;
};

enum { FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4, FLAG_ACK = 16 };

struct model_segment {
	uint8_t flags; /* 0: no segment at all */
	uint32_t seq, ack;
	uint32_t text_bytes;
	bool has_timestamps;
	uint32_t tsval, tsecr;
	bool has_tsecr; /* false: not to be compared */
};

#define MODEL_TEXT_BYTES 5 /* of DATA */

/* Does the cell exist?  A shut window has no inside, and nothing overlaps what never began. */
bool model_exists(const struct matrix_cell *cell);

/* The segment that arrives. */
struct model_segment model_segment(const struct matrix_cell *cell, const struct model_tcb *tcb);

/* What must be sent, and nothing else; .flags 0: nothing. */
struct model_segment model_answer(enum matrix_answer answer, const struct model_tcb *tcb,
				  const struct model_segment *segment, enum matrix_stamp stamp);
