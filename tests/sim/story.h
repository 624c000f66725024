/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is to happen on one connection: who opens it, and for each side how it writes, how it reads and how it ends.
 * A story is drawn from the seed before the first packet; actors (actor.c) play it through the API.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/random.h"
#include "lib/sluice.h"
#include "tests/sim/world.h"

enum ending {
	END_FIN_THEN_READ, /* FIN after the last byte, read to the peer's FIN, close */
	END_READ_THEN_FIN, /* read to the peer's FIN, then close */
	END_CLOSE,         /* close as soon as everything is queued, whatever the peer does */
	END_CLOSE_UNREAD,  /* close when something is readable, without reading it */
	END_CLOSE_AT,      /* close a while after opening, both sides at once */
	END_ABORT,         /* RST after some bytes */
	END_COUNT
};

enum memory { MEMORY_COPY, MEMORY_STATIC, MEMORY_BORROW, MEMORY_ANY, MEMORY_COUNT };

struct script {
	uint32_t send_bytes;     /* to write in all */
	uint32_t write_bytes;    /* at a time */
	uint64_t write_gap_ns;   /* between; 0: as long as there is room */
	uint32_t read_bytes;     /* at a time */
	uint64_t read_gap_ns;    /* between; 0: all that is there */
	uint64_t read_after_ns;  /* of OPENED: the window shuts meanwhile */
	uint64_t linger_ns;      /* between the last byte and the ending */
	uint64_t close_after_ns; /* with END_CLOSE_AT */
	uint32_t abort_bytes;    /* with END_ABORT: read and written */
	uint32_t more_ppm, hold_ppm;
	enum memory memory;
	enum ending ending;
	bool fin_in_send, nagle;
	uint32_t send_queue_bytes, receive_bytes;                /* 0: the configuration's */
	uint8_t ttl, dscp;                                       /* 0: left alone */
	uint32_t close_within_ms, keepalive_ms, user_timeout_ms; /* the same */
};

struct actor {
	struct story *story;
	struct host *host;
	const struct script *script;
	uint8_t side; /* 0: the opener */
	bool begun, opened, closed, peer_closed, ended, gave_up, blocked;
	uint16_t reason;
	sluice_conn conn;
	uint32_t written_bytes, read_bytes, acked_bytes;
	uint32_t readable_bytes;
	uint64_t opened_ns, next_write_ns, next_read_ns, done_ns, progress_ns;
	struct random random;
	struct borrowed *borrowed; /* oldest first */
	struct held *held;
};

enum story_kind { STORY_PLAIN, STORY_SIMULTANEOUS, STORY_CLOSED_PORT, STORY_NOBODY, STORY_GHOST, STORY_STRAY };

struct story {
	struct story *next; /* in the order they were made */
	uint32_t number;
	enum story_kind kind;
	bool ipv6, begun;
	uint8_t nobody;            /* STORY_NOBODY: of the addresses that nobody has, which */
	uint8_t opener, target;    /* hosts */
	uint16_t port, local_port; /* local_port 0: the stack chooses */
	bool connected[2];         /* the call was made */
	uint64_t start_ns;         /* of the world */
	uint32_t pattern;          /* where in the pattern its streams begin */
	struct script script[2];
	struct actor actor[2];
};

/* A drawn story; `bulk`: with at least this many bytes one way. */
struct story *story_make(struct random *random, uint32_t number, uint8_t opener, uint8_t target, uint64_t start_ns,
			 uint32_t bulk_bytes);

/* After a change to its scripts: two sides that each wait for the other would wait for ever. */
void story_reconcile(struct random *random, struct story *story);

/* Bytes at `offset` of the stream that a side of the story sends; at most PATTERN_RUN_MAX at a time. */
#define PATTERN_RUN_MAX 65536
void pattern_make(void);
const uint8_t *story_bytes(const struct story *story, uint32_t side, uint32_t offset);

bool story_is_over(const struct story *story);
