/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions of sluice.h that the server calls, over connections that exist in memory only: a test plays the peer and
 * TCP at once.  What the real library promises is checked here: no call on a connection that is gone, no slice used after
 * consume (its memory is freed).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/httpd/httpd.h"

#define FAKE_CONNS_MAX 64

struct fake {
	struct sluice_worker *worker;
	struct httpd *httpd;
};

/* A server with this configuration (NULL: the defaults, small pools) whose clock starts at Sun, 06 Nov 1994 08:49:37. */
struct fake *fake_open(const struct httpd_config *config);

/* The defaults that fake_open(NULL) uses, to change one. */
struct httpd_config fake_config(void);

/* Requires that every connection is closed, and every pool full again. */
void fake_close(struct fake *fake);

/* ---- A worker without a server, for programs that bring the loop and the server themselves ---- */

struct fake *fake_bare(void);
void fake_free(struct fake *fake);

/* A turn, 1 ms after the last: what is pending, at most `max` events. */
uint32_t fake_poll(struct fake *fake, struct sluice_event *event, uint32_t max);

/* Arrives with the next poll. */
void fake_put(struct fake *fake, int conn, const void *data, size_t bytes);

/* ---- The peer; each returns after the server has handled what follows from it ---- */

int fake_connect(struct fake *fake);                                         /* returns the connection's number */
int fake_connect_from(struct fake *fake, const char *address);               /* the same, with another remote one */
void fake_feed(struct fake *fake, int conn, const void *data, size_t bytes); /* as one slice */
void fake_say(struct fake *fake, int conn, const char *text);
void fake_say_split(struct fake *fake, int conn, const char *text, size_t piece_bytes);  /* an event a piece */
void fake_say_slices(struct fake *fake, int conn, const char *text, size_t piece_bytes); /* one event, many slices */
void fake_peer_closes(struct fake *fake, int conn);
void fake_peer_resets(struct fake *fake, int conn);

/* From now on TCP takes `bytes` and no more until fake_ack(); SIZE_MAX (as at first): everything, acknowledged at once. */
void fake_limit(struct fake *fake, int conn, size_t bytes);
void fake_ack(struct fake *fake, int conn, size_t bytes);

/* The peer acknowledges no FIN of ours. */
void fake_deaf(struct fake *fake, int conn);

/* What sluice_pressure() says from now on. */
void fake_pressure(struct fake *fake, enum sluice_resource resource, enum sluice_pressure level);

/* Lets time pass, firing timers in order. */
void fake_wait_ms(struct fake *fake, uint64_t ms);

/* Delivers what is pending and calls httpd_turn() until nothing changes. */
void fake_run(struct fake *fake);

/* Says PEER_CLOSED with the next event, together with what is fed. */
void fake_closes_with_next(struct fake *fake, int conn);

/* ---- What the server did ---- */

const char *fake_output(const struct fake *fake, int conn); /* all it sent, with a NUL behind it */
size_t fake_output_bytes(const struct fake *fake, int conn);
void fake_forget_output(struct fake *fake, int conn);
size_t fake_unread(const struct fake *fake, int conn);     /* fed, not consumed */
bool fake_is_shut(const struct fake *fake, int conn);      /* our FIN was sent */
bool fake_is_closed(const struct fake *fake, int conn);    /* sluice_close() was called */
bool fake_is_aborted(const struct fake *fake, int conn);   /* sluice_abort() was called, or closed with bytes unread */
bool fake_peer_is_done(const struct fake *fake, int conn); /* it closed its side */
bool fake_is_gone(const struct fake *fake, int conn);      /* CLOSED was delivered */
unsigned fake_sends(const struct fake *fake, int conn);    /* calls of sluice_send() that took something */
unsigned fake_timers_set(const struct fake *fake, int conn);
uint64_t fake_user_timeout_ms(const struct fake *fake, int conn); /* SLUICE_OPTION_USER_TIMEOUT_MS; 0: never set */
bool fake_is_listening(const struct fake *fake);
