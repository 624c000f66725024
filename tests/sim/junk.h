/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that a host must drop for a reason of its own, one maker for each reason below TCP's state: what SLUICE_DROPS
 * calls drop_frame_*, drop_ip*, drop_arp, drop_nd, drop_icmp and drop_tcp_header, drop_tcp_checksum.
 */
#pragma once

#include "tests/sim/world.h"

/* Sends one to the host, of a random kind; what it must be counted as is added to junk_expected. */
void junk_send(struct world *world, struct host *to);

/* Frames sent so far that must be counted under each reason, per host.  Zeroed by junk_reset(). */
extern uint64_t junk_expected[WORLD_HOSTS][SLUICE_COUNTER_COUNT];
void junk_reset(void);
