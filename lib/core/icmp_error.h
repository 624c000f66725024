/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about our segments (RFC 1122 section 4.2.3.9, MUST-54…56), believed as far as RFC 5927 lets one: only if what they
 * quote is in flight.  None ends a synchronized connection; there, all are soft, and told to who asks.
 */
#pragma once

#include "lib/core/tcp.h"

/* Of FRAME_ICMP_ERROR, to one of our addresses. */
void icmp_error_arrives(struct tcp *tcp, const struct frame *frame);
