/* SPDX-License-Identifier: BSD-3-Clause */
/* The dice for hosts, wires and troubles. */
#pragma once

#include "tests/sim/world.h"

/* enum sluice_cookies, of all hosts; COOKIES_DRAWN: each draws its own. */
extern int scenario_cookies;
#define COOKIES_DRAWN (-1)

/* Reads "auto", "always", "never".  False: none of them. */
bool scenario_cookies_are(const char *mode);

/* The mode's name; NULL: it is drawn. */
const char *scenario_cookies_mode(void);

/* Configurations, addresses, clocks and port of all hosts. */
void scenario_draw_hosts(struct world *world);

/* New weather on every link and new trouble at every host; at least three kinds of fault are among them. */
void scenario_draw_faults(struct world *world);

/* No faults from here on: links are clean, hosts do as they are told. */
void scenario_calm(struct world *world);
