/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's options: what to load, how, and what to say about it.
 */
#pragma once

#include "app/common/endpoint.h"
#include "app/load/load.h"

enum load_family { LOAD_FAMILY_4, LOAD_FAMILY_6 };

#define LOAD_LOOPBACK_PORTS 2 /* 0 serves, 1 loads */

struct load_options {
	struct endpoint endpoint;
	struct load_config load; /* of all workers together */
	bool is_loopback;
	enum load_family family;
	uint32_t loopback_addresses;
	const char *json_path, *histogram_log_path;
	uint64_t interval_ns;
};

/* Fills in the defaults and reads everything.  RUN: `program` is whole and consistent. */
enum options_result load_options_read(struct load_options *program, struct options *options, int argc, char **argv);

/* The share of worker `index` of `count` in the whole: connections, counts and source addresses. */
struct load_config load_options_share(const struct load_options *program, uint32_t port, uint32_t index,
				      uint32_t count);
