/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instance of TCP and, across a wire of nothing, the peers that a test speaks for: segments are handed in, those sent are
 * read back in order, events are heard in order, time passes as told.  At the end everything must have been given back.
 */
#pragma once

#include "lib/core/life.h"
#include "lib/core/output.h"
#include "lib/core/user.h"
#include "tests/core/instance.h"
#include "tests/core/segment.h"

#define PEER_ISS 0xfffffff0U /* the peer's numbers wrap with its sixteenth byte */
#define OUR_ISS  0xffffffe0U /* and ours with the thirty-second */

struct sent {
	uint64_t at_ns;
	struct bytes bytes; /* the frame */
};

struct scene {
	struct tcp *tcp;
	struct side side;       /* who speaks now */
	bool knows_our_iss;     /* false: the next SYN of ours says it */
	uint32_t packets;       /* alive */
	uint32_t stash_packets; /* to which the stash is filled before a turn */
	bool refuses;           /* the port takes nothing */
	uint32_t sent_first, sent_end;
	uint32_t event_first, event_end;
	struct sent *sent; /* grows */
	uint32_t sent_room;
	struct sluice_event event[256];
	char text[SEGMENT_BYTES]; /* of the segment read last */
	struct frame frame;       /* and its headers; its packet is gone */
};

/* Bare of options: no timestamps, no SACK, no scale; Nagle's algorithm off. */
struct sluice_config scene_config(void);

/* config may be NULL: scene_config(). */
struct scene *scene_new(const struct sluice_config *config);

/* Aborts all connections; what that sends and tells is still to be looked at. */
void end_all(struct scene *scene);

/* Ends all connections, lets every record run out, and checks that nothing is missing. */
void scene_free(struct scene *scene);

/* No packet is left to build with, until scene->stash_packets says otherwise. */
void stash_is_empty(struct scene *scene);

/* Another peer: its own port and ISN; the one that spoke before can be put back. */
struct side speaks(struct scene *scene, struct side side);

/* ---- Packets in ---------------------------------------------------------------------------------------- */

/* Hands in a segment, or a frame, without the rest of a turn. */
void put(struct scene *scene, struct segment segment);
void put_frame(struct scene *scene, const struct bytes *frame);

/* The rest of a turn: timers, events, output. */
void turn(struct scene *scene);

/* Both. */
void arrives(struct scene *scene, struct segment segment);
void frame_arrives(struct scene *scene, const struct bytes *frame);

/* Time passes, with a turn whenever the instance asked for one. */
void passes_us(struct scene *scene, uint64_t us);
static inline void passes_ms(struct scene *scene, uint64_t ms)
{
	passes_us(scene, ms * 1000);
}

/* ---- Packets and events out ---------------------------------------------------------------------------- */

/* The oldest packet sent and not looked at yet must be this segment.  Returns when it was sent, in µs. */
#define expect(scene, ...) expect_at(scene, (struct segment)__VA_ARGS__, __FILE__, __LINE__)
uint64_t expect_at(struct scene *scene, struct segment expected, const char *file, int line);

/* It must ask for a neighbour: of all, or only of the MAC that ends so (0: of all). */
#define expect_asks(scene, last, mac_last) expect_asks_at(scene, last, mac_last, __FILE__, __LINE__)
uint64_t expect_asks_at(struct scene *scene, uint8_t last, uint8_t mac_last, const char *file, int line);

#define expect_nothing(scene) expect_nothing_at(scene, __FILE__, __LINE__)
void expect_nothing_at(struct scene *scene, const char *file, int line);

void forget_sent(struct scene *scene);
void forget_asks(struct scene *scene); /* of neighbours */
uint32_t sent_count(const struct scene *scene);

/* The oldest event not heard yet must have this mask. */
#define hears(scene, mask) hears_at(scene, mask, __FILE__, __LINE__)
struct sluice_event hears_at(struct scene *scene, uint32_t mask, const char *file, int line);

#define hears_nothing(scene) hears_nothing_at(scene, __FILE__, __LINE__)
void hears_nothing_at(struct scene *scene, const char *file, int line);

void forget_events(struct scene *scene);

/* The next event must be OPENED and what came with it; its connection. */
#define opens(scene, mask) opens_at(scene, mask, __FILE__, __LINE__)
struct tcp_conn *opens_at(struct scene *scene, uint32_t mask, const char *file, int line);

#define counted(scene, name) ((scene)->tcp->counter[SLUICE_COUNTER_##name])

/* ---- Ways to a state ----------------------------------------------------------------------------------- */

/* A listener on our port, every address. */
uint8_t listens(struct scene *scene);

/* Opened by the peer with this SYN, on a listener; its numbers and ours near their wrap; nothing left to look at. */
struct tcp_conn *established_by(struct scene *scene, struct segment syn);
struct tcp_conn *established(struct scene *scene);

/* Opened by us: the SYN is on its way; nothing left to look at. */
struct tcp_conn *syn_sent(struct scene *scene);

/* In any state that has a connection. */
struct tcp_conn *in_state(struct scene *scene, enum sluice_state state);

struct sluice_address address_of(bool ipv6, uint8_t last, uint16_t port);

/* Moves what we send next on an idle connection. */
void count_from(struct scene *scene, struct tcp_conn *conn, uint32_t our_iss);

/* Queues a copy and ends the turn; returns the bytes taken. */
uint32_t sends(struct scene *scene, struct tcp_conn *conn, const char *text, unsigned flags);

/* The same with `bytes` of the pattern, from the next byte that was not taken yet. */
uint32_t sends_bytes(struct scene *scene, struct tcp_conn *conn, uint32_t bytes, unsigned flags);

/* Reads and consumes all, which must be `text`. */
void reads(struct scene *scene, struct tcp_conn *conn, const char *text);
