/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening and running an endpoint of one worker, whose connections are those of fake_sluice.c.  A script, called before
 * each turn with the turn's number, plays the peers and asks for the stop.
 */
#pragma once

#include "tests/httpd/fake_sluice.h"

extern void (*fake_run_script)(struct fake *fake, unsigned turn);

extern int fake_run_open_result; /* what sluice_open() returns; 0 at first */
