/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a few connections need to remember for a while: an ICMP error, a path MTU that was told or guessed.  Kept apart from the
 * connection, since hardly any has one; a small cache, in which the least lately written of a corner gives way, so that
 * nothing that strangers do can make it grow.  To forget one costs a hint, never correctness.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/seq.h"

#define NOTE_WAYS 4

struct note {
	uint32_t conn_index, generation; /* generation 0: free */
	uint32_t written_ms;
	struct seq too_big_seq;       /* of the segment that was too big for the path, as ICMP told */
	uint16_t too_big_bytes;       /* and the MTU told; 0: none */
	uint16_t mss_before_bytes;    /* a black hole was guessed with this; 0: none was */
	bool was_wrong;               /* one was guessed before, and taken back */
	bool has_icmp;                /* an error was noted: */
	uint8_t icmp_type, icmp_code; /* as in its header, of the connection's family */
};

struct tcp;
struct tcp_conn;

/* NULL: the connection has none. */
struct note *note_of(const struct tcp *tcp, const struct tcp_conn *conn);

/* The same, making one. */
struct note *note_need(struct tcp *tcp, const struct tcp_conn *conn);
