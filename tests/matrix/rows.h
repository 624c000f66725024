/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The matrix as data: its axes, and the table segment_arrives.txt read into rows.  Knows TCP's words and nothing of any code
 * that speaks it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The RFC's states, and those that this stack keeps in another record or under another promise: who opened, who still reads. */
enum matrix_state {
	STATE_CLOSED,
	STATE_LISTEN,
	STATE_SYN_SENT,
	STATE_SYN_RECEIVED_PASSIVE,
	STATE_SYN_RECEIVED_ACTIVE,
	STATE_ESTABLISHED,
	STATE_FIN_WAIT_1,
	STATE_FIN_WAIT_1_CLOSED,
	STATE_FIN_WAIT_2,
	STATE_FIN_WAIT_2_CLOSED,
	STATE_CLOSE_WAIT,
	STATE_CLOSING,
	STATE_CLOSING_CLOSED,
	STATE_LAST_ACK,
	STATE_LAST_ACK_CLOSED,
	STATE_TIME_WAIT,
	STATE_TIME_WAIT_LISTENING,
	STATE_COUNT,
	STATE_SAME = STATE_COUNT, /* in `next`: as it was */
	STATE_RESTARTED,          /* as it was, for another 2MSL */
};

enum matrix_kind {
	KIND_SYN,
	KIND_SYN_ACK,
	KIND_ACK,
	KIND_RST,
	KIND_RST_ACK,
	KIND_FIN,
	KIND_FIN_ACK,
	KIND_DATA, /* with ACK */
	KIND_NULL, /* no flag */
	KIND_XMAS, /* every flag */
	KIND_COUNT,
};

/* Where SEG.SEQ is.  model.c says it in numbers. */
enum matrix_place { PLACE_LEFT, PLACE_OVERLAP, PLACE_NEXT, PLACE_INSIDE, PLACE_EDGE, PLACE_BEYOND, PLACE_COUNT };

/* Where SEG.ACK is. */
enum matrix_ack { ACK_TOO_OLD, ACK_OLD, ACK_UNA, ACK_ALL, ACK_FUTURE, ACK_COUNT };

/* Timestamps were not negotiated; or they were, and this segment's is newer than the last, the same, older, or lacking. */
enum matrix_stamp { STAMP_PLAIN, STAMP_FRESH, STAMP_EQUAL, STAMP_STALE, STAMP_BARE, STAMP_COUNT };

enum matrix_answer {
	ANSWER_NONE,
	ANSWER_ACK,
	ANSWER_ACK_SEG,
	ANSWER_SYN_ACK,
	ANSWER_RST,
	ANSWER_RST_ACK,
	ANSWER_RESET,
	ANSWER_COUNT
};

/* What the user is told, and why a connection ended. */
enum {
	EVENT_OPENED = 1,
	EVENT_READABLE = 2,
	EVENT_ACKED = 4,
	EVENT_PEER_CLOSED = 8,
	EVENT_REFUSED = 16,
	EVENT_RESET = 32,
	EVENT_FINISHED = 64,
	EVENT_CLOSED_LOCALLY = 128,
	EVENT_ABORTED = 256,
};

struct matrix_cell {
	enum matrix_state state;
	enum matrix_kind kind;
	enum matrix_place place;
	enum matrix_ack ack;
	enum matrix_stamp stamp;
	bool is_shut; /* RCV.WND is 0 */
};

struct matrix_row {
	uint32_t states, kinds, places, acks, stamps; /* bits of the enums */
	bool if_shut, if_open;
	enum matrix_answer answer;
	enum matrix_state next;
	uint32_t events;
	uint32_t line; /* in the file */
	uint32_t uses;
	char section[96];
};

#define MATRIX_ROWS_MAX 192

struct matrix_table {
	struct matrix_row row[MATRIX_ROWS_MAX];
	uint32_t count;
};

/* Reads the table; stops the program with a message that names the line where it cannot be understood. */
void rows_read(struct matrix_table *table, const char *path);

/* The row that rules a cell; NULL: the table has none. */
struct matrix_row *rows_find(struct matrix_table *table, const struct matrix_cell *cell);

const char *rows_state_name(enum matrix_state state);
void rows_describe(const struct matrix_cell *cell, char *out, size_t size);

/* The names of a set of events, joined by commas; "-": none. */
void rows_describe_events(uint32_t events, char *out, size_t size);
