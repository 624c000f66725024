/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records sent again.
 */
#pragma once

#include "lib/core/inflight.h"
#include "lib/core/output.h"

/* Sends a record's bytes, and with them what a window probe takes along once the window is open. */
enum output_result retransmit_record(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight *record);

/* Counts it, by what it was sent for. */
void retransmit_count(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_inflight *record);

/* One record that is lost, looked for from *from on, which moves there: all of a flush are found in one walk.  The oldest leaves at once; others as the congestion window lets them, and none while a time-out may
 * still turn out to be spurious. */
enum output_result retransmit_lost(struct tcp *tcp, struct tcp_conn *conn, struct tcp_inflight **from);

/* The newest segment once more, as a tail loss probe; false: blocked. */
bool retransmit_last(struct tcp *tcp, struct tcp_conn *conn);
