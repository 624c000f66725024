/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 9293 figure 5 as data, and the one place where a connection's state changes.
 */
#pragma once

#include "lib/core/conn.h"

#define STATE_IN(state, set) (BIT(state) & (set))

enum {
	/* Our SYN and the peer's are both acknowledged. */
	STATES_SYNCHRONIZED = BIT(SLUICE_STATE_ESTABLISHED) | BIT(SLUICE_STATE_FIN_WAIT_1) |
			      BIT(SLUICE_STATE_FIN_WAIT_2) | BIT(SLUICE_STATE_CLOSE_WAIT) | BIT(SLUICE_STATE_CLOSING) |
			      BIT(SLUICE_STATE_LAST_ACK),
	/* The peer may still send text. */
	STATES_RECEIVING = BIT(SLUICE_STATE_ESTABLISHED) | BIT(SLUICE_STATE_FIN_WAIT_1) | BIT(SLUICE_STATE_FIN_WAIT_2),
	/* The application may still send. */
	STATES_SENDING = BIT(SLUICE_STATE_ESTABLISHED) | BIT(SLUICE_STATE_CLOSE_WAIT),
};

/*
 * FIN_WAIT_1 reaches TIME_WAIT through FIN_WAIT_2 or CLOSING: the ACK step runs before the FIN step.  CLOSE in SYN_RECEIVED waits
 * for ESTABLISHED; a tuple in TIME_WAIT is reopened through CLOSED.
 */
static const uint16_t state_successors[SLUICE_STATE_COUNT] = {
	[SLUICE_STATE_CLOSED] = BIT(SLUICE_STATE_LISTEN) | BIT(SLUICE_STATE_SYN_SENT),
	[SLUICE_STATE_LISTEN] = BIT(SLUICE_STATE_SYN_RECEIVED) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_SYN_SENT] =
		BIT(SLUICE_STATE_SYN_RECEIVED) | BIT(SLUICE_STATE_ESTABLISHED) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_SYN_RECEIVED] =
		BIT(SLUICE_STATE_ESTABLISHED) | BIT(SLUICE_STATE_LISTEN) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_ESTABLISHED] =
		BIT(SLUICE_STATE_FIN_WAIT_1) | BIT(SLUICE_STATE_CLOSE_WAIT) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_FIN_WAIT_1] = BIT(SLUICE_STATE_FIN_WAIT_2) | BIT(SLUICE_STATE_CLOSING) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_FIN_WAIT_2] = BIT(SLUICE_STATE_TIME_WAIT) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_CLOSE_WAIT] = BIT(SLUICE_STATE_LAST_ACK) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_CLOSING] = BIT(SLUICE_STATE_TIME_WAIT) | BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_LAST_ACK] = BIT(SLUICE_STATE_CLOSED),
	[SLUICE_STATE_TIME_WAIT] = BIT(SLUICE_STATE_CLOSED),
};

struct tcp;

/* Changes the state; the step must be an arrow of the figure.  Counted, so that tests can ask which were taken. */
void tcp_enter(struct tcp *tcp, struct tcp_conn *conn, enum sluice_state next);

/* Counts a step of a record that is no connection: half-open and TIME-WAIT entries. */
void tcp_stepped(struct tcp *tcp, enum sluice_state from, enum sluice_state to);
