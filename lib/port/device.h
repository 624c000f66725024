/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A DPDK device from its name to packets: found or made, asked what it can, given queues, started; and back.
 */
#pragma once

#include "lib/port/port.h"

#define DEVICE_QUEUE_PACKETS 1024
#define DEVICE_LINK_WAIT_MS  10000 /* a cable's negotiation */
#define DEVICE_PEER_WAIT_MS  1000  /* a virtual device's other end, which may come at any time later */

/* Finds or makes port `index`'s device.  Ring ports have one already.  0, or a negative errno after one line. */
int device_attach(struct port *port, const struct sluice_config *config, uint32_t index);

/* Asks what the device offers, and decides.  The same for every kind. */
int device_inquire(struct port *port, const struct sluice_config *config, uint32_t index);

/* Sets up its queues over its node's pool, and starts it. */
int device_start(struct port *port, const struct sluice_config *config, uint32_t index);

/* Waits until the link is up, or says that it is not and goes on. */
void device_wait_for_link(const struct port *port, const struct sluice_config *config, uint32_t index);

/* Stops and closes it, and says what it lost.  Harmless on a port that was never attached. */
void device_close(struct port *port, const struct sluice_config *config, uint32_t index);
