/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The project's two programs inside the simulator, unchanged: host A serves HTTP, hosts B and C load it.  What they
 * say to the library is checked by the witness like anything else; what they say of their work is checked here.
 */
#pragma once

#include "app/httpd/httpd.h"
#include "app/load/load.h"
#include "tests/sim/world.h"

struct programs {
	struct host *server;
	struct httpd *httpd;
	struct load *load[2]; /* of host B and C */
	bool draining;
};

/* On hosts that are started and have no application yet.  `is_small`: a few requests. */
void programs_start(struct programs *programs, struct world *world, bool is_small);

uint64_t programs_connections(const struct programs *programs); /* opened so far */
bool programs_are_loading(const struct programs *programs);

/* Lets the server finish once both loads have; true when it has no connection left. */
bool programs_finish(struct programs *programs);

/* Checks the ledgers and frees everything. */
void programs_stop(struct programs *programs);
