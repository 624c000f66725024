/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection as the simulator sees it from outside, from the first wish to open it to the last segment of its
 * TIME-WAIT: what each side said on the wire, what of it reached the other, and what each application asked for.
 * The same tuple used again is another talk.
 *
 * Sequence numbers are held as offsets from their side's ISS: 0 is the SYN, 1 the first byte, 1 + bytes the FIN.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/sluice.h"
#include "tests/sim/dissect.h"
#include "tests/sim/ranges.h"

#define TALK_NO_HOST       255
#define TALK_SPARE_ISS_MAX 8

struct tsvals {
	uint32_t *at;
	uint32_t count, room;
};

struct side {
	struct talk *talk;
	struct side *next_live, *previous_live; /* of the same host, while it has a connection */
	struct address address;
	uint8_t host;  /* TALK_NO_HOST: nobody we watch */
	uint8_t index; /* 0 or 1 */

	/* What it sent. */
	bool has_iss, has_acked, has_edge, has_tsval, reset_sent, unexplained_reset;
	bool closes_second; /* the other's FIN had arrived before it sent its own: no TIME-WAIT here */
	bool offers_shift, offers_sack, offers_timestamps, offers_ecn;
	uint8_t shift;
	uint16_t mss;
	uint32_t iss;
	uint32_t spare_iss[TALK_SPARE_ISS_MAX]; /* of other SYN-ACKs, while the handshake may still choose */
	uint32_t spare_iss_count;
	uint32_t sent_end;    /* past the highest number sent */
	uint32_t fin_offset;  /* 0: no FIN yet */
	struct ranges resent; /* sent more than once */
	uint64_t syns_ns;     /* when it last heard SYNs, and how many together */
	uint32_t syns;
	uint32_t syn_acks;     /* sent since then: an entry that was evicted forgot those before */
	uint32_t acked_offset; /* its last ACK, in the other's numbers */
	uint32_t edge_offset;  /* right edge of the window it offered, in the other's numbers */
	uint32_t window;       /* as last sent, as on the wire */
	uint32_t tsval, tsecr;
	uint64_t text_segments;

	/* What reached it. */
	struct ranges got;                       /* of the other's numbers */
	struct tsvals tsvals;                    /* of the other's clock */
	bool heard_reset, heard_any, heard_icmp; /* the last: that its SYN cannot be delivered */
	uint32_t heard_ack;                      /* highest acknowledgment of its own numbers */
	uint32_t heeded_ack;                     /* what it had taken of them by the end of its last turn */
	bool heard_reports;                      /* SACK blocks */
	bool may_measure;                        /* of what was sent once, since it last measured (Karn) */
	uint32_t srtt_us;                        /* as it was told to be */
	uint32_t heard_edge;                     /* right edge of the window it may fill, in its own numbers */
	uint64_t heard_ns;
	uint64_t progress_ns; /* when it was last acknowledged something, or began */
	uint64_t owes_ack_ns; /* since when it owes one; 0: it does not */

	/* What its application did, and was told. */
	sluice_conn conn;
	void *context;
	uint16_t listener;
	bool heard_old_syn; /* after its end; it may begin another life before its SYN-ACK is seen */
	bool haunted;       /* an old SYN began another life with its numbers: what it says is not judged */
	bool is_ghost;      /* that other life, or in talk with one: only the grammar of its events is judged */
	bool is_active, has_conn, opened, closed, peer_closed, fin_asked, close_asked, abort_asked, short_send,
		freed_unread;
	uint8_t state; /* enum sluice_state, as last seen */
	uint16_t reason;
	uint8_t *taken; /* every byte it gave to sluice_send() */
	uint32_t taken_bytes, taken_room;
	uint32_t consumed_bytes, acked_bytes, readable_bytes;
	uint64_t closed_ns, opened_ns, timer_ns;
	uint32_t abort_turns;                   /* that ended since it aborted */
	uint32_t keepalive_ms, user_timeout_ms; /* as it set them; 0: it did not */
};

struct talk {
	struct talk *next;     /* of the same bucket, newer first */
	struct talk *next_all; /* in the order they began, newest first */
	uint32_t number;
	struct side side[2]; /* 0: who opened it first */
};

static inline struct side *side_other(struct side *side)
{
	return &side->talk->side[1 - side->index];
}

static inline bool side_is_live(const struct side *side)
{
	return side->has_conn && side->opened && !side->closed;
}

/* Both FINs are acknowledged: only bytes that wait to be read keep the end from being told. */
bool side_is_finished(const struct side *side);

/* It closed first, in order: what is left of it is, or was, in TIME-WAIT. */
static inline bool side_leaves_time_wait(const struct side *side)
{
	return side->closed && side->opened && side->has_iss && side->reason == SLUICE_REASON_FINISHED &&
	       !side->closes_second;
}

#define TALK_BUCKETS 1024

struct talks {
	struct talk *bucket[TALK_BUCKETS];
	struct talk *newest;
	uint32_t count;
};

/* A new talk between two addresses, the first of which opens it. */
struct talk *talk_begin(struct talks *talks, const struct address *opener, uint8_t opener_host,
			const struct address *other, uint8_t other_host);

/* The newest talk between two addresses, either way round, and from there the next older one; NULL at the end. */
struct talk *talk_newest(const struct talks *talks, const struct address *a, const struct address *b);
struct talk *talk_older(const struct talk *talk, const struct address *a, const struct address *b);

/* The talk's side with this address. */
struct side *talk_side(struct talk *talk, const struct address *address);

void talks_free(struct talks *talks);

void side_take_bytes(struct side *side, const void *data, uint32_t bytes);
void tsvals_add(struct tsvals *tsvals, uint32_t tsval);
bool tsvals_has(const struct tsvals *tsvals, uint32_t tsval);

/* "talk 7, 198.18.0.1.80 (host 0)" */
const char *side_text(const struct side *side, char text[128]);
