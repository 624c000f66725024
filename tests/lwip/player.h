/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP's side of a story, played through its raw API by the script that an actor would follow. Callbacks only take notes; what
 * follows from them is done in the turn, outside of lwIP.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lwip/tcp.h>

struct story;

/* Connects, as the story's opener. */
void player_open(struct story *story, const ip_addr_t *address);

/* lwIP's callback for listeners. */
err_t player_accept(void *argument, struct tcp_pcb *pcb, err_t error);

/* Whether lwIP lost bytes of it by itself, and could never have sent them. */
bool player_has_lost(const struct story *story);

/* A turn of every player; returns when the next one is wanted, in the world's time. */
uint64_t player_turns(void);
