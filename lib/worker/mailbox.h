/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that other threads want run on a worker's: a bounded queue, many producers, one consumer, no locks.  Each place
 * carries a turn number, so that a producer that is slow holds up nobody but those behind it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/limits.h"
#include "lib/base/cache.h"

struct sluice_worker;

struct mailbox_post {
	_Atomic uint32_t turn;
	void (*function)(struct sluice_worker *, void *);
	void *argument;
};

struct mailbox {
	alignas(CACHE_LINE_BYTES) _Atomic uint32_t tail; /* producers' */
	alignas(CACHE_LINE_BYTES) uint32_t head;         /* the worker's */
	struct mailbox_post post[MAILBOX_POSTS_MAX];
};

void mailbox_make(struct mailbox *mailbox);

/* Any thread; false: full. */
bool mailbox_put(struct mailbox *mailbox, void (*function)(struct sluice_worker *, void *), void *argument);

/* The worker's thread; false: empty. */
bool mailbox_take(struct mailbox *mailbox, void (**function)(struct sluice_worker *, void *), void **argument);

bool mailbox_is_empty(const struct mailbox *mailbox);
