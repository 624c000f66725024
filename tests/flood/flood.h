/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods out of nowhere: segments from spoofed addresses of a prefix, each as cheap to make as to send.  A call fills one buffer
 * and does nothing else: no wire, socket or device is known here, and addresses that are not for tests (RFC 2544, RFC 5180) are
 * refused, so that what is made here means nothing to anybody's network.  No state but a seeded generator.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/random.h"
#include "lib/sluice.h"

#define FLOOD_FRAME_BYTES 160 /* room for every frame */

enum flood_kind {
	FLOOD_SYN,
	FLOOD_ACK, /* any numbers: to a listener, a forged cookie */
	FLOOD_RST,
	FLOOD_FIN, /* with ACK */
	FLOOD_KINDS
};

struct flood_plan {
	uint8_t source_mac[6], destination_mac[6];
	struct sluice_subnet sources; /* who it is said to come from: any of these, any port */
	struct sluice_address destination;
	bool has_options; /* a SYN's: MSS, SACK, timestamps and scale, as most stacks send them; the others': timestamps */
	bool has_wrong_sums;
	uint64_t seed;
};

/* A frame whose addresses, ports and numbers are still to be drawn, and what the rest adds to its checksums. */
struct flood_template {
	uint8_t frame[FLOOD_FRAME_BYTES];
	uint32_t bytes;
	uint32_t tsval_offset; /* 0: no timestamps */
	uint32_t ip_sum, tcp_sum;
};

struct flood {
	struct random random;
	uint8_t host_mask[16]; /* bits of the source that are drawn */
	bool ipv6, has_wrong_sums;
	struct flood_template template[FLOOD_KINDS];
};

/* Is it in 198.18.0.0/15 or 2001:2::/48? */
bool flood_is_for_tests(const uint8_t ip[16]);

/* False: the families differ, or an address is not for tests. */
bool flood_make(struct flood *flood, const struct flood_plan *plan);

/* Fills a frame of FLOOD_FRAME_BYTES at most and returns its bytes. */
uint32_t flood_fill(struct flood *flood, enum flood_kind kind, uint8_t *frame);
