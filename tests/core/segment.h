/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TCP segment in a line: what a test says arrives, and what it expects to be sent.  Numbers are counted from the ISN of
 * their direction, so that a SYN has seq 0, the first byte seq 1, and where the numbers wrap is the scene's business.
 */
#pragma once

#include "lib/wire/frame.h"
#include "tests/wire/frames.h"

#define SHUT          0x10000 /* a window of 0 */
#define SCALE(shift)  (0x80 | (shift))
#define SEGMENT_BYTES 2048

struct segment {
	uint32_t seq, ack;
	uint8_t flags;    /* TCP_PSH is not compared */
	uint32_t window;  /* the field; 0: 65535 when it arrives, not compared when it was sent */
	const char *text; /* NULL: `bytes` of the stream that segment_pattern() makes */
	uint32_t bytes;   /* 0: of `text`, up to its end */
	uint16_t mss;     /* 0: no option */
	uint8_t scale;    /* SCALE(n); 0: no option */
	bool sack_ok;
	bool stamped;   /* timestamps */
	uint32_t tsval; /* 0: not compared when it was sent */
	uint32_t tsecr;
	uint32_t sack[4][2];
};

/* Who speaks to us, and from where both sides count. */
struct side {
	bool ipv6;
	uint8_t last; /* byte of its address, and of its MAC */
	uint16_t port;
	uint16_t our_port;
	uint32_t iss; /* its own */
	uint32_t our_iss;
};

/* Byte `offset` of the stream, in both directions. */
static inline char segment_pattern(uint32_t offset)
{
	return (char)('a' + offset % 23 + (offset / 23) % 3);
}

/* A frame from that side to us, sums right. */
struct bytes segment_frame(const struct side *side, const struct segment *segment);

/* The segment in a frame to that side, with its text in `text`. */
struct segment segment_read(const struct side *side, const struct frame *frame, char text[SEGMENT_BYTES]);

/* In words.  Where `expected` says nothing of a value, `sent` fills it in first. */
void segment_describe(const struct segment *segment, char *out, size_t size);
void segment_fill(struct segment *expected, const struct segment *sent);

/* ARP or neighbour discovery from that side: who has `target`?  or: `sender` is at this MAC. */
struct bytes neighbour_request_frame(const struct side *side, uint8_t target);
struct bytes neighbour_reply_frame(const struct side *side, uint8_t sender, uint8_t mac_last);
