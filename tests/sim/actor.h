/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One side of a story, played: it writes, reads, holds, waits and ends as its script says, and compares every byte it
 * reads with what the story says its peer sends.  Memory that it lent is overwritten the moment it comes back.
 */
#pragma once

#include "tests/sim/story.h"

/* The connection belongs to the actor from here on. */
void actor_begin(struct actor *actor, struct host *host, sluice_conn conn);

/* An event of its connection. */
void actor_handle(struct actor *actor, const struct sluice_event *event);

/* Lets go of everything that it still holds. */
void actor_release(struct actor *actor);
