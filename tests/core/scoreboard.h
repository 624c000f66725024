/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold of every connection's in-flight records after a turn, whatever arrived: sums that the stack keeps as it goes are
 * counted again from the records, and somebody must be going to look at what is on the way.  Run after every turn of a scene, and
 * of a simulated host.
 */
#pragma once

#include "lib/core/tcp.h"

/* What is wrong with this connection, in words; NULL: nothing. */
const char *scoreboard_fault(const struct tcp *tcp, const struct tcp_conn *conn);

/* The same for all. */
const char *scoreboard_fault_of_any(const struct tcp *tcp);
