/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sees every segment leave a host and arrive at one, and judges the sender by RFC 9293, 7323, 2018 and 5961 alone.  It
 * knows what a host could know (what was delivered to it) and what its application asked for, nothing of the stack.
 *
 * Where the stack may choose, the observer allows every choice; where a segment may have been dropped by the host for
 * want of memory, it allows both.  Each rule has a name, listed in README.md.
 */
#pragma once

#include "tests/sim/dissect.h"
#include "tests/sim/talk.h"

#define OBSERVER_HOSTS_MAX 4
#define OBSERVER_HEARD     1024

/* What is known of a host from its configuration. */
struct observed_host {
	bool watched; /* it runs the stack: judge what it sends */
	uint8_t ip[2][16];
	uint16_t mtu_bytes;
	uint32_t time_wait_ms;
	bool recycles; /* TIME-WAIT records may end early */
};

/* A segment that reached a host, which an RST may answer. */
struct heard {
	uint16_t source_port, destination_port;
	uint32_t seq, ack, span;
	uint64_t at_ns;
	uint8_t flags;
};

struct observer {
	struct talks talks;
	struct observed_host host[OBSERVER_HOSTS_MAX];
	struct heard heard[OBSERVER_HOSTS_MAX][OBSERVER_HEARD];
	uint32_t heard_count[OBSERVER_HOSTS_MAX];
	uint64_t now_ns;
	uint64_t segments_sent, segments_attributed;
};

/*
 * A segment leaves a watched host; violates what it violates.  Returns the side that speaks, or NULL when it belongs to
 * no talk (answers to strangers).
 */
struct side *observer_sent(struct observer *observer, uint8_t host, const struct dissect *seg);

/* A segment reaches a host.  `speaker` is what observer_sent() returned for it; NULL: forged, or of no talk. */
void observer_delivered(struct observer *observer, uint8_t host, const struct dissect *seg, struct side *speaker,
			bool is_forged);

/* The host with this address; TALK_NO_HOST: none. */
uint8_t observer_host_of(const struct observer *observer, const uint8_t ip[16]);

/* Violates "unexplained reset" or "late ack" if a side has been silent, or too loud, for too long. */
void observer_check_side(struct observer *observer, struct side *side, uint64_t ack_bound_ns);
