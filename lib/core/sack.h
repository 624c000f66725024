/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the peer reports to have (RFC 2018) and to have received twice (RFC 2883), entered into the records.
 */
#pragma once

#include "lib/core/inflight.h"

struct frame;

/* Of an ACK whose acknowledgment was taken already: `una_before` was SND.UNA.  Adds to *delivery what is new. */
void sack_arrived(struct tcp *tcp, struct tcp_conn *conn, const struct frame *frame, struct seq una_before,
		  struct delivery *delivery);
