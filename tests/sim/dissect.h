/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame read by a second pair of eyes: written from the RFCs, sharing nothing with lib/wire, as slow and plain as
 * may be.  What the observer believes about the wire comes from here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum dissect_kind { DISSECT_BAD, DISSECT_TCP, DISSECT_ARP, DISSECT_ICMP, DISSECT_OTHER };

enum {
	SEG_FIN = 0x01,
	SEG_SYN = 0x02,
	SEG_RST = 0x04,
	SEG_PSH = 0x08,
	SEG_ACK = 0x10,
	SEG_URG = 0x20,
	SEG_ECE = 0x40,
	SEG_CWR = 0x80
};

struct address {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

struct dissect {
	enum dissect_kind kind;
	const char *wrong; /* with DISSECT_BAD: what */
	const uint8_t *source_mac, *destination_mac;
	struct address source, destination;
	bool ipv6;
	uint8_t hop_limit;
	uint8_t ecn;       /* the two bits of the IP header */
	uint32_t ip_bytes; /* header and payload, by the IP header */
	uint32_t l3_offset, l4_offset;

	/* With DISSECT_TCP. */
	uint32_t seq, ack;
	uint8_t flags, reserved; /* reserved: the four bits beside the data offset */
	uint16_t window, urgent;
	uint32_t option_bytes, text_bytes;
	const uint8_t *text;
	bool has_mss, has_shift, has_sack_permitted, has_timestamps;
	bool options_sane; /* lengths right, kinds known, no kind twice */
	uint16_t mss;
	uint8_t shift;
	uint32_t tsval, tsecr;
	uint32_t sack_count;
	struct {
		uint32_t start, end;
	} sack[4];
};

struct dissect dissect(const uint8_t *frame, uint32_t bytes);

/* Sequence numbers a segment takes: text, SYN and FIN. */
static inline uint32_t dissect_span(const struct dissect *seg)
{
	return seg->text_bytes + !!(seg->flags & SEG_SYN) + !!(seg->flags & SEG_FIN);
}

/* The Internet checksum of `bytes` bytes added to `sum`; finished when `sum` is 0 for right data. */
uint32_t dissect_sum(uint32_t sum, const uint8_t *at, uint32_t bytes);
uint16_t dissect_fold(uint32_t sum);

/* The pseudo-header's part of a TCP, UDP or ICMPv6 checksum. */
uint32_t dissect_pseudo_sum(const uint8_t source[16], const uint8_t destination[16], bool ipv6, uint8_t protocol,
			    uint32_t l4_bytes);

bool address_equal(const struct address *a, const struct address *b);
