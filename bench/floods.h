/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of bench/floods.c: each opens what it needs on the field, measures, and prints its numbers as one JSON object.
 */
#pragma once

#include "bench/field.h"

struct floods_options {
	const char *part;
	uint32_t seconds;     /* of the honest run, virtual */
	uint32_t tries_shift; /* forged cookies: 2^that many */
};

/* What one packet of each flood costs, above raw I/O; and what a million SYNs leave behind. */
bool floods_cost(struct field *field, const struct floods_options *options);

/* Random ACKs against an open gate, replays against a closed one. */
bool floods_forged(struct field *field, const struct floods_options *options);

/* Honest connections with and without a flood. */
bool floods_honest(struct field *field, const struct floods_options *options);
